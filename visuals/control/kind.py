"""What a surface is: something that steers the show.

A class that an entry point of the group ``artgen.surfaces`` names. It is made with its settings and a `SurfaceHost`;
it may have a frozen dataclass ``Settings``, whose fields are `artgen_osc.schema.setting.setting`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from artgen_osc.config.modulation import Connection
from artgen_osc.config.settings import ConfigFile
from artgen_osc.schema.address import Address, Value
from artgen_osc.schema.address_table import AddressTable

Message = tuple[Address, Value]


class Surface(Protocol):
    """Something that steers.

    It is made and called on a thread of its own, one call at a time, about once a frame. A call that raises or that
    takes over 2 ms is a failure. One that has failed 50 times in a row, or hasn't come back for 2 s, is ended.

    Attributes
    ----------
    settings : its ``Settings``; replaced whenever they change
    """

    settings: Any

    def poll(self) -> Sequence[Message]:
        """What it wants since the last call, oldest first.

        Each is a row of the host's ``addresses.visuals`` and a value that the row takes, or an address below
        ``/visuals/value/`` (`artgen_osc.schema.address.extra` gives its row) and a number that connections may be
        driven by; anything else is refused.
        """

    def show(self, values: Mapping[str, Value]) -> None:
        """Show how all that has a value is set, by path; called at first and whenever any has changed."""

    def close(self) -> None:
        """Free what it holds."""


class Direct(Surface, Protocol):
    """One of ours that is called on the thread of the loop: nothing guards the show while it blocks.

    Attributes
    ----------
    direct : True
    given : names of settings that a scene which it recalls leaves as they are
    """

    direct: bool
    given: Collection[str]


@dataclass(frozen=True, slots=True)
class SurfaceHost:
    """What a surface may use of the show. A stranger's needs ``addresses``, and perhaps ``scenes``.

    Attributes
    ----------
    addresses : all that can be said
    scenes : names of the scenes, in the order of their numbers
    note : shows a line over the picture for so many seconds; for direct ones
    pressed : names of the keys pressed in the window since the last call; for direct ones
    received : what has come over OSC since the last call; for direct ones
    file : the show's
    child : whether it is a daemon's renderer; the daemon tells of mistakes in the show file
    edited : what has been changed by mouse and keys in windows since the last call; for direct ones
    connect : takes what drives what from the saved show file; for direct ones
    """

    addresses: AddressTable
    scenes: Callable[[], Sequence[str]]
    note: Callable[[str, float], None]
    pressed: Callable[[], Sequence[str]]
    received: Callable[[], Sequence[Message]]
    file: ConfigFile
    child: bool = False
    connect: Callable[[Sequence[Connection]], None] = lambda rows: None
    edited: Callable[[], Sequence[Message]] = tuple
