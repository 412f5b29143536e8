"""The door of a server: takes connections, and no more of them than there is room for.

Anyone who reaches a port can connect faster than the server could answer, or connect and say nothing. So nobody has
all the places, whoever hasn't asked for anything makes room for who comes, and all of it takes a fifth of the time.
"""

import asyncio
import contextlib
import errno
import ipaddress
import logging
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from artgen_osc.runtime.throttle import Throttle

if TYPE_CHECKING:
    import ssl

log = logging.getLogger("artgen.web")

MOST = 256
"""Connections at once."""

KEPT_FREE = 128
"""File handles that are left to the rest of the show."""

A_SECOND, AT_ONCE = 300, 100
"""Connections that are taken a second on the long run, and in a moment."""

REST = 4
"""After some work on connections it rests, so many times as long."""

TURN_S, ACCEPT_S = 0.001, 30e-6
"""After so much work it rests; about so long takes it to hear of a connection at all."""

NO_HANDLE_S = 0.1
HANDSHAKE_S = 5.0


def connection_limit() -> int:
    """Connections that a server may have, with the handles that this process may open: a third of what is left."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return MOST
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return MOST if limit == resource.RLIM_INFINITY else max(16, min(MOST, (limit - KEPT_FREE) // 3))


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens on this machine.

    Parameters
    ----------
    host : an address or a name of this machine; ``::`` means all of its addresses, of both kinds
    port : 0: any free one

    Raises
    ------
    OSError, OverflowError
        The host isn't this machine's, or the port is taken or out of range.
    """
    try:
        possible = b"\0" not in host.encode("idna")
    except UnicodeError:
        possible = False
    if not possible:  # `create_server` would leave its socket open
        raise OSError(errno.EINVAL, "no host can have this name")
    if ":" not in host:
        return socket.create_server((host, port))
    both = host == "::" and socket.has_dualstack_ipv6()
    return socket.create_server((host, port), family=socket.AF_INET6, dualstack_ipv6=both)


def plain(address: str) -> str:
    """An IPv4 address as such, where a socket for both kinds has it mapped into an IPv6 one.

    >>> plain("::ffff:10.0.0.7"), plain("fe80::7%eth0"), plain("10.0.0.7")
    ('10.0.0.7', 'fe80::7%eth0', '10.0.0.7')
    """
    try:
        mapped = ipaddress.IPv6Address(address).ipv4_mapped
    except ValueError:
        return address
    return str(mapped) if mapped else address


def neighbour(address: str) -> str:
    """Who counts as one: an IPv4 address, or the network of 2^64 addresses that anyone with IPv6 has.

    >>> neighbour("::ffff:10.0.0.7"), neighbour("2001:db8::1:2:3:4"), neighbour("::1")
    ('10.0.0.7', '2001:db8::', '::1')
    """
    address = plain(address).partition("%")[0]
    try:
        six = ipaddress.IPv6Address(address)
    except ValueError:
        return address
    return address if six.is_loopback else str(ipaddress.IPv6Address(int(six) >> 64 << 64))


class _Guest:
    """A connection."""

    def __init__(self, address: str, now: float) -> None:
        self.address, self.since, self.busy = address, now, False
        self.transport: asyncio.BaseTransport | None = None
        self.task: asyncio.Task[None] | None = None

    @property
    def gone(self) -> bool:
        if self.transport is not None:
            return self.transport.is_closing()
        return self.task is not None and self.task.done()

    def leave(self) -> None:
        """Close it, whatever it is about."""
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()
        elif self.task is not None:
            self.task.cancel()


