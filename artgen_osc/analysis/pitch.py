"""What is sung or played: the fundamental frequency, the twelve pitch classes and the key."""

import numpy as np

from artgen_osc.analysis.hop import HOP_LENGTH
from artgen_osc.dsp.core import FloatArray, hann
from artgen_osc.schema.values import NOTES

LOWEST_HZ, HIGHEST_HZ = 50.0, 2000.0
KEYS = tuple(f"{note} {mode}" for mode in ("major", "minor") for note in NOTES)

# Albrecht & Shanahan (2013), *The Use of Large Corpora to Train a New Type of Key-Finding Algorithm*,
# Music Perception 31(1): major, then minor.
PROFILES = (
    (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081),
    (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052),
)

_TINY = 1e-12
_USUAL_HZ = 220.0


class PitchTracker:
    """The fundamental frequency of one voice: YIN (de Cheveigné & Kawahara, 2002, *J. Acoust. Soc. Am.* 111(4)).

    Of the dips of the normalised difference the first is taken that is about as deep as the deepest.
    The pitch is that of `delay` before a window's end.

    Parameters
    ----------
    sample_rate : Hz

    Attributes
    ----------
    length : samples of a window
    delay : s
    hz : held while nothing is clear, 0 before there was any
    confidence : 0..1
    """

    INTEGRATION = 512
    SLACK = 0.15
    """A dip may be less deep than the deepest by so much."""
    SILENCE = 1e-4
    """RMS below which there is nothing to hear."""
    HOLD = 0.2
    """Below this confidence the last pitch is kept."""

    def __init__(self, sample_rate: int) -> None:
        self._rate = sample_rate
        self._shortest = int(sample_rate / HIGHEST_HZ) - 1
        self._longest = int(np.ceil(sample_rate / LOWEST_HZ)) + 2
        self.length = self.INTEGRATION + self._longest
        self._lags = np.arange(1.0, self._longest + 1)
        # Both parts that are compared lie at the window's start; where their middle is depends on the period.
        self.delay = (self.length - self.INTEGRATION / 2) / sample_rate - 0.5 / _USUAL_HZ
        self.reset()

    def reset(self) -> None:
        """Forget the last pitch."""
        self.hz = self.confidence = 0.0

    def step(self, window: FloatArray) -> None:
        """Find the pitch in one window: float32 ``(length,)``, finite."""
        size, longest = self.INTEGRATION, self._longest
        self.confidence = 0.0
        window = window - window.mean()
        squares = np.cumsum(window * window, dtype=np.float64)
        if squares[-1] < self.length * self.SILENCE**2:
            return
        products = np.correlate(window, window[:size], "valid")[1:]
        # For the lags from 1: the energy of both parts, less twice what they have in common.
        difference = squares[size - 1] + squares[size : size + longest] - squares[:longest] - 2.0 * products
        np.maximum(difference, 0.0, out=difference)
        normal = difference * self._lags / np.maximum(np.cumsum(difference), _TINY)
        inner = normal[1:-1]
        dips = np.flatnonzero((inner < normal[:-2]) & (inner <= normal[2:])) + 1
        dips = dips[dips >= self._shortest - 1]
        if not len(dips):
            return
        depths = normal[dips]
        dip = int(dips[np.argmax(depths <= depths.min() + self.SLACK)])
        self.confidence = float(min(max(1.0 - normal[dip], 0.0), 1.0))
        if self.confidence >= self.HOLD:
            left, middle, right = normal[dip - 1 : dip + 2].tolist()
            bend = left - 2.0 * middle + right
            lag = dip + 1 + (0.5 * (left - right) / bend if bend > _TINY else 0.0)
            self.hz = min(max(self._rate / lag, LOWEST_HZ), HIGHEST_HZ)


