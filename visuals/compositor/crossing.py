"""From one look of the show to the next: the last frame of the one is held, and a transition leads from it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from artgen_osc.errors import BORNE
from artgen_osc.runtime.text import unexpected
from visuals.compositor.gl import Pass, Target, target_of
from visuals.compositor.kind import Moment

log = logging.getLogger("artgen.effects")

_FADE = """#version 330 core
uniform sampler2D before;
uniform sampler2D after;
uniform float amount;
in vec2 uv;
out vec4 colour;
void main() {
    colour = mix(texture(before, uv), texture(after, uv), smoothstep(0.0, 1.0, amount));
}
"""


class Transition(Protocol):
    """Draws what is between two frames; `visuals.isf.transition.IsfTransition` is one."""

    def draw(self, target: Any, start: Any, end: Any, progress: float, moment: Moment) -> bool:
        """Draw a frame.

        Parameters
        ----------
        target : framebuffer
        start, end : textures of what it leads from and to
        progress : 0 (`start`) to 1 (`end`)
        moment : Moment

        Returns
        -------
        Whether it has drawn; once it hasn't, it isn't asked again
        """
        ...

    def rest(self) -> None:
        """It isn't needed for now."""
        ...


@dataclass(frozen=True, slots=True)
class _Way:
    transition: Transition
    seconds: float


class Crossing:
    """What is between two looks, while it is: at rest it holds and costs nothing.

    Parameters
    ----------
    context : moderngl context
    """

    def __init__(self, context: Any) -> None:
        self._context = context
        self._next: _Way | None = None
        self._way: _Way | None = None
        self._failed = False
        self._passed = 0.0
        self._held: Target | None = None
        self._now: Target | None = None
        self._mixed: Target | None = None
        self._fade: Pass | None = None

    @property
    def begins(self) -> bool:
        """Whether the frame that is shown now has to be held."""
        return self._next is not None

    @property
    def on(self) -> bool:
        """Whether it is between two looks."""
        return self._way is not None

    @property
    def over(self) -> bool:
        """Whether what is held isn't needed any more, and can be released."""
        return self._held is not None and not (self.on or self.begins)

    def begin(self, transition: Transition, seconds: float) -> None:
        """Lead from what was drawn last to what is drawn from now on.

        Parameters
        ----------
        transition : how; it has been tried
        seconds : for so long, > 0
        """
        self._next = _Way(transition, seconds)

    def step(self, dt: float) -> None:
        """Go on by `dt`, s of real time."""
        if self._way is not None and self._next is None:
            self._passed += dt
            if self._passed >= self._way.seconds:
                self._way.transition.rest()
                self._way = None

    def hold(self, size: tuple[int, int], draw: Callable[[], None]) -> None:
        """Hold what is shown now, and begin.

        Parameters
        ----------
        size : (width, height) of the frame, pixels
        draw : draws it into what is bound, without the light of the show
        """
        way, self._next = self._next, None
        if self._way is not None and (way is None or way.transition is not self._way.transition):
            self._way.transition.rest()
        self._way = None
        self._held = target_of(self._context, self._held, size)
        self._held.target.use()
        draw()
        self._way, self._passed, self._failed = way, 0.0, False

    def draw(self, size: tuple[int, int], draw: Callable[[], None], moment: Moment) -> Any:
        """A texture of what is between.

        Parameters
        ----------
        size : (width, height) of the frame, pixels
        draw : draws what it leads to into what is bound, without the light of the show
        moment : Moment
        """
        assert self._way and self._held
        self._now = target_of(self._context, self._now, size)
        self._now.target.use()
        draw()
        self._mixed = target_of(self._context, self._mixed, size)
        progress = min(1.0, self._passed / self._way.seconds)
        if not self._drawn(self._way.transition, progress, moment):
            self._draw_fade(progress)
        return self._mixed.texture

    def _drawn(self, transition: Transition, progress: float, moment: Moment) -> bool:
        assert self._held and self._now and self._mixed
        if self._failed:
            return False
        try:
            self._failed = not transition.draw(
                self._mixed.target, self._held.texture, self._now.texture, progress, moment
            )
        except BORNE as error:  # drivers raise anything; no frame is lost for it
            self._failed = True
            log.warning("transition: %s; it fades instead", unexpected(error))
        return not self._failed

    def _draw_fade(self, progress: float) -> None:
        """In its place, where it can't be drawn after all."""
        assert self._held and self._now and self._mixed
        if self._fade is None:
            self._fade = Pass(self._context, _FADE)
        self._mixed.target.use()
        self._fade["amount"] = progress
        self._held.texture.use(0)
        self._now.texture.use(1)
        self._fade.render()

    def release(self) -> None:
        """Give everything back."""
        for item in (self._held, self._now, self._mixed, self._fade):
            if item is not None:
                item.release()
        self._held = self._now = self._mixed = self._fade = None
