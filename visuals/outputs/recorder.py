"""Writes one film: ``python -m visuals.outputs.recorder``, a process of its own.

It is given a line of JSON, a `Wish`, and then records, each with a head: frames, sound, when the film begins and when
it ends. It tells how it goes by lines of JSON. So neither FFmpeg nor a driver can hold up or end a show, and a film is
finished although its show was killed.
"""

import json
import math
import os
import queue
import signal
import struct
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from io import BufferedReader
from pathlib import Path
from time import monotonic, sleep
from typing import IO, Any

import numpy as np

from artgen_osc.errors import OutputError
from artgen_osc.runtime.pipes import read_all, write_all
from artgen_osc.runtime.priority import lower_process
from artgen_osc.runtime.text import unexpected
from artgen_osc.schema.sound import Unpacker
from visuals.outputs.cadence import frame_rate
from visuals.outputs.encoders import LIVE, LIVE_KEY_FRAMES_S, chosen, chosen_live, form_of
from visuals.outputs.film import FilmFile
from visuals.outputs.film_names import create_new
from visuals.outputs.sound_track import RATE
from visuals.outputs.timeline import Timeline
from visuals.outputs.wish import Line

HEAD = struct.Struct("<cdQ")
"""Kind, a number, bytes that follow."""

FRAME, SOUND, BEGIN, END = b"F", b"S", b"B", b"E"
"""Kinds: a frame with its number, sound, and when the film begins (s, monotonic) and ends (s since then)."""

WAITING = 2
"""Records that may wait here."""

LATE_S = 0.5
"""So late may sound and frames be: then silence, and the frame before, stand for them."""

LOOK_S, TELL_S, CLOSE_S = 0.1, 0.5, 3.0
NICENESS = 2
"""Hardly less than the show, which may fill a machine by itself: much less would leave a film without frames."""


@dataclass(frozen=True, slots=True)
class Wish(Line):
    """What a film is to be like.

    Attributes
    ----------
    name : of the file, as for `visuals.outputs.film_names.dated`; of a stream as it is told
    size : (width, height), even, pixels
    fps : frames a second
    bit_rate : bits a second; 0: by quality
    encoder : one of `visuals.outputs.filmed.ENCODERS`
    alpha : whether to keep what is transparent
    sound : whether there will be any
    address : of the server that a stream goes to, with its key, which is told to nobody; empty: it is a film
    """

    name: str
    size: tuple[int, int]
    fps: float
    bit_rate: int
    encoder: str
    alpha: bool
    sound: bool
    address: str = field(default="", repr=False)

    @property
    def rate(self) -> Fraction:
        """Frames a second, as FFmpeg has them."""
        return frame_rate(self.fps)


class Counted:
    """A file for FFmpeg: what is written is counted, and after a failure nothing more is.

    Else the end of a film would be written over what still plays.

    Parameters
    ----------
    file : unbuffered

    Attributes
    ----------
    count : bytes so far
    failure : why nothing more is written; None: all is well
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.count = 0
        self._file = file
        self.failure: OSError | None = None

    def write(self, data: bytes) -> int:
        """Write all of it."""
        if not self.failure:
            try:
                write_all(self._file, data)
            except OSError as error:
                self.failure = error
                raise
        self.count = max(self.count, self.tell())
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place.

        Parameters
        ----------
        offset, whence : as of `io.IOBase.seek`
        """
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """The place."""
        return self._file.tell()


Record = tuple[bytes, float, np.ndarray]
NOTHING: Record = b"", 0.0, np.empty(0, np.uint8)


def records(stream: BufferedReader) -> Iterator[Record]:
    """What comes, until there is no more; then an end.

    Parameters
    ----------
    stream : of bytes

    Yields
    ------
    Kind, number, and bytes as uint8 ``(n,)``
    """
    while len(head := stream.read(HEAD.size)) == HEAD.size:
        kind, number, size = HEAD.unpack(head)
        data = read_all(stream, size)
        if data is None:
            break
        yield kind, number, np.frombuffer(data, np.uint8)
    yield END, math.inf, NOTHING[2]


