"""The gallery over HTTP: the page, its pictures, and what changes them. Everything is under ``/gallery/``.

Pages of other sites can't read or change anything here: ``Host`` and ``Origin`` are checked, and changes need JSON,
which a browser sends to another site only after it has asked.
"""

import asyncio
import hmac
import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import asdict
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from artgen_osc.errors import GalleryError
from artgen_osc.http.access import GALLERY_HEADER, HEADERS, Names, is_same_origin, is_this_machine
from artgen_osc.http.page_files import PageFiles
from artgen_osc.runtime.text import printable
from visuals.gallery.archive import archive
from visuals.gallery.folder import Gallery
from visuals.gallery.follow import Followed, News, NoGalleryError
from visuals.gallery.index import Index
from visuals.gallery.query import Query
from visuals.gallery.record import to_json
from visuals.gallery.requests import RefusedError, ids_of, page_of, query_of

if TYPE_CHECKING:
    from aiohttp import web

log = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"
LARGEST_BODY = 2**20
MOST_EXPORTS = 2
BODY_S = 10.0
PING_S = 15.0
"""A listener who has gone is noticed when something is sent."""

PAGE_POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
FILE_POLICY = "default-src 'none'; sandbox"
FOREVER = "private, max-age=31536000, immutable"
"""What an id stands for never changes."""


