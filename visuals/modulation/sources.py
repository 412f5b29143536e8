"""The sources of all connections, each once, and their values in a frame."""

from collections.abc import Mapping, Sequence

import numpy as np

from artgen_osc.config.modulation_sources import Adsr, Heard, Lfo, Near, Source, Steps
from artgen_osc.schema.address import VALUES
from visuals.control.controls import Control
from visuals.modulation.beat_clock import BeatClock
from visuals.modulation.follow import Vector
from visuals.modulation.modulators import Envelopes, Lfos, Sequences, near

HIGH = 0.5
"""From here on a number that starts an envelope is held."""

NOTES, SOFT = f"{VALUES}midi/note/", 1e-3
"""Where the addresses of notes of MIDI begin, and from where on they are: one that is struck softly is one, too."""

MOOD = {"/artgen/valence": "valence", "/artgen/energy": "energy"}
"""The mood that leads the picture: that of the music, or by hand."""

COUNTED = {"/artgen/onset": "onsets", "/artgen/beat": "beats"}
"""What `Control` counts, so that none is lost between two frames."""


class _Events:
    """Which of some addresses have had an event since the last look, and which are held."""

    def __init__(self, paths: Sequence[str]) -> None:
        self.paths = tuple(paths)
        self._before: dict[str, float] = {}

    def remember(self, other: "_Events") -> None:
        """Go on counting where another one was."""
        self._before |= other._before

    def look(self, control: Control) -> tuple[list[bool], list[bool]]:
        """For each address."""
        begins, held = [], []
        for path in self.paths:
            counter, now = _count(path, control)
            before = self._before.get(path)
            self._before[path] = now
            high = SOFT if path.startswith(NOTES) else HIGH
            begins.append(before is not None and (now != before if counter else now >= high > before))
            held.append(not counter and now >= high)
        return begins, held


def _count(path: str, control: Control) -> tuple[bool, float]:
    """Whether an address has a counter, and what that says; else its value."""
    if path in COUNTED:
        return True, float(getattr(control, COUNTED[path]))
    counter = f"{path}/count"
    counted = control.extra.get(counter, control.heard.get(counter))
    return counted is not None, _value(path, control, 0.0) if counted is None else counted


def _value(path: str, control: Control, missing: float) -> float:
    if path in MOOD:
        return float(getattr(control, MOOD[path]))
    return control.heard.get(path, control.extra.get(path, missing))


class Sources:
    """The values of sources, and where the music is.

    Parameters
    ----------
    sources : each once
    before : those until now, whose envelopes and events go on; None: there were none

    Attributes
    ----------
    at : where among the values each source is
    pulses : which of the values are events
    locked : whether any follows the beat
    """

    def __init__(self, sources: Sequence[Source], before: "Sources | None" = None) -> None:
        heard = [one for one in sources if isinstance(one, Heard) and not one.pulse]
        pulses = [one for one in sources if isinstance(one, Heard) and one.pulse]
        self._near = [one for one in sources if isinstance(one, Near)]
        lfos = [one for one in sources if isinstance(one, Lfo)]
        steps = [one for one in sources if isinstance(one, Steps)]
        self._adsrs = [one for one in sources if isinstance(one, Adsr)]
        ordered: list[Source] = [*heard, *pulses, *self._near, *lfos, *steps, *self._adsrs]
        self.at: Mapping[Source, int] = {one: at for at, one in enumerate(ordered)}
        self.pulses = np.zeros(len(ordered), dtype=bool)
        self.pulses[len(heard) : len(heard) + len(pulses)] = True
        self.locked = any(one.unit != "s" for one in (*(lfo.every for lfo in lfos), *(step.every for step in steps)))
        self._paths = [one.path for one in heard]
        self._pulse_events = _Events([one.path for one in pulses])
        self._starts = _Events([one.path for one in self._adsrs])
        self._lfos = Lfos(lfos) if lfos else None
        self._steps = Sequences(steps) if steps else None
        self._envelopes = Envelopes(self._adsrs) if self._adsrs else None
        if before is not None:
            self._go_on(before)

    def _go_on(self, before: "Sources") -> None:
        """Envelopes that rise or fall, and events that were counted, are the same as before."""
        for events, old in ((self._pulse_events, before._pulse_events), (self._starts, before._starts)):
            events.remember(old)
        if self._envelopes and before._envelopes:
            known = {one: at for at, one in enumerate(before._adsrs)}
            pairs = [(at, known[one]) for at, one in enumerate(self._adsrs) if one in known]
            self._envelopes.go_on(before._envelopes, pairs)

    def step(self, control: Control, clock: BeatClock, time: float, dt: float) -> Vector:
        """The values now: those that are heard as they are, nan where nothing is; all others 0..1.

        Parameters
        ----------
        control : what is heard
        clock : where the music is
        time : s of the show
        dt : s since the last call, > 0
        """
        parts: list[Vector | list[float]] = [[_value(path, control, np.nan) for path in self._paths]]
        if self._pulse_events.paths:
            parts.append([float(one) for one in self._pulse_events.look(control)[0]])
        if self._near:
            parts.append(near(self._near, control.valence, control.energy))
        if self._lfos:
            parts.append(self._lfos.step(time, clock))
        if self._steps:
            parts.append(self._steps.step(time, clock))
        if self._envelopes:
            begins, held = self._starts.look(control)
            parts.append(self._envelopes.step(np.array(begins), np.array(held), dt))
        return np.concatenate(parts)
