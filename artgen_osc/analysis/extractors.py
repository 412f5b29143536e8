"""Runs the extractors of a show: ours first, then those that were added."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from math import inf
from typing import Any

import numpy as np

from artgen_osc.analysis.hop import Hop
from artgen_osc.config.plugins import own_registry
from artgen_osc.errors import ArtgenError, PluginError
from artgen_osc.plugins.factory import classes, make
from artgen_osc.plugins.isolation import IsolatedPlugin
from artgen_osc.plugins.registry import Plugin, Registry, State
from artgen_osc.plugins.worker import Call, Checked, Inline, PluginThread, Worker
from artgen_osc.runtime.text import printable
from artgen_osc.schema.address import Address, Value
from artgen_osc.schema.values import BEAT_TIME, HARMONY, N_BANDS, NOTES, OUTPUTS, Features, Mood

FEATURES = ("level", "onsets", "rhythm", "pitch", "harmony")
"""Ours whose values are `Features`."""

ORDER = (*FEATURES, "mood")
"""In this order ours run; those that were added run after them, by their names."""

BUDGET_S = 0.005
"""So long may one that was added take for a hop, of which there are 86 a second."""

WAIT_S = 0.05
"""So long does a hop wait for one that was added, which is done in time then; after that it goes on without it."""

MOST_BEFORE = 64
"""Calls, such as taps, that may wait for the next hop."""

LONGEST_TEXT = 200
"""Letters of a string that is sent."""

_FIELDS = tuple(field.name for kind in (Features, Mood) for field in fields(kind))
_OF_FEATURES = len(fields(Features))
_START: dict[str, Any] = {
    "level_db": -120.0,
    "bands": (0.0,) * N_BANDS,
    "onset": False,
    "onset_count": 0,
    "beat": False,
    "beat_count": 0,
    "chroma": (0.0,) * len(NOTES),
    "key": "",
    "valence": 0.5,
    "energy": 0.5,
    "raw_valence": 0.5,
    "raw_energy": 0.5,
}
"""What isn't 0 before it is known."""

_FIELD_OF = {output.address.path: output.field for output in (*OUTPUTS, *HARMONY, BEAT_TIME)}

_NEUTRAL = Mood(0.0, 0.5, 0.5, 0.5, 0.5, 0.0)


@dataclass(frozen=True, slots=True)
class Heard:
    """All that is known of one hop.

    Attributes
    ----------
    features, mood : what our own extractors say
    extra : what the others say, by their addresses
    """

    features: Features
    mood: Mood
    extra: tuple[tuple[Address, Value], ...] = ()


class _Checked(Checked):
    """An extractor whose values are looked at before anybody else sees them; ours are trusted."""

    def __init__(self, extractor: Any, settings: Any, own: bool) -> None:
        super().__init__(extractor, settings)
        self.rows: tuple[Address, ...] = tuple(extractor.outputs)
        self.taps = hasattr(extractor, "tap")
        self.values: Sequence[Value] | None = None
        self._own = own

    def hop(self, hop: Hop) -> None:
        values = self._instance.hop(hop)
        if not self._own:
            if len(values) != len(self.rows):
                raise PluginError(f"gave {len(values)} values for {len(self.rows)} outputs")
            values = [_value(row, value) for row, value in zip(self.rows, values, strict=True)]
        self.values = values


def _value(row: Address, value: object) -> Value:
    if isinstance(value, (np.generic, np.ndarray)):
        value = value.item() if value.size == 1 else value
    try:
        checked = row.check((value,))
    except (ValueError, OverflowError) as error:
        raise PluginError(f"{row.path}: {error}") from None
    return printable(checked)[:LONGEST_TEXT] if isinstance(checked, str) else checked


class _Running:
    """One extractor at work, and where its values go."""

    def __init__(self, plugin: Plugin, worker: Worker) -> None:
        self.own, self.name = plugin.own, plugin.name
        self.missed = 0
        self.worker = worker
        self._plugin = plugin
        self._before: list[Call] = []
        self._last: Sequence[Value] | None = None
        self.fields = _fields(self.checked.rows) if self.own and self.checked else []

    @property
    def checked(self) -> _Checked | None:
        """None while it is being made."""
        running = self.worker.running
        return None if running is None else running.instance

    @property
    def failures(self) -> int:
        """Calls that failed, and hops that came while it was busy, so far."""
        running = self.worker.running
        return self.missed + (0 if running is None else running.failures)

    def tap(self, time: float) -> None:
        """See `Extractors.tap`; it is told before the next hop."""
        if self.checked is not None and self.checked.taps and len(self._before) < MOST_BEFORE:
            self._before.append(("tap", time))

    def reset(self) -> None:
        """See `Extractors.reset`; it forgets before the next hop."""
        self._before = [("reset",)]

    def hop(self, hop: Hop, settings: Any) -> Sequence[Value] | None:
        """Its values; the last ones where it fails or isn't done in time, None before there were any."""
        checked = self.checked
        if checked is None:
            return None
        if self.worker.idle:
            calls = *checked.news(settings), *self._before, ("hop", hop)
            self._before = []
            self.worker.start(*calls)
            self.worker.wait(WAIT_S)
        elif self._plugin.state is State.READY:
            self.missed += 1
        values = checked.values
        if values is not None and values is self._last:
            # An event of the past isn't one of this hop.
            return [0.0 if row.pulse else value for row, value in zip(checked.rows, values, strict=True)]
        self._last = values
        return values


