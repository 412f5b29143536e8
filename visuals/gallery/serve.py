"""Runs the gallery's server: for people, or as the child of a show.

A child prints one line of JSON, ``{"port": N}``, when it listens, and ends when its input closes, so that none is
left behind. Its token comes in the environment, since every user of the machine can read a command line.
"""

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
from pathlib import Path

from artgen_osc.errors import GalleryError
from artgen_osc.http.access import GALLERY_TOKEN
from artgen_osc.runtime.child import end_with_parent
from artgen_osc.runtime.priority import lower_process
from visuals.gallery.follow import Followed
from visuals.gallery.web import application

HOST = "127.0.0.1"
NICENESS = 5
"""The show comes first."""

OPEN_S = 5.0
"""So much time has a client to say what it wants."""

CLOSE_S = 3.0


def run(folder: Path, port: int) -> int:
    """Serve until Ctrl-C; returns the exit status.

    Parameters
    ----------
    folder : of the gallery
    port : TCP, on this computer alone; 0 takes a free one

    Raises
    ------
    GalleryError
        The port is taken.
    """
    listener = _listen(port)
    print(f"gallery: http://{HOST}:{listener.getsockname()[1]}/gallery/ (Ctrl-C ends it)", flush=True)
    # As in the browser: a first Ctrl-C is enough, whatever is open.
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(folder, listener, "", asyncio.Event()))
    return 0


def run_child(folder: Path) -> int:
    """Serve until the input closes; returns the exit status.

    Raises
    ------
    GalleryError
        There is no token.
    """
    token = os.environ.pop(GALLERY_TOKEN, "")
    if not token:
        raise GalleryError(
            f"{GALLERY_TOKEN}: isn't set; a random text is needed; --child is for shows alone, leave it out"
        )
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the show, which ends us
    lower_process(NICENESS)
    asyncio.run(_serve_show(folder, token))
    return 0


async def _serve_show(folder: Path, token: str) -> None:
    listener, stop, loop = _listen(0), asyncio.Event(), asyncio.get_running_loop()

    def end() -> None:
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(stop.set)

    end_with_parent(end, CLOSE_S + 1)
    await _serve(folder, listener, token, stop, tell=True)
    os._exit(0)  # a disk that hangs is not waited for: nothing is lost by it


async def _serve(folder: Path, listener: socket.socket, token: str, stop: asyncio.Event, tell: bool = False) -> None:
    from aiohttp import web

    quiet = logging.getLogger("artgen.gallery.clients")
    gallery = Followed(folder)
    runner = web.AppRunner(
        application(gallery, token),
        access_log=None,
        logger=quiet,
        keepalive_timeout=OPEN_S,
        lingering_time=OPEN_S,
        shutdown_timeout=0.5,
        handler_cancellation=True,
        auto_decompress=False,
    )
    await runner.setup()
    following = asyncio.create_task(gallery.follow())
    try:
        await web.SockSite(runner, listener).start()
        if tell:
            print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
        await stop.wait()
    finally:
        following.cancel()
        await asyncio.wait([following])
        await runner.cleanup()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await gallery.close()


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except (OSError, OverflowError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise GalleryError(f"--port: {HOST}:{port} can't be used ({reason}); choose another port") from None
