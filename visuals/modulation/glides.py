"""Settings of plugins on their way: a number glides to where it was set, so that no frame jumps."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from visuals.modulation.follow import Follower

LAG_S = 0.3
SETTLED = 0.002
"""Of its range: so near its goal, a number is there. Nothing is nothing in the end."""


class Glides:
    """Follows the floats among the settings; all else changes at once.

    Parameters
    ----------
    plugin : instances of frozen dataclasses of settings, by the plugin's name; the names stay the same
    """

    def __init__(self, plugin: Mapping[str, Any]) -> None:
        self._fields: list[tuple[str, str]] = []
        self._spans: list[float] = []
        for name, settings in plugin.items():
            for item in dataclasses.fields(settings):
                if isinstance(item.default, float):
                    self._fields.append((name, item.name))
                    low, high = (item.metadata.get(end) for end in ("low", "high"))
                    self._spans.append(1.0 if low is None or high is None else float(high) - float(low))
        self._follower = Follower(self._goals(plugin))
        self._goal = self._now = plugin

    def _goals(self, plugin: Mapping[str, Any]) -> list[float]:
        return [float(getattr(plugin[name], key)) for name, key in self._fields]

    def step(self, plugin: Mapping[str, Any], dt: float) -> Mapping[str, Any]:
        """Move on.

        Parameters
        ----------
        plugin : what is set
        dt : s of real time

        Returns
        -------
        The settings as they are on their way
        """
        if plugin == self._goal == self._now:
            return self._now
        self._goal = plugin
        goals = self._goals(plugin)
        values = self._follower.step(goals, LAG_S, dt)
        for index, (goal, span) in enumerate(zip(goals, self._spans, strict=True)):
            if abs(values[index] - goal) < SETTLED * span:
                self._follower.value[index], self._follower.velocity[index] = goal, 0.0
        changed: dict[str, dict[str, float]] = {name: {} for name in plugin}
        for (name, key), value in zip(self._fields, self._follower.value.tolist(), strict=True):
            changed[name][key] = value
        self._now = {name: dataclasses.replace(plugin[name], **given) for name, given in changed.items()}
        return self._now
