"""What a layer promises; see `visuals.compositor.kind.Layer`."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from artgen_osc.testing.check import Case, Check, NotHere, require, settings_at_their_ends
from visuals.compositor.gl import Target
from visuals.compositor.slot import SlotSettings
from visuals.testing.gl import MOMENTS, SIZE, clean_context, kept


class _Bench:
    """A layer in a show in which nothing goes on; what the show draws into is bound before each frame."""

    def __init__(self, context: Any, case: Case) -> None:
        takes = getattr(case.plugin, "takes", "")
        if takes and not case.rest:
            raise NotHere(f"it isn't said what it is to show; write NAME:{takes}")
        self._context, self._bound = context, Target(context, SIZE)
        self._before = kept(context)
        self.layer = case.plugin(context, rest=case.rest, folder=Path()) if takes else case.plugin(context)
        self.case = replace(case, settings=SlotSettings()) if takes else case

    def frame(self, settings: Any, moment: Any, size: tuple[int, int] = SIZE) -> None:
        self._bound.target.use()
        texture = self.layer.frame(size, settings, moment)
        if texture is not None:
            width, height = getattr(texture, "size", (0, 0))
            require(width > 0 and height > 0, f"frame returns {texture!r}; a texture or None is needed")
            require(texture.components in (3, 4), f"its texture has {texture.components} components; 3 or 4 are needed")
        error = self._context.error
        require(error == "GL_NO_ERROR", f"OpenGL has an error after a frame of {size}: {error}")

    def release(self) -> list[str]:
        """What is left afterwards of what the layer has made."""
        self._bound.target.use()
        self.layer.release()
        del self.layer
        left = kept(self._context)
        for name in self._before:
            left.remove(name)
        self._bound.release()
        return left


def draws_without_gl_error(case: Case) -> None:
    """It gives a texture or None at every moment, with every setting at its ends, and OpenGL has no error."""
    with clean_context() as context:
        bench = _Bench(context, case)
        for each in settings_at_their_ends(bench.case):
            for moment in MOMENTS:
                bench.frame(each.settings, moment)
        bench.release()


def takes_any_size(case: Case) -> None:
    """The size of the frame may change, as that of a window does."""
    with clean_context() as context:
        bench = _Bench(context, case)
        for size in (SIZE, (320, 180), (1, 1), SIZE):
            bench.frame(bench.case.settings, MOMENTS[1], size)
        bench.release()


def leaves_nothing_behind(case: Case) -> None:
    """After `release` nothing is left of what it made with the context; nor does each frame leave something."""
    with clean_context() as context:
        bench = _Bench(context, case)
        for each in settings_at_their_ends(bench.case):
            counts = []
            for moment in (*MOMENTS, *MOMENTS):
                bench.frame(each.settings, moment)
                counts.append(len(kept(context)))
            require(counts[-1] <= counts[2], f"each frame leaves something: {counts[2]} objects, then {counts[-1]}")
        left = bench.release()
        require(not left, f"release leaves {', '.join(left)}")


CHECKS: tuple[Check, ...] = (draws_without_gl_error, takes_any_size, leaves_nothing_behind)
"""All of them."""
