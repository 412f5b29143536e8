"""What may drive a setting: something that is heard or sent, or a modulator of our own. As it is written.

A source is written as a name, or as a table whose first key says what it is: ``{ lfo = "sine", every = "2 beats" }``.
Two rows with the same source move together.
"""

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from artgen_osc.osc.mapping.rows import INPUTS
from artgen_osc.runtime.text import nearest, short
from artgen_osc.schema.address import EXTRA, VALUES, Address, extra
from artgen_osc.schema.address_table import Rows, by_path
from artgen_osc.schema.setting import read_table
from artgen_osc.schema.values import own_sent

Pair = tuple[float, float]
Unit = Literal["s", "beat", "bar"]

WAVES = ("sine", "triangle", "saw", "square", "random")
MOST_STEPS = 64
SHORTEST, SHORTEST_S, LONGEST = 1.0 / 64.0, 0.05, 4096.0
"""Of a turn or a step, in beats or bars and in seconds."""

MIDI = re.compile(r"midi/(?:(?:cc|note)/(?:\d|[1-9]\d|1[01]\d|12[0-7])|bend|pressure)")
"""What a MIDI port says, by name; its addresses are below `VALUES`."""

_EVERY = re.compile(r"\s*(\d{1,4}(?:\.\d{1,6})?)\s*(?:/\s*(\d{1,4}))?\s*(s|beats?|bars?)\s*")


@dataclass(frozen=True, slots=True)
class Every:
    """How long one turn, or one step, takes.

    Attributes
    ----------
    length : in its unit, > 0
    unit : ``s``, ``beat`` or ``bar``; the last two follow the music
    text : as it was written; empty for seconds
    """

    length: float
    unit: Unit
    text: str = ""

    @property
    def given(self) -> float | str:
        """As it is written."""
        return self.length if self.unit == "s" else self.text

    @property
    def label(self) -> str:
        """What people are told."""
        return f"{self.length:g} s" if self.unit == "s" else self.text


@dataclass(frozen=True, slots=True)
class Heard:
    """A number that is heard or sent.

    Attributes
    ----------
    path : its address
    input : what of it is 0 and 1 unless a row says otherwise
    pulse : whether it is an event: it is 1 at once, and dies away
    """

    path: str
    input: Pair = (0.0, 1.0)
    pulse: bool = False

    @property
    def given(self) -> str:
        """As it is written."""
        return self.label

    @property
    def label(self) -> str:
        """What people are told."""
        if self.path.startswith(VALUES):
            return self.path.removeprefix(VALUES) if MIDI.fullmatch(self.path.removeprefix(VALUES)) else self.path
        return self.path.removeprefix("/artgen/")


@dataclass(frozen=True, slots=True)
class Lfo:
    """A low frequency oscillator, 0..1.

    Attributes
    ----------
    wave : one of `WAVES`
    every : its period
    phase : where in the period it begins, 0..1
    """

    wave: str
    every: Every
    phase: float = 0.0

    @property
    def given(self) -> dict[str, Any]:
        """As it is written."""
        values: dict[str, Any] = {"lfo": self.wave, "every": self.every.given}
        return values | ({"phase": self.phase} if self.phase else {})

    @property
    def label(self) -> str:
        """What people are told."""
        return f"{self.wave}, {self.every.label}"


@dataclass(frozen=True, slots=True)
class Adsr:
    """An envelope that an event starts, 0..1.

    Attributes
    ----------
    path : address of the event
    attack, decay, release : s
    sustain : 0..1, where it stays after the decay
    hold : s from the event to the release, at least; a value of 0.5 or more holds it longer
    """

    path: str
    attack: float = 0.02
    decay: float = 0.2
    sustain: float = 0.5
    hold: float = 0.1
    release: float = 0.5

    @property
    def given(self) -> dict[str, Any]:
        """As it is written."""
        values: dict[str, Any] = {"adsr": Heard(self.path).given}
        return values | {key: getattr(self, key) for key in ("attack", "decay", "sustain", "hold", "release")}

    @property
    def label(self) -> str:
        """What people are told."""
        return f"envelope on {Heard(self.path).label}"


@dataclass(frozen=True, slots=True)
class Steps:
    """A step sequencer.

    Attributes
    ----------
    values : 0..1, one for each step
    every : how long a step is
    """

    values: tuple[float, ...]
    every: Every

    @property
    def given(self) -> dict[str, Any]:
        """As it is written."""
        return {"steps": self.values, "every": self.every.given}

    @property
    def label(self) -> str:
        """What people are told."""
        return f"{len(self.values)} steps, {self.every.label} each"


@dataclass(frozen=True, slots=True)
class Near:
    """How near the mood is to a place of its plane: 1 there, 0 from a distance on.

    Attributes
    ----------
    valence, energy : the place
    reach : the distance
    """

    valence: float
    energy: float
    reach: float = 0.5

    @property
    def given(self) -> dict[str, Any]:
        """As it is written."""
        return {"mood": (self.valence, self.energy), "reach": self.reach}

    @property
    def label(self) -> str:
        """What people are told."""
        return f"mood near {self.valence:g}, {self.energy:g}"


Source = Heard | Lfo | Adsr | Steps | Near


