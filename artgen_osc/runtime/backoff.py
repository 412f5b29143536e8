"""Wait longer after each failure: what is gone for good isn't asked for all the time."""


class Backoff:
    """How long to wait until the next try: twice as long each time.

    Parameters
    ----------
    first, longest : s > 0, the first wait and the most
    """

    def __init__(self, first: float, longest: float) -> None:
        self._first, self._longest = first, longest
        self._wait = first

    @property
    def fresh(self) -> bool:
        """Whether nothing has failed since the last success."""
        return self._wait == self._first

    def next(self) -> float:
        """Count a failure; s to wait after it."""
        wait, self._wait = self._wait, min(2.0 * self._wait, self._longest)
        return wait

    def reset(self) -> None:
        """It went well: begin with the first wait again."""
        self._wait = self._first
