"""Runs the extractors of a show: ours first, then those that were added."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from math import inf
from typing import Any

import numpy as np

from artgen_osc.analysis.hop import Hop
from artgen_osc.analysis.kind import Extractor
from artgen_osc.config.plugins import own_registry
from artgen_osc.errors import ArtgenError, PluginError
from artgen_osc.plugins.factory import classes, make
from artgen_osc.plugins.isolation import IsolatedPlugin
from artgen_osc.plugins.registry import Plugin, Registry
from artgen_osc.runtime.text import printable, unexpected
from artgen_osc.schema.address import Address, Value
from artgen_osc.schema.values import BEAT_TIME, HARMONY, N_BANDS, NOTES, OUTPUTS, Features, Mood

FEATURES = ("level", "onsets", "rhythm", "pitch", "harmony")
"""Ours whose values are `Features`."""

ORDER = (*FEATURES, "mood")
"""In this order ours run; those that were added run after them, by their names."""

BUDGET_S = 0.005
"""So long may one that was added take for a hop, of which there are 86 a second."""

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


class Checked:
    """An extractor whose values are looked at before anybody else sees them.

    Parameters
    ----------
    extractor : somebody's
    """

    def __init__(self, extractor: Extractor) -> None:
        self._extractor = extractor
        self._rows = tuple(extractor.outputs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._extractor, name)

    def hop(self, hop: Hop) -> Sequence[Value]:
        """See `Extractor`.

        Raises
        ------
        PluginError
            There are more or fewer values than outputs, or one isn't what its output says.
        """
        values = self._extractor.hop(hop)
        if len(values) != len(self._rows):
            raise PluginError(f"gave {len(values)} values for {len(self._rows)} outputs")
        return [self._checked(row, value) for row, value in zip(self._rows, values, strict=True)]

    @staticmethod
    def _checked(row: Address, value: object) -> Value:
        if isinstance(value, (np.generic, np.ndarray)):
            value = value.item() if value.size == 1 else value
        try:
            checked = row.check((value,))
        except (ValueError, OverflowError) as error:
            raise PluginError(f"{row.path}: {error}") from None
        return printable(checked)[:LONGEST_TEXT] if isinstance(checked, str) else checked


class _Running:
    """One extractor at work, and where its values go."""

    def __init__(self, plugin: Plugin, extractor: Extractor) -> None:
        self.own = plugin.own
        self.extractor = extractor
        self.name = plugin.name
        self.rows = tuple(extractor.outputs)
        self.running = IsolatedPlugin(
            plugin, extractor if self.own else Checked(extractor), inf if self.own else BUDGET_S
        )
        self.fields = _fields(self.rows) if self.own else []
        self._pulses = [at for at, row in enumerate(self.rows) if row.pulse]
        self._last: Sequence[Value] | None = None

    def hop(self, hop: Hop) -> Sequence[Value] | None:
        """Its values; the last ones where it fails, None before there were any."""
        values: Sequence[Value] | None = self.running.call("hop", hop)
        if values is self._last and self._pulses and values is not None:
            # An event of the past isn't one of this hop.
            return [0.0 if at in self._pulses else value for at, value in enumerate(values)]
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
                    made = make(plugin, self._made, plugin, loaded, live)
                    self._all += [made] if made is not None else []
        except ArtgenError:
            self.close()
            raise
        self._judges = any(one.own and one.name == ORDER[-1] for one in self._all)
        self._forget()

    def _made(self, plugin: Plugin, loaded: Any, live: bool) -> _Running:
        declared = getattr(loaded, "Settings", None)
        given = self._settings.setdefault(plugin.name, declared() if declared else None)
        extractor = loaded(given)
        if live and hasattr(extractor, "live"):
            extractor.live()
        return _Running(plugin, extractor)

    def _forget(self) -> None:
        self._now = [_START.get(name, 0.0) for name in _FIELDS]

    @property
    def failures(self) -> int:
        """Calls that failed, and what went wrong beside them, so far."""
        return sum(one.running.failures + getattr(one.extractor, "failures", 0) for one in self._all)

    @property
    def overtaken(self) -> int:
        """What was not computed beside the hops so far, since newer sound had come."""
        return sum(getattr(one.extractor, "overtaken", 0) for one in self._all)

    def steer(self, settings: Mapping[str, Any]) -> None:
        """Hand on other settings.

        Parameters
        ----------
        settings : by name; those that aren't named stay as they are
        """
        for one in self._all:
            given = settings.get(one.name, self._settings.get(one.name))
            if given is not self._settings.get(one.name):
                self._settings[one.name] = given
                try:
                    one.extractor.settings = given
                except Exception as error:  # a property of a stranger
                    one.running.fail(unexpected(error))

    def tap(self, time: float) -> None:
        """Somebody taps the beat at `time`, s on the stream's clock."""
        for one in self._all:
            if hasattr(one.extractor, "tap"):
                one.running.call("tap", time)

    def reset(self) -> None:
        """Forget the stream."""
        for one in self._all:
            one.running.call("reset")
        self._forget()

    def hop(self, hop: Hop) -> Heard:
        """Let all of them hear one hop."""
        now = self._now
        extra: list[tuple[Address, Value]] = []
        now[0] = now[_OF_FEATURES] = hop.time
        for one in self._all:
            values = one.hop(hop)
            if values is None:
                continue
            for field, at, kind in one.fields:
                now[field] = values[at] if kind is object else kind(values[at])
            if not one.own:
                extra += list(zip(one.rows, values, strict=True))
        mood = Mood(*now[_OF_FEATURES:]) if self._judges else _NEUTRAL
        return Heard(Features(*now[:_OF_FEATURES]), mood, tuple(extra))

    def close(self) -> None:
        """Let them end what they started."""
        for one in self._all:
            one.running.close()


def _place(plugin: Plugin) -> tuple[int, str]:
    own = plugin.own and plugin.name in ORDER
    return (ORDER.index(plugin.name) if own else len(ORDER), plugin.name)
