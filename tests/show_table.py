"""The addresses and settings of a show without added plugins, for tests."""

from collections.abc import Iterable
from typing import Any

from artgen_osc.config.plugins import own_contract
from artgen_osc.config.tables import Config
from artgen_osc.schema import address_table
from artgen_osc.schema.address import Address

CONTRACT = own_contract()
TABLE = CONTRACT.addresses
SENT, PAINTED = tuple(TABLE.sent.values()), tuple(TABLE.painted.values())
DAEMON, VISUALS = tuple(TABLE.daemon.values()), tuple(TABLE.visuals.values())


def by_path(*tables: Iterable[Address]) -> dict[str, Address]:
    """Rows of several tables."""
    return address_table.by_path(dict.fromkeys(row for table in tables for row in table))


def config(**visuals: Any) -> Config:
    """What ``[visuals]`` of a show file with these settings gives."""
    return CONTRACT.config({f"visuals.{name}": value for name, value in visuals.items()})


def drawn(**visuals: float) -> dict[str, Any]:
    """Settings of those plugins whose ``[visuals]`` are given, by the plugin's name."""
    held = {CONTRACT.settings[f"visuals.{name}"].table.removeprefix("plugin.") for name in visuals}
    return {name: config(**visuals).plugin[name] for name in held}
