"""OSCQuery: the namespace over HTTP, and its values over WebSocket, on one port.

The server has a thread and an event loop of its own. The show only writes values into a
dictionary and, while somebody listens, into a bounded queue; it never waits for a client.

Specification: https://github.com/Vidvox/OSCQueryProposal
"""

import asyncio
import contextlib
import ipaddress
import json
import logging
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from artgen_osc.errors import OscError
from artgen_osc.namespace import Namespace, current, to_json
from artgen_osc.osc import OscReceiver
from artgen_osc.osc_codec import MAX_PACKET, encode_message
from artgen_osc.schema import Address, Value

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection
    from websockets.http11 import Request, Response

__all__ = ["OscQuery", "current", "open_query"]

log = logging.getLogger("artgen.oscquery")

WAITING = 1000
"""Most messages that wait for one client. Then the newest of each address stays; the rest is dropped and counted."""

NEWS = 500
"""Most bundles that wait for the server's thread, some seconds. It catches up from the newest values."""

MOST_A_SECOND, BURST = 10_000, 50
"""Messages to all clients together, so that the analysis always has room beside them; and at once to one of them."""

STUCK_S = 10.0
"""A client that takes nothing for so long is dropped."""

OPEN_S = 5.0
"""So much time has a client to say what it wants."""

GOODBYE_S = 2.0
"""So much time have all clients to say goodbye at the end."""

FULL_S = 0.01
"""So long is a client that sends faster than the show takes kept waiting, until there is room."""

MOST_CLIENTS = 100
EXTENSIONS = ("ACCESS", "VALUE", "RANGE", "DESCRIPTION", "UNIT", "CLIPMODE", "LISTEN", "IGNORE")
SERVICE = "_oscjson._tcp.local."
EVERYWHERE = ("0.0.0.0", "::")


def _own_page(origin: str, host: str) -> bool:
    """Whether a browser's page may steer the show: one from this machine, or from the server's own address.

    Other sites must not reach a server on 127.0.0.1 through the user's browser. A name other than
    ``localhost`` isn't trusted, since anyone can let their name point here.
    """
    try:
        page = urlsplit(origin).hostname or ""
        if page in ("localhost", "127.0.0.1", "::1"):
            return True
        ipaddress.ip_address(page)
        return page == urlsplit(f"//{host}").hostname
    except ValueError:
        return False


class _Client:
    """One WebSocket: what it listens to, with the value it was told last, and what waits for it."""

    def __init__(self, connection: "ServerConnection") -> None:
        self.connection = connection
        self.told: dict[str, Value | None] = {}
        self.dropped = 0
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._filled = asyncio.Event()

    def put(self, path: str, value: Value, packet: bytes) -> None:
        """Send `packet`, the message with a value of `path`, as soon as the client takes it."""
        self.told[path] = value
        if len(self._waiting) >= WAITING:
            newest = dict(self._waiting)
            self.dropped += len(self._waiting) - len(newest)
            self._waiting = deque(newest.items())
        self._waiting.append((path, packet))
        self._filled.set()

    async def send(self, rest: Callable[[], float]) -> None:
        """Send what waits, until the client is gone or takes nothing any more.

        Parameters
        ----------
        rest : s to pause after each message, so that all clients have their share
        """
        from websockets.exceptions import ConnectionClosed

        with contextlib.suppress(ConnectionClosed):
            while True:
                await self._filled.wait()
                sent = 0
                while self._waiting and sent < BURST:
                    _, packet = self._waiting.popleft()
                    sent += 1
                    try:
                        async with asyncio.timeout(STUCK_S):
                            await self.connection.send(packet)
                    except TimeoutError:
                        log.warning("a listener took nothing for %.0f s; it is dropped, the show goes on", STUCK_S)
                        self.connection.transport.abort()
                        return
                if not self._waiting:
                    self._filled.clear()
                await asyncio.sleep(sent * rest())


