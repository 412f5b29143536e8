"""What goes out, at a rate: our own addresses, or maps. Targets that want the same share one stream and its bytes."""

import math
from collections.abc import Mapping, Sequence

from artgen_osc.osc.codec import encode_bundle, encode_message
from artgen_osc.osc.mapping.rows import Map
from artgen_osc.osc.mapping.shaping import Pulse, Shaper, next_due
from artgen_osc.osc.transports import Transport
from artgen_osc.schema.values import Address, Value

LARGEST_BUNDLE = 1472
"""Bytes that go through any network in one piece."""

Values = Sequence[tuple[Address, Value]]


def pack(messages: Sequence[bytes]) -> list[bytes]:
    """Messages in as few bundles as go through any network in one piece."""
    bundles: list[bytes] = []
    first, size = 0, 16
    for index, message in enumerate(messages):
        if size + 4 + len(message) > LARGEST_BUNDLE and index > first:
            bundles.append(encode_bundle(messages[first:index]))
            first, size = index, 16
        size += 4 + len(message)
    if messages:
        bundles.append(encode_bundle(messages[first:]))
    return bundles


class Stream:
    """What several targets are sent.

    Parameters
    ----------
    rate : bundles a second at most, 0: all

    Attributes
    ----------
    transports : where to, each with whether it takes single messages only
    """

    def __init__(self, rate: float) -> None:
        self.transports: list[tuple[Transport, bool]] = []
        self._rate = rate
        self._due = -math.inf

    def _is_due(self, now: float) -> bool:
        if now < self._due:
            return False
        if self._rate:
            self._due = next_due(self._due, now, self._rate)
        return True

    def _send(self, messages: Sequence[bytes]) -> None:
        bundles = pack(messages)
        for transport, single in self.transports:
            for packet in messages if single else bundles:
                transport.send(packet)


class PlainStream(Stream):
    """Our own addresses, the latest value of each."""

    def __init__(self, rate: float) -> None:
        super().__init__(rate)
        self._latest: dict[str, bytes] = {}
        self._pulses: dict[str, tuple[Address, Pulse]] = {}

    def put(self, values: Values, messages: Sequence[bytes], now: float) -> None:
        """Take what a hop gave, and send what is due.

        Parameters
        ----------
        values : of the hop
        messages : the same, encoded
        now : s, monotonic
        """
        if not self._rate:
            self._send(messages)
            return
        for (row, value), message in zip(values, messages, strict=True):
            self._latest[row.path] = message
            if row.pulse:
                self._pulses.setdefault(row.path, (row, Pulse()))[1].put(value)
        if self._is_due(now):
            for path, (row, pulse) in self._pulses.items():
                self._latest[path] = encode_message(path, row.tag, pulse.get())
            self._send(list(self._latest.values()))
            self._latest = {}


class MappedStream(Stream):
    """Maps, all that are due in one bundle.

    Parameters
    ----------
    rate : bundles a second at most, 0: all
    maps : what is sent
    latest : every value of ours as it is now; kept by the sender
    """

    def __init__(self, rate: float, maps: Sequence[Map], latest: Mapping[str, Value]) -> None:
        super().__init__(rate)
        self._shapers = [Shaper(of) for of in maps]
        self._all = latest

    def put(self, values: Mapping[str, Value], now: float) -> None:
        """Take what a hop gave, and send what is due.

        Parameters
        ----------
        values : of the hop, by path
        now : s, monotonic
        """
        for shaper in self._shapers:
            shaper.put(values)
        if self._is_due(now):
            taken = [shaper.get(self._all, now) for shaper in self._shapers]
            messages = [message for message in taken if message]
            if messages:
                self._send(messages)
