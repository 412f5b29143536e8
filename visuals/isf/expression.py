"""What an ISF head says of a pass's size: a small language of numbers, read by a grammar of our own, never executed."""

import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Never

from artgen_osc.runtime.text import nearest, short

LONGEST = 1000
"""Letters of an expression."""

DEEPEST = 40
"""Parentheses in parentheses."""

_WORD = re.compile(
    r"\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|(\$?[A-Za-z_]\w*)|(<=|>=|==|!=|&&|\|\||.))"
)

Number = Callable[[Mapping[str, float]], float]
"""What an expression is with variables by name."""


def _divide(a: float, b: float) -> float:
    if b == 0.0:
        raise ValueError("divides by zero")
    return a / b


def _modulo(a: float, b: float) -> float:
    if b == 0.0:
        raise ValueError("divides by zero")
    return a - b * math.floor(a / b)


_BINARY: tuple[dict[str, Callable[[float, float], float]], ...] = (
    {"||": lambda a, b: float(bool(a) or bool(b))},
    {"&&": lambda a, b: float(bool(a) and bool(b))},
    {"==": lambda a, b: float(a == b), "!=": lambda a, b: float(a != b)},
    {
        "<": lambda a, b: float(a < b),
        ">": lambda a, b: float(a > b),
        "<=": lambda a, b: float(a <= b),
        ">=": lambda a, b: float(a >= b),
    },
    {"+": operator.add, "-": operator.sub},
    {"*": operator.mul, "/": _divide, "%": _modulo},
)
"""Operators, those that bind least first."""

_FUNCTIONS: dict[str, tuple[int, int, Callable[..., float]]] = {
    "abs": (1, 1, abs),
    "ceil": (1, 1, lambda a: float(math.ceil(a))),
    "clamp": (3, 3, lambda a, low, high: max(low, min(high, a))),
    "cos": (1, 1, math.cos),
    "exp": (1, 1, math.exp),
    "floor": (1, 1, lambda a: float(math.floor(a))),
    "frac": (1, 1, lambda a: a - math.floor(a)),
    "fract": (1, 1, lambda a: a - math.floor(a)),
    "if": (3, 3, lambda condition, yes, no: yes if condition else no),
    "log": (1, 1, math.log),
    "log2": (1, 1, math.log2),
    "max": (1, 16, max),
    "min": (1, 16, min),
    "mod": (2, 2, _modulo),
    "pow": (2, 2, math.pow),
    "round": (1, 1, lambda a: float(math.floor(a + 0.5))),
    "sin": (1, 1, math.sin),
    "sqrt": (1, 1, math.sqrt),
    "tan": (1, 1, math.tan),
    "trunc": (1, 1, lambda a: float(math.trunc(a))),
}
"""How many arguments each takes, and what it is."""