class OscQuery:
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
        sent: Sequence[Address],
        controls: Sequence[Address],
    ) -> None:
        self._name, self._receiver = name, receiver
        self._namespace = Namespace(name, sent, controls)
        self._news: deque[Sequence[tuple[Address, Value]]] = deque()
        self._clients: set[_Client] = set()
        self._dropped = self._missed = 0
        self._behind = False
        self._listeners = 0
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            self._socket = socket.create_server((host, port), family=family)
        except (OSError, OverflowError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
            raise OscError(
                f"{host}:{port}: OSCQuery can't listen there ({reason}); a free TCP port of this machine is allowed; "
                "stop the other program or choose another port, or 0 for none"
            ) from None
        self.port: int = self._socket.getsockname()[1]
        self._stop = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="oscquery", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        """Messages that slow clients missed so far."""
        return self._missed + self._dropped + sum(client.dropped for client in tuple(self._clients))

    def publish(self, values: Sequence[tuple[Address, Value]]) -> None:
        """Take new values. Returns at once, whatever the clients do."""
        self._namespace.values.update((row.path, value) for row, value in values)
        if self._listeners:
            if self._behind or len(self._news) >= NEWS:
                self._missed += len(values)
                self._behind = True
            else:
                self._news.append(values)
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._tell)

    def close(self) -> None:
        """Say goodbye to everyone and free the port; may be called again."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            try:
                runner.run(self._serve())
            except Exception:  # whatever it is, the show goes on without it
                log.exception("OSCQuery: has ended; the show goes on; please report this")
            finally:
                self._listeners = 0
                self._socket.close()

    async def _serve(self) -> None:
        from websockets.asyncio.server import serve

        quiet = logging.getLogger("artgen.oscquery.clients")
        quiet.setLevel(logging.CRITICAL)  # strangers' mistakes are theirs
        async with serve(
            self._listen,
            sock=self._socket,
            process_request=self._respond,
            compression=None,
            max_size=MAX_PACKET,
            open_timeout=OPEN_S,
            close_timeout=GOODBYE_S / 2,
            server_header=None,
            logger=quiet,
        ) as server:
            announcing = asyncio.create_task(self._announce())
            await self._stop.wait()
            announcing.cancel()
            await asyncio.wait([announcing])
            server.close()
            try:
                async with asyncio.timeout(GOODBYE_S):
                    await server.wait_closed()
            except TimeoutError:
                for client in self._clients:
                    client.connection.transport.abort()

    def _host_info(self, here: str) -> dict[str, Any]:
        """What this server can do; `here` is the address under which the client has reached it."""
        return {
            "NAME": self._name,
            "OSC_IP": here,
            "OSC_PORT": self._receiver.port,
            "OSC_TRANSPORT": "UDP",
            "WS_IP": here,
            "WS_PORT": self.port,
            "EXTENSIONS": dict.fromkeys(EXTENSIONS, True),
        }

    def _respond(self, connection: "ServerConnection", request: "Request") -> "Response | None":
        """Answer over HTTP, or None for a WebSocket."""
        from websockets.datastructures import Headers
        from websockets.http11 import Response

        origin = request.headers.get("Origin")
        own = origin is None or _own_page(origin, request.headers.get("Host", ""))
        if "websocket" in request.headers.get("Upgrade", "").lower():
            if not own:
                return connection.respond(403, f"{origin}: may not steer the show; open the page from localhost\n")
            if len(self._clients) >= MOST_CLIENTS:
                return connection.respond(503, f"{MOST_CLIENTS} clients are connected; close one\n")
            return None
        if request.method not in ("GET", "HEAD"):
            response = connection.respond(405, f"{request.method}: GET is allowed; send values as OSC\n")
            response.headers["Allow"] = "GET, HEAD"
            return response
        status, answer = self._namespace.answer(request.path, self._host_info(str(connection.local_address[0])))
        body = to_json(answer)
        headers = Headers({"Connection": "close", "Cache-Control": "no-store"})
        if body:
            headers["Content-Length"] = str(len(body))
            headers["Content-Type"] = "application/json; charset=utf-8"
        if origin is not None and own:
            headers["Access-Control-Allow-Origin"] = origin
        return Response(status.value, status.phrase, headers, b"" if request.method == "HEAD" else body)

    async def _listen(self, connection: "ServerConnection") -> None:
        """Serve one WebSocket until it is closed."""
        from websockets.exceptions import ConnectionClosed

        client, sender = _Client(connection), str(connection.remote_address[0])
        self._clients.add(client)
        sending = asyncio.create_task(client.send(lambda: self._listeners / MOST_A_SECOND))
        try:
            async for message in connection:
                if isinstance(message, str):
                    self._obey(client, message)
                    continue
                while not self._receiver.put(message, sender) and not self._stop.is_set():
                    await asyncio.sleep(FULL_S)
        except ConnectionClosed as closed:
            log.debug("a client has gone: %s", closed)
        finally:
            sending.cancel()
            self._clients.discard(client)
            self._dropped += client.dropped
            self._count()

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
                self._inform([client], row, self._namespace.values[path])
        elif name == "IGNORE":
            client.told.pop(path, None)
            self._count()

    def _count(self) -> None:
        self._listeners = sum(bool(client.told) for client in self._clients)

    def _tell(self) -> None:
        """Hand what has changed to those who listen to it."""
        while self._news:
            for row, value in self._news.popleft():
                self._inform(self._clients, row, value)
        if self._behind:
            self._behind = False
            for path, value in self._namespace.values.copy().items():
                self._inform(self._clients, self._namespace.rows[path], value)

    def _inform(self, clients: Iterable[_Client], row: Address, value: Value) -> None:
        packet = b""
        for client in clients:
            if client.told.get(row.path, value) != value:
                packet = packet or encode_message(row.path, row.tag, value)
                client.put(row.path, value, packet)

    async def _announce(self) -> None:
        """Tell the network, or only this machine where only it can connect."""
        from zeroconf import Error, InterfaceChoice, IPVersion
        from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

        logging.getLogger("zeroconf").setLevel(logging.CRITICAL)  # networks come and go
        host = str(self._socket.getsockname()[0])
        machine = socket.gethostname().split(".")[0] or "here"
        version = IPVersion.V6Only if ":" in host else IPVersion.V4Only
        everywhere = host in EVERYWHERE
        try:
            info = AsyncServiceInfo(
                SERVICE,
                f"{self._name} on {machine}.{SERVICE}",
                port=self.port,
                parsed_addresses=_addresses(version == IPVersion.V6Only) if everywhere else [host],
                server=f"artgen-{machine}.local.",
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


def _addresses(six: bool) -> list[str]:
    """Addresses of this machine that others can reach."""
    import ifaddr

    ips = [ip for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv6 == six]
    found = [str(ip.ip[0] if ip.is_IPv6 else ip.ip) for ip in ips]
    return [address for address in found if not ipaddress.ip_address(address).is_loopback]


def open_query(
    name: str, host: str, port: int, receiver: OscReceiver, sent: Sequence[Address], controls: Sequence[Address]
) -> OscQuery | None:
    """The server, or None where the port is 0 or can't be had: that is logged, and the show goes on without it."""
    if not port:
        return None
    try:
        return OscQuery(name, host, port, receiver, sent, controls)
    except OscError as error:
        log.warning("%s", error)
        return None
