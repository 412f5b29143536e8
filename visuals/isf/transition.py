"""ISF transitions: found by name, tried before they are needed, and drawn from one frame to another."""

import contextlib
import logging
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from artgen_osc.errors import PluginError
from artgen_osc.runtime.text import nearest, short
from visuals.compositor.budget import FrameBudget
from visuals.compositor.crossing import Crossing
from visuals.compositor.kind import Moment
from visuals.isf.file import File, name_of, stamps
from visuals.isf.source import FOLDER, files_in, read

log = logging.getLogger("artgen.effects")

TRANSITIONS = Path(__file__).parent.parent / "transitions"
"""Those that come with artgen."""

PROGRESS = "progress"

APART_S = 0.5
"""Between two that are made ahead of their use: a compiler takes the time of a frame or more."""


def named(folder: Path) -> dict[str, Path]:
    """The files that may be transitions, by name: those of a folder, and ours, which go before them.

    Parameters
    ----------
    folder : ``effects`` of a show
    """
    return {name_of(path): path for path in (*reversed(files_in(folder)), *files_in(TRANSITIONS))}


def _only(files: Mapping[str, Path]) -> Iterator[str]:
    for name, path in sorted(files.items()):
        with contextlib.suppress(PluginError):
            if read(path).head.kind == "transition":
                yield name


class IsfTransition:
    """A file that leads from one frame to another; see `visuals.compositor.crossing.Transition`.

    Parameters
    ----------
    context : moderngl context
    file : File

    Raises
    ------
    PluginError
        It can't be used.
    """

    def __init__(self, context: Any, file: File) -> None:
        from visuals.isf.shader import Shader
        from visuals.isf.sound import sounds

        self._context, self._file = context, file
        self._shader = Shader(context, file)
        self._sounds = sounds(context, file.head)
        self._budget = FrameBudget(context)
        self._frame = 0

    def draw(self, target: Any, start: Any, end: Any, progress: float, moment: Moment) -> bool:
        """See `visuals.compositor.crossing.Transition`."""
        from visuals.isf.shader import Instant
        from visuals.isf.sound import followed

        images: dict[str, Any] = {"startImage": start, "endImage": end}
        for name, sound in self._sounds.items():
            sound.hear(moment)
            images[name] = sound.texture
        values = {**followed(self._file.head, moment), PROGRESS: (progress,)}
        instant = Instant(moment.time, moment.dt, self._frame)
        self._budget.begin()
        try:
            self._shader.draw(target, values, images, instant)
        except PluginError as error:  # a buffer of a size that this frame has no room for
            log.warning("%s: %s; it fades instead", self._file.path.name, error)
            return False
        self._frame += 1
        too_slow = self._budget.end((self._shader, target.size))
        if too_slow:
            log.warning("%s: %s; it fades instead", self._file.path.name, too_slow)
        return not too_slow

    def rest(self) -> None:
        """See `visuals.compositor.crossing.Transition`."""
        self._shader.forget()
        self._budget.forget()
        self._frame = 0

    def release(self) -> None:
        """Give everything back."""
        self._shader.release()
        for sound in self._sounds.values():
            sound.release()


class Transitions:
    """The transitions of a show, by the names of their files: ours, and those in the folder ``effects`` beside it.

    Parameters
    ----------
    context : moderngl context
    crossing : of the screen
    folder : of the show
    """

    def __init__(self, context: Any, crossing: Crossing, folder: Path) -> None:
        self._context, self._crossing, self._folder = context, crossing, folder / FOLDER
        self._made: dict[Path, tuple[tuple[object, ...], IsfTransition]] = {}
        self._old: list[IsfTransition] = []
        self._ahead: deque[str] = deque()
        self._due = 0.0

    def prepare(self, names: Iterable[str]) -> None:
        """Say which will be needed; `make_ahead` makes them.

        Parameters
        ----------
        names : of transitions
        """
        self._ahead = deque(names)

    def make_ahead(self, now: float) -> None:
        """Make the next one that will be needed, if it is time to; what is wrong is told.

        Parameters
        ----------
        now : s, of any clock
        """
        if not self._ahead or now < self._due:
            return
        self._due = now + APART_S
        try:
            self.find(self._ahead.popleft())
        except PluginError as error:
            log.warning("%s; scenes glide instead", error)

    def begin(self, name: str, seconds: float) -> None:
        """Lead from the look that is shown to the one that is set from now on.

        Parameters
        ----------
        name : of the transition
        seconds : for so long, > 0

        Raises
        ------
        PluginError
            There is none of this name, or it can't be used.
        """
        self._crossing.begin(self.find(name), seconds)

    def find(self, name: str) -> IsfTransition:
        """The transition of a name, made when it is first asked for and again after each save.

        Raises
        ------
        PluginError
            There is none of this name, or it can't be used.
        """
        files = named(self._folder)
        if name not in files:
            raise PluginError(f"there is no transition {short(name)}; {nearest(name, tuple(_only(files)))}")
        path = files[name]
        known, now = self._made.get(path), stamps(path)
        if known is not None and known[0] == now:
            return known[1]
        file = read(path)
        if file.head.kind != "transition":
            raise PluginError(f"{path.name}: is no transition, whose inputs are startImage, endImage and progress")
        made = IsfTransition(self._context, file)
        self._made[path] = now, made
        if known is not None:
            self._drop(known[1])
        return made

    def _drop(self, old: IsfTransition) -> None:
        """Give back what was saved anew, and is perhaps still at work."""
        self._old.append(old)
        if not (self._crossing.on or self._crossing.begins):
            for each in self._old:
                each.release()
            self._old.clear()

    def release(self) -> None:
        """Give everything back."""
        for made in (*self._old, *(made for _, made in self._made.values())):
            made.release()
