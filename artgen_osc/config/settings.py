"""Settings: one frozen dataclass for each TOML table, and the one loader.

Order: defaults < ``show.toml`` < flags. The documentation of a field is also the help of
its flag. A setting that has an OSC address takes its range from `artgen_osc.schema.table`.
Files and folders that a show file names are beside it, unless it says where; those of flags are in the current folder.
"""

import dataclasses
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from artgen_osc.config.show_paths import FOLDERS, beside
from artgen_osc.config.tables import AudioConfig as AudioConfig
from artgen_osc.config.tables import Config as Config
from artgen_osc.config.tables import MoodConfig as MoodConfig
from artgen_osc.config.tables import OscConfig as OscConfig
from artgen_osc.config.tables import RhythmConfig as RhythmConfig
from artgen_osc.config.tables import VisualsConfig as VisualsConfig
from artgen_osc.config.tables import WebConfig as WebConfig
from artgen_osc.errors import ConfigError
from artgen_osc.osc.mapping.rows import Map, read_rows
from artgen_osc.osc.targets import nearest
from artgen_osc.runtime.text import printable, short
from artgen_osc.runtime.toml import read_toml
from artgen_osc.schema import table as schema

LARGEST_FILE = 256 << 10
"""Bytes of a show file: it is read again beside the sound."""

VIEW_VARIABLE = "ARTGEN_VIEW"
"""By this environment variable the daemon tells its own renderer what ``visuals.view`` would: the address may have a
token in it, and every user of the machine can read a command line."""

GALLERY = ("visuals.gallery",)
PAINTING = (*GALLERY, "visuals.model", "visuals.models", "visuals.second_model", "visuals.engine")
"""What pictures are painted with beside a show."""

TOKEN_VARIABLE = "ARTGEN_WEB_TOKEN"
"""By this environment variable ``web.token`` is given without a command line or a file."""

SHORTEST_TOKEN = 12

_ROWS = {row.setting: row for row in schema.DAEMON_CONTROLS + schema.VISUALS_CONTROLS if row.setting}


TABLES: dict[str, type] = {
    "audio": AudioConfig,
    "mood": MoodConfig,
    "rhythm": RhythmConfig,
    "osc": OscConfig,
    "web": WebConfig,
    "visuals": VisualsConfig,
}


def settings() -> dict[str, dataclasses.Field[Any]]:
    """Every setting as ``table.key``, in order."""
    return {f"{name}.{item.name}": item for name, table in TABLES.items() for item in dataclasses.fields(table)}


def check(key: str, value: object) -> Any:
    """Return `value` as the setting's type.

    Raises
    ------
    ValueError
        ``<what is wrong, with the value>; <what is allowed>``.
    """
    item = settings()[key]
    default: Any = item.default
    if isinstance(default, tuple):
        if not isinstance(value, (list, tuple)) or not all(isinstance(part, str) for part in value):
            raise ValueError(
                f"{short(value)} is not a list of strings; a list such as ['{item.metadata['item']}'] is allowed"
            )
        return tuple(value)
    if key in FOLDERS and isinstance(value, str) and (not value or "\0" in value):
        raise ValueError(f"{short(value)} can't be the name of a folder; a name such as {default!r} is allowed")
    kind: type = type(default)
    name = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}[kind]
    row = _ROWS.get(key)
    low, high = (row.low, row.high) if row and kind in (int, float) else (item.metadata["low"], item.metadata["high"])
    allowed = name if math.isinf(low) else f"{name} from {_plain(low)} to {_plain(high)}"
    fits = isinstance(value, (int, float) if kind is float else kind) and (kind is bool or not isinstance(value, bool))
    if not fits:
        raise ValueError(f"{short(value)} is not {name}; {allowed} is allowed")
    if item.metadata["choices"] and value not in item.metadata["choices"]:
        raise ValueError(f"{short(value)} is not known; {', '.join(item.metadata['choices'])} are allowed")
    if key == "web.token" and value and not re.fullmatch(rf"[\w.~-]{{{SHORTEST_TOKEN},}}", str(value), re.ASCII):
        # Not with the value: it goes to a terminal and into a log.
        raise ValueError(
            f"{len(str(value))} letters can't be a token; {SHORTEST_TOKEN} at least, of A-Z, a-z, 0-9, "
            "-, ., _ and ~, are allowed"
        )
    if isinstance(value, (int, float)) and kind is not bool and not low <= value <= high:
        raise ValueError(f"{short(value)} is out of range; {allowed} is allowed")
    return kind(value)


