"""The gallery as a part of the show's server: a child process behind a proxy."""

import asyncio
import contextlib
import io
import os
import signal
import sys
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web

from artgen_osc.web import gallery as module
from artgen_osc.web.gallery import GalleryProxy
from tests.gallery.conftest import put
from tests.live.servers import ARTGEN

pytestmark = pytest.mark.slow

# What a child is told, and how it dies.
ECHO = """
import http.server, json, os, sys, threading
class Echo(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        size = int(self.headers.get("Content-Length", 0))
        told = {"path": self.path, "headers": dict(self.headers), "body": self.rfile.read(size).decode()}
        body = json.dumps(told).encode()
        if self.path == "/gallery/die": os._exit(1)
        self.send_response(200)
        self.send_header("Set-Cookie", "child=1")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body) + (self.path == "/gallery/half")))
        self.end_headers()
        self.wfile.write(body)
        if self.path == "/gallery/half": self.wfile.flush(); os._exit(1)
    do_POST = do_GET
    def log_message(self, *words): ...
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"port": server.server_address[1]}), flush=True)
sys.stdin.read()
"""


@contextlib.asynccontextmanager
async def proxied(*command: str) -> AsyncIterator[tuple[GalleryProxy, ClientSession]]:
    """A proxy in a server, and a client of it."""
    proxy = GalleryProxy(list(command))
    app = web.Application()
    app.add_routes(proxy.routes())
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    async with ClientSession(f"http://127.0.0.1:{port}", auto_decompress=False) as client:
        try:
            yield proxy, client
        finally:
            await proxy.close()
            await runner.cleanup()


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 90))


def running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_gallery_of_a_show(tmp_path: Path) -> None:
    folder = tmp_path / "gallery"
    folder.mkdir()
    made = put(folder).id

    async def work() -> None:
        async with proxied(*ARTGEN, "gallery", "serve", "--child", f"--gallery={folder}") as (proxy, client):
            assert proxy._process is None, "it starts with the first request"
            async with client.get("/gallery/") as answer:
                assert answer.status == 200
                assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
            told: dict[str, Any] = {}
            while not told.get("ids"):
                async with client.get("/gallery/api/all") as answer:
                    told = await answer.json()
                await asyncio.sleep(0.1)
            assert (told["ids"], told["show"]) == (made, True)
            async with client.get(f"/gallery/picture/{made}.png") as answer:
                assert await answer.read() == (folder / f"{made}.png").read_bytes()
            async with client.post("/gallery/api/favourite", json={"id": made, "favourite": True}) as answer:
                assert answer.status == 200
            async with client.get("/gallery/api/events") as answer:
                assert await answer.content.readline() == b"event: hello\n", "news come as they happen"
            # Whoever reaches the child itself is refused.
            async with client.get(f"{proxy._address}/gallery/") as answer:
                assert answer.status == 401
            assert proxy._process
            pid = proxy._process.pid
            os.kill(pid, signal.SIGKILL)
            while True:
                async with client.get("/gallery/api/all?favourite=1") as answer:
                    text = await answer.text()
                    if answer.status == 200 and made in text:
                        break
                    assert answer.status in (200, 503), text
                await asyncio.sleep(0.1)
            pid = proxy._process.pid
        assert not running(pid), "none is left behind"

    run(work())


def test_nothing_of_the_page_reaches_the_child() -> None:
    async def work() -> None:
        async with proxied(sys.executable, "-c", ECHO) as (_, client):
            headers = {
                "Cookie": "artgen_token=secret", "Authorization": "secret", "Origin": "http://secret.example",
                "X-Artgen-Token": "secret", "Connection": "keep-alive, X-Secret", "Range": "bytes=0-1",
                "X-Secret": "secret",
            }  # fmt: skip
            target = "/gallery/a%2F..%2Fb?token=secret&title=%26%C3%A4+x&token=secret"
            from yarl import URL

            async with client.post(URL(target, encoded=True), headers=headers, data=b"hello") as answer:
                told = await answer.json()
                assert "Set-Cookie" not in answer.headers
            assert "secret" not in str(told)
            assert told["path"] == "/gallery/a%2F..%2Fb?title=%26%C3%A4+x"
            assert told["body"] == "hello"
            assert told["headers"]["Range"] == "bytes=0-1"
            assert len(told["headers"]["X-Artgen-Token"]) > 20

    run(work())


def test_limits_and_methods() -> None:
    async def work() -> None:
        async with proxied(sys.executable, "-c", ECHO) as (proxy, client):
            async with client.post("/gallery/x", data=io.BytesIO(b"x" * (2**20 + 1))) as answer:
                assert answer.status == 413
            async with client.put("/gallery/x") as answer:
                assert answer.status == 405
            async with client.get("/gallery", allow_redirects=False) as answer:
                assert answer.headers["Location"] == "/gallery/"
            assert proxy._process is None, "none of these needs it"

    run(work())


def test_a_child_that_dies_is_started_again_with_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_WAIT_S", 0.3)

    async def work() -> None:
        async with proxied(sys.executable, "-c", ECHO) as (proxy, client):
            async with client.get("/gallery/half") as answer:
                with pytest.raises(Exception, match=r"(?i)payload|closed|disconnected|reset"):
                    await answer.read()  # half an answer doesn't look like a whole one
            statuses = []
            while 200 not in statuses:
                async with client.get("/gallery/again") as answer:
                    statuses.append(answer.status)
                await asyncio.sleep(0.05)
            assert 503 in statuses
            async with client.get("/gallery/die") as answer:
                assert answer.status == 503
            while True:
                async with client.get("/gallery/again") as answer:
                    if answer.status == 200:
                        break
                await asyncio.sleep(0.05)
            assert proxy._backoff.next() > 2 * 0.3, "the pause grows"

    run(work())


@pytest.mark.parametrize(
    "command", [("/nowhere/artgen",), (sys.executable, "-c", "print('no')"), (sys.executable, "-c", "print('[1]')")]
)
def test_a_child_that_cannot_start_is_told_of(command: tuple[str, ...], caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        async with proxied(*command) as (_, client):
            for _ in range(3):
                async with client.get("/gallery/") as answer:
                    assert answer.status == 503
                    assert "gallery" in await answer.text()
            assert caplog.text.count("can't be started") == 1, "it isn't tried with every request"

    run(work())


def test_many_at_once_start_one_child() -> None:
    async def work() -> None:
        async with proxied(sys.executable, "-c", ECHO) as (_, client):

            async def port() -> str:
                async with client.get("/gallery/") as answer:
                    told = await answer.json()
                    return str(told["headers"]["Host"])

            assert len(set(await asyncio.gather(*(port() for _ in range(10))))) == 1

    run(work())


def test_without_a_token_there_is_no_child(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from artgen_osc.cli import main

    monkeypatch.delenv("ARTGEN_GALLERY_TOKEN", raising=False)
    assert main(["gallery", "serve", "--child"]) == 2
    assert "ARTGEN_GALLERY_TOKEN: isn't set" in capsys.readouterr().err
