"""Where the values of a show go: OSC, OSCQuery, the page, the meters."""

import time
from collections.abc import Sequence
from typing import Any, Protocol

from artgen_osc.analysis.extractors import Heard
from artgen_osc.daemon.meters import Meters
from artgen_osc.http.server import WebServer
from artgen_osc.schema.address import Address, Value
from artgen_osc.schema.address_table import AddressTable
from artgen_osc.schema.values import HOPS_PER_HARMONY


class Sender(Protocol):
    """What sends OSC, or keeps it."""

    @property
    def dropped(self) -> int: ...

    def send(self, values: Sequence[tuple[Address, Value]]) -> None: ...


class Outlets:
    """All of them; none ever waits for who listens.

    Parameters
    ----------
    table : the contract
    sender : to targets and subscribers
    servers : OSCQuery and the page, those that there are
    meters : drawn from what is sent, or None
    """

    def __init__(
        self, table: AddressTable, sender: Sender, servers: Sequence[WebServer[Any]], meters: Meters | None
    ) -> None:
        self._table, self._sender, self._servers, self._meters = table, sender, servers, meters
        self._hops = 0
        self._harmony: list[tuple[Address, Value]] = []

    @property
    def dropped(self) -> int:
        """Packets and values that somebody missed, so far."""
        return self._sender.dropped + sum(server.dropped for server in self._servers)

    @property
    def refused(self) -> int:
        """Messages that the servers have refused, so far."""
        return sum(server.refused for server in self._servers)

    def publish(self, values: Sequence[tuple[Address, Value]]) -> None:
        """Send values to everybody, in one bundle if they fit."""
        self._sender.send(values)
        for server in self._servers:
            server.publish(values)

    def publish_hop(self, heard: Heard) -> None:
        """Send what is known of a hop: a bundle of ours, one of the harmony now and then, one of added extractors."""
        features, mood = heard.features, heard.mood
        values = [(output.address, output.read(features, mood)) for output in self._table.hop]
        self.publish(values)
        if self._hops % HOPS_PER_HARMONY == 0:
            self._harmony = [(output.address, output.read(features, mood)) for output in self._table.harmony]
            self.publish(self._harmony)
        self._hops += 1
        if heard.extra:
            self.publish(heard.extra)
        if self._meters:
            self._meters.show({row.path: value for row, value in (*values, *self._harmony)}, time.monotonic())
