"""The TOML file beside a foreign generator: ``NAME.toml`` says what inspection can't find out about ``NAME.onnx``.

``docs/own-generator.md`` has an example of each line.
"""

import difflib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from artgen_osc.errors import ModelError
from artgen_osc.runtime.text import short
from artgen_osc.runtime.toml import read_toml

LONGEST = 65536
"""Numbers of z, and classes."""

LARGEST = 1e30
"""What still is a number in float32."""


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What the TOML file says; empty, 0 or None: find it out.

    Attributes
    ----------
    z, mood, label, picture : names of inputs and of the output
    z_dim : length of z, where the file leaves it open
    classes : how many there are, where the file leaves it open
    class_ : the class to paint; ``class`` in the file
    range : the values of black and white
    bf16 : whether bfloat16 is exact enough
    inputs : a number for each other input
    """

    z: str = ""
    z_dim: int = 0
    mood: str = ""
    label: str = ""
    classes: int = 0
    class_: int = 0
    picture: str = ""
    range: tuple[float, float] | None = None
    bf16: bool = False
    inputs: dict[str, float] = field(default_factory=dict)


def read_sidecar(path: Path) -> Sidecar:
    """Read ``NAME.toml``; without one nothing is said.

    Raises
    ------
    ModelError
        With every mistake in one line.
    """
    try:
        given = read_toml(path)
    except FileNotFoundError:
        return Sidecar()
    except (OSError, ValueError) as error:
        reason = f"can't be read ({error.strerror})" if isinstance(error, OSError) else error
        raise ModelError(f"{path}: {reason}; docs/own-generator.md has an example; mend or delete it") from None
    known = {item.name.rstrip("_"): item for item in fields(Sidecar)}
    allowed = {
        "range": ("two different numbers, black and white", _is_range),
        "inputs": ("a table of numbers", lambda v: isinstance(v, dict) and all(map(_is_number, v.values()))),
        "bf16": ("true or false", lambda v: isinstance(v, bool)),
        **dict.fromkeys(("z_dim", "classes"), (f"1 to {LONGEST}", lambda v: _is_whole(v) and 1 <= v <= LONGEST)),
        "class": (f"0 to {LONGEST - 1}", lambda v: _is_whole(v) and 0 <= v < LONGEST),
        **dict.fromkeys(("z", "mood", "label", "picture"), ("a name", lambda v: isinstance(v, str) and v != "")),
    }
    mistakes = []
    for name, value in given.items():
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            mistakes.append(f"{name}: no such key; {f'did you mean {close[0]}?' if close else ', '.join(known)}")
        elif not allowed[name][1](value):
            mistakes.append(f"{name}: {short(value)} is not {allowed[name][0]}")
    if mistakes:
        raise ModelError(f"{path}: {'; '.join(mistakes)}; change it, docs/own-generator.md has an example of each line")
    values: dict[str, Any] = {
        known[name].name: tuple(value) if name == "range" else value for name, value in given.items()
    }
    return Sidecar(**values)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and -LARGEST < value < LARGEST


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_range(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_number, value)) and value[0] != value[1]