class Handlers:
    """What is done for each path.

    Parameters
    ----------
    gallery : Followed
    beside_a_show : whether the show's own page is on the same server
    """

    def __init__(self, gallery: Followed, beside_a_show: bool) -> None:
        self.gallery, self._beside_a_show = gallery, beside_a_show
        self._files = PageFiles(STATIC, PAGE_POLICY)
        self._exports = 0

    async def page(self, request: "web.Request") -> "web.StreamResponse":
        """The page, or one of the files that it is made of."""
        answer = self._files.answer(request.match_info.get("name", "index.html"))
        if answer is None:
            raise RefusedError("there is no such file", HTTPStatus.NOT_FOUND)
        return answer

    async def all(self, request: "web.Request") -> "web.StreamResponse":
        """Id, mood, title and favourite of every picture that is asked for, by columns."""
        query = query_of(request.query)
        try:
            # The state on the thread of the index: between two changes, not in the middle of one.
            return _text(await self.gallery.ask(lambda index: json.dumps(_columns(index.moods(query)) | self._state())))
        except NoGalleryError:
            return _answer(_columns([]) | self._state() | {"ready": False})

    async def list(self, request: "web.Request") -> "web.StreamResponse":
        """A page of pictures with all that the index knows, and how many there are."""
        query, (before, limit) = query_of(request.query, ("before", "limit")), page_of(request.query)
        rows, total = await self.gallery.ask(lambda index: (index.page(query, before, limit), index.total(query)))
        return _answer({"count": total.count, "bytes": total.bytes, "pictures": [asdict(row) for row in rows]})

    async def songs(self, request: "web.Request") -> "web.StreamResponse":
        """Titles, and how many pictures each has."""
        return _answer(await self.gallery.ask(Index.songs))

    async def days(self, request: "web.Request") -> "web.StreamResponse":
        """Days, and how many pictures each has."""
        return _answer(await self.gallery.ask(Index.days))

    async def about(self, request: "web.Request") -> "web.StreamResponse":
        """All that a picture's file says."""
        id = request.match_info["id"]
        await self._path(id)
        return _text(await self.gallery.ask(lambda index: to_json(index.gallery.read(id).about)))

    async def thumbnail(self, request: "web.Request") -> "web.StreamResponse":
        """A small JPEG."""
        from aiohttp import web

        id = request.match_info["id"]
        data = await self.gallery.ask(lambda index: index.thumbnail(id))
        if data is None:
            await self._path(id)
            await self.gallery.change(lambda gallery: [id])  # it has just been written, and isn't known yet
            data = await self.gallery.ask(lambda index: index.thumbnail(id))
        if data is None:
            raise RefusedError("there is no such picture", HTTPStatus.NOT_FOUND)
        headers = {"Cache-Control": FOREVER, "Content-Security-Policy": FILE_POLICY}
        return web.Response(body=data, content_type="image/jpeg", headers=headers)

    async def picture(self, request: "web.Request") -> "web.StreamResponse":
        """The file itself."""
        from aiohttp import web

        path = await self._path(request.match_info["id"])
        headers = {"Content-Type": "image/png", "Cache-Control": FOREVER, "Content-Security-Policy": FILE_POLICY}
        return web.FileResponse(path, headers=headers | {"Content-Disposition": f'inline; filename="{path.name}"'})

    async def favourite(self, request: "web.Request") -> "web.StreamResponse":
        """Make a picture a favourite, or one no longer."""
        body = await _body(request)
        (id,) = ids_of([body.get("id")])
        wanted = body.get("favourite")
        if not isinstance(wanted, bool):
            raise RefusedError(f"favourite: {str(wanted)[:40]!r} is neither true nor false; choose one of them")

        def favour(gallery: Gallery) -> "list[str]":
            gallery.favour(id, wanted)
            return [id]

        return _answer({"ids": await self.gallery.change(favour)})

    async def delete(self, request: "web.Request") -> "web.StreamResponse":
        """Move pictures into the trash."""
        ids = ids_of((await _body(request)).get("ids"))
        return _answer({"ids": await self.gallery.change(lambda gallery: gallery.delete(ids))})

    async def undo(self, request: "web.Request") -> "web.StreamResponse":
        """Bring back the last deletion, or that of certain pictures."""
        body = await _body(request)
        ids = ids_of(body["ids"]) if "ids" in body else ()
        return _answer({"ids": await self.gallery.change(lambda gallery: gallery.undo(ids))})

    async def export(self, request: "web.Request") -> "web.StreamResponse":
        """A ZIP file with the static gallery, made while it is sent."""
        from aiohttp import web

        query = query_of(request.query)
        if self._exports >= MOST_EXPORTS:
            raise RefusedError("too many exports at once; wait for one of them", HTTPStatus.SERVICE_UNAVAILABLE)
        self._exports += 1
        thread = ThreadPoolExecutor(1, "export")  # a thread with an index of its own: it takes as long as it takes
        pieces = self._pieces(query)

        async def piece() -> bytes | None:
            return await asyncio.get_running_loop().run_in_executor(thread, lambda: next(pieces, None))

        try:
            first = await piece()
            response = web.StreamResponse(headers={"Content-Disposition": 'attachment; filename="artgen-gallery.zip"'})
            response.content_type = "application/zip"
            await response.prepare(request)
            while first is not None:
                if first:
                    await response.write(first)
                first = await piece()
            await response.write_eof()
            return response
        finally:
            self._exports -= 1
            thread.submit(pieces.close)  # type: ignore[attr-defined]
            thread.shutdown(wait=False)

    async def events(self, request: "web.Request") -> "web.StreamResponse":
        """What changes, as server-sent events: ``hello`` first, then ``change``, or ``anew`` to read all again."""
        from aiohttp import web

        queue = self.gallery.listen()
        if queue is None:
            raise RefusedError("too many pages are open; close one", HTTPStatus.SERVICE_UNAVAILABLE)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        try:
            await response.prepare(request)
            await response.write(_event("hello", self._state()))
            while True:
                try:
                    async with asyncio.timeout(PING_S):
                        news = await queue.get()
                except TimeoutError:
                    await response.write(b": still here\n\n")
                    continue
                await response.write(await self._told(news))
        except ConnectionError:
            return response
        finally:
            self.gallery.leave(queue)

    async def _told(self, news: News) -> bytes:
        changes, state = news.changes, self._state() | {"version": news.version}
        if changes is None:
            return _event("anew", state)
        rows = []
        if changes.added:
            with suppress(GalleryError):  # the gallery has gone, which is the next news
                rows = await self.gallery.ask(lambda index: index.moods(Query(ids=changes.added)))
        return _event(
            "change",
            state | {"added": _columns(rows), "removed": changes.removed, "favoured": dict(changes.favoured)},
        )

    def _state(self) -> dict[str, object]:
        gallery = self.gallery
        return {
            "version": gallery.version,
            "ready": gallery.ready,
            "waiting": gallery.waiting,
            "show": self._beside_a_show,
        }

    async def _path(self, id: str) -> Path:
        try:
            return await self.gallery.ask(lambda index: index.gallery.path(id))
        except GalleryError:
            raise RefusedError("there is no such picture", HTTPStatus.NOT_FOUND) from None

    def _pieces(self, query: Query) -> Iterator[bytes]:
        with closing(Index(Gallery(self.gallery.folder))) as index:
            yield from archive(index, query)


