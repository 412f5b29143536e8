"""The sockets that OSC comes in by: UDP, and TCP on the same port number. Each hands out packets, and never waits.

Each is registered in the receiver's selector with itself as data, and has ``read() -> (packet, sender) | None``:
None where nothing whole is there now.
"""

import contextlib
import errno
import logging
import math
import socket
import struct
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection
from functools import lru_cache
from selectors import EVENT_READ, BaseSelector
from typing import NamedTuple

from artgen_osc.errors import OscError
from artgen_osc.osc.framing import MAX_STREAM_PACKET, Unframer
from artgen_osc.osc.host_port import ip_address

MOST_CLIENTS = 16
IDLE_S = 10.0
"""A TCP client that has sent no whole packet for so long may lose its place to one that needs it."""

RECEIVE_BUFFER = 1 << 20
"""What is asked of the system, in bytes: a second of the daemon's bundles, with room. It may give less."""

KEEPALIVE_S = 60
"""After so much silence the system asks whether a TCP client is still there."""


class Sender(NamedTuple):
    """Who has sent a packet.

    Attributes
    ----------
    address : IP address
    trusted : whether it may have other machines sent to: a program on this one may, and who has shown a token
    """

    address: str
    trusted: bool


@lru_cache(256)
def sender_at(address: str) -> Sender:
    """The sender that has an IP address."""
    ip = ip_address(address.partition("%")[0])
    return Sender(address, trusted=ip is not None and ip.is_loopback)


Packet = tuple[bytes, Sender]

Refuse = Callable[[str, str, str], None]
"""What is refused, why, and whose it is."""

log_in = logging.getLogger("artgen.osc.in")


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


