"""What can be set and said in one show: its settings and its addresses, ours and those of its plugins."""

import functools
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from artgen_osc.config.order import check_order
from artgen_osc.config.tables import TABLES, Config
from artgen_osc.runtime.text import short
from artgen_osc.schema import values as schema
from artgen_osc.schema.address import EXTRA, PLAIN_PATH, Address, Value
from artgen_osc.schema.address_table import AddressTable
from artgen_osc.schema.setting import Setting, check_declared, settings_of

PREFIXES = {
    "input": "/artgen/control/input/",
    "extractor": "/artgen/control/x/",
    "generator": "/visuals/model/",
    "layer": "/visuals/layer/",
    "effect": "/visuals/effect/",
    "output": "/visuals/output/",
    "surface": "/visuals/surface/",
}
"""Where the addresses of a plugin's settings begin, by its kind; its name follows."""

NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
"""What an added plugin may be called: its name is part of addresses."""

TOLD = re.compile(r"[a-z][a-z0-9_]{0,39}")
"""What an output may call a value that it tells."""

MOST_OUTPUTS = 64
"""Of one extractor: all of them go into the datagram of each hop."""

ORDER = "visuals.order"
"""The setting whose value is names of effects."""

FIRST = ("audio", "mood", "rhythm", "osc", "web", "visuals", "plugins")
"""The tables of a show file begin in this order, whoever declares what is in them."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What a plugin declares.

    Attributes
    ----------
    kind, name : of the plugin
    settings : its frozen dataclass, each field made by `artgen_osc.schema.setting.setting`; None: it has none
    outputs : what it sends, an extractor's; their paths begin with ``/artgen/x/NAME/``
    tells : what it sends, an output's; their paths are names below ``/visuals/output/NAME/``
    own : whether it is one of ours, whose outputs are those of the schema
    """

    kind: str
    name: str
    settings: type | None = None
    outputs: tuple[Address, ...] = ()
    tells: tuple[Address, ...] = ()
    own: bool = False


def _settings(plugin: Declared) -> dict[str, Setting]:
    """Those of a plugin; one that names no address has that of its own name, below the plugin's."""
    if plugin.settings is None:
        return {}
    prefix = f"{PREFIXES[plugin.kind]}{plugin.name}/"
    if not plugin.own:
        check_declared(plugin.settings)
    found = settings_of(f"plugin.{plugin.name}", plugin.settings, prefix)
    for key, setting in found.items():
        if plugin.own:
            continue
        if key != f"plugin.{plugin.name}.{setting.field}":
            raise ValueError(f"{key}: a setting of {plugin.name} is in [plugin.{plugin.name}]; leave its key out")
        if setting.address and not setting.address.startswith(prefix):
            raise ValueError(f"{setting.address}: an address of {plugin.name} begins with {prefix[:-1]}")
    return found


def _told(plugin: Declared) -> list[Address]:
    """What an output sends."""
    tells = plugin.tells
    if plugin.kind == "output" and not plugin.own:
        tells = (*tells, Address("dropped", "int", "frames that it has lost so far", 0, schema.COUNT_MAX))
    for row in tells:
        if not TOLD.fullmatch(row.path):
            raise ValueError(f"{short(row.path)}: what an output tells is a name of its own, such as seconds")
    return [replace(row, path=f"{PREFIXES['output']}{plugin.name}/{row.path}") for row in tells]