def application(gallery: Followed, token: str = "") -> "web.Application":
    """The server's paths.

    Parameters
    ----------
    gallery : is followed by whoever runs the server
    token : what each request has to show in `GALLERY_HEADER`; given by a show's server that passes requests on
    """
    from aiohttp import web

    @web.middleware
    async def guard(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        try:
            _check(request, token, names)
            return await handler(request)
        except RefusedError as error:
            return web.Response(status=error.status, text=f"{printable(error)}\n")
        except GalleryError as error:
            return web.Response(status=HTTPStatus.CONFLICT, text=f"{printable(error)}\n")

    async def complete(request: web.Request, response: web.StreamResponse) -> None:
        response.headers.pop("Server", None)
        response.headers.update(HEADERS)
        response.headers.setdefault("Content-Security-Policy", FILE_POLICY)
        response.headers.setdefault("Cache-Control", "no-store")

    async def to_page(request: web.Request) -> web.StreamResponse:
        return web.Response(status=HTTPStatus.FOUND, headers={"Location": "/gallery/"})

    names = Names(reached=False)
    handlers = Handlers(gallery, beside_a_show=bool(token))
    app = web.Application(middlewares=[guard], client_max_size=LARGEST_BODY)
    id = "{id:[0-9a-z]{12}}"
    app.add_routes(
        [
            web.get("/", to_page),
            web.get("/gallery", to_page),
            web.get("/gallery/", handlers.page),
            web.get("/gallery/static/{name}", handlers.page),
            web.get(f"/gallery/thumbnail/{id}.jpg", handlers.thumbnail),
            web.get(f"/gallery/picture/{id}.png", handlers.picture),
            web.get("/gallery/api/all", handlers.all),
            web.get("/gallery/api/list", handlers.list),
            web.get("/gallery/api/songs", handlers.songs),
            web.get("/gallery/api/days", handlers.days),
            web.get(f"/gallery/api/about/{id}", handlers.about),
            web.get("/gallery/api/events", handlers.events, allow_head=False),
            web.get("/gallery/api/export.zip", handlers.export, allow_head=False),
            web.post("/gallery/api/favourite", handlers.favourite),
            web.post("/gallery/api/delete", handlers.delete),
            web.post("/gallery/api/undo", handlers.undo),
        ]
    )
    app.on_response_prepare.append(complete)
    return app


def _check(request: "web.Request", token: str, names: Names) -> None:
    """Refuse who may not be here."""
    shown = request.headers.get(GALLERY_HEADER, "")
    if token and not hmac.compare_digest(shown.encode(errors="replace"), token.encode()):
        raise RefusedError("this is a part of a show; open the show's page", HTTPStatus.UNAUTHORIZED)
    host = ", ".join(request.headers.getall("Host", []))
    if not is_this_machine(host, names):
        raise RefusedError(f"Host {host[:200]}: isn't this machine; use localhost", HTTPStatus.FORBIDDEN)
    origin = ", ".join(request.headers.getall("Origin", []))
    if origin and not is_same_origin(origin, host):
        raise RefusedError(f"{origin[:200]}: may not use the gallery; open the gallery itself", HTTPStatus.FORBIDDEN)


async def _body(request: "web.Request") -> dict[str, Any]:
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise RefusedError("the body is compressed; send it as it is", HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    if request.content_type != "application/json":
        raise RefusedError("the body isn't JSON; send it as application/json", HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    try:
        async with asyncio.timeout(BODY_S):
            body = json.loads(await request.read())
    except TimeoutError:
        raise RefusedError("the body came too slowly; send it again", HTTPStatus.REQUEST_TIMEOUT) from None
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise RefusedError("the body can't be understood; send a JSON object")
    return body


def _columns(rows: "list[tuple[str, float, float, int, str]]") -> dict[str, object]:
    """Ids without anything between them, moods in thousandths, and titles by their numbers: 100,000 are 2.5 MB."""
    titles: dict[str, int] = {}
    return {
        "ids": "".join(row[0] for row in rows),
        "valence": [round(row[1] * 1000) for row in rows],
        "energy": [round(row[2] * 1000) for row in rows],
        "favourite": "".join("1" if row[3] else "0" for row in rows),
        "title": [titles.setdefault(row[4], len(titles)) for row in rows],
        "titles": list(titles),
    }


def _event(name: str, value: object) -> bytes:
    return f"event: {name}\ndata: {json.dumps(value)}\n\n".encode()


def _answer(value: object) -> "web.Response":
    return _text(json.dumps(value))


def _text(text: str) -> "web.Response":
    from aiohttp import web

    return web.Response(text=text, content_type="application/json")
