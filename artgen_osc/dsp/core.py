"""Signal processing: pure functions without state. `tests/reference` holds them to librosa."""

from itertools import pairwise

import numpy as np

FloatArray = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


def hz_to_mel(hz: np.ndarray) -> np.ndarray:
    """Slaney's mel scale: linear below 1 kHz, logarithmic above (Auditory Toolbox, 1998)."""
    hz = np.asarray(hz, dtype=np.float64)
    return np.where(hz < 1000.0, hz * 3.0 / 200.0, 15.0 + 27.0 * np.log(np.maximum(hz, 1000.0) / 1000.0) / np.log(6.4))


def mel_to_hz(mel: np.ndarray) -> np.ndarray:
    """Inverse of `hz_to_mel`."""
    mel = np.asarray(mel, dtype=np.float64)
    return np.where(mel < 15.0, mel * 200.0 / 3.0, 1000.0 * np.exp((mel - 15.0) * np.log(6.4) / 27.0))


def mel_filterbank(sample_rate: int, n_fft: int, n_mels: int, fmin: float, fmax: float) -> FloatArray:
    """Triangular mel filters with Slaney's area normalisation.

    Parameters
    ----------
    sample_rate : Hz
    n_fft : samples of a window
    n_mels : bands
    fmin, fmax : Hz, the lowest and the highest edge

    Returns
    -------
    float32 ``(n_mels, n_fft // 2 + 1)``, to be multiplied with a power spectrum
    """
    bins = np.arange(n_fft // 2 + 1) * (sample_rate / n_fft)
    edges = mel_to_hz(np.linspace(hz_to_mel(np.array(fmin)), hz_to_mel(np.array(fmax)), n_mels + 2))
    widths = np.diff(edges)
    rising = (bins[None, :] - edges[:-2, None]) / widths[:-1, None]
    falling = (edges[2:, None] - bins[None, :]) / widths[1:, None]
    weights = np.maximum(0.0, np.minimum(rising, falling))
    weights *= (2.0 / (edges[2:] - edges[:-2]))[:, None]
    result: FloatArray = weights.astype(np.float32)
    return result


def hann(length: int) -> FloatArray:
    """Periodic Hann window."""
    return (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(length) / length)).astype(np.float32)


LOUDEST = 1000.0
ABSURD = 1e6
"""Samples beyond that are no sound, but what a broken driver or file holds."""
SILENT_DB = -120.0


def finite(samples: np.ndarray) -> FloatArray:
    """Float32 within ``±LOUDEST``, with silence in place of NaN, infinity and what is beyond `ABSURD`."""
    values: FloatArray = np.asarray(samples, dtype=np.float32)
    sizes = np.abs(values)
    top = sizes.max(initial=0.0)
    if top <= LOUDEST:
        return values
    if not top <= ABSURD:  # NaN is never
        values = np.where(sizes <= ABSURD, values, np.float32(0.0))
    return values.clip(-LOUDEST, LOUDEST)


def to_mono(samples: np.ndarray, gain_db: float = 0.0) -> FloatArray:
    """Mix down, and make safe whatever a driver or a file may deliver.

    NaN, infinity and what is beyond `ABSURD` become 0; what lies beyond ``±LOUDEST`` is clipped, so that no later
    power overflows.

    Parameters
    ----------
    samples : float ``(frames,)`` or ``(frames, channels)``, ±1
    gain_db : applied to the result, dB

    Returns
    -------
    float32 ``(frames,)``, finite, the mean of the channels
    """
    values = finite(samples)
    if values.ndim > 1:
        channels = values.shape[1]
        mixed = np.zeros(len(values), dtype=np.float32)
        for channel in range(channels):
            mixed += values[:, channel]
        values = mixed / np.float32(max(channels, 1))
    if gain_db:
        values = np.clip(values * np.float32(10.0 ** (gain_db / 20.0)), -LOUDEST, LOUDEST)
    return values.astype(np.float32, copy=False)


def power_to_db(power: np.ndarray) -> np.ndarray:
    """``10 log10(power)``, not below `SILENT_DB`."""
    # The second limit is for processors whose logarithm of the first is a little less.
    decibels: np.ndarray = np.maximum(10.0 * np.log10(np.maximum(power, 10.0 ** (SILENT_DB / 10.0))), SILENT_DB)
    return decibels


def band_sums(bins_hz: np.ndarray, edges_hz: tuple[float, ...]) -> FloatArray:
    """Rows that add up the bins of neighbouring bands.

    Parameters
    ----------
    bins_hz : ``(bins,)``, the frequency of each bin
    edges_hz : rising; band ``i`` is ``edges_hz[i] <= f < edges_hz[i + 1]``

    Returns
    -------
    float32 ``(len(edges_hz) - 1, bins)`` of 0 and 1
    """
    rows = [(bins_hz >= low) & (bins_hz < high) for low, high in pairwise(edges_hz)]
    return np.stack(rows).astype(np.float32)


def peak_normalised(filters: FloatArray) -> FloatArray:
    """Filters whose largest weight is 1.

    Parameters
    ----------
    filters : float32 ``(bands, bins)``, as `mel_filterbank` makes them; an empty one stays empty
    """
    result: FloatArray = filters / np.maximum(filters.max(axis=1, keepdims=True), np.float32(1e-12))
    return result
