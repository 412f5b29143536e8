"""The show of a song as a film or as pictures: what ``artgen render`` does, as a function."""

import heapq
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from time import perf_counter

from artgen_osc.config.settings import ConfigFile
from artgen_osc.errors import RenderError
from artgen_osc.osc.recording import Recorded, read
from artgen_osc.runtime.files import is_folder, is_regular
from visuals.render.film import Sink, check, sink
from visuals.render.song import Song
from visuals.render.stage import Stage

RUN_UP_S = 5.0
"""So long before the first frame that is wanted frames are drawn: effects that remember have filled by then."""

WAITING = 3
"""Frames that may wait to be encoded."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is.

    Attributes
    ----------
    heard : s of the song that have been analysed; 0 once that is over
    frame : frames that are done
    frames : all that are wanted; 0 while that isn't known
    left : s that the rest may take; 0 while that isn't known
    """

    heard: float = 0.0
    frame: int = 0
    frames: int = 0
    left: float = 0.0


@dataclass(frozen=True, slots=True)
class Rendered:
    """What was made.

    Attributes
    ----------
    frames : how many
    duration : s, of them
    took : s, of our time
    """

    frames: int
    duration: float
    took: float


def render(
    file: ConfigFile,
    song: str,
    output: Path,
    *,
    size: tuple[int, int] = (1920, 1080),
    fps: Fraction = Fraction(30),
    start: float = 0.0,
    end: float | None = None,
    still: float | None = None,
    cues: Path | None = None,
    tell: Callable[[Progress], None] = lambda progress: None,
) -> Rendered:
    """Render the show of a song; the same to the bit every time on one machine.

    Parameters
    ----------
    file : settings, such as those of a show file
    song : a sound file, or ``demo``
    output : a film (.mp4, .mov, .mkv, .webm), or pictures with a number in their name, such as ``frames/%06d.png``
    size : (width, height), pixels
    fps : frames a second
    start : s into the song
    end : s into the song; None: its end
    still : s into the song; one picture of this moment, as a .png file; `start` and `end` don't count
    cues : a recording of OSC messages that are played at their times; None: none
    tell : is called now and then

    Raises
    ------
    ArtgenError
        The song can't be heard, the model can't be used, there is no OpenGL, or nothing can be written there.
    """
    began = perf_counter()
    output = Path(output)
    if is_regular(song) and is_regular(output) and output.samefile(song):
        raise RenderError(f"-o: {output} is the song itself; choose another name")
    if is_folder(song):
        raise RenderError(f"{song}: is a folder; name one song in it")
    check(output, size, still is not None)
    if still is not None:
        start, end = still, None
    with tempfile.TemporaryDirectory(prefix="artgen-render-") as folder:
        heard = Song(song, file, Path(folder), lambda seconds: tell(Progress(heard=seconds)))
        total = max(1, round(heard.duration * fps))
        first = round(Fraction(start) * fps)
        last = total if end is None else min(total, round(Fraction(end) * fps))
        if first >= total:
            flag = "--from" if still is None else "--still"
            raise RenderError(f"{flag}: {song} is {heard.duration:.2f} s long; choose less than that, not {start:g}")
        last = first + 1 if still is not None else last
        if last <= first:
            raise RenderError(f"--to: {end:g} s leaves no frame after --from {start:g}; choose more")
        stream = heapq.merge(read(heard.stream), _cued(cues) if cues else (), key=lambda one: one.time)
        with Stage(file, size, fps, stream) as stage, sink(output, size, fps, heard.sound, first) as sinking:
            _frames(stage, sinking, first, last, round(RUN_UP_S * fps), tell)
    return Rendered(last - first, float((last - first) / fps), perf_counter() - began)


def _cued(cues: Path) -> Iterator[Recorded]:
    """What is said to the picture; the music of a recording is another one."""
    for one in read(cues):
        yield replace(one, messages=[message for message in one.messages if message.path.startswith("/visuals/")])


def _frames(stage: Stage, sinking: Sink, first: int, last: int, run_up: int, tell: Callable[[Progress], None]) -> None:
    """Step and draw all frames, which are encoded on another thread."""
    waiting: deque[Future[None]] = deque()
    left = _left(last - first)
    with ThreadPoolExecutor(1, "encoder") as encoder:
        for index in range(last):
            stage.step()
            if index < first - run_up:
                continue
            stage.draw()
            if index < first:
                continue
            if len(waiting) >= WAITING:
                waiting.popleft().result()
            waiting.append(encoder.submit(sinking.take, stage.read(), index))
            done = index + 1 - first
            tell(Progress(frame=done, frames=last - first, left=left(done)))
        for future in waiting:
            future.result()


def _left(frames: int) -> Callable[[int], float]:
    """What says how long the rest takes, at the pace of the frames so far."""
    began = perf_counter()
    return lambda done: (perf_counter() - began) / done * (frames - done)