class Harmony:
    """Pitch classes and key.

    The peaks of a long spectrum are added up by pitch class, as in the harmonic pitch class
    profile (Gómez, 2006). The key is the one whose profile resembles their mean most.

    Parameters
    ----------
    sample_rate : Hz
    step_time : s between two windows

    Attributes
    ----------
    length : samples of a window
    chroma : ``(12,)``, C to B, the loudest 1, all 0 in silence
    key : such as ``A minor``, empty before there is one
    confidence : 0..1, of the key
    """

    N_FFT = 8192
    LOW_HZ, HIGH_HZ = 60.0, 2200.0
    CHROMA_SECONDS = 0.15
    KEY_SECONDS = 40.0
    SILENCE = 1e-4
    STAY = 0.02
    """So much better another key must fit to be taken."""

    def __init__(self, sample_rate: int, step_time: float) -> None:
        self.length = self.N_FFT
        window = hann(self.N_FFT)
        self._window = window * np.float32(2.0 / window.sum())
        hz = np.arange(self.N_FFT // 2 + 1) * sample_rate / self.N_FFT
        self._bins = slice(int(np.searchsorted(hz, self.LOW_HZ)), int(np.searchsorted(hz, self.HIGH_HZ)))
        self._bin_hz = sample_rate / self.N_FFT
        self._chroma_share = 1.0 - float(np.exp(-step_time / self.CHROMA_SECONDS))
        self._key_share = 1.0 - float(np.exp(-step_time / self.KEY_SECONDS))
        profiles = np.array([np.roll(profile, note) for profile in PROFILES for note in range(12)])
        profiles = profiles - profiles.mean(axis=1, keepdims=True)
        self._profiles = profiles / np.linalg.norm(profiles, axis=1, keepdims=True)
        self.reset()

    def reset(self) -> None:
        """Forget the stream."""
        self.chroma = np.zeros(12)
        self._mean = np.zeros(12)
        self.key, self.confidence = "", 0.0
        self._hops = 0
        # Twice as long, so that it is moved back once in a while and not with every hop.
        self._long: FloatArray = np.empty(2 * self.length, dtype=np.float32)
        self._end = self.length

    def hop(self, window: FloatArray, every: int) -> bool:
        """Take one hop, and listen on every so many of them.

        Parameters
        ----------
        window : float32, whose last `HOP_LENGTH` samples are new; before the first hop its first one is held
        every : hops

        Returns
        -------
        Whether it listened
        """
        if not self._hops:
            self._long[: self._end] = window[0]
        self._hops += 1
        if self._end == len(self._long):
            self._long[: self.length] = self._long[self.length :]
            self._end = self.length
        self._long[self._end : self._end + HOP_LENGTH] = window[-HOP_LENGTH:]
        self._end += HOP_LENGTH
        due = self._hops % every == 0
        if due:
            self.step(self._long[self._end - self.length : self._end])
        return due

    def step(self, window: FloatArray) -> None:
        """One window, float32 ``(length,)``, finite."""
        fresh = np.zeros(12)
        window = window - window.mean()
        if float(np.dot(window, window)) >= self.N_FFT * self.SILENCE**2:
            fresh = self.profile(window)
            self._mean += self._key_share * (fresh - self._mean)
            self._judge()
        self.chroma = self.chroma + self._chroma_share * (fresh - self.chroma)

    def profile(self, window: FloatArray) -> np.ndarray:
        """``(12,)``, the loudest 1: how much of each pitch class is in a window."""
        magnitude = np.abs(np.fft.rfft(window * self._window))
        first, last = self._bins.start, self._bins.stop
        part = magnitude[first:last]
        peaks = (
            np.flatnonzero((part > magnitude[first - 1 : last - 1]) & (part >= magnitude[first + 1 : last + 1])) + first
        )
        peaks = peaks[magnitude[peaks] > 0.01 * part.max()]
        left, middle, right = (np.log(magnitude[peaks + shift] + _TINY) for shift in (-1, 0, 1))
        bend = left - 2.0 * middle + right
        place = peaks + np.where(bend < -_TINY, 0.5 * (left - right) / np.minimum(bend, -_TINY), 0.0)
        pitch = 12.0 * np.log2(place * self._bin_hz / 440.0) + 9.0
        note = np.round(pitch)
        weight = np.sqrt(magnitude[peaks]) * np.cos(np.pi * (pitch - note)) ** 2
        found = np.bincount(note.astype(int) % 12, weight, 12)
        top = float(found.max())
        return found / top if top > 0.0 else found

    def _judge(self) -> None:
        mean = self._mean - self._mean.mean()
        length = float(np.linalg.norm(mean))
        if length < _TINY:
            return
        fits = self._profiles @ (mean / length)
        best = int(fits.argmax())
        if self.key and fits[best] < fits[KEYS.index(self.key)] + self.STAY:
            best = KEYS.index(self.key)
        self.key = KEYS[best]
        self.confidence = float(min(max(fits[best], 0.0), 1.0))
