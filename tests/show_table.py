"""The addresses and settings of a show without added plugins, for tests."""

from collections.abc import Iterable

from artgen_osc.config.plugins import own_contract
from artgen_osc.schema import address_table
from artgen_osc.schema.address import Address

CONTRACT = own_contract()
TABLE = CONTRACT.addresses
SENT, PAINTED = tuple(TABLE.sent.values()), tuple(TABLE.painted.values())
DAEMON, VISUALS = tuple(TABLE.daemon.values()), tuple(TABLE.visuals.values())


def by_path(*tables: Iterable[Address]) -> dict[str, Address]:
    """Rows of several tables."""
    return address_table.by_path(dict.fromkeys(row for table in tables for row in table))
