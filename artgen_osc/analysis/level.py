"""How loud it is and where in the spectrum: level, low, mid, high, mel bands and centroid."""

import numpy as np

from artgen_osc.analysis.hop import HOP_TIME, N_FFT, RATE, Hop
from artgen_osc.dsp.core import band_sums, mel_filterbank, peak_normalised, power_to_db
from artgen_osc.schema.values import N_BANDS, Value

FMIN = 30.0
"""Hz, where the mel bands begin."""
SILENCE_DB = -72.0
"""dBFS; below it there is nothing to tell of."""
GATE_DB = -60.0

_LOW_MID_HIGH_HZ = (20.0, 250.0, 2000.0, RATE / 2 + 1.0)


class AutoGain:
    """Values in dB to 0..1, relative to how loud the recent past was.

    The reference rises within a tenth of a second and falls slowly, so a quiet passage
    still moves, and a break between two songs doesn't turn hiss into music.

    Parameters
    ----------
    floors_db : ``(size,)``, how low the reference of each value may fall
    groups : how many neighbouring values belong together; within such a group no
        reference falls further than `SPREAD_DB` below the highest
    hop_time : s between two steps
    """

    ATTACK = 0.1
    FALL_DB = 1.5
    SPAN_DB = 30.0
    SPREAD_DB = 40.0

    def __init__(self, floors_db: np.ndarray, groups: tuple[int, ...], hop_time: float) -> None:
        self._floors = np.asarray(floors_db, dtype=np.float64)
        self._starts = np.cumsum((0, *groups[:-1]))
        self._groups = np.repeat(np.arange(len(groups)), groups)
        self._rise = 1.0 - float(np.exp(-hop_time / self.ATTACK))
        self._fall = self.FALL_DB * hop_time
        self.reset()

    def reset(self) -> None:
        """Forget the past."""
        self.reference = self._floors.copy()

    def step(self, values_db: np.ndarray) -> np.ndarray:
        """One hop: ``(size,)`` in dB to ``(size,)`` in 0..1."""
        above = values_db - self.reference
        # Up by its share, down at once but no faster than so.
        change = np.maximum(np.minimum(above, above * self._rise), -self._fall)
        reference = np.maximum(self.reference + change, self._floors)
        tops = np.maximum.reduceat(reference, self._starts) - self.SPREAD_DB
        self.reference = np.maximum(reference, tops[self._groups])
        relative: np.ndarray = 1.0 + (values_db - self.reference) / self.SPAN_DB
        result: np.ndarray = np.minimum(np.maximum(relative, 0.0), 1.0)
        return result


class Reference:
    """How loud the recent past was: the reference of `AutoGain` for the level alone, without an array around it."""

    def __init__(self) -> None:
        self._rise = 1.0 - float(np.exp(-HOP_TIME / AutoGain.ATTACK))
        self._fall = AutoGain.FALL_DB * HOP_TIME
        self.reset()

    def reset(self) -> None:
        """Forget the past."""
        self._db = GATE_DB

    def step(self, level_db: float) -> float:
        """One hop: its level and the reference from then on, both in dBFS."""
        above = level_db - self._db
        change = above * self._rise if above > 0.0 else max(above, -self._fall)
        self._db = max(self._db + change, GATE_DB)
        return self._db


class LevelMeter:
    """Measures one hop after the other."""

    def __init__(self) -> None:
        self._bins_hz = (np.arange(N_FFT // 2 + 1) * (RATE / N_FFT)).astype(np.float32)
        # One product for all of them: low, mid, high; the mel bands.
        bands = peak_normalised(mel_filterbank(RATE, N_FFT, N_BANDS, FMIN, RATE / 2))
        self._filters = np.concatenate((band_sums(self._bins_hz, _LOW_MID_HIGH_HZ), bands))
        # The level, then low, mid and high, then the bands.
        floors = np.full(4 + N_BANDS, GATE_DB)
        floors[4:] -= 10.0
        self._gain = AutoGain(floors, (1, 3, N_BANDS), HOP_TIME)

    def reset(self) -> None:
        """Forget the past."""
        self._gain.reset()

    def hop(self, hop: Hop) -> list[Value]:
        """One hop.

        Returns
        -------
        Level in dBFS, -120..0; level, low, mid, high and the mel bands, 0..1; centroid in Hz, 0 in silence
        """
        values_db = np.empty(4 + N_BANDS, dtype=np.float32)
        values_db[0] = hop.level_db
        values_db[1:] = power_to_db(np.dot(self._filters, hop.power))
        magnitude = np.sqrt(hop.power)
        total = float(np.add.reduce(magnitude))
        # The oldest sample of the window has no weight, so there can be a level and no spectrum.
        audible = hop.level_db > SILENCE_DB and total > 0.0
        centroid_hz = float(np.dot(magnitude, self._bins_hz)) / total if audible else 0.0
        return [min(hop.level_db, 0.0), *self._gain.step(values_db).tolist(), centroid_hz]
