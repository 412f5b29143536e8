"""An ISF file as an effect or a layer: it is followed while it plays, and the last good version stays.

Modules of plugins are loaded by every command: nothing here imports what draws before it is needed.
"""

import logging
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from artgen_osc.errors import PluginError
from artgen_osc.runtime.files import Saves
from visuals.compositor.budget import FrameBudget
from visuals.compositor.gl import Target, target_of
from visuals.compositor.kind import Moment, Place
from visuals.isf.file import File, read, stamps
from visuals.isf.settings import Hand

if TYPE_CHECKING:
    from visuals.isf.shader import Shader
    from visuals.isf.sound import Sound

log = logging.getLogger("artgen.effects")

LOOK_EVERY_S = 0.25
"""Between two looks at the file."""

REST_S = 1.0
"""After so long a rest, in the time of the show, an effect begins anew: what its buffers kept would be of another."""


class Played:
    """The file while it plays.

    Parameters
    ----------
    context : moderngl context
    path : of the file
    settings : the dataclass as it was declared

    """

    def __init__(self, context: Any, path: Path, settings: type) -> None:
        self._wrong = self._now = ""
        self._context, self._path = context, path
        self._hand = Hand(settings)
        self._shader: Shader | None = None
        self._sounds: dict[str, Sound] = {}
        self._saves, self._read = Saves(lambda: stamps(path)), False
        self._next_look = 0.0
        self._frame = 0
        self._drawn_at = 0.0
        """s of the show, when it was drawn last."""
        self._budget = FrameBudget(context)

    @property
    def trouble(self) -> str:
        """What is wrong, with the file or with what is set now, on one line; empty: nothing."""
        return self._wrong or self._now

    def draw(self, target: Any, pictures: Any, settings: Any, moment: Moment) -> bool:
        """Draw a frame.

        Parameters
        ----------
        target : framebuffer
        pictures : texture for every input that takes a picture; None: a layer, whose alpha counts
        settings : instance of the dataclass
        moment : Moment

        Returns
        -------
        Whether it has drawn
        """
        self._follow()
        shader = self._shader
        if shader is None:
            return False
        from visuals.isf.shader import Instant
        from visuals.isf.sound import followed

        head = shader.file.head
        images: dict[str, Any] = {}
        for one in head.inputs:
            if one.name in self._sounds:
                self._sounds[one.name].hear(moment)
                images[one.name] = self._sounds[one.name].texture
            elif one.type == "image" and pictures is not None:
                images[one.name] = pictures
        if moment.time - self._drawn_at > REST_S:
            shader.forget()
            self._frame = 0
        self._drawn_at = moment.time
        self._budget.begin()
        instant = Instant(moment.time, moment.dt, self._frame)
        try:
            values = {**self._hand.values(head, settings), **followed(head, moment)}
            shader.draw(target, values, images, instant, pictures, settings.amount)
        except PluginError as error:  # of the values that are set now; others may do
            self._now = self._told(f"{self._path.name}: {error}", self._now)
            return False
        self._frame, self._now = self._frame + 1, ""
        too_slow = self._budget.end((shader, target.size))
        if too_slow:
            self._drop()
            self._wrong = self._told(f"{self._path.name}: {too_slow}; it is out until it is saved")
        return True

    def _follow(self) -> None:
        """Take what has been saved."""
        now = monotonic()
        if now < self._next_look:
            return
        self._next_look = now + LOOK_EVERY_S
        if not self._saves.due():
            return
        again, self._read = self._read, True
        try:
            self._take(read(self._path))
        except PluginError as error:
            kept = "; the last good version plays on" if self._shader else ""
            self._wrong = self._told(f"{error}{kept}")
            return
        self._wrong = ""
        if again:
            log.warning("%s: is the new version now", self._path.name)

    def _take(self, file: File) -> None:
        from visuals.isf.shader import Shader
        from visuals.isf.sound import sounds

        fresh = Shader(self._context, file)
        for name in self._hand.new_in(file.head):
            log.warning("%s: input %s is new; its address is there from the next start on", self._path.name, name)
        self._drop()
        self._shader, self._frame = fresh, 0
        self._budget.forget()
        self._sounds = sounds(self._context, file.head)

    @staticmethod
    def _told(trouble: str, before: str = "") -> str:
        if trouble != before:
            log.warning("%s", trouble)
        return trouble

    def _drop(self) -> None:
        for item in (self._shader, *self._sounds.values()):
            if item is not None:
                item.release()
        self._shader, self._sounds = None, {}

    def release(self) -> None:
        """Give everything back."""
        self._drop()


class IsfEffect:
    """An effect out of a file; each file has a class of its own, with its ``path`` and ``Settings``.

    Parameters
    ----------
    context : moderngl context
    """

    place: ClassVar[Place] = "frame"
    hosted: ClassVar[bool] = True
    path: ClassVar[Path]
    Settings: ClassVar[type]

    def __init__(self, context: Any) -> None:
        self._played = Played(context, self.path, self.Settings)

    @property
    def trouble(self) -> str:
        """What is wrong with the file, on one line; empty: nothing."""
        return self._played.trouble

    def draw(self, source: Any, target: Any, settings: Any, moment: Moment) -> bool:
        """See `visuals.compositor.kind.Effect`."""
        return settings.amount > 0.0 and self._played.draw(target, source, settings, moment)

    def release(self) -> None:
        """Give everything back."""
        self._played.release()


class IsfLayer:
    """A layer out of a file that needs no picture; otherwise as `IsfEffect`."""

    hosted: ClassVar[bool] = True
    path: ClassVar[Path]
    Settings: ClassVar[type]

    def __init__(self, context: Any) -> None:
        self._context = context
        self._played = Played(context, self.path, self.Settings)
        self._target: Target | None = None

    @property
    def trouble(self) -> str:
        """What is wrong with the file, on one line; empty: nothing."""
        return self._played.trouble

    def frame(self, size: tuple[int, int], settings: Any, moment: Moment) -> Any:
        """See `visuals.compositor.kind.Layer`."""
        if settings.amount <= 0.0:
            return None
        self._target = target_of(self._context, self._target, size)
        return self._target.texture if self._played.draw(self._target.target, None, settings, moment) else None

    def release(self) -> None:
        """Give everything back."""
        self._played.release()
        if self._target is not None:
            self._target.release()
