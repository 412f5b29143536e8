"""Requests of one address in turn: whoever asks faster than anyone needs is kept waiting. No input or output."""

from collections import OrderedDict

A_SECOND, AT_ONCE = 200.0, 400.0
"""Requests of one address: on the long run, and in a moment, such as a gallery that is scrolled through."""

MOST_KNOWN = 1000


class RateLimit:
    """When the next request of each address may be answered; times are in s, monotonic."""

    def __init__(self) -> None:
        self._due: OrderedDict[str, float] = OrderedDict()

    def wait(self, address: str, now: float) -> float:
        """How long a request waits that has just come.

        Parameters
        ----------
        address : IP address it comes from
        now : s, monotonic

        Returns
        -------
        s, 0 as long as the address asks no more than it may
        """
        due = max(self._due.get(address, 0.0), now - AT_ONCE / A_SECOND) + 1.0 / A_SECOND
        self._due[address] = due
        self._due.move_to_end(address)
        if len(self._due) > MOST_KNOWN:
            self._due.popitem(last=False)
        return max(0.0, due - now)
