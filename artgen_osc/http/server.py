"""A server for HTTP and WebSocket beside a show that never waits: what `oscquery` and the page share.

The server has a thread and an event loop of its own. The show only writes values into a
dictionary and, while somebody listens, into a bounded queue; it never waits for a client.
"""

import asyncio
import contextlib
import logging
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from artgen_osc.errors import OscError
from artgen_osc.http.acceptor import Acceptor, listening, neighbour, plain
from artgen_osc.http.access import HEADERS, Names, is_loopback, is_own_page, is_page_of, is_same_origin
from artgen_osc.http.admission import Admission, said
from artgen_osc.http.websocket import Client
from artgen_osc.osc.codec import MAX_PACKET
from artgen_osc.osc.receiver import OscReceiver
from artgen_osc.runtime.throttle import Throttle
from artgen_osc.schema.values import Address, Value

if TYPE_CHECKING:
    import ssl

    from aiohttp import web

    from artgen_osc.http.part import Part

log = logging.getLogger("artgen.web")

NEWS = 100
"""Most bundles that wait for the server's thread, about a second. It catches up from the newest values."""

TURN_S, REST = 0.002, 4
"""After so much work on news at once it rests, so many times as long: others want this thread, and this core."""

BUFFER = 2**16
"""Bytes that the system holds back for one client: what lies there is no longer news."""

OPEN_S = 5.0
"""So much time has a client to say what it wants."""

HEARTBEAT_S = 20.0
"""A client that has gone without a word is noticed within this and half of it."""

GOODBYE_S = 2.0
"""So much time have all clients to say goodbye at the end."""

FULL_S = 0.01
"""So long is a client that sends faster than the show takes kept waiting, until there is room."""

