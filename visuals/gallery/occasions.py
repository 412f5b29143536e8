"""When the show is to be kept: when somebody asks, by the clock, and when the mood has changed."""

import math

from artgen_osc.config.tables import VisualsConfig
from visuals.control.controls import Control

SHORTEST_S = 0.5
"""The timer is never faster, whatever it is set to."""

MOOD_REST_S = 10.0
"""After a snapshot for a change of mood there is none for so long: a mood on its way would give many."""


class Occasions:
    """Says once for each occasion that there is one."""

    def __init__(self) -> None:
        self._asked = 0
        self._every = 0.0
        self._next = math.inf
        self._mood: tuple[float, float] | None = None
        self._rest_until = -math.inf

    def due(self, control: Control, mood: tuple[float, float], time: float) -> str:
        """Whether to take a snapshot now.

        Parameters
        ----------
        control : Control
        mood : valence and energy that are painted
        time : s, monotonic

        Returns
        -------
        ``asked``, ``timer``, ``mood``, or nothing. Two at once are one.
        """
        settings = control.settings
        found = self._changed(settings, mood, time)
        if self._clock(settings, time):
            found = "timer"
        if control.snapshots != self._asked:
            self._asked = control.snapshots
            found = "asked"
        if found:
            self._mood = mood
        return found

    def _clock(self, settings: VisualsConfig, time: float) -> bool:
        if settings.snapshot_every != self._every:
            self._every = settings.snapshot_every
            self._next = time + max(self._every, SHORTEST_S) if self._every else math.inf
        if time < self._next:
            return False
        self._next = max(self._next, time - SHORTEST_S) + max(self._every, SHORTEST_S)
        return True

    def _changed(self, settings: VisualsConfig, mood: tuple[float, float], time: float) -> str:
        if self._mood is None or not settings.snapshot_on_mood:
            self._mood = mood
            return ""
        if time < self._rest_until or math.dist(mood, self._mood) < settings.snapshot_on_mood:
            return ""
        self._rest_until = time + MOOD_REST_S
        return "mood"
