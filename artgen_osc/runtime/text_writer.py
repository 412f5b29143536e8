"""Text that goes to a terminal, a pipe or a file which perhaps nobody reads: whoever gives it never waits.

A terminal that is held by Ctrl-S, a session whose network is gone or a parent that doesn't drain its pipe would
otherwise stop a show in the middle of a line of its log.
"""

import atexit
import contextlib
import io
import os
import threading
import time
from collections import deque
from typing import TextIO

MOST_WAITING = 1000
"""Pieces of text; the rest is lost and counted."""

PATIENCE_S = 0.5
"""How long an end waits for a reader."""


class TextWriter:
    """Writes to a stream on a thread of its own.

    Parameters
    ----------
    stream : where to; one without a file beneath it, such as a test's, is written to at once
    most : pieces that may wait

    Attributes
    ----------
    lost : pieces that nobody took in time
    broken : whether there is no reader any more
    """

    def __init__(self, stream: TextIO, most: int = MOST_WAITING) -> None:
        self.lost = 0
        self.broken = False
        self._stream, self._most = stream, most
        self._waiting: deque[bytes] = deque()
        self._changed = threading.Condition()
        self._busy = False
        self._thread: threading.Thread | None = None
        try:
            self._number: int | None = stream.fileno()
        except (OSError, ValueError, AttributeError, io.UnsupportedOperation):
            self._number = None

    def write(self, text: str) -> bool:
        """Hand over text; returns at once, never raises. False where it is lost."""
        if self._number is None:
            with contextlib.suppress(OSError, ValueError):
                self._stream.write(text)
                self._stream.flush()
            return True
        data = text.encode(self._stream.encoding or "utf-8", "backslashreplace")
        with self._changed:
            if self.broken or len(self._waiting) >= self._most:
                self.lost += 1
                return False
            self._waiting.append(data)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="outlet", daemon=True)
                self._thread.start()
                atexit.register(self.drain)
            self._changed.notify_all()
        return True

    @property
    def idle(self) -> bool:
        """Whether all that was handed over is written."""
        return not self._waiting and not self._busy

    def drain(self, seconds: float = PATIENCE_S) -> bool:
        """Wait until all is written, so long at most; whether it is."""
        end = time.monotonic() + seconds
        with self._changed:
            while not self.idle and not self.broken:
                left = end - time.monotonic()
                if left <= 0.0 or not self._changed.wait(left):
                    return False
        return True

    def _run(self) -> None:
        assert self._number is not None
        while True:
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._waiting)
                data = self._waiting.popleft()
                self._busy = True
            try:
                # Not through the stream, whose lock would be held when the program wants to end.
                while data:
                    data = data[os.write(self._number, data) :]
            except OSError:
                with self._changed:
                    self.broken, self._busy = True, False
                    self._waiting.clear()
                    self._changed.notify_all()
                return
