"""Where sound comes from: one `AudioSource` for each kind of ``--input``.

Files and the demo are here; whatever goes through PortAudio is in `artgen_osc.devices`
and `artgen_osc.playback`.
"""

import logging
import math
import re
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from artgen_osc.dsp import FloatArray
from artgen_osc.errors import AudioError

if TYPE_CHECKING:
    from artgen_osc.browser import BrowserInput
    from artgen_osc.playback import Player

logger = logging.getLogger(__name__)

LOWEST_RATE, HIGHEST_RATE = 8000, 192000
LEAD = 0.1
"""Seconds by which playback is fed before the analysis: about what it takes to be heard."""
_LATE = 1.0
LONGEST_TITLE = 200


@dataclass(frozen=True, slots=True)
class AudioBlock:
    """What a source delivers at once.

    Attributes
    ----------
    samples : float32 ``(frames, channels)``, ±1. No frames at all means that nothing
        came: time goes by, and there is nothing to analyse.
    time : s on the stream's clock, of the first sample
    dropped : frames lost between the block before and this one; a device's clock includes them
    """

    samples: FloatArray
    time: float
    dropped: int = 0


class AudioSource(Protocol):
    """Sound as a stream of blocks; a context manager that closes itself.

    Attributes
    ----------
    sample_rate : Hz, of the last block; only a device that was away may come back with another
    name : for people
    title : of what plays, or empty
    """

    sample_rate: int
    name: str
    title: str

    def blocks(self) -> Iterator[AudioBlock]:
        """Yield the sound, in real time.

        A block comes at least every 0.25 s: a block without frames when a device is
        quiet or gone. Ends with the file, or after `close`. Never raises.
        """
        ...

    def close(self) -> None:
        """Stop, from any thread; may be called again."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class ClosesItself(ABC):
    """The context manager's half of an `AudioSource`."""

    title = ""

    @abstractmethod
    def close(self) -> None:
        """Stop, from any thread; may be called again."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def block_length(sample_rate: int) -> int:
    """Frames in a block: about 12 ms, a power of two."""
    return max(128, 1 << round(math.log2(sample_rate * 0.0116)))


def read_file(path: str | Path) -> tuple[int, Iterator[AudioBlock]]:
    """Open a sound file for reading as fast as it goes.

    Parameters
    ----------
    path : wav, flac, ogg, mp3 or whatever else libsndfile knows

    Returns
    -------
    The sample rate in Hz, and the blocks. The file is closed with the iterator.

    Raises
    ------
    AudioError
        Missing, unreadable, empty, or a sample rate out of range. Reading on may raise it
        too, where the file is damaged in the middle.
    """
    path = Path(path)
    allowed = "a wav, flac, ogg or mp3 file with sound in it is allowed"
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise AudioError(f"{path}: {what}; {allowed}; check the path")
    try:
        file = _open_file(path)
    except (OSError, RuntimeError) as error:
        reason = _reason(error, path)
        raise AudioError(f"{path}: can't be read ({reason}); {allowed}; convert it, or choose another") from error
    rate = int(file.samplerate)
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        file.close()
        raise AudioError(
            f"{path}: has {rate} Hz; {LOWEST_RATE} to {HIGHEST_RATE} Hz is allowed; convert it to 44100 Hz"
        )
    blocks = _read_blocks(file, path, rate)
    first = next(blocks, None)
    if first is None:
        raise AudioError(f"{path}: holds no sound; {allowed}; choose another")

    def all_blocks() -> Iterator[AudioBlock]:
        yield first
        yield from blocks

    return rate, all_blocks()


def _reason(error: Exception, path: Path) -> str:
    """A library's words, on one line and without the path that is named already."""
    text = " ".join(str(error).split())
    return text.removeprefix(f"Error opening {str(path)!r}: ").rstrip(".") or type(error).__name__


def _open_file(path: Path) -> Any:
    import soundfile

    class Forward(soundfile.SoundFile):  # type: ignore[misc]
        """Reads on without a seek after each block, which breaks the decoding of mp3."""

        def seekable(self) -> bool:
            return False

    return Forward(path)


def _read_blocks(file: Any, path: Path, rate: int) -> Iterator[AudioBlock]:
    length = block_length(rate)
    frames = 0
    with file:
        while True:
            try:
                samples = file.read(length, dtype="float32", always_2d=True)
            except (OSError, RuntimeError) as error:
                raise AudioError(
                    f"{path}: is damaged after {frames / rate:.1f} s ({_reason(error, path)}); "
                    "a whole file is allowed; convert it again, or choose another"
                ) from error
            if not len(samples):
                return
            yield AudioBlock(samples, frames / rate)
            frames += len(samples)


def title_of(tags: Mapping[str, str]) -> str:
    """Artist and title from a file's or a stream's tags, on one line; empty without."""
    lower = {key.lower(): value for key, value in tags.items()}
    parts = (lower.get("artist", ""), lower.get("title", ""))
    text = lower.get("streamtitle", "") or " - ".join(part for part in parts if part)
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(printable.split())[:LONGEST_TITLE]


