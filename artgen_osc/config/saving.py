"""Writes settings into a show file that its owner writes too: all else in it, comments included, stays as it is."""

import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from artgen_osc.errors import ConfigError
from artgen_osc.runtime.files import read_text, whole
from artgen_osc.runtime.text import printable
from artgen_osc.runtime.toml import parse_toml, toml_value

_HEADER = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]\s*(?:#.*)?")


def with_settings(text: str, table: str, values: Mapping[str, Any]) -> str:
    """A show file's text with some settings of one table changed or added.

    Parameters
    ----------
    text : of the file
    table : such as ``plugin.window2``
    values : by key: strings, numbers, true or false

    Raises
    ------
    ValueError
        It isn't TOML, or is written in a way that only its owner can change.
    """
    before = parse_toml(text)
    new = {key: f"{key} = {toml_value(value)}" for key, value in values.items()}
    lines = text.splitlines()
    inside, end = False, -1
    for number, line in enumerate(lines):
        header = _HEADER.fullmatch(line)
        if header is not None:
            inside = re.sub(r"[\s\"']", "", header[1]) == table
        key = line.partition("=")[0].strip()
        if inside and key in new:
            lines[number] = new.pop(key)
        if inside and line.strip():
            end = number + 1
    if end < 0:
        lines += ([""] if lines else []) + [f"[{table}]"]
        end = len(lines)
    lines[end:end] = new.values()
    ending = "\r\n" if "\r\n" in text else "\n"
    written = ending.join(lines) + ending
    if parse_toml(written) != _expected(before, table, values):
        raise ValueError(f"[{table}] is written there in a way of its own")
    return written


def _expected(before: dict[str, Any], table: str, values: Mapping[str, Any]) -> dict[str, Any]:
    held = before
    for name in table.split("."):
        held = held.setdefault(name, {})
        if not isinstance(held, dict):
            raise ValueError(f"[{table}] is no table there")
    held.update(values)
    return before


def save_settings(path: Path, table: str, values: Mapping[str, Any]) -> None:
    """Write settings into a show file.

    Parameters
    ----------
    path : of the file
    table : such as ``plugin.window2``
    values : by key: strings, numbers, true or false

    Raises
    ------
    ConfigError
        Why they aren't written; the file is what it was.
    """
    try:
        file = path.resolve()
        written = with_settings(read_text(file), table, values)
        with whole(file, stat.S_IMODE(file.stat().st_mode)) as part:
            part.write_bytes(written.encode("utf-8"))
    except OSError as error:
        raise ConfigError(f"{printable(path)}: not written ({error.strerror}); check the path") from None
    except ValueError as error:
        raise ConfigError(f"{printable(path)}: not written ({error}); write it by hand") from None