class Acceptor:
    """Takes connections from a listening socket.

    Parameters
    ----------
    what : for people, such as ``OSCQuery``
    listener : closed at the end
    make : a protocol for a new connection
    tls : to talk TLS
    """

    def __init__(
        self,
        what: str,
        listener: socket.socket,
        make: Callable[[], asyncio.BaseProtocol],
        tls: "ssl.SSLContext | None" = None,
    ) -> None:
        self._what, self._listener, self._make, self._tls = what, listener, make, tls
        self._most = connection_limit()
        self._share = self._most - self._most // 4
        self._guests: set[_Guest] = set()
        self.refused = 0
        self._throttle = Throttle()
        self._taking: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin; call in the event loop."""
        self._listener.setblocking(False)
        self._taking = asyncio.create_task(self._take_all())

    def close(self) -> None:
        """Take no more connections, and free the port; those that there are go on."""
        if self._taking is not None:
            self._taking.cancel()
        for guest in self._guests:
            if guest.transport is None:
                guest.leave()
        self._listener.close()

    @contextlib.contextmanager
    def serving(self, transport: asyncio.BaseTransport | None) -> Iterator[None]:
        """While a request of a connection is answered, it needn't make room for others."""
        guest = next((each for each in self._guests if each.transport is transport), None)
        if guest is None:
            yield
            return
        guest.busy = True
        try:
            yield
        finally:
            guest.busy, guest.since = False, time.monotonic()

    async def _take_all(self) -> None:
        loop = asyncio.get_running_loop()
        due, spent = time.monotonic(), 0.0
        while True:
            try:
                connection, address = await loop.sock_accept(self._listener)
            except ConnectionError:
                continue  # it has gone already
            except OSError as error:  # no handle is free: the others in this process need one as well
                self._refuse(f"{error.strerror}")
                self._make_room([guest for guest in self._guests if guest.since < time.monotonic() - NO_HANDLE_S])
                await asyncio.sleep(NO_HANDLE_S)
                continue
            now = time.monotonic()
            if self._take(connection, neighbour(str(address[0])), now):
                due = max(due, now - AT_ONCE / A_SECOND) + 1 / A_SECOND
            spent += time.monotonic() - now + ACCEPT_S
            if due > now or spent > TURN_S:
                await asyncio.sleep(max(due - now, REST * min(spent, 10 * TURN_S)))
                spent = 0.0

    def _take(self, connection: socket.socket, address: str, now: float) -> bool:
        """Let a connection in, if there is room, or can be made."""
        if _has_gone(connection):
            connection.close()
            return False
        self._guests = {guest for guest in self._guests if not guest.gone}
        mine = [guest for guest in self._guests if guest.address == address]
        if len(mine) >= self._share or len(self._guests) >= self._most:
            if len(mine) < self._share:
                largest = Counter(guest.address for guest in self._guests).most_common(1)[0][0]
                mine = [guest for guest in self._guests if guest.address == largest]
            if not self._make_room(mine):
                connection.close()
                self._refuse(f"{address} has {len(mine)} of {self._most}")
                return False
        guest = _Guest(address, now)
        self._guests.add(guest)
        guest.task = asyncio.create_task(self._welcome(guest, connection))
        guest.task.add_done_callback(lambda task: connection.close() if task.cancelled() else None)
        return True

    async def _welcome(self, guest: _Guest, connection: socket.socket) -> None:
        options = {"ssl_handshake_timeout": HANDSHAKE_S} if self._tls else {}
        with contextlib.suppress(OSError):  # also what is wrong with TLS; strangers' mistakes are theirs
            guest.transport, _ = await asyncio.get_running_loop().connect_accepted_socket(
                self._make, connection, ssl=self._tls, **options
            )

    def _make_room(self, guests: "set[_Guest] | list[_Guest]") -> bool:
        """Close the connection that has waited longest without asking for anything; False where all are served."""
        idle = [guest for guest in guests if not guest.busy and not guest.gone]
        if not idle:
            return False
        guest = min(idle, key=lambda each: each.since)
        guest.leave()
        self._guests.discard(guest)
        return True

    def _refuse(self, reason: str) -> None:
        """Count it; log the first, and then one a minute."""
        self.refused += 1
        if self._throttle.due():
            log.warning("%s: no room for a connection (%s); %d refused so far", self._what, reason, self.refused)


def _has_gone(connection: socket.socket) -> bool:
    """Whether the other side has closed it without a word."""
    connection.setblocking(False)
    try:
        return not connection.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except OSError:
        return True
