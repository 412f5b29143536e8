"""The beat of the render loop."""

from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic, sleep

LONGEST_STEP_S = 0.1
"""After a stall the show goes on from where it was instead of leaping."""


@dataclass(frozen=True, slots=True)
class Tick:
    """One turn of the loop.

    Attributes
    ----------
    now : s, monotonic
    time : s since the show began
    dt : s since the turn before, `LONGEST_STEP_S` at most
    """

    now: float
    time: float
    dt: float


class FrameClock:
    """Keeps a pace; a turn that took too long is not made up for by the next ones.

    Parameters
    ----------
    fps : turns a second, at most
    """

    def __init__(self, fps: float) -> None:
        self._length = 1.0 / fps

    def ticks(self, seconds: float | None = None) -> Iterator[Tick]:
        """Turns, until so many seconds have passed; None: for ever."""
        start = last = due = monotonic()
        while True:
            now = monotonic()
            if seconds is not None and now - start >= seconds:
                return
            yield Tick(now, now - start, min(now - last, LONGEST_STEP_S))
            last = now
            due = max(due + self._length, monotonic() - self._length)
            sleep(max(0.0, due - monotonic()))
