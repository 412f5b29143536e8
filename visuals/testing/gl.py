"""An OpenGL context that tells what was left in it."""

import contextlib
import gc
from collections.abc import Iterator
from typing import Any

import numpy as np

from artgen_osc.errors import DisplayError
from artgen_osc.testing.check import NotHere, require
from visuals.compositor.gl import standalone_context
from visuals.compositor.kind import Moment

SIZE = (96, 64)
"""(width, height) of what is drawn, pixels."""

MOMENTS = (
    Moment(size=SIZE),
    Moment(1.0, 1 / 60, SIZE, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 3, 2, 0.5, 0.25, 128.0, {"/artgen/x/NAME/value": 0.5}),
    Moment(3600.0, 0.0, SIZE, 0.0, 0.0, beats=7200, onsets=20000, bar_phase=0.999),
)
"""The first frame of a show, one amid music, one that is frozen an hour later."""


@contextlib.contextmanager
def clean_context() -> Iterator[Any]:
    """A context that has no GL error before and after.

    Raises
    ------
    NotHere
        There is no OpenGL here.
    CheckFailed
        There is an error at the end.
    """
    try:
        context = standalone_context()
    except DisplayError as error:
        raise NotHere(str(error)) from error
    context.gc_mode = "context_gc"
    gc.freeze()  # what was there before is nothing of the context's, and `kept` need not go through it each time
    try:
        yield context
        with context:
            left = context.error
        require(left == "GL_NO_ERROR", f"OpenGL has an error: {left}")
    finally:
        gc.unfreeze()
        context.release()


def kept(context: Any) -> list[str]:
    """Names of the kinds of the objects of a context that live, or were dropped and not released."""
    import moderngl

    gc.collect()
    kinds = (
        moderngl.Texture,
        moderngl.TextureArray,
        moderngl.Texture3D,
        moderngl.Framebuffer,
        moderngl.Renderbuffer,
        moderngl.Buffer,
        moderngl.Program,
        moderngl.VertexArray,
        moderngl.Sampler,
        moderngl.Query,
    )
    held = [thing for thing in gc.get_objects() if type(thing) in kinds and getattr(thing, "ctx", None) is context]
    names = [type(thing).__name__ for thing in held if not _is_gone(thing.mglo)]
    return sorted(names + [type(thing).__name__ for thing in context.objects if not _is_gone(thing)])


def _is_gone(inner: Any) -> bool:
    return type(inner).__name__ == "InvalidObject"


def picture() -> np.ndarray:
    """Colours and edges, uint8 ``(height, width, 4)`` of `SIZE`, opaque."""
    width, height = SIZE
    y, x = np.mgrid[:height, :width]
    red, green = 255 * x // (width - 1), 255 * y // (height - 1)
    blue = np.where((x // 8 + y // 8) % 2, 220, 30)
    return np.stack((red, green, blue, np.full_like(red, 255)), axis=2).astype(np.uint8)
