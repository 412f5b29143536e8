"""A server with the songs and nothing else, and what its tests need: ``python -m tests.song_server PORT FOLDER``."""

import asyncio
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from artgen_osc.web.songs import SongsPart
from tests.ports import free_port

PAINT = ("--visuals-model=idle", "--size=64")


class SongServer:
    """The routes of a `SongsPart` on a thread, and pages beside them.

    Parameters
    ----------
    part : makes the part
    pages : files by their path, such as ``/static``
    """

    def __init__(self, part: Callable[[], SongsPart], port: int = 0, pages: dict[str, Path] | None = None) -> None:
        self.port = port or free_port()
        self._loop = asyncio.new_event_loop()
        self._pages = pages or {}
        self.part = part()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self._call(self._open())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _run(self) -> None:
        # Which cancels at the end what clients have left behind.
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._stop.wait())

    def _call(self, what: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(30)

    async def _open(self) -> None:
        app = web.Application()
        app.add_routes(self.part.routes())
        for path, folder in self._pages.items():
            app.router.add_static(path, folder)
        self._runner = web.AppRunner(app, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    def close(self) -> None:
        self._call(self._runner.cleanup())
        self._call(self.part.close())
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)


def main() -> None:
    port, folder = sys.argv[1:]
    gallery = f"--gallery={folder}/gallery"
    SongServer(lambda: SongsPart(Path(folder) / "songs", (*PAINT, gallery)), int(port))
    print("ready", flush=True)
    time.sleep(300)


if __name__ == "__main__":
    main()
