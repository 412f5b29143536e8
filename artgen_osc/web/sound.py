"""Sound from a page, over a WebSocket: the server's half of ``static/sound.js``.

::

    page   {"id": "k3f…", "rate": 48000, "channels": 1, "what": "microphone", "label": "USB Mic"}
    server {"welcome": {"heard": true}}          or {"busy": {"what", "label", "from", "seconds"}}
    page   {"take": true}                        only after busy: welcome; the one before is told {"taken_over": …}
    page   binary: frame number (uint64), then int16 frames, interleaved, all little-endian; on and on
    page   {"title": "…"}                        at any time
    server {"taken": 48000, "dropped": 0, "waiting_ms": 5.3, "level_db": -12.0, "heard": true}   twice a second
    server {"error": "…"}                        then it closes

`taken` is the number of the frame up to which the analysis has everything, so a page can tell how far behind it is.
A gap in the frame numbers is sound that went missing; it is counted.
"""

import asyncio
import contextlib
import json
import logging
import math
import struct
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from artgen_osc.audio.browser import BrowserInput
from artgen_osc.audio.sound_file import HIGHEST_RATE, LOWEST_RATE
from artgen_osc.audio.titles import one_line
from artgen_osc.dsp.core import FloatArray

if TYPE_CHECKING:
    from aiohttp import WSMessage, web

log = logging.getLogger("artgen.web")

HEAD = struct.Struct("<Q")
KINDS = ("microphone", "tab")
MOST_FRAMES = 16384
"""Frames in one message; a page sends a few hundred."""
MOST_TEXT = 2000
MOST_BYTES = 2**20
"""Beyond this a message isn't even read; the connection is closed without a word."""
MOST_LOST = 60.0
"""Seconds that may be missing at once; more is a mistake."""
REPORT = 0.5
SILENCE = 4.0
"""A client that says nothing for so many seconds has lost its place."""
WAITING = 60.0
"""So long may somebody who was told that the place is taken think about it."""
MOST_WAITING = 8
AHEAD = 1.0
"""So many seconds may a client send faster than twice as fast as the sound; then it is kept waiting."""
GOODBYE = 1.0


class Refused(Exception):
    """A client said what can't be understood or done; the text is the answer to it."""


@dataclass(frozen=True, slots=True)
class Hello:
    """What a client introduces itself with.

    Attributes
    ----------
    id : of the page; the same page may come again, and takes its own place
    rate : Hz
    channels : 1 or 2
    what : ``microphone`` or ``tab``
    label : of the device or the tab, or empty
    """

    id: str
    rate: int
    channels: int
    what: str
    label: str


def _object(text: str) -> dict[str, Any]:
    said: object = None
    if len(text) <= MOST_TEXT:
        with contextlib.suppress(ValueError, RecursionError):
            said = json.loads(text)
    if not isinstance(said, dict):
        raise Refused(f"message: {text[:100]!r} is no JSON object of at most {MOST_TEXT} letters; check the page")
    return said


def _line(value: object) -> str:
    """Text for people, on one line."""
    return one_line(value) if isinstance(value, str) else ""


def read_hello(text: str) -> Hello:
    """The first message of a client.

    Raises
    ------
    Refused
    """
    said = _object(text)
    rate, channels, what = said.get("rate"), said.get("channels"), said.get("what")
    if not isinstance(rate, (int, float)) or isinstance(rate, bool) or not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise Refused(f"rate: {rate!r:.50} is no rate from {LOWEST_RATE} to {HIGHEST_RATE} Hz; check the page")
    if isinstance(channels, bool) or channels not in (1, 2):
        raise Refused(f"channels: {channels!r:.50} are not possible; mix it down to 1 or 2")
    if what not in KINDS:
        raise Refused(f"what: {what!r:.50} is not known; send {' or '.join(KINDS)}")
    return Hello(_line(said.get("id")), round(rate), channels, what, _line(said.get("label")))


