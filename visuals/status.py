"""What the renderer tells others: its state once a second, and to monitors what comes in."""

from collections.abc import Iterable

from artgen_osc.errors import OscError
from artgen_osc.osc.receiver import OscReceiver
from artgen_osc.osc.sender import OscSender
from artgen_osc.oscquery.server import OscQuery
from artgen_osc.runtime.guard import Guard
from artgen_osc.schema.address_table import AddressTable
from artgen_osc.schema.table import (
    COUNT_MAX,
    VISUALS_REFUSAL,
    VISUALS_STATUS,
    Address,
    Painting,
    Value,
    values_of,
)
from visuals.control.scenes.folder import Library
from visuals.show import Show

EVERY_S = 1.0


class Report:
    """Answers those who subscribe.

    Parameters
    ----------
    receiver : whose refused messages are told
    query : is told the state too, or None
    library : whose scenes are told
    table : what is understood
    """

    def __init__(self, receiver: OscReceiver, query: OscQuery | None, library: Library, table: AddressTable) -> None:
        self._receiver, self._query, self._library, self._table = receiver, query, library, table
        self._sender = OscSender()
        self._guard = Guard(lambda what, reason: receiver.refuse(what, reason, ""))
        self._heartbeat = 0
        self._next = self._told = 0.0

    def receive(self, messages: Iterable[tuple[Address, Value]]) -> list[tuple[Address, Value]]:
        """Take subscriptions out of what has come in; the rest is echoed to those who asked for it, and returned.

        Parameters
        ----------
        messages : as from the receiver
        """
        others: list[tuple[Address, Value]] = []
        for row, value in messages:
            with self._guard(row.path):
                try:
                    if row.path == "/visuals/subscribe":
                        self._sender.subscribe(str(value))
                    elif row.path == "/visuals/unsubscribe":
                        self._sender.unsubscribe(str(value))
                    else:
                        others.append((row, value))
                except OscError as error:
                    self._receiver.refuse(row.path, str(error), "")
        self._sender.echo([(row, value) for row, value in others if row.path in self._table.visuals])
        return others

    def tell(self, show: Show, now: float, lost: int = 0) -> None:
        """Send the state, if it is time to.

        Parameters
        ----------
        show : whose state it is
        now : s, monotonic
        lost : frames and snapshots that were lost so far
        """
        if now < self._next:
            return
        self._next = now + EVERY_S
        self._heartbeat += 1
        state = Painting(
            heartbeat=self._heartbeat,
            fps=min(show.fps, 10000.0),
            pictures=min(show.worker.fps, 10000.0),
            valence=show.mood[0],
            energy=show.mood[1],
            model=show.worker.name,
            finish=show.finish,
            scene=show.scene,
            scenes=self._library.listed(),
            refused=self._receiver.refused % COUNT_MAX,
            dropped=(lost + self._sender.dropped + (self._query.dropped if self._query else 0)) % COUNT_MAX,
            overtaken=show.worker.dropped % COUNT_MAX,
        )
        values = values_of(VISUALS_STATUS, state)
        values += [(VISUALS_REFUSAL, text) for text in self._receiver.refused_since(self._told)]
        self._told = now
        self._sender.send(values)
        if self._query:
            self._query.publish(values)

    def close(self) -> None:
        """Send nothing any more."""
        self._sender.close()
