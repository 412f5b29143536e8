"""``[[map]]``: what we send, under the addresses and in the ranges of another program. As it is written; no output.

A row of the show file or of a preset becomes a `Map`; `artgen_osc.osc.mapping.shaping` runs it. The curves are written
by hand: a line of arithmetic on one number each, exact at both ends, which no library is needed for.
"""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from artgen_osc.errors import ConfigError, OscError
from artgen_osc.osc.pattern import matching
from artgen_osc.osc.targets import PRESETS, parse_target, presets
from artgen_osc.runtime.text import nearest, short
from artgen_osc.runtime.toml import read_toml, toml_value
from artgen_osc.schema.address import COUNT_MAX, Address
from artgen_osc.schema.address_table import Rows, by_path
from artgen_osc.schema.setting import read_table
from artgen_osc.schema.values import own_sent

Pair = tuple[float, float]

TYPES = ("f", "i", "T", "s", "I", "bang")
EVENTS = ("I", "bang")
CURVES: dict[str, Callable[[float], float]] = {
    "linear": lambda x: x,
    "square": lambda x: x * x,
    "root": math.sqrt,
    "smooth": lambda x: x * x * (3.0 - 2.0 * x),
    "log": lambda x: x,
}
"""What is done to 0..1. ``log`` is done before: the place of a number between two others, as the ear hears it."""

INPUTS: dict[str, Pair] = {
    "/artgen/level_db": (-60.0, 0.0),
    "/artgen/centroid_hz": (100.0, 8000.0),
    "/artgen/tempo_bpm": (60.0, 180.0),
    "/artgen/pitch_hz": (55.0, 1760.0),
    "/artgen/status/latency_ms": (0.0, 100.0),
}
"""What music makes of the widest rows; others are taken over their own range."""

MOST_ARGUMENTS = 64
LARGEST = float(COUNT_MAX)
"""Of any number in a map: it fits into every OSC type."""


@dataclass(frozen=True, slots=True)
class Map:
    """One row.

    Attributes
    ----------
    sources : addresses of ours, one for each value of the message
    to : the address that is sent
    target : as `parse_target` takes it; empty: every target without a preset
    type : OSC type of the values: ``f i s``, ``T`` (true or false), or an event: ``I`` or ``bang`` (no value)
    input : what becomes 0 and 1, for each source
    range : what 0 and 1 become
    curve : exponent, or one of `CURVES`
    smoothing : time constants in s of the way up and of the way down
    rate : messages a second at most; 0: all
    arguments : sent before the values, such as the number of a track
    pulses : those of the sources that are events
    """

    sources: tuple[str, ...]
    to: str
    target: str = ""
    type: str = "f"
    input: tuple[Pair, ...] = ()
    range: Pair = (0.0, 1.0)
    curve: float | str = "linear"
    smoothing: Pair = (0.0, 0.0)
    rate: float = 0.0
    arguments: tuple[float | int | str, ...] = ()
    pulses: tuple[str, ...] = ()

    def toml(self, ascii_only: bool = False) -> str:
        """As a row of a show file, with everything that counts in it; see `toml_value`."""
        values: dict[str, Any] = {
            "from": [source.removeprefix("/artgen/") for source in self.sources],
            "to": self.to,
            "type": self.type,
        }
        if self.target:
            values["target"] = self.target
        if self.type != "s":
            if len(set(self.input)) == 1:  # otherwise it is the sources' own
                values["input"] = self.input[0]
            if self.type in "fi":
                values["range"] = self.range
            values |= {"curve": self.curve, "smoothing": self.smoothing}
        if self.rate:
            values["rate"] = self.rate
        if self.arguments:
            values["arguments"] = self.arguments
        if len(self.sources) == 1:
            values["from"] = values["from"][0]
        lines = [f"{key} = {toml_value(value, ascii_only)}" for key, value in values.items()]
        return "\n".join(["[[map]]", *lines])


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= LARGEST


def _pair(value: object) -> Pair:
    if not isinstance(value, list) or len(value) != 2 or not all(map(_is_number, value)):
        raise ValueError(f"{short(value)} is not two numbers; write [low, high]")
    return float(value[0]), float(value[1])


def _full(name: str) -> str:
    return name if name.startswith("/") else f"/artgen/{name}"


def _sources(value: object, sent: Rows) -> tuple[Address, ...]:
    """Rows of a name, of names, or of OSC address patterns."""
    names: list[Any] = value if isinstance(value, list) else [value]
    if not names or not all(isinstance(name, str) for name in names):
        raise ValueError(f"{short(value)} is not an address of ours or a list of them; such as valence or bands/*")
    found: list[Address] = []
    for name in names:
        try:
            paths = matching(_full(name), sent)
        except OscError as error:
            raise ValueError(str(error)) from None
        if not paths:
            ours = [path.removeprefix("/artgen/") for path in sent]
            raise ValueError(f"{short(name)} is not sent; {nearest(_full(name).removeprefix('/artgen/'), ours)}")
        found += [sent[path] for path in paths]
    if len(found) > MOST_ARGUMENTS:
        raise ValueError(f"{short(value)} is {len(found)} addresses, where {MOST_ARGUMENTS} are the most")
    if len({row.kind == "string" for row in found}) > 1:
        raise ValueError(f"{short(value)} is text and numbers; choose either")
    return tuple(found)


