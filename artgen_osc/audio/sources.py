"""Where sound comes from: what every source of it is like, and how it is opened.

Files are here too; whatever goes through PortAudio is in `artgen_osc.audio.devices` and `artgen_osc.audio.playback`.
"""

import logging
import math
import os
import re
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self
from urllib.parse import unquote_to_bytes
from urllib.request import url2pathname

import numpy as np

from artgen_osc.audio.kind import InputHost
from artgen_osc.audio.sound_av import has_pyav
from artgen_osc.audio.sound_file import SoundFile, Unreadable
from artgen_osc.dsp.core import FloatArray
from artgen_osc.errors import BORNE, ArtgenError, AudioError, PluginError
from artgen_osc.plugins.registry import Registry, State, own
from artgen_osc.runtime.files import is_regular
from artgen_osc.runtime.text import nearest, printable, unexpected

if TYPE_CHECKING:
    from artgen_osc.audio.browser import BrowserInput
    from artgen_osc.audio.playback import Player

logger = logging.getLogger(__name__)

KIND = "input"
USUAL = "device"
"""The input that is meant where none is named."""

LEAD = 0.1
"""Seconds by which playback is fed before the analysis: about what it takes to be heard."""
_LATE = 1.0


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
    lasts : whether a show may go back to it when what it hears after it ends; a file, which is over, doesn't
    sent_at : s, monotonic, when somebody who may go away, such as a page, sent sound last; 0 before; infinite: nobody
        has to
    failed : whether it ended by a failure, so that it is worth to open it again
    """

    sample_rate: int
    name: str

    @property
    def title(self) -> str: ...

    @property
    def lasts(self) -> bool: ...

    @property
    def sent_at(self) -> float: ...

    @property
    def failed(self) -> bool: ...

    @property
    def reconnects(self) -> int:
        """Attempts to open it again, so far."""
        ...

    @property
    def unplayed(self) -> int:
        """Frames that were to be heard here and weren't, so far."""
        ...

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
    lasts = True
    sent_at = math.inf
    failed = False
    reconnects = 0

    @property
    def unplayed(self) -> int:
        """See `AudioSource.unplayed`."""
        return 0

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


def open_file(path: str | Path) -> SoundFile:
    """Open a sound file.

    Parameters
    ----------
    path : wav, flac, ogg, mp3 or whatever else libsndfile knows; with the extra ``stream`` whatever FFmpeg knows

    Raises
    ------
    AudioError
        It is missing, isn't a regular file, or no sound comes out of it.
    """
    try:
        return SoundFile(path, has_pyav())
    except Unreadable as error:
        step = "convert it to wav, or choose another"
        if error.absent:
            step = "check the path"
        elif not has_pyav():
            step = "convert it to wav, or pip install 'artgen-osc[stream]' for more kinds, such as m4a and webm"
        raise AudioError(f"{printable(path) or repr('')}: {error}; {step}") from error


def file_blocks(file: SoundFile) -> Iterator[AudioBlock]:
    """The sound of a file in blocks of `block_length`; shorter ones only where its channels change, and at the end."""
    length, frames = block_length(file.sample_rate), 0
    waiting: FloatArray = np.zeros((0, 1), np.float32)
    for samples in file.blocks():
        whole = waiting.shape[1] == samples.shape[1]
        if not whole and len(waiting):
            yield AudioBlock(waiting, frames / file.sample_rate)
            frames += len(waiting)
        waiting = np.concatenate((waiting, samples)) if whole else samples
        ready = len(waiting) - len(waiting) % length
        for first in range(0, ready, length):
            yield AudioBlock(waiting[first : first + length], frames / file.sample_rate)
            frames += length
        waiting = waiting[ready:]
    if len(waiting):
        yield AudioBlock(waiting, frames / file.sample_rate)


