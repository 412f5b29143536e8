"""A server for HTTP and WebSocket beside a show that never waits: what `oscquery` and `bridge` share.

The server has a thread and an event loop of its own. The show only writes values into a
dictionary and, while somebody listens, into a bounded queue; it never waits for a client.
"""

import asyncio
import contextlib
import ipaddress
import logging
import socket
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import urlsplit

from artgen_osc.errors import OscError
from artgen_osc.osc import OscReceiver
from artgen_osc.osc_codec import MAX_PACKET
from artgen_osc.schema import Address, Value

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection
    from websockets.http11 import Request, Response

log = logging.getLogger("artgen.web")

NEWS = 500
"""Most bundles that wait for the server's thread, some seconds. It catches up from the newest values."""

BURST = 50
"""Most messages at once to one client, then it is another's turn."""

BUFFER = 2**16
"""Bytes that the system holds back for one client: what lies there is no longer news."""

STUCK_S = 10.0
"""A client that takes nothing for so long is dropped."""

OPEN_S = 5.0
"""So much time has a client to say what it wants."""

GOODBYE_S = 2.0
"""So much time have all clients to say goodbye at the end."""

FULL_S = 0.01
"""So long is a client that sends faster than the show takes kept waiting, until there is room."""

MOST_CLIENTS = 100


def machine() -> str:
    """This machine's name, without a domain."""
    return socket.gethostname().split(".")[0].lower() or "here"


def _hostname(host: str) -> str:
    """``[::1]:9102`` to ``::1``, ``localhost:9102`` to ``localhost``; empty where it can't be understood."""
    try:
        place = urlsplit(f"//{host}")
        return (place.hostname or "").rstrip(".") if place.port is None or place.port else ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_this_machine(host: str) -> bool:
    """Whether a request's ``Host`` names this machine: by an IP address or by a name that is its own.

    Anyone can let their domain point to 127.0.0.1 while the user looks at their page (DNS rebinding);
    the browser then says the domain's name here.
    """
    name, own = _hostname(host), machine()
    known = ("localhost", socket.gethostname().lower(), own, f"{own}.local", f"artgen-{own}.local")
    return name in known or _is_address(name)


def is_own_page(origin: str, host: str) -> bool:
    """Whether a browser's page may steer the show: one from this machine, or from the server's own address.

    Other sites must not reach a server on 127.0.0.1 through the user's browser. A name other than
    ``localhost`` isn't trusted, since anyone can let their name point here.
    """
    page = _hostname(origin.partition("://")[2])
    return page in ("localhost", "127.0.0.1", "::1") or (_is_address(page) and page == _hostname(host))


class Client(ABC):
    """One WebSocket and what waits for it."""

    def __init__(self, connection: "ServerConnection") -> None:
        self.connection = connection
        self.dropped = 0
        self.burst = BURST
        self.filled = asyncio.Event()

    @property
    def listens(self) -> bool:
        """Whether it wants news at all."""
        return True

    @abstractmethod
    def take(self) -> bytes | str | None:
        """What is to be sent next; None where nothing waits."""

    async def send(self, rest: Callable[[int], float]) -> None:
        """Send what waits, until the client is gone or takes nothing any more.

        Parameters
        ----------
        rest : s to pause after so many messages, so that all clients have their share
        """
        from websockets.exceptions import ConnectionClosed

        with contextlib.suppress(ConnectionClosed):
            while True:
                await self.filled.wait()
                sent = 0
                while sent < self.burst:
                    packet = self.take()
                    if packet is None:
                        self.filled.clear()
                        break
                    sent += 1
                    try:
                        async with asyncio.timeout(STUCK_S):
                            await self.connection.send(packet)
                    except TimeoutError:
                        log.warning("a listener took nothing for %.0f s; it is dropped, the show goes on", STUCK_S)
                        self.connection.transport.abort()
                        return
                await asyncio.sleep(rest(sent))


ClientT = TypeVar("ClientT", bound=Client)


@dataclass(frozen=True, slots=True)
class Page:
    """An answer over HTTP."""

    status: HTTPStatus
    body: bytes = b""
    kind: str = "application/json"


