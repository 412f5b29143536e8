"""Ways to one target: datagrams, or a TCP connection on a thread of its own. None of them holds up the caller."""

import contextlib
import ipaddress
import logging
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from artgen_osc.errors import OscError
from artgen_osc.osc_stream import length_prefixed, slip
from artgen_osc.target_syntax import Target

log_out = logging.getLogger("artgen.osc.out")

QUIET_S = 60.0
"""A target that can't be reached is told of once, and then so seldom."""
LOOK_UP_AGAIN_S = 10.0
CONNECT_S, STUCK_S = 5.0, 10.0
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 10.0
MOST_WAITING = 64
"""Packets for a TCP connection that is slow: three quarters of a second."""
MOST_THREADS = 200
"""Of this process, so that a flood of targets that aren't there can't take the machine."""


class Link(Protocol):
    """What the sender needs of a target; `dropped` counts the packets that it missed."""

    dropped: int

    def send(self, packet: bytes) -> None:
        """Send one packet, or count it as dropped; returns at once, never raises."""

    def close(self) -> None:
        """Let go of the sockets and threads."""


class _Trouble:
    """Says once, and then once a minute, that a target can't be reached."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._quiet_until = 0.0

    def tell(self, what: str) -> None:
        now = time.monotonic()
        if now >= self._quiet_until:
            self._quiet_until = now + QUIET_S
            log_out.warning("%s: %s", self._name, what)


def _unknown(name: str, error: OSError) -> OscError:
    return OscError(f"{name}: the host isn't known ({error}); a name or an IP address is allowed; correct it")


def _start(run: Callable[[], None], name: str) -> threading.Thread:
    if threading.active_count() >= MOST_THREADS:
        raise OscError(f"{name}: too many targets are being connected to; wait until they are there, or remove some")
    thread = threading.Thread(target=run, name=f"send to {name}", daemon=True)
    thread.start()
    return thread


class UdpLink:
    """Datagrams.

    Parameters
    ----------
    name : the target as it was given, for messages
    wait : look up a host's name at once; otherwise on a thread, and what is sent until then is dropped

    Raises
    ------
    OscError
        The host isn't known, or is a broadcast address without the option.
    """

    def __init__(self, name: str, target: Target, wait: bool) -> None:
        self._name, self._target = name, target
        self._trouble = _Trouble(name)
        self._socket: socket.socket | None = None
        self._closed = threading.Event()
        self.dropped = 0
        try:
            self._open(0 if wait else socket.AI_NUMERICHOST)
        except socket.gaierror as error:
            if wait:
                raise _unknown(name, error) from None
            _start(self._look_up, name)

    def _open(self, flags: int) -> None:
        host, port = self._target.host, self._target.port
        try:
            family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM, flags=flags)[0]
        except ValueError as error:  # no name at all: a part of it is empty or too long
            raise socket.gaierror(f"{error}") from None
        connection = socket.socket(family, kind, protocol)
        connection.setblocking(False)
        self._prepare(connection, place)
        self._place = place
        self._socket = connection

    def _prepare(self, connection: socket.socket, place: tuple[object, ...]) -> None:
        if ipaddress.ip_address(str(place[0]).partition("%")[0]).is_multicast:
            if connection.family == socket.AF_INET6:
                connection.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, self._target.ttl)
                connection.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 1)
            else:
                connection.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, self._target.ttl)
                connection.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
        elif self._target.broadcast:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        else:
            with socket.socket(connection.family, socket.SOCK_DGRAM) as trial, contextlib.suppress(OSError):
                try:
                    trial.connect(place)
                except PermissionError:
                    connection.close()
                    raise OscError(
                        f"{self._name}: is a broadcast address; everyone there would be sent to; "
                        "add the option broadcast if that is meant"
                    ) from None

    def _look_up(self) -> None:
        while not self._closed.is_set():
            try:
                self._open(0)
            except (socket.gaierror, OscError) as error:
                self._trouble.tell(str(error) if isinstance(error, OscError) else str(_unknown(self._name, error)))
                self._closed.wait(LOOK_UP_AGAIN_S)
                continue
            if self._closed.is_set():
                self.close()
            return

    def send(self, packet: bytes) -> None:
        """Send one packet, or count it as dropped."""
        if self._socket is None:
            self.dropped += 1
            return
        try:
            self._socket.sendto(packet, self._place)
        except OSError as error:
            self.dropped += 1
            self._trouble.tell(f"not sent ({error}); is the program running?")

    def close(self) -> None:
        """Let go of the socket; may be called again."""
        self._closed.set()
        if self._socket:
            self._socket.close()


class TcpLink:
    """A TCP connection, made again whenever it is lost.

    What is sent while there is no connection is dropped: old values help nobody. Where the other side
    is slow, the oldest of `MOST_WAITING` packets goes first.

    Parameters
    ----------
    name : the target as it was given, for messages
    """

    def __init__(self, name: str, target: Target) -> None:
        self._name, self._target = name, target
        self._frame = slip if target.transport == "slip" else length_prefixed
        self._trouble = _Trouble(name)
        self._waiting: deque[bytes] = deque()
        self._changed = threading.Condition()
        self._connection: socket.socket | None = None
        self._closed = False
        self.dropped = 0
        self._thread = _start(self._run, name)

    def send(self, packet: bytes) -> None:
        """Hand one packet to the thread, or count one as dropped."""
        with self._changed:
            if self._connection is None:
                self.dropped += 1
                return
            if len(self._waiting) >= MOST_WAITING:
                self._waiting.popleft()
                self.dropped += 1
            self._waiting.append(packet)
            self._changed.notify()

    def _run(self) -> None:
        wait = FIRST_WAIT_S
        while not self._closed:
            try:
                place = (self._target.host, self._target.port)
                with socket.create_connection(place, timeout=CONNECT_S) as connection:
                    connection.settimeout(STUCK_S)
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    connected = time.monotonic()
                    try:
                        self._pass_on(connection)
                    finally:
                        # One that takes the connection and drops it at once is no better than one that isn't there.
                        wait = FIRST_WAIT_S if time.monotonic() - connected > LONGEST_WAIT_S else wait
                        with self._changed:
                            self._connection = None
                            self.dropped += len(self._waiting)
                            self._waiting.clear()
            except (OSError, ValueError) as error:
                if self._closed:
                    return
                self._trouble.tell(f"no connection ({error}); it is tried again; is the program running?")
            with self._changed:
                self._changed.wait_for(lambda: self._closed, wait)
            wait = min(2 * wait, LONGEST_WAIT_S)

    def _pass_on(self, connection: socket.socket) -> None:
        """Send what comes until the connection is lost or this is closed."""
        with self._changed:
            self._connection = connection
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if self._closed:
                    return
                packets = list(self._waiting)
                self._waiting.clear()
            try:
                connection.sendall(b"".join(map(self._frame, packets)))
            except OSError:
                self.dropped += len(packets)
                raise

    def close(self) -> None:
        """End the connection, and soon its thread; may be called again."""
        with self._changed:
            self._closed = True
            if self._connection:
                with contextlib.suppress(OSError):  # the other side may have gone
                    self._connection.shutdown(socket.SHUT_RDWR)
            self._changed.notify()


def open_link(name: str, target: Target, wait: bool) -> Link:
    """The way to a target; see `UdpLink` for the parameters and what is raised."""
    return UdpLink(name, target, wait) if target.transport == "udp" else TcpLink(name, target)