def _to(value: object) -> str:
    if not isinstance(value, str) or not value.startswith("/") or not value.isprintable() or len(value) > 255:
        raise ValueError(f"{short(value)} is not an OSC address; write one that starts with /")
    return value


def _target(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{short(value)} is not a string; write a target such as resolume")
    try:
        if parse_target(value).lease:
            raise ValueError(f"{short(value)} has lease=, which is for subscriptions; leave it out")
    except OscError as error:
        raise ValueError(str(error)) from None
    return value


def _type(value: object) -> str:
    value = "I" if value == "impulse" else value
    if value not in TYPES:
        raise ValueError(f"{short(value)} is not known; {nearest(str(value), (*TYPES, 'impulse'))}")
    return str(value)


def _input(value: object) -> tuple[Pair, ...]:
    pair = _pair(value)
    if pair[0] == pair[1]:
        raise ValueError(f"{short(value)} is no range; write two different numbers")
    return (pair,)


def _curve(value: object) -> float | str:
    if isinstance(value, str) and value in CURVES:
        return value
    if not _is_number(value) or not 0.01 <= float(value) <= 100:  # type: ignore[arg-type]
        raise ValueError(
            f"{short(value)} is not known; choose an exponent from 0.01 to 100 or one of {', '.join(CURVES)}"
        )
    return float(value)  # type: ignore[arg-type]


def _smoothing(value: object) -> Pair:
    pair = (float(value), float(value)) if _is_number(value) else _pair(value)  # type: ignore[arg-type]
    if not all(0 <= seconds <= 60 for seconds in pair):
        raise ValueError(f"{short(value)} is out of range; choose seconds from 0 to 60, or [up, down]")
    return pair


def _rate(value: object) -> float:
    if not _is_number(value) or not 0.01 <= float(value) <= 1000:  # type: ignore[arg-type]
        raise ValueError(f"{short(value)} is no rate; choose a number from 0.01 to 1000")
    return float(value)  # type: ignore[arg-type]


def _arguments(value: object) -> tuple[float | int | str, ...]:
    good = isinstance(value, list) and all(
        "\0" not in item if isinstance(item, str) else _is_number(item) for item in value
    )
    if not isinstance(value, list) or not good:
        raise ValueError(f"{short(value)} is not a list of numbers and strings; write one such as [0]")
    return tuple(value)


CHECKS: dict[str, Callable[[object], Any]] = {
    "to": _to,
    "target": _target,
    "type": _type,
    "input": _input,
    "range": _pair,
    "curve": _curve,
    "smoothing": _smoothing,
    "rate": _rate,
    "arguments": _arguments,
}


def _complete(values: dict[str, Any]) -> Map:
    """Fill in what follows from the sources.

    Raises
    ------
    ValueError
        The type doesn't fit.
    """
    rows: tuple[Address, ...] = values.pop("from")
    text, counts = rows[0].kind == "string", all(row.counts for row in rows)
    kind = values.setdefault("type", "s" if text else "i" if counts else "f")
    if text and kind != "s":
        raise ValueError(f"type: {kind!r} doesn't fit {rows[0].path}, which is text; choose s")
    if "input" not in values:
        # A counter goes as it is: no other range would say anything.
        if counts and kind in "fi":
            values.setdefault("range", (rows[0].low, rows[0].high))
        values["input"] = tuple(INPUTS.get(row.path, (row.low, row.high)) for row in rows)
    else:
        values["input"] *= len(rows)
    if values.get("curve") == "log" and any(min(pair) <= 0 for pair in values["input"]):
        raise ValueError(f"curve: 'log' needs an input above 0; it is {list(values['input'][0])}")
    pulses = tuple(row.path for row in rows if row.pulse)
    return Map(tuple(row.path for row in rows), pulses=pulses, **values)


def read_rows(rows: object, where: str, sent: Rows) -> tuple[tuple[Map, ...], list[str]]:
    """The maps of a file, and every mistake in them.

    Parameters
    ----------
    rows : what stands under ``map`` in the TOML file
    where : the file's name
    sent : what there is to map, by path
    """
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return (), [f"map: is not a list of tables; write [[map]] before each of them; change it in {where}"]
    checks = {"from": lambda value: _sources(value, sent), **CHECKS}
    maps: list[Map] = []
    mistakes: list[str] = []
    for number, row in enumerate(rows, 1):
        values, wrong = read_table(row, checks)
        wrong += [f"{key}: is missing; every map needs it" for key in ("from", "to") if key not in row]
        if not wrong:
            try:
                maps.append(_complete(values))
            except ValueError as error:
                wrong.append(str(error))
        mistakes += [f"map {number}, {text}; change it in {where}" for text in wrong]
    return tuple(maps), mistakes


@functools.cache
def preset(name: str) -> tuple[Map, ...]:
    """The maps of a preset.

    Raises
    ------
    ConfigError
        It isn't known.
    """
    if name not in presets():
        raise ConfigError(f"preset {name}: isn't known; {nearest(name, presets())}")
    path = PRESETS / f"{name}.toml"
    maps, mistakes = read_rows(read_toml(path).get("map"), path.name, by_path(own_sent()))
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    return maps
