"""Where OSC is sent: targets by name or address, and the sender."""

import contextlib
import logging
import socket
import struct
import time
from collections.abc import Sequence

from artgen_osc.errors import OscError
from artgen_osc.osc_codec import encode_bundle, encode_message
from artgen_osc.schema import Address, Value

PORTS = {
    "touchdesigner": 10000,
    "max": 7400,
    "supercollider": 57120,
    "processing": 12000,
    "resolume": 7000,
    "vdmx": 1234,
    "puredata": 9001,
}

log_out = logging.getLogger("artgen.osc.out")


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
