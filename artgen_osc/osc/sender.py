"""Where OSC is sent: targets that come and go, subscriptions that end by themselves, and the sender."""

import logging
import math
import struct
import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from artgen_osc.errors import OscError
from artgen_osc.osc.codec import encode_message
from artgen_osc.osc.mapping.rows import Map, preset
from artgen_osc.osc.streams import MappedStream, PlainStream, Values, pack
from artgen_osc.osc.targets import LEASE, Target, parse_target
from artgen_osc.osc.transports import Transport, open_transport
from artgen_osc.schema.values import Address, Value

log_out = logging.getLogger("artgen.osc.out")

MOST_TARGETS = 256
MOST_SUBSCRIPTIONS = 64
MOST_OF_A_HOST = 16
"""So nobody has all of them."""
PATIENCE_S = 0.5
"""So long a start waits for names and connections, so that the first bundles aren't lost."""


@dataclass(slots=True)
class _Subscription:
    text: str
    target: Target
    until: float


class OscSender:
    """Sends to any number of targets: our own addresses in bundles, or maps.

    A target that can't be reached never stops the show: what it misses is counted in `dropped`. One whose host isn't
    known is looked for on and on, beside the show.
    Everything is encoded once, and targets that want the same get the same bytes.

    Parameters
    ----------
    targets : as `parse_target` takes them
    maps : those without a target go to every one of `targets` that has no preset

    Raises
    ------
    OscError
        A target can't be understood.
    """

    def __init__(self, targets: Sequence[str] = (), maps: Sequence[Map] = ()) -> None:
        self._targets: dict[str, Target] = {}
        self._subscriptions: dict[Hashable, _Subscription] = {}
        self._maps: tuple[Map, ...] = ()
        self._transports: dict[str, Transport] = {}
        self._plain: dict[float, PlainStream] = {}
        self._mapped: dict[tuple[float, tuple[Map, ...]], MappedStream] = {}
        self._echoes: list[Transport] = []
        self._latest: dict[str, Value] = {}
        self._heads: dict[str, tuple[bytes, struct.Struct]] = {}
        self._missed = 0
        self._next_end = math.inf
        try:
            for target in targets:
                self.add(target)
            self.set_maps(maps)
        except OscError:
            self.close()
            raise
        end = time.monotonic() + PATIENCE_S
        for transport in self._transports.values():
            transport.tried.wait(max(0.0, end - time.monotonic()))

    @property
    def targets(self) -> tuple[str, ...]:
        """Targets as they were given, without subscriptions."""
        return tuple(self._targets)

    @property
    def dropped(self) -> int:
        """Packets that targets have missed."""
        return self._missed + sum(transport.dropped for transport in self._transports.values())

    def add(self, text: str) -> None:
        """Send to a target too; a host that isn't known yet is looked up until it is.

        Raises
        ------
        OscError
            It can't be understood, is a broadcast address without that option, or there are `MOST_TARGETS`.
        """
        if text in self._targets:
            return
        target = parse_target(text)
        if target.lease:
            raise OscError(f"{text}: lease is for /artgen/control/subscribe; leave it out")
        if len(self._targets) >= MOST_TARGETS:
            raise OscError(f"{text}: {MOST_TARGETS} targets are the most; remove one before the next")
        self._open(text, target)
        self._targets[text] = target
        self._arrange()

    def remove(self, text: str) -> None:
        """Send to a target no longer."""
        if self._targets.pop(text, None):
            self._arrange()

    def set_targets(self, texts: Sequence[str]) -> None:
        """Send to these targets instead of those that were added.

        Raises
        ------
        OscError
            As `add`; the old targets stay.
        """
        before = self.targets
        try:
            for text in texts:
                self.add(text)
        except OscError:
            self._keep(before)
            raise
        self._keep(texts)

    def _keep(self, texts: Sequence[str]) -> None:
        for text in self.targets:
            if text not in texts:
                self.remove(text)

    def set_maps(self, maps: Sequence[Map]) -> None:
        """Send these maps from now on.

        Raises
        ------
        OscError
            A target of theirs can't be used; the old maps stay.
        """
        try:
            for text in {of.target for of in maps if of.target}:
                self._open(text, parse_target(text))
        except OscError:
            self._arrange()
            raise
        self._maps = tuple(maps)
        self._arrange()

    def subscribe(self, text: str, seconds: float | None = None) -> None:
        """Send our own addresses, or a preset, to a target for a while; again, to go on.

        Parameters
        ----------
        text : the target, as it was written
        seconds : how long; None: what its option ``lease`` says, or `LEASE`; infinity: until this is closed

        Raises
        ------
        OscError
            It can't be understood, or there are `MOST_SUBSCRIPTIONS`.
        """
        target = parse_target(text)
        now = time.monotonic()
        self._expire(now)
        before = self._subscriptions.get(target.endpoint)
        if before and math.isinf(before.until):
            return
        if before is None and len(self._subscriptions) >= MOST_SUBSCRIPTIONS:
            raise OscError(f"{text}: {MOST_SUBSCRIPTIONS} subscriptions are the most; one must end before the next")
        share = sum(one.target.host == target.host for one in self._subscriptions.values())
        if before is None and share >= MOST_OF_A_HOST:
            raise OscError(f"{text}: {MOST_OF_A_HOST} subscriptions of one address are the most; one must end first")
        self._open(text, target)
        until = now + (seconds or target.lease or LEASE)
        self._subscriptions[target.endpoint] = _Subscription(text, target, until)
        self._next_end = min(one.until for one in self._subscriptions.values())
        if before is None or before.text != text:
            self._arrange()

    def unsubscribe(self, text: str) -> None:
        """End the subscription of a target, whatever its options.

        Raises
        ------
        OscError
            It can't be understood.
        """
        one = self._subscriptions.get(parse_target(text).endpoint)
        if one and not math.isinf(one.until):
            del self._subscriptions[one.target.endpoint]
            self._arrange()

    def _expire(self, now: float) -> None:
        ended = [place for place, one in self._subscriptions.items() if now >= one.until]
        for place in ended:
            log_out.info("%s: the subscription has ended", self._subscriptions.pop(place).text)
        if ended:
            self._arrange()
        self._next_end = min((one.until for one in self._subscriptions.values()), default=math.inf)

    def _open(self, text: str, target: Target) -> None:
        if text not in self._transports:
            self._transports[text] = open_transport(text, target)

    def _arrange(self) -> None:
        """Sort out anew who gets what; streams that go on keep their state."""
        plain: dict[float, PlainStream] = {}
        mapped: dict[tuple[float, tuple[Map, ...]], MappedStream] = {}
        used: set[str] = set()
        self._echoes = []

        def join(text: str, target: Target, with_own: bool, maps: tuple[Map, ...]) -> None:
            used.add(text)
            to = (self._transports[text], target.messages)
            if target.echo:
                self._echoes.append(self._transports[text])
            if target.preset:
                maps = (*preset(target.preset), *maps)
            elif with_own:
                old = plain.get(target.rate) or self._plain.get(target.rate)
                plain.setdefault(target.rate, old or PlainStream(target.rate)).transports.append(to)
            if maps:
                key = (target.rate, maps)
                old_maps = mapped.get(key) or self._mapped.get(key)
                mapped.setdefault(key, old_maps or MappedStream(target.rate, maps, self._latest)).transports.append(to)

        for stream in (*self._plain.values(), *self._mapped.values()):
            stream.transports = []
        for text, target in self._targets.items():
            common = not target.preset
            join(text, target, True, tuple(m for m in self._maps if m.target == text or (common and not m.target)))
        for text in {of.target: None for of in self._maps if of.target and of.target not in self._targets}:
            join(text, parse_target(text), False, tuple(of for of in self._maps if of.target == text))
        lasting = {target.endpoint for target in self._targets.values()}
        for one in self._subscriptions.values():
            used.add(one.text)
            if one.target.endpoint not in lasting:  # what is sent there anyway isn't sent twice
                join(one.text, one.target, True, ())
        self._plain, self._mapped = plain, mapped
        for text in self._transports.keys() - used:
            transport = self._transports.pop(text)
            transport.close()
            self._missed += transport.dropped

    def encode(self, row: Address, value: Value) -> bytes:
        """Message of one row of the schema; its head is built once.

        Parameters
        ----------
        row : of the schema
        value : as `row` allows it
        """
        if row.tag == "s":
            return encode_message(row.path, "s", value)
        head = self._heads.get(row.path)
        if head is None:
            form = struct.Struct(">" + row.tag)
            head = self._heads[row.path] = (encode_message(row.path, row.tag, 0)[:-4], form)
        return head[0] + head[1].pack(value)

    def send(self, values: Values) -> None:
        """Send one bundle's values to every target, each in its own way."""
        now = time.monotonic()
        if now >= self._next_end:
            self._expire(now)
        if self._plain:
            messages = [self.encode(row, value) for row, value in values]
            for plain in self._plain.values():
                plain.put(values, messages, now)
        if self._mapped:
            by_path = {row.path: value for row, value in values}
            self._latest.update(by_path)
            for mapped in self._mapped.values():
                mapped.put(by_path, now)

    def echo(self, values: Values) -> None:
        """Send what has come in to the targets that asked for it; subscriptions are left out."""
        if self._echoes:
            for bundle in pack([self.encode(row, value) for row, value in values if not row.here]):
                for transport in self._echoes:
                    transport.send(bundle)

    def close(self) -> None:
        """Close every socket."""
        for transport in self._transports.values():
            transport.close()
            self._missed += transport.dropped
        self._echoes = []
        for table in (self._targets, self._subscriptions, self._transports, self._plain, self._mapped):
            table.clear()