def _fields(rows: Sequence[Address]) -> list[tuple[int, int | slice, type]]:
    """The fields that the values of `rows` fill: which of `_FIELDS`, which of the values, and of which type if that
    isn't the value's.
    """
    names = [_FIELD_OF[row.path] for row in rows]
    found: list[tuple[int, int | slice, type]] = []
    for name in dict.fromkeys(names):
        start, count = names.index(name), names.count(name)
        at = start if count == 1 else slice(start, start + count)
        kind = bool if rows[start].pulse else tuple if count > 1 else object
        found.append((_FIELDS.index(name), at, kind))
    return found


class Extractors:
    """All extractors of a show. What an added one does wrong harms nothing else, and is told.

    Parameters
    ----------
    registry : where they are; None: ours alone
    settings : of each that has some, by its name; where one is missing, as declared
    names : which of them; None: all
    live : hops come in real time, so what takes long goes on beside them

    Raises
    ------
    ArtgenError
        One of ours can't be used, such as the mood with the model that the settings name.
    """

    def __init__(
        self,
        registry: Registry | None = None,
        settings: Mapping[str, Any] | None = None,
        names: Collection[str] | None = None,
        live: bool = False,
    ) -> None:
        registry = registry or own_registry()
        self._settings = dict(settings or {})
        self._all: list[_Running] = []
        try:
            for plugin, loaded in sorted(classes(registry, "extractor"), key=lambda one: _place(one[0])):
                if names is None or plugin.name in names:
                    worker = self._at_work(plugin, loaded, live)
                    self._all += [_Running(plugin, worker)] if worker is not None else []
        except ArtgenError:
            self.close()
            raise
        self._judges = any(one.own and one.name == ORDER[-1] for one in self._all)
        self._forget()

    def _at_work(self, plugin: Plugin, loaded: Any, live: bool) -> Worker | None:
        build = partial(self._made, plugin, loaded, live)
        if live and not plugin.own:
            return PluginThread(plugin, build, BUDGET_S)
        made = make(plugin, build)
        budget = inf if plugin.own else BUDGET_S
        return None if made is None else Inline(IsolatedPlugin(plugin, made, budget))

    def _made(self, plugin: Plugin, loaded: Any, live: bool) -> _Checked:
        declared = getattr(loaded, "Settings", None)
        given = self._settings.setdefault(plugin.name, declared() if declared else None)
        extractor = loaded(given)
        if live and hasattr(extractor, "live"):
            extractor.live()
        return _Checked(extractor, given, plugin.own)

    def _forget(self) -> None:
        self._now = [_START.get(name, 0.0) for name in _FIELDS]

    @property
    def failures(self) -> int:
        """Calls that failed, and what went wrong beside them, so far."""
        return sum(one.failures for one in self._all) + self._ours("failures")

    @property
    def overtaken(self) -> int:
        """What was not computed beside the hops so far, since newer sound had come."""
        return self._ours("overtaken")

    def _ours(self, count: str) -> int:
        """A count of our own; what a stranger calls so may be anything."""
        return sum(getattr(one.checked, count, 0) for one in self._all if one.own)

    def steer(self, settings: Mapping[str, Any]) -> None:
        """Hand on other settings.

        Parameters
        ----------
        settings : by name; those that aren't named stay as they are
        """
        self._settings |= settings

    def tap(self, time: float) -> None:
        """Somebody taps the beat at `time`, s on the stream's clock."""
        for one in self._all:
            one.tap(time)

    def reset(self) -> None:
        """Forget the stream."""
        for one in self._all:
            one.reset()
        self._forget()

    def hop(self, hop: Hop) -> Heard:
        """Let all of them hear one hop."""
        now = self._now
        extra: list[tuple[Address, Value]] = []
        now[0] = now[_OF_FEATURES] = hop.time
        for one in self._all:
            values = one.hop(hop, self._settings.get(one.name))
            if values is None or one.checked is None:
                continue
            for field, at, kind in one.fields:
                now[field] = values[at] if kind is object else kind(values[at])
            if not one.own:
                extra += list(zip(one.checked.rows, values, strict=True))
        mood = Mood(*now[_OF_FEATURES:]) if self._judges else _NEUTRAL
        return Heard(Features(*now[:_OF_FEATURES]), mood, tuple(extra))

    def close(self) -> None:
        """Let them end what they started."""
        for one in self._all:
            one.worker.close()


def _place(plugin: Plugin) -> tuple[int, str]:
    own = plugin.own and plugin.name in ORDER
    return (ORDER.index(plugin.name) if own else len(ORDER), plugin.name)
