"""The overlay's text: what plays, what paints, and the keys."""

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from artgen_osc.runtime.text import shortened
from visuals.control.controls import Control
from visuals.control.keys import HELP
from visuals.painting.worker import WorkerState

LONGEST_LINE = 70
"""Letters of a value; a title or an address may be longer."""

SILENT_S = 3.0
"""When nothing has been heard for so long, that is said."""


@dataclass(frozen=True, slots=True)
class Scenery:
    """What the overlay tells beside the controls and the worker.

    Attributes
    ----------
    size : (width, height) of the window, pixels
    fps : frames per second
    seed : number of the picture
    mood : valence and energy that are painted, 0..1
    refused : messages refused so far
    scenes : names, in the order of their numbers
    finish : how many times the side the finisher has made of the newest picture
    """

    size: tuple[int, int]
    fps: float
    seed: int
    mood: tuple[float, float]
    refused: int
    scenes: Sequence[str]
    finish: int = 1


def help_lines(control: Control, state: WorkerState, scenery: Scenery) -> list[str]:
    """The text; a tab separates two columns."""
    settings = control.settings
    second = f" and {state.second} {settings.model_mix:.0%}" if state.second else ""
    flags = [name for name in ("freeze", "blackout") if getattr(settings, name)]
    lines = [
        "artgen visuals" + "".join(f" · {flag}" for flag in flags),
        "",
        *_heard(control),
        f"mood\tvalence {scenery.mood[0]:.2f}  energy {scenery.mood[1]:.2f}  {_source(control)}",
        f"generator\t{state.name}{second}, {state.fps:.0f} fps",
        *_wrapped("finisher", _finisher(settings.finish, state.finish_note, scenery.finish)),
        f"picture\t{scenery.seed}, speed {settings.speed:g}",
        f"frames\t{scenery.fps:.0f} fps at {scenery.size[0]}x{scenery.size[1]}",
        *_wrapped("scenes", "   ".join(_numbered(scenery.scenes, settings.scene))),
    ]
    if control.page:
        lines.append(f"page\t{shortened(control.page, LONGEST_LINE)}")
    if state.loading:
        lines.append(f"loading\t{shortened(state.loading, LONGEST_LINE)}")
    if scenery.refused:
        lines.append(f"refused\t{scenery.refused} messages, see the log")
    if state.error:
        lines += _wrapped("error", state.error)
    return [*lines, "", *(f"{label}\t{doc}" for label, doc in HELP)]


def _finisher(amount: float, note: str, scale: int) -> str:
    """What it makes, how much of it is seen, and why it isn't more."""
    if scale == 1:
        return f"off: {note}" if note and amount > 0.0 else "off"
    return f"x{scale}, {amount:.0%}" + (f": {note}" if note else "")


def _source(control: Control) -> str:
    if control.settings.manual:
        return "by hand"
    if control.stale:
        return "no music" if math.isinf(control.age) else f"no music for {control.age:.0f} s"
    return "from the music"


def _heard(control: Control) -> list[str]:
    """The input with its level, the tempo and what plays, as far as a daemon tells."""
    lines = []
    if control.input:
        quiet = f"nothing heard for {control.silent:.0f} s" if control.silent >= SILENT_S else ""
        lines.append(f"input\t{shortened(control.input, LONGEST_LINE)}, {quiet or f'level {control.level:.2f}'}")
    words = [f"{control.tempo_bpm:.0f} bpm" if control.tempo_bpm else "", control.key, control.title]
    if any(words):
        lines.append("music\t" + shortened(", ".join(filter(None, words)), LONGEST_LINE))
    return lines


def _numbered(scenes: Sequence[str], now: str) -> list[str]:
    """With the keys that recall them; the one that is on in brackets."""
    named = [f"[{name}]" if name == now else name for name in scenes]
    return [f"{number} {name}" for number, name in enumerate(named[:9], 1)]


def _wrapped(label: str, text: str) -> list[str]:
    parts = textwrap.wrap(text, LONGEST_LINE)[:4]
    return [f"{'' if index else label}\t{part}" for index, part in enumerate(parts)]
