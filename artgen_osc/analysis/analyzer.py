"""Sound in, `Features` out: one value for each hop, the same live and offline.

Everything is causal. The window of a hop ends where the hop ends, and no value waits for
sound that is yet to come. All sound is brought to `RATE` first, so the numbers mean the
same for any device.
"""

from collections import deque

import numpy as np

from artgen_osc.analysis.pitch import Harmony, PitchTracker
from artgen_osc.analysis.rhythm.tracker import Rhythm
from artgen_osc.audio.sources import AudioBlock
from artgen_osc.dsp.core import (
    FloatArray,
    band_sums,
    hann,
    mel_filterbank,
    peak_normalised,
    power_to_db,
)
from artgen_osc.dsp.downmix import MonoMix
from artgen_osc.dsp.resample import Resampler
from artgen_osc.schema.table import HOPS_PER_HARMONY, N_BANDS, Features

RATE = 22050
"""Rate of the analysis, Hz."""
HOP_LENGTH = 256
N_FFT = 1024
HOP_TIME = HOP_LENGTH / RATE
"""Seconds from one hop to the next: 11.6 ms."""

_FMIN = 30.0
_LOW_MID_HIGH_HZ = (20.0, 250.0, 2000.0, RATE / 2 + 1.0)
_ONSET_BANDS = 80
_GATE_DB = -60.0
_CLOCK_SLACK = 0.002
_HOPS_PER_PITCH = 2


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
        change = np.where(above > 0.0, above * self._rise, np.maximum(above, -self._fall))
        reference = np.maximum(self.reference + change, self._floors)
        tops = np.maximum.reduceat(reference, self._starts) - self.SPREAD_DB
        self.reference = np.maximum(reference, tops[self._groups])
        relative: np.ndarray = 1.0 + (values_db - self.reference) / self.SPAN_DB
        result: np.ndarray = np.minimum(np.maximum(relative, 0.0), 1.0)
        return result


class OnsetDetector:
    """Where something starts: SuperFlux, without looking ahead.

    The rise in dB of each mel band against the widened bands two hops earlier, averaged
    over the bands (Böck & Widmer, *Maximum filter vibrato suppression for onset
    detection*, DAFx 2013). An onset is reported on the very hop on which the rise stands
    out of the median of the last `MEMORY` seconds, at most once in `REFRACTORY` seconds.

    Parameters
    ----------
    hop_time : s between two steps
    """

    LAG = 2
    REFRACTORY = 0.05
    MEMORY = 0.3
    LEAST_DB = 0.5
    RATIO = 1.5
    FULL_DB = 6.0
    DEPTH_DB = 50.0
    SILENCE_DB = -72.0

    def __init__(self, hop_time: float) -> None:
        self._wait_hops = round(self.REFRACTORY / hop_time)
        self._memory_hops = round(self.MEMORY / hop_time)
        self.reset()

    def reset(self) -> None:
        """Forget the past."""
        self.flux = 0.0
        self._powers: deque[FloatArray] = deque(maxlen=self.LAG)
        self._rises: deque[float] = deque([0.0] * self._memory_hops, maxlen=self._memory_hops)
        self._since = self._wait_hops

    def step(self, power: FloatArray, reference_db: float) -> bool:
        """One hop.

        Parameters
        ----------
        power : float32 ``(bands,)``, power spectrum in mel bands
        reference_db : loudness of the recent past; changes far below it don't count

        Returns
        -------
        Whether an onset is reported; `flux` holds the spectral change, 0..1.
        """
        floor = np.float32(10.0 ** (max(reference_db - self.DEPTH_DB, self.SILENCE_DB) / 10.0))
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


