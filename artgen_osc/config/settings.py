"""Settings: one frozen dataclass for each TOML table, and the one loader.

Order: defaults < ``show.toml`` < flags. The documentation of a field is also the help of
its flag.
Files and folders that a show file names are beside it, unless it says where; those of flags are in the current folder.
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from artgen_osc.config.contract import Contract
from artgen_osc.config.modulation import TABLE, Connection, read_connections, targets_of
from artgen_osc.config.plugins import add_copies, contract_of, own_contract, own_registry
from artgen_osc.config.show_paths import beside
from artgen_osc.config.tables import Config
from artgen_osc.errors import ConfigError
from artgen_osc.osc.mapping.rows import Map, read_rows
from artgen_osc.plugins.registry import Registry
from artgen_osc.runtime.files import Saves
from artgen_osc.runtime.text import nearest, printable
from artgen_osc.runtime.toml import read_toml
from artgen_osc.schema.setting import read_table

log = logging.getLogger("artgen.config")

WORDS = "set"
"""Among the flags, the key of the words that ``--set`` was given."""

LARGEST_FILE = 256 << 10
"""Bytes of a show file: it is read again beside the sound."""

PARENTS = ("plugin", "layer")
"""Tables of which each holds further tables: ``[plugin.NAME]``, ``[layer.NUMBER]``."""

VIEW_VARIABLE = "ARTGEN_VIEW"
"""By this environment variable the daemon tells its own renderer what ``visuals.view`` would: the address may have a
token in it, and every user of the machine can read a command line."""

GALLERY = ("visuals.gallery",)
PAINTING = (*GALLERY, "visuals.model", "visuals.models", "visuals.second_model", "visuals.engine")
"""What pictures are painted with beside a show."""

TOKEN_VARIABLE = "ARTGEN_WEB_TOKEN"
"""By this environment variable ``web.token`` is given without a command line or a file."""


def _read(path: Path) -> dict[str, Any]:
    try:
        return read_toml(path, LARGEST_FILE)
    except OSError as error:
        reason = f"can't be read ({error.strerror}); check the path"
    except ValueError as error:
        reason = f"{error}; see artgen config for an example; mend it"
    raise ConfigError(f"{printable(path)}: {reason}")


def load(
    path: str | Path | None = None, flags: Mapping[str, object] | None = None, contract: Contract | None = None
) -> tuple[Config, dict[str, str]]:
    """Effective settings, and where each came from.

    Parameters
    ----------
    path : the show's TOML file, or None
    flags : ``table.key`` to value; None values are left out
    contract : what can be set; None: our own settings

    Returns
    -------
    config : Config
    origins : ``table.key`` to ``default``, the file's name or ``flag``

    Raises
    ------
    ConfigError
        With every mistake at once.
    """
    contract = contract or own_contract()
    origins = dict.fromkeys(contract.settings, "default")
    maps: tuple[Map, ...] = ()
    modulate: tuple[Connection, ...] = ()
    values: dict[str, Any] = {}
    mistakes: list[str] = []
    given = _read(Path(path)) if path else {}
    if "map" in given:
        maps, mistakes = read_rows(given.pop("map"), str(path), contract.addresses.sent)
    if TABLE in given:
        targets = targets_of(contract.settings.values())
        modulate, wrong = read_connections(given.pop(TABLE), targets, contract.unusable)
        mistakes += [f"{mistake}; change it in {path}" for mistake in wrong]
    for name, table in _tables(given).items():
        if name in contract.unusable:
            continue  # the registry has told why
        if name not in contract.sections or not isinstance(table, dict):
            known = [*contract.sections, "map", TABLE]
            mistakes.append(f"[{name}]: no such table; {nearest(name, known)}; change it in {path}")
            continue
        start = f"{name}."
        checks = {key.removeprefix(start): contract.settings[key].check for key in contract.in_table(name)}
        found, wrong = read_table(table, checks)
        mistakes += [f"{start}{mistake}; change it in {path}" for mistake in wrong]
        values |= {
            start + key: beside(contract.settings[start + key], value, Path(str(path)).parent)
            for key, value in found.items()
        }
        origins |= dict.fromkeys((start + key for key in found), str(path))
    flagged = {key: value for key, value in (flags or {}).items() if value is not None}
    found, wrong = read_table(flagged, {key: setting.check for key, setting in contract.settings.items()})
    mistakes += wrong
    if mistakes:
        raise ConfigError("\n".join(map(printable, mistakes)))
    return contract.config(values | found, map=maps, modulate=modulate), origins | dict.fromkeys(found, "flag")


def _tables(given: Mapping[str, Any]) -> dict[str, Any]:
    """Tables of a show file by name; those below another one, such as ``[plugin.NAME]``, as ``plugin.NAME``."""
    tables: dict[str, Any] = {}
    for name, table in given.items():
        if name in PARENTS and isinstance(table, dict):
            tables |= {f"{name}.{below}": found for below, found in table.items()}
        else:
            tables[name] = table
    return tables


class ConfigFile:
    """A show file that is read again when it is saved.

    Parameters
    ----------
    path : the TOML file, or None for none
    flags : as for `load`, and under `WORDS` what ``--set`` was given; they win over the file every time
    registry : of the plugins; None: ours alone

    Attributes
    ----------
    registry : of the plugins
    contract : what can be set and said in this show
    config, origins : the settings as last read, and where each came from

    Raises
    ------
    ConfigError
        As `load`.
    """

    def __init__(self, path: str | Path | None, flags: Mapping[str, object], registry: Registry | None = None) -> None:
        self.path = Path(path) if path else None
        self.registry = registry or own_registry()
        self.registry.switch_off(self._named(flags, "off"))  # before the contract imports any
        if mistakes := add_copies(self.registry, self._named(flags, "copies")):
            raise ConfigError("\n".join(mistakes))
        self.contract = contract_of(self.registry)
        self._flags = {key: value for key, value in flags.items() if key != WORDS} | self._said(flags.get(WORDS))
        self.config, self.origins = load(path, self._flags, self.contract)
        for name in self.registry.switch_off(self.config.plugins.off):
            log.warning(
                "plugins.off: %s: no installed plugin has this name; artgen plugins lists them", printable(name)
            )
        self._saves = Saves(self._state)
        self._saves.due()  # it has just been read

    @property
    def folder(self) -> Path:
        """Where the show's file is; the current folder where there is none."""
        return self.path.parent if self.path else Path()

    def _named(self, flags: Mapping[str, object], key: str) -> list[str]:
        """What a list in ``[plugins]`` names, as it stands; it is checked with all other settings."""
        words = flags.get(WORDS)
        said = [str(word).partition("=") for word in words] if isinstance(words, (list, tuple)) else []
        named: object = flags.get(f"plugins.{key}") or [name for start, _, name in said if start == f"plugins.{key}"]
        if not named and self.path:
            table = _read(self.path).get("plugins")
            named = table.get(key) if isinstance(table, dict) else None
        return [name for name in named if isinstance(name, str)] if isinstance(named, (list, tuple)) else []

    def _said(self, words: object) -> dict[str, Any]:
        """Settings from words such as ``plugin.NAME.key=value``."""
        values: dict[str, Any] = {}
        mistakes: list[str] = []
        for word in words if isinstance(words, (list, tuple)) else ():
            key, _, text = str(word).partition("=")
            setting = self.contract.settings.get(key)
            if key.rpartition(".")[0] in self.contract.unusable:
                continue  # the registry has told why
            if setting is None:
                mistakes.append(f"--set {key}: no such setting; {nearest(key, tuple(self.contract.settings))}")
                continue
            try:
                value = setting.parse(text)
                values[key] = (*values.get(key, ()), *value) if setting.adds else value
            except ValueError as error:
                mistakes.append(f"--set {key}: {error}")
        if mistakes:
            raise ConfigError("\n".join(map(printable, mistakes)))
        return values

    def _state(self) -> tuple[int, int] | None:
        """Time of the last save in ns, and size in bytes; None while it isn't there."""
        try:
            status = self.path.stat() if self.path else None
        except OSError:
            return None
        return (status.st_mtime_ns, status.st_size) if status else (0, 0)

    def changes(self) -> dict[str, Any]:
        """Settings that the file's last save changed: ``table.key`` to value, and ``map`` and ``modulate`` to the rows.

        Ask regularly; see `Saves`.

        Raises
        ------
        ConfigError
            The edit is bad: keep the old values.
        """
        if not self._saves.due():
            return {}
        before, (self.config, self.origins) = self.config, load(self.path, self._flags, self.contract)
        get = self.contract.get
        changed = {
            key: get(self.config, key) for key in self.contract.settings if get(self.config, key) != get(before, key)
        }
        rows = {"map": self.config.map, TABLE: self.config.modulate}
        return changed | {name: now for name, now in rows.items() if now != getattr(before, name)}
