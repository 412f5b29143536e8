"""The matrix: connections at work. What is set stays as it is; what they make of it goes to what draws.

Everything is computed for all rows at once; each target gets the sum of what its rows add.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from artgen_osc.config.modulation import Connection
from artgen_osc.osc.mapping.rows import CURVES
from artgen_osc.schema.setting import Setting
from visuals.control.controls import Control
from visuals.modulation.beat_clock import LOST_S, BeatClock
from visuals.modulation.follow import Follower, Vector
from visuals.modulation.sources import Sources

log = logging.getLogger(__name__)

LAG_S = 0.15
"""Of an amount that is changed, of a row that comes, goes, or is switched: no frame jumps."""

SETTLED = 1e-4
"""So near to where it goes, a number is there: nothing is nothing in the end, and costs nothing."""

NOTHING: Vector = np.zeros(0)

POWERS = {"linear": 1.0, "log": 1.0, "square": 2.0, "root": 0.5}


class _Rows:
    """Connections as arrays; those that are leaving come last."""

    def __init__(self, rows: Sequence[Connection], leaving: Sequence[Connection], before: "_Rows | None") -> None:
        self.rows, self.leaving = tuple(rows), tuple(leaving)
        every = (*self.rows, *self.leaving)
        sources = list(dict.fromkeys(row.source for row in every))
        self.sources: Sources = Sources(sources, before.sources if before else None)
        self.source = np.array([self.sources.at[row.source] for row in every], dtype=np.intp)
        targets = {row.target.key: row.target for row in every}
        places = {key: at for at, key in enumerate(targets)}
        self.target = np.array([places[row.target.key] for row in every], dtype=np.intp)
        spans = np.array([high - low for low, high in map(_ends, targets.values())])
        self.span = spans[self.target]
        ends = np.array([row.input for row in every])
        self.log = np.array([row.curve == "log" for row in every])
        ends[self.log] = np.log(ends[self.log])
        self.low, self.width = ends[:, 0], ends[:, 1] - ends[:, 0]
        power = [row.curve if isinstance(row.curve, float) else POWERS.get(row.curve, 1.0) for row in every]
        self.power = np.array(power)
        self.curved = np.flatnonzero(self.power != 1.0)
        self.smooth = np.flatnonzero([row.curve == "smooth" for row in every])
        self.any_log = bool(self.log.any())
        with np.errstate(divide="ignore"):
            attack = 1.0 / np.array([row.attack for row in every])
            self.release = 1.0 / np.array([row.release for row in every])
        self.attack = np.where(self.sources.pulses[self.source], np.inf, attack)
        bipolar = np.array([row.bipolar for row in every])
        self.factor, self.shift = np.where(bipolar, 2.0, 1.0), np.where(bipolar, -1.0, 0.0)
        self.level: Vector = np.full(len(every), np.nan)
        self.amount = Follower(np.zeros(len(every)))
        self.goal: Vector = np.zeros(len(every))
        self.moving = True
        self.aim(self.rows)
        if before is not None:
            self._go_on(every, before)
        self.uses: dict[str, list[tuple[Setting, int]]] = {}
        for at, target in enumerate(targets.values()):
            self.uses.setdefault(target.table, []).append((target, at))
        self.sums: list[float] = [0.0] * len(targets)

    def aim(self, rows: Sequence[Connection]) -> None:
        """Take the amounts and switches of the same rows as they are now."""
        self.rows = tuple(rows)
        self.goal = np.array([row.amount if row.on else 0.0 for row in rows] + [0.0] * len(self.leaving))
        self.moving = True

    def _go_on(self, every: Sequence[Connection], before: "_Rows") -> None:
        known = {_key(row): at for at, row in enumerate((*before.rows, *before.leaving))}
        for at, row in enumerate(every):
            there = known.get(_key(row))
            if there is not None:
                self.level[at] = before.level[there]
                self.amount.value[at] = before.amount.value[there]
                self.amount.velocity[at] = before.amount.velocity[there]

    @property
    def gone(self) -> bool:
        """Whether those that leave have left."""
        return bool(self.leaving) and not self.amount.value[len(self.rows) :].any()

    def fade(self, dt: float) -> None:
        """Move the amounts on."""
        if not self.moving or dt <= 0.0:
            return
        self.amount.step(self.goal, LAG_S, dt)
        there = np.abs(self.amount.value - self.goal) < SETTLED
        there &= np.abs(self.amount.velocity) * LAG_S < 10.0 * SETTLED
        self.amount.value[there], self.amount.velocity[there] = self.goal[there], 0.0
        self.moving = not there.all()

    def hear(self, values: Vector, dt: float) -> None:
        """Move the levels on, towards what the sources say."""
        raw = values[self.source]
        if self.any_log:
            raw = np.where(self.log, np.log(np.maximum(raw, 1e-9)), raw)
        x = np.clip((raw - self.low) / self.width, 0.0, 1.0)
        x[np.isnan(x)] = 0.0
        level = np.where(np.isnan(self.level), x, self.level)
        rate = np.where(x > level, self.attack, self.release)
        level = x + (level - x) * np.exp(-dt * rate)
        self.level = np.where(np.abs(level - x) < SETTLED, x, level)

    def add_up(self) -> None:
        """What each target gets."""
        y = np.nan_to_num(self.level)
        y[self.curved] **= self.power[self.curved]
        if self.smooth.size:
            y[self.smooth] = CURVES["smooth"](y[self.smooth])  # type: ignore[arg-type]
        added = self.amount.value * (y * self.factor + self.shift) * self.span
        self.sums = np.bincount(self.target, added, len(self.sums)).tolist()


def _key(row: Connection) -> tuple[object, ...]:
    """The same for a row whose amount or shape has changed."""
    return row.name, row.source, row.target.key


def _ends(setting: Setting) -> tuple[float, float]:
    return (0.0, 1.0) if isinstance(setting.default, bool) else (setting.low, setting.high)


def _moved(setting: Setting, base: Any, by: float) -> Any:
    """A setting's value with what is added to it, within its range and of its type."""
    low, high = _ends(setting)
    value = min(max(float(base) + by, low), high)
    if isinstance(setting.default, bool):
        return value >= 0.5
    return round(value) if isinstance(setting.default, int) else value


