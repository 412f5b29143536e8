"""Sound as the beat network sees it: the one front end of training and of the show.

The input of BeatNet (Heydari, Cwitkowitz & Duan, *BeatNet: CRNN and Particle Filtering for Online
Joint Beat Downbeat and Meter Tracking*, ISMIR 2021): a spectrogram with logarithmic bands and
its rise, every 20 ms. What is new is the gain: the sound is brought to the loudness of a
finished recording first, so that a quiet input beats like a loud one.
"""

import numpy as np

from artgen_osc.dsp.core import FloatArray

SAMPLE_RATE = 22050
HOP = 441
N_FFT = 1411
N_BANDS = 136
N_FEATURES = 2 * N_BANDS
FRAME_TIME = HOP / SAMPLE_RATE
"""Seconds from one row to the next."""

_NO_ROWS: FloatArray = np.empty((0, N_FEATURES), dtype=np.float32)
_BANDS_PER_OCTAVE = 24
_FMIN, _FMAX, _TUNING = 30.0, 17000.0, 440.0
_LOUDNESS = 0.15
_SILENCE = 1e-3
_LOUDNESS_SECONDS = 4.0


def log_filterbank() -> FloatArray:
    """Triangles of area 1 on a logarithmic scale, 24 an octave, each at least one bin wide.

    Returns
    -------
    float32 ``(N_BANDS, N_FFT // 2)``, to be multiplied with a magnitude spectrum without its last bin
    """
    size = N_FFT // 2
    bins_hz = np.arange(size) * SAMPLE_RATE / (2 * size)
    steps = np.arange(
        np.floor(np.log2(_FMIN / _TUNING) * _BANDS_PER_OCTAVE), np.ceil(np.log2(_FMAX / _TUNING) * _BANDS_PER_OCTAVE)
    )
    centres_hz = _TUNING * 2.0 ** (steps / _BANDS_PER_OCTAVE)
    centres_hz = centres_hz[(centres_hz >= _FMIN) & (centres_hz <= _FMAX)]
    edges = np.unique(np.abs(bins_hz[None, 1:] - centres_hz[:, None]).argmin(axis=1) + 1)
    bank = np.zeros((len(edges) - 2, size))
    for row, low, peak, high in zip(bank, edges[:-2], edges[1:-1], edges[2:], strict=True):
        if high - low < 2:
            row[low] = 1.0
            continue
        row[low:peak] = np.arange(peak - low) / (peak - low)
        row[peak:high] = 1.0 - np.arange(high - peak) / (high - peak)
        row /= row.sum()
    return bank.astype(np.float32)


class BeatSpectrum:
    """Sound as rows of features, the same for any split of the stream.

    Row ``k`` stands for the time ``k * FRAME_TIME``, in the middle of its Hann window of 64 ms.
    """

    def __init__(self) -> None:
        self._window = np.hanning(N_FFT).astype(np.float32)
        self._bank = log_filterbank()
        self._forget = 1.0 - float(np.exp(-FRAME_TIME / _LOUDNESS_SECONDS))
        self.reset()

    def reset(self) -> None:
        """Forget the stream."""
        self._pending: FloatArray | None = None
        self._last: FloatArray | None = None
        self._power = 0.0
        self._weight = 0.0

    def push(self, mono: FloatArray) -> FloatArray:
        """Take the next samples, of any number.

        Parameters
        ----------
        mono : float32 ``(n,)`` at `SAMPLE_RATE`, finite

        Returns
        -------
        float32 ``(m, N_FEATURES)``: log magnitudes of the bands and their rise since the row before,
        for every row that is complete by now
        """
        if self._pending is None:
            if not len(mono):
                return _NO_ROWS
            # The first sample held, not zero, comes before the stream: a DC offset is no beat.
            self._pending = np.full(N_FFT // 2, mono[0], dtype=np.float32)
        sound = np.concatenate((self._pending, mono))
        count = max(0, (len(sound) - N_FFT) // HOP + 1)
        if not count:
            self._pending = sound
            return _NO_ROWS
        rows = np.empty((count, N_FEATURES), dtype=np.float32)
        for row, first in zip(rows, range(0, count * HOP, HOP), strict=True):
            self._row(sound[first : first + N_FFT], row)
        self._pending = sound[count * HOP :].copy()
        return rows

    def _row(self, window: FloatArray, row: FloatArray) -> None:
        # The mean power so far, of the last seconds as soon as there are so many.
        fresh = window[-HOP:]
        self._power += self._forget * (float(np.dot(fresh, fresh)) / HOP - self._power)
        self._weight += self._forget * (1.0 - self._weight)
        loudness = max(float(np.sqrt(self._power / self._weight)), _SILENCE)
        spectrum = np.abs(np.fft.rfft(window * self._window)[: N_FFT // 2]).astype(np.float32)
        bands = np.log10(1.0 + (self._bank @ spectrum) * np.float32(_LOUDNESS / loudness))
        row[:N_BANDS] = bands
        row[N_BANDS:] = 0.0 if self._last is None else np.maximum(bands - self._last, 0.0)
        self._last = bands
