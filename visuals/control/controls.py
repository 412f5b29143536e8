"""From received OSC values to a `Control`: what the show should look like now.

The newest value of an address wins. Whatever counts (onsets, next picture, snapshot) is
handed on as a number that only grows, so nobody downstream can miss or repeat an event.
"""

import logging
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from artgen_osc.config.contract import Contract
from artgen_osc.config.modulation import Connection
from artgen_osc.config.tables import Config, VisualsConfig
from artgen_osc.runtime.guard import Guard
from artgen_osc.schema.address import EXTRA, VALUES, Address, Value
from visuals.control.connections import Connections

log = logging.getLogger(__name__)

STALE_S = 2.0
"""Without a value from the daemon for this long, the mood goes back to neutral."""

REPEAT_S = 0.15
"""The same seed or trigger again within this time is one press: CHOPs repeat at their frame rate."""

MOST_MODELS = 6
"""Of the files to load ahead, the last ones count: all of them and the two that paint have room in the cache."""

MOST_EXTRA = 512
"""Values of added extractors, and values that somebody sends to drive the picture by. More is a flood."""

NEUTRAL = 0.5


@dataclass(frozen=True, slots=True)
class Control:
    """The newest values as received.

    Attributes
    ----------
    settings : the renderer's settings with every change that came in
    valence, energy : the mood to move towards, 0..1
    confidence, level, low, mid, high : from the daemon, 0..1
    tempo_confidence, beat_phase, bar_phase : from the daemon, 0..1
    tempo_bpm : from the daemon, 0 while there is none
    key, title : from the daemon, empty while there is none
    input, page : name of what the daemon hears and address of its page; empty while there is none
    silent : s since the daemon has heard something, 0 while it does
    onsets, beats : heard since the renderer started
    cues : how often a seed was asked for
    nexts : how often the next picture was asked for
    snapshots : how often a snapshot was asked for
    age : s since the daemon's last value; infinite before the first
    quit : whether the renderer should close
    plugin : the settings of each plugin, by its name, likewise
    extra : what added extractors send, by its path
    heard : the daemon's numbers, and those that are sent to drive the picture by, by path; empty without connections
    connections : what drives what
    """

    settings: VisualsConfig
    valence: float = NEUTRAL
    energy: float = NEUTRAL
    confidence: float = 0.0
    level: float = 0.0
    low: float = 0.0
    mid: float = 0.0
    high: float = 0.0
    tempo_confidence: float = 0.0
    beat_phase: float = 0.0
    bar_phase: float = 0.0
    tempo_bpm: float = 0.0
    key: str = ""
    title: str = ""
    input: str = ""
    page: str = ""
    silent: float = 0.0
    onsets: int = 0
    beats: int = 0
    cues: int = 0
    nexts: int = 0
    snapshots: int = 0
    age: float = math.inf
    quit: bool = False
    plugin: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, float] = field(default_factory=dict)
    heard: Mapping[str, float] = field(default_factory=dict)
    connections: tuple[Connection, ...] = ()

    @property
    def stale(self) -> bool:
        """Whether the daemon has gone quiet, and nobody set the mood by hand."""
        return self.age > STALE_S and not self.settings.manual


class _Events:
    """Counts onsets or beats from a counter, so that none is lost or told twice."""

    def __init__(self) -> None:
        self.total = 0
        self.forget()

    def forget(self) -> None:
        """The sender may begin anew; the total stays."""
        self._count: int | None = None
        self._high = False

    def count(self, count: int) -> None:
        """The sender's counter. A smaller number is a daemon that started again: count on from there."""
        if self._count is not None:
            self.total += max(0, count - self._count)
        self._count = count

    def pulse(self, value: float) -> None:
        """Only for senders without the counter, such as a patch that plays the daemon's part."""
        high = value >= 0.5
        self.total += self._count is None and high and not self._high
        self._high = high


