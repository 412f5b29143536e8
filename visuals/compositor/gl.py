"""What all that draws needs of OpenGL: a context, a shader over a whole target, a texture to draw into.

Plugins' modules import it, and every command reads their settings: so it imports no numpy by itself.
"""

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from artgen_osc.errors import DisplayError

if TYPE_CHECKING:
    import numpy as np

SHADERS = Path(__file__).parent / "shaders"
SAMPLERS = (
    ("before", 0),
    ("picture", 0),
    ("text", 0),
    ("after", 1),
    ("backdrop", 1),
    ("noise", 2),
    ("mask", 2),
    ("motion", 3),
)
"""Names of samplers in our shaders, and the texture unit of each."""


def standalone_context() -> Any:
    """An OpenGL 3.3 context without a window.

    Raises
    ------
    DisplayError
        There is no such OpenGL here.
    """
    import moderngl

    try:
        options: dict[str, Any] = {"standalone": True, "backend": "egl"}
        return moderngl.create_context(require=330, **options)
    except Exception as error:  # the loader raises many kinds; each means the same to the user
        egl_error = error
    try:
        return moderngl.create_context(require=330, standalone=True)
    except Exception:
        raise DisplayError(
            f"OpenGL: can't draw off screen ({egl_error}); OpenGL 3.3 through EGL is needed; "
            "install a driver, on Debian: apt install libegl1 libgl1-mesa-dri"
        ) from egl_error


@functools.cache
def shader(path: Path) -> str:
    """The text of a shader's file."""
    return path.read_text(encoding="utf-8")


class Pass:
    """A fragment shader over all of a target; it gets ``uv``, 0..1 from bottom left to top right.

    Parameters
    ----------
    context : moderngl context
    source : the shader's text
    defined : goes behind its first line
    """

    def __init__(self, context: Any, source: str, defined: str = "") -> None:
        version, _, rest = source.partition("\n")
        self.program = context.program(
            vertex_shader=shader(SHADERS / "screen.vert"),
            fragment_shader="\n".join(filter(None, (version, defined, rest))),
        )
        for sampler, unit in SAMPLERS:
            if sampler in self.program:
                self.program[sampler] = unit
        self._triangle = context.vertex_array(self.program, [])

    def __setitem__(self, name: str, value: Any) -> None:
        self.program[name] = value

    def render(self) -> None:
        """Draw into what is bound."""
        self._triangle.render(vertices=3)

    def release(self) -> None:
        """Give it back."""
        self._triangle.release()
        self.program.release()


class Target:
    """A texture that can be drawn into; it is bound when it is made.

    Parameters
    ----------
    context : moderngl context
    size : (width, height), pixels
    dtype : of each of its four channels, as moderngl has it; ``f2`` is half-float

    Attributes
    ----------
    texture : linear, clamped to its edges
    target : the framebuffer that draws into it
    """

    def __init__(self, context: Any, size: tuple[int, int], dtype: str = "f2") -> None:
        self.texture = context.texture(size, 4, dtype=dtype)
        self.texture.repeat_x = self.texture.repeat_y = False
        self.target = context.framebuffer([self.texture])
        # Not by its own clear, which would come back to what was drawn into last: that may be gone.
        self.target.use()
        context.clear()

    def release(self) -> None:
        """Give it back."""
        self.target.release()
        self.texture.release()


def target_of(context: Any, old: Target | None, size: tuple[int, int]) -> Target:
    """The target, or where it has another size or isn't there yet a new one; the old one is given back then.

    Parameters
    ----------
    context : moderngl context
    old : the target so far
    size : (width, height) that it should have, pixels
    """
    if old is not None and old.texture.size == size:
        return old
    fresh = Target(context, size)  # which is bound now: the old one can go
    if old is not None:
        old.release()
    return fresh


class PingPong:
    """Two targets of one size that take turns; each is made when it is needed.

    Parameters
    ----------
    context : moderngl context
    size : (width, height), pixels
    """

    def __init__(self, context: Any, size: tuple[int, int]) -> None:
        self.size = size
        self._context = context
        self._targets: list[Target] = []

    def other_than(self, texture: Any) -> Target:
        """One that doesn't draw into this texture."""
        for target in self._targets:
            if target.texture is not texture:
                return target
        self._targets.append(Target(self._context, self.size))
        return self._targets[-1]

    def release(self) -> None:
        """Give both back."""
        for target in self._targets:
            target.release()
        self._targets.clear()


def texture_of(context: Any, pixels: "np.ndarray", repeat: bool = True) -> Any:
    """A texture from an array.

    Parameters
    ----------
    context : moderngl context
    pixels : uint8 ``(height, width, channels)``, 1 to 4 channels; its first row becomes the texture's first
    repeat : whether it repeats beyond its edges
    """
    import numpy as np

    height, width, channels = pixels.shape
    texture = context.texture((width, height), channels, np.ascontiguousarray(pixels), alignment=1)
    texture.repeat_x = texture.repeat_y = repeat
    return texture
