"""``[[modulate]]``: what drives which setting of the picture, as it is written. Nothing moves here.

A row of the show file, of a scene or of an OSC message becomes a `Connection`; `visuals.modulation.matrix` runs it.
What a source may be is in `artgen_osc.config.modulation_sources`.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from artgen_osc.config.modulation_sources import Heard, Lfo, Pair, Source, number, read_source
from artgen_osc.osc.mapping.rows import CURVES
from artgen_osc.runtime.text import nearest, short
from artgen_osc.runtime.toml import parse_toml, toml_value
from artgen_osc.schema.setting import Setting, read_table

MOST_ROWS = 2000
LONGEST_TEXT = 4096
LONGEST_S = 60.0

TABLE = "modulate"
"""What the rows are called in a file."""

DRAWN = ("/visuals/effect/", "/visuals/layer/")
"""Where the addresses of plugins begin whose settings draw."""

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")

Targets = Mapping[str, Setting]
"""What can be driven, by ``table.key`` and by address."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One row.

    Attributes
    ----------
    source : what drives
    target : the setting that is driven: a number, or a switch, which is on from the middle upwards
    amount : -1..1 of the target's whole range
    input : what of the source counts as 0 and as 1
    curve : exponent, or one of `artgen_osc.osc.mapping.rows.CURVES`
    attack, release : time constants in s of the way up and of the way down
    bipolar : whether it moves to both sides of where the target is set, or away from there to one
    on : whether it counts
    name : by which it is changed while it plays; empty: it is named after its target
    """

    source: Source
    target: Setting
    amount: float = 0.5
    input: Pair = (0.0, 1.0)
    curve: float | str = "linear"
    attack: float = 0.02
    release: float = 0.1
    bipolar: bool = False
    on: bool = True
    name: str = ""

    @property
    def given(self) -> dict[str, Any]:
        """What has to be written of it."""
        values: dict[str, Any] = {"name": self.name} if self.name else {}
        values |= {"source": self.source.given, "target": self.target.key, "amount": round(self.amount, 6)}
        if self.input != _input_of(self.source):
            values["input"] = self.input
        if self.curve != "linear":
            values["curve"] = self.curve
        values |= {"attack": self.attack, "release": self.release}
        if self.bipolar != isinstance(self.source, Lfo):
            values["polarity"] = "bipolar" if self.bipolar else "unipolar"
        return values if self.on else values | {"on": False}

    def toml(self, ascii_only: bool = False) -> str:
        """As a row of a file; see `toml_value`."""
        return "\n".join([f"[[{TABLE}]]", *(f"{key} = {toml_value(v, ascii_only)}" for key, v in self.given.items())])


def targets_of(settings: Iterable[Setting]) -> dict[str, Setting]:
    """What can be driven of some settings: the numbers and switches that make the picture, and that a scene holds.

    Parameters
    ----------
    settings : of a show
    """
    found: dict[str, Setting] = {}
    for one in settings:
        row = one.row
        drawn = one.table == "visuals" or one.address.startswith(DRAWN)
        if row and drawn and one.scene and row.kind in ("float", "int", "toggle") and not row.counts:
            found |= {one.key: one, one.address: one}
    return found


def _input_of(source: Source) -> Pair:
    return source.input if isinstance(source, Heard) else (0.0, 1.0)


def _target(value: object, targets: Targets) -> Setting:
    found = targets.get(value) if isinstance(value, str) else None
    if found is None:
        keys = [key for key in targets if key.startswith("/") == str(value).startswith("/")]
        raise ValueError(f"{short(value)} is no number or switch of the picture; {nearest(str(value), keys)}")
    return found


def _input(value: object) -> Pair:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError(f"{short(value)} is not two numbers; write [low, high]")
    low, high = (number(end, -1e9, 1e9) for end in value)
    if low == high:
        raise ValueError(f"{short(value)} is no range; write two different numbers")
    return low, high


def _curve(value: object) -> float | str:
    if isinstance(value, str):
        if value not in CURVES:
            raise ValueError(f"{short(value)} is not known; {nearest(value, CURVES)}")
        return value
    return number(value, 0.01, 100.0)


def _polarity(value: object) -> bool:
    if value not in ("unipolar", "bipolar"):
        raise ValueError(f"{short(value)} is not known; {nearest(str(value), ('unipolar', 'bipolar'))}")
    return value == "bipolar"


def _on(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{short(value)} is not true or false")
    return value


def _name(value: object) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ValueError(f"{short(value)} is no name; write up to 64 letters, digits, ., - and _")
    return value


CHECKS: dict[str, Callable[[object], Any]] = {
    "source": read_source,
    "amount": lambda value: number(value, -1.0, 1.0),
    "input": _input,
    "curve": _curve,
    "attack": lambda value: number(value, 0.0, LONGEST_S),
    "release": lambda value: number(value, 0.0, LONGEST_S),
    "polarity": _polarity,
    "on": _on,
    "name": _name,
}


def _row(given: Mapping[str, object], targets: Targets) -> tuple[Connection | None, list[str]]:
    """A connection, or every mistake in it."""
    checks = {**CHECKS, "target": lambda value: _target(value, targets)}
    values, wrong = read_table(given, checks)
    wrong += [f"{key}: is missing; every row needs it" for key in ("source", "target") if key not in given]
    if wrong:
        return None, wrong
    source: Source = values["source"]
    values.setdefault("input", _input_of(source))
    values["bipolar"] = values.pop("polarity", isinstance(source, Lfo))
    if min(values["input"]) <= 0 and values.get("curve") == "log":
        wrong.append(f"curve: 'log' needs an input above 0; it is {list(values['input'])}")
    return (None if wrong else Connection(**values)), wrong


def read_connections(
    rows: object, targets: Targets, unusable: Collection[str] = ()
) -> tuple[tuple[Connection, ...], list[str]]:
    """The connections of a file, and every mistake in it; a wrong row leaves the others.

    Parameters
    ----------
    rows : what stands under ``modulate`` in the TOML file
    targets : what can be driven
    unusable : tables of plugins that can't be used; rows to their settings are passed over
    """
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return (), [f"{TABLE}: is not a list of tables; write [[{TABLE}]] before each of them"]
    found: list[Connection] = []
    mistakes: list[str] = []
    names: set[str] = set()
    for at, given in enumerate(rows[:MOST_ROWS], 1):
        if _table_of(given.get("target")) in unusable:
            continue
        row, wrong = _row(given, targets)
        if row is not None and row.name and row.name in names:
            wrong = [f"name: {row.name!r} is the name of two rows; choose another for one of them"]
        elif row is not None:
            found.append(row)
            names.add(row.name)
        mistakes += [f"{TABLE} {at}, {text}" for text in wrong]
    if len(rows) > MOST_ROWS:
        mistakes.append(f"{TABLE}: has {len(rows)} rows; {MOST_ROWS} at most")
    return tuple(found), mistakes


def _table_of(target: object) -> str:
    """The table in which a target stands, whether it is named by its key or by its address."""
    text = str(target)
    if text.startswith(DRAWN):
        return f"plugin.{text.split('/')[3]}"
    return text.rpartition(".")[0]


def parse_connection(text: str, targets: Targets) -> Connection:
    """A row on one line, in the words of a file: ``source = "low", target = "visuals.grain", amount = 0.3``.

    Parameters
    ----------
    text : as it came
    targets : what can be driven

    Raises
    ------
    ValueError
        It isn't one; with every mistake.
    """
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"has {len(text)} letters; {LONGEST_TEXT} at most")
    line = " ".join(text.split())
    row = parse_toml(f"row = {{ {line.removeprefix('{').removesuffix('}') if line.startswith('{') else line} }}")["row"]
    found, wrong = _row(row, targets)
    if found is None:
        raise ValueError("; ".join(wrong))
    return found