def _plain(number: float) -> str:
    return repr(number).removesuffix(".0")


def _read(path: Path) -> dict[str, Any]:
    try:
        return read_toml(path, LARGEST_FILE)
    except OSError as error:
        reason = f"can't be read ({error.strerror}); a TOML file is allowed; check the path"
    except ValueError as error:
        reason = f"{error}; see artgen config for an example; mend it"
    raise ConfigError(f"{printable(path)}: {reason}")


def load(path: str | Path | None = None, flags: Mapping[str, object] | None = None) -> tuple[Config, dict[str, str]]:
    """Effective settings, and where each came from.

    Parameters
    ----------
    path : the show's TOML file, or None
    flags : ``table.key`` to value; None values are left out

    Returns
    -------
    config : Config
    origins : ``table.key`` to ``default``, the file's name or ``flag``

    Raises
    ------
    ConfigError
        With every mistake at once.
    """
    known = settings()
    values: dict[str, Any] = {}
    origins = dict.fromkeys(known, "default")
    mistakes: list[str] = []
    maps: tuple[Map, ...] = ()

    def take(key: str, value: object, origin: str) -> None:
        try:
            checked = check(key, value)
            values[key] = checked if origin == "flag" or not path else beside(key, checked, Path(path).parent)
            origins[key] = origin
        except ValueError as error:
            mistakes.append(f"{key}: {error}; change it in {origin}")

    for name, table in (_read(Path(path)) if path else {}).items():
        if name == "map":
            maps, wrong = read_rows(table, str(path))
            mistakes += wrong
            continue
        if name not in TABLES or not isinstance(table, dict):
            mistakes.append(f"[{name}]: no such table; {nearest(name, [*TABLES, 'map'])}; change it in {path}")
            continue
        for key, value in table.items():
            if f"{name}.{key}" in known:
                take(f"{name}.{key}", value, str(path))
            else:
                keys = [known_key.split(".")[1] for known_key in known if known_key.startswith(name + ".")]
                mistakes.append(f"{name}.{key}: no such setting; {nearest(key, keys)}; change it in {path}")
    for key, flag in (flags or {}).items():
        if flag is not None:
            take(key, flag, "flag")
    if mistakes:
        raise ConfigError("\n".join(map(printable, mistakes)))
    built = {
        name: table(
            **{item.name: values[key] for item in dataclasses.fields(table) if (key := f"{name}.{item.name}") in values}
        )
        for name, table in TABLES.items()
    }
    return Config(**built, map=maps), origins


def get(config: Config, key: str) -> Any:
    """Value of ``table.key``."""
    table, name = key.split(".")
    return getattr(getattr(config, table), name)


def replace(config: Config, key: str, value: object) -> Config:
    """A config with one setting changed, after `check`."""
    table, name = key.split(".")
    changed = dataclasses.replace(getattr(config, table), **{name: check(key, value)})
    return dataclasses.replace(config, **{table: changed})


class ConfigFile:
    """A show file that is read again when it is saved.

    Parameters
    ----------
    path : the TOML file, or None for none
    flags : as for `load`; they win over the file every time

    Attributes
    ----------
    config, origins : the settings as last read, and where each came from

    Raises
    ------
    ConfigError
        As `load`.
    """

    def __init__(self, path: str | Path | None, flags: Mapping[str, object]) -> None:
        self.path = Path(path) if path else None
        self._flags = flags
        self.config, self.origins = load(path, flags)
        self._read = self._seen = self._state()

    def _state(self) -> tuple[int, int]:
        """Time of the last save in ns, and size in bytes."""
        try:
            status = self.path.stat() if self.path else None
        except OSError:
            return self._seen
        return (status.st_mtime_ns, status.st_size) if status else (0, 0)

    def changes(self) -> dict[str, Any]:
        """Settings that the file's last save changed: ``table.key`` to value, and ``map`` to the maps.

        Ask regularly: a save counts from the second look that finds the file the same, since many editors empty
        a file before they write it.

        Raises
        ------
        ConfigError
            The edit is bad: keep the old values.
        """
        before_look, self._seen = self._seen, self._state()
        if self._seen != before_look or self._seen == self._read:
            return {}
        self._read = self._seen
        before, (self.config, self.origins) = self.config, load(self.path, self._flags)
        changed = {key: get(self.config, key) for key in settings() if get(self.config, key) != get(before, key)}
        return changed if self.config.map == before.map else changed | {"map": self.config.map}
