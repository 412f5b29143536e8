"""A video file as a layer: in a loop, faster and slower, or led by the beat.

A process of its own decodes it; a thread asks that for the frame of the newest position, so that nothing queues up.
"""

import contextlib
import importlib.util
import json
import subprocess
import threading
from io import BufferedReader
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar

from artgen_osc.runtime.backoff import Backoff
from artgen_osc.runtime.child import python_module
from artgen_osc.runtime.files import is_regular
from visuals.compositor.kind import Moment
from visuals.compositor.layers.upload import Upload
from visuals.compositor.layers.video_decoder import HEAD, SECONDS, SIZE

STALL_S = 10.0
"""A decoder that doesn't answer for so long hangs."""

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 10.0
LARGEST = 1 << 28
"""Bytes of a record; more means that the decoder has lost its mind."""

WAVERS = 1.0
"""Beats by which their count may fall back for a moment, as where the phase begins anew before the beat is counted."""

Wish = tuple[float, int, int]


class Beats:
    """The beats so far as a number that doesn't waver."""

    def __init__(self) -> None:
        self._now = 0.0

    def at(self, moment: Moment) -> float:
        """The number at a moment, its phase included."""
        now = moment.beats + moment.beat_phase
        if not self._now - WAVERS < now < self._now:
            self._now = now
        return self._now


class VideoLayer:
    """A video. See `visuals.compositor.kind.Layer`.

    Parameters
    ----------
    context : moderngl context
    rest : the file
    folder : where a relative path begins

    Attributes
    ----------
    trouble : what is wrong, on one line; empty: nothing
    position : s from the beginning, of what is wanted now
    """

    takes: ClassVar[str] = "FILE"
    premultiplied: ClassVar[bool] = True

    def __init__(self, context: Any, rest: str = "", folder: Path = Path()) -> None:
        self.trouble, self.position = "", 0.0
        self._name, self._path = rest, folder / rest
        self._upload = Upload(context)
        self._beats = Beats()
        self._played: float = 0.0
        self._duration: float = 0.0
        self._changed = threading.Condition()
        self._wish: Wish | None = None
        self._closed = False
        self._asked = 0.0
        self._asking: str | Wish = ""
        self._process: Any = None
        self._thread: threading.Thread | None = None

    def frame(self, size: tuple[int, int], settings: Any, moment: Moment) -> Any:
        """See `visuals.compositor.kind.Layer`."""
        if not self._name:
            return None
        self.position = self._moved(settings, moment)
        with self._changed:
            self._wish = round(self.position, 4), *size
            self._changed.notify_all()
            if self._process and self._asked and monotonic() > self._asked + STALL_S:
                self._process.kill()
        if self._thread is None:
            self._thread = threading.Thread(target=self._follow, name="video", daemon=True)
            self._thread.start()
        return self._upload.texture()

    def _moved(self, settings: Any, moment: Moment) -> float:
        duration = self._duration
        beats = self._beats.at(moment)
        if settings.beats and moment.tempo_bpm > 0.0 and duration:
            return float(beats / settings.beats % 1.0) * duration
        self._played += moment.dt * settings.speed
        if duration and self._played >= duration:
            self._played = self._played % duration if settings.loop else duration
        return self._played

    def _follow(self) -> None:
        """Keep a decoder at work; runs on the thread."""
        backoff = Backoff(FIRST_WAIT_S, LONGEST_WAIT_S)
        while not self._closed:
            reason = self._decode()
            if self._closed:
                return
            self.trouble = f"video:{self._name}: can't be played ({reason}); check the file"
            with self._changed:
                self._changed.wait_for(lambda: self._closed, backoff.next())

    def _decode(self) -> str:
        """Run one decoder to its end, and say why it has ended."""
        if importlib.util.find_spec("av") is None:
            return "PyAV isn't installed; pip install 'artgen-osc[stream]'"
        try:
            if not is_regular(self._path):
                return "is no file"
            with self._changed:
                if self._closed:
                    return "closed"
                self._process = subprocess.Popen(
                    python_module("visuals.compositor.layers.video_decoder"),
                    bufsize=0,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                )
            with self._process as process, BufferedReader(process.stdout, 1 << 20) as pipe:
                try:
                    return self._converse(process.stdin, pipe)
                finally:
                    self._asked = 0.0
                    process.kill()
        except (OSError, ValueError) as error:
            return getattr(error, "strerror", None) or str(error)

    def _converse(self, stdin: Any, pipe: BufferedReader) -> str:
        self._asking = str(self._path.absolute())
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
            (self._duration,) = SECONDS.unpack(content)
        elif kind == b"T":
            (self._duration,) = SECONDS.unpack_from(content)
            wrong = content[SECONDS.size :].decode(errors="replace")
            self.trouble = f"video:{self._name}: {wrong}; what is there plays on" if wrong else ""

    def release(self) -> None:
        """See `visuals.compositor.kind.Layer`."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            if self._process:
                self._process.kill()
        if self._thread is not None:
            self._thread.join(1.0)
        self._upload.release()
