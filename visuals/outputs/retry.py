"""An output that has failed tries again, later each time, and tells so once a minute."""

import logging

from artgen_osc.runtime.backoff import Backoff
from artgen_osc.runtime.text import printable
from artgen_osc.runtime.throttle import Throttle

log = logging.getLogger(__name__)

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 30.0


class Retry:
    """When an output may try, in the show's time."""

    def __init__(self) -> None:
        self._backoff = Backoff(FIRST_WAIT_S, LONGEST_WAIT_S)
        self._throttle = Throttle()
        self._next = 0.0

    def due(self, time: float) -> bool:
        """Whether it may try now.

        Parameters
        ----------
        time : s since the show began
        """
        return time >= self._next

    def failed(self, reason: str, time: float) -> str:
        """It has failed.

        Parameters
        ----------
        reason : for people
        time : s since the show began

        Returns
        -------
        Its state: why, and when it is tried again
        """
        wait = self._backoff.next()
        self._next = time + wait
        if self._throttle.due(reason):
            log.warning("%s; it is tried again and again; the show goes on", printable(reason))
        return printable(f"{reason}; it is tried again in {wait:.0f} s")

    def succeeded(self) -> None:
        """The next failure begins with the shortest wait."""
        self._backoff.reset()

    def begin(self) -> None:
        """Somebody has changed a setting: it may try at once."""
        self._backoff.reset()
        self._next = 0.0
