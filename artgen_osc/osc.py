"""What comes in over OSC: the receiver, which validates against the schema, and `capture` for tests."""

import contextlib
import logging
import socket
import time
from collections import deque
from collections.abc import Iterator

from artgen_osc.errors import OscError
from artgen_osc.osc_codec import MAX_PACKET, Message, decode
from artgen_osc.schema import Address, Value
from artgen_osc.target_syntax import with_host

MOST_WAITING = 100
"""Packets that came another way than over UDP and wait for `OscReceiver.poll`."""

log_in = logging.getLogger("artgen.osc.in")


class OscReceiver:
    """Receives and validates against the schema.

    Whatever is malformed, unknown or out of range is refused, counted in `refused`, and
    logged with its reason, once for each address.

    Parameters
    ----------
    host, port : where to listen; port 0 takes a free one
    addresses : rows by path, see `artgen_osc.schema.by_path`

    Raises
    ------
    OscError
        The port is taken or the host isn't this machine's.
    """

    def __init__(self, host: str, port: int, addresses: dict[str, Address]) -> None:
        self._addresses = addresses
        self._logged: set[str] = set()
        self._waiting: deque[tuple[bytes, str]] = deque()
        self.refused = 0
        self._socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.bind((host, port))
        except (OSError, OverflowError) as error:
            self._socket.close()
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise OscError(
                f"{host}:{port}: can't listen there ({reason}); a free UDP port of this machine is allowed; "
                "stop the other program or choose another port"
            ) from None
        self.port: int = self._socket.getsockname()[1]

    def poll(self, timeout: float = 0.0, limit: int = 1000) -> list[tuple[Address, Value]]:
        """Valid values that have arrived, oldest first.

        Parameters
        ----------
        timeout : s to wait for the first packet
        limit : most packets that one call takes, so that a flood can't hold up the caller
        """
        values: list[tuple[Address, Value]] = []
        waiting = min(len(self._waiting), limit)
        for _ in range(waiting):
            values += self._accept(*self._waiting.popleft())
        self._socket.settimeout(0.0 if waiting else timeout)
        for _ in range(limit - waiting):
            try:
                packet, sender = self._socket.recvfrom(MAX_PACKET)
            except (BlockingIOError, TimeoutError):
                break
            except OSError as error:
                log_in.debug("receive: %s", error)
                continue
            self._socket.settimeout(0.0)
            values += self._accept(packet, sender[0])
        return values

    def put(self, packet: bytes, sender: str) -> bool:
        """Take a packet that came another way, as if it were a datagram; any thread may call.

        Returns
        -------
        False where too many wait already: come again later.
        """
        if len(self._waiting) >= MOST_WAITING:
            return False
        self._waiting.append((packet, sender))
        return True

    def _accept(self, packet: bytes, sender: str) -> list[tuple[Address, Value]]:
        try:
            messages = decode(packet)
        except OscError as error:
            self._refuse(f"packet from {sender}", str(error))
            return []
        values: list[tuple[Address, Value]] = []
        for message in messages:
            row = self._addresses.get(message.path)
            if row is None:
                self._refuse(message.path, "unknown address")
                continue
            try:
                value = row.check(message.arguments)
                values.append((row, with_host(str(value), sender) if row.here else value))
            except ValueError as error:
                self._refuse(message.path, str(error))
        return values

    def _refuse(self, what: str, reason: str) -> None:
        self.refused += 1
        if what not in self._logged and len(self._logged) < 1000:
            self._logged.add(what)
            log_in.warning("%s: refused: %s", what, reason)

    def close(self) -> None:
        """Free the port."""
        self._socket.close()


@contextlib.contextmanager
def capture(host: str = "127.0.0.1", port: int = 0) -> Iterator["Capture"]:
    """Collect every message that arrives on a port, for tests and for looking around."""
    connection = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        connection.bind((host, port))
        yield Capture(connection)
    finally:
        connection.close()


class Capture:
    """What `capture` yields: `port`, and `read` for the messages."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.port: int = connection.getsockname()[1]

    def read(self, seconds: float) -> list[tuple[float, Message]]:
        """Messages of the next `seconds`, each with its time of arrival (monotonic)."""
        messages: list[tuple[float, Message]] = []
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._connection.settimeout(left)
            try:
                packet = self._connection.recv(MAX_PACKET)
            except TimeoutError:
                break
            now = time.monotonic()
            messages += [(now, message) for message in decode(packet)]
        return messages
