"""Who holds the frames up: what one effect or layer may take of a frame."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any, ClassVar

BUDGET_S = 0.5
"""What one may take of a frame; a processor that draws without a graphics card may need a good part of it."""

MOST_LOST_S = 1.0
"""So much may frames over the budget have taken, two or more in a row, before it is too slow."""

HANGS_S = 5.0
"""After one frame of so long it is at once."""

SLOW_S = 1.0 / 24.0
"""Where frames come no slower than this, nobody has to be found who holds them up."""


class FrameBudget:
    """The time that one effect or layer takes, measured only where frames come slowly: to measure is to wait.

    Parameters
    ----------
    context : moderngl context
    """

    hurried: ClassVar[bool] = True
    """Whether a show waits for what is drawn."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self._last = self._began = 0.0
        self._watched = False
        self._lost, self._slow = 0.0, 0
        self._warm: object = None

    def begin(self) -> None:
        """It is about to draw."""
        if not self.hurried:
            self._watched = False
            return
        now = perf_counter()
        self._watched, self._last = now - self._last > SLOW_S, now
        if self._watched:
            self._context.finish()
            self._began = perf_counter()

    def end(self, drawn: object) -> str:
        """It has drawn.

        Parameters
        ----------
        drawn : what at which size; the first of each isn't counted: drivers leave a part of their compiler's work
            until then

        Returns
        -------
        Why it is too slow, on one line; empty: it isn't
        """
        if not self._watched:
            return ""
        self._context.finish()
        took = perf_counter() - self._began
        if drawn != self._warm:
            self._warm = drawn
            return ""
        slow = took > BUDGET_S
        self._lost, self._slow = (self._lost + took, self._slow + 1) if slow else (0.0, 0)
        if took > HANGS_S or (self._slow > 1 and self._lost > MOST_LOST_S):
            return f"takes {1000 * took:.0f} ms a frame, where {1000 * BUDGET_S:.0f} ms is the most"
        return ""

    def forget(self) -> None:
        """Begin anew."""
        self._lost, self._slow, self._warm = 0.0, 0, None


@contextmanager
def unhurried() -> Iterator[None]:
    """Nothing is too slow while the block lasts: no show waits for what is drawn."""
    FrameBudget.hurried = False
    try:
        yield
    finally:
        FrameBudget.hurried = True
