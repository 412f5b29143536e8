"""What a shader hears: the values that the daemon sends, and textures of a spectrum and a wave made of its bands."""

import math
from typing import TYPE_CHECKING, Any

from visuals.compositor.kind import Moment
from visuals.isf.head import Head, Input

if TYPE_CHECKING:
    import numpy as np

BINS, SAMPLES = 128, 256
"""Where a file doesn't say how many it wants."""

_BANDS_AT = (0.0, 0.06, 0.3, 0.75, 1.0)
"""Where in the spectrum the bands are: low, low, mid, high, and nothing at its end."""


def spectrum(moment: Moment, bins: int) -> "np.ndarray":
    """A spectrum that looks like what is heard, since of the sound itself only three bands are known here.

    Parameters
    ----------
    moment : with the bands
    bins : how many values

    Returns
    -------
    float32 ``(bins,)``, 0..1, low notes first
    """
    import numpy as np

    at = (np.arange(bins, dtype=np.float32) + 0.5) / bins
    heights = np.interp(at, _BANDS_AT, (moment.low, moment.low, moment.mid, moment.high, 0.0))
    # Teeth that dance, as the partials of notes do: bands alone would be three hills.
    teeth = 0.5 + 0.5 * np.sin(2.4 * np.arange(bins) + 1.7 * moment.time) * np.sin(0.9 * np.arange(bins))
    return np.asarray(heights * (0.6 + 0.4 * teeth), np.float32)


def wave(moment: Moment, samples: int) -> "np.ndarray":
    """A wave that looks like what is heard.

    Parameters
    ----------
    moment : with the level and the bands
    samples : how many values

    Returns
    -------
    float32 ``(samples,)``, 0..1 around 0.5
    """
    import numpy as np

    at = 2.0 * math.pi * np.arange(samples, dtype=np.float32) / samples
    bands = ((moment.low, 2.0, 3.1), (moment.mid, 7.0, 5.3), (moment.high, 23.0, 9.7))
    summed = sum(band * np.sin(waves * at + speed * moment.time) for band, waves, speed in bands)
    return np.asarray(np.clip(0.5 + 0.5 * moment.level * summed / 1.5, 0.0, 1.0), np.float32)


def followed(head: Head, moment: Moment) -> dict[str, tuple[float, ...]]:
    """The values of the inputs that follow the show, by name; each is within its range.

    Parameters
    ----------
    head : of the file
    moment : of the frame
    """
    return {
        one.name: (one.low[0] + getattr(moment, one.follows) * (one.high[0] - one.low[0]),)
        for one in head.inputs
        if one.follows
    }


class Sound:
    """The texture of one input, of one row.

    Parameters
    ----------
    context : moderngl context
    one : of the type ``audio`` or ``audioFFT``
    """

    def __init__(self, context: Any, one: Input) -> None:
        self._make = spectrum if one.type == "audioFFT" else wave
        self._length = one.length or (BINS if one.type == "audioFFT" else SAMPLES)
        self.texture = context.texture((self._length, 1), 4, dtype="f4")
        self.texture.repeat_x = self.texture.repeat_y = False

    def hear(self, moment: Moment) -> None:
        """Put what is heard into the texture."""
        import numpy as np

        values = self._make(moment, self._length)
        pixels = np.repeat(values[:, None], 4, axis=1)
        pixels[:, 3] = 1.0
        self.texture.write(np.ascontiguousarray(pixels))

    def release(self) -> None:
        """Give it back."""
        self.texture.release()
