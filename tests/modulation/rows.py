"""Connections as they are written, and a control to run them with."""

from dataclasses import replace
from typing import Any

from artgen_osc.config.modulation import Connection, parse_connection, targets_of
from tests import show_table
from visuals.control.controls import Control, Controls
from visuals.modulation.beat_clock import BeatClock
from visuals.modulation.matrix import Matrix

TARGETS = targets_of(show_table.CONTRACT.settings.values())
DT = 1 / 60


def row(text: str) -> Connection:
    """One, in the words of a show file."""
    return parse_connection(text, TARGETS)


class Bench:
    """A matrix that runs on a clock of its own."""

    def __init__(self, *texts: str, **visuals: Any) -> None:
        config = replace(show_table.config(**visuals), modulate=tuple(map(row, texts)))
        self.controls = Controls(config, show_table.CONTRACT)
        self.clock = BeatClock()
        self.matrix = Matrix(self.clock)
        self.given: dict[str, Any] = {"heard": {}, "age": 0.0}
        self.control: Control = self.controls.now(0.0)

    def run(self, seconds: float = DT, rate: float = 1 / DT, frozen: bool = False, **given: Any) -> "Bench":
        """Frames for so long, with these fields of the control from now on."""
        self.given |= given
        for _ in range(round(seconds * rate)):
            self.control = replace(self.controls.now(0.0), **self.given)
            show_dt = 0.0 if frozen else 1 / rate
            self.clock.step(self.control.tempo_bpm, self.control.beat_phase, self.control.bar_phase, show_dt)
            self.matrix.step(self.control, show_dt, 1 / rate)
        return self

    def get(self, key: str) -> Any:
        """What a setting is driven to."""
        setting = show_table.CONTRACT.settings[key]
        if setting.table == "visuals":
            return getattr(self.matrix.driven(self.control).settings, setting.field)
        plugin = self.matrix.effects(self.control.plugin)[setting.table.removeprefix("plugin.")]
        return getattr(plugin, setting.field)

    def obey(self, path: str, value: Any) -> None:
        self.controls.connections.obey(f"/visuals/modulate/{path}", value)
