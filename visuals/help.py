"""The overlay: what plays, what paints, and the keys; and short notes."""

import math
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from artgen_osc.config.tables import AUTO, VisualsConfig
from artgen_osc.runtime.text import shortened
from visuals.clock import Tick
from visuals.compositor.overlay import text_image
from visuals.compositor.screen import Screen
from visuals.control.controls import Control
from visuals.control.keys import HELP
from visuals.scene import Scene

LONGEST_LINE = 70
"""Letters of a value; a title or an address may be longer."""

CONNECTED = 1
"""The page of what drives what."""

SILENT_S = 3.0
"""When nothing has been heard for so long, that is said."""


EVERY_S = 0.25
"""Between two looks of the overlay."""

BARS_EVERY_S = 0.05
"""Where bars move."""

MOST_CONNECTIONS = 24
"""That are shown: more would be too small to be read."""


@dataclass(frozen=True, slots=True)
class Around:
    """What the overlay tells beside the control and the scene.

    Attributes
    ----------
    size : (width, height) of the window, pixels
    refused : messages refused so far
    scenes : names, in the order of their numbers
    plugins : those that can't be used, and why; empty: none
    """

    size: tuple[int, int]
    refused: int = 0
    scenes: Sequence[str] = ()
    plugins: str = ""


class Overlay:
    """Shows the help while it is on, and notes for their time.

    Parameters
    ----------
    screen : where it is shown
    around : what there is to tell now
    height : of the window that it is read in, pixels
    """

    def __init__(self, screen: Screen, around: Callable[[], Around], height: Callable[[], int]) -> None:
        self._screen, self._around, self._height = screen, around, height
        self._age = math.inf
        self._shown: tuple[object, ...] = ()
        self._note, self._note_left = "", 0.0

    def note(self, text: str, seconds: float) -> None:
        """Show a line for so long, help or not.

        Parameters
        ----------
        text : the line
        seconds : how long, in s of real time
        """
        self._note, self._note_left = text, seconds

    def step(self, control: Control, scene: Scene, tick: Tick) -> None:
        """Change what is shown, if it is time to.

        Parameters
        ----------
        control : what is set and heard
        scene : what is drawn
        tick : when
        """
        self._age += tick.dt
        self._note_left -= tick.dt
        note = self._note if self._note_left > 0.0 else ""
        wanted = control.settings.help, control.settings.help_page, note
        bars = control.settings.help and control.settings.help_page == CONNECTED
        if not control.settings.help and not note:
            if self._age < math.inf:
                self._screen.overlay(None)
            self._age = math.inf
        elif self._age >= (BARS_EVERY_S if bars else EVERY_S) or wanted != self._shown:
            self._age = 0.0
            lines, full = [note] if note else [], {}
            if control.settings.help:
                page, levels = (
                    connected_lines(control, scene) if bars else (help_lines(control, scene, self._around()), {})
                )
                lines += [""] if note else []
                full = {len(lines) + at: level for at, level in levels.items()}
                lines += page
            self._screen.overlay(text_image(lines, self._height(), full))
        self._shown = wanted


def help_lines(control: Control, scene: Scene, around: Around) -> list[str]:
    """The text; a tab separates two columns.

    Parameters
    ----------
    control : what is set and heard
    scene : what is drawn
    around : what else there is to tell
    """
    state = scene.worker
    settings = control.settings
    second = f" and {state.second} {settings.model_mix:.0%}" if state.second else ""
    flags = [name for name in ("freeze", "blackout") if getattr(settings, name)]
    lines = [
        "artgen visuals" + "".join(f" · {flag}" for flag in flags),
        "",
        *_heard(control),
        f"mood\tvalence {scene.mood[0]:.2f}  energy {scene.mood[1]:.2f}  {_source(control)}",
        f"generator\t{state.name}{second}, {state.fps:.0f} fps",
        *_wrapped("finisher", _finisher(settings.finish, state.finish_note, scene.scale)),
        f"picture\t{_travel(scene, settings)}",
        f"frames\t{scene.fps:.0f} fps at {around.size[0]}x{around.size[1]}",
        *_wrapped("quality", _quality(scene, settings.quality)),
        *_wrapped("scenes", "   ".join(_numbered(around.scenes, settings.scene))),
    ]
    if control.page:
        lines.append(f"page\t{shortened(control.page, LONGEST_LINE)}")
    if state.loading:
        lines.append(f"loading\t{shortened(state.loading, LONGEST_LINE)}")
    if around.refused:
        lines.append(f"refused\t{around.refused} messages, see the log")
    if around.plugins:
        lines += _wrapped("plugins", around.plugins)
    if state.error:
        lines += _wrapped("error", state.error)
    return [*lines, "", *(f"{label}\t{doc}" for label, doc in HELP)]


def connected_lines(control: Control, scene: Scene) -> tuple[list[str], dict[int, float]]:
    """What drives what, and how full the bar behind a line is, by its number.

    Parameters
    ----------
    control : what is set and heard, with the connections
    scene : what is drawn, with how far each is up
    """
    rows = control.connections
    lines = ["what drives what" + ("" if rows else ": nothing; see docs/modulation.md"), ""]
    bars: dict[int, float] = {}
    for row, level in list(zip(rows, np.nan_to_num(scene.levels).tolist(), strict=False))[:MOST_CONNECTIONS]:
        bars[len(lines)] = level if row.on else 0.0
        amount = f"{'±' if row.bipolar else ''}{row.amount:.0%} of" if row.on else "off:"
        target = row.target.key.removeprefix("plugin.").removeprefix("visuals.")
        lines.append(f"{target}\t{amount} {shortened(row.source.label, LONGEST_LINE // 2)}")
    if len(rows) > MOST_CONNECTIONS:
        lines.append(f"\tand {len(rows) - MOST_CONNECTIONS} more")
    lines += _wrapped("beat", scene.missed) if scene.missed else []
    return [*lines, "", "Tab\tback to the keys"], bars


def _finisher(amount: float, note: str, scale: int) -> str:
    """What it makes, how much of it is seen, and why it isn't more."""
    if scale == 1:
        return f"off: {note}" if note and amount > 0.0 else "off"
    return f"x{scale}, {amount:.0%}" + (f": {note}" if note else "")


def _quality(scene: Scene, wanted: str) -> str:
    """What is done without, and why."""
    why = scene.quality.why or ("" if wanted == AUTO else "by hand")
    return scene.quality.name + (f": {why}" if why else "")


def _travel(scene: Scene, settings: VisualsConfig) -> str:
    """Where the path is, freely or through keyframes."""
    if scene.keyframe:
        return f"to keyframe {scene.keyframe} of {scene.keyframes}"
    marked = f", {scene.keyframes} keyframes" if scene.keyframes else ""
    return f"{scene.seed}, speed {settings.speed:g}{marked}"


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
