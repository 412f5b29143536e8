"""The gallery on the show's page: passed on from a child process, which reads and writes the pictures.

A gallery of 100,000 pictures keeps a process busy now and then; the show's mustn't be that one.
"""

import asyncio
import json
import logging
import os
import secrets
import subprocess
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from artgen_osc.http.access import GALLERY_HEADER, GALLERY_TOKEN
from artgen_osc.runtime.backoff import Backoff

if TYPE_CHECKING:
    from aiohttp import ClientSession, web

log = logging.getLogger("artgen.web")

OPENING_S = 30.0
"""So much time has the child to listen, on a busy machine."""

FIRST_WAIT_S, LONGEST_WAIT_S, HEALTHY_S = 0.5, 30.0, 60.0
"""Between two starts: the wait doubles with each child that doesn't live for `HEALTHY_S`."""

BODY_S = 10.0
CLOSE_S = 3.0
LARGEST_BODY = 2**20
PASSED_ON = ("Accept", "Content-Type", "If-Modified-Since", "If-None-Match", "If-Range", "Last-Event-ID", "Range")
"""Headers of a request that the child needs. Not cookies and the like: they are the page's."""

KEPT_BACK = ("connection", "keep-alive", "transfer-encoding", "upgrade", "trailer", "te", "set-cookie", "server")
"""Headers of an answer that belong to the connection, or to the show's server."""


class UnavailableError(Exception):
    """There is no child now; the text is for people."""


class GalleryProxy:
    """A `Part` that starts the child with the first request, and again when it has died.

    Parameters
    ----------
    command : that serves the gallery as a child, ``artgen gallery serve --child …``
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)
        self._token = secrets.token_urlsafe(24)
        self._process: subprocess.Popen[bytes] | None = None
        self._session: ClientSession | None = None
        self._starting = asyncio.Lock()
        self._address = ""
        self._backoff = Backoff(FIRST_WAIT_S, LONGEST_WAIT_S)
        self._started = self._next_start = 0.0
        self._closed = False

    def routes(self) -> "Iterable[web.AbstractRouteDef]":
        """See `Part.routes`."""
        from aiohttp import web

        return [web.route("*", "/gallery", self._to_page), web.route("*", "/gallery/{tail:.*}", self._pass_on)]

    async def close(self) -> None:
        """See `Part.close`."""
        self._closed = True
        async with self._starting:
            await asyncio.to_thread(self._end)
            if self._session:
                await self._session.close()

    async def _to_page(self, request: "web.Request") -> "web.StreamResponse":
        from aiohttp import web

        return web.Response(status=302, headers={"Location": "/gallery/"})

    async def _pass_on(self, request: "web.Request") -> "web.StreamResponse":
        from aiohttp import ClientConnectionError, web

        if request.method not in ("GET", "HEAD", "POST"):
            return web.Response(
                status=405,
                text=f"{request.method}: means nothing here; use GET or POST\n",
                headers={"Allow": "GET, POST"},
            )
        try:
            async with asyncio.timeout(BODY_S):
                body = await _body(request)
        except TimeoutError:
            return web.Response(status=408, text="the request came too slowly; send it again\n")
        if body is None:
            return web.Response(status=413, text=f"the request is too large; {LARGEST_BODY} bytes are the most\n")
        try:
            return await self._answer(request, body)
        except UnavailableError as error:
            return web.Response(
                status=503, text=f"{error}\n", headers={"Retry-After": "2", "Cache-Control": "no-store"}
            )
        except ClientConnectionError as error:
            log.debug("gallery: the child has gone in the middle (%s)", error)
            return web.Response(status=503, text="the gallery has ended; it is started again; ask again\n")

    async def _answer(self, request: "web.Request", body: bytes) -> "web.StreamResponse":
        from aiohttp import ClientError, web
        from yarl import URL

        address = await self._child()
        assert self._session is not None
        headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
        target = URL(f"{address}{request.rel_url.raw_path}", encoded=True)
        query = [(name, value) for name, value in request.query.items() if name != "token"]
        if query:
            target = target.with_query(query)
        async with self._session.request(
            request.method,
            target,
            headers=headers | {GALLERY_HEADER: self._token},
            data=body or None,
            allow_redirects=False,
        ) as answer:
            passed = {name: value for name, value in answer.headers.items() if name.lower() not in KEPT_BACK}
            response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=passed)
            await response.prepare(request)
            try:
                async for data in answer.content.iter_any():
                    await response.write(data)
            except ClientError as error:
                log.debug("gallery: the child has gone in the middle (%s)", error)
                if request.transport:
                    request.transport.abort()  # half an answer must not look like a whole one
                return response
            await response.write_eof()
            return response

    async def _child(self) -> str:
        """The address of a child that listens."""
        async with self._starting:
            if self._closed:
                raise UnavailableError("the show ends; open it again")
            if self._address and self._process and self._process.poll() is None:
                return self._address
            now = time.monotonic()
            if self._process:
                await asyncio.to_thread(self._end)
                log.warning("gallery: its process has ended; it is started again when it is needed")
                self._fail(now)
            if now < self._next_start:
                raise UnavailableError(f"the gallery has ended; it is started again in {self._next_start - now:.0f} s")
            try:
                self._address = await asyncio.to_thread(self._start)
            except (OSError, ValueError) as error:
                await asyncio.to_thread(self._end)
                self._fail(time.monotonic())
                log.warning("gallery: can't be started (%s); the show goes on without", error)
                raise UnavailableError("the gallery can't be started; see artgen's log; ask again later") from None
            if self._session is None:
                self._session = _session()
            return self._address

    def _fail(self, now: float) -> None:
        if now - self._started > HEALTHY_S:
            self._backoff.reset()
        self._next_start = now + self._backoff.next()

    def _start(self) -> str:
        """Start a child and wait until it listens; on a thread."""
        self._started = time.monotonic()
        process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | {GALLERY_TOKEN: self._token}
        )
        self._process = process
        assert process.stdout
        late = threading.Timer(OPENING_S, process.kill)
        late.start()
        try:
            told: Mapping[str, int] = json.loads(process.stdout.readline() or b"{}")
        finally:
            late.cancel()
        if not isinstance(told, dict) or not isinstance(told.get("port"), int):
            raise ValueError(f"it doesn't listen, status {process.poll()}")
        return f"http://127.0.0.1:{told['port']}"

    def _end(self) -> None:
        """End the child: politely, then firmly; on a thread."""
        process, self._process, self._address = self._process, None, ""
        if process is None:
            return
        assert process.stdin and process.stdout
        process.stdin.close()
        try:
            process.wait(CLOSE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def _session() -> "ClientSession":
    from aiohttp import ClientSession, ClientTimeout, DummyCookieJar

    # No limit on the whole: news come for as long as the page is open.
    return ClientSession(
        cookie_jar=DummyCookieJar(),
        auto_decompress=False,
        timeout=ClientTimeout(total=None, sock_connect=5.0),
        skip_auto_headers=("User-Agent", "Accept-Encoding"),
        trust_env=False,
    )


async def _body(request: "web.Request") -> bytes | None:
    """The request's body; None if it is too large."""
    body = bytearray()
    async for data in request.content.iter_any():
        body += data
        if len(body) > LARGEST_BODY:
            return None
    return bytes(body)
