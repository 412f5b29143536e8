"""When the show is to be kept: when somebody asks, by the clock, and when the mood has changed."""

import math
from dataclasses import dataclass

from artgen_osc.schema.setting import setting

SHORTEST_S = 0.5
"""The timer is never faster, whatever it is set to."""

MOOD_REST_S = 10.0
"""After a snapshot for a change of mood there is none for so long: a mood on its way would give many."""


@dataclass(frozen=True, slots=True)
class OccasionSettings:
    """What is kept by itself."""

    every: float = setting(
        0.0,
        "a snapshot every so many seconds, half a second at least; 0: none",
        0.0,
        3600.0,
        "s",
        key="visuals.snapshot_every",
        address="/visuals/snapshot/every",
        scene=False,
    )
    on_mood: float = setting(
        0.0,
        "a snapshot when the mood has moved so far from the last one's, every 10 s at most; 0: none",
        key="visuals.snapshot_on_mood",
        address="/visuals/snapshot/mood",
        scene=False,
    )


class Occasions:
    """Says once for each occasion that there is one."""

    def __init__(self) -> None:
        self._asked = 0
        self._every = 0.0
        self._next = math.inf
        self._mood: tuple[float, float] | None = None
        self._rest_until = -math.inf

    def due(self, settings: OccasionSettings, asked: int, mood: tuple[float, float], time: float) -> str:
        """Whether to take a snapshot now.

        Parameters
        ----------
        settings : OccasionSettings
        asked : how often a snapshot was asked for
        mood : valence and energy that are painted
        time : s, monotonic

        Returns
        -------
        ``asked``, ``timer``, ``mood``, or nothing. Two at once are one.
        """
        found = self._changed(settings, mood, time)
        if self._clock(settings, time):
            found = "timer"
        if asked != self._asked:
            self._asked = asked
            found = "asked"
        if found:
            self._mood = mood
        return found

    def _clock(self, settings: OccasionSettings, time: float) -> bool:
        if settings.every != self._every:
            self._every = settings.every
            self._next = time + max(self._every, SHORTEST_S) if self._every else math.inf
        if time < self._next:
            return False
        self._next = max(self._next, time - SHORTEST_S) + max(self._every, SHORTEST_S)
        return True

    def _changed(self, settings: OccasionSettings, mood: tuple[float, float], time: float) -> str:
        if self._mood is None or not settings.on_mood:
            self._mood = mood
            return ""
        if time < self._rest_until or math.dist(mood, self._mood) < settings.on_mood:
            return ""
        self._rest_until = time + MOOD_REST_S
        return "mood"
