"""A control surface: turns a control slowly up and down, as a hand on a knob would."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from artgen_osc.schema.address import Address, Value
from artgen_osc.schema.setting import setting

SPEED = Address("/visuals/speed", "float", "how fast pictures change", 0.0, 8.0)


class Breath:
    """Moves the speed of the pictures while ``depth`` is above 0."""

    @dataclass(frozen=True, slots=True)
    class Settings:
        """[plugin.breath] in a show file."""

        depth: float = setting(0.0, "how far it goes up and down")
        period: float = setting(8.0, "time of one breath", 1.0, 60.0, "s")

    def __init__(self, settings: Any, host: Any) -> None:
        self.settings = settings
        self._start = time.monotonic()

    def poll(self) -> Sequence[tuple[Address, Value]]:
        """What has been moved since the last call; asked at each frame."""
        if self.settings.depth == 0.0:
            return ()
        turns = (time.monotonic() - self._start) / self.settings.period
        return ((SPEED, 1.0 + self.settings.depth * math.sin(2.0 * math.pi * turns)),)

    def show(self, values: Mapping[str, Value]) -> None:
        """What a surface with lamps or motors would show."""

    def close(self) -> None:
        """There is nothing to close."""