def read_chunk(data: bytes, channels: int) -> tuple[int, FloatArray]:
    """Understand a piece of sound that a page sent.

    Parameters
    ----------
    data : a frame number and interleaved int16, as `HEAD` and the page's script say
    channels : 1 or 2, as the page said at the start

    Returns
    -------
    frame : number of the first frame, counted from the start of the sound
    samples : float32 ``(frames, channels)``, ±1

    Raises
    ------
    Refused
        It has a part of a frame, or no frame, or more than `MOST_FRAMES`.
    """
    frames, rest = divmod(len(data) - HEAD.size, 2 * channels)
    if rest or not 0 < frames <= MOST_FRAMES:
        raise Refused(
            f"sound: {len(data)} bytes are no chunk; send a frame number of {HEAD.size} bytes and then 1 to "
            f"{MOST_FRAMES} frames of {channels} x int16"
        )
    samples = np.frombuffer(data, "<i2", offset=HEAD.size).reshape(-1, channels)
    return HEAD.unpack_from(data)[0], samples.astype(np.float32) / np.float32(32768.0)


class _Sender:
    """The client whose sound is taken."""

    def __init__(self, socket: "web.WebSocketResponse", hello: Hello, peer: str) -> None:
        self.socket, self.hello, self.peer = socket, hello, peer
        self.since = time.monotonic()
        self.received = 0
        self._expected: int | None = None
        self._peak = 0.0
        self._ahead = time.monotonic()

    def is_page(self, page: str) -> bool:
        """Whether it is the page with this id."""
        return bool(page) and page == self.hello.id

    def about(self) -> dict[str, Any]:
        """For another client: who has the place, and since when."""
        seconds = round(time.monotonic() - self.since)
        return {"what": self.hello.what, "label": self.hello.label, "from": self.peer, "seconds": seconds}

    def read(self, data: bytes) -> tuple[FloatArray, int]:
        """The sound in a message, and the frames that are missing before it.

        Raises
        ------
        Refused
        """
        number, samples = read_chunk(data, self.hello.channels)
        lost = 0 if self._expected is None else number - self._expected
        if not 0 <= lost <= MOST_LOST * self.hello.rate:
            raise Refused(f"sound: frame {number} follows {self._expected}; frames are numbered on; check the page")
        self._expected = self.received = number + len(samples)
        self._peak = max(self._peak, float(np.abs(samples).max()))
        return samples, lost

    def level_db(self) -> float:
        """The peak since it was asked for last, dBFS."""
        peak, self._peak = self._peak, 0.0
        return round(20.0 * math.log10(max(peak, 1e-5)), 1)

    def pause(self, frames: int) -> float:
        """s that it is kept waiting after so many frames: no client may take the server's time from the others."""
        now = time.monotonic()
        self._ahead = max(self._ahead, now) + max(0.5 * frames / self.hello.rate, 0.001)
        return self._ahead - now - AHEAD


