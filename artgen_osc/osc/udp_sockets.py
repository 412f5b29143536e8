"""The addresses of a host, and a socket to each: one that sends datagrams and never waits."""

import contextlib
import errno
import socket
from typing import Any

from artgen_osc.errors import OscError
from artgen_osc.osc.host_port import ip_address
from artgen_osc.osc.targets import Target

SocketAddress = tuple[Any, ...]
"""As `socket.getaddrinfo` gives it: host, port, and of IPv6 two numbers more."""


def resolve(target: Target, numeric: bool = False) -> list[SocketAddress]:
    """Where a target is, each address once, those of IPv4 first: that is where programs listen for OSC.

    Parameters
    ----------
    target : by its name or its address
    numeric : only where its host is an IP address; then this returns at once

    Raises
    ------
    OSError
        The host isn't known.
    """
    flags = socket.AI_NUMERICHOST if numeric else 0
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_DGRAM, flags=flags)
    except UnicodeError as error:  # a name that IDNA has no form for
        raise socket.gaierror(f"{error}") from None
    found.sort(key=lambda one: one[0] != socket.AF_INET)
    return list(dict.fromkeys(address for *_, address in found))


class UdpSocket:
    """A socket to one address.

    Parameters
    ----------
    name : the target as it was given, for messages
    target : as it was understood
    address : one of `resolve`
    told : whether a refusal by the other machine is to be noticed: nobody listens on that port there

    Raises
    ------
    OSError
        There is no socket of this kind, or none to be had now.
    OscError
        It is a broadcast address without the option.
    """

    def __init__(self, name: str, target: Target, address: SocketAddress, told: bool) -> None:
        self._address, self._told = address, told
        self._socket = socket.socket(socket.AF_INET6 if len(address) == 4 else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            self._prepare(name, target)
        except BaseException:
            self._socket.close()
            raise

    def _prepare(self, name: str, target: Target) -> None:
        address = ip_address(str(self._address[0]).partition("%")[0])
        if address and address.is_multicast:
            self._told = False
            if self._socket.family == socket.AF_INET6:
                self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, target.ttl)
                self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 1)
            else:
                self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, target.ttl)
                self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
        elif target.broadcast:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        else:
            with socket.socket(self._socket.family, socket.SOCK_DGRAM) as trial, contextlib.suppress(OSError):
                try:
                    trial.connect(self._address)
                except PermissionError:
                    raise OscError(
                        f"{name}: is a broadcast address; everyone there would be sent to; "
                        "add the option broadcast if that is meant"
                    ) from None
        if self._told:
            self._socket.connect(self._address)  # otherwise the system keeps a refusal to itself

    def send(self, packet: bytes) -> None:
        """Send one packet.

        Raises
        ------
        OSError
            It isn't sent, or, where that is `told`, nobody listens there.
        """
        if not self._told:
            self._socket.sendto(packet, self._address)
            return
        self._socket.send(packet)
        # On one machine the refusal is there by now; from another one it comes with a later packet. What a program
        # answers is nothing to us.
        with contextlib.suppress(BlockingIOError):
            try:
                self._socket.recv(1)
            except OSError as error:
                if error.errno not in (errno.EMSGSIZE, getattr(errno, "WSAEMSGSIZE", None)):
                    raise

    def option(self, level: int, name: int) -> int:
        """An option of the socket.

        Parameters
        ----------
        level, name : as for `socket.socket.getsockopt`
        """
        return self._socket.getsockopt(level, name)

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()
