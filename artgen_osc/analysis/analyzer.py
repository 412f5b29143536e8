"""Sound in, `Heard` out: what is known of each hop, the same live and offline.

Everything is causal. The window of a hop ends where the hop ends, and no value waits for
sound that is yet to come. All sound is brought to `RATE` first, so the numbers mean the
same for any device.
"""

import math

import numpy as np

from artgen_osc.analysis.extractors import FEATURES, Extractors, Heard
from artgen_osc.analysis.hop import HOP_LENGTH, HOP_TIME, N_FFT, RATE, Hop
from artgen_osc.audio.sources import AudioBlock
from artgen_osc.dsp.core import SILENT_DB, FloatArray, hann
from artgen_osc.dsp.downmix import MonoMix
from artgen_osc.dsp.resample import Resampler
from artgen_osc.schema.values import Features

_CLOCK_SLACK = 0.002
_SILENT_POWER = 10.0 ** (SILENT_DB / 10.0)


class Analyzer:
    """Turn blocks of any size into what the extractors say of each hop.

    The result is the same for any split of the stream into blocks. NaN, infinity, clipping,
    DC and silence are all right, and so are left and right that cancel each other (`artgen_osc.dsp.downmix.MonoMix`);
    no value is ever NaN.

    Latency: a hop is reported with its last sample (plus 1.5 ms of resampling where the
    input isn't at 22,050 Hz). A click is reported as an onset within two hops.

    Parameters
    ----------
    sample_rate : int > 0, of the input, Hz
    gain_db : applied before the analysis; may be changed at any time
    start : s, the stream time of the first sample, used when arrays are pushed
    extractors : what hears each hop; None: ours whose values are `Features`

    Attributes
    ----------
    extractors : as given, to be steered and tapped

    Raises
    ------
    ValueError
        The sample rate can't be resampled.
    """

    hop_time = HOP_TIME
    rate = RATE

    def __init__(
        self, sample_rate: int, gain_db: float = 0.0, start: float = 0.0, extractors: Extractors | None = None
    ) -> None:
        self.sample_rate = sample_rate
        self.gain_db = gain_db
        self._start = start
        self._mono = MonoMix(sample_rate)
        self._resampler = Resampler(sample_rate, RATE)
        window = hann(N_FFT)
        self._weights: FloatArray = window / window.sum()
        # A full-scale sine gives a power of 1 at its peak.
        self._window = 2.0 * self._weights
        self.extractors = extractors or Extractors(names=FEATURES)
        self._begin()

    def reset(self) -> None:
        """Back to the state of a new analyzer."""
        self._mono.reset()
        self._resampler.reset()
        self.extractors.reset()
        self._begin()

    def _begin(self) -> None:
        self._pending: FloatArray | None = None
        self._origin = self._start
        self._frames_in = 0
        self._hops = 0

    def push(self, block: AudioBlock | np.ndarray) -> list[Features]:
        """Take the next sound; see `hear`.

        Parameters
        ----------
        block : as of `hear`

        Returns
        -------
        One `Features` for each hop that is complete by now, possibly none
        """
        return [heard.features for heard in self.hear(block)]

    def hear(self, block: AudioBlock | np.ndarray) -> list[Heard]:
        """Take the next sound.

        Parameters
        ----------
        block : AudioBlock, or float ``(frames,)`` or ``(frames, channels)`` in ±1.
            A block's own time sets the clock; arrays go on where the last one ended.

        Returns
        -------
        One `Heard` for each hop that is complete by now, possibly none
        """
        if isinstance(block, AudioBlock):
            samples: np.ndarray = block.samples
            clock = self._origin + self._frames_in / self.sample_rate
            if len(samples) and abs(block.time - clock) > _CLOCK_SLACK:
                self._origin += block.time - clock
        else:
            samples = block
        self._frames_in += len(samples)
        fresh = self._resampler.push(self._mono.push(samples, self.gain_db))
        if not len(fresh):
            return []
        if self._pending is None:
            # The first sample held, not zero, comes before the stream: a DC offset is no onset.
            self._pending = np.full(N_FFT - HOP_LENGTH, fresh[0], dtype=np.float32)
        sound = np.concatenate((self._pending, fresh))
        sound.setflags(write=False)  # every extractor sees it
        first = 0
        result = []
        while first + N_FFT <= len(sound):
            result.append(self._hop(sound[first : first + N_FFT]))
            first += HOP_LENGTH
        self._pending = sound[first:].copy()
        return result

    def _hop(self, window: FloatArray) -> Heard:
        # The mean under the window: without it a tone would leak into the lowest bins.
        sound = window - np.dot(window, self._weights)
        spectrum = np.fft.rfft(sound * self._window)
        power = (spectrum.real * spectrum.real + spectrum.imag * spectrum.imag).astype(np.float32, copy=False)
        power.setflags(write=False)
        level_db = 10.0 * math.log10(max(float(np.dot(sound, sound)) / N_FFT, _SILENT_POWER))
        self._hops += 1
        time = self._origin + self._hops * HOP_TIME
        return self.extractors.hop(Hop(time, window[-HOP_LENGTH:], window, power, level_db))
