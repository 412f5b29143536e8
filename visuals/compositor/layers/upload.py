"""Pictures that come from another thread, as a texture."""

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

Part = tuple[float, float, float, float]
WHOLE: Part = (0.0, 0.0, 1.0, 1.0)


def _part(pixels: "np.ndarray") -> Part:
    import numpy as np

    height, width = pixels.shape[:2]
    rows, columns = (np.flatnonzero(pixels[..., 3].any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return 0.0, 0.0, 0.0, 0.0
    return columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height


class Upload:
    """The newest picture; older ones that nobody has seen are dropped.

    Parameters
    ----------
    context : moderngl context
    still : whether it stays a while: then smaller versions are made too, for when it is shown small, and it is seen
        what of it is transparent

    Attributes
    ----------
    part : left, bottom, right and top of what isn't transparent in the texture, 0..1
    """

    def __init__(self, context: Any, still: bool = False) -> None:
        self.part = WHOLE
        self._context, self._still = context, still
        self._lock = threading.Lock()
        self._given: tuple[np.ndarray, Part] | None = None
        self._texture: Any = None

    def give(self, pixels: "np.ndarray") -> None:
        """Take a picture, on any thread.

        Parameters
        ----------
        pixels : uint8 ``(height, width, 4)``, bottom row first; nobody writes into it afterwards
        """
        part = _part(pixels) if self._still else WHOLE
        with self._lock:
            self._given = pixels, part

    def texture(self) -> Any:
        """The texture, on the thread that draws; None before the first picture."""
        with self._lock:
            given, self._given = self._given, None
        if given is None:
            return self._texture
        pixels, self.part = given
        height, width = pixels.shape[:2]
        if self._texture is not None and self._texture.size != (width, height):
            self.release()
        if self._texture is None:
            self._texture = self._context.texture((width, height), 4)
            self._texture.repeat_x = self._texture.repeat_y = False
        self._texture.write(pixels)
        if self._still:
            self._texture.build_mipmaps()
            self._texture.filter = self._context.LINEAR_MIPMAP_LINEAR, self._context.LINEAR
        return self._texture

    def release(self) -> None:
        """Give the texture back."""
        if self._texture is not None:
            self._texture.release()
            self._texture = None


def multiplied(pixels: "np.ndarray") -> "np.ndarray":
    """A picture as `Upload` takes it, alpha multiplied into the colours.

    Parameters
    ----------
    pixels : uint8 ``(height, width, 4)``, top row first, with straight alpha
    """
    import numpy as np

    done = pixels[::-1].copy()
    if done[..., 3].min() == 255:
        return done
    alpha = done[..., 3:].astype(np.uint16)
    done[..., :3] = ((done[..., :3] * alpha + 127) // 255).astype(np.uint8)
    return done
