"""A server with nothing but the parts under test, on a thread of its own."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence

from aiohttp import web

from artgen_osc.http.part import Part
from tests.ports import free_port


@contextlib.contextmanager
def serve_parts(
    parts: Callable[[], Sequence[Part]], routes: Sequence[web.AbstractRouteDef] = (), port: int = 0
) -> Iterator[int]:
    """Serve parts on 127.0.0.1; yields the port."""
    port = port or free_port()
    ready, stop = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()
    failures: list[BaseException] = []

    async def serve() -> None:
        made = parts()
        app = web.Application()
        app.add_routes([*routes, *(route for part in made for route in part.routes())])
        runner = web.AppRunner(app, shutdown_timeout=1.0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port, reuse_address=True).start()
        ready.set()
        await stop.wait()
        for part in made:
            await part.close()
        await runner.cleanup()

    def run() -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(serve())
        except BaseException as error:
            failures.append(error)
            ready.set()

    thread = threading.Thread(target=run, name="parts")
    thread.start()
    try:
        assert ready.wait(30) and not failures, failures
        yield port
    finally:
        if not failures:
            loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        assert not thread.is_alive() and not failures, failures
