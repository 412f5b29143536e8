"""How a setting is declared: once, as a field of a frozen dataclass.

The field's key in the show file, its flag, its check, its OSC address, its OSCQuery node, its card on the page and its
row in the documentation all follow from it.
"""

import contextlib
import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from artgen_osc.runtime.text import nearest, short
from artgen_osc.schema.address import COUNT_MAX, Address, Kind

_KINDS: dict[type, Kind] = {bool: "toggle", int: "int", float: "float", str: "string", tuple: "string"}
_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}


def setting(
    default: Any,
    doc: str,
    low: float | None = None,
    high: float | None = None,
    unit: str = "",
    *,
    choices: tuple[str, ...] = (),
    item: str = "",
    address: str = "",
    own: bool = False,
    scene: bool = True,
    key: str = "",
    path: bool = False,
    secret: bool = False,
    check: Callable[[Any], None] | None = None,
) -> Any:
    """A field of a dataclass of settings.

    Parameters
    ----------
    default : bool, int, float, str, or a tuple of strings; its type is the setting's
    doc : one line, for the show file, the flag's help, OSCQuery, the page and the documentation
    low, high : the closed range of a number; with an address 0..1 unless given, else any
    unit : such as ``s``; empty for a plain number
    choices : the only strings that count; none: any
    item : for a tuple, what one of its strings is, such as ``FILE``
    address : the OSC address that changes it while the show runs; empty: it counts from the next start on.
        For a tuple, a message adds one string to it
    own : see `Address`
    scene : whether a scene keeps it, if it is the renderer's; false for what belongs to the evening, not to the picture
    key : ``table.name`` in the show file, where that is another one than the dataclass's and the field's
    path : whether it names a file or a folder, which is looked for beside the show file that names it
    secret : whether it has no address, so that nobody on the network can read it; a show file or a flag gives it
    check : is called with a value of the right type and raises ValueError where it can't be used
    """
    declared: dict[str, Any] = {"doc": doc, "low": low, "high": high, "unit": unit, "choices": choices, "item": item}
    declared |= {"address": address, "own": own, "scene": scene, "key": key, "path": path, "secret": secret}
    declared["more"] = check
    return dataclasses.field(default=default, metadata=declared)


@dataclass(frozen=True, slots=True)
class Setting:
    """A declared setting.

    Attributes
    ----------
    key : ``table.name`` in the show file
    table, field : where the value is held: see `settings_of`, and the field's name
    default, doc, low, high, unit, choices, item, address, own, scene, path, secret : see `setting`
    more : `setting`'s check
    """

    key: str
    table: str
    field: str
    default: Any
    doc: str
    low: float
    high: float
    unit: str
    choices: tuple[str, ...]
    item: str
    address: str
    own: bool
    scene: bool
    path: bool
    secret: bool
    more: Callable[[Any], None] | None

    @property
    def name(self) -> str:
        """The key without its table, as scenes have it."""
        return self.key.rpartition(".")[2]

    @property
    def adds(self) -> bool:
        """Whether it is a list, to which a message adds one."""
        return isinstance(self.default, tuple)

    @property
    def row(self) -> Address | None:
        """Its address; None where it has none."""
        if not self.address:
            return None
        kind = _KINDS[type(self.default)]
        low, high = (self.low, self.high) if kind in ("int", "float") else (0.0, 1.0)
        return Address(
            self.address,
            kind,
            self.doc,
            low,
            high,
            self.unit,
            setting=self.key,
            own=self.own,
            adds=self.adds,
            choices=self.choices,
        )

    @property
    def help(self) -> str:
        """For a flag: what it is, and its default."""
        if isinstance(self.default, (bool, tuple)) or self.default == "":
            return self.doc
        return f"{self.doc} ({self.default}{' ' if self.unit else ''}{self.unit})"

    def check(self, value: object) -> Any:
        """Return `value` as the setting's type.

        Raises
        ------
        ValueError
            What is wrong with the value; what to choose, where that isn't plain.
        """
        if self.adds:
            checked: Any = self._strings(value)
        else:
            checked = self._one(value)
        if self.more is not None:
            self.more(checked)
        return checked

    def parse(self, text: str) -> Any:
        """The value that a word of a command line gives; of a list, one string of it.

        Raises
        ------
        ValueError
            As `check`.
        """
        if self.adds:
            return self.check([text])
        kind: type = type(self.default)
        value: object = text
        with contextlib.suppress(KeyError, ValueError):  # `check` says what is wrong
            value = {"true": True, "false": False}[text] if kind is bool else kind(text)
        return self.check(value)

    def _strings(self, value: object) -> tuple[str, ...]:
        if not isinstance(value, (list, tuple)) or not all(isinstance(part, str) for part in value):
            raise ValueError(f"{short(value)} is not a list of strings; write one such as ['{self.item}']")
        return tuple(value)

    def _one(self, value: object) -> Any:
        kind: type = type(self.default)
        name = _NAMES[kind]
        bounds = "" if math.isinf(self.low) else f" from {_plain(self.low)} to {_plain(self.high)}"
        number = isinstance(value, (int, float) if kind is float else kind)
        if not number or (kind is not bool and isinstance(value, bool)):
            told = "its value" if self.secret else short(value)
            raise ValueError(f"{told} is not {name}" + (f"; choose one{bounds}" if bounds else ""))
        if self.choices and value not in self.choices:
            raise ValueError(f"{short(value)} is not known; choose from {', '.join(self.choices)}")
        if isinstance(value, (int, float)) and kind is not bool and not self.low <= value <= self.high:
            raise ValueError(f"{short(value)} is out of range; choose {name}{bounds}")
        return kind(value)


