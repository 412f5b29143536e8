"""TOML: read as editors and shells write it, and written so that it can be read again."""

import re
import tomllib
from pathlib import Path
from typing import Any

import tomli_w

from artgen_osc.runtime.files import LARGEST_TEXT, decode_text, read_regular
from artgen_osc.runtime.text import is_harmless

_LONG_KEY = re.compile(r"(?:\.[^.,\n]{0,40}){200}")
"""A key of so many parts: Python's reader works on it for minutes."""


def parse_toml(text: str) -> dict[str, Any]:
    """The tables of a TOML text.

    Raises
    ------
    ValueError
        ``is not valid TOML`` and why.
    """
    try:
        if not _LONG_KEY.search(text):
            return tomllib.loads(text)
        reason = "a key of hundreds of parts"
    except tomllib.TOMLDecodeError as error:
        reason = str(error)
    except RecursionError:
        reason = "brackets within brackets without end"
    except ValueError:
        reason = "a number of thousands of digits"
    raise ValueError(f"is not valid TOML ({reason})")


def read_toml(path: str | Path, largest: int = LARGEST_TEXT) -> dict[str, Any]:
    """The tables of a TOML file in UTF-8 or, with a byte order mark, in UTF-16.

    Parameters
    ----------
    path : of a regular file
    largest : bytes that it may have at most

    Raises
    ------
    OSError
        As `artgen_osc.runtime.files.open_regular`.
    ValueError
        As `parse_toml`, or ``is not text`` and where.
    """
    data = read_regular(path, largest)
    try:
        return parse_toml(decode_text(data))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(f"is not text in UTF-8 (line {line})") from None


def toml_value(value: object, ascii_only: bool = False) -> str:
    """A value on one line of TOML, harmless on a terminal.

    Parameters
    ----------
    value : a string, a number, true or false, or a list, tuple or dictionary (with bare keys) of them
    ascii_only : write all other letters as escapes

    Raises
    ------
    ValueError
        It is a text that no TOML file can hold, such as a file's name that isn't UTF-8.
    """

    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {toml_value(item, ascii_only)}' for key, item in value.items())} }}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(toml_value(item, ascii_only) for item in value)}]"
    text = tomli_w.dumps({"x": value}).removeprefix("x = ").rstrip("\n")
    return "".join(
        letter if is_harmless(letter) and (letter.isascii() or not ascii_only) else _escape(letter) for letter in text
    )


def _escape(letter: str) -> str:
    code = ord(letter)
    if 0xD800 <= code < 0xE000:
        raise ValueError("a name that isn't UTF-8 can't stand in TOML")
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
