"""Transports to one target: datagrams, or a TCP connection on a thread of its own. None of them holds up the caller."""

import contextlib
import errno
import logging
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from artgen_osc.errors import OscError
from artgen_osc.osc.framing import length_prefixed, slip
from artgen_osc.osc.targets import Target
from artgen_osc.osc.udp_sockets import SocketAddress, UdpSocket, resolve
from artgen_osc.runtime.backoff import Backoff
from artgen_osc.runtime.throttle import Throttle

log_out = logging.getLogger("artgen.osc.out")

LOOK_UP_AGAIN_S = 60.0
"""A name that is known may move to another address."""
CONNECT_S, STUCK_S = 5.0, 10.0
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 10.0
"""Between two tries, twice as long each time."""
MOST_WAITING = 64
"""Packets for a TCP connection that is slow: three quarters of a second."""
MOST_THREADS = 200
"""Of this process, so that a flood of targets that aren't there can't take the machine."""


class Transport(Protocol):
    """What the sender needs of a target.

    Attributes
    ----------
    dropped : packets that it missed so far
    tried : set once it has been looked for the first time, found or not
    """

    dropped: int
    tried: threading.Event

    def send(self, packet: bytes) -> None:
        """Send one packet, or count it as dropped; returns at once, never raises."""

    def close(self) -> None:
        """Let go of the sockets and threads."""


def _reason(error: Exception) -> str:
    """Why a target can't be reached, and what to do."""
    if isinstance(error, OscError):
        return str(error)
    if isinstance(error, socket.gaierror):
        reason = error.strerror or error
        return f"the host isn't known now ({reason}); it is looked up again; is its name right, and the machine on?"
    return f"can't be reached ({error}); it is tried again; is the program running?"


def _start(run: Callable[[], None], name: str) -> threading.Thread:
    if threading.active_count() >= MOST_THREADS:
        raise OscError(f"{name}: too many targets are being connected to; wait until they are there, or remove some")
    thread = threading.Thread(target=run, name=f"send to {name}", daemon=True)
    thread.start()
    return thread


class UdpTransport:
    """Datagrams.

    A host's name is looked up on a thread, again and again until it is known, and now and then after that; what is
    sent until then is dropped. Where a name has several addresses, such as ``localhost``, one of them is sent to: the
    first, or where the system tells that nobody listens there, the next. So a program that listens on several gets
    everything once.

    Parameters
    ----------
    name : the target as it was given, for messages
    target : as it was understood

    Raises
    ------
    OscError
        It is a broadcast address without the option, or there are too many threads.
    """

    def __init__(self, name: str, target: Target) -> None:
        self._name, self._target = name, target
        self._throttle = Throttle()
        self._lock = threading.Lock()
        self._addresses: list[SocketAddress] = []
        self._sockets: list[UdpSocket] = []
        self._at = 0
        self._closing, self._failed = threading.Event(), threading.Event()
        self.tried = threading.Event()
        self.dropped = 0
        try:
            self._open(numeric=True)
            self.tried.set()
        except OSError:
            _start(self._follow, name)

    def _open(self, numeric: bool = False) -> None:
        addresses = resolve(self._target, numeric)
        if addresses == self._addresses and not self._failed.is_set():
            return
        sockets: list[UdpSocket] = []
        error: OSError | None = None
        for address in addresses:
            try:
                sockets.append(UdpSocket(self._name, self._target, address, told=len(addresses) > 1))
            except OSError as this:  # such as IPv6 where the machine has none
                error = this
        if error and not sockets:
            raise error
        with self._lock:
            if not self._closing.is_set():
                self._sockets, sockets = sockets, self._sockets
                self._addresses, self._at = addresses, 0
        for each in sockets:
            each.close()
        self._failed.clear()

    def _follow(self) -> None:
        backoff, missing = Backoff(FIRST_WAIT_S, LONGEST_WAIT_S), False
        while not self._closing.is_set():
            try:
                self._open()
            except (OSError, OscError) as error:
                if not self._sockets or self._failed.is_set():
                    missing = True
                    self._tell(_reason(error))
            else:
                if missing:
                    missing = False
                    log_out.warning("%s: the host is known now", self._name)
                self.tried.set()
                if not self._failed.wait(LOOK_UP_AGAIN_S):
                    backoff.reset()
                    continue
            self.tried.set()
            self._closing.wait(backoff.next())

    def _tell(self, what: str) -> None:
        if self._throttle.due():
            log_out.warning("%s: %s", self._name, what)

    def send(self, packet: bytes) -> None:
        """Send one packet, or count it as dropped."""
        failure: OSError | None = None
        with self._lock:
            for _ in self._sockets:
                try:
                    self._sockets[self._at].send(packet)
                except OSError as error:
                    failure = error
                    if error.errno in (errno.EAGAIN, errno.EMSGSIZE):  # this packet fares no better elsewhere
                        break
                    self._at = (self._at + 1) % len(self._sockets)
                else:
                    return
            self.dropped += 1
        if failure:
            self._tell(f"not sent ({failure}); is the program running?")
            if not isinstance(failure, (ConnectionError, BlockingIOError)):
                self._failed.set()

    def close(self) -> None:
        """Let go of the sockets; may be called again."""
        self._closing.set()
        self._failed.set()
        with self._lock:
            for each in self._sockets:
                each.close()
            self._sockets = []


class TcpTransport:
    """A TCP connection, made again whenever it is lost.

    What is sent while there is no connection is dropped: old values help nobody. Where the other side
    is slow, the oldest of `MOST_WAITING` packets goes first.

    Parameters
    ----------
    name : the target as it was given, for messages
    target : as it was understood
    """

    def __init__(self, name: str, target: Target) -> None:
        self._name, self._target = name, target
        self._frame = slip if target.transport == "slip" else length_prefixed
        self._throttle = Throttle()
        self._waiting: deque[bytes] = deque()
        self._changed = threading.Condition()
        self._connection: socket.socket | None = None
        self._closed = False
        self.tried = threading.Event()
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
        backoff = Backoff(FIRST_WAIT_S, LONGEST_WAIT_S)
        while not self._closed:
            try:
                address = (self._target.host, self._target.port)
                with socket.create_connection(address, timeout=CONNECT_S) as connection:
                    connection.settimeout(STUCK_S)
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    connected = time.monotonic()
                    try:
                        self._pass_on(connection)
                    finally:
                        # One that takes the connection and drops it at once is no better than one that isn't there.
                        if time.monotonic() - connected > LONGEST_WAIT_S:
                            backoff.reset()
                        with self._changed:
                            self._connection = None
                            self.dropped += len(self._waiting)
                            self._waiting.clear()
            except (OSError, ValueError) as error:
                if self._closed:
                    return
                self.tried.set()
                if self._throttle.due():
                    log_out.warning("%s: %s", self._name, _reason(error))
            with self._changed:
                self._changed.wait_for(lambda: self._closed, backoff.next())

    def _pass_on(self, connection: socket.socket) -> None:
        """Send what comes until the connection is lost or this is closed."""
        with self._changed:
            self._connection = connection
        self.tried.set()
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


def open_transport(name: str, target: Target) -> Transport:
    """The transport to a target.

    Parameters
    ----------
    name : the target as it was given, for messages
    target : as it was understood

    Raises
    ------
    OscError
        As `UdpTransport`.
    """
    return UdpTransport(name, target) if target.transport == "udp" else TcpTransport(name, target)