MOST_CLIENTS, MOST_OF_ONE = 100, 60
"""WebSockets to the show's values, and those from one address."""


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
    parts : what else it can do, beside `_page` and the WebSockets of values
    token : what every request has to show; empty for none
    tls : to serve https
    hosts : names of proxies under which it is reached too

    Attributes
    ----------
    port : where it listens

    Raises
    ------
    OscError
        The port is taken or the host isn't this machine's.
    """

    advice = "open the page from localhost"
    """What a page that is refused is told to do."""

    def __init__(
        self,
        what: str,
        host: str,
        port: int,
        receiver: OscReceiver,
        rows: Mapping[str, Address],
        values: dict[str, Value],
        parts: "Sequence[Part]" = (),
        token: str = "",
        tls: "ssl.SSLContext | None" = None,
        hosts: Collection[str] = (),
    ) -> None:
        self._what, self._receiver, self._rows, self._values = what, receiver, rows, values
        self._parts, self._tls, self._hosts = parts, tls, hosts
        self._news: deque[Sequence[tuple[Address, Value]]] = deque()
        self._clients: set[ClientT] = set()
        self._dropped = self._missed = 0
        self._behind = self._resting = False
        self._listeners = 0
        self._throttle = Throttle()
        try:
            self._socket = listening(host, port)
        except (OSError, OverflowError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
            raise OscError(
                f"{host}:{port}: {what} can't listen there ({reason}); "
                "stop the other program or choose another TCP port, or 0 for none"
            ) from None
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)  # the connections inherit it
        self.port: int = self._socket.getsockname()[1]
        self._names = Names(not is_loopback(host), (*hosts, host.lower()))
        self._admission = Admission(what, self._names, token)
        self._acceptor: Acceptor | None = None
        self._stop = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=what, daemon=True)

    @property
    def dropped(self) -> int:
        """Messages that slow clients missed so far."""
        return self._missed + self._dropped + sum(client.dropped for client in tuple(self._clients))

    @property
    def refused(self) -> int:
        """Connections for which there was no room, and wrong tokens, so far."""
        return self._admission.wrong + (self._acceptor.refused if self._acceptor else 0)

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
        from aiohttp import web

        @web.middleware
        async def guard(
            request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            with acceptor.serving(request.transport):
                refusal = await self._admission.refusal(request) or self._refusal(request)
                return refusal or await self._answer(request, handler)

        async def complete(request: web.Request, response: web.StreamResponse) -> None:
            del response.headers["Server"]
            response.headers.update(HEADERS)

        quiet = logging.getLogger("artgen.web.clients")
        quiet.setLevel(logging.CRITICAL)  # strangers' mistakes are theirs
        app = web.Application(middlewares=[guard])
        for part in self._parts:
            app.add_routes(part.routes())
        app.router.add_route("*", "/{anything:.*}", self._values_or_page)
        app.on_response_prepare.append(complete)
        runner = web.AppRunner(
            app,
            access_log=None,
            logger=quiet,
            keepalive_timeout=OPEN_S,
            lingering_time=OPEN_S,
            shutdown_timeout=GOODBYE_S / 2,
            auto_decompress=False,
        )
        await runner.setup()
        assert runner.server is not None
        acceptor = self._acceptor = Acceptor(self._what, self._socket, runner.server, self._tls)
        try:
            acceptor.open()
            beside = asyncio.create_task(self._beside())
            await self._stop.wait()
            beside.cancel()
            await asyncio.wait([beside])
            await self._goodbye()
        finally:
            acceptor.close()
            for part in self._parts:
                await part.close()
            await runner.cleanup()

    async def _goodbye(self) -> None:
        """Close the WebSockets, and break those that don't answer."""
        leaving = {asyncio.create_task(each.connection.close(code=1001)): each for each in self._clients}
        if leaving:
            await asyncio.wait(leaving, timeout=GOODBYE_S)
            for task, client in leaving.items():
                client.abort()  # whoever has answered has gone already
                task.cancel()

    async def _beside(self) -> None:
        """What else happens on the loop while the server runs."""
        await self._stop.wait()

    def _may_listen(self, origin: str, host: str) -> bool:
        """Whether a page may have a WebSocket to the show's values."""
        return is_own_page(origin, host, self._names)

    def _may_steer(self, origin: str, host: str) -> bool:
        """Whether a page may read what describes the show's values too, and change them by what it sends."""
        return is_own_page(origin, host, self._names)

    def _refusal(self, request: "web.Request") -> "web.Response | None":
        """Why a page may not have what it asks for: recordings and all else but the values are for our own alone."""
        from aiohttp import web

        origin, host = said(request, "Origin"), said(request, "Host") or ""
        if origin is None:
            return None
        if request.match_info.handler == self._values_or_page:
            welcome = (self._may_listen if _wants_websocket(request) else self._may_steer)(origin, host)
        else:
            # A proxy may say another host than the browser did.
            own = is_same_origin(origin, host) or is_page_of(origin, self._hosts)
            welcome = own or self._admission.shows_token(request)
        if welcome:
            return None
        return web.Response(status=403, text=f"{origin[:200]}: may not use this of the show; {self.advice}\n")

    async def _answer(
        self, request: "web.Request", handler: Callable[..., "Awaitable[web.StreamResponse]"]
    ) -> "web.StreamResponse":
        from aiohttp import web

        try:
            response = await handler(request)
        except web.HTTPException:
            raise
        except ConnectionError:
            raise  # the client has gone
        except Exception as error:  # a bug or a full disk: the others are served on
            self._complain("%s %s: failed (%r); the show goes on", request.method, request.path[:200], error)
            return web.Response(status=500, text="this failed; see artgen's log\n")
        origin = said(request, "Origin")
        described = request.match_info.handler == self._values_or_page and request.method in ("GET", "HEAD")
        if origin is not None and described and not response.prepared:
            response.headers["Access-Control-Allow-Origin"] = origin  # `_refusal` has let it in
        return response

    def _complain(self, *words: Any) -> None:
        """Log the first, and then one a minute."""
        if self._throttle.due():
            log.warning(*words)

    async def _values_or_page(self, request: "web.Request") -> "web.StreamResponse":
        from aiohttp import web

        if _wants_websocket(request):
            address = neighbour(request.remote or "")
            mine = sum(neighbour(client.request.remote or "") == address for client in self._clients)
            if len(self._clients) >= MOST_CLIENTS or mine >= MOST_OF_ONE:
                return web.Response(status=503, text=f"{len(self._clients)} clients are connected; close one\n")
            return await self._listen(request)
        if request.method not in ("GET", "HEAD"):
            reason = f"{request.method}: means nothing here; use GET, and send values as OSC\n"
            return web.Response(status=405, text=reason, headers={"Allow": "GET, HEAD"})
        page = self._page(request)
        headers = {"Cache-Control": "no-store"}
        if page.body:
            headers["Content-Type"] = f"{page.kind}; charset=utf-8"
        return web.Response(status=page.status, body=page.body or None, headers=headers)

    @abstractmethod
    def _page(self, request: "web.Request") -> Page:
        """Answer to a GET."""

    @abstractmethod
    async def _greet(self, connection: "web.WebSocketResponse", request: "web.Request") -> ClientT | None:
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

    async def _listen(self, request: "web.Request") -> "web.StreamResponse":
        """Serve one WebSocket until it is closed."""
        from aiohttp import WSMsgType, web

        connection = web.WebSocketResponse(
            timeout=GOODBYE_S / 2,
            heartbeat=HEARTBEAT_S,
            compress=False,
            max_msg_size=MAX_PACKET,
            writer_limit=BUFFER // 4,
        )
        await connection.prepare(request)
        client = await self._greet(connection, request)
        if client is None:
            return connection
        self._clients.add(client)
        self._count()
        sending = asyncio.create_task(client.send(lambda sent: self._rest(client, sent)))
        try:
            async for message in connection:
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    await self._hear(client, message.data)
        finally:
            sending.cancel()
            self._clients.discard(client)
            self._dropped += client.dropped
            self._count()
        return connection

    async def _pass_on(self, packet: bytes, sender: str, trusted: bool = False) -> None:
        """Hand a packet to the show, as soon as that has room for it; see `OscReceiver.put` for the parameters."""
        while not self._receiver.put(packet, sender, trusted) and not self._stop.is_set():
            await asyncio.sleep(FULL_S)

    def _count(self) -> None:
        self._listeners = sum(client.listens for client in self._clients)

    def _tell(self) -> None:
        """Hand on what has changed, for as long as a turn is."""
        if self._resting:
            return
        start = time.monotonic()
        while self._news and time.monotonic() - start < TURN_S:
            self._inform(self._news.popleft())
        if self._behind and not self._news:
            self._behind = False
            self._catch_up()
        if (spent := time.monotonic() - start) >= TURN_S:
            self._resting = True
            self._loop.call_later(REST * spent, self._go_on)

    def _go_on(self) -> None:
        self._resting = False
        self._tell()

    def _catch_up(self) -> None:
        """Hand on everything as it is now, after news was lost."""
        self._inform([(self._rows[path], value) for path, value in self._values.copy().items()])


def _wants_websocket(request: "web.Request") -> bool:
    return "websocket" in request.headers.get("Upgrade", "").lower()


def here(request: "web.Request") -> str:
    """The address under which the client has reached this machine; an IPv6 one in brackets."""
    place = request.transport.get_extra_info("sockname") if request.transport else None
    host = plain(str(place[0])) if place else "127.0.0.1"
    return f"[{host}]" if ":" in host else host
