"""How the daemon and the renderer are set, and how they are: what their OSCQuery servers tell, passed on to pages."""

import asyncio
import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from artgen_osc.errors import OscError
from artgen_osc.osc.codec import decode
from artgen_osc.schema.values import Address, Value

if TYPE_CHECKING:
    from aiohttp import ClientSession, ClientWebSocketResponse, web

log = logging.getLogger("artgen.web")

AGAIN_S = 1.0
"""Between attempts to reach a server that isn't there."""

GATHER_S = 0.05
"""Changes within this time go to the pages together."""

MOST_PAGES = 100
HEARTBEAT_S = 10.0


@dataclass(frozen=True, slots=True)
class Source:
    """One OSCQuery server.

    Attributes
    ----------
    name : as pages know it
    address : HOST:PORT
    rows : addresses to listen to
    """

    name: str
    address: str
    rows: tuple[Address, ...]

    @classmethod
    def of(cls, name: str, address: str, controls: Iterable[Address], sent: Iterable[Address] = ()) -> "Source":
        """A server that tells what can be set and what is sent.

        Parameters
        ----------
        name : as pages know it
        address : HOST:PORT
        controls : those that hold a value are listened to
        sent : all of these are
        """
        return cls(name, address, (*(row for row in controls if row.holds_value), *sent))


class StatePart:
    """Part of the server: the WebSocket ``/state``.

    A page gets one JSON object with everything that is known, then one for each change. ``daemon`` and ``renderer``
    in it say whether each of them answers. The servers are asked while a page is connected only.

    Parameters
    ----------
    sources : whom to ask
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources
        self._pages: set[web.WebSocketResponse] = set()
        self._values: dict[str, Value] = {source.name: 0 for source in sources}
        self._changed: dict[str, Value] = {}
        self._asking: list[asyncio.Task[None]] = []

    def routes(self) -> "list[web.AbstractRouteDef]":
        """See `Part`."""
        from aiohttp import web

        return [web.get("/state", self._serve)]

    async def close(self) -> None:
        """See `Part`."""
        await self._rest()
        for page in tuple(self._pages):
            await page.close(code=1001)

    async def _serve(self, request: "web.Request") -> "web.StreamResponse":
        from aiohttp import web

        if len(self._pages) >= MOST_PAGES:
            return web.Response(status=503, text=f"{MOST_PAGES} pages are connected; close one\n")
        page = web.WebSocketResponse(timeout=1.0, heartbeat=HEARTBEAT_S, compress=False, max_msg_size=256)
        await page.prepare(request)
        self._pages.add(page)
        if not self._asking:
            self._asking = [asyncio.create_task(self._ask(source)) for source in self._sources]
            self._asking.append(asyncio.create_task(self._tell()))
        try:
            await page.send_str(json.dumps(self._values))
            async for _ in page:
                log.debug("a page said something on /state")
        except ConnectionError:
            return page  # it has gone
        finally:
            self._pages.discard(page)
            if not self._pages:
                await self._rest()
        return page

    async def _rest(self) -> None:
        asking, self._asking = self._asking, []
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(GATHER_S)
            if self._changed:
                text, self._changed = json.dumps(self._changed), {}
                for page in tuple(self._pages):
                    try:
                        async with asyncio.timeout(HEARTBEAT_S):
                            await page.send_str(text)
                    except (ConnectionError, TimeoutError):
                        self._pages.discard(page)

    def _put(self, path: str, value: Value) -> None:
        self._values[path] = self._changed[path] = value

    async def _ask(self, source: Source) -> None:
        """Listen to a server for as long as there are pages, and come back to it when it comes back."""
        from aiohttp import ClientError, ClientSession, ClientTimeout

        async with ClientSession(timeout=ClientTimeout(connect=2.0)) as session:
            while True:
                try:
                    await self._listen(source, session)
                except (ClientError, OSError) as error:
                    log.debug("%s: %s", source.address, error)
                if self._values[source.name]:
                    self._put(source.name, 0)
                await asyncio.sleep(AGAIN_S)

    async def _listen(self, source: Source, session: "ClientSession") -> None:
        from aiohttp import WSMsgType

        async with session.ws_connect(f"ws://{source.address}/", heartbeat=HEARTBEAT_S) as query:
            await self._subscribe(source, query)
            self._put(source.name, 1)
            rows = {row.path: row for row in source.rows}
            async for message in query:
                if message.type is not WSMsgType.BINARY:
                    continue
                try:
                    for said in decode(message.data):
                        row = rows[said.path]
                        self._put(row.path, row.check(said.arguments))
                except (OscError, ValueError, KeyError) as error:
                    log.debug("%s: %s", source.address, error)

    async def _subscribe(self, source: Source, query: "ClientWebSocketResponse") -> None:
        for row in source.rows:
            await query.send_str(json.dumps({"COMMAND": "LISTEN", "DATA": row.path}))
