"""Extractors that somebody has added, each broken in its own way."""

import threading
import time
from collections.abc import Sequence

from artgen_osc.analysis.hop import Hop
from artgen_osc.schema.address import Address, Value

BLOCKED = threading.Event()
"""Set it to let go whatever has blocked."""


class Broken:
    """A base for those that fail after ten good hops."""

    outputs = (Address("/artgen/x/broken/value", "float", "some value"),)

    def __init__(self, settings: None) -> None:
        self.settings = settings
        self._hops = 0

    def reset(self) -> None: ...

    def hop(self, hop: Hop) -> Sequence[Value]:
        self._hops += 1
        return [0.75] if self._hops <= 10 else self.fail(hop)

    def fail(self, hop: Hop) -> Sequence[Value]:
        raise ZeroDivisionError("by nothing")


class NoNumber(Broken):
    def fail(self, hop: Hop) -> Sequence[Value]:
        return [float("nan")]


class OutOfRange(Broken):
    def fail(self, hop: Hop) -> Sequence[Value]:
        return [1.5]


class TooMany(Broken):
    def fail(self, hop: Hop) -> Sequence[Value]:
        return [0.5, 0.5]


class Nothing(Broken):
    def fail(self, hop: Hop) -> Sequence[Value]:
        return None  # type: ignore[return-value]


class Writes(Broken):
    def fail(self, hop: Hop) -> Sequence[Value]:
        hop.window[:] = 0.0
        return [0.5]


class Slow(Broken):
    def fail(self, hop: Hop) -> Sequence[Value]:
        time.sleep(0.1)
        return [0.75]


class Blocks(Broken):
    def fail(self, hop: Hop) -> Sequence[Value]:
        BLOCKED.wait()
        return [0.5]


class NeverMade(Broken):
    def __init__(self, settings: None) -> None:
        raise OSError("no such card")


class BlocksWhileMade(Broken):
    def __init__(self, settings: None) -> None:
        BLOCKED.wait()
        super().__init__(settings)