class Analyzer:
    """Turn blocks of any size into one `Features` for each hop.

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

    Attributes
    ----------
    rhythm : Rhythm, to be steered and tapped
    pitch_delay : s, how long before the end of its hop a pitch was

    Raises
    ------
    ValueError
        The sample rate can't be resampled.
    """

    hop_time = HOP_TIME
    rate = RATE

    def __init__(self, sample_rate: int, gain_db: float = 0.0, start: float = 0.0) -> None:
        self.sample_rate = sample_rate
        self.gain_db = gain_db
        self._start = start
        self._mono = MonoMix(sample_rate)
        self._resampler = Resampler(sample_rate, RATE)
        window = hann(N_FFT)
        self._weights: FloatArray = window / window.sum()
        # A full-scale sine gives a power of 1 at its peak.
        self._window = 2.0 * self._weights
        self._bins_hz = (np.arange(N_FFT // 2 + 1) * (RATE / N_FFT)).astype(np.float32)
        top = RATE / 2
        # One product for all of them: low, mid, high; the mel bands; the onset bands.
        self._filters = np.concatenate(
            (
                band_sums(self._bins_hz, _LOW_MID_HIGH_HZ),
                peak_normalised(mel_filterbank(RATE, N_FFT, N_BANDS, _FMIN, top)),
                peak_normalised(mel_filterbank(RATE, N_FFT, _ONSET_BANDS, _FMIN, top)),
            )
        )
        # The level, then low, mid and high, then the bands.
        floors = np.full(4 + N_BANDS, _GATE_DB)
        floors[4:] -= 10.0
        self._gain = AutoGain(floors, (1, 3, N_BANDS), HOP_TIME)
        self._onsets = OnsetDetector(HOP_TIME)
        self._pitch = PitchTracker(RATE)
        self._harmony = Harmony(RATE, HOPS_PER_HARMONY * HOP_TIME)
        self.pitch_delay = self._pitch.delay
        self.rhythm = Rhythm()
        self.reset()

    def reset(self) -> None:
        """Back to the state of a new analyzer."""
        self._mono.reset()
        self._resampler.reset()
        self._gain.reset()
        self._onsets.reset()
        self._pitch.reset()
        self._harmony.reset()
        self.rhythm.reset()
        self._long: FloatArray = np.zeros(max(self._pitch.length, self._harmony.length), dtype=np.float32)
        self._beat_count = 0
        self._pending: FloatArray | None = None
        self._origin = self._start
        self._frames_in = 0
        self._hops = 0
        self._onset_count = 0

    def push(self, block: AudioBlock | np.ndarray) -> list[Features]:
        """Take the next sound.

        Parameters
        ----------
        block : AudioBlock, or float ``(frames,)`` or ``(frames, channels)`` in ±1.
            A block's own time sets the clock; arrays go on where the last one ended.

        Returns
        -------
        One `Features` for each hop that is complete by now, possibly none
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
            self._long[:] = fresh[0]
        sound = np.concatenate((self._pending, fresh))
        first = 0
        result = []
        while first + N_FFT <= len(sound):
            result.append(self._hop(sound[first : first + N_FFT]))
            first += HOP_LENGTH
        self._pending = sound[first:].copy()
        return result

    def _hop(self, window: FloatArray) -> Features:
        # The mean under the window: without it a tone would leak into the lowest bins.
        sound = window - np.dot(window, self._weights)
        spectrum = np.fft.rfft(sound * self._window)
        power = (spectrum.real * spectrum.real + spectrum.imag * spectrum.imag).astype(np.float32, copy=False)
        powers = np.empty(1 + len(self._filters), dtype=np.float32)
        powers[0] = np.dot(sound, sound) / N_FFT
        np.dot(self._filters, power, out=powers[1:])

        values_db = power_to_db(powers[: 4 + N_BANDS])
        level_db = min(float(values_db[0]), 0.0)
        level, low, mid, high, *bands = self._gain.step(values_db).tolist()
        magnitude = np.sqrt(power)
        total = float(np.add.reduce(magnitude))
        # The oldest sample of the window has no weight, so there can be a level and no spectrum.
        audible = level_db > self._onsets.SILENCE_DB and total > 0.0
        centroid_hz = float(np.dot(magnitude, self._bins_hz)) / total if audible else 0.0
        onset = self._onsets.step(powers[4 + N_BANDS :], float(self._gain.reference[0]))
        self._onset_count += onset
        self._hops += 1
        time = self._origin + self._hops * HOP_TIME
        fresh = window[-HOP_LENGTH:]
        beat = self.rhythm.hop(fresh, time)
        announced = beat.count != self._beat_count
        self._beat_count = beat.count
        self._long[:-HOP_LENGTH] = self._long[HOP_LENGTH:]
        self._long[-HOP_LENGTH:] = fresh
        if self._hops % _HOPS_PER_PITCH == 0:
            self._pitch.step(self._long[-self._pitch.length :])
        if self._hops % HOPS_PER_HARMONY == 0:
            self._harmony.step(self._long[-self._harmony.length :])
        return Features(
            time=time,
            level_db=level_db,
            level=level,
            low=low,
            mid=mid,
            high=high,
            bands=tuple(bands),
            centroid_hz=centroid_hz,
            flux=self._onsets.flux,
            onset=onset,
            onset_count=self._onset_count,
            beat=announced,
            beat_count=beat.count,
            beat_time=beat.time,
            beat_phase=beat.phase,
            bar_phase=beat.bar_phase,
            tempo_bpm=beat.tempo_bpm,
            tempo_confidence=beat.confidence,
            pitch_hz=self._pitch.hz,
            pitch_confidence=self._pitch.confidence,
            chroma=tuple(self._harmony.chroma.tolist()),
            key=self._harmony.key,
            key_confidence=self._harmony.confidence,
        )