class WebServer(ABC, Generic[ClientT]):
    """The server.

    Parameters
    ----------
    what : for people, such as ``OSCQuery``
    host, port : where to listen; port 0 takes a free one
    receiver : where packets go that come in over WebSocket
    rows : of every address that is published, by path
    values : by path, as published last; this very dictionary is written to

    Attributes
    ----------
    port : where it listens

    Raises
    ------
    OscError
        The port is taken or the host isn't this machine's.
    """

    allowed = "open the page from localhost"
    """What a page that is refused is told to do."""

    def __init__(
        self,
        what: str,
        host: str,
        port: int,
        receiver: OscReceiver,
        rows: Mapping[str, Address],
        values: dict[str, Value],
    ) -> None:
        self._what, self._receiver, self._rows, self._values = what, receiver, rows, values
        self._news: deque[Sequence[tuple[Address, Value]]] = deque()
        self._clients: set[ClientT] = set()
        self._dropped = self._missed = 0
        self._behind = False
        self._listeners = 0
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            self._socket = socket.create_server((host, port), family=family)
        except (OSError, OverflowError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
            raise OscError(
                f"{host}:{port}: {what} can't listen there ({reason}); a free TCP port of this machine is allowed; "
                "stop the other program or choose another port, or 0 for none"
            ) from None
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)  # the connections inherit it
        self.port: int = self._socket.getsockname()[1]
        self._stop = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=what, daemon=True)

    @property
    def dropped(self) -> int:
        """Messages that slow clients missed so far."""
        return self._missed + self._dropped + sum(client.dropped for client in tuple(self._clients))

    def publish(self, values: Sequence[tuple[Address, Value]]) -> None:
        """Take new values. Returns at once, whatever the clients do."""
        self._values.update((row.path, value) for row, value in values)
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
                log.exception("%s: has ended; the show goes on; please report this", self._what)
            finally:
                self._listeners = 0
                self._socket.close()

    async def _serve(self) -> None:
        from websockets.asyncio.server import serve

        quiet = logging.getLogger("artgen.web.clients")
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
            beside = asyncio.create_task(self._beside())
            await self._stop.wait()
            beside.cancel()
            await asyncio.wait([beside])
            server.close()
            try:
                async with asyncio.timeout(GOODBYE_S):
                    await server.wait_closed()
            except TimeoutError:
                for client in self._clients:
                    client.connection.transport.abort()

    async def _beside(self) -> None:
        """What else happens on the loop while the server runs."""
        await self._stop.wait()

    def _may_listen(self, origin: str, host: str) -> bool:
        """Whether a page of another site may read what is sent here."""
        return is_own_page(origin, host)

    def _respond(self, connection: "ServerConnection", request: "Request") -> "Response | None":
        """Answer over HTTP, or None for a WebSocket."""
        from websockets.datastructures import Headers
        from websockets.http11 import Response

        def said(name: str) -> str | None:
            """Said twice, it is joined, and so means nothing that is known."""
            values = request.headers.get_all(name)
            return ", ".join(values) if values else None

        origin, host = said("Origin"), said("Host")
        if host is not None and not is_this_machine(host):
            return connection.respond(403, f"Host {host[:200]}: isn't this machine; use its IP address or localhost\n")
        welcome = origin is None or self._may_listen(origin, host or "")
        if "websocket" in request.headers.get("Upgrade", "").lower():
            if not welcome:
                return connection.respond(403, f"{origin}: may not steer the show; {self.allowed}\n")
            if len(self._clients) >= MOST_CLIENTS:
                return connection.respond(503, f"{MOST_CLIENTS} clients are connected; close one\n")
            return None
        if request.method not in ("GET", "HEAD"):
            response = connection.respond(405, f"{request.method}: GET is allowed; send values as OSC\n")
            response.headers["Allow"] = "GET, HEAD"
            return response
        page = self._page(request.path, connection)
        headers = Headers({"Connection": "close", "Cache-Control": "no-store"})
        if page.body:
            headers["Content-Length"] = str(len(page.body))
            headers["Content-Type"] = f"{page.kind}; charset=utf-8"
        if origin is not None and welcome:
            headers["Access-Control-Allow-Origin"] = origin
        return Response(page.status.value, page.status.phrase, headers, b"" if request.method == "HEAD" else page.body)

    @abstractmethod
    def _page(self, target: str, connection: "ServerConnection") -> Page:
        """Answer to a GET; `target` is path and query as they stand in the request."""

    @abstractmethod
    async def _greet(self, connection: "ServerConnection") -> ClientT | None:
        """A client for a new connection; None where it isn't let in."""

    @abstractmethod
    async def _hear(self, client: ClientT, message: str | bytes) -> None:
        """Do what a client says."""

    @abstractmethod
    def _inform(self, values: Iterable[tuple[Address, Value]]) -> None:
        """Hand one bundle to those who listen to it."""

    @abstractmethod
    def _rest(self, client: ClientT, sent: int) -> float:
        """s that a client pauses after `sent` messages to it."""

    async def _listen(self, connection: "ServerConnection") -> None:
        """Serve one WebSocket until it is closed."""
        from websockets.exceptions import ConnectionClosed

        client = await self._greet(connection)
        if client is None:
            return
        self._clients.add(client)
        self._count()
        sending = asyncio.create_task(client.send(lambda sent: self._rest(client, sent)))
        try:
            async for message in connection:
                await self._hear(client, message)
        except ConnectionClosed as closed:
            log.debug("a client has gone: %s", closed)
        finally:
            sending.cancel()
            self._clients.discard(client)
            self._dropped += client.dropped
            self._count()

    async def _pass_on(self, packet: bytes, sender: str) -> None:
        """Hand a packet to the show, as soon as that has room for it."""
        while not self._receiver.put(packet, sender) and not self._stop.is_set():
            await asyncio.sleep(FULL_S)

    def _count(self) -> None:
        self._listeners = sum(client.listens for client in self._clients)

    def _tell(self) -> None:
        """Hand on what has changed."""
        while self._news:
            self._inform(self._news.popleft())
        if self._behind:
            self._behind = False
            self._catch_up()

    def _catch_up(self) -> None:
        """Hand on everything as it is now, after news was lost."""
        self._inform([(self._rows[path], value) for path, value in self._values.copy().items()])
