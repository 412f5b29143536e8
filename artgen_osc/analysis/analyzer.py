"""Sound in, `Heard` out: what is known of each hop, the same live and offline.

Everything is causal. The window of a hop ends where the hop ends, and no value waits for
sound that is yet to come. All sound is brought to `RATE` first, so the numbers mean the
same for any device.
"""

import math
from collections.abc import Iterator

import numpy as np

from artgen_osc.analysis.extractors import FEATURES, Extractors, Heard
from artgen_osc.analysis.hop import HOP_LENGTH, HOP_TIME, N_FFT, RATE, Hop
from artgen_osc.audio.sources import AudioBlock
from artgen_osc.dsp.core import SILENT_DB, FloatArray, hann
from artgen_osc.dsp.front_end import FrontEnd
from artgen_osc.schema.values import Features

_CLOCK_SLACK = 0.002
_SILENT_POWER = 10.0 ** (SILENT_DB / 10.0)


class Hops:
    """Cuts mono sound at `RATE` into hops, the same for any split of the stream."""

    def __init__(self) -> None:
        window = hann(N_FFT)
        self._weights: FloatArray = window / window.sum()
        # A full-scale sine gives a power of 1 at its peak.
        self._window = 2.0 * self._weights
        self.reset()

    def reset(self) -> None:
        """Forget the stream."""
        self._pending: FloatArray | None = None
        self._count = 0

    def push(self, fresh: FloatArray, origin: float = 0.0) -> Iterator[Hop]:
        """Take the next sound.

        Parameters
        ----------
        fresh : float32 ``(frames,)``, finite
        origin : s on the stream's clock, where it began

        Returns
        -------
        Each hop that is complete by now; their arrays can't be written to
        """
        if not len(fresh):
            return
        if self._pending is None:
            # The first sample held, not zero, comes before the stream: a DC offset is no onset.
            self._pending = np.full(N_FFT - HOP_LENGTH, fresh[0], dtype=np.float32)
        sound = np.concatenate((self._pending, fresh))
        sound.setflags(write=False)  # every extractor sees it
        starts = range(0, len(sound) - N_FFT + 1, HOP_LENGTH)
        self._pending = sound[len(starts) * HOP_LENGTH :].copy()
        for first in starts:
            self._count += 1
            yield self._hop(sound[first : first + N_FFT], origin + self._count * HOP_TIME)

    def _hop(self, window: FloatArray, time: float) -> Hop:
        # The mean under the window: without it a tone would leak into the lowest bins.
        sound = window - np.dot(window, self._weights)
        spectrum = np.fft.rfft(sound * self._window)
        power = (spectrum.real * spectrum.real + spectrum.imag * spectrum.imag).astype(np.float32, copy=False)
        power.setflags(write=False)
        level_db = 10.0 * math.log10(max(float(np.dot(sound, sound)) / N_FFT, _SILENT_POWER))
        return Hop(time, window[-HOP_LENGTH:], window, power, level_db)


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
        self._front = FrontEnd(sample_rate)
        self._cut = Hops()
        self.extractors = extractors or Extractors(names=FEATURES)
        self._begin()

    def reset(self) -> None:
        """Back to the state of a new analyzer."""
        self._front.reset()
        self._cut.reset()
        self.extractors.reset()
        self._begin()

    def _begin(self) -> None:
        self._origin = self._start
        self._frames_in = 0

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
        fresh = self._front.push(samples, self.gain_db)
        return [self.extractors.hop(hop) for hop in self._cut.push(fresh, self._origin)]
