"""Our own modulators, all of a kind at once: oscillators, envelopes, steps, and places in the mood's plane."""

from collections.abc import Callable, Sequence

import numpy as np

from artgen_osc.config.modulation_sources import WAVES, Adsr, Every, Lfo, Near, Steps
from visuals.modulation.beat_clock import BeatClock
from visuals.modulation.follow import Vector

UNITS = ("s", "beat", "bar")


class Turns:
    """How often each of several things has turned by now.

    Parameters
    ----------
    every : the length of a turn of each
    """

    def __init__(self, every: Sequence[Every]) -> None:
        self._unit = np.array([UNITS.index(one.unit) for one in every], dtype=np.intp)
        self._length = np.array([one.length for one in every])

    def at(self, time: float, clock: BeatClock) -> Vector:
        """Turns since the start, (n,).

        Parameters
        ----------
        time : s of the show
        clock : where the music is
        """
        now: Vector = np.array([time, clock.beats, clock.bars])
        turns: Vector = now[self._unit] / self._length
        return turns


class Lfos:
    """Oscillators.

    Parameters
    ----------
    lfos : those of the show
    """

    def __init__(self, lfos: Sequence[Lfo]) -> None:
        self._turns = Turns([one.every for one in lfos])
        self._phase = np.array([one.phase for one in lfos])
        wave = np.array([WAVES.index(one.wave) for one in lfos], dtype=np.intp)
        self._at = [
            (_SHAPES[name], where) for name in WAVES if (where := np.flatnonzero(wave == WAVES.index(name))).size
        ]

    def step(self, time: float, clock: BeatClock) -> Vector:
        """Their values now, 0..1, (n,).

        Parameters
        ----------
        time : s of the show
        clock : where the music is
        """
        turns = self._turns.at(time, clock) + self._phase
        values: Vector = np.empty_like(turns)
        for shape, where in self._at:
            values[where] = shape(turns[where])
        return values


def _random(turns: Vector) -> Vector:
    """Glides from one number to the next, the same ones every evening."""
    before = np.floor(turns)
    t = turns - before
    start, end = (np.modf(np.abs(np.sin(12.9898 * (before + k) + 4.1414)) * 43758.5453)[0] for k in (0.0, 1.0))
    return start + (end - start) * t * t * (3.0 - 2.0 * t)


_SHAPES: dict[str, Callable[[Vector], Vector]] = {
    "sine": lambda turns: 0.5 - 0.5 * np.cos(2.0 * np.pi * turns),
    "triangle": lambda turns: 1.0 - np.abs(2.0 * np.mod(turns, 1.0) - 1.0),
    "saw": lambda turns: np.mod(turns, 1.0),
    "square": lambda turns: (np.mod(turns, 1.0) < 0.5).astype(np.float64),
    "random": _random,
}


class Sequences:
    """Step sequencers.

    Parameters
    ----------
    steps : those of the show
    """

    def __init__(self, steps: Sequence[Steps]) -> None:
        self._turns = Turns([one.every for one in steps])
        self._count = np.array([len(one.values) for one in steps], dtype=np.intp)
        self._start = np.concatenate([[0], np.cumsum(self._count)[:-1]]).astype(np.intp)
        self._values: Vector = np.array([value for one in steps for value in one.values])

    def step(self, time: float, clock: BeatClock) -> Vector:
        """Their values now, 0..1, (n,).

        Parameters
        ----------
        time : s of the show
        clock : where the music is
        """
        turns = np.floor(self._turns.at(time, clock)).astype(np.intp)
        return self._values[self._start + turns % self._count]


class Envelopes:
    """Envelopes in four straight parts: attack, decay, sustain, release.

    Each part is computed from its beginning, so it is the same at every frame rate.

    Parameters
    ----------
    adsrs : those of the show
    """

    def __init__(self, adsrs: Sequence[Adsr]) -> None:
        parts = ("attack", "decay", "release")
        self._attack, self._decay, self._release = (
            np.maximum([getattr(one, part) for one in adsrs], 1e-6) for part in parts
        )
        self._sustain = np.array([one.sustain for one in adsrs])
        self._hold = np.array([one.hold for one in adsrs])
        count = len(adsrs)
        self._since = np.full(count, np.inf)
        self._left = np.full(count, np.inf)
        self._from = np.zeros(count)
        self._open = np.zeros(count, dtype=bool)
        self._value: Vector = np.zeros(count)

    def go_on(self, before: "Envelopes", pairs: Sequence[tuple[int, int]]) -> None:
        """Take the state of those that were there before.

        Parameters
        ----------
        before : the envelopes until now
        pairs : place here, and there
        """
        here, there = [list(places) for places in zip(*pairs, strict=True)] if pairs else ([], [])
        for name in ("_since", "_left", "_from", "_open", "_value"):
            getattr(self, name)[here] = getattr(before, name)[there]

    def step(self, events: np.ndarray, held: np.ndarray, dt: float) -> Vector:
        """Their values now, 0..1, (n,).

        Parameters
        ----------
        events : bool (n,), of those that begin now
        held : bool (n,), of those that aren't let go yet
        dt : s since the last call
        """
        self._since += dt
        self._left += dt
        self._from[events] = self._value[events]
        self._since[events] = 0.0
        self._open |= events
        closing = self._open & ~events & ~held & (self._since >= self._hold)
        if closing.any():
            # What of this step came after the hold belongs to the release, whatever the frame rate.
            late = np.minimum(self._since - self._hold, dt)
            self._from[closing] = self._gate(self._since - late)[closing]
            self._left[closing] = late[closing]
            self._open &= ~closing
        fall = np.maximum(0.0, 1.0 - np.minimum(self._left, 1e6) / self._release) * self._from
        self._value = np.where(self._open, self._gate(self._since), fall)
        return self._value

    def _gate(self, since: Vector) -> Vector:
        """The value so many seconds after the event, while it is held."""
        since = np.minimum(since, 1e6)
        rise = self._from + (1.0 - self._from) * np.minimum(since / self._attack, 1.0)
        fall = 1.0 - (1.0 - self._sustain) * np.clip((since - self._attack) / self._decay, 0.0, 1.0)
        return np.where(since < self._attack, rise, fall)


def near(places: Sequence[Near], valence: float, energy: float) -> list[float]:
    """How near the mood is to places of its plane, each 0..1.

    Parameters
    ----------
    places : those of the show
    valence, energy : the mood, 0..1
    """
    return [max(0.0, 1.0 - float(np.hypot(valence - one.valence, energy - one.energy)) / one.reach) for one in places]