class SoundPart:
    """``/sound``: takes the sound of one page at a time; see `artgen_osc.http.part.Part`.

    Parameters
    ----------
    hub : where the sound goes
    """

    def __init__(self, hub: BrowserInput) -> None:
        self._hub = hub
        self._sender: _Sender | None = None
        self._waiting = 0
        self._sockets: set[web.WebSocketResponse] = set()
        self._goodbyes: set[asyncio.Task[None]] = set()

    def routes(self) -> "Iterable[web.AbstractRouteDef]":
        """See `Part`."""
        from aiohttp import web

        return [web.get("/sound", self._serve)]

    async def close(self) -> None:
        """See `Part`."""
        for socket in tuple(self._sockets):
            self._dismiss(socket, {})
        if self._goodbyes:
            await asyncio.wait(self._goodbyes, timeout=2 * GOODBYE)

    async def _serve(self, request: "web.Request") -> "web.WebSocketResponse":
        from aiohttp import web

        socket = web.WebSocketResponse(timeout=GOODBYE, compress=False, max_msg_size=MOST_BYTES)
        await socket.prepare(request)
        self._sockets.add(socket)
        try:
            await self._listen(socket, request.remote or "")
        except Refused as refused:
            await self._say(socket, {"error": str(refused)})
        except ConnectionError as error:
            log.debug("a page has gone: %s", error)
        finally:
            self._sockets.discard(socket)
            await self._close(socket)
        return socket

    async def _close(self, socket: "web.WebSocketResponse") -> None:
        with contextlib.suppress(ConnectionError):
            await socket.close()

    async def _say(self, socket: "web.WebSocketResponse", what: dict[str, Any]) -> None:
        with contextlib.suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(GOODBYE):
                await socket.send_str(json.dumps(what))

    async def _listen(self, socket: "web.WebSocketResponse", peer: str) -> None:
        text = await self._text(socket, SILENCE)
        if text is None:
            return
        hello = read_hello(text)
        before = self._sender
        if before and not before.is_page(hello.id) and not await self._wants(socket, before):
            return
        sender = _Sender(socket, hello, peer)
        before, self._sender = self._sender, sender
        if before:
            # The same page comes again before its old connection was given up: that one needs no news.
            self._dismiss(before.socket, {} if before.is_page(hello.id) else {"taken_over": sender.about()})
        self._hub.start(hello.rate, hello.label)
        reports = asyncio.create_task(self._report(sender))
        try:
            await socket.send_str(json.dumps({"welcome": {"heard": self._hub.heard}}))
            await self._take(sender)
        finally:
            reports.cancel()
            if self._sender is sender:
                self._sender = None
                self._hub.stop()

    async def _wants(self, socket: "web.WebSocketResponse", holder: _Sender) -> bool:
        """Whether a client wants the place of another; it is told whose place that is."""
        if self._waiting >= MOST_WAITING:
            raise Refused(f"sound: {MOST_WAITING} pages wait for the place already; close one")
        self._waiting += 1
        try:
            await socket.send_str(json.dumps({"busy": holder.about()}))
            text = await self._text(socket, WAITING)
        finally:
            self._waiting -= 1
        if text is not None and _object(text).get("take") is not True:
            raise Refused('sound: another page sends sound; send {"take": true} to take its place, or close')
        return text is not None

    def _dismiss(self, socket: "web.WebSocketResponse", reason: dict[str, Any]) -> None:
        """Say goodbye to a client without waiting for it."""

        async def goodbye() -> None:
            if reason:
                await self._say(socket, reason)
            await self._close(socket)

        task = asyncio.create_task(goodbye())
        self._goodbyes.add(task)
        task.add_done_callback(self._goodbyes.discard)

    async def _text(self, socket: "web.WebSocketResponse", seconds: float) -> str | None:
        """The next message, which has to be text; None where the client is gone."""
        message = await self._next(socket, seconds)
        if message is None:
            return None
        if isinstance(message.data, bytes):
            raise Refused("message: sound came too early; introduce the page as JSON first")
        return str(message.data)

    async def _next(self, socket: "web.WebSocketResponse", seconds: float) -> "WSMessage | None":
        from aiohttp import WSMsgType

        try:
            message = await socket.receive(timeout=seconds)
        except TimeoutError:
            raise Refused(f"sound: nothing came for {seconds:g} s; the place is free; connect again") from None
        return message if message.type in (WSMsgType.TEXT, WSMsgType.BINARY) else None

    async def _take(self, sender: _Sender) -> None:
        """Hand on the sound of a client for as long as it sends and has the place."""
        while message := await self._next(sender.socket, SILENCE):
            if self._sender is not sender:
                continue  # until its goodbye is said
            if isinstance(message.data, str):
                said = _object(message.data)
                if "title" not in said:
                    raise Refused(f"message: {message.data[:100]!r} means nothing; send a title or sound")
                self._hub.title = _line(said["title"])
                frames = 0
            else:
                samples, lost = sender.read(message.data)
                self._hub.put(samples, lost)
                frames = len(samples)
            if (pause := sender.pause(frames)) > 0:
                await asyncio.sleep(pause)

    async def _report(self, sender: _Sender) -> None:
        """Tell a client how its sound fares, until it takes nothing any more."""
        hub = self._hub
        before = hub.dropped
        while True:
            await asyncio.sleep(REPORT)
            report = {
                "taken": sender.received - round(hub.waiting_ms * hub.sample_rate / 1000.0),
                "dropped": hub.dropped - before,
                "waiting_ms": round(hub.waiting_ms, 1),
                "level_db": sender.level_db(),
                "heard": hub.heard,
            }
            try:
                async with asyncio.timeout(SILENCE):
                    await sender.socket.send_str(json.dumps(report))
            except (ConnectionError, TimeoutError):
                return