@functools.cache
def _sent() -> Rows:
    """What music makes, as numbers; counters and what a daemon says of itself drive nothing."""
    rows = (row for row in own_sent() if row.kind != "string" and not row.counts)
    return by_path(row for row in rows if not row.path.startswith("/artgen/status/"))


def number(value: object, low: float, high: float) -> float:
    """A number as it is needed.

    Parameters
    ----------
    value : as it was given
    low, high : the closed range

    Raises
    ------
    ValueError
        It isn't one, or is out of range.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise ValueError(f"{short(value)} is not a number from {low:g} to {high:g}")
    return float(value)


def _address(value: object) -> Address:
    """The row of a name such as ``low``, ``bands/3``, ``x/NAME/VALUE``, ``midi/cc/7``, or of an address."""
    name = str(value) if isinstance(value, str) else ""
    if name.startswith("midi/"):
        if not MIDI.fullmatch(name):
            raise ValueError(
                f"{short(value)} is no source; write midi/cc/7, midi/note/60 (0 to 127), midi/bend or midi/pressure"
            )
        name = VALUES + name
    path = name if name.startswith("/") else f"/artgen/{name}"
    row = _sent().get(path)
    if path.startswith((EXTRA, VALUES)):
        if extra(path) is None:
            raise ValueError(f"{short(value)} is no address; its parts are letters, digits, -, _ and . between /")
        return Address(path, "float", "")
    if row is None:
        known = [path.removeprefix("/artgen/") for path in _sent()]
        tables = "write a name such as low, or a table with " + ", ".join(KINDS)
        raise ValueError(f"{short(value)} is no source; {nearest(name, known) if name else tables}")
    return row


def _heard(value: object) -> Heard:
    row = _address(value)
    return Heard(row.path, INPUTS.get(row.path, (row.low, row.high)), row.pulse)


def _every(value: object) -> Every:
    found = _EVERY.fullmatch(value) if isinstance(value, str) else None
    if isinstance(value, str) and found is None:
        raise ValueError(f'{short(value)} is no length of time; write seconds, "2 beats", "1/2 beat" or "4 bars"')
    if found:
        length = float(found[1]) / max(1, int(found[2] or 1))
        unit: Unit = "s" if found[3] == "s" else "beat" if found[3].startswith("beat") else "bar"
    else:
        length, unit = number(value, SHORTEST_S, LONGEST), "s"
    shortest = SHORTEST_S if unit == "s" else SHORTEST
    if not shortest <= length <= LONGEST:
        raise ValueError(f"{short(value)} is out of range; choose from {shortest:g} to {LONGEST:g}")
    return Every(length, unit, "" if unit == "s" else " ".join(str(value).split()))


def _wave(value: object) -> str:
    if value not in WAVES:
        raise ValueError(f"{short(value)} is not known; {nearest(str(value), WAVES)}")
    return str(value)


def _values(value: object) -> tuple[float, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_STEPS:
        raise ValueError(f"{short(value)} is not a list of 1 to {MOST_STEPS} numbers")
    return tuple(number(one, 0.0, 1.0) for one in value)


def _place(value: object) -> Pair:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError(f"{short(value)} is not a place; write [valence, energy]")
    return number(value[0], 0.0, 1.0), number(value[1], 0.0, 1.0)


def _ranged(low: float, high: float) -> Callable[[object], float]:
    return lambda value: number(value, low, high)


_SECONDS, _PART = _ranged(0.0, 60.0), _ranged(0.0, 1.0)

_Checks = Mapping[str, Callable[[object], Any]]

KINDS: Mapping[str, tuple[_Checks, Callable[..., Source]]] = {
    "lfo": (
        {"lfo": _wave, "every": _every, "phase": _PART},
        lambda lfo, every=Every(4.0, "s"), phase=0.0: Lfo(lfo, every, phase),
    ),
    "adsr": (
        {
            "adsr": lambda value: _address(value).path,
            "attack": _SECONDS,
            "decay": _SECONDS,
            "sustain": _PART,
            "hold": _SECONDS,
            "release": _SECONDS,
        },
        lambda adsr, **given: Adsr(adsr, **given),
    ),
    "steps": (
        {"steps": _values, "every": _every},
        lambda steps, every=Every(1.0, "beat", "1 beat"): Steps(steps, every),
    ),
    "mood": (
        {"mood": _place, "reach": _ranged(0.01, 2.0)},
        lambda mood, reach=0.5: Near(mood[0], mood[1], reach),
    ),
}
"""The modulators, by the key that says what one is: what may stand in its table, and what that makes."""


def read_source(value: object) -> Source:
    """A source as it is written.

    Parameters
    ----------
    value : a name, an address or a table

    Raises
    ------
    ValueError
        It is none; with every mistake.
    """
    if not isinstance(value, dict):
        return _heard(value)
    kind = next((kind for kind in KINDS if kind in value), None)
    if kind is None:
        raise ValueError(f"{short(value)} is no source; a table has one of {', '.join(KINDS)} in it")
    checks, make = KINDS[kind]
    values, wrong = read_table(value, checks, f"word of {kind}")
    if wrong:
        raise ValueError("; ".join(wrong))
    return make(**values)
