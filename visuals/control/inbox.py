"""The one door of the renderer: what its surfaces want, with what scenes make of it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol

from artgen_osc.runtime.guard import Guard
from artgen_osc.schema.address import Value
from visuals.clock import Tick
from visuals.control.controls import Controls
from visuals.control.keyframes import Keyframes
from visuals.control.kind import Message
from visuals.control.scenes.recall import Present, Scenes


class Asked(Protocol):
    """Where messages come from; see `visuals.control.surfaces.Surfaces`."""

    def poll(
        self, settings: Mapping[str, Any], values: Mapping[str, Value]
    ) -> Sequence[tuple[list[Message], Collection[str]]]:
        """What is wanted, and which settings the scenes that it recalls leave as they are.

        Parameters
        ----------
        settings : of each plugin, by its name
        values : how all is set, by path
        """


class Inbox:
    """Collects, in the order in which it counts: where the glides of scenes are, then what surfaces want.

    Parameters
    ----------
    surfaces : of the show
    scenes : what a recall comes to
    keyframes : what a mark comes to
    controls : how all is set
    present : how the picture is now
    listeners : takes out what is for those who want to hear, and returns the rest
    refuse : is told what was done and the reason, where something fails
    """

    def __init__(
        self,
        surfaces: Asked,
        scenes: Scenes,
        keyframes: Keyframes,
        controls: Controls,
        present: Callable[[], Present],
        listeners: Callable[[list[Message]], list[Message]],
        refuse: Callable[[str, str], None],
    ) -> None:
        self._surfaces, self._scenes, self._keyframes, self._controls = surfaces, scenes, keyframes, controls
        self._present, self._listeners, self._guard = present, listeners, Guard(refuse)

    def poll(self, tick: Tick) -> list[Message]:
        """What has come since the last call, oldest first."""
        present = self._present()
        meant: list[Message] = []
        with self._guard("messages"):
            meant += self._scenes.receive([], present, tick.now, tick.dt)
        for messages, given in self._surfaces.poll(self._controls.config.plugin, self._controls.values()):
            with self._guard("messages"):
                listed = present.config.visuals.path_keyframes
                messages = self._keyframes.receive(messages, listed, present.stage, tick.now, meant)
                meant += self._scenes.receive(messages, present, tick.now, 0.0, given, meant)
        return self._listeners(meant)
