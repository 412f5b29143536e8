"""Open Sound Control 1.0: the codec, the sender, the receiver.

The codec does no input or output. It is strict where lenient decoders turn damage into
numbers: a packet that is cut short, misaligned or of an unknown type is an `OscError`.

Specification: https://opensoundcontrol.stanford.edu/spec-1_0.html
"""

import contextlib
import logging
import math
import socket
import struct
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from artgen_osc.errors import OscError
from artgen_osc.schema import Address, Value

Argument = float | int | str | bool | bytes | None

IMMEDIATELY = struct.pack(">Q", 1)
BUNDLE = b"#bundle\0"
MAX_PACKET = 65_507
MOST_WAITING = 100
"""Packets that came another way than over UDP and wait for `OscReceiver.poll`."""

PORTS = {
    "touchdesigner": 10000,
    "max": 7400,
    "supercollider": 57120,
    "processing": 12000,
    "resolume": 7000,
    "vdmx": 1234,
    "puredata": 9001,
}

log_in = logging.getLogger("artgen.osc.in")
log_out = logging.getLogger("artgen.osc.out")


@dataclass(frozen=True, slots=True)
class Message:
    """An address and its arguments."""

    path: str
    arguments: tuple[Argument, ...]


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (4 - len(data) % 4)


def encode_message(path: str, tag: str, value: Argument) -> bytes:
    """One message with one argument of type ``f``, ``i`` or ``s``.

    >>> encode_message("/a", "f", 0.5)
    b'/a\\x00\\x00,f\\x00\\x00?\\x00\\x00\\x00'
    """
    head = _padded(path.encode()) + _padded(f",{tag}".encode())
    if tag == "s":
        return head + _padded(str(value).encode(errors="replace"))  # a file's name may be no text
    return head + struct.pack(">" + tag, value)


def encode_bundle(messages: Sequence[bytes]) -> bytes:
    """Messages in one bundle with the immediate time tag.

    >>> encode_bundle([])
    b'#bundle\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x01'
    """
    return b"".join([BUNDLE, IMMEDIATELY, *(struct.pack(">i", len(message)) + message for message in messages)])


