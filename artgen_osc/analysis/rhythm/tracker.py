"""Tempo, beats and bars: announced at or before their time, from sound up to now alone.

::

    samples ─► BeatSpectrum ─► BeatNetwork ─► TempoModel ─► clock, Bars ─► beat, phase, bar phase
               20 ms           a beat?        where in      every hop
                                              which beat?

The network says how likely a beat is at each row. The tempo model is the bar pointer of Whiteley,
Cemgil & Godsill (ISMIR 2006) in the form of Krebs, Böck & Widmer (ISMIR 2015), filtered forwards:
a probability for every place in a beat of every length. The clock turns the most likely one into
a phase that only runs forwards, and knows by it when the next beat will be.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from artgen_osc.analysis.rhythm.network import BeatNetwork
from artgen_osc.analysis.rhythm.spectrum import FRAME_TIME, HOP, SAMPLE_RATE, BeatSpectrum
from artgen_osc.dsp.core import FloatArray

SLOWEST_BPM, FASTEST_BPM = 54.5, 215.0


@dataclass(frozen=True, slots=True)
class Beat:
    """Where the music is in its beat and bar.

    Attributes
    ----------
    tempo_bpm : 0 before the first beat
    confidence : 0..1
    phase : of the beat, 0..1, 0 on the beat
    bar_phase : of the bar, 0..1, 0 on the downbeat
    count : beats announced so far
    time : s on the stream's clock, of the beat announced last; it may lie a little ahead
    """

    tempo_bpm: float = 0.0
    confidence: float = 0.0
    phase: float = 0.0
    bar_phase: float = 0.0
    count: int = 0
    time: float = 0.0


class TempoModel:
    """How likely each place in a beat of each length is, row by row.

    Attributes
    ----------
    period : rows from beat to beat
    phase : 0..1, place in the beat at the last row
    certainty : 0..1, how much of the probability lies close to that tempo and place
    """

    SPREAD = 60.0
    """How unlikely another length is from one beat to the next: the rate of an exponential law over the ratio."""
    BEAT_PART = 16
    """A beat may be heard in the first of so many parts."""
    RESTART = 1e-4
    """Probability of another beat at any place, at each row."""
    USUAL_BPM = 110.0
    SPREAD_OCTAVES = 0.8
    NEAR = 0.06
    STAY = 1.5
    """Another tempo must be so many times as likely to be taken."""

    def __init__(self) -> None:
        lengths = np.arange(round(60.0 / FASTEST_BPM / FRAME_TIME), round(60.0 / SLOWEST_BPM / FRAME_TIME) + 1)
        self._lengths = lengths.astype(np.float64)
        self._first = np.concatenate(([0], np.cumsum(lengths)[:-1]))
        self._last = self._first + lengths - 1
        place = np.concatenate([np.arange(n) / n for n in lengths])
        self._turn = np.exp(2j * np.pi * place)
        self._on_beat = np.flatnonzero(place < 1.0 / self.BEAT_PART)
        change = np.exp(-self.SPREAD * np.abs(lengths[None] / lengths[:, None] - 1.0))
        self._change = change / change.sum(axis=1, keepdims=True)
        octaves = np.log2(60.0 / FRAME_TIME / lengths / self.USUAL_BPM) / self.SPREAD_OCTAVES
        usual = np.exp(-0.5 * octaves**2) / lengths
        self._usual = np.repeat(usual / (usual * lengths).sum(), lengths)
        self._restart = self.RESTART * self._usual
        self._near = (np.abs(np.log(lengths[None] / lengths[:, None])) < self.NEAR).astype(np.float64)
        self._states = [
            slice(self._first[near[0]], self._last[near[-1]] + 1) for near in map(np.flatnonzero, self._near)
        ]
        self.reset()

    def reset(self) -> None:
        """Know nothing."""
        self._belief = self._usual.copy()
        self._chosen = int(np.abs(self._lengths * FRAME_TIME * self.USUAL_BPM - 60.0).argmin())
        self.period = float(self._lengths[self._chosen])
        self.phase = self.certainty = 0.0

    def step(self, likely: float | None) -> None:
        """One row, with `likely` the probability of a beat there, None where there is nothing to be heard."""
        belief = np.empty_like(self._belief)
        belief[1:] = self._belief[:-1]
        belief[self._first] = self._belief[self._last] @ self._change
        if likely is not None:
            heard = min(max(likely, 0.005), 0.995)
            # Only the ratio counts: off the beat it is 1.
            belief[self._on_beat] *= heard * (self.BEAT_PART - 1) / (1.0 - heard)
        belief *= (1.0 - self.RESTART) / belief.sum()
        belief += self._restart
        self._belief = belief
        self._choose()

    def expect(self, period: float, phase: float) -> None:
        """Take what somebody says who knows.

        Parameters
        ----------
        period : rows of `FRAME_TIME` between two beats
        phase : 0..1 now, 0 on the beat
        """
        length = np.exp(-0.5 * (np.log(self._lengths / period) / 0.03) ** 2)
        place = np.exp(8.0 * ((self._turn * np.exp(-2j * np.pi * phase)).real - 1.0))
        belief = np.repeat(length, self._lengths.astype(int)) * place + 1e-9
        self._belief = belief / belief.sum()
        self._chosen = int(length.argmax())
        self._choose()

    def _choose(self) -> None:
        tempo = np.add.reduceat(self._belief, self._first)
        around = self._near @ tempo
        best = int(tempo.argmax())
        if around[best] < self.STAY * around[self._chosen]:
            # The same tempo, a little faster or slower perhaps.
            best = int((self._near[self._chosen] * tempo).argmax())
        self._chosen = best
        self.period = float(np.dot(self._near[best] * tempo, self._lengths) / around[best])
        states = self._states[best]
        centre = complex(np.dot(self._belief[states], self._turn[states]))
        self.phase = math.atan2(centre.imag, centre.real) / (2.0 * math.pi) % 1.0
        self.certainty = abs(centre)


class Bars:
    """Which beat of the bar it is, in 3/4 or 4/4, beat by beat.

    Attributes
    ----------
    meter : beats in a bar
    position : of the last beat in it, from 0
    """

    METERS = (3, 4)
    USUAL = (0.15, 0.85)
    SLIP = 0.02
    STAY = 2.0

    def __init__(self) -> None:
        self._places = [(meter, place) for meter in self.METERS for place in range(meter)]
        usual = np.array([self.USUAL[self.METERS.index(meter)] / meter for meter, _ in self._places])
        move = np.zeros((len(usual), len(usual)))
        for row, (meter, place) in zip(move, self._places, strict=True):
            row[self._places.index((meter, (place + 1) % meter))] = 1.0
        self._move = (1.0 - self.SLIP) * move + self.SLIP * usual
        self._down = np.array([place == 0 for _, place in self._places])
        self._usual = usual
        self.reset()

    def reset(self) -> None:
        """Know nothing."""
        self._belief = self._usual.copy()
        self.meter, self.position = 4, 0

    def beat(self) -> None:
        """The next beat is here."""
        self._belief = self._belief @ self._move
        self.position = (self.position + 1) % self.meter

    def hear(self, down: float) -> None:
        """How likely the last beat was a downbeat, 0..1."""
        down = min(max(down, 0.1), 0.9)
        self._belief *= np.where(self._down, down, 1.0 - down)
        self._belief /= self._belief.sum()
        best = int(self._belief.argmax())
        if self._belief[best] > self.STAY * self._belief[self._places.index((self.meter, self.position))]:
            self.meter, self.position = self._places[best]


class Rhythm:
    """Follows tempo, beat and bar of a stream of sound.

    Parameters
    ----------
    model : the network, or None for the shipped one

    Attributes
    ----------
    lead : s, how long before its time a beat is announced
    octave : -1: beats half as fast as heard, 0: as heard, 1: twice as fast

    Raises
    ------
    ModelError
        The model file is missing, damaged, of another kind or made for another input.
    """

    CATCH_UP = 0.15
    """Time constant in s with which the clock follows the tempo model."""
    HEARD_SECONDS = 3.0
    """Time constant in s with which the confidence falls when no beats are heard."""
    HEARD_FULL = 0.06
    """Mean probability of a beat over all rows from which on beats are clearly heard."""
    SURE = 0.1
    """Beats are announced while the confidence is above this."""
    SILENT = 0.05
    """A row with nothing above this has no beat, whatever the network remembers."""
    TAP_SECONDS = 2.5

    def __init__(self, model: Path | None = None) -> None:
        self.lead = 0.02
        self.octave = 0
        self._spectrum = BeatSpectrum()
        self._network = BeatNetwork(model)
        self._tempo = TempoModel()
        self._bars = Bars()
        self.reset()

    def reset(self) -> None:
        """Forget the stream; `lead` and `octave` stay."""
        self._spectrum.reset()
        self._network.reset()
        self._tempo.reset()
        self._bars.reset()
        self._samples = self._rows = 0
        self._phase = 0.0
        self._heard = 0.0
        self._near_beat = [0.0, 0.0]
        self._judged = True
        self._taps: list[float] = []
        self._count = 0
        self._last = -math.inf

    def hop(self, fresh: FloatArray, time: float) -> Beat:
        """Take the samples of one hop.

        Parameters
        ----------
        fresh : float32 ``(n,)`` at `SAMPLE_RATE`, finite
        time : s on the stream's clock, their end
        """
        self._samples += len(fresh)
        for row in self._spectrum.push(fresh):
            self._row(row)
        period = self._tempo.period * FRAME_TIME
        passed = len(fresh) / SAMPLE_RATE
        steady = passed / period
        ahead = (self._model_phase() - self._phase - steady + 0.5) % 1.0 - 0.5
        pull = ahead * (1.0 - math.exp(-passed / self.CATCH_UP))
        # Forwards always, so that no beat comes twice.
        self._phase += min(max(steady + pull, 0.3 * steady), 3.0 * steady)
        if self._phase >= 1.0:
            self._next_beat(self._phase - 1.0)
        return self._announce(time, period)

    def tap(self, time: float) -> None:
        """Somebody taps the beat at `time`, s on the stream's clock; the second tap sets the tempo."""
        if self._taps and not 60.0 / FASTEST_BPM < time - self._taps[-1] < self.TAP_SECONDS:
            self._taps = []
        self._taps = [*self._taps[-7:], time]
        if len(self._taps) < 2:
            return
        period = (self._taps[-1] - self._taps[0]) / (len(self._taps) - 1) / FRAME_TIME
        self._tempo.expect(period, -self._row_age() / (period * FRAME_TIME) % 1.0)
        if self._phase > 0.5:
            self._next_beat(0.0)
        self._phase = 0.0
        self._heard = max(self._heard, self.HEARD_FULL)

    def _next_beat(self, phase: float) -> None:
        self._phase = phase
        self._bars.beat()
        self._near_beat = [0.0, 0.0]
        self._judged = False

    def _row_age(self) -> float:
        return (self._samples - (self._rows - 1) * HOP) / SAMPLE_RATE if self._rows else 0.0

    def _model_phase(self) -> float:
        """The tempo model's phase now."""
        return self._tempo.phase + self._row_age() / (self._tempo.period * FRAME_TIME)

    def _row(self, row: FloatArray) -> None:
        self._rows += 1
        beat, down = self._network.step(row)
        silent = bool(row.max() < self.SILENT)
        if silent:
            beat = down = 0.0
        self._tempo.step(None if silent else beat)
        self._heard += (beat - self._heard) * (1.0 - math.exp(-FRAME_TIME / self.HEARD_SECONDS))
        # Rows close to the clock's last beat tell whether it was a downbeat.
        period = self._tempo.period * FRAME_TIME
        since = self._phase * period - self._row_age()
        if abs(since) < 0.07:
            self._near_beat[0] += beat
            self._near_beat[1] += down
        elif since > 0.07 and not self._judged:
            self._judged = True
            if self._near_beat[0] > 0.1:
                self._bars.hear(self._near_beat[1] / self._near_beat[0])

    def _announce(self, time: float, period: float) -> Beat:
        position, meter = self._bars.position, self._bars.meter
        if self.octave > 0:
            phase, period = 2.0 * self._phase % 1.0, period / 2.0
        elif self.octave < 0:
            phase, period = (position % 2 + self._phase) / 2.0, period * 2.0
        else:
            phase = self._phase
        confidence = self._tempo.certainty * min(1.0, self._heard / self.HEARD_FULL)
        # The next beat, or one that the clock has just jumped over.
        for due in (time - phase * period, time + (1.0 - phase) * period):
            if time - 0.05 < due <= time + self.lead and due - self._last > 0.5 * period and confidence > self.SURE:
                self._count += 1
                self._last = due
        return Beat(
            60.0 / period if self._count else 0.0,
            confidence,
            phase,
            (position + self._phase) / meter,
            self._count,
            self._last if self._count else 0.0,
        )
