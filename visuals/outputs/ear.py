"""What the daemon hears, in a renderer that it has started."""

import logging
import threading
from collections import deque

from artgen_osc.schema.sound import Sound, Unpacker

log = logging.getLogger(__name__)

MOST_KEPT = 1024
"""Pieces that wait for one who listens, about 12 s; the oldest go first."""

BEFORE_S = 1.0
"""Sound from before one began to listen: a picture that is drawn now goes with what is still under way."""


class Ear:
    """Takes the bytes of the daemon's pipe on any one thread, and gives the sound to those who listen."""

    def __init__(self) -> None:
        self._unpacker = Unpacker()
        self._recent: deque[Sound] = deque()
        self._listeners: list[deque[Sound]] = []
        self._lock = threading.Lock()

    def feed(self, data: bytes) -> None:
        """Take bytes as they come."""
        try:
            for sound in self._unpacker.push(data):
                self._hear(sound)
        except ValueError as error:
            log.debug("%s", error)

    def _hear(self, sound: Sound) -> None:
        with self._lock:
            self._recent.append(sound)
            while self._recent[0].end < sound.time - BEFORE_S:
                self._recent.popleft()
            for listener in self._listeners:
                listener.append(sound)

    def listen(self) -> deque[Sound]:
        """Sound from now on, and that of the last second; who listens takes it out from the left."""
        with self._lock:
            listener = deque(self._recent, MOST_KEPT)
            self._listeners.append(listener)
            return listener

    def forget(self, listener: deque[Sound]) -> None:
        """Give this one no more.

        Parameters
        ----------
        listener : as `listen` has given it
        """
        with self._lock:
            self._listeners = [one for one in self._listeners if one is not listener]
