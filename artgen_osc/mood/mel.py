"""Sound as the mood network sees it: the one front end of training and of the show."""

import numpy as np

from artgen_osc.dsp.core import FloatArray, hann, mel_filterbank
from artgen_osc.dsp.resample import Resampler

SAMPLE_RATE = 22050
N_FFT = 512
HOP = 891
N_MELS = 128
FMIN, FMAX = 30.0, 11025.0
FLOOR_DB = -80.0
WINDOW_COLUMNS = 198
"""Columns that the network takes: 8.0 s."""

_SILENT_POWER = 1e-18


class MoodMel:
    """Sound as mel columns in dB.

    A Hann window of 512 samples at 22,050 Hz (23.2 ms), one column every 891 samples (40.4 ms),
    128 Slaney mel bands from 30 to 11,025 Hz. Left-aligned: column ``k`` covers the 512
    samples from ``891 k``, and nothing later. The same for any split of the stream.

    Parameters
    ----------
    sample_rate : int > 0, Hz, of the sound that is pushed

    Raises
    ------
    ValueError
        The sample rate can't be converted.
    """

    def __init__(self, sample_rate: int) -> None:
        self._resampler = Resampler(sample_rate, SAMPLE_RATE)
        window = hann(N_FFT)
        self._window = window * np.float32(2.0 / window.sum())
        self._bank = mel_filterbank(SAMPLE_RATE, N_FFT, N_MELS, FMIN, FMAX)
        self.reset()

    def reset(self) -> None:
        """Forget the stream."""
        self._resampler.reset()
        self._pending: FloatArray = np.empty(0, dtype=np.float32)
        self._skip = 0

    def push(self, mono: FloatArray) -> FloatArray:
        """Take the next samples, of any number.

        Parameters
        ----------
        mono : float32 ``(n,)`` in ±1, finite

        Returns
        -------
        float32 ``(m, 128)``: power in dB of every column that is complete by now, down to -180 dB;
        a sine at full scale lies near -20 dB
        """
        pending = np.concatenate((self._pending, self._resampler.push(mono)))
        # Windows don't touch: what lies between two of them may not be here yet.
        passed = min(self._skip, len(pending))
        pending = pending[passed:]
        self._skip -= passed
        count = max(0, (len(pending) - N_FFT) // HOP + 1)
        columns = np.empty((count, N_MELS), dtype=np.float32)
        for row, first in zip(columns, range(0, count * HOP, HOP), strict=True):
            # One column at a time: the rounding must not depend on how many there are.
            spectrum = np.fft.rfft(pending[first : first + N_FFT] * self._window)
            power = self._bank @ (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
            row[:] = 10.0 * np.log10(np.maximum(power, _SILENT_POWER))
        used = min(count * HOP, len(pending))
        self._skip += count * HOP - used
        self._pending = pending[used:].copy()
        return columns


def relative_db(columns: FloatArray) -> FloatArray:
    """Columns in dB relative to their common maximum, with a floor at -80 dB."""
    relative: FloatArray = np.maximum(columns - columns.max(), np.float32(FLOOR_DB))
    return relative


def filled(columns: FloatArray) -> FloatArray:
    """Columns ``(0 < n <= WINDOW_COLUMNS, 128)`` as a whole window: mirrored back and forth before their beginning.

    A mirror has no seams, which would be heard as onsets, and what is latest stays last.
    """
    return np.pad(columns, ((WINDOW_COLUMNS - len(columns), 0), (0, 0)), mode="symmetric")


def network_input(columns: FloatArray) -> FloatArray:
    """The last columns as the network takes them.

    Parameters
    ----------
    columns : dB ``(n > 0, 128)``, oldest first

    Returns
    -------
    float32 ``(1, 128, WINDOW_COLUMNS)``, relative to their maximum; `filled`, if they are too few
    """
    return np.ascontiguousarray(filled(relative_db(columns[-WINDOW_COLUMNS:])).T[None], dtype=np.float32)
