"""The one way to open a sound file: ``analyze``, ``file:``, songs from the page and training read through it.

By libsndfile where that knows the format, else by PyAV, which comes with the extra ``stream`` and reads m4a, webm and
the sound of films too. Mp3 is decoded by PyAV where it is there: it goes on behind damage.
"""

import contextlib
import errno
import logging
import weakref
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from artgen_osc.audio.sound_av import NoSound, Steady, heard, open_file, select, tags_of
from artgen_osc.audio.sound_bytes import Piece, pieces
from artgen_osc.audio.titles import title_of
from artgen_osc.dsp.core import FloatArray
from artgen_osc.dsp.downmix import Stereo
from artgen_osc.runtime.files import open_regular

logger = logging.getLogger("artgen.sound")

LEAST_RATE = 1000
"""Hz; less is a head that is wrong, and its seconds would be hours."""

LOWEST_RATE, HIGHEST_RATE = 8000, 192000
OTHER_RATE = 44100
"""Hz that a file with a rate beyond those limits is brought to."""

AT_ONCE = 4096
_MISSING = 0.25
"""Seconds that may be missing at the end before that counts as damage: coders pad."""

_EXACT = ("mp3", "mov", "flac", "ogg", "wav", "w64", "aiff", "caf", "wv", "ape", "tta")
"""Containers that say how much sound is in them."""

_UNKNOWN = 1 << 50
"""More frames than a file can have: libsndfile's way to say that it doesn't say."""

_Chunks = Generator[tuple[int, FloatArray], None, None]
"""Sample rate in Hz, and float32 ``(frames, 1 or 2)``."""


class Unreadable(Exception):
    """No sound comes out of a file.

    Parameters
    ----------
    reason : its text, a few words
    absent : whether there is no file to be read at all; an attribute too
    """

    def __init__(self, reason: str, absent: bool = False) -> None:
        super().__init__(reason)
        self.absent = absent


class SoundFile:
    """A sound file, opened.

    All of its sound comes at the rate of its first piece, as one or two channels. What is damaged is left out and
    told once, in the log.

    Parameters
    ----------
    path : whatever somebody gave as its name
    pyav : whether PyAV reads too

    Attributes
    ----------
    sample_rate : Hz
    title : artist and title by its tags, on one line, or empty
    damage : what is wrong with it, as far as it has been read; or empty

    Raises
    ------
    Unreadable
        It isn't there, isn't a regular file, or no sound comes out of it.
    """

    def __init__(self, path: str | Path, pyav: bool) -> None:
        self.path, self.title, self.damage = path, "", ""
        self._pyav, self._closed = pyav, False
        self._seconds = 0.0
        try:
            self._file = open_regular(path)
        except OSError as error:
            raise Unreadable(_absent(error), absent=True) from error
        weakref.finalize(self, self._file.close)  # where nobody wants its sound
        self._chunks = self._all()
        try:
            first = next(self._chunks, None)
            if first is None:
                raise Unreadable("holds no sound")
            if first[0] < LEAST_RATE:
                raise Unreadable(f"says that it has {first[0]} samples a second, and sound has thousands")
            self.sample_rate = first[0] if LOWEST_RATE <= first[0] <= HIGHEST_RATE else OTHER_RATE
            self._steady = Steady(self.sample_rate)
            self._first: FloatArray = self._steadied(*first)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file, from any thread; may be called again."""
        self._closed = True
        with contextlib.suppress(ValueError):  # it is being read
            self._chunks.close()
        self._file.close()

    def blocks(self) -> Iterator[FloatArray]:
        """Its sound, once: finite float32 ``(frames, 1 or 2)``. The file is closed with the iterator. Never raises."""
        try:
            yield self._first
            for rate, samples in self._chunks:
                with contextlib.suppress(Unreadable):
                    yield self._steadied(rate, samples)
        finally:
            self.close()

    def _steadied(self, rate: int, samples: FloatArray) -> FloatArray:
        try:
            return self._steady.push(samples, rate)
        except ValueError as error:
            raise Unreadable(f"has {rate} Hz, which can't be converted") from error

    def _hurt(self) -> None:
        if not self.damage and not self._closed:
            self.damage = f"is damaged at {self._seconds:.1f} s; what can be heard of it is used"
            logger.warning("%s: %s", self.path, self.damage)

    def _all(self) -> _Chunks:
        failure: Unreadable | None = None
        got = False
        try:
            for number, piece in enumerate(pieces(self._file)):
                try:
                    for rate, samples in self._of(piece):
                        if len(samples):
                            got = True
                            yield rate, samples
                            self._seconds += len(samples) / rate
                except MemoryError:
                    raise
                except Exception as error:  # a codec may raise anything, and what is behind it is still wanted
                    logger.debug("%s", self.path, exc_info=True)
                    if not isinstance(error, Unreadable):
                        error = Unreadable(f"can't be read ({_reason(error)})")
                    failure = failure or error
                    if number or got:
                        self._hurt()
        except OSError as error:  # a disk or a network drive that is gone
            if not got:
                raise Unreadable(_absent(error), absent=True) from error
            self._hurt()
        if failure and not got:
            raise failure

    def _of(self, piece: Piece) -> _Chunks:
        """One piece: by libsndfile, and by PyAV from where that gives up."""
        if self._pyav and _is_mp3(piece):
            with contextlib.suppress(Unreadable):  # a tag may stand before other kinds too
                yield from self._by_pyav(piece, 0)
                return
        frames, rate, whole, wav = 0, 0, 0, False
        failure: Unreadable | None = None
        try:
            file = _open_soundfile(piece)
            with file:
                rate, whole = int(file.samplerate), int(file.frames)
                wav = file.format.startswith("WAV")  # of an empty one, PyAV would take other chunks for sound
                whole = whole if whole < _UNKNOWN else 0
                self.title = self.title or self._title(file, piece)
                stereo = Stereo(int(file.channels))
                while len(samples := file.read(AT_ONCE, dtype="float32", always_2d=True)):
                    yield rate, stereo.push(samples)
                    frames += len(samples)
        except (OSError, RuntimeError, ValueError) as error:
            failure = Unreadable(f"can't be read ({_reason(error)})")
        if rate and not failure and (frames or not self._pyav or wav) and whole - frames <= _MISSING * rate:
            return
        if frames:
            self._hurt()
        if not self._pyav:
            if failure and not frames:
                raise failure
            return
        try:
            yield from self._by_pyav(piece, frames)
        except Unreadable:
            if not frames:
                raise

    def _title(self, file: Any, piece: Piece) -> str:
        """By the tags that libsndfile finds; of those that aren't UTF-8, its binding drops what they are."""
        tags = file.copy_metadata()
        if self._pyav and any("\ufffd" in tag for tag in tags.values()):
            import av

            with contextlib.suppress(av.error.FFmpegError, NoSound, ValueError), open_file(piece.twin()) as container:
                tags = tags_of(container, select(container))
        return title_of(tags)

    def _by_pyav(self, piece: Piece, skip: int) -> _Chunks:
        """Decode a piece by PyAV, without so many frames at its beginning, which have been heard."""
        import av

        piece.seek(0)
        seconds, position = 0.0, 0
        try:
            with open_file(piece) as container:
                stream = select(container)
                self.title = self.title or title_of(tags_of(container, stream))
                promised = _promised(container, stream, piece)
                for rate, samples, hurt in heard(container, stream):
                    if hurt:
                        self._hurt()
                    if len(samples):
                        seconds += len(samples) / rate
                        yield rate, samples[max(0, skip - position) :]
                        position += len(samples)
        except NoSound as error:
            raise Unreadable(str(error)) from error
        except (av.error.FFmpegError, ValueError, OSError) as error:
            if not position:
                raise Unreadable(f"can't be read ({_reason(error)})") from error
            self._hurt()
        if position and promised - seconds > _MISSING:
            self._hurt()


