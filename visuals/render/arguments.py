"""``artgen render``; what it does is in `visuals.render.render`."""

import argparse
import json
import sys
from fractions import Fraction
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from artgen_osc.config.arguments import Command, number, positive, settings, whole_from
from artgen_osc.config.plugins import own_contract
from artgen_osc.runtime.terminal import redraws
from artgen_osc.runtime.text import printable, say, short
from artgen_osc.schema.address import COUNT_MAX

if TYPE_CHECKING:
    from visuals.render.render import Progress

SMALLEST, WIDEST, HIGHEST = 16, 3840, 2160
SLOWEST, FASTEST = 24, 120
TABLES = ("visuals", "mood", "plugins")
LIVE = (
    "host",
    "port",
    "query_port",
    "width",
    "height",
    "fps",
    "fullscreen",
    "display",
    "headless",
    "help",
    "help_page",
)
"""Settings of the picture that a film has no use for, or flags of its own."""

BROADCAST = {"23.976": 24, "29.97": 30, "59.94": 60, "119.88": 120}
"""Rates that are a thousandth less than those."""

TELL_S, TELL_LOG_S = 0.5, 10.0
"""So often progress is told on a terminal or as JSON, and in a log."""


def add(command: Command) -> None:
    """Add the command."""
    wanted, left_out = tuple(f"{table}." for table in TABLES), {f"visuals.{name}" for name in LIVE}
    sub = command(
        "render",
        _run,
        "Make a film of a song: the show offline, frame by frame, with its sound.",
        "artgen render song.mp3 -o song.mp4",
        [key for key in own_contract().settings if key.startswith(wanted) and key not in left_out],
    )
    sub.add_argument("file", metavar="FILE", help="a sound file, or demo")
    sub.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="OUT",
        help="a .mp4, .mov, .mkv or .webm file, or pictures: frames/%%06d.png",
    )
    sub.add_argument("--size", type=_size, default=(1920, 1080), metavar="WxH", help="in pixels (1920x1080)")
    sub.add_argument("--fps", type=_fps, default=Fraction(30), help="frames a second, 24 to 120 (30)")
    sub.add_argument(
        "--seed",
        type=whole_from(0, COUNT_MAX - 1),
        dest="visuals.seed",
        default=argparse.SUPPRESS,
        metavar="N",
        help="number of the picture to begin with (0)",
    )
    sub.add_argument("--from", type=_moment, default=0.0, dest="start", metavar="S", help="begin so far into the song")
    sub.add_argument("--to", type=positive, dest="end", metavar="S", help="end so far into the song")
    sub.add_argument("--still", type=_moment, metavar="S", help="one picture of this moment, as a .png file")
    sub.add_argument(
        "--cues", type=Path, metavar="CUES.osc", help="messages to the picture, as artgen monitor --record keeps them"
    )
    sub.add_argument("--json", action="store_true", help="progress and result, one JSON object a line")


def _run(given: argparse.Namespace) -> int:
    from visuals.render.render import render

    telling = _Telling(given.file, given.output, given.json)
    try:
        done = render(
            settings(given),
            given.file,
            given.output,
            size=given.size,
            fps=given.fps,
            start=given.start,
            end=given.end,
            still=given.still,
            cues=given.cues,
            tell=telling.tell,
        )
    finally:
        telling.close()
    ratio = done.took / done.duration
    if given.json:
        told = {"file": given.file, "output": str(given.output), "frames": done.frames, "duration": done.duration}
        say(json.dumps({**told, "took": round(done.took, 3), "ratio": round(ratio, 3)}))
    else:
        what = f"{done.frames} frames, {done.duration:.2f} s; took {_clock(done.took)}"
        say(printable(f"{given.output}: {what}, {ratio:.1f} times real time"))
    return 0


class _Telling:
    """Says how far it is: in place on a terminal, now and then in a log, as JSON where that is wanted."""

    def __init__(self, song: str, output: Path, as_json: bool) -> None:
        self._song, self._output, self._json = song, output, as_json
        self._live = redraws(sys.stderr)
        self._every = TELL_S if self._live or as_json else TELL_LOG_S
        self._next = monotonic() + self._every
        self._drawn = False

    def tell(self, progress: "Progress") -> None:
        """Say it if it is time to."""
        if monotonic() < self._next:
            return
        self._next = monotonic() + self._every
        if self._json:
            told = {"file": self._song, "output": str(self._output), "heard": progress.heard}
            say(json.dumps({**told, "frame": progress.frame, "of": progress.frames, "left": round(progress.left, 1)}))
            return
        text = f"listening, {progress.heard:.0f} s heard"
        if progress.frames:
            text = f"{progress.frame} of {progress.frames} frames, {_clock(progress.left)} left"
        if self._live:
            print(f"\r{text}\x1b[K", end="", file=sys.stderr, flush=True)
            self._drawn = True
        else:
            say(text, sys.stderr)

    def close(self) -> None:
        """Leave an empty line where it was drawn."""
        if self._drawn:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d} min" if minutes else f"{rest} s"


def _moment(text: str) -> float:
    value = number(text)
    if not 0.0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{short(text)} is not a moment; give seconds from the song's beginning")
    return value


def _fps(text: str) -> Fraction:
    if text in BROADCAST:
        return Fraction(BROADCAST[text] * 1000, 1001)
    try:
        value = Fraction(int(text))
    except ValueError:
        value = Fraction(0)
    if not SLOWEST <= value <= FASTEST:
        choices = ", ".join(BROADCAST)
        raise argparse.ArgumentTypeError(
            f"{short(text)} is not a rate; choose a whole number from {SLOWEST} to {FASTEST}, or {choices}"
        )
    return value


def _size(text: str) -> tuple[int, int]:
    try:
        width, height = (int(part) for part in text.lower().split("x"))
    except ValueError:
        width = height = 0
    long, short_side = max(width, height), min(width, height)
    if not (SMALLEST <= short_side <= HIGHEST and long <= WIDEST):
        raise argparse.ArgumentTypeError(
            f"{short(text)} is not a size; write one as 1920x1080, up to {WIDEST}x{HIGHEST} or upright"
        )
    return width, height
