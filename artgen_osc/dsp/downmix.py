"""Channels down to two, and two down to one: finite, never louder than the loudest channel, and nothing is lost."""

import math
from collections.abc import Sequence

import numpy as np

from artgen_osc.dsp.core import FloatArray, finite, to_mono

HALF = math.sqrt(0.5)
HEARD = 1e-3
"""A channel whose peak has reached -60 dBFS carries something."""

_USUAL: dict[int, tuple[str, ...]] = {
    3: ("FL", "FR", "FC"),
    4: ("FL", "FR", "BL", "BR"),
    5: ("FL", "FR", "FC", "BL", "BR"),
    6: ("FL", "FR", "FC", "LFE", "BL", "BR"),
    7: ("FL", "FR", "FC", "LFE", "BC", "SL", "SR"),
    8: ("FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR"),
}
"""What so many channels mean where a file doesn't say it (WAVE_FORMAT_EXTENSIBLE's order)."""

_LEFT = ("BL", "SL", "FLC", "TFL", "TBL", "TSL", "WL", "SDL", "BFL")
_WEIGHTS = {
    "FL": (1.0, 0.0),
    "FR": (0.0, 1.0),
    "FC": (HALF, HALF),
    "LFE": (0.5, 0.5),
    "LFE2": (0.5, 0.5),
    **dict.fromkeys(("BC", "TC", "TFC", "TBC", "BFC"), (0.5, 0.5)),
    **dict.fromkeys(_LEFT, (HALF, 0.0)),
    **{name.replace("L", "R"): (0.0, HALF) for name in _LEFT},
}


class Stereo:
    """Bring any number of channels to one or two; one and two stay as they are.

    Surround goes to its sides with the weights of ITU-R BS.775 (centre and surrounds 3 dB down), the low-frequency
    channel 6 dB down to both. Channels that mean no place, as the tracks of a desk do, all go to both sides; as long as
    only two of them have carried anything, they are left and right. The sum is divided by the weights of the channels
    that have carried something so far, so it never clips: a lonely track keeps its level, and 32 full ones are their
    mean. Where another channel begins, the mix fades over within the block.

    Parameters
    ----------
    channels : int > 0
    names : FFmpeg's names of the channels, such as ``FL``; others, or none: the usual ones for so many
    """

    def __init__(self, channels: int, names: Sequence[str] = ()) -> None:
        self._channels = channels
        if len(names) != channels or any(name not in _WEIGHTS for name in names):
            names = _USUAL.get(channels, ())
        weights = [_WEIGHTS[name] for name in names] or [(1.0, 1.0)] * channels
        self._placed = bool(names)
        self._weights: FloatArray = np.array(weights, np.float32)
        self._heard = np.zeros(channels, bool)
        self._mix: FloatArray | None = None

    def push(self, samples: np.ndarray) -> FloatArray:
        """Take the next block.

        Parameters
        ----------
        samples : float ``(frames, channels)``, ±1

        Returns
        -------
        Finite float32 ``(frames, 1 or 2)``
        """
        values = finite(samples)
        if self._channels <= 2 or not len(values):
            return values[:, :2]
        heard = self._heard | (np.abs(values).max(axis=0) > HEARD)
        before, mix = self._mix, self._mix
        if mix is None or (heard != self._heard).any():
            mix = self._mix_of(heard)
        self._heard, self._mix = heard, mix
        mixed: FloatArray = values @ mix
        if before is None or before is mix:
            return mixed
        ramp = np.linspace(0.0, 1.0, len(values), dtype=np.float32)[:, None]
        fading: FloatArray = values @ before * (1.0 - ramp) + mixed * ramp
        return fading.clip(-1.0, 1.0)

    def _mix_of(self, heard: np.ndarray) -> FloatArray:
        """What each channel gives to left and right, float32 ``(channels, 2)``."""
        weights = self._weights
        if not self._placed and heard.sum() == 2:
            weights = np.zeros_like(weights)
            weights[np.flatnonzero(heard), (0, 1)] = 1.0
        return weights / max(1.0, float(weights[heard].sum(axis=0).max(initial=0.0)))


class MonoMix:
    """The mono sound that is analysed, the same for any split of the stream.

    The mean of the channels. Where left and right cancel each other, as they do with a balanced cable in a stereo
    input or one loudspeaker's poles swapped, half their difference is taken instead: as soon as that is 10 dB louder,
    over the last 0.2 s, and until it is no longer 3 dB louder. Either way it fades over in 50 ms. Music in stereo, with
    instruments on one side only as well, always has its mean. Judged are whole pieces of 10 ms, and what one says
    counts from the next on: there is no latency.

    Parameters
    ----------
    sample_rate : Hz
    """

    MEMORY, FADE, PIECE = 0.2, 0.05, 0.01
    CANCELS, HOLDS = 10.0, 2.0
    """Ratios of power, to change over to the difference and to stay there."""

    def __init__(self, sample_rate: int) -> None:
        self._length = max(1, round(self.PIECE * sample_rate))
        self._keep = math.exp(-self.PIECE / self.MEMORY)
        self._ramp: FloatArray = np.arange(1, self._length + 1, dtype=np.float32) / np.float32(self._length)
        self.reset()

    def reset(self) -> None:
        """Forget the past."""
        self._piece: FloatArray = np.zeros((self._length, 2), np.float32)
        self._filled = 0
        self._sum = self._difference = 0.0
        self._before = self._share = 0.0
        self._wanted = 0.0

    def push(self, samples: np.ndarray, gain_db: float = 0.0) -> FloatArray:
        """Take the next samples.

        Parameters
        ----------
        samples : ``(frames, channels)``, of any number, ±1; what isn't finite counts as silence
        gain_db : by which they are amplified

        Returns
        -------
        float32 ``(frames,)``, as of `artgen_osc.dsp.core.to_mono`
        """
        values = finite(samples)
        if values.ndim != 2 or values.shape[1] != 2:
            return to_mono(values, gain_db)
        mixed = to_mono(values)
        first = 0
        while first < len(values):
            last = min(len(values), first + self._length - self._filled)
            end = self._filled + last - first
            self._piece[self._filled : end] = part = values[first:last]
            if self._before or self._share:
                share = self._before + (self._share - self._before) * self._ramp[self._filled : end]
                # A mean of left and -right, so that both go through the same limits.
                mixed[first:last] += share * (to_mono(part * _OPPOSITE) - mixed[first:last])
            first, self._filled = last, end
            if end == self._length:
                self._judge()
        return to_mono(mixed, gain_db)

    def _judge(self) -> None:
        left, right = self._piece[:, 0].astype(np.float64), self._piece[:, 1].astype(np.float64)
        self._filled = 0
        self._sum = self._keep * self._sum + float(np.square(left + right).sum())
        self._difference = self._keep * self._difference + float(np.square(left - right).sum())
        if self._difference > self.CANCELS * self._sum:
            self._wanted = 1.0
        elif self._difference < self.HOLDS * self._sum:
            self._wanted = 0.0
        step = self.PIECE / self.FADE
        self._before = self._share
        self._share = min(max(self._wanted, self._share - step), self._share + step)


_OPPOSITE: FloatArray = np.array([1.0, -1.0], np.float32)