def _absent(error: OSError) -> str:
    if error.errno == errno.ENOENT:
        return "does not exist"
    reason = error.strerror or str(error)
    return reason if reason.startswith("is a ") else f"can't be read ({reason})"


def _reason(error: Exception) -> str:
    """A library's words, on one line and without what names the file."""
    text = getattr(error, "error_string", "") or getattr(error, "strerror", "") or str(error)
    return " ".join(str(text).split()).rstrip(".") or type(error).__name__


def _is_mp3(piece: BinaryIO | Piece) -> bool:
    piece.seek(0)
    head = piece.read(4) or b""
    piece.seek(0)
    return head[:3] == b"ID3" or (len(head) == 4 and head[0] == 0xFF and head[1] & 0xE6 in (0xE2, 0xE4, 0xE6))


def _promised(container: Any, stream: Any, piece: Piece) -> float:
    """Seconds of sound that a file claims to have; 0 where FFmpeg would only guess by its size."""
    kind = container.format.name
    if stream.duration is None or not kind.startswith(_EXACT):
        return 0.0
    if kind == "mp3":
        offset = piece.tell()
        piece.seek(_first_frame(piece))
        head = piece.read(256) or b""
        piece.seek(offset)
        if not any(mark in head for mark in (b"Xing", b"Info", b"VBRI")):
            return 0.0
    return float(stream.duration * stream.time_base)


def _first_frame(piece: Piece) -> int:
    """Where mp3 begins behind its tags."""
    offset = 0
    while True:
        piece.seek(offset)
        head = piece.read(10) or b""
        if len(head) < 10 or not head.startswith(b"ID3"):
            return offset
        size = 0
        for byte in head[6:]:
            size = size << 7 | byte & 0x7F
        offset += 10 + size


def _open_soundfile(piece: Piece) -> Any:
    import soundfile

    class Forward(soundfile.SoundFile):  # type: ignore[misc]
        """Reads on without a seek after each block, which breaks the decoding of mp3."""

        def seekable(self) -> bool:
            return False

    piece.seek(0)
    return Forward(piece)
