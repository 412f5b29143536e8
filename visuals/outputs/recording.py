"""One film of a show that goes on: frames and sound in, a file out, on a thread of its own."""

import logging
import math
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from time import monotonic, sleep
from typing import IO, TYPE_CHECKING

from artgen_osc.errors import OutputError
from artgen_osc.runtime.priority import lower_thread
from artgen_osc.runtime.text import unexpected
from visuals.outputs.cadence import Cadence
from visuals.outputs.film_names import create_new

if TYPE_CHECKING:
    from artgen_osc.schema.sound import Sound
    from visuals.generators.generator import Frame
    from visuals.outputs.timeline import Timeline

log = logging.getLogger(__name__)

WAITING = 6
"""Frames that may wait to be encoded; the oldest is dropped."""

LATE_S = 0.5
"""So late may sound and frames be: then silence, and the frame before, stand for them."""

NICENESS = 5
LOOK_S = 0.1


@dataclass(frozen=True, slots=True)
class Wish:
    """What a film is to be like.

    Attributes
    ----------
    name : of the file, with ``%Y`` and the like in it
    size : (width, height), even, pixels
    fps : frames a second
    bit_rate : bits a second; 0: by quality
    encoder : one of `visuals.outputs.encoders.CHOICES`
    alpha : whether to keep what is transparent
    """

    name: str
    size: tuple[int, int]
    fps: Fraction
    bit_rate: int
    encoder: str
    alpha: bool


class Recording:
    """A film that is being written.

    Parameters
    ----------
    wish : what it is to be like
    start : s on the show's clock, of its first frame
    began : the same moment, s, monotonic
    sound : what is heard, as `visuals.outputs.ear.Ear.listen` gives it; None: it has no sound
    clock : s, monotonic

    Attributes
    ----------
    wish : as given
    film : name of what is written; empty before
    error : why it has ended early; empty: it hasn't
    sound : as given
    ending : whether it takes no more frames
    """

    def __init__(
        self,
        wish: Wish,
        start: float,
        began: float,
        sound: "deque[Sound] | None",
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.film = self.error = ""
        self._lost = 0
        self.wish, self.sound = wish, sound
        self._cadence = Cadence(wish.fps)
        self._start, self._began, self._clock = start, began, clock
        self._frames: deque[tuple[Frame, int]] = deque()
        self._changed = threading.Condition()
        self.ending = False
        self._written: _Counted | None = None
        self._line: Timeline | None = None
        self._until = math.inf
        self._index = 0
        self._thread = threading.Thread(target=self._run, name="recording", daemon=True)
        self._thread.start()

    @property
    def seconds(self) -> float:
        """That are written."""
        return self._line.seconds if self._line else 0.0

    @property
    def dropped(self) -> int:
        """Frames that were lost."""
        return self._lost + (self._line.late if self._line else 0)

    @property
    def size(self) -> int:
        """Bytes of the file so far."""
        return self._written.count if self._written else 0

    @property
    def over(self) -> bool:
        """Whether nothing is written any more."""
        return not self._thread.is_alive()

    def wants(self, time: float) -> bool:
        """Whether the show's frame of this moment is one of the film's.

        Parameters
        ----------
        time : s on the show's clock
        """
        index = self._cadence.due(time - self._start)
        if index is None:
            return False
        self._index = index
        return True

    def put(self, frame: "Frame") -> None:
        """Hand the frame over that was wanted last; returns at once.

        Parameters
        ----------
        frame : uint8 ``(height, width, 3)`` or ``(height, width, 4)``; not to be written to
        """
        with self._changed:
            if len(self._frames) == WAITING:
                self._frames.popleft()
                self._lost += 1
            self._frames.append((frame, self._index))
            self._changed.notify()

    def end(self) -> None:
        """Write what waits, and finish the file; returns at once."""
        with self._changed:
            self.ending, self._until = True, min(self._until, self._clock() - self._began)
            self._changed.notify()

    def join(self, seconds: float) -> bool:
        """Wait for the end; whether it has come.

        Parameters
        ----------
        seconds : to wait at most
        """
        self._thread.join(seconds)
        return self.over

    def _run(self) -> None:
        lower_thread(NICENESS)  # before any encoder starts threads, which inherit it
        try:
            path, file = create_new(self.wish.name)
            self.film = path.name
            with file:
                self._written = _Counted(file)
                try:
                    self._write(self._written)
                finally:
                    if not self.size:
                        path.unlink()
        except Exception as error:  # whatever FFmpeg and the disk come up with, the show goes on
            foreseen = isinstance(error, (OutputError, OSError))
            reason = getattr(error, "strerror", None) or (str(error) if foreseen else unexpected(error))
            self.error = reason if isinstance(error, OutputError) else f"{self.film}: can't be written ({reason})"
            after = f"{self.seconds:.0f} s of it are there; " if self.size else ""
            log.warning("%s; %sthe show goes on without it", self.error, after)
        finally:
            self._frames.clear()

    def _write(self, file: "_Counted") -> None:
        from visuals.outputs.encoders import chosen, form_of
        from visuals.outputs.film import FilmFile
        from visuals.outputs.sound_track import RATE
        from visuals.outputs.timeline import Timeline

        wish, form = self.wish, form_of(Path(self.film))
        video, why = chosen(Path(self.film), wish.alpha, wish.encoder, wish.bit_rate, wish.size, wish.fps)
        if why:
            log.warning("%s: %s; %s is used", self.film, why, video.name)
        audio = form.audio if self.sound is not None else ""
        film = FilmFile(
            file, form.container, form.options, video, wish.size, wish.fps, audio, RATE, RATE, key_frames_s=1.0
        )
        self._line = line = Timeline(film, wish.fps, sound=bool(audio))
        try:
            while self._step(line):
                pass
            line.wait(self._until)
            self._hear_the_end(line)
            line.finish()
        finally:
            film.close()
        log.info("%s: %.1f s, %d bytes, %s", self.film, self.seconds, file.count, video.name)

    def _step(self, line: "Timeline") -> bool:
        """Write what there is; whether more may come."""
        with self._changed:
            self._changed.wait_for(lambda: self._frames or self.ending, LOOK_S)
            frame, index = self._frames.popleft() if self._frames else (None, 0)
            over = self.ending and not self._frames
        now = self._clock() - self._began
        self._hear(line)
        if frame is not None:
            line.picture(frame, index, now)
        elif not over:
            line.wait(now - LATE_S)
        if not over:
            line.silence(now - LATE_S)
        return not over

    def _hear(self, line: "Timeline") -> None:
        while self.sound:
            piece = self.sound.popleft()
            piece = replace(piece, time=piece.time - self._began)
            if piece.time < self._until:
                line.hear(piece)

    def _hear_the_end(self, line: "Timeline") -> None:
        """The sound of the last frames is on its way."""
        patience = self._clock() + LATE_S
        while line.heard < line.seconds and self._clock() < patience:
            sleep(LOOK_S / 2)
            self._hear(line)


class _Counted:
    """A file for FFmpeg: what is written is counted, and after a failure nothing more is.

    Else the end of a film would be written over what still plays.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.count = 0
        self._file = file
        self._broken = False

    def write(self, data: bytes) -> int:
        """Write all of it."""
        left = memoryview(data)
        while left and not self._broken:
            try:
                left = left[self._file.write(left) :]
            except OSError:
                self._broken = True
                raise
        self.count = max(self.count, self.tell())
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """The place."""
        return self._file.tell()
