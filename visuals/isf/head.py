"""The head of an ISF file: the JSON in its first comment, as the format's versions 1 and 2 have it.

What other hosts forgive is forgiven here: commas too many, a mark of the byte order, a switch in quotes. What would
harm a show isn't: see the limits.
"""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

from artgen_osc.errors import PluginError
from artgen_osc.runtime.text import nearest, printable, short, shortened
from visuals.isf.expression import Expression

MOST_HEAD = 256 << 10
"""Letters of a head."""

MOST_INPUTS, MOST_PASSES, MOST_IMAGES, MOST_VALUES = 128, 32, 16, 256
LARGEST = 1e9
"""Of a number."""

Kind = Literal["filter", "generator", "transition"]
PARTS: dict[str, tuple[str, ...]] = {
    "float": ("",),
    "bool": ("",),
    "long": ("",),
    "event": ("",),
    "color": ("r", "g", "b", "a"),
    "point2D": ("x", "y"),
    "image": (),
    "audio": (),
    "audioFFT": (),
}
"""Types of inputs, and the numbers that each has."""

TEXTURES = ("image", "audio", "audioFFT")

FOLLOWED = ("valence", "energy", "level", "low", "mid", "high", "beat_phase", "bar_phase")
"""What an input may say under ``FOLLOWS``, a word of ours: the show gives its value. Other hosts show a slider."""

_COMMENT = re.compile(r"/\*(.*?)\*/", re.DOTALL)
_STRING_OR_COMMA = re.compile(r'"(?:\\.|[^"\\])*"|,(?=\s*[}\]])', re.DOTALL)
_NAME = re.compile(r"[A-Za-z_]\w{0,62}", re.ASCII)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Input:
    """One input.

    Attributes
    ----------
    name : as the shader calls it
    type : one of `PARTS`
    label : what people call it, on one line
    default, low, high : a number for each of `PARTS`; `default` is within
    values, labels : what a ``long`` may be, and what each is called; empty: any whole number
    pixels : a point that the shader wants in pixels, while its numbers are 0..1 of the picture
    length : samples or bins of sound, 0: as many as there are
    follows : one of `FOLLOWED`, or empty
    """

    name: str
    type: str
    label: str
    default: tuple[float, ...] = ()
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    values: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()
    pixels: bool = False
    length: int = 0
    follows: str = ""


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass.

    Attributes
    ----------
    target : the buffer it draws into; empty: what is shown
    persistent : whether the buffer keeps what is in it from frame to frame
    float : whether it has 32 bits a channel instead of 8
    width, height : of the buffer; None: as what is shown
    """

    target: str = ""
    persistent: bool = False
    float: bool = False
    width: Expression | None = None
    height: Expression | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """What a file says of itself.

    Attributes
    ----------
    inputs : in their order
    passes : at least one; the last is what is shown
    images : imported pictures, by the shader's name: the file's path as it is written
    buffers : names of all buffers
    about, credit : on one line, may be empty
    categories : may be empty
    """

    inputs: tuple[Input, ...] = ()
    passes: tuple[Pass, ...] = (Pass(),)
    images: Mapping[str, str] = field(default_factory=dict)
    buffers: tuple[str, ...] = ()
    about: str = ""
    credit: str = ""
    categories: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        """What it is for, by its inputs."""
        images = {one.name for one in self.inputs if one.type == "image"}
        if {"startImage", "endImage"} <= images:
            return "transition"
        return "filter" if "inputImage" in images else "generator"

    @property
    def numbers(self) -> tuple[Input, ...]:
        """The inputs that aren't textures."""
        return tuple(one for one in self.inputs if one.type not in TEXTURES)


def read_head(text: str) -> Head:
    """The head of a file.

    Parameters
    ----------
    text : the whole file

    Raises
    ------
    PluginError
        It has none, or a wrong one.
    """
    found = next((match.group(1) for match in _COMMENT.finditer(text) if match.group(1).lstrip()[:1] == "{"), None)
    if found is None:
        raise PluginError("has no ISF head; a shader begins with a comment that has JSON in it, /*{ … }*/")
    if len(found) > MOST_HEAD:
        raise PluginError(f"its head has {len(found)} letters; {MOST_HEAD} at most")
    tidy = _STRING_OR_COMMA.sub(lambda match: "" if match.group() == "," else match.group(), found)
    try:
        given = json.loads(tidy, strict=False)
    except json.JSONDecodeError as error:
        line = text[: text.index(found)].count("\n") + error.lineno
        raise PluginError(f"line {line}: its head is not JSON ({error.msg})") from None
    except (RecursionError, ValueError) as error:
        raise PluginError(
            f"its head is not JSON ({'it is too deep' if isinstance(error, RecursionError) else error})"
        ) from None
    if not isinstance(given, dict):
        raise PluginError("its head is no table; /*{ … }*/ is needed")
    return _head(given)


