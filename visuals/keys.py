"""Hotkeys: each does what a message to its address would do."""

from dataclasses import dataclass


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


KEYS: tuple[Key, ...] = (
    Key(("f11", "f"), "F11  F", "/visuals/fullscreen", "fullscreen"),
    Key(("space",), "Space", "/visuals/freeze", "freeze"),
    Key(("n", "right"), "N  Right", "/visuals/seed/next", "next picture"),
    Key(("b",), "B", "/visuals/blackout", "blackout"),
    Key(("m",), "M", "/visuals/mood/manual", "mood by hand"),
    Key(("s",), "S", "/visuals/snapshot", "snapshot"),
    Key(tuple("123456789"), "1 … 9", "/visuals/scene/number", "scene"),
    Key(("h", "f1"), "H  F1", "/visuals/help", "this help"),
    Key(("escape", "q"), "Esc  Q", "/visuals/quit", "quit"),
)

BY_NAME = {name: key for key in KEYS for name in key.names}