def file_title(path: Path) -> str:
    """Artist and title of a sound file by its tags, on one line; empty without."""
    try:
        with _open_file(path) as file:
            return title_of(file.copy_metadata())
    except (OSError, RuntimeError, UnicodeDecodeError):
        return ""  # it plays all the same


def array_blocks(samples: FloatArray, sample_rate: int) -> Iterator[AudioBlock]:
    """Cut float32 ``(frames, channels)`` into blocks."""
    length = block_length(sample_rate)
    for first in range(0, len(samples), length):
        yield AudioBlock(samples[first : first + length], first / sample_rate)


class PacedSource(ClosesItself):
    """Known sound in real time, heard while it is analysed.

    The clock of the system sets the pace, not the output: a broken output can't hold up
    the show. Playback is fed `LEAD` seconds ahead, so that what is seen fits what is heard.

    Parameters
    ----------
    name : for people
    sample_rate : Hz
    blocks : the sound
    player : where it is heard, or None
    realtime : False delivers as fast as it goes, and without playback
    title : of what plays
    """

    def __init__(
        self,
        name: str,
        sample_rate: int,
        blocks: Iterator[AudioBlock],
        player: "Player | None" = None,
        realtime: bool = True,
        title: str = "",
    ) -> None:
        self.name, self.sample_rate, self.title = name, sample_rate, title
        self._blocks, self._player, self._realtime = blocks, player, realtime
        self._closed = threading.Event()

    def _next(self) -> AudioBlock | None:
        try:
            return next(self._blocks, None)
        except AudioError as error:
            logger.warning("%s", error)
            return None

    def blocks(self) -> Iterator[AudioBlock]:
        """See `AudioSource.blocks`."""
        ahead: deque[AudioBlock] = deque()
        queued = LEAD if self._player else 0.0
        ended = False
        start = time.monotonic()
        while not self._closed.is_set():
            while not ended and (not ahead or ahead[-1].time - ahead[0].time < queued):
                block = self._next()
                if block is None:
                    ended = True
                    break
                ahead.append(block)
                if self._player and len(block.samples):
                    self._player.push(block.samples)
            if not ahead:
                return
            block = ahead.popleft()
            if self._realtime:
                due = start + queued + block.time + len(block.samples) / self.sample_rate
                early = due - time.monotonic()
                if early < -_LATE:
                    # The computer slept, or can't keep up: go on from here rather than race.
                    start -= early
                elif early > 0 and self._closed.wait(early):
                    return
            yield block

    def close(self) -> None:
        """See `AudioSource.close`."""
        self._closed.set()
        if self._player:
            self._player.close()


INPUTS = "device:NAME, loopback, browser, file:PATH, url:ADDRESS or demo"


def shown(spec: str) -> str:
    """An input as it may be shown to anybody: without a name and password, nor the query, in its address."""
    return re.sub(r"\?.*", "?…", re.sub(r"//.*@", "//…@", spec)) if "//" in spec else spec


def open_source(
    spec: str, *, mute: bool = False, realtime: bool = True, browser: "BrowserInput | None" = None
) -> AudioSource:
    """Open what ``--input`` names.

    Parameters
    ----------
    spec : ``device:NAME`` (a part of the name is enough), ``loopback`` (what the computer
        is playing), ``browser`` (the microphone or a tab of the page), ``file:PATH``, ``url:ADDRESS`` (http, Icecast,
        HLS, RTSP, RTMP), ``demo``, or empty for the system's input device
    mute : don't play a file, a stream or the demo to the default output
    realtime : False delivers files and the demo as fast as they can be read, unheard
    browser : where the page's sound comes in, if there is a page

    Raises
    ------
    AudioError
        There is no such input, or it can't be opened.
    """
    kind, _, rest = spec.partition(":")
    if spec == "demo" or kind == "file":
        title = ""
        if spec == "demo":
            from artgen_osc.demo import RATE, compose

            rate, blocks = RATE, array_blocks(compose(RATE), RATE)
        elif not rest:
            raise AudioError("input: file: has no path; file:PATH is allowed; name a wav, flac, ogg or mp3 file")
        else:
            path = Path(rest).expanduser()
            rate, blocks = read_file(path)
            title = file_title(path)
        player = None
        if realtime and not mute:
            from artgen_osc.playback import Player

            player = Player(rate)
        return PacedSource(spec, rate, blocks, player, realtime, title)
    if spec == "browser":
        if browser is None:
            raise AudioError(
                "input: browser: there is no page that could send sound; the page of artgen live or artgen daemon is "
                "allowed; set web.port, or choose another input"
            )
        from artgen_osc.browser import BrowserSource

        return BrowserSource(browser)
    if spec in ("", "loopback") or kind == "device":
        from artgen_osc.devices import DeviceSource, find_input
        from artgen_osc.loopback import find_loopback

        return DeviceSource(spec, find_loopback if spec == "loopback" else lambda: find_input(rest))
    if kind == "url":
        from artgen_osc.stream import StreamSource

        return StreamSource(rest, mute)
    hint = "write url: before it" if "://" in spec else "see artgen devices"
    hint = f"write file:{spec}" if Path(spec).exists() else hint
    raise AudioError(f"input: {shown(spec)!r} is not known; {INPUTS} is allowed; {hint}")
