"""A small picture becomes a large one without a grid."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from visuals.compositor.gl import Pass, Target, shader, texture_of
from visuals.compositor.kind import Moment, Place

if TYPE_CHECKING:
    import numpy as np

_HERE = Path(__file__).parent


class Enlarge:
    """A cubic enlargement; see ``sharpen.frag`` and ``enlarge.frag``.

    Parameters
    ----------
    context : moderngl context
    """

    place: ClassVar[Place] = "enlarge"

    def __init__(self, context: Any) -> None:
        self._context = context
        self._sharpen = Pass(context, shader(_HERE / "sharpen.frag"))
        self._enlarge = Pass(context, shader(_HERE / "enlarge.frag"))
        self._offsets = texture_of(context, smooth_noise(256))
        self._sharp: Target | None = None

    def draw(self, source: Any, target: Any, settings: None, moment: Moment) -> bool:
        """See `Effect`."""
        old = self._sharp
        if old is None or old.texture.size != source.size:
            self._sharp = Target(self._context, source.size)
        assert self._sharp is not None
        self._sharp.target.use()
        if old is not None and old is not self._sharp:
            old.release()
        source.use(0)
        self._sharpen.render()
        self._enlarge["ragged"] = moment.fray
        target.use()
        self._sharp.texture.use(0)
        self._offsets.use(2)
        self._enlarge.render()
        return True

    def release(self) -> None:
        """Give shaders and textures back."""
        for item in (self._sharpen, self._enlarge, self._offsets, self._sharp):
            if item is not None:
                item.release()


def smooth_noise(size: int) -> "np.ndarray":
    """Two channels that repeat without a seam around 128, uint8 ``(size, size, 2)``."""
    import numpy as np

    rng = np.random.default_rng(4)
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(size), np.fft.rfftfreq(size), indexing="ij"))
    channels = []
    for _ in range(2):
        spectrum = np.fft.rfft2(rng.standard_normal((size, size))) * np.exp(-((frequency / 0.16) ** 2))
        smooth = np.fft.irfft2(spectrum, (size, size))
        channels.append(0.5 + smooth / (6.0 * smooth.std()))
    return np.asarray(np.clip(np.stack(channels, axis=2), 0.0, 1.0) * 255.0).astype(np.uint8)