class Contract:
    """Made once, when a program starts.

    Parameters
    ----------
    plugins : those that are in use
    unusable : names of plugins that are installed and can't be used; their tables in a show file are passed over

    Attributes
    ----------
    unusable : their tables, as ``plugin.NAME``
    tables : the dataclasses that hold the settings, by name; ``plugin.NAME`` for a plugin's
    settings : by ``table.key``, in order
    addresses : what is sent and understood

    Raises
    ------
    ValueError
        A plugin declares an address that isn't its own, or that there is already, or has the name of another one that
        has settings too.
    """

    def __init__(self, plugins: Sequence[Declared] = (), unusable: Collection[str] = ()) -> None:
        self.tables: dict[str, type] = dict(TABLES)
        self.settings: dict[str, Setting] = {
            key: setting for name, table in TABLES.items() for key, setting in settings_of(name, table).items()
        }
        extracted: list[Address] = []
        painted: list[Address] = []
        for plugin in plugins:
            if not plugin.own and not NAME.fullmatch(plugin.name):
                name = short(plugin.name)
                raise ValueError(f"{name} is no name of a plugin; write letters, digits, - and _, 40 at most")
            self.settings |= _settings(plugin)
            painted += _told(plugin)
            if plugin.settings is not None:
                table = f"plugin.{plugin.name}"
                if table in self.tables:
                    raise ValueError(f"[{table}] belongs to another plugin of this name; rename this {plugin.kind}")
                self.tables[table] = plugin.settings
            if not plugin.own and len(plugin.outputs) > MOST_OUTPUTS:
                raise ValueError(f"{len(plugin.outputs)} outputs; {MOST_OUTPUTS} are the most")
            for row in () if plugin.own else plugin.outputs:
                if not row.path.startswith(f"{EXTRA}{plugin.name}/"):
                    raise ValueError(f"{row.path}: an address of {plugin.name} begins with {EXTRA}{plugin.name}/")
                if not PLAIN_PATH.fullmatch(row.path):
                    path = short(row.path)
                    raise ValueError(f"{path} is no address; its parts are letters, digits, -, _ and . between /")
                extracted.append(row)
        effects = [plugin.name for plugin in plugins if plugin.kind == "effect"]
        known_order = functools.partial(check_order, known=effects, passed_over=unusable)
        self.settings[ORDER] = replace(self.settings[ORDER], more=known_order)
        self.unusable = {f"plugin.{name}" for name in unusable} - set(self.tables)
        tables = [*FIRST, *dict.fromkeys(key.rpartition(".")[0] for key in self.settings)]
        self.settings = dict(sorted(self.settings.items(), key=lambda item: tables.index(item[0].rpartition(".")[0])))
        rows = [setting.row for setting in self.settings.values()]
        self.addresses = AddressTable(
            schema.OUTPUTS,
            schema.HARMONY,
            extracted,
            (*schema.STATUS, schema.REFUSAL),
            (*schema.VISUALS_STATUS, schema.VISUALS_REFUSAL, schema.MODULATION, schema.LEVELS, *painted),
            (*(row for row in rows if row), *schema.DAEMON_COMMANDS, *schema.VISUALS_COMMANDS),
        )

    @property
    def sections(self) -> list[str]:
        """The tables that a show file may have, in order; ``plugin.NAME`` for a plugin's own."""
        return list(dict.fromkeys([*(key.rpartition(".")[0] for key in self.settings), *self.tables]))

    def in_table(self, name: str) -> list[str]:
        """Keys of the settings of one table, as ``table.key``."""
        return [key for key in self.settings if key.rpartition(".")[0] == name]

    def check(self, key: str, value: object) -> Any:
        """Return a value as its setting has it.

        Parameters
        ----------
        key : ``table.key``, one of `settings`
        value : as it was given, of any type

        Raises
        ------
        ValueError
            As `artgen_osc.schema.setting.Setting.check`.
        """
        return self.settings[key].check(value)

    def config(self, values: Mapping[str, Any], **more: Any) -> Config:
        """Settings from checked values by ``table.key``, the rest as declared.

        Parameters
        ----------
        values : what isn't the default
        more : other fields of `Config`
        """
        held: dict[str, dict[str, Any]] = {name: {} for name in self.tables}
        for key, value in values.items():
            setting = self.settings[key]
            held[setting.table][setting.field] = value
        built = {name: self.tables[name](**given) for name, given in held.items()}
        plugin = {_name(name): built.pop(name) for name in self.tables if name not in TABLES}
        return Config(**built, plugin=plugin, **more)

    def get(self, config: Config, key: str) -> Any:
        """Value of a setting.

        Parameters
        ----------
        config : of the show
        key : ``table.key``, one of `settings`
        """
        setting = self.settings[key]
        return getattr(self._held(config, setting.table), setting.field)

    def _held(self, config: Config, table: str) -> Any:
        """One dataclass of a config; a plugin's that it hasn't is as declared."""
        if table in TABLES:
            return getattr(config, table)
        held = config.plugin.get(_name(table))
        return self.tables[table]() if held is None else held

    def replace(self, config: Config, key: str, value: object) -> Config:
        """A config in which one setting is another.

        Parameters
        ----------
        config : of the show; it stays as it is
        key : ``table.key``, one of `settings`
        value : as it was given, of any type

        Raises
        ------
        ValueError
            As `check`.
        """
        setting = self.settings[key]
        changed = replace(self._held(config, setting.table), **{setting.field: self.check(key, value)})
        if setting.table in TABLES:
            return replace(config, **{setting.table: changed})
        return replace(config, plugin={**config.plugin, _name(setting.table): changed})

    def current(self, rows: Iterable[Address], config: Config) -> list[tuple[Address, Value]]:
        """What the settings of `rows` are now, as it would be sent; those without a value are left out.

        Parameters
        ----------
        rows : controls with or without a setting
        config : of the show
        """
        return [(row, row.check((self.get(config, row.setting),))) for row in rows if row.holds_value]


def _name(table: str) -> str:
    return table.partition(".")[2]