class Expression:
    """A number that follows from others, such as ``floor($WIDTH / 2.0)``.

    Parameters
    ----------
    text : the expression, or a number
    names : variables that it may use, without their ``$``

    Attributes
    ----------
    used : those that it does use

    Raises
    ------
    ValueError
        It isn't one; the text says why.

    Examples
    --------
    >>> Expression("max(floor($WIDTH * 0.02), 1)", {"WIDTH"})({"WIDTH": 640.0})
    12.0
    """

    def __init__(self, text: str | float, names: set[str] | frozenset[str]) -> None:
        self.text = str(text)
        self.used: set[str] = set()
        if len(self.text) > LONGEST:
            raise ValueError(f"{short(self.text)} has {len(self.text)} letters; {LONGEST} at most")
        self._names = {name.lower(): name for name in sorted(names)} | {name: name for name in names}
        self._words = self._split()
        self._at = self._depth = 0
        self._value = self._ternary()
        if self._at < len(self._words):
            self._fail(f"{self._words[self._at]!r} is one too many")

    def __call__(self, values: Mapping[str, float]) -> float:
        """The number, finite.

        Parameters
        ----------
        values : of the variables in `used`, by name

        Raises
        ------
        ValueError
            There is none with these values, as where it divides by zero.
        """
        try:
            found = float(self._value(values))
        except (ValueError, OverflowError) as error:
            reason = str(error) if "divides" in str(error) else "has no value"
            raise ValueError(f"{short(self.text)} {reason}{self._with(values)}") from None
        if not math.isfinite(found):
            raise ValueError(f"{short(self.text)} is {found}{self._with(values)}")
        return found

    def _with(self, values: Mapping[str, float]) -> str:
        return "".join(f", {name} is {values[name]:g}" for name in sorted(self.used))

    def _fail(self, reason: str) -> Never:
        raise ValueError(f"{short(self.text)} can't be understood: {reason}")

    def _split(self) -> list[str]:
        words, at, text = [], 0, self.text.rstrip()
        while at < len(text):
            match = _WORD.match(text, at)
            if match is None:
                self._fail("it has several lines")
            words.append(match.group(match.lastindex or 0))
            at = match.end()
        return words

    def _next(self) -> str:
        return self._words[self._at] if self._at < len(self._words) else ""

    def _take(self) -> str:
        self._at += 1
        return self._words[self._at - 1]

    def _expect(self, word: str) -> None:
        if self._next() != word:
            self._fail(f"{word!r} is missing" + (f" before {self._next()!r}" if self._next() else " at its end"))
        self._at += 1

    def _ternary(self) -> Number:
        self._depth += 1
        if self._depth > DEEPEST:
            self._fail(f"more than {DEEPEST} parentheses are in each other")
        condition = self._binary(0)
        if self._next() == "?":
            self._at += 1
            yes = self._ternary()
            self._expect(":")
            no = self._ternary()
            test = condition
            condition = lambda values: yes(values) if test(values) else no(values)  # noqa: E731
        self._depth -= 1
        return condition

    def _binary(self, level: int) -> Number:
        if level == len(_BINARY):
            return self._unary()
        operands, operators = [self._binary(level + 1)], []
        while self._next() in _BINARY[level]:
            operators.append(_BINARY[level][self._take()])
            operands.append(self._binary(level + 1))
        if not operators:
            return operands[0]

        def value(values: Mapping[str, float]) -> float:
            result = operands[0](values)
            for operate, operand in zip(operators, operands[1:], strict=True):
                result = operate(result, operand(values))
            return result

        return value

    def _unary(self) -> Number:
        sign = 1.0
        while self._next() in ("-", "+"):
            sign = -sign if self._take() == "-" else sign
        if self._next() == "!":
            self._fail("'!' isn't known here")
        operand = self._atom()
        return operand if sign > 0.0 else lambda values: -operand(values)

    def _atom(self) -> Number:
        if not self._next():
            self._fail("it ends too early")
        word = self._take()
        if word == "(":
            inside = self._ternary()
            self._expect(")")
            return inside
        if word[0].isdigit() or (word[0] == "." and len(word) > 1):
            number = float(word)
            return lambda values: number
        if self._next() == "(" and word.lower() in _FUNCTIONS:
            return self._call(word.lower())
        name = self._names.get(word.removeprefix("$")) or self._names.get(word.removeprefix("$").lower())
        if not re.match(r"\$?[A-Za-z_]", word):
            self._fail(f"{word!r} doesn't belong there")
        if name is None:
            what = "function" if self._next() == "(" else "variable"
            known = _FUNCTIONS if self._next() == "(" else [f"${known}" for known in sorted(set(self._names.values()))]
            self._fail(f"there is no {what} {short(word)}; {nearest(word, known)}")
        self.used.add(name)
        return lambda values: float(values[name])

    def _call(self, name: str) -> Number:
        least, most, function = _FUNCTIONS[name]
        self._expect("(")
        arguments = [self._ternary()]
        while self._next() == ",":
            self._at += 1
            arguments.append(self._ternary())
        self._expect(")")
        if not least <= len(arguments) <= most:
            self._fail(f"{name} takes {least if least == most else f'{least} to {most}'}, not {len(arguments)}")
        if name == "if":
            condition, yes, no = arguments
            return lambda values: yes(values) if condition(values) else no(values)
        return lambda values: float(function(*(argument(values) for argument in arguments)))
