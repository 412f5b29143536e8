"""What an effect promises; see `visuals.compositor.kind.Effect`."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from artgen_osc.testing.check import Case, Check, NotHere, at_rest, require, settings_at_their_ends
from visuals.compositor.kind import PLACES, Moment
from visuals.testing.gl import MOMENTS, SIZE, clean_context, kept, picture

ALIKE = 1.5
"""Steps of 255 that a picture which is passed on may be beside the one before."""

_LARGER = 2
_MARK = (0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What came of one call: whether it drew, and what is in the target, uint8 ``(height, width, 4)``."""

    has_drawn: bool
    pixels: np.ndarray


class _Bench:
    """A source and a target for the effect of a case."""

    def __init__(self, context: Any, case: Case) -> None:
        width, height = SIZE
        factor = _LARGER if getattr(case.plugin, "place", "frame") == "enlarge" else 1
        self.size = (factor * width, factor * height)
        self.source = context.texture(SIZE, 4, picture())
        self.source.repeat_x = self.source.repeat_y = False
        self._texture = context.texture(self.size, 4)
        self._target = context.framebuffer([self._texture])

    def draw(self, effect: Any, settings: Any, moment: Moment) -> _Drawn:
        """Draw once, over a target with one colour."""
        self._target.clear(*_MARK)
        answer = effect.draw(self.source, self._target, settings, moment)
        require(isinstance(answer, bool), f"draw returns {answer!r}; True or False is needed")
        pixels = np.frombuffer(self._target.read(components=4), np.uint8)
        return _Drawn(answer, pixels.reshape(self.size[1], self.size[0], 4))

    def release(self) -> None:
        """Give all back."""
        for thing in (self._target, self._texture, self.source):
            thing.release()


def place_is_known(case: Case) -> None:
    """``place`` is one of those that there are."""
    place = getattr(case.plugin, "place", "frame")
    require(place in PLACES, f"place is {place!r}; choose from {', '.join(PLACES)}")


def draws_without_gl_error(case: Case) -> None:
    """It draws at every moment, with every setting at its ends, and OpenGL has no error."""
    with clean_context() as context:
        bench, effect = _Bench(context, case), case.plugin(context)
        for each in settings_at_their_ends(case):
            for moment in MOMENTS:
                bench.draw(effect, each.settings, moment)
                error = context.error
                require(error == "GL_NO_ERROR", f"OpenGL has an error after draw: {error}")
        effect.release()
        bench.release()


def fills_its_target(case: Case) -> None:
    """Where it says that it has drawn, nothing of what was in the target is left, and the source is as it was."""
    with clean_context() as context:
        bench, effect = _Bench(context, case), case.plugin(context)
        for each in settings_at_their_ends(case):
            drawn = bench.draw(effect, each.settings, MOMENTS[1])
            left = np.abs(drawn.pixels - 255.0 * np.array(_MARK)).max(axis=2) <= 1.0
            require(not drawn.has_drawn or left.mean() < 0.05, f"draw leaves {left.mean():.0%} of its target as it was")
        source = np.frombuffer(bench.source.read(), np.uint8)
        require(np.array_equal(source, picture().ravel()), "draw changes its source")
        effect.release()
        bench.release()


def is_identity_at_rest(case: Case) -> None:
    """With numbers at their lowest and switches off `draw` returns False, or draws the source as it is."""
    if case.settings is None:
        raise NotHere("it has no settings")
    if getattr(case.plugin, "place", "frame") == "enlarge":
        raise NotHere("it changes the size")
    rest = at_rest(case)
    with clean_context() as context:
        bench, effect = _Bench(context, case), case.plugin(context)
        for moment in MOMENTS:
            drawn = bench.draw(effect, rest.settings, moment)
            if drawn.has_drawn:
                apart = np.abs(drawn.pixels[:, :, :3].astype(float) - picture()[:, :, :3]).max()
                require(apart <= ALIKE, f"at rest it changes the picture by {apart:.0f} of 255; return False instead")
        effect.release()
        bench.release()


def leaves_nothing_behind(case: Case) -> None:
    """After `release` nothing is left of what it made with the context; nor does each frame leave something."""
    with clean_context() as context:
        bench = _Bench(context, case)
        before = kept(context)
        effect = case.plugin(context)
        for each in settings_at_their_ends(case):
            counts = []
            for moment in (*MOMENTS, *MOMENTS):
                bench.draw(effect, each.settings, moment)
                counts.append(len(kept(context)))
            require(counts[-1] <= counts[2], f"each frame leaves something: {counts[2]} objects, then {counts[-1]}")
        effect.release()
        del effect
        left = kept(context)
        for name in before:
            left.remove(name)
        require(not left, f"release leaves {', '.join(left)}")
        bench.release()


CHECKS: tuple[Check, ...] = (
    place_is_known,
    draws_without_gl_error,
    fills_its_target,
    is_identity_at_rest,
    leaves_nothing_behind,
)
"""All of them."""