class Udp:
    """Datagrams.

    Parameters
    ----------
    host : an address of this machine, IPv4 or IPv6
    port : 0: any free one
    selector : to which its socket is added

    Raises
    ------
    OSError, OverflowError
        The port is taken, or the host isn't this machine's.
    """

    def __init__(self, host: str, port: int, selector: BaseSelector) -> None:
        self._socket = socket.socket(_family(host), socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            with contextlib.suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            self._socket.bind((host, port))
        except (OSError, OverflowError):
            self._socket.close()
            raise
        self.port: int = self._socket.getsockname()[1]
        self._lost = 0
        self._selector = selector
        selector.register(self._socket, EVENT_READ, self)

    def read(self) -> Packet | None:
        """The next datagram."""
        try:
            packet, sender = self._socket.recvfrom(MAX_STREAM_PACKET)
        except BlockingIOError:
            return None
        except OSError as error:  # on Windows, what an earlier answer could not reach
            log_in.debug("receive: %s", error)
            return None
        return packet, sender_at(sender[0])

    def lost(self) -> int:
        """Datagrams that the system has dropped since the last call, its buffer being full; 0 where it doesn't tell.

        Linux keeps the count (SO_MEMINFO, the ninth number); macOS and Windows have none for one socket.
        """
        if sys.platform != "linux":
            return 0
        try:
            memory = self._socket.getsockopt(socket.SOL_SOCKET, 55, 36)
        except OSError:  # before Linux 4.12
            return 0
        if len(memory) < 36:
            return 0
        total = struct.unpack_from("=I", memory, 32)[0]
        new, self._lost = (total - self._lost) % 2**32, total
        return int(new)

    def close(self) -> None:
        """Free the port."""
        with contextlib.suppress(KeyError, ValueError):  # closed before
            self._selector.unregister(self._socket)
        self._socket.close()


class _Client:
    """One TCP connection.

    Attributes
    ----------
    heard : s, monotonic, when its last whole packet was read, or it was let in
    """

    def __init__(self, connection: socket.socket, sender: Sender, close: Callable[["_Client", str], None]) -> None:
        self.connection, self.sender = connection, sender
        self.heard = time.monotonic()
        self._sends = False
        self._close = close
        self._unframer = Unframer()
        self.closed = False

    def read(self) -> Packet | None:
        """The next packet; a client that has gone or sends rubbish is closed."""
        if self.closed:
            return None
        reason = ""
        try:
            packet = self._unframer.get()
            if packet is None:
                data = self.connection.recv(MAX_STREAM_PACKET)
                self._unframer.put(data)
                packet = self._unframer.get()
                if not data:
                    self.closed = True
                    reason = "the connection ended within a packet" if self._unframer.partial else ""
        except BlockingIOError:
            return None
        except (OscError, OSError) as error:
            packet, reason, self.closed = None, str(error) if isinstance(error, OscError) else "", True
        if self.closed:
            self._close(self, reason)
        if packet is None:
            return None
        self.heard, self._sends = time.monotonic(), True
        return packet, self.sender

    def idle(self, now: float) -> float:
        """s since its last packet; infinite where there was none and none is waiting."""
        if self._sends:
            return now - self.heard
        try:
            self.connection.recv(1, socket.MSG_PEEK)
        except OSError:  # nothing is there, or it has gone
            return math.inf
        return now - self.heard


class Tcp:
    """A listener, and its clients: `MOST_CLIENTS` at most.

    Where all places are taken, a newcomer gets that of whoever has been idle for long, or of an address that has
    more than its share: who only holds places can't shut others out, and who sends keeps theirs.

    Parameters
    ----------
    host : an address of this machine, IPv4 or IPv6
    port : 0: any free one
    selector : to which its sockets are added
    refuse : told of each client that is turned away or broken off

    Raises
    ------
    OSError, OverflowError
        The port is taken, or the host isn't this machine's.
    """

    def __init__(self, host: str, port: int, selector: BaseSelector, refuse: Refuse) -> None:
        self._socket = socket.create_server((host, port), family=_family(host))
        self._socket.setblocking(False)
        self._selector, self._refuse = selector, refuse
        self._clients: set[_Client] = set()
        selector.register(self._socket, EVENT_READ, self)

    def read(self) -> Packet | None:
        """Let the next client in; what it sends is there from the next time on."""
        try:
            connection, place = self._socket.accept()
        except OSError as error:  # it has gone again, or no file is free
            log_in.debug("accept: %s", error)
            if error.errno in (errno.EMFILE, errno.ENFILE):
                self._spare(self._clients, IDLE_S)
            return None
        sender = sender_at(str(place[0]))
        if len(self._clients) >= MOST_CLIENTS and not self._make_room(sender.address):
            connection.close()
            reason = f"{MOST_CLIENTS} clients are connected, which is the most; close one"
            self._refuse(f"TCP from {sender.address}", reason, sender.address)
            return None
        connection.setblocking(False)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if hasattr(socket, "TCP_KEEPIDLE"):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_S)
        client = _Client(connection, sender, self._gone)
        self._clients.add(client)
        self._selector.register(connection, EVENT_READ, client)
        return None

    def _make_room(self, address: str) -> bool:
        """Close the client that can best be spared for one more of this address; False where each has its due."""
        shares = Counter(client.sender.address for client in self._clients)
        own = shares[address]
        if self._spare([client for client in self._clients if shares[client.sender.address] > own + 1], 0.0):
            return True
        return self._spare([client for client in self._clients if shares[client.sender.address] >= own], IDLE_S)

    def _spare(self, clients: Collection[_Client], least: float) -> bool:
        """Close the one of these that has been idle longest, and for `least` s at least; False where there is none."""
        now = time.monotonic()
        idle = {client: client.idle(now) for client in clients}
        idlest = max(clients, key=lambda client: (idle[client], now - client.heard), default=None)
        if idlest is None or idle[idlest] < least:
            return False
        self._gone(idlest, "its place is needed; connect again, and send")
        return True

    def _gone(self, client: _Client, reason: str) -> None:
        client.closed = True
        self._selector.unregister(client.connection)
        client.connection.close()
        self._clients.discard(client)
        if reason:
            self._refuse(f"TCP from {client.sender.address}", reason, client.sender.address)

    def close(self) -> None:
        """Close every client and free the port."""
        for client in tuple(self._clients):
            self._gone(client, "")
        self._socket.close()