def _plain(number: float) -> str:
    return repr(number).removesuffix(".0")


def settings_of(table: str, declared: type, prefix: str = "") -> dict[str, Setting]:
    """The settings that a dataclass declares, by their keys, in order.

    Parameters
    ----------
    table : the dataclass's name in the show file
    declared : a dataclass whose fields are all made by `setting`
    prefix : begins the address of a setting that names neither that nor its key, and its name ends it; empty: it has
        none
    """
    found = {}
    for field in dataclasses.fields(declared):
        given = dict(field.metadata)
        below = prefix and not given["secret"] and not given["key"]
        key = given.pop("key") or f"{table}.{field.name}"
        given["address"] = given["address"] or (f"{prefix}{field.name}" if below else "")
        widest = (-math.inf, math.inf)
        if given["address"] and type(field.default) in (int, float):
            widest = (0.0, 1.0) if isinstance(field.default, float) else (0, COUNT_MAX)
        given["low"], given["high"] = (
            end if end is not None else edge for end, edge in zip((given["low"], given["high"]), widest, strict=True)
        )
        found[key] = Setting(key, table, field.name, field.default, **given)
    return found


def check_declared(declared: type) -> None:
    """See whether a dataclass declares settings as it has to.

    Parameters
    ----------
    declared : a plugin's ``Settings``

    Raises
    ------
    ValueError
        It isn't frozen, can't be made, a field isn't made by `setting`, or a default doesn't pass its own check.
    """
    if not (dataclasses.is_dataclass(declared) and vars(declared)["__dataclass_params__"].frozen):
        raise ValueError("Settings is not a frozen dataclass; write @dataclass(frozen=True) above it")
    for field in dataclasses.fields(declared):
        if "doc" not in field.metadata:
            raise ValueError(f"Settings.{field.name} is not made by setting(…)")
        if type(field.default) not in _KINDS:
            default = f"Settings.{field.name}: its default, {short(field.default)}, has a wrong type"
            raise ValueError(f"{default}; choose a bool, a number, a string or a tuple of strings")
    for one in settings_of("plugin.NAME", declared, "/NAME/").values():
        try:
            one.check(one.default)
        except ValueError as error:
            raise ValueError(f"the default of Settings.{one.field} doesn't pass its own check: {error}") from None
    declared()


def read_table(
    given: Mapping[str, object], checks: Mapping[str, Callable[[object], Any]], what: str = "setting"
) -> tuple[dict[str, Any], list[str]]:
    """Check a table of a file against what may stand there.

    Parameters
    ----------
    given : as it was read
    checks : by key, returns the value as it counts or raises ValueError
    what : what a key is called

    Returns
    -------
    values : those that can be used, by key
    mistakes : all others, as ``key: reason``
    """
    values: dict[str, Any] = {}
    mistakes: list[str] = []
    for key, value in given.items():
        try:
            if key not in checks:
                raise ValueError(f"no such {what}; {nearest(key, tuple(checks))}")
            values[key] = checks[key](value)
        except ValueError as error:
            mistakes.append(f"{key}: {error}")
    return values, mistakes
