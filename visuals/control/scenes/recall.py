"""Scenes at work: a recall becomes the values of its settings, as if each had come over OSC.

Sliders glide there with the ease of `visuals.control.easing`, everything else changes at once.
A value that somebody sends meanwhile ends the glide of its slider: the hand wins.
Where a transition leads to the scene, all of it is set at once, behind the last frame that it leads from.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from artgen_osc.config.contract import Contract
from artgen_osc.config.settings import ConfigFile
from artgen_osc.config.tables import Config
from artgen_osc.errors import PluginError, SceneError
from artgen_osc.runtime.guard import Guard
from artgen_osc.schema.address import CONNECTIONS, Address, Value
from visuals.control.connections import Connections, Refuse
from visuals.control.controls import REPEAT_S, Controls
from visuals.control.easing import ease
from visuals.control.kind import Message
from visuals.control.scenes.file import Scene, held_by, name_of, unsaid
from visuals.control.scenes.folder import Library
from visuals.control.scenes.name import key_of

SCENE, NUMBER, FADE = "/visuals/scene", "/visuals/scene/number", "/visuals/scene/fade"
BEATS, TRANSITION = "/visuals/scene/fade/beats", "/visuals/transition"
SAVE, DELETE = "/visuals/scene/save", "/visuals/scene/delete"
MANUAL, MOOD = "/visuals/mood/manual", ("/visuals/mood/valence", "/visuals/mood/energy")

MOST_A_FRAME = 20
"""Recalls, saves, deletions and names of transitions in one frame. More is a flood."""

FLOOD = f"more than {MOST_A_FRAME} in one frame; send less"


@dataclass(frozen=True, slots=True)
class Present:
    """How the picture is now.

    Attributes
    ----------
    config : the settings as they are
    seed : of the picture that the path has come from
    mood : valence and energy that are painted, 0..1
    stage : z of the picture that is on stage; None before there is one
    tempo_bpm : 0 while there is none
    """

    config: Config
    seed: int
    mood: tuple[float, float]
    stage: Iterable[float] | None = None
    tempo_bpm: float = 0.0


class Crosses(Protocol):
    """What scenes know of transitions; `visuals.isf.transition.Transitions` is one."""

    def find(self, name: str) -> object:
        """Make a transition ready; raises `PluginError` where it can't be used."""
        ...

    def begin(self, name: str, seconds: float) -> None:
        """Hold the look that is shown, and lead from it to the one that is set from now on.

        Parameters
        ----------
        name : of the transition
        seconds : for so long, > 0

        Raises
        ------
        PluginError
            It can't be used.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Glide:
    row: Address
    start: float
    end: float
    begin: float
    length: float

    def at(self, time: float) -> float:
        """Ends exactly where it should."""
        passed = (time - self.begin) / self.length
        return self.end if passed >= 1.0 else self.start + (self.end - self.start) * ease(passed)


class Scenes:
    """Takes what concerns scenes out of the messages and puts what they mean in its place.

    Parameters
    ----------
    library : where scenes are found and saved
    contract : what can be set and said
    refuse : is told an address and a reason, for what can't be done
    connections : what drives what; a scene has its own
    transitions : that lead to a scene; None: there are none
    """

    def __init__(
        self,
        library: Library,
        contract: Contract,
        refuse: Refuse,
        connections: Connections,
        transitions: Crosses | None = None,
    ) -> None:
        self._connections, self._transitions = connections, transitions
        self._library, self._contract, self._refuse = library, contract, refuse
        self._rows = rows = contract.addresses.visuals
        self._held = {name: rows[setting.address] for name, setting in library.held.items()}
        self._unsaid = unsaid(library.held)
        self._guard = Guard(refuse)
        self._glides: dict[str, _Glide] = {}
        self._pressed: dict[str, tuple[Value, float]] = {}
        self._ready = ""
        """The transition that was asked for last, and is there: to look for it again takes time."""
        self._time = 0.0

    def receive(
        self,
        messages: Iterable[Message],
        present: Present,
        time: float,
        dt: float = 0.0,
        given: Collection[str] = (),
        earlier: Sequence[Message] = (),
    ) -> list[Message]:
        """What the messages mean, in their order, and where the glides are.

        Parameters
        ----------
        messages : as from the receiver
        present : before them
        time : s, monotonic
        dt : s since the last call, by which glides move on
        given : names of settings that a recalled scene leaves alone
        earlier : what is to be done before these messages, and isn't in `present` yet
        """
        self._time += dt
        for failure in self._library.poll():
            self._refuse(failure.what, failure.reason)
        out: list[Message] = []
        asked = 0
        self._connections.begin()
        for row, value in messages:
            if row.path.startswith(CONNECTIONS):
                with self._guard(row.path):
                    self._connections.obey(row.path, value)
            if row.path == TRANSITION and value and value != self._ready:
                asked += 1
                if asked > MOST_A_FRAME:
                    self._refuse(row.path, FLOOD)
                elif self._is_there(str(value)):
                    out.append((row, value))
                continue
            if row.path not in (SCENE, NUMBER, SAVE, DELETE):
                self._glides.pop(row.path, None)
                out.append((row, value))
                continue
            before, self._pressed[row.path] = self._pressed.get(row.path), (value, time)
            if before and before[0] == value and time - before[1] < REPEAT_S:
                continue  # a CHOP repeats its value at its frame rate
            asked += 1
            if asked > MOST_A_FRAME:
                self._refuse(row.path, FLOOD)
                continue
            with self._guard(row.path):
                try:
                    self._obey(row.path, value, present, [*earlier, *out], out, given)
                except SceneError as error:
                    self._refuse(row.path, str(error))
        for path, glide in list(self._glides.items()):
            out.append((glide.row, glide.at(self._time)))
            if self._time - glide.begin >= glide.length:
                del self._glides[path]
        return out

    def _obey(
        self,
        path: str,
        value: Value,
        present: Present,
        before: Sequence[Message],
        out: list[Message],
        given: Collection[str],
    ) -> None:
        name = str(value)
        if path == NUMBER:
            number, names = int(value), self._library.names()
            if not number:
                return
            if number > len(names):
                raise SceneError(f"there is no scene {number}; choose from 1 to {len(names)}")
            name = names[number - 1]
        if path == SAVE:
            values = self._values(present, before)
            name = self._library.save(path, Scene(name, self._kept(values), modulate=self._connections.scene)).name
        elif path == DELETE:
            self._library.delete(path, name)
            if key_of(str(self._values(present, before)[SCENE])) != key_of(name):
                return
            name = ""
        elif name:
            scene = self._library.find(name)
            self._recall(scene, self._values(present, before), present, out, given)
            self._connections.recall(scene.modulate)
            name = scene.name
        else:
            self._glides.clear()
        out.append((self._rows[SCENE], name))

    def _recall(
        self,
        scene: Scene,
        before: dict[str, Value],
        present: Present,
        out: list[Message],
        given: Collection[str],
    ) -> None:
        unsaid = {key: value for key, value in self._unsaid.items() if self._moves(self._held[key].path, value, before)}
        values = {**unsaid, **scene.values}
        rows = {key: self._held[key] for key in values if key not in given}
        wanted = {row.path: row.check((values[key],)) for key, row in rows.items()}
        if wanted.get(MANUAL) and not before[MANUAL]:
            # The music's mood has led so far; the glide begins where it is.
            before |= dict(zip(MOOD, present.mood, strict=True))
        fade = float(before[FADE])
        if before[BEATS] and present.tempo_bpm:
            fade = float(before[BEATS]) * 60.0 / present.tempo_bpm
        name = str(before[TRANSITION]) if scene.transition is None else scene.transition
        if name and fade and self._crosses(name, fade):
            fade = 0.0  # the frame that is shown hides the change
        for path, value in wanted.items():
            row = self._rows[path]
            self._glides.pop(path, None)
            if row.kind == "float" and fade and value != before[path]:
                self._glides[path] = _Glide(row, float(before[path]), float(value), self._time, fade)
            else:
                out.append((row, value))

    def _is_there(self, transition: str) -> bool:
        with self._guard(TRANSITION):
            try:
                if self._transitions is not None:
                    self._transitions.find(transition)
                self._ready = transition
                return True
            except PluginError as error:
                self._refuse(TRANSITION, str(error))
        return False

    def _crosses(self, transition: str, seconds: float) -> bool:
        if self._transitions is None:
            return False
        with self._guard(TRANSITION):
            try:
                self._transitions.begin(transition, seconds)
                return True
            except PluginError as error:
                self._refuse(TRANSITION, f"{error}; sliders glide instead")
        return False

    def _moves(self, path: str, value: Value, before: Mapping[str, Value]) -> bool:
        return path in self._glides or value != before[path]

    def _values(self, present: Present, before: Iterable[Message]) -> dict[str, Value]:
        """Values by path, with those that messages before have changed."""
        rows = (*self._held.values(), *(self._rows[path] for path in (SCENE, FADE, BEATS, TRANSITION)))
        values = {row.path: value for row, value in self._contract.current(rows, present.config)}
        values["/visuals/seed"] = present.seed
        return values | {row.path: value for row, value in before if row.path in values}

    def _kept(self, values: dict[str, Value]) -> dict[str, Any]:
        """What a scene keeps of values by path."""
        present = {key: values[row.path] for key, row in self._held.items()}
        return {key: bool(value) if self._held[key].kind == "toggle" else value for key, value in present.items()}


def given_in(file: ConfigFile) -> set[str]:
    """What a scene calls those of its settings that the show file or flags give."""
    shared = {setting.key for setting in held_by(file.contract).values()}
    return {name_of(key) for key, origin in file.origins.items() if key in shared and origin != "default"}


def begun(file: ConfigFile, library: Library, refuse: Refuse | None = None) -> Controls:
    """The controls to start with: a scene's, where the show file and flags give none.

    Parameters
    ----------
    file : the settings, and where each comes from
    library : where the scene is looked for
    refuse : see `Controls`

    Raises
    ------
    SceneError
        The scene that the settings name can't be used.
    """
    whole = started(file, library)
    controls = Controls(whole, file.contract, refuse)
    if whole.visuals.scene:
        controls.connections.recall(library.find(whole.visuals.scene).modulate)
    return controls


def started(file: ConfigFile, library: Library) -> Config:
    """The settings to start with: a scene's, where the show file and flags give none.

    Parameters
    ----------
    file : the settings, and where each comes from
    library : where the scene is looked for

    Raises
    ------
    SceneError
        The scene that the settings name can't be used.
    """
    config = file.config
    if not config.visuals.scene:
        return config
    scene = _wanted(file, library)
    for key, value in {"visuals.scene": scene.name, **_left_open(file, library, scene)}.items():
        config = file.contract.replace(config, key, value)
    return config


def chosen(file: ConfigFile) -> dict[str, Any]:
    """What the scene that the settings name gives, by ``table.key``, where the show file and flags give none.

    Raises
    ------
    SceneError
        As `started`.
    """
    with closing(Library(Path(file.config.visuals.scenes), held_by(file.contract))) as library:
        return _left_open(file, library, _wanted(file, library))


def _wanted(file: ConfigFile, library: Library) -> Scene:
    try:
        return library.find(file.config.visuals.scene)
    except SceneError as error:
        raise SceneError(f"visuals.scene: {error}") from None


def _left_open(file: ConfigFile, library: Library, scene: Scene) -> dict[str, Any]:
    given = given_in(file)
    return {library.held[name].key: value for name, value in scene.values.items() if name not in given}