def array_blocks(samples: FloatArray, sample_rate: int, loop: bool = False) -> Iterator[AudioBlock]:
    """Cut sound into blocks.

    Parameters
    ----------
    samples : float32 ``(frames, channels)``, ±1
    sample_rate : Hz
    loop : for ever
    """
    length, start = block_length(sample_rate), 0
    while True:
        for first in range(0, len(samples), length):
            yield AudioBlock(samples[first : first + length], (start + first) / sample_rate)
        start += len(samples)
        if not loop:
            return


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
    release : frees what `blocks` holds; may be called again, from any thread
    lasts : see `AudioSource`
    """

    def __init__(
        self,
        name: str,
        sample_rate: int,
        blocks: Iterator[AudioBlock],
        player: "Player | None" = None,
        realtime: bool = True,
        title: str = "",
        release: Callable[[], None] | None = None,
        lasts: bool = True,
    ) -> None:
        self.name, self.sample_rate, self.title = name, sample_rate, title
        self._blocks, self._player, self._realtime = blocks, player, realtime
        self._release, self.lasts = release, lasts
        self._closed = threading.Event()

    def _next(self) -> AudioBlock | None:
        try:
            return next(self._blocks, None)
        except AudioError as error:
            logger.warning("%s", error)
            return None

    @property
    def unplayed(self) -> int:
        """See `AudioSource.unplayed`."""
        return self._player.dropped if self._player else 0

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
                    self._player.put(block.samples)
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
        if self._release:
            self._release()


def shown(spec: str) -> str:
    """An input as it may be shown to anybody: without a name and password, nor the query, in its address."""
    return printable(re.sub(r"\?.*", "?…", re.sub(r"//.*@", "//…@", spec, flags=re.DOTALL)) if "//" in spec else spec)


def file_path(rest: str) -> Path:
    """The file that is meant by what follows ``file:``: a path, with ``~`` for home; or the rest of a file's address,
    as browsers and file managers give it, such as ``///music/a%20song.mp3``.
    """
    if rest.startswith("//") and not is_regular(rest):
        host, slash, path = rest[2:].partition("/")
        if host in ("", "localhost"):
            # Not by `url2pathname` here: it has no bytes that aren't UTF-8.
            return Path(url2pathname(slash + path) if os.name == "nt" else os.fsdecode(unquote_to_bytes(slash + path)))
    try:
        return Path(rest).expanduser()
    except RuntimeError:  # there is no such user
        return Path(rest)


def open_source(
    spec: str,
    *,
    mute: bool = False,
    realtime: bool = True,
    browser: "BrowserInput | None" = None,
    registry: Registry | None = None,
    settings: Mapping[str, Any] | None = None,
) -> AudioSource:
    """Open what ``--input`` names.

    Parameters
    ----------
    spec : ``NAME`` or ``NAME:REST`` with the name of an input that is registered; empty: the system's input device
    mute, realtime, browser : see `InputHost`
    registry : where inputs are registered; None: ours alone
    settings : of each plugin that has some, by its name; where one is missing, as declared

    Raises
    ------
    AudioError
        There is no such input, or it can't be opened.
    """
    name, _, rest = spec.partition(":") if spec else (USUAL, "", "")
    registry = registry or Registry((KIND,), own)
    if name not in registry.names(KIND):
        raise AudioError(_unknown(spec, name, registry.names(KIND)))
    plugin = registry.plugin(KIND, name)
    if plugin.state is State.OFF:
        raise AudioError(f"input {name}: is switched off ({plugin.reason})")
    host = InputHost(mute, realtime, browser)
    try:
        found = registry.load(KIND, name)
        declared = getattr(found, "Settings", None)
        given = (settings or {}).get(name, declared() if declared else None)
        if plugin.own:
            source: AudioSource = found.open(rest, given, host)
            return source
        from artgen_osc.audio.isolation import open_isolated

        isolated = open_isolated(spec, lambda: found.open(rest, given, host), plugin)
        plugin.reason = ""
        return isolated
    except PluginError as error:
        raise AudioError(str(error)) from error
    except ArtgenError as error:
        if not plugin.own:
            plugin.reason = str(error)
        raise
    except BORNE as error:
        if plugin.own:
            raise
        logger.debug("%s", spec, exc_info=error)
        plugin.reason = unexpected(error)
        raise AudioError(f"{shown(spec)}: can't be opened ({unexpected(error)})") from error


def _unknown(spec: str, name: str, names: list[str]) -> str:
    if "://" in spec:
        hint = "write url: before it"
    elif is_regular(spec):
        hint = f"write file:{spec}"
    else:
        hint = nearest(name, names)
    listed = "" if hint.startswith("choose") else f"; there are {', '.join(names)}"
    return f"input: {shown(spec)!r} isn't known; {hint}{listed}; artgen devices lists devices"