def _head(given: dict[str, Any]) -> Head:
    inputs = _list(given, "INPUTS", MOST_INPUTS, _input)
    inputs = tuple(one for one in inputs if one is not None)
    names = [one.name for one in inputs]
    kept = _persistent_buffers(given.get("PERSISTENT_BUFFERS"))
    variables = {"WIDTH", "HEIGHT"} | {one.name for one in inputs if len(PARTS[one.type]) == 1}
    passes = _list(given, "PASSES", MOST_PASSES, lambda one: _pass(one, kept, variables)) or (Pass(),)
    buffers = tuple(dict.fromkeys([*(one.target for one in passes if one.target), *kept]))
    images = _images(given.get("IMPORTED"), buffers)
    for name in (*names, *images, *buffers):
        if [*names, *images, *buffers].count(name) > 1:
            raise PluginError(f"{name}: two things have this name in its head")
    categories = given.get("CATEGORIES")
    return Head(
        inputs,
        passes,
        images,
        buffers,
        _text(given.get("DESCRIPTION")),
        _text(given.get("CREDIT")),
        tuple(_text(one) for one in categories[:16]) if isinstance(categories, list) else (),
    )


def _list(given: Mapping[str, Any], key: str, most: int, read: Callable[[dict[str, Any]], T]) -> tuple[T, ...]:
    found = given.get(key) or []
    if isinstance(found, dict):  # version 1 has tables by name, too
        found = [{"NAME": name, **one} if isinstance(one, dict) else one for name, one in found.items()]
    if not isinstance(found, list):
        raise PluginError(f"{key}: {short(found)} is not a list")
    if len(found) > most:
        raise PluginError(f"{key}: has {len(found)}; {most} at most")
    read_ones = []
    for number, one in enumerate(found, 1):
        if not isinstance(one, dict):
            raise PluginError(f"{key}: number {number}, {short(one)}, is not a table")
        try:
            read_ones.append(read(one))
        except ValueError as error:
            raise PluginError(f"{key}: number {number}: {error}") from None
    return tuple(read_ones)


def _input(given: dict[str, Any]) -> Input:
    name, type = _named(given.get("NAME")), given.get("TYPE")
    known = {one.lower(): one for one in PARTS}
    if not isinstance(type, str) or type.lower() not in known:
        raise ValueError(f"{name}: its TYPE is {short(type)}; {nearest(str(type)[:20], PARTS)}")
    type = known[type.lower()]
    label = _text(given.get("LABEL")) or name
    match type:
        case "image":
            return Input(name, type, label)
        case "audio" | "audioFFT":
            return Input(name, type, label, length=int(max(0.0, min(4096.0, _number(given.get("MAX"), 0.0)))))
        case "bool" | "event":
            on = float(_flag(given.get("DEFAULT"))) if type == "bool" else 0.0
            return Input(name, type, label, (on,), (0.0,), (1.0,))
        case "long":
            return _long(name, label, given)
        case "color":
            return _ranged(Input(name, type, label), given, 4, (0.0, 0.0, 0.0, 1.0))
        case "point2D":
            one = _ranged(Input(name, type, label), given, 2, None)
            pixels = (
                given.get("MIN") is None and given.get("MAX") is None and max(one.high) <= 1.0 and min(one.low) >= 0.0
            )
            return replace(one, pixels=pixels)
    follows = given.get("FOLLOWS") or ""
    if follows not in ("", *FOLLOWED):
        raise ValueError(f"{name}: it FOLLOWS {short(follows)}; {nearest(str(follows)[:20], FOLLOWED)}")
    return _ranged(Input(name, type, label, follows=follows), given, 1, None)


def _ranged(one: Input, given: Mapping[str, Any], count: int, default: Sequence[float] | None) -> Input:
    """With its range, which a default that lies outside widens; without one it is the middle."""
    low = _numbers(given.get("MIN"), [0.0] * count)
    high = _numbers(given.get("MAX"), [max(1.0, end) for end in low])
    low, high = [min(ends) for ends in zip(low, high, strict=True)], [max(ends) for ends in zip(low, high, strict=True)]
    middle = [(a + b) / 2.0 for a, b in zip(low, high, strict=True)]
    value = _numbers(given.get("DEFAULT"), list(default) if default is not None else middle)
    low = [min(ends) for ends in zip(low, value, strict=True)]
    high = [max(ends) for ends in zip(high, value, strict=True)]
    return replace(one, default=tuple(value), low=tuple(low), high=tuple(high))