class Matrix:
    """Drives settings.

    Parameters
    ----------
    clock : where the music is; the show moves it on
    """

    def __init__(self, clock: BeatClock) -> None:
        self._clock = clock
        self._given: tuple[Connection, ...] = ()
        self._rows: _Rows | None = None
        self._time = 0.0
        self._told_lost = False

    @property
    def levels(self) -> Vector:
        """How far each connection of the last step is up, 0..1, before its amount; nan where nothing was heard yet."""
        return self._rows.level[: len(self._given)] if self._rows else NOTHING

    @property
    def trouble(self) -> str:
        """What a connection misses; empty: nothing."""
        if self._rows is None or not self._rows.sources.locked or self._clock.lost < LOST_S:
            return ""
        return f"no beat is heard; what follows it runs at {self._clock.tempo_bpm:.0f} bpm"

    def step(self, control: Control, show_dt: float, dt: float) -> None:
        """Move on; without connections there is nothing to do.

        Parameters
        ----------
        control : what is set and heard, with the connections
        show_dt : s of the show, 0 while the picture is frozen: all stays where it is
        dt : s of real time
        """
        if control.connections is not self._given:
            self._take(control.connections)
        rows = self._rows
        if rows is None:
            return
        rows.fade(dt)
        if rows.gone:
            self._rows = rows = _Rows(rows.rows, (), rows) if rows.rows else None
            if rows is None:
                return
        if show_dt > 0.0:
            self._time += show_dt
            rows.hear(rows.sources.step(control, self._clock, self._time, show_dt), show_dt)
            self._tell()
        rows.add_up()

    def _take(self, given: tuple[Connection, ...]) -> None:
        """Other connections, or the same ones with other amounts."""
        before, self._given = self._given, given
        rows = self._rows
        if rows and len(before) == len(given):
            changed = [(old, new) for old, new in zip(before, given, strict=True) if old is not new]
            if all(replace(old, amount=new.amount, on=new.on) == new for old, new in changed):
                rows.aim(given)
                return
        here = {_key(row) for row in given}
        leaving = [row for row in (*rows.rows, *rows.leaving) if _key(row) not in here] if rows else []
        self._rows = _Rows(given, leaving, rows) if given or leaving else None

    def _tell(self) -> None:
        """Say once that the beat is missed, and once that it is back."""
        trouble = self.trouble
        if bool(trouble) != self._told_lost:
            self._told_lost = bool(trouble)
            log.warning("modulate: %s", trouble or "there is a beat; what follows it is locked again")

    def driven(self, control: Control) -> Control:
        """What is set, as the connections move it: that of the renderer itself, and the mood.

        Parameters
        ----------
        control : what is set and heard
        """
        moved: dict[str, Any] = {}
        changed: dict[str, Any] = {}
        for setting, at in self._uses("visuals"):
            if setting.field in ("valence", "energy"):  # the mood that leads, by hand or that of the music
                moved[setting.field] = _moved(setting, getattr(control, setting.field), self._sum(at))
            else:
                base = getattr(control.settings, setting.field)
                changed[setting.field] = _moved(setting, base, self._sum(at))
        if changed:
            moved["settings"] = replace(control.settings, **changed)
        return replace(control, **moved) if moved else control

    def effects(self, plugin: Mapping[str, Any]) -> Mapping[str, Any]:
        """The settings of effects and layers, as the connections move them.

        Parameters
        ----------
        plugin : as they are set, by the plugin's name
        """
        moved: dict[str, Any] = {}
        for table in self._rows.uses if self._rows else ():
            name = table.removeprefix("plugin.")
            base = plugin.get(name) if table != name else None
            if base is not None:
                changed = {
                    one.field: _moved(one, getattr(base, one.field), self._sum(at))
                    for one, at in self._uses(table)
                    if self._sum(at)
                }
                if changed:
                    moved[name] = replace(base, **changed)
        return {**plugin, **moved} if moved else plugin

    def _uses(self, table: str) -> Sequence[tuple[Setting, int]]:
        return self._rows.uses.get(table, ()) if self._rows else ()

    def _sum(self, at: int) -> float:
        return self._rows.sums[at] if self._rows else 0.0
