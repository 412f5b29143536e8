"""The picture live on a web page: small frames go to the daemon's server while a page watches."""

import asyncio
import io
import logging
import os
import threading
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from artgen_osc.config.settings import VIEW_VARIABLE
from artgen_osc.errors import ConfigError
from artgen_osc.runtime.priority import lower_thread
from visuals.generators.generator import Frame

if TYPE_CHECKING:
    from aiohttp import ClientSession, ClientWebSocketResponse

log = logging.getLogger(__name__)

FPS = 15.0
WIDTH = 640
"""Pixels of a frame that is sent."""

QUALITY = 80
"""Of the JPEG: about 40 kB a frame."""

AGAIN_S = 1.0
HEARTBEAT_S = 10.0
NICENESS = 5
CLOSE_S, GOODBYE_S = 2.0, 0.1


def address_of(setting: str) -> str:
    """Where to: the setting, else what the daemon has told; empty for nowhere.

    Raises
    ------
    ConfigError
        It isn't the address of a WebSocket.
    """
    address = setting or os.environ.get(VIEW_VARIABLE, "")
    if address and not address.startswith(("ws://", "wss://")):
        raise ConfigError(
            f"visuals.view: {address.partition('?')[0]!r} is not the address of a view; "
            "it begins with ws:// or wss://, such as ws://10.0.0.2:9103/view/renderer"
        )
    return address


class LiveView:
    """Sends frames on a thread of its own, the newest only, and only while somebody watches.

    Parameters
    ----------
    address : of the server, see `artgen_osc.web.view`; empty for none

    Attributes
    ----------
    watchers : pages that watch
    """

    def __init__(self, address: str) -> None:
        self.watchers = 0
        self._address = address
        # Nobody stands between this machine and itself, and its certificate has the name of the network.
        self._here = urlsplit(address).hostname in ("127.0.0.1", "::1")
        self._next = 0.0
        self._frame: Frame | None = None
        self._news = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name="view", daemon=True)
        if address:
            self._thread.start()

    def due(self, now: float) -> bool:
        """Whether a frame is wanted; `now` in s, monotonic."""
        return self.watchers > 0 and now >= self._next

    def show(self, frame: Frame) -> None:
        """Hand over a frame, uint8 ``(height, width, 3)``; returns at once."""
        self._next = max(self._next + 1.0 / FPS, monotonic() + 0.5 / FPS)
        self._frame = frame
        try:
            self._loop.call_soon_threadsafe(self._news.set)
        except RuntimeError:
            self.watchers = 0  # the thread has ended

    def close(self) -> None:
        """End; may be called again."""
        if self._thread.is_alive():
            try:
                self._loop.call_soon_threadsafe(self._end)
            except RuntimeError:
                return  # it has just ended by itself
            self._thread.join(CLOSE_S)
        elif not self._address:
            self._loop.close()

    def _end(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _run(self) -> None:
        lower_thread(NICENESS)
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            try:
                runner.run(self._keep_connected())
            except asyncio.CancelledError:
                log.debug("closed")
            except Exception:  # whatever it is, the show goes on without it
                log.exception("view: has ended; the show goes on; please report this")
            finally:
                self.watchers = 0

    async def _keep_connected(self) -> None:
        from aiohttp import ClientError, ClientSession, ClientTimeout

        self._task = asyncio.current_task()
        try:
            async with ClientSession(timeout=ClientTimeout(connect=2.0)) as session:
                while True:
                    try:
                        await self._connect(session)
                    except (ClientError, OSError) as error:
                        log.debug("view: %s", error)
                    self.watchers = 0
                    await asyncio.sleep(AGAIN_S)
        finally:
            await asyncio.sleep(GOODBYE_S)  # a session doesn't wait for TLS to say goodbye

    async def _connect(self, session: "ClientSession") -> None:
        from aiohttp import WSMsgType

        async with session.ws_connect(self._address, heartbeat=HEARTBEAT_S, ssl=not self._here) as server:
            sending = asyncio.create_task(self._send(server))
            try:
                async for message in server:
                    if message.type is WSMsgType.TEXT:
                        self.watchers = int(message.json()["watchers"])
            except (ValueError, KeyError, TypeError) as error:
                log.debug("view: not understood: %s", error)
            finally:
                sending.cancel()

    async def _send(self, server: "ClientWebSocketResponse") -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            frame, self._frame = self._frame, None
            if frame is not None:
                await server.send_bytes(_jpeg(frame))


def _jpeg(frame: Frame) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(frame).save(out, "JPEG", quality=QUALITY)
    return out.getvalue()