class Controls:
    """Collects messages; `now` answers with a `Control`.

    Parameters
    ----------
    config : what holds until a message changes it
    contract : what can be set
    refuse : is told an address and the reason where a message fails in a way that nobody foresaw; None: the log

    Attributes
    ----------
    config : the settings with every change that came in
    contract : as given
    connections : what drives what
    """

    def __init__(self, config: Config, contract: Contract, refuse: Callable[[str, str], None] | None = None) -> None:
        self.config, self.contract = config, contract
        self._refuse = refuse or (lambda what, reason: log.warning("%s: %s", what, reason))
        self._guard = Guard(self._refuse)
        self.connections = Connections(contract.settings.values(), config.modulate, self._refuse)
        self._sent: dict[str, float] = {}
        self._told: tuple[Config, Mapping[str, Value]] | None = None
        self._music: dict[str, float] = {}
        self._extra: Mapping[str, float] = {}
        self._words: dict[str, str] = {}
        self._silent = 0.0
        self._last_music = -math.inf
        self._events = {"/artgen/onset": _Events(), "/artgen/beat": _Events()}
        self._counts = {"/visuals/seed": 0, "/visuals/seed/next": 0, "/visuals/snapshot": 0, "/visuals/quit": 0}
        self._pressed: dict[str, tuple[Value, float]] = {}

    def take(self, messages: Iterable[tuple[Address, Value]], time: float) -> Control:
        """Do what messages say, each for itself: one that fails leaves the others.

        Parameters
        ----------
        messages : as for `receive`
        time : s, monotonic
        """
        for message in messages:
            with self._guard(message[0].path):
                self.receive([message], time)
        return self.now(time)

    def values(self) -> Mapping[str, Value]:
        """How all that has a value is set, by path; the same object until something changes."""
        if self._told is None or self._told[0] is not self.config:
            rows = self.contract.addresses.visuals.values()
            values = {row.path: value for row, value in self.contract.current(rows, self.config)}
            self._told = self.config, values
        return self._told[1]

    def receive(self, messages: Iterable[tuple[Address, Value]], time: float) -> None:
        """Take values that the receiver has validated.

        Parameters
        ----------
        messages : rows of the address table and their values, oldest first
        time : s, monotonic
        """
        for row, value in messages:
            if row.path.startswith(VALUES):
                if isinstance(value, float) and (row.path in self._sent or len(self._sent) < MOST_EXTRA):
                    self._sent[row.path] = value
            elif row.path.startswith("/visuals/"):
                self._visuals(row, value, time)
            elif isinstance(value, str):
                self._words[row.path] = value
            else:
                self._daemon(row.path, value, time)

    def now(self, time: float) -> Control:
        """The newest values at `time` (s, monotonic)."""
        settings, music = self.config.visuals, self._music
        age = time - self._last_music
        if settings.manual:
            mood = settings.valence, settings.energy
        elif age > STALE_S:
            mood = NEUTRAL, NEUTRAL
        else:
            mood = music.get("/artgen/valence", NEUTRAL), music.get("/artgen/energy", NEUTRAL)
        return Control(
            settings=settings,
            plugin=self.config.plugin,
            extra=self._extra if age <= STALE_S else {},
            heard=self._heard(age) if self.connections.rows else {},
            connections=self.connections.rows,
            valence=mood[0],
            energy=mood[1],
            confidence=music.get("/artgen/mood/confidence", 0.0),
            level=music.get("/artgen/level", 0.0),
            low=music.get("/artgen/low", 0.0),
            mid=music.get("/artgen/mid", 0.0),
            high=music.get("/artgen/high", 0.0),
            tempo_confidence=music.get("/artgen/tempo/confidence", 0.0) if age <= STALE_S else 0.0,
            beat_phase=music.get("/artgen/beat/phase", 0.0),
            bar_phase=music.get("/artgen/bar/phase", 0.0),
            tempo_bpm=music.get("/artgen/tempo_bpm", 0.0) if age <= STALE_S else 0.0,
            key=self._words.get("/artgen/key", "") if age <= STALE_S else "",
            title=self._words.get("/artgen/title", "") if age <= STALE_S else "",
            input=self._words.get("/artgen/status/input", "") if age <= STALE_S else "",
            page=self._words.get("/artgen/status/page", "") if age <= STALE_S else "",
            silent=self._silent if age <= STALE_S else 0.0,
            onsets=self._events["/artgen/onset"].total,
            beats=self._events["/artgen/beat"].total,
            cues=self._counts["/visuals/seed"],
            nexts=self._counts["/visuals/seed/next"],
            snapshots=self._counts["/visuals/snapshot"],
            age=age,
            quit=self._counts["/visuals/quit"] > 0,
        )

    def _heard(self, age: float) -> Mapping[str, float]:
        return {**self._music, **self._sent} if age <= STALE_S else self._sent

    def _visuals(self, row: Address, value: Value, time: float) -> None:
        if row.path in self._counts:
            before = self._pressed.get(row.path)
            self._pressed[row.path] = (value, time)
            released = row.kind == "trigger" and value == 0
            if released or (before is not None and before[0] == value and time - before[1] < REPEAT_S):
                return
            self._counts[row.path] += 1
        if row.setting:
            new: Any = bool(value) if row.kind == "toggle" else value
            if row.adds and isinstance(value, str):
                present = self.contract.get(self.config, row.setting)
                new = tuple(dict.fromkeys((*present, value)))[-MOST_MODELS:]
            try:
                self.config = self.contract.replace(self.config, row.setting, new)
            except ValueError as error:
                self._refuse(row.path, str(error))

    def _daemon(self, path: str, value: float, time: float) -> None:
        if path == "/artgen/status/silent":
            self._silent = value
        if path.startswith("/artgen/status/"):
            return
        if time - self._last_music > STALE_S:
            for events in self._events.values():
                events.forget()
        self._last_music = time
        name, _, last = path.rpartition("/")
        if path.startswith(EXTRA):
            if path in self._extra or len(self._extra) < MOST_EXTRA:
                self._extra = {**self._extra, path: value}
        elif path in self._events:
            self._events[path].pulse(value)
        elif last == "count":
            self._events[name].count(int(value))
        else:
            self._music[path] = value
