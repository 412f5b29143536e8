"""The one front end of all that hears: one mix to mono and one resampling, whoever listens behind it."""

import numpy as np

from artgen_osc.dsp.core import FloatArray
from artgen_osc.dsp.downmix import MonoMix
from artgen_osc.dsp.resample import Resampler

RATE = 22050
"""Hz, at which everything is analysed."""


class FrontEnd:
    """Bring the sound of one input to mono at `RATE`, the same for any split of the stream.

    Parameters
    ----------
    sample_rate : int > 0, Hz, of the input

    Raises
    ------
    ValueError
        The sample rate can't be resampled.
    """

    def __init__(self, sample_rate: int) -> None:
        self._mono = MonoMix(sample_rate)
        self._resampler = Resampler(sample_rate, RATE)

    def reset(self) -> None:
        """Forget the sound so far."""
        self._mono.reset()
        self._resampler.reset()

    def push(self, samples: np.ndarray, gain_db: float = 0.0) -> FloatArray:
        """Take the next samples, of any number.

        Parameters
        ----------
        samples : float ``(frames, channels)`` or ``(frames,)``, ±1; what isn't finite is silence
        gain_db : by which they are amplified

        Returns
        -------
        float32 ``(m,)`` at `RATE`: what is complete by now, at most 1.5 ms behind for rates of 44,100 Hz and more
        """
        return self._resampler.push(self._mono.push(samples, gain_db))
