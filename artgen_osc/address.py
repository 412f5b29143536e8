"""One row of the OSC contract, and what it takes."""

import math
from dataclasses import dataclass
from typing import Literal

COUNT_MAX = 2**31 - 1

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

    @property
    def tag(self) -> str:
        """OSC type tag that is sent: ``f``, ``i`` or ``s``."""
        return {"float": "f", "string": "s"}.get(self.kind, "i")

    def check(self, arguments: tuple[object, ...]) -> Value:
        """Return the one argument as this row's type.

        Numbers are accepted as ``f``, ``d`` or ``i`` (TouchDesigner's CHOPs send floats
        only) and booleans as 0 or 1; a ``trigger`` without arguments, or with OSC 1.1's
        impulse, counts as 1.

        Raises
        ------
        ValueError
            With the reason: number of arguments, type, NaN, range.
        """
        if self.kind == "trigger" and arguments in ((), (math.inf,)):
            return 1
        if len(arguments) != 1:
            raise ValueError(f"{len(arguments)} arguments; one {self.kind} is allowed")
        value = arguments[0]
        if self.kind == "string":
            if not isinstance(value, str):
                raise ValueError(f"{value!r} is not a string")
            return value
        if not isinstance(value, (int, float)):
            raise ValueError(f"{value!r} is not a number")
        number = float(value)
        if not math.isfinite(number):
            raise ValueError(f"{number} is not a finite number")
        if not self.low <= number <= self.high:
            raise ValueError(f"{number:g} is outside {self.low:g}..{self.high:g}")
        if self.kind == "float":
            return number
        if number != int(number):
            raise ValueError(f"{number:g} is not a whole number")
        return int(number)
