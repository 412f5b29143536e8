"""Say once and then once a minute: a fault that comes back sixty times a second fills no log."""

from collections.abc import Callable
from time import monotonic

EVERY_S = 60.0
MOST_KEYS = 1000


class Throttle:
    """Tells when a thing that keeps happening is to be said again.

    Parameters
    ----------
    every : s between two times
    most : keys that are told apart; all others share one
    clock : s, monotonic

    Attributes
    ----------
    count : how often anything has happened
    """

    def __init__(self, every: float = EVERY_S, most: int = MOST_KEYS, clock: Callable[[], float] = monotonic) -> None:
        self._every, self._most, self._clock = every, most, clock
        self._next: dict[str, float] = {}
        self.count = 0

    def due(self, key: str = "") -> bool:
        """Count it; whether it is to be said now.

        Parameters
        ----------
        key : what tells it apart from other things that happen
        """
        self.count += 1
        if key not in self._next and len(self._next) >= self._most:
            key = ""
        now = self._clock()
        if now < self._next.get(key, now):
            return False
        self._next[key] = now + self._every
        return True
