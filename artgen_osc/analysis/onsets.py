"""Where something starts."""

from collections import deque

import numpy as np

from artgen_osc.analysis.hop import HOP_TIME, N_FFT, RATE, Hop
from artgen_osc.analysis.level import FMIN, SILENCE_DB, Reference
from artgen_osc.dsp.core import FloatArray, mel_filterbank, peak_normalised
from artgen_osc.schema.values import Value

_BANDS = 80


class OnsetDetector:
    """Where something starts: SuperFlux, without looking ahead.

    The rise in dB of each mel band against the widened bands two hops earlier, averaged
    over the bands (Böck & Widmer, *Maximum filter vibrato suppression for onset
    detection*, DAFx 2013). An onset is reported on the very hop on which the rise stands
    out of the median of the last `MEMORY` seconds, at most once in `REFRACTORY` seconds.

    Attributes
    ----------
    flux : spectral change, 0..1
    count : onsets since the start
    """

    LAG = 2
    REFRACTORY = 0.05
    MEMORY = 0.3
    LEAST_DB = 0.5
    RATIO = 1.5
    FULL_DB = 6.0
    DEPTH_DB = 50.0

    def __init__(self) -> None:
        bands = mel_filterbank(RATE, N_FFT, _BANDS, FMIN, RATE / 2)
        self._filters = peak_normalised(bands)
        self._loudness = Reference()
        self._wait_hops = round(self.REFRACTORY / HOP_TIME)
        self._memory_hops = round(self.MEMORY / HOP_TIME)
        self.reset()

    def reset(self) -> None:
        """Forget the past."""
        self.flux = 0.0
        self.count = 0
        self._loudness.reset()
        self._powers: deque[FloatArray] = deque(maxlen=self.LAG)
        self._rises: deque[float] = deque([0.0] * self._memory_hops, maxlen=self._memory_hops)
        self._since = self._wait_hops

    def hop(self, hop: Hop) -> list[Value]:
        """One hop.

        Returns
        -------
        Flux, 0..1; 1 for an onset, else 0; onsets since the start
        """
        found = self._step(np.dot(self._filters, hop.power), self._loudness.step(hop.level_db))
        self.count += found
        return [self.flux, float(found), self.count]

    def _step(self, power: FloatArray, reference_db: float) -> bool:
        """Whether an onset is reported, by the power spectrum in mel bands and the loudness of the recent past in dB,
        far below which changes don't count.
        """
        floor = np.float32(10.0 ** (max(reference_db - self.DEPTH_DB, SILENCE_DB) / 10.0))
        rise = 0.0
        if len(self._powers) == self.LAG:
            ratio = (power + floor) / (self._powers[0] + floor)
            rise = float(np.add.reduce(np.log10(np.maximum(ratio, 1.0)))) * 10.0 / len(power)
        widened = power.copy()
        np.maximum(widened[1:], power[:-1], out=widened[1:])
        np.maximum(widened[:-1], power[1:], out=widened[:-1])
        self._powers.append(widened)
        self.flux = min(rise / self.FULL_DB, 1.0)

        usual = sorted(self._rises)[self._memory_hops // 2]
        rising = rise > self._rises[-1]
        self._rises.append(rise)
        self._since += 1
        found = rising and self._since >= self._wait_hops and rise > self.LEAST_DB + self.RATIO * usual
        if found:
            self._since = 0
        return found