def _string(data: bytes, at: int) -> tuple[str, int]:
    end = data.find(b"\0", at)
    after = (end // 4 + 1) * 4
    if end < 0 or after > len(data) or data[end:after].strip(b"\0"):
        raise OscError(f"byte {at}: a string without its end; OSC strings end in 1 to 4 zero bytes; check the sender")
    try:
        return data[at:end].decode(), after
    except UnicodeDecodeError:
        raise OscError(f"byte {at}: a string that isn't text; ASCII and UTF-8 are allowed; check the sender") from None


def _argument(tag: str, data: bytes, at: int) -> tuple[Argument, int]:
    if tag in "TFNI":
        return {"T": True, "F": False, "N": None, "I": math.inf}[tag], at
    if tag in "sS":
        return _string(data, at)
    form = {"f": ">f", "i": ">i", "d": ">d", "h": ">q", "t": ">Q", "b": ">i"}.get(tag)
    if form is None:
        raise OscError(f"type {tag!r}: isn't known; f i s b d h t T F N I are allowed; check the sender")
    size = struct.calcsize(form)
    if at + size > len(data):
        raise OscError(
            f"byte {at}: an argument of type {tag!r} is cut short; {size} bytes are needed; check the sender"
        )
    (number,) = struct.unpack_from(form, data, at)
    at += size
    if tag != "b":
        return number, at
    after = at + (number + 3) // 4 * 4
    if number < 0 or after > len(data):
        raise OscError(f"byte {at}: a blob of {number} bytes is cut short; check the sender")
    return data[at : at + number], after


def decode(packet: bytes, depth: int = 0) -> list[Message]:
    """Messages of a packet, those of nested bundles included. Time tags are ignored: everything is now.

    Raises
    ------
    OscError
        The packet isn't well-formed; none of its messages is returned.
    """
    if len(packet) % 4 or not packet:
        raise OscError(f"a packet of {len(packet)} bytes; OSC packets are multiples of 4; check the sender")
    if packet.startswith(BUNDLE):
        if len(packet) < 16 or depth > 8:
            raise OscError("a bundle that is cut short or nested too deeply; check the sender")
        messages: list[Message] = []
        at = 16
        while at < len(packet):
            (size,) = struct.unpack_from(">i", packet, at)
            if size <= 0 or at + 4 + size > len(packet):
                raise OscError(f"byte {at}: a bundle element of {size} bytes is cut short; check the sender")
            messages += decode(packet[at + 4 : at + 4 + size], depth + 1)
            at += 4 + size
        return messages
    path, at = _string(packet, 0)
    if not path.startswith("/"):
        raise OscError(f"address {path[:40]!r}: doesn't start with '/'; check the sender")
    if at == len(packet):
        return [Message(path, ())]
    tags, at = _string(packet, at)
    if not tags.startswith(","):
        raise OscError(f"type tags {tags[:40]!r}: don't start with ','; check the sender")
    arguments: list[Argument] = []
    for tag in tags[1:]:
        value, at = _argument(tag, packet, at)
        arguments.append(value)
    if at != len(packet):
        raise OscError(f"{path}: {len(packet) - at} bytes too many after the arguments; check the sender")
    return [Message(path, tuple(arguments))]


def parse_target(text: str) -> tuple[str, int]:
    """``HOST:PORT``, ``PORT``, a program's name or ``NAME@HOST`` to host and port.

    >>> parse_target("touchdesigner@10.0.0.2")
    ('10.0.0.2', 10000)

    Raises
    ------
    OscError
    """
    name, _, host = text.partition("@")
    if name in PORTS:
        return host or "127.0.0.1", PORTS[name]
    host, _, port = text.rpartition(":")
    if port.isascii() and port.isdigit() and 1 <= int(port) <= 65535:
        return host.strip("[]") or "127.0.0.1", int(port)
    raise OscError(
        f"{text}: is not a target; HOST:PORT or one of {', '.join(PORTS)} is allowed; such as 127.0.0.1:9001"
    )


class OscSender:
    """Sends bundles to any number of targets over UDP.

    A target that can't be reached never stops the show: what it misses is counted in `dropped`.

    Parameters
    ----------
    targets : as `parse_target` takes them

    Raises
    ------
    OscError
        A target can't be understood or its host isn't known.
    """

    def __init__(self, targets: Sequence[str]) -> None:
        self._targets: dict[str, tuple[socket.socket, tuple[str, int]]] = {}
        self._quiet_until: dict[str, float] = {}
        self._heads: dict[Address, bytes] = {}
        self.dropped = 0
        try:
            for target in targets:
                self.add(target)
        except OscError:
            self.close()
            raise

    @property
    def targets(self) -> tuple[str, ...]:
        """Targets as they were given."""
        return tuple(self._targets)

    def add(self, target: str) -> None:
        """Send to `target` too."""
        host, port = parse_target(target)
        if target in self._targets:
            return
        try:
            family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        except OSError as error:
            raise OscError(f"{target}: the host isn't known ({error}); a name or an IP address is allowed") from None
        connection = socket.socket(family, kind, protocol)
        connection.setblocking(False)
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self._targets[target] = (connection, (str(place[0]), int(place[1])))

    def remove(self, target: str) -> None:
        """Send to `target` no longer."""
        if target in self._targets:
            self._targets.pop(target)[0].close()

    def encode(self, address: Address, value: Value) -> bytes:
        """Message of one row of the schema; its head is built once."""
        if address.tag == "s":
            return encode_message(address.path, "s", value)
        head = self._heads.get(address)
        if head is None:
            head = self._heads[address] = encode_message(address.path, address.tag, 0)[:-4]
        return head + struct.pack(">" + address.tag, value)

    def send(self, values: Sequence[tuple[Address, Value]]) -> None:
        """Send one bundle to every target."""
        packet = encode_bundle([self.encode(address, value) for address, value in values])
        for name, (connection, place) in self._targets.items():
            try:
                connection.sendto(packet, place)
            except OSError as error:
                self.dropped += 1
                if time.monotonic() >= self._quiet_until.get(name, 0.0):
                    self._quiet_until[name] = time.monotonic() + 60
                    log_out.warning("%s: not sent (%s); is the program running?", name, error)

    def close(self) -> None:
        """Close every socket."""
        for connection, _ in self._targets.values():
            connection.close()
        self._targets.clear()


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
                values.append((row, row.check(message.arguments)))
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
