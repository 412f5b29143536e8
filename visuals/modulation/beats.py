"""Beats as time that passes: from the tempo, drawn to the beats that are heard."""

import numpy as np

from visuals.control.controls import Control

LOCK_S = 0.7
"""Time constant with which a beat that was heard draws the clock to it."""


class BeatClock:
    """Counts on at the tempo that was known last, without a jump, whatever beats are heard.

    Attributes
    ----------
    beats : that have passed, with fractions; a whole number on the beat
    running : whether there has been a tempo
    """

    def __init__(self) -> None:
        self.beats = 0.0
        self._bpm = self._late = 0.0
        self._heard = 0

    @property
    def running(self) -> bool:
        return self._bpm > 0.0

    def step(self, control: Control, dt: float) -> float:
        """Move on.

        Parameters
        ----------
        control : Control
        dt : s >= 0

        Returns
        -------
        Beats that have passed, 0 or more
        """
        self._bpm = control.tempo_bpm or self._bpm
        if control.beats != self._heard:
            self._late = round(self.beats) - self.beats
        self._heard = control.beats
        pull = self._late * (1.0 - np.exp(-dt / LOCK_S))
        self._late -= pull
        passed = max(0.0, self._bpm / 60.0 * dt + pull) if self.running else 0.0
        self.beats += passed
        return passed
