"""Hotkeys: each sends what a message to its address would be, and says what it has done."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from artgen_osc.config.tables import VisualsConfig
from artgen_osc.schema.address import Address, Value
from artgen_osc.schema.address_table import Rows

CLOSE = "close"
"""Stands for the window's own button among the keys' names."""

QUIT_S = 2.0
"""The second press of the key that quits has to come within this time."""

STEP = 0.05
"""How far an arrow moves the mood."""


@dataclass(frozen=True, slots=True)
class Key:
    """One row of the table.

    Attributes
    ----------
    names : as ``pygame.key.name`` gives them
    label : for the help text
    path : a toggle is turned over, a trigger is pressed, a number is sent what the key says
    doc : what it does
    """

    names: tuple[str, ...]
    label: str
    path: str
    doc: str


FULLSCREEN, MANUAL, HELPED, QUIT = "/visuals/fullscreen", "/visuals/mood/manual", "/visuals/help", "/visuals/quit"

KEYS: tuple[Key, ...] = (
    Key(("f11", "f"), "F11  F", FULLSCREEN, "fullscreen"),
    Key(("space",), "Space", "/visuals/freeze", "freeze"),
    Key(("n", "right"), "N  Right", "/visuals/seed/next", "next picture"),
    Key(("b",), "B", "/visuals/blackout", "blackout"),
    Key(("m",), "M", MANUAL, "mood by hand"),
    Key(("s",), "S", "/visuals/snapshot", "snapshot"),
    Key(tuple("123456789"), "1 … 9", "/visuals/scene/number", "scene"),
    Key(("h", "f1"), "H  F1", "/visuals/help", "this help"),
    Key(("escape", "q", CLOSE), "Esc  Q", QUIT, "twice: quit; Esc leaves fullscreen first"),
)

BY_NAME = {name: key for key in KEYS for name in key.names}

ARROWS = {
    "left": ("/visuals/mood/valence", -STEP),
    "right": ("/visuals/mood/valence", STEP),
    "down": ("/visuals/mood/energy", -STEP),
    "up": ("/visuals/mood/energy", STEP),
}
"""What an arrow moves while the mood is by hand."""

HELP = (*((key.label, key.doc) for key in KEYS), ("Arrows", "after M: valence (left, right) and energy (up, down)"))
"""Keys and what they do, for the overlay."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """What a key comes to.

    Attributes
    ----------
    messages : as if they had come over OSC
    note : what to show for it, may be empty
    seconds : for so long
    """

    messages: tuple[tuple[Address, Value], ...] = ()
    note: str = ""
    seconds: float = 1.5


class Keyboard:
    """Knows what a key means at the moment.

    Parameters
    ----------
    rows : what the renderer understands
    """

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._quit_until = -math.inf

    def press(self, name: str, settings: VisualsConfig, time: float, scenes: Sequence[str]) -> Pressed:
        """What a key comes to.

        Parameters
        ----------
        name : as `Key.names`
        settings : as they are
        time : s, monotonic
        scenes : names, in the order of their numbers
        """
        if name in ARROWS and settings.manual:
            return self._move(*ARROWS[name], settings)
        key = BY_NAME.get(name)
        if key is None:
            return Pressed()
        row = self._rows[key.path]
        if key.path == QUIT:
            return self._quit(name, settings.fullscreen, time)
        if row.kind == "int":
            number = int(name)
            there = number <= len(scenes)
            note = f"scene {number}: {scenes[number - 1]}" if there else f"there is no scene {number}"
            return Pressed(((row, number),) if there else (), note)
        if row.kind == "trigger":
            return Pressed(((row, 1),), key.doc)
        on = not getattr(settings, row.name)
        if key.path == HELPED:
            return Pressed(((row, int(on)),))  # it is seen
        note = f"{key.doc} {'on' if on else 'off'}"
        if key.path == MANUAL:
            note = "mood by hand: the arrows move it" if on else "mood from the music"
        return Pressed(((row, int(on)),), note)

    def _quit(self, name: str, fullscreen: bool, time: float) -> Pressed:
        if name == "escape" and fullscreen:
            return Pressed(((self._rows[FULLSCREEN], 0),), "fullscreen off")
        if name == CLOSE or time < self._quit_until:
            return Pressed(((self._rows[QUIT], 1),))
        self._quit_until = time + QUIT_S
        return Pressed((), "press again to quit", QUIT_S)

    def _move(self, path: str, step: float, settings: VisualsConfig) -> Pressed:
        mood = {"valence": settings.valence, "energy": settings.energy}
        row = self._rows[path]
        mood[row.name] = round(min(1.0, max(0.0, mood[row.name] + step)), 6)
        return Pressed(((row, mood[row.name]),), f"valence {mood['valence']:.2f}  energy {mood['energy']:.2f}")
