"""What video files, cameras and NDI sources have in common as layers.

A process of its own decodes; a thread asks that for the frame of the newest position, so that nothing queues up.
"""

import contextlib
import importlib.util
import json
import subprocess
import threading
from abc import ABC, abstractmethod
from io import BufferedReader
from time import monotonic
from typing import Any, ClassVar

from artgen_osc.runtime.backoff import Backoff
from artgen_osc.runtime.child import python_module
from visuals.compositor.kind import Moment
from visuals.compositor.layers.decoder import HEAD, SECONDS, SIZE
from visuals.compositor.layers.upload import Upload

STALL_S = 10.0
"""A decoder that doesn't answer for so long hangs."""

FIRST_WAIT_S = 0.5
LASTING_S = 5.0
"""A decoder that has lasted so long has been a good one."""

LARGEST = 1 << 28
"""Bytes of a record; more means that the decoder has lost its mind."""

Wish = tuple[float, int, int]


class Decoded(ABC):
    """A layer that a process decodes. See `visuals.compositor.kind.Layer`.

    Parameters
    ----------
    context : moderngl context
    kind : what it is, in texts
    name : of what is decoded; empty: nothing is

    Attributes
    ----------
    name : as given
    trouble : what is wrong, on one line; empty: nothing
    duration : s; 0 while it is not known, and where there is no end
    """

    premultiplied: ClassVar[bool] = True
    check: ClassVar[str] = "check the file"
    """What to do where it can't be played."""

    needs: ClassVar[dict[str, str]] = {"av": "PyAV isn't installed; pip install 'artgen-osc[stream]'"}
    """Libraries, and what to say where one isn't there."""

    longest_wait: ClassVar[float] = 10.0
    """s between two attempts; the wait doubles up to that."""

    def __init__(self, context: Any, kind: str, name: str) -> None:
        self.name, self.trouble, self.duration = name, "", 0.0
        self._kind = kind
        self._upload = Upload(context)
        self._changed = threading.Condition()
        self._wish: Wish | None = None
        self._closed = False
        self._asked = 0.0
        self._asking: tuple[str, str] | Wish = 0.0, 0, 0
        self._process: Any = None
        self._thread: threading.Thread | None = None

    @abstractmethod
    def opening(self) -> tuple[str, str]:
        """What the decoder is to open: see `visuals.compositor.layers.decoder.answers`.

        Raises
        ------
        OSError, ValueError
            It can't be.
        """

    @abstractmethod
    def moved(self, settings: Any, moment: Moment) -> float:
        """The position that is wanted now, in s.

        Parameters
        ----------
        settings : of the slot
        moment : Moment
        """

    def frame(self, size: tuple[int, int], settings: Any, moment: Moment) -> Any:
        """See `visuals.compositor.kind.Layer`."""
        if not self.name:
            return None
        position = self.moved(settings, moment)
        with self._changed:
            self._wish = round(position, 4), *size
            self._changed.notify_all()
            if self._process and self._asked and monotonic() > self._asked + STALL_S:
                self._process.kill()
        if self._thread is None:
            self._thread = threading.Thread(target=self._follow, name="video", daemon=True)
            self._thread.start()
        return self._upload.texture()

    def _follow(self) -> None:
        """Keep a decoder at work; runs on the thread."""
        backoff = Backoff(FIRST_WAIT_S, self.longest_wait)
        while not self._closed:
            began = monotonic()
            reason = self._decode()
            if monotonic() > began + LASTING_S:
                backoff.reset()
            if self._closed:
                return
            self.trouble = f"{self._kind}:{self.name}: can't be played ({reason}); {self.check}"
            with self._changed:
                self._changed.wait_for(lambda: self._closed, backoff.next())

    def _decode(self) -> str:
        """Run one decoder to its end, and say why it has ended."""
        for module, what in self.needs.items():
            if importlib.util.find_spec(module) is None:
                return what
        try:
            opening = self.opening()
            with self._changed:
                if self._closed:
                    return "closed"
                self._process = subprocess.Popen(
                    python_module("visuals.compositor.layers.decoder"),
                    bufsize=0,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                )
            with self._process as process, BufferedReader(process.stdout, 1 << 20) as pipe:
                try:
                    return self._converse(opening, process.stdin, pipe)
                finally:
                    self._asked = 0.0
                    process.kill()
        except (OSError, ValueError) as error:
            return getattr(error, "strerror", None) or str(error)

    def _converse(self, opening: tuple[str, str], stdin: Any, pipe: BufferedReader) -> str:
        self._asking = opening
        while True:
            self._asked = monotonic()
            with contextlib.suppress(BrokenPipeError):  # what it has said before it ended counts
                stdin.write(json.dumps(self._asking).encode() + b"\n")
            head = pipe.read(HEAD.size)
            kind, size = HEAD.unpack(head) if len(head) == HEAD.size else (b"", 0)
            content = pipe.read(size) if size <= LARGEST else b""
            if not kind or len(content) != size:
                hangs = monotonic() > self._asked + STALL_S
                return f"the decoder did not answer for {STALL_S:.0f} s" if hangs else "the decoder crashed"
            if kind == b"E":
                return content.decode(errors="replace")
            self._take(kind, content)
            self._asked = 0.0
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._wish not in (None, self._asking))
                if self._closed or self._wish is None:
                    return "closed"
                self._asking = self._wish

    def _take(self, kind: bytes, content: bytes) -> None:
        import numpy as np

        if kind == b"F":
            width, height = SIZE.unpack_from(content)
            self._upload.give(np.frombuffer(content, np.uint8, offset=SIZE.size).reshape(height, width, 4))
        elif kind == b"O":
            self.trouble = ""
            (self.duration,) = SECONDS.unpack(content)
        elif kind == b"T":
            (self.duration,) = SECONDS.unpack_from(content)
            wrong = content[SECONDS.size :].decode(errors="replace")
            self.trouble = f"{self._kind}:{self.name}: {wrong}; what is there plays on" if wrong else ""

    def release(self) -> None:
        """See `visuals.compositor.kind.Layer`."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            if self._process:
                self._process.kill()
        self._upload.release()
