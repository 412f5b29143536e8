"""Songs that a page sends, recorded or picked: each is converted, analysed and painted.

==================== ==================================================================================
`POST /songs?name=`  the body is a sound file of any kind; answers 201 with the song
`GET /songs`         the newest `MOST_LISTED`, without their curves, and the limits
`GET /songs/ID`      a song, with its mood over time
`GET /songs/ID/sound` its sound as WAV; parts of it on request (Range)
`DELETE /songs/ID`   deletes it; its picture stays in the gallery
==================== ==================================================================================

A mistake is answered with a JSON object whose ``error`` is a sentence.
"""

import asyncio
import logging
import shutil
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from artgen_osc.runtime.files import create_private
from artgen_osc.web.song_jobs import Jobs, Limits
from artgen_osc.web.song_store import Song, Store, is_id, new_song

if TYPE_CHECKING:
    from aiohttp import web

log = logging.getLogger(__name__)

MOST_LISTED = 500
_AT_ONCE = 1 << 20
"""Bytes that are written at once, on another thread."""

_NO_STORE = {"Cache-Control": "no-store"}


GRACE_S, LEAST_PACE = 5.0, 16384.0
"""An upload that has come for so long at fewer bytes a second makes room for another one, where there is none."""


class _Coming:
    """An upload on its way."""

    def __init__(self, limit: asyncio.Timeout) -> None:
        self.limit, self.size, self.since, self.receiving = limit, 0, time.monotonic(), False

    @property
    def pace(self) -> float:
        """Bytes a second so far."""
        return self.size / max(time.monotonic() - self.since, 0.001)

    @property
    def crawls(self) -> bool:
        """Whether it is slower than any that is meant."""
        return self.receiving and self.pace < LEAST_PACE and time.monotonic() - self.since > GRACE_S

    def make_room(self) -> None:
        """End it as one that came too slowly."""
        self.limit.reschedule(asyncio.get_running_loop().time())


class _Refused(Exception):
    """An upload that isn't taken: status and sentence."""


