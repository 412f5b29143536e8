"""Beats as a pace to travel at: even, and never backwards. What has to be in phase goes by the `BeatClock`."""

import math

from visuals.control.controls import Control

LOCK_S = 0.7
"""Time constant with which a beat that was heard draws the clock to it."""


class BeatPace:
    """Counts on at the tempo that was known last, without a jump, whatever beats are heard.

    Attributes
    ----------
    beats : that have passed, with fractions; a whole number on the beat
    bpm : the tempo that was known last; 0 before there was one
    """

    def __init__(self) -> None:
        self.beats = self.bpm = self._late = 0.0
        self._heard = 0

    def step(self, control: Control, dt: float) -> None:
        """Move on.

        Parameters
        ----------
        control : Control
        dt : s >= 0
        """
        self.bpm = control.tempo_bpm or self.bpm
        if control.beats != self._heard:
            self._late = round(self.beats) - self.beats
        self._heard = control.beats
        pull = self._late * (1.0 - math.exp(-dt / LOCK_S))
        self._late -= pull
        if self.bpm:
            self.beats += max(0.0, self.bpm / 60.0 * dt + pull)
