"""Values that are due later: the time tags of bundles, on this machine's clock.

The clock of OSC's time tags is the wall clock, by NTP. That clock may jump, so a time tag becomes
monotonic time once, on arrival, and here only.
"""

import heapq
import time
from itertools import count

from artgen_osc.errors import OscError
from artgen_osc.osc.codec import IMMEDIATELY
from artgen_osc.schema.values import Address, Value

MOST_AHEAD_S = 10.0
MOST_SCHEDULED = 10_000

_NTP_EPOCH_S = 2_208_988_800
"""1900 to 1970."""


def time_tag(delay: float) -> int:
    """The time tag of `delay` seconds from now."""
    return (time.time_ns() * 2**32) // 10**9 + (_NTP_EPOCH_S << 32) + round(delay * 2**32)


def seconds_until(tag: int) -> float:
    """How long until a time tag is due, in s; negative where it is past, 0 where it means immediately."""
    return 0.0 if tag <= IMMEDIATELY else (tag - time_tag(0.0)) / 2**32


class Schedule:
    """A bounded queue of values by the time when they are due; at the same time, first come first served."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Address, Value]] = []
        self._order = count()

    def __len__(self) -> int:
        return len(self._heap)

    def check(self, delay: float) -> None:
        """Whether a value may wait for `delay` seconds.

        Raises
        ------
        OscError
            It is too far ahead, or too many wait.
        """
        if delay > MOST_AHEAD_S:
            raise OscError(
                f"the time tag is {delay:.1f} s ahead, where {MOST_AHEAD_S:.0f} s are the most; "
                "compare the clocks of both machines"
            )
        if len(self._heap) >= MOST_SCHEDULED:
            raise OscError(f"{len(self._heap)} values wait for their time, which is the most; send them later")

    def put(self, due: float, row: Address, value: Value) -> None:
        """Keep a value until it is due; see `check`.

        Parameters
        ----------
        due : s, monotonic
        row : its address
        value : as it was checked
        """
        heapq.heappush(self._heap, (due, next(self._order), row, value))

    def next(self) -> float:
        """When the next value is due, s, monotonic; infinite where none waits."""
        return self._heap[0][0] if self._heap else float("inf")

    def get(self) -> tuple[Address, Value]:
        """The next value."""
        return heapq.heappop(self._heap)[2:]
