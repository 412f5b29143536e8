"""Hotkeys: each sends what a message to its address would be, and says what it has done."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

from artgen_osc.schema.address import Value
from artgen_osc.schema.address_table import Rows
from visuals.control.kind import Message, SurfaceHost

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
HELP_PAGE, EDIT = "/visuals/help/page", "/visuals/output/window/edit"
VALENCE, ENERGY = "/visuals/mood/valence", "/visuals/mood/energy"

KEYS: tuple[Key, ...] = (
    Key(("f11", "f"), "F11  F", FULLSCREEN, "fullscreen"),
    Key(("space",), "Space", "/visuals/freeze", "freeze"),
    Key(("n", "right"), "N  Right", "/visuals/seed/next", "next picture"),
    Key(("k",), "K", "/visuals/path/mark", "keyframe of this picture"),
    Key(("p",), "P", "/visuals/path/play", "play the keyframes"),
    Key(("b",), "B", "/visuals/blackout", "blackout"),
    Key(("m",), "M", MANUAL, "mood by hand"),
    Key(("s",), "S", "/visuals/snapshot", "snapshot"),
    Key(("r",), "R", "/visuals/output/record/on", "recording"),
    Key(tuple("123456789"), "1 … 9", "/visuals/scene/number", "scene"),
    Key(("e",), "E", EDIT, "move the corners of this window, then of the others"),
    Key(("h", "f1"), "H  F1", HELPED, "this help"),
    Key(("tab",), "Tab", HELP_PAGE, "the other page of it: what drives what"),
    Key(("escape", "q", CLOSE), "Esc  Q", QUIT, "twice: quit; Esc leaves fullscreen first"),
)

BY_NAME = {name: key for key in KEYS for name in key.names}

ARROWS = {
    "left": (VALENCE, -STEP),
    "right": (VALENCE, STEP),
    "down": (ENERGY, -STEP),
    "up": (ENERGY, STEP),
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

    messages: tuple[Message, ...] = ()
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

    def press(self, name: str, values: Mapping[str, Value], time: float, scenes: Sequence[str]) -> Pressed:
        """What a key comes to.

        Parameters
        ----------
        name : as `Key.names`
        values : how all is set, by path
        time : s, monotonic
        scenes : names, in the order of their numbers
        """
        if name in ARROWS and values[MANUAL]:
            return self._move(*ARROWS[name], values)
        key = BY_NAME.get(name)
        if key is None:
            return Pressed()
        row = self._rows[key.path]
        if key.path == QUIT:
            return self._quit(name, bool(values[FULLSCREEN]), time)
        if key.path == HELP_PAGE:
            page = int(not values[HELP_PAGE]) if values[HELPED] else 1
            return Pressed(((self._rows[HELPED], 1), (row, page)))
        if row.kind == "int":
            number = int(name)
            there = number <= len(scenes)
            note = f"scene {number}: {scenes[number - 1]}" if there else f"there is no scene {number}"
            return Pressed(((row, number),) if there else (), note)
        if row.kind == "trigger":
            return Pressed(((row, 1),), key.doc)
        on = not values[key.path]
        if key.path in (HELPED, EDIT):
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

    def _move(self, path: str, step: float, values: Mapping[str, Value]) -> Pressed:
        mood = {axis: float(values[axis]) for axis in (VALENCE, ENERGY)}
        mood[path] = round(min(1.0, max(0.0, mood[path] + step)), 6)
        note = f"valence {mood[VALENCE]:.2f}  energy {mood[ENERGY]:.2f}"
        return Pressed(((self._rows[path], mood[path]),), note)


class Keys:
    """The window's keys as a surface.

    Parameters
    ----------
    settings : it has none
    host : SurfaceHost
    """

    direct = True
    given: Collection[str] = ()

    def __init__(self, settings: None, host: SurfaceHost) -> None:
        self.settings = settings
        self._host, self._keyboard = host, Keyboard(host.addresses.visuals)
        self._values: Mapping[str, Value] = {}

    def poll(self) -> list[Message]:
        """What the keys pressed since the last call mean; see `visuals.control.kind.Surface`."""
        messages: list[Message] = []
        for name in self._host.pressed():
            pressed = self._keyboard.press(name, self._values, monotonic(), self._host.scenes())
            messages += pressed.messages
            # The next key finds what this one has changed.
            self._values = {**self._values, **{row.path: value for row, value in pressed.messages}}
            if pressed.note:
                self._host.note(pressed.note, pressed.seconds)
        return messages

    def show(self, values: Mapping[str, Value]) -> None:
        """Remember how all is set: a toggle's key turns it over."""
        self._values = values

    def close(self) -> None:
        """It holds nothing."""