class SongsPart:
    """A `Part` of the page's server; all of its work on songs is in processes and threads of its own.

    Parameters
    ----------
    folder : of the songs; made with the first one
    paint : flags of ``artgen gallery paint``, such as ``--gallery=FOLDER``
    analyze : flags of ``artgen analyze``, such as ``--mood-model=FILE``
    limits : Limits
    decoder : module that makes a WAV file of an upload
    """

    def __init__(
        self,
        folder: Path,
        paint: Sequence[str],
        analyze: Sequence[str] = (),
        limits: Limits | None = None,
        decoder: str = "artgen_osc.web.song_decoder",
    ) -> None:
        self._limits = limits or Limits()
        self._store = Store(folder)
        self._jobs = Jobs(self._store, paint, analyze, decoder, self._limits)
        self._coming: set[_Coming] = set()

    def routes(self) -> "Iterable[web.AbstractRouteDef]":
        """See `Part.routes`."""
        from aiohttp import web

        return (
            web.post("/songs", self._take),
            web.get("/songs", self._list),
            web.get("/songs/{id}", self._show),
            web.get("/songs/{id}/sound", self._sound),
            web.delete("/songs/{id}", self._delete),
        )

    async def close(self) -> None:
        """See `Part.close`."""
        await asyncio.to_thread(self.end)

    def end(self) -> None:
        """End the work on songs and leave their folder to the next show. Blocks."""
        self._jobs.close()
        self._store.release()

    async def _list(self, request: "web.Request") -> "web.Response":
        songs = [self._told(song, curve=False) for song in self._jobs.songs()[:MOST_LISTED]]
        limits = {"size": self._limits.size, "seconds": self._limits.sound_s}
        return _json({"songs": songs, "limits": limits})

    async def _show(self, request: "web.Request") -> "web.Response":
        song = self._asked(request)
        return _json(self._told(song)) if song else _no_song()

    async def _sound(self, request: "web.Request") -> "web.StreamResponse":
        from aiohttp import web

        song = self._asked(request)
        if song is None or not await asyncio.to_thread(self._store.has, song.id, "sound.wav"):
            return _no_song()
        headers = {"Content-Type": "audio/wav", **_NO_STORE}
        return web.FileResponse(self._store.path(song.id, "sound.wav"), headers=headers)

    async def _delete(self, request: "web.Request") -> "web.Response":
        from aiohttp import web

        song = self._asked(request)
        try:
            deleted = song is not None and await asyncio.to_thread(self._jobs.delete, song.id)
        except OSError as error:
            return _json({"error": f"{error}; a folder that can be changed is needed; check it"}, 500)
        return web.Response(status=204) if deleted else _no_song()

    async def _take(self, request: "web.Request") -> "web.Response":
        if len(self._coming) + self._jobs.waiting >= self._limits.waiting and not self._make_room():
            return _json(
                {"error": f"songs: {self._limits.waiting} are waiting, which is the most; wait until one is done"},
                429,
            )
        song = new_song(request.query.get("name", ""))
        part = self._store.part(song)
        coming = _Coming(asyncio.timeout(self._limits.upload_s))
        self._coming.add(coming)
        try:
            if not await asyncio.to_thread(self._store.acquire):
                raise _Refused(
                    409,
                    "songs: another show uses their folder; one at a time may; start this one with --web-songs FOLDER",
                )
            await self._receive(request, part, coming)
            await asyncio.to_thread(self._jobs.add, song, part)
        except _Refused as refused:
            status, text = refused.args
            return _json({"error": text}, status)
        except OSError as error:
            if request.transport is None or isinstance(error, ConnectionError):
                raise  # it is the connection's; nobody hears an answer
            log.warning("%s: can't be written (%s); a folder with room is needed", self._store.folder, error)
            return _json({"error": f"songs: can't be written ({error.strerror}); room is needed; make some"}, 507)
        finally:
            self._coming.discard(coming)
            with suppress(OSError):
                await asyncio.shield(asyncio.to_thread(part.unlink, missing_ok=True))
        return _json(self._told(self._jobs.get(song.id) or song), 201)

    def _make_room(self) -> bool:
        """End the slowest of the uploads that crawl; False where none does."""
        slow = [each for each in self._coming if each.crawls]
        if not slow:
            return False
        slowest = min(slow, key=lambda each: each.pace)
        slowest.make_room()
        self._coming.discard(slowest)
        return True

    async def _receive(self, request: "web.Request", part: Path, coming: _Coming) -> None:
        """Write an upload into a file, within the limits."""
        limits = self._limits
        too_large = _Refused(413, f"song: is larger than {limits.size >> 20} MiB; send it as mp3, ogg or m4a")
        if (request.content_length or 0) > limits.size:
            raise too_large
        free = (await asyncio.to_thread(shutil.disk_usage, part.parent)).free
        if free < limits.spare + (request.content_length or 0):
            raise _Refused(507, f"disk: has only {free >> 20} MiB left; more is needed for a song; make some room")
        size = 0
        file = await asyncio.to_thread(create_private, part)
        try:
            async with coming.limit:
                coming.receiving = True
                pending = bytearray()
                while True:
                    async with asyncio.timeout(limits.pause_s):
                        piece = await request.content.readany()
                    size += len(piece)
                    coming.size = size
                    if size > limits.size:
                        raise too_large
                    pending += piece
                    if pending and (not piece or len(pending) >= _AT_ONCE):
                        await asyncio.to_thread(file.write, bytes(pending))
                        pending.clear()
                    if not piece:
                        break
        except TimeoutError:
            raise _Refused(
                408,
                f"song: took longer than {limits.upload_s / 60:g} minutes, or paused for {limits.pause_s:g} s; "
                "send it again over a better connection",
            ) from None
        finally:
            coming.receiving = False
            await asyncio.shield(asyncio.to_thread(file.close))
        if not size:
            raise _Refused(400, "song: is empty; choose another")

    def _asked(self, request: "web.Request") -> Song | None:
        id = request.match_info["id"]
        return self._jobs.get(id) if is_id(id) else None

    def _told(self, song: Song, curve: bool = True) -> dict[str, Any]:
        hidden = ("starts",) if curve else ("starts", "mood")
        told = {item.name: getattr(song, item.name) for item in fields(song) if item.name not in hidden}
        return {**told, "progress": round(self._jobs.progress(song), 4)}


def _json(content: object, status: int = 200) -> "web.Response":
    from aiohttp import web

    return web.json_response(content, status=status, headers=_NO_STORE)


def _no_song() -> "web.Response":
    return _json({"error": "song: there is no such one; GET /songs lists them; it may have been deleted"}, 404)
