"""Where the music is, in beats that never stop: what is locked to the beat moves by this."""

import math

METERS = (4, 3)
"""Beats in a bar, as the daemon finds them; the first one is taken until another is plain."""

LAG_S = 0.08
"""In which the clock follows what is heard: phases come in steps, and late."""

LOST_S = 5.0
"""After so long without a beat, that is said."""

NEAR = 0.03
"""Of a beat: so near have the phases of beat and bar to be to fit together."""


class BeatClock:
    """Runs at the last tempo where no beat is heard.

    Attributes
    ----------
    beats : so far; whole on a beat, and a multiple of `meter` on a downbeat
    passed : beats so far that nothing was left out of: it neither leaps nor goes back
    meter : beats in a bar
    tempo_bpm : the one it runs at
    lost : s without a beat, 0 while there is one
    known : whether there has been a tempo
    """

    def __init__(self) -> None:
        self.beats = self.passed = 0.0
        self._skipped = 0
        self.meter = METERS[0]
        self.tempo_bpm = 120.0
        self.lost = 0.0
        self.known = False

    @property
    def bars(self) -> float:
        """So far; whole on a downbeat."""
        return self.beats / self.meter

    def step(self, tempo_bpm: float, beat_phase: float, bar_phase: float, dt: float) -> None:
        """Move on.

        Parameters
        ----------
        tempo_bpm : 0 while there is none
        beat_phase, bar_phase : 0..1
        dt : s; with 0 it stands still
        """
        if dt <= 0.0:
            return
        self.lost = 0.0 if tempo_bpm > 0.0 else self.lost + dt
        if tempo_bpm > 0.0:
            self.tempo_bpm, self.known = tempo_bpm, True
        self.beats += self.tempo_bpm / 60.0 * dt
        if not self.lost:
            self._listen(beat_phase, bar_phase, dt)
        self.passed = max(self.passed, self.beats - self._skipped)

    def _listen(self, beat_phase: float, bar_phase: float, dt: float) -> None:
        off = _nearest(beat_phase - self.beats)
        self.beats += off * -math.expm1(-dt / LAG_S)
        fits = [meter for meter in METERS if abs(_nearest(bar_phase * meter - beat_phase)) < NEAR]
        if fits and self.meter not in fits:
            self.meter = fits[0]
        if fits and abs(off) < NEAR:
            # Whole beats may be skipped: what turns once a beat doesn't notice.
            skip = (round(bar_phase * self.meter - self.beats) + self.meter // 2) % self.meter - self.meter // 2
            self.beats += skip
            self._skipped += skip


def _nearest(phase: float) -> float:
    """The same phase, within half a turn."""
    return phase - round(phase)
