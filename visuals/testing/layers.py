"""What a layer promises; see `visuals.compositor.kind.Layer`."""

from typing import Any

from artgen_osc.testing.check import Case, Check, require, settings_at_their_ends
from visuals.testing.gl import MOMENTS, SIZE, clean_context, kept


def _frame(layer: Any, settings: Any, moment: Any) -> Any:
    texture = layer.frame(SIZE, settings, moment)
    if texture is not None:
        width, height = getattr(texture, "size", (0, 0))
        require(width > 0 and height > 0, f"frame returns {texture!r}; a texture or None is needed")
        require(texture.components in (3, 4), f"its texture has {texture.components} components; 3 or 4 are needed")
    return texture


def draws_without_gl_error(case: Case) -> None:
    """It gives a texture or None at every moment, with every setting at its ends, and OpenGL has no error."""
    with clean_context() as context:
        layer = case.plugin(context)
        for each in settings_at_their_ends(case):
            for moment in MOMENTS:
                _frame(layer, each.settings, moment)
                error = context.error
                require(error == "GL_NO_ERROR", f"OpenGL has an error after frame: {error}")
        layer.release()


def takes_any_size(case: Case) -> None:
    """The size of the frame may change, as that of a window does."""
    with clean_context() as context:
        layer = case.plugin(context)
        for size in (SIZE, (320, 180), (1, 1), SIZE):
            texture = layer.frame(size, case.settings, MOMENTS[1])
            require(context.error == "GL_NO_ERROR", f"OpenGL has an error after a frame of {size}")
            require(texture is None or texture.size[0] > 0, "its texture has no size")
        layer.release()


def leaves_nothing_behind(case: Case) -> None:
    """After `release` nothing is left of what it made with the context; nor does each frame leave something."""
    with clean_context() as context:
        layer = case.plugin(context)
        for each in settings_at_their_ends(case):
            counts = []
            for moment in (*MOMENTS, *MOMENTS):
                _frame(layer, each.settings, moment)
                counts.append(len(kept(context)))
            require(counts[-1] <= counts[2], f"each frame leaves something: {counts[2]} objects, then {counts[-1]}")
        layer.release()
        del layer
        left = kept(context)
        require(not left, f"release leaves {', '.join(left)}")


CHECKS: tuple[Check, ...] = (draws_without_gl_error, takes_any_size, leaves_nothing_behind)
"""All of them."""
