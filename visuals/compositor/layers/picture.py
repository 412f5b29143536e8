"""A picture out of a file, such as a logo, as a layer: it is loaded beside the show, and followed when it is saved."""

import io
import logging
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from artgen_osc.errors import PluginError
from artgen_osc.runtime.files import Saves, read_regular, stamp
from artgen_osc.runtime.latest import LatestWorker
from visuals.compositor.kind import Moment
from visuals.compositor.layers.upload import Upload, multiplied

if TYPE_CHECKING:
    import numpy as np

log = logging.getLogger("artgen.layers")

LARGEST_FILE = 256 << 20
"""Bytes."""

MOST_PIXELS = 80_000_000
LARGEST_SIDE = 4096
"""Pixels; a larger picture is made smaller."""

LOOK_EVERY_S = 0.25
"""Between two looks at the file."""


class PictureLayer:
    """A picture. See `visuals.compositor.kind.Layer`.

    Parameters
    ----------
    context : moderngl context
    rest : the file
    folder : where a relative path begins

    Attributes
    ----------
    trouble : what is wrong with the file, on one line; empty: nothing
    """

    takes: ClassVar[str] = "FILE"
    premultiplied: ClassVar[bool] = True

    def __init__(self, context: Any, rest: str = "", folder: Path = Path()) -> None:
        self.trouble = ""
        self._name, self._path = rest, folder / rest
        self._upload = Upload(context, still=True)
        self._saves = Saves(lambda: stamp(self._path) or ())
        self._has_one = False
        self._next_look = 0.0
        self._worker: LatestWorker[float] | None = None

    @property
    def part(self) -> tuple[float, float, float, float]:
        """Left, bottom, right and top of what isn't transparent, 0..1."""
        return self._upload.part

    def frame(self, size: tuple[int, int], settings: Any, moment: Moment) -> Any:
        """See `visuals.compositor.kind.Layer`."""
        now = monotonic()
        if self._name and now >= self._next_look:
            self._next_look = now + LOOK_EVERY_S
            self._worker = self._worker or LatestWorker(self._look, "picture")
            self._worker.put(now)
        return self._upload.texture()

    def _look(self, now: float) -> None:
        if not self._saves.due():
            return
        try:
            self._upload.give(load(self._path))
        except PluginError as error:
            kept = "; the last good one stays" if self._has_one else ""
            self.trouble = f"picture:{self._name}: {error}{kept}"
            return
        self._has_one, self.trouble = True, ""

    def release(self) -> None:
        """See `visuals.compositor.kind.Layer`."""
        if self._worker is not None:
            self._worker.close(0.0)
        self._upload.release()


def load(path: Path) -> "np.ndarray":
    """A picture out of a file: uint8 ``(height, width, 4)``, bottom row first, alpha multiplied into the colours.

    Raises
    ------
    PluginError
        Why it can't be used.
    """
    import numpy as np
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        data = read_regular(path, LARGEST_FILE)
    except OSError as error:
        raise PluginError(f"can't be read ({error.strerror}); check the path") from None
    except ValueError as error:  # such as a zero in its name
        raise PluginError(f"can't be read ({error}); check the path") from None
    try:
        with Image.open(io.BytesIO(data)) as opened:
            width, height = opened.size
            if width * height > MOST_PIXELS:
                raise PluginError(_too_large(f"{width}x{height}"))
            upright = ImageOps.exif_transpose(opened)
            if max(upright.size) > LARGEST_SIDE:
                log.info("%s: %dx%d pixels are made %d at most", path.name, width, height, LARGEST_SIDE)
                upright.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
            return multiplied(np.array(upright.convert("RGBA")))
    except PluginError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PluginError(_too_large("far too many")) from None
    except Exception as error:  # a damaged picture raises anything
        reason = "it is damaged, or no picture" if isinstance(error, UnidentifiedImageError) else error
        raise PluginError(f"can't be read ({reason}); save it anew, as PNG, JPEG or WebP") from None


def _too_large(size: str) -> str:
    return f"has {size} pixels, where {MOST_PIXELS // 1_000_000} million are the most; make it smaller"
