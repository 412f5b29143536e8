"""What the renderer shows, live: it sends small pictures here, and the page gets the newest whenever it is ready."""

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING

from artgen_osc.osc.targets import local_target

if TYPE_CHECKING:
    from aiohttp import web

MOST_BYTES = 1 << 20
"""Of one picture."""

MOST_WATCHERS = 20
HEARTBEAT_S = 10.0


class _Watcher:
    """A page that shows the pictures. It asks for each one when it has drawn the one before: a slow one sees fewer."""

    def __init__(self, connection: "web.WebSocketResponse") -> None:
        self.connection = connection
        self.ready = True
        self.seen = 0
        self.news = asyncio.Event()
        self.news.set()


class ViewPart:
    """Part of the server: ``/view`` for pages, ``/view/renderer`` for the one who paints.

    The renderer is told ``{"watchers": n}`` whenever that changes, and sends each picture as a JPEG. It is
    connected all the time and sends nothing while nobody watches.
    """

    def __init__(self) -> None:
        self._watchers: set[_Watcher] = set()
        self._renderer: web.WebSocketResponse | None = None
        self._picture = b""
        self._count = 0

    def routes(self) -> "list[web.AbstractRouteDef]":
        """See `Part`."""
        from aiohttp import web

        return [web.get("/view", self._watch), web.get("/view/renderer", self._receive)]

    async def close(self) -> None:
        """See `Part`."""
        for connection in (self._renderer, *(watcher.connection for watcher in self._watchers)):
            if connection is not None:
                await connection.close(code=1001)

    async def _watch(self, request: "web.Request") -> "web.StreamResponse":
        from aiohttp import WSMsgType, web

        if len(self._watchers) >= MOST_WATCHERS:
            return web.Response(status=503, text=f"{MOST_WATCHERS} pages show the picture already; close one\n")
        connection = web.WebSocketResponse(timeout=1.0, heartbeat=HEARTBEAT_S, compress=False, max_msg_size=256)
        await connection.prepare(request)
        watcher = _Watcher(connection)
        self._watchers.add(watcher)
        await self._tell_renderer()
        showing = asyncio.create_task(self._show(watcher))
        try:
            async for message in connection:
                if message.type is WSMsgType.TEXT and message.data == "next":
                    watcher.ready = True
                    watcher.news.set()
        finally:
            showing.cancel()
            self._watchers.discard(watcher)
            await self._tell_renderer()
        return connection

    async def _show(self, watcher: _Watcher) -> None:
        """Send the newest picture whenever the page asks for it, until it is gone."""
        with contextlib.suppress(ConnectionError):
            while True:
                await watcher.news.wait()
                watcher.news.clear()
                if watcher.ready and watcher.seen != self._count:
                    watcher.ready, watcher.seen = False, self._count
                    await watcher.connection.send_bytes(self._picture)

    async def _receive(self, request: "web.Request") -> "web.StreamResponse":
        from aiohttp import WSMsgType, web

        if "Origin" in request.headers:
            return web.Response(status=403, text="/view/renderer: is for the renderer; /view is for pages; use that\n")
        connection = web.WebSocketResponse(timeout=1.0, heartbeat=HEARTBEAT_S, compress=False, max_msg_size=MOST_BYTES)
        await connection.prepare(request)
        before, self._renderer = self._renderer, connection
        if before is not None:
            await before.close(code=1008, message=b"another renderer shows its picture")
        try:
            await self._tell_renderer()
            async for message in connection:
                if message.type is WSMsgType.BINARY and message.data.startswith(b"\xff\xd8"):
                    self._picture = message.data
                    self._count += 1
                    for watcher in self._watchers:
                        watcher.news.set()
        finally:
            if self._renderer is connection:
                self._renderer = None
        return connection

    async def _tell_renderer(self) -> None:
        if self._renderer is not None and not self._renderer.closed:
            try:
                await self._renderer.send_str(json.dumps({"watchers": len(self._watchers)}))
            except ConnectionError:
                self._renderer = None


def renderer_address(host: str, port: int, token: str, secure: bool = False) -> str:
    """Where a renderer on this machine sends its pictures to; see `visuals.view`.

    Parameters
    ----------
    host, port : where the page's server listens
    token : of the page, empty without one
    secure : whether it speaks https
    """
    return f"ws{'s' if secure else ''}://{local_target(host, port)}/view/renderer" + (
        f"?token={token}" if token else ""
    )
