"""A thread for work that takes long, such as a network's: the newest request counts, older ones are never queued."""

import logging
import threading
from collections.abc import Callable
from time import monotonic
from typing import Generic, TypeVar

from artgen_osc.runtime.text import unexpected
from artgen_osc.runtime.throttle import Throttle

log = logging.getLogger("artgen.runtime")

RequestT = TypeVar("RequestT")


class LatestWorker(Generic[RequestT]):
    """Runs the newest request on a thread; one that hasn't begun is dropped for a newer one.

    Parameters
    ----------
    run : does the work; an exception of it is logged, and the thread goes on
    name : of the thread
    every : s >= 0, between the beginnings of two requests at least

    Attributes
    ----------
    every : as given; can be changed
    dropped : requests that a newer one replaced
    """

    def __init__(self, run: Callable[[RequestT], None], name: str, every: float = 0.0) -> None:
        self.dropped = 0
        self._run, self._name, self.every = run, name, every
        self._request: RequestT | None = None
        self._closed = False
        self._changed = threading.Condition()
        self._throttle = Throttle()
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)
        self._thread.start()

    def put(self, request: RequestT) -> None:
        """Leave a request; returns at once."""
        with self._changed:
            self.dropped += self._request is not None
            self._request = request
            self._changed.notify_all()

    def close(self, seconds: float | None = None) -> None:
        """End the thread.

        Parameters
        ----------
        seconds : wait so long for what it does now, at most; None: until it is done
        """
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(seconds)

    def _loop(self) -> None:
        due = monotonic()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._request is not None)
                self._changed.wait_for(lambda: self._closed, max(0.0, due - monotonic()))
                request, self._request = self._request, None
                if self._closed or request is None:
                    return
            due = monotonic() + self.every
            try:
                self._run(request)
            except Exception as error:
                log.debug("%s", self._name, exc_info=error)
                if self._throttle.due():
                    log.warning("%s: failed (%s); the show goes on; please report it", self._name, unexpected(error))