def _long(name: str, label: str, given: Mapping[str, Any]) -> Input:
    values, labels = given.get("VALUES"), given.get("LABELS")
    labels = [_text(one) for one in labels[:MOST_VALUES]] if isinstance(labels, list) else []
    if isinstance(values, list) and len(values) > MOST_VALUES:
        raise ValueError(f"{name}: has {len(values)} VALUES; {MOST_VALUES} at most")
    numbers = [int(_number(one, 0.0)) for one in values] if isinstance(values, list) else list(range(len(labels)))
    default = int(_number(given.get("DEFAULT"), float(numbers[0]) if numbers else _number(given.get("MIN"), 0.0)))
    if numbers:
        if default not in numbers:
            default = min(numbers, key=lambda one: abs(one - default))
        low, high = min(numbers), max(numbers)
    else:
        low, high = int(_number(given.get("MIN"), 0.0)), int(_number(given.get("MAX"), max(1.0, float(default))))
        low, high = min(low, high, default), max(low, high, default)
    return Input(name, "long", label, (float(default),), (float(low),), (float(high),), tuple(numbers), tuple(labels))


def _pass(given: dict[str, Any], kept: Mapping[str, Mapping[str, Any]], variables: set[str]) -> Pass:
    given = {key.upper(): value for key, value in given.items()}
    target = given.get("TARGET") or ""
    if target:
        target = _named(target)
        if target in kept:
            given = {**kept[target], **given, "PERSISTENT": True}
    sizes: list[Expression | None] = []
    for key in ("WIDTH", "HEIGHT"):
        said = given.get(key)
        if said is None or said == "":
            sizes.append(None)
            continue
        if not isinstance(said, (str, int, float)) or isinstance(said, bool):
            raise ValueError(f"{key} is {short(said)}; write a number, or an expression such as $WIDTH/2")
        try:
            size = Expression(said, variables)
            if not size.used and size({}) < 1.0:
                raise ValueError(f"{short(said)} is {size({}):g}; a buffer has 1 pixel at least")
        except ValueError as error:
            raise ValueError(f"{key}: {error}") from None
        sizes.append(size)
    return Pass(target, _flag(given.get("PERSISTENT")), _flag(given.get("FLOAT")), *sizes)


def _persistent_buffers(given: object) -> dict[str, dict[str, Any]]:
    """Those of version 1: a list of names, or tables by name."""
    if given is None:
        return {}
    if isinstance(given, list):
        given = {
            one if isinstance(one, str) else str((one or {}).get("NAME")): one
            for one in given
            if isinstance(one, (str, dict))
        }
    if not isinstance(given, dict) or len(given) > MOST_PASSES:
        raise PluginError(f"PERSISTENT_BUFFERS: {short(given)} are not names of up to {MOST_PASSES} buffers")
    try:
        return {
            _named(name): {key.upper(): value for key, value in one.items() if key != "NAME"}
            if isinstance(one, dict)
            else {}
            for name, one in given.items()
        }
    except ValueError as error:
        raise PluginError(f"PERSISTENT_BUFFERS: {error}") from None


def _images(given: object, buffers: Sequence[str]) -> dict[str, str]:
    """Paths by name; some files list buffers there too, which have none."""
    if not given:
        return {}
    if isinstance(given, list):
        listed = [(one.get("NAME"), one) for one in given if isinstance(one, dict)]
    else:
        listed = list(given.items()) if isinstance(given, dict) else []
    if not 0 < len(listed) <= MOST_IMAGES:
        raise PluginError(f"IMPORTED: {short(given)} are not up to {MOST_IMAGES} pictures by name")
    found = {}
    try:
        for name, one in listed:
            path = one.get("PATH") if isinstance(one, dict) else one
            if isinstance(one, dict) and str(one.get("TYPE", "")).lower() == "cube":
                raise ValueError(f"{short(name)}: is a cube map, which isn't supported; a picture is")
            if path is None and name in buffers:
                continue
            if not isinstance(path, str) or not path:
                raise ValueError(f"{short(name)}: has no PATH; the name of a picture beside the file is needed")
            found[_named(name)] = path
    except ValueError as error:
        raise PluginError(f"IMPORTED: {error}") from None
    return found


def _named(name: object) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name.startswith("gl_"):
        raise ValueError(f"{short(name)} can't be a name in a shader; write it with letters, digits and _, 63 at most")
    return name


def _text(given: object) -> str:
    return shortened(" ".join(printable(" ".join(given.split())).split()), 300) if isinstance(given, str) else ""


def _flag(given: object) -> bool:
    if isinstance(given, str):
        return given.strip().lower() in ("1", "true", "yes", "on")
    return bool(given) if isinstance(given, (bool, int, float)) else False


def _number(given: object, otherwise: float) -> float:
    """A number, also where it is in quotes or a switch; `otherwise` where there is none."""
    if given is None or given == "":
        return otherwise
    try:
        number = float(given[0] if isinstance(given, list) and len(given) == 1 else given)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{short(given)} is not a number") from None
    if not math.isfinite(number) or abs(number) > LARGEST:
        raise ValueError(f"{short(given)} is out of range; choose a number up to {LARGEST:g}")
    return number


def _numbers(given: object, otherwise: list[float]) -> list[float]:
    """As many as `otherwise` has: a single number counts for all, and what is missing is as there."""
    if not isinstance(given, list):
        return [_number(given, other) for other in otherwise]
    return [_number(given[at] if at < len(given) else None, other) for at, other in enumerate(otherwise)]
