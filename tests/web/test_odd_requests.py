"""Requests that nobody means, at every door: each is refused or answered, nothing fails, and nothing is logged."""

import contextlib
import json
import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from artgen_osc.http import access
from tests import show_table
from tests.gallery.conftest import put
from tests.gallery.served import Served
from tests.test_oscquery import Server as Query
from tests.test_web import Server

HUGE = "9" * 5000
DEEP = "[" * 100_000
NUMBERS = ("1e400", "-1e400", HUGE, "-1", "nan", "inf", "1_0", "0x10", "%D9%A3", "", "%00", "%ff", "1e-400")
BODIES = (
    *(DEEP.encode(), b'{"a":' * 20_000, HUGE.encode(), f'{{"ids": {HUGE}}}'.encode(), b'{"ids": 1e400}', b"\xff\xfe"),
    *(b'{"ids": ["\\ud800"]}', b"\x1f\x8b\x08\x00damaged", b'{"id": {}, "favourite": true}', b"nul", b'{"ids": {}}'),
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A page with its gallery."""
    folder = tmp_path_factory.mktemp("kept")
    (folder / "gallery").mkdir()
    put(folder / "gallery", 50)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)  # of its songs and pictures
        page = Server()
        yield Served(None, page.port)  # type: ignore[arg-type]
        page.close()


@pytest.fixture(autouse=True)
def silence(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    assert not [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number[:10])
def test_numbers_in_an_address(server: Served, number: str) -> None:
    for target in (
        *(f"/gallery/api/list?limit={number}", f"/gallery/api/list?before={number}", f"/gallery/api/all?ids={number}"),
        *(f"/gallery/api/all?{name}={number}" for name in ("near", "valence", "since", "until", "title", "favourite")),
        *(f"/gallery/api/all?near={number},{number},{number}", f"/songs?{number}={number}", f"/songs/{number}/sound"),
        *(f"/gallery/thumbnail/{number}.jpg", f"/schema?{number}", f"/static/{number}", f"/?token={number}"),
    ):
        assert server.ask(target).status in (200, 400, 404)


@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:20]))
def test_bodies(server: Served, body: bytes) -> None:
    for action in ("favourite", "delete", "undo"):
        for kind in ("application/json", "application/json; charset=nonsense", "application/json; charset=utf-16"):
            answer = server.ask(f"/gallery/api/{action}", "POST", body, Content_Type=kind)
            assert 400 <= answer.status < 500, (answer.status, answer.body)
    assert server.ask("/gallery/api/undo", "POST", body, Content_Encoding="gzip").status == 415


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Range", f"bytes={HUGE}-"), ("Range", f"bytes=-{HUGE}"), ("Range", "bytes=9" + "9" * 30 + "-"),
        ("Range", "bytes=5-1"), ("If-Range", "x" * 5000), ("If-Modified-Since", "Mon, 99 Foo 99999 99:99:99 GMT"),
        ("Cookie", '"' + "\\" * 7000 + '"'), ("Cookie", ";" * 8000), ("Cookie", f"artgen_token={HUGE}"),
        ("Host", f"localhost:{HUGE}"), ("Host", "localhost:99999"), ("Host", "localhost:٣"), ("Host", "[::1"),
        ("Origin", "http://[" ), ("Origin", f"http://localhost:{HUGE}"), ("Content-Length", "9" * 30),
        ("Content-Length", "-1"), ("Content-Length", HUGE), ("Sec-WebSocket-Version", HUGE),
        ("If-None-Match", "\\" * 7000), ("Accept-Encoding", "gzip;q=" + HUGE), ("Expect", "nonsense"),
        ("Transfer-Encoding", "chunked"), ("Upgrade", "websocket"), ("Upgrade", "h2c"),
    ],
    ids=lambda value: value[:24],
)  # fmt: skip
def test_headers(server: Served, name: str, value: str) -> None:
    for target in ("/", "/static/app.js", "/songs", "/json", "/state", "/sound", "/schema"):
        with socket.create_connection(("127.0.0.1", server.port), 20) as peer:
            host = "" if name == "Host" else "Host: localhost\r\n"
            peer.sendall(f"GET {target} HTTP/1.1\r\n{host}{name}: {value}\r\n\r\n".encode())
            peer.shutdown(socket.SHUT_WR)
            status = peer.recv(100).split()[1:2]
        assert not status or (200 <= int(status[0]) < 500 and status[0] != b"500"), status


def test_a_cookie_costs_no_time() -> None:
    """`http.cookies` needs the square of its length."""
    assert access.tokens_shown("", 'artgen_token="' + "\\" * 8_000_000 + '"')
    assert access.tokens_shown("a=1&token=x&token=y", "b=2; artgen_token=z; artgen_token=w") == ["x", "z"]


MESSAGES = (
    *("[" * 60_000, '{"COMMAND":' * 5000, "9" * 60_000, "1e400", "null", '{"COMMAND": "LISTEN", "DATA": 1e400}'),
    *('{"COMMAND": "LISTEN", "DATA": [[]]}', '{"COMMAND": {}, "DATA": "/artgen/valence"}', '"\\ud800"'),
    '{"COMMAND": "LISTEN", "DATA": ' + "9" * 5000 + "}",
)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message[:20])
def test_messages_to_oscquery(message: str) -> None:
    with contextlib.closing(Query(show_table.SENT, show_table.DAEMON)) as server, server.connect() as client:
        client.send(message)
        server.settle(client)
        for number in NUMBERS:
            assert server.get(f"/artgen/valence?{number}")[0] in (200, 400)


@pytest.mark.parametrize("target", ["/state", "/view", "/sound"])
@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message[:20])
def test_messages_to_the_parts(message: str, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with contextlib.closing(Server()) as server:
        with server.open(target) as client, contextlib.suppress(Exception):
            client.send(message)
            client.send(json.dumps({"id": 10**300, "rate": 10**300, "channels": 1e300, "what": []}))
            client.recv(timeout=0.05)
        assert server.get("/schema")[0] == 200