class Recorder:
    """Takes records and writes a film.

    Parameters
    ----------
    wish : what it is to be like
    tell : is told how it goes, by name
    """

    def __init__(self, wish: Wish, tell: Any) -> None:
        self._wish, self._tell = wish, tell
        self._began, self._until = 0.0, math.inf
        self._sounds = Unpacker()
        self._next_tell = 0.0

    def write(self, waiting: "queue.Queue[Record]") -> None:
        """Write the film, until a record says that it ends.

        Parameters
        ----------
        waiting : records

        Raises
        ------
        OutputError, OSError, av.FFmpegError
            It can't be written.
        """
        if self._wish.address:
            self._stream(waiting)
            return
        path, file = create_new(self._wish.name, self._warn)
        with file:
            counted = Counted(file)
            try:
                self._write_to(counted, path, waiting)
            except Exception as error:
                raise counted.failure or error from None  # PyAV says only that there was one
            finally:
                if not counted.count:
                    path.unlink()

    def _write_to(self, file: Counted, path: Path, waiting: "queue.Queue[Record]") -> None:
        wish, form = self._wish, form_of(path)
        video, why = chosen(path, wish.alpha, wish.encoder, wish.bit_rate, wish.size, wish.rate)
        if why:
            self._warn(f"{path.name}: {why}; {video.name} is used")
        audio = form.audio if wish.sound else ""
        film = FilmFile(file, form.container, form.options, video, wish.size, wish.rate, audio, RATE, RATE, 1.0)
        line = Timeline(film, wish.rate, sound=wish.sound)
        self._go_on(path.name, film, line, file, waiting)

    def _stream(self, waiting: "queue.Queue[Record]") -> None:
        wish, form = self._wish, LIVE[self._wish.address.partition(":")[0]]
        video, why = chosen_live(wish.name, wish.encoder, wish.bit_rate, wish.size, wish.rate)
        if why:
            self._warn(f"{wish.name}: {why}; {video.name} is used")
        film = FilmFile(
            wish.address,
            form.container,
            form.options,
            video,
            wish.size,
            wish.rate,
            form.audio,
            RATE,
            RATE,
            LIVE_KEY_FRAMES_S,
        )
        film.begin()
        self._go_on(wish.name, film, Timeline(film, wish.rate, sound=True), film, waiting)

    def _go_on(
        self, name: str, film: FilmFile, line: Timeline, file: Counted | FilmFile, waiting: "queue.Queue[Record]"
    ) -> None:
        """Write what comes, to the end; `file` knows how many bytes that is."""
        self._tell(ready=name)
        lower_process(NICENESS)  # not before: somebody waits for the first frame
        try:
            while self._step(line, waiting):
                self._tell_now_and_then(line, file)
            if self._until < math.inf:
                line.wait(self._until)
            if line.seconds:
                line.finish()
        finally:
            film.close()
            self._tell(seconds=line.seconds, size=file.count, late=line.late)

    def _step(self, line: Timeline, waiting: "queue.Queue[Record]") -> bool:
        """Do what a record says; whether more may come."""
        try:
            kind, number, data = waiting.get(timeout=LOOK_S)
        except queue.Empty:
            kind, number, data = NOTHING
        if kind == END:
            self._until = number
            return False
        if kind == FRAME:
            width, height = self._wish.size
            line.picture(data.reshape(height, width, -1), int(number), monotonic() - self._began)
        elif kind == SOUND:
            for sound in self._sounds.push(data.tobytes()):
                line.hear(replace(sound, time=sound.time - self._began))
        elif kind == BEGIN:
            self._began = number
        if self._began and waiting.empty():
            line.wait(monotonic() - self._began - LATE_S)
            line.silence(monotonic() - self._began - LATE_S)
        return True

    def _tell_now_and_then(self, line: Timeline, file: Counted | FilmFile) -> None:
        if monotonic() >= self._next_tell:
            self._next_tell = monotonic() + TELL_S
            self._tell(seconds=line.seconds, size=file.count, late=line.late)

    def _warn(self, text: str) -> None:
        self._tell(warning=text)


def main() -> None:
    """Read standard input, write a film, and tell on standard output."""
    for number in (signal.SIGINT, signal.SIGTERM):  # they end the show, and that ends the film
        signal.signal(number, signal.SIG_IGN)
    stream = os.fdopen(0, "rb", closefd=False)
    wish = Wish.from_line(stream.readline())
    waiting: queue.Queue[Record] = queue.Queue(WAITING)

    def read() -> None:
        for record in records(stream):
            waiting.put(record)
        if wish.address:  # a server that takes nothing any more may not keep us
            sleep(CLOSE_S)
            os._exit(1)

    def tell(**told: Any) -> None:
        try:
            print(json.dumps(told), flush=True)
        except OSError:
            sys.stdout = sys.stderr  # nobody listens any more; the film goes on

    threading.Thread(target=read, name="records", daemon=True).start()
    try:
        Recorder(wish, tell).write(waiting)
    except Exception as error:  # whatever FFmpeg and the disk come up with
        tell(error=_reason(wish, error))
    sys.stdout = sys.stderr


def _reason(wish: Wish, error: Exception) -> str:
    if isinstance(error, OutputError):
        return str(error)
    from av.error import FFmpegError

    foreseen = isinstance(error, (OSError, FFmpegError))
    reason = getattr(error, "strerror", None) or (str(error) if foreseen else unexpected(error))
    if wish.address:  # no other text: the key may be in it
        return f"{wish.name}: {getattr(error, 'strerror', None) or type(error).__name__}"
    return f"{Path(wish.name).name}: can't be written ({reason}); choose a folder with room"


if __name__ == "__main__":
    main()
