"""One row of the OSC contract, and what it takes."""

import math
import re
import reprlib
from dataclasses import dataclass
from typing import Literal

COUNT_MAX = 2**31 - 1

ROUNDING = 1e-6
"""So far, in parts of the larger end of its range, a float may be beside it: a float32 has seven digits."""

Kind = Literal["float", "int", "toggle", "trigger", "string"]
Value = float | int | str


@dataclass(frozen=True, slots=True)
class Address:
    """One row of the contract.

    Attributes
    ----------
    path : the OSC address
    kind : what the argument means; see `tag` for the OSC type
    doc : one line
    low, high : the closed range of a number
    unit : empty for plain 0..1 numbers
    setting : ``table.key`` in the config that holds the same value, or empty
    pulse : 1 for one hop, then 0: an event that may not be lost where fewer bundles are sent
    here : a target whose host, where it names none, is that of the one who sent it; `own` too
    own : a target that may be on another machine only if that is the one which asks for it, or one on this asks
    adds : whether a message adds one to the setting's list, so that there is no one present value
    choices : the only strings that count; none: any
    """

    path: str
    kind: Kind
    doc: str
    low: float = 0.0
    high: float = 1.0
    unit: str = ""
    setting: str = ""
    pulse: bool = False
    here: bool = False
    own: bool = False
    adds: bool = False
    choices: tuple[str, ...] = ()

    @property
    def holds_value(self) -> bool:
        """Whether it is a control that has one present value; triggers and those that add to a list have none."""
        return bool(self.setting) and not self.adds

    @property
    def name(self) -> str:
        """The setting's key without its table, or empty."""
        return self.setting.rpartition(".")[2]

    @property
    def counts(self) -> bool:
        """Whether it is a number without an upper end."""
        return self.high == COUNT_MAX

    @property
    def tag(self) -> str:
        """OSC type tag that is sent: ``f``, ``i`` or ``s``."""
        return {"float": "f", "string": "s"}.get(self.kind, "i")

    def check(self, arguments: tuple[object, ...]) -> Value:
        """Return the one argument as this row's type.

        Numbers are accepted as ``f``, ``d`` or ``i`` (TouchDesigner's CHOPs send floats
        only) and booleans as 0 or 1; what a float32 has rounded across an end of the range
        counts as that end. A ``trigger`` takes any number: 0, a released key, counts as 0 and
        all else as 1, and so does one without arguments or with OSC 1.1's impulse.

        Raises
        ------
        ValueError
            With the reason: number of arguments, type, NaN, range.
        """
        if self.kind == "trigger" and arguments in ((), (math.inf,)):
            return 1
        if len(arguments) != 1:
            raise ValueError(f"{len(arguments)} arguments where one {self.kind} is needed")
        value = arguments[0]
        if self.kind == "string":
            if not isinstance(value, str):
                raise ValueError(f"{reprlib.repr(value)} is not a string")
            return value
        if not isinstance(value, (int, float)):
            raise ValueError(f"{reprlib.repr(value)} is not a number")
        try:
            number = float(value)
        except OverflowError:
            raise ValueError("a number that is too large") from None
        if not math.isfinite(number):
            raise ValueError(f"{number} is not a finite number")
        return self._fitted(number, exact=not isinstance(value, float))

    def _fitted(self, number: float, exact: bool) -> Value:
        """A finite number as this row's type; one that isn't `exact` has been rounded on its way."""
        if self.kind == "trigger":
            return int(number != 0)
        beside = 0.0 if exact else ROUNDING * max(abs(self.low), abs(self.high))
        if not self.low - beside <= number <= self.high + beside:
            raise ValueError(f"{number:.10g} is outside {self.low:.10g}..{self.high:.10g}")
        number = min(max(number, self.low), self.high)
        if self.kind == "float":
            return number
        whole = round(number)
        if abs(number - whole) > ROUNDING * max(1.0, abs(number)):
            raise ValueError(f"{number:.10g} is not a whole number")
        return whole


EXTRA = "/artgen/x/"
"""Below it are the values of extractors that somebody has added."""

VALUES = "/visuals/value/"
"""Below it is whatever number somebody sends to drive the picture by."""

CONNECTIONS = "/visuals/modulate/"
"""Below it a connection has its addresses, by its name."""

PLAIN_PATH = re.compile(r"(/[A-Za-z0-9_.-]+)+")
"""Of an address that somebody chooses: patterns of OSC have letters of their own."""


def extra(path: str) -> Address | None:
    """The row of an address that stands in no table; None where it is none of these.

    It is the value of an extractor that isn't installed here or one below `VALUES`, any finite number; or the amount
    or the switch of a connection.

    Parameters
    ----------
    path : the address
    """
    if path.startswith(EXTRA) or (path.startswith(VALUES) and PLAIN_PATH.fullmatch(path)):
        return Address(path, "float", "", -math.inf, math.inf)
    name, _, last = path.removeprefix(CONNECTIONS).rpartition("/")
    if path.startswith(CONNECTIONS) and name and "/" not in name and PLAIN_PATH.fullmatch(path):
        if last == "amount":
            return Address(path, "float", f"how far {name} drives its target", -1.0, 1.0)
        if last == "on":
            return Address(path, "toggle", f"whether {name} drives its target")
    return None
