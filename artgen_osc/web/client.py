"""One client of the bridge: what it asked for, and what waits for it.

What waits are dictionaries of newest values, so that a slow client falls behind in rate, not in time.
"""

import functools
import json
import math
import re
import time
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from artgen_osc.errors import OscError
from artgen_osc.http.websocket import Client
from artgen_osc.osc.codec import encode_bundle, encode_message
from artgen_osc.osc.pattern import matching
from artgen_osc.schema.address_table import AddressTable
from artgen_osc.schema.values import Value

if TYPE_CHECKING:
    from aiohttp import web

WAITING = 20
"""Most bundles that wait for one client, a quarter of a second. Then they become one of the newest values."""

ANSWERS = 100
"""Most refusals that wait for one client; the oldest are dropped."""

HIGHEST_RATE = 1000.0
DECIMALS = 5
"""Of the numbers in JSON: finer than anything that is heard or seen."""

Values = Mapping[str, Value]


class Bundle:
    """Values that go out together; each form is made once, however many clients take it.

    Parameters
    ----------
    values : by path
    table : the show's
    """

    def __init__(self, values: Values, table: AddressTable) -> None:
        self.values, self.table = values, table

    def only(self, paths: Collection[str]) -> "Bundle":
        """The part with these paths."""
        return Bundle({path: value for path, value in self.values.items() if path in paths}, self.table)

    @functools.cached_property
    def json(self) -> str:
        """One object."""
        rounded = {path: round(v, DECIMALS) if isinstance(v, float) else v for path, v in self.values.items()}
        return json.dumps(rounded, separators=(",", ":"))

    @functools.cached_property
    def osc(self) -> bytes:
        """One bundle, as `OscSender` sends it."""
        rows = self.table.sent
        return encode_bundle([encode_message(path, rows[path].tag, value) for path, value in self.values.items()])


def merged(bundles: Sequence[Bundle]) -> Bundle:
    """The newest of each value, and every pulse that was among them; of one bundle at least."""
    table = bundles[0].table
    values: dict[str, Value] = {}
    for bundle in bundles:
        held = {path: values[path] for path in table.pulses if values.get(path)}
        values |= {**bundle.values, **held}
    return Bundle(values, table)


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a client asks for in its address.

    Attributes
    ----------
    binary : ``/osc``, not ``/json``
    only : the paths it wants; None: all
    rate : most bundles a second; infinite for each as it comes
    """

    binary: bool
    only: frozenset[str] | None
    rate: float


def _only(text: str, table: AddressTable) -> Iterator[str]:
    """The paths that address patterns mean; a comma is between two of them, unless it is within braces."""
    for pattern in re.split(r",(?![^{]*\})", text):
        if pattern.startswith("/"):
            try:
                yield from matching(pattern, table.sent)
            except OscError as error:
                raise ValueError(f"only={error}") from None


def read_subscription(target: str, table: AddressTable) -> Subscription:
    """Understand ``/json?rate=30&only=/artgen/valence,/artgen/{low,mid,high}``.

    Parameters
    ----------
    target : path and query of the request
    table : the show's

    Raises
    ------
    ValueError
    """
    parts = urlsplit(target)
    if parts.path not in ("/json", "/osc"):
        raise ValueError(f"{parts.path[:200]}: nothing is here; connect to /json or /osc; GET / says more")
    only: frozenset[str] | None = None
    rate = math.inf
    for name, text in parse_qsl(parts.query, keep_blank_values=True):
        if name == "rate":
            try:
                rate = float(text)
            except ValueError:
                rate = math.nan
            if not 0 < rate <= HIGHEST_RATE:
                raise ValueError(
                    f"rate={text[:200]}: is no rate above 0 and up to {HIGHEST_RATE:g} a second; write it as rate=30"
                )
        elif name == "only":
            only = frozenset(_only(text, table))
            if not only:
                raise ValueError(f"only={text[:200]}: means no address; write one such as only=/artgen/beat")
        elif name != "token":
            raise ValueError(f"{name[:200]}: isn't known; there are rate and only, such as /json?rate=30")
    return Subscription(parts.path == "/osc", only, rate)


class BridgeClient(Client):
    """What it wants, whether it may steer, and the bundles and answers that wait for it.

    Parameters
    ----------
    connection : the WebSocket, open
    request : with which it was asked for
    subscription : what the address that was asked for says
    may_steer : whether its messages are obeyed
    """

    def __init__(
        self, connection: "web.WebSocketResponse", request: "web.Request", subscription: Subscription, may_steer: bool
    ) -> None:
        super().__init__(connection, request)
        self.subscription, self.may_steer = subscription, may_steer
        self._waiting: deque[Bundle] = deque()
        self._answers: deque[str] = deque(maxlen=ANSWERS)
        self._due = 0.0
        if math.isfinite(subscription.rate):
            self.burst = 1

    def put(self, bundle: Bundle) -> None:
        """Send what the client wants of `bundle`, as soon as it takes it."""
        if self.subscription.only is not None:
            bundle = bundle.only(self.subscription.only)
        if not bundle.values:
            return
        self._waiting.append(bundle)
        limited = math.isfinite(self.subscription.rate)
        if limited or len(self._waiting) > WAITING:
            newest = merged(self._waiting)
            if not limited:
                self.dropped += sum(len(waiting.values) for waiting in self._waiting) - len(newest.values)
            self._waiting = deque([newest])
        self.filled.set()

    def answer(self, reason: str) -> None:
        """Tell it why something was refused."""
        self._answers.append(json.dumps({"error": reason}))
        self.filled.set()

    def get(self) -> bytes | str | None:
        """An answer, or what has waited longest."""
        if self._answers:
            return self._answers.popleft()
        if not self._waiting:
            return None
        bundle = self._waiting.popleft()
        return bundle.osc if self.subscription.binary else bundle.json

    def pause(self) -> float:
        """s until the next bundle is due."""
        now = time.monotonic()
        self._due = max(self._due + 1 / self.subscription.rate, now)
        return self._due - now
