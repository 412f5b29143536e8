"""Maps at work: values in, messages out. No input or output."""

import math
import struct
from collections.abc import Callable, Mapping

from artgen_osc.osc.codec import encode_message
from artgen_osc.osc.mapping.rows import CURVES, EVENTS, Map, Pair
from artgen_osc.schema.values import Value

REPEAT_S = 1.0
"""A value that doesn't change is sent again so often, since a datagram may be lost."""

THRESHOLD = 0.5

_UNKNOWN_AT_ZERO = frozenset({"/artgen/tempo_bpm", "/artgen/pitch_hz"})
"""Rows that are 0 before there is a value."""


class Pulse:
    """An event that waits until it is sent: 1 once, and always a 0 between two of them."""

    def __init__(self) -> None:
        self._waits = self._sent = False

    def put(self, value: Value) -> None:
        """Take the value of a hop."""
        self._waits = self._waits or value == 1

    def get(self) -> float:
        """What to send now: 1 if there was an event since, unless the last one was a 1 as well."""
        self._sent = self._waits and not self._sent
        if self._sent:
            self._waits = False
        return float(self._sent)


def next_due(due: float, now: float, rate: float) -> float:
    """When to send again what is sent now, so that it isn't more than the rate in the long run.

    Parameters
    ----------
    due : s, monotonic, when it was to be sent
    now : s, monotonic
    rate : a second, > 0
    """
    return due + 1.0 / rate if now - due < 1.0 / rate else now + 1.0 / rate


def shape(curve: float | str) -> Callable[[float], float]:
    """The function 0..1 to 0..1 of a curve."""
    if isinstance(curve, str):
        return CURVES[curve]
    return lambda x: x**curve


def normalised(value: float, ends: Pair, log: bool = False) -> float:
    """Where a value lies between two ends.

    Parameters
    ----------
    value : beyond the ends it counts as there
    ends : low and high; both > 0 with `log`
    log : by the logarithm, as pitch and tempo are heard

    Returns
    -------
    0..1
    """
    low, high = ends
    if log:
        value, low, high = math.log(max(value, 1e-9)), math.log(low), math.log(high)
    return min(max((value - low) / (high - low), 0.0), 1.0)


class Shaper:
    """One map, and what it has to remember.

    Parameters
    ----------
    of : the map
    """

    def __init__(self, of: Map) -> None:
        self._map = of
        self._log = of.curve == "log"
        self._curve = shape(of.curve)
        self._pulses = {path: Pulse() for path in of.pulses}
        self._smoothed: list[float] = []
        self._time = self._due = self._repeat = -math.inf
        self._above = False
        self._fresh = False
        self._sent = b""
        self._fixed = tuple(of.arguments)
        self._fixed_tags = "".join(
            "s" if isinstance(value, str) else "i" if isinstance(value, int) else "f" for value in self._fixed
        )
        self._form = struct.Struct(f">{len(of.sources)}{of.type}") if of.type in "fi" else None
        zeros = [0] * len(of.sources)
        whole = (
            encode_message(of.to, self._fixed_tags + of.type * len(zeros), *self._fixed, *zeros) if self._form else b""
        )
        self._head = whole[: -4 * len(zeros)]

    def put(self, values: Mapping[str, Value]) -> None:
        """Take what a bundle of ours holds; a value that belongs to another bundle may be missing."""
        for path in self._map.sources:
            if path in values:
                self._fresh = True
                break
        for path, pulse in self._pulses.items():
            if path in values:
                pulse.put(values[path])

    def get(self, latest: Mapping[str, Value], now: float) -> bytes | None:
        """The message that is due, or None.

        Parameters
        ----------
        latest : every value of ours as it is now
        now : s, monotonic
        """
        if not self._fresh or now < self._due:
            return None
        self._fresh = False
        if self._map.rate:
            self._due = next_due(self._due, now, self._map.rate)
        if any(path not in latest for path in self._map.sources):
            return None
        if self._map.type == "s":
            return self._once(self._text(latest), now)
        events = {path: pulse.get() for path, pulse in self._pulses.items()}
        numbers: list[float] = []
        for path, ends in zip(self._map.sources, self._map.input, strict=True):
            value = events[path] if path in events else float(latest[path])
            if value == 0 and path in _UNKNOWN_AT_ZERO:
                return None
            numbers.append(normalised(value, ends, self._log))
        return self._message([self._curve(x) for x in self._follow(numbers, now)], now)

    def _follow(self, numbers: list[float], now: float) -> list[float]:
        """Smooth, the same at any rate."""
        up, down = self._map.smoothing
        passed, self._time = now - self._time, now
        if (up or down) and self._smoothed:
            for index, (x, y) in enumerate(zip(numbers, self._smoothed, strict=True)):
                seconds = up if x > y else down
                if seconds:
                    numbers[index] = y + (x - y) * -math.expm1(-passed / seconds)
        self._smoothed = numbers
        return numbers

    def _message(self, numbers: list[float], now: float) -> bytes | None:
        of = self._map
        if of.type in EVENTS:
            before, self._above = self._above, max(numbers) > THRESHOLD
            if before or not self._above:
                return None
            return encode_message(of.to, self._fixed_tags + ("I" if of.type == "I" else ""), *self._fixed)
        if of.type == "T":
            tags = "".join("T" if x > THRESHOLD else "F" for x in numbers)
            return self._once(encode_message(of.to, self._fixed_tags + tags, *self._fixed), now)
        low, high = of.range
        values = [low + (high - low) * x for x in numbers]
        assert self._form
        packed = self._form.pack(*(map(round, values) if of.type == "i" else values))
        return self._once(self._head + packed, now)

    def _text(self, latest: Mapping[str, Value]) -> bytes:
        texts = [value if isinstance(value := latest[path], str) else f"{value:g}" for path in self._map.sources]
        if not all(texts):
            return b""
        return encode_message(self._map.to, self._fixed_tags + "s" * len(texts), *self._fixed, *texts)

    def _once(self, message: bytes, now: float) -> bytes | None:
        """The message if it says something new, or if it is time to repeat it."""
        if not message or (message == self._sent and now < self._repeat):
            return None
        self._sent, self._repeat = message, now + REPEAT_S
        return message
