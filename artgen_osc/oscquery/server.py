"""OSCQuery: the namespace over HTTP, and its values over WebSocket, on one port.

Specification: https://github.com/Vidvox/OSCQueryProposal
"""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from artgen_osc.errors import OscError
from artgen_osc.http.acceptor import plain
from artgen_osc.http.access import is_loopback, machine, network_addresses
from artgen_osc.http.server import Page, WebServer, here
from artgen_osc.http.websocket import Client
from artgen_osc.osc.codec import encode_message
from artgen_osc.osc.receiver import OscReceiver
from artgen_osc.oscquery.namespace import Namespace, to_json
from artgen_osc.schema.address_table import Rows
from artgen_osc.schema.values import Address, Value

if TYPE_CHECKING:
    from aiohttp import web

__all__ = ["OscQuery", "open_query"]

log = logging.getLogger("artgen.oscquery")

WAITING = 1000
"""Most messages that wait for one client. Then the newest of each address stays; the rest is dropped and counted."""

MOST_A_SECOND = 10_000
"""Messages to all clients together, so that the analysis always has room beside them."""

EXTENSIONS = ("ACCESS", "VALUE", "RANGE", "DESCRIPTION", "UNIT", "CLIPMODE", "LISTEN", "IGNORE")
SERVICE = "_oscjson._tcp.local."
EVERYWHERE = ("0.0.0.0", "::")


class _Client(Client):
    """What it listens to, with the value it was told last, and what waits for it."""

    def __init__(self, connection: "web.WebSocketResponse", request: "web.Request") -> None:
        super().__init__(connection, request)
        self.told: dict[str, Value | None] = {}
        self._waiting: deque[tuple[str, bytes]] = deque()

    @property
    def listens(self) -> bool:
        """Whether it asked for an address."""
        return bool(self.told)

    def put(self, path: str, value: Value, packet: bytes) -> None:
        """Send `packet`, the message with a value of `path`, as soon as the client takes it."""
        self.told[path] = value
        if len(self._waiting) >= WAITING:
            newest = dict(self._waiting)
            self.dropped += len(self._waiting) - len(newest)
            self._waiting = deque(newest.items())
        self._waiting.append((path, packet))
        self.filled.set()

    def get(self) -> bytes | None:
        """The message that has waited longest."""
        return self._waiting.popleft()[1] if self._waiting else None


class OscQuery(WebServer[_Client]):
    """The server.

    Parameters
    ----------
    name : under which it is announced, such as ``artgen daemon``
    host, port : where to listen; port 0 takes a free one
    receiver : what it listens to, and where packets go that come in over WebSocket
    sent, controls : rows of the schema that are published, and that are understood

    Attributes
    ----------
    port : where it listens

    Raises
    ------
    OscError
        The port is taken or the host isn't this machine's.
    """

    def __init__(
        self,
        name: str,
        host: str,
        port: int,
        receiver: OscReceiver,
        sent: Collection[Address],
        controls: Collection[Address],
    ) -> None:
        self._name = name
        self._namespace = Namespace(name, sent, controls)
        super().__init__("OSCQuery", host, port, receiver, self._namespace.rows, self._namespace.values)
        self._thread.start()

    @property
    def rows(self) -> Rows:
        """What it tells of, by path."""
        return self._namespace.rows

    def _host_info(self, address: str) -> dict[str, Any]:
        """What this server can do; `address` is the one under which the client has reached it."""
        return {
            "NAME": self._name,
            "OSC_IP": address,
            "OSC_PORT": self._receiver.port,
            "OSC_TRANSPORT": "UDP",
            "WS_IP": address,
            "WS_PORT": self.port,
            "EXTENSIONS": dict.fromkeys(EXTENSIONS, True),
        }

    def _page(self, request: "web.Request") -> Page:
        status, answer = self._namespace.answer(request.raw_path, self._host_info(here(request)))
        return Page(status, to_json(answer))

    async def _greet(self, connection: "web.WebSocketResponse", request: "web.Request") -> _Client:
        return _Client(connection, request)

    async def _hear(self, client: _Client, message: str | bytes) -> None:
        if isinstance(message, str):
            self._obey(client, message)
            await asyncio.sleep(len(self._clients) / MOST_A_SECOND)
        else:
            await self._pass_on(message, plain(client.request.remote or ""))

    def _rest(self, client: _Client, sent: int) -> float:
        return sent * self._listeners / MOST_A_SECOND

    def _obey(self, client: _Client, text: str) -> None:
        """LISTEN, answered by the value as it is now, or IGNORE; anything else is left alone."""
        try:
            command = json.loads(text)
            name, path = command["COMMAND"], command["DATA"]
            row = self._namespace.rows[path]
        except (ValueError, TypeError, KeyError, RecursionError):
            log.debug("a command that isn't understood: %.200r", text)
            return
        if name == "LISTEN" and path in self._namespace.readable:
            client.told[path] = None
            self._count()  # before the value is read, so that no change falls between
            if path in self._namespace.values:
                self._inform_some([client], row, self._namespace.values[path])
        elif name == "IGNORE":
            client.told.pop(path, None)
            self._count()

    def _inform(self, values: Iterable[tuple[Address, Value]]) -> None:
        for row, value in values:
            self._inform_some(self._clients, row, value)

    def _inform_some(self, clients: Iterable[_Client], row: Address, value: Value) -> None:
        packet = b""
        for client in clients:
            if client.told.get(row.path, value) != value:
                packet = packet or encode_message(row.path, row.tag, value)
                client.put(row.path, value, packet)

    async def _beside(self) -> None:
        """Tell the network, if it can connect: to be heard on this machine alone, a port would be open to all."""
        from zeroconf import Error, InterfaceChoice, IPVersion
        from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

        host = str(self._socket.getsockname()[0])
        if is_loopback(host):
            await super()._beside()
            return
        logging.getLogger("zeroconf").setLevel(logging.CRITICAL)  # networks come and go
        everywhere = host in EVERYWHERE
        version = IPVersion.V6Only if ":" in host else IPVersion.V4Only
        addresses = network_addresses(version == IPVersion.V6Only) if everywhere else [host]
        if host == "::":
            version = IPVersion.All
            addresses += network_addresses(six=False)
        try:
            info = AsyncServiceInfo(
                SERVICE,
                f"{self._name} on {machine()}.{SERVICE}",
                port=self.port,
                parsed_addresses=addresses,
                server=f"artgen-{machine()}.local.",
            )
            zeroconf = AsyncZeroconf(InterfaceChoice.All if everywhere else [host], ip_version=version)
            try:
                await asyncio.shield(zeroconf.zeroconf.async_wait_for_start())
                await (await zeroconf.async_register_service(info, allow_name_change=True))
                await self._stop.wait()
            finally:
                await zeroconf.zeroconf.async_wait_for_start()  # closed before, it would leave its sockets open
                await zeroconf.async_close()
        except (OSError, Error, RuntimeError) as error:
            log.warning("OSCQuery: isn't announced (%s); programs find it by its address, port %d", error, self.port)


def open_query(
    name: str, host: str, port: int, receiver: OscReceiver, sent: Collection[Address], controls: Collection[Address]
) -> OscQuery | None:
    """The server, or None where the port is 0 or can't be had: that is logged, and the show goes on without it.

    Parameters
    ----------
    name : under which it is announced
    host : an address of this machine
    port : of TCP; 0: no server
    receiver : where control of the show goes
    sent : what the program sends
    controls : what it understands
    """
    if not port:
        return None
    try:
        return OscQuery(name, host, port, receiver, sent, controls)
    except OscError as error:
        log.warning("%s", error)
        return None
