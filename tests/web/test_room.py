"""Connections that say nothing, half of something or too much, and who still gets in beside them."""

import contextlib
import doctest
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from artgen_osc.config.tables import Config, WebConfig
from artgen_osc.http import acceptor
from artgen_osc.http import server as webserver
from artgen_osc.osc.receiver import OscReceiver
from artgen_osc.web.page import open_page
from tests import show_table
from tests.ports import free_port
from tests.support.oscquery import Peer
from tests.support.waiting import wait_for
from tests.support.web import Server

pytestmark = pytest.mark.slow

HALF = b"GET / HTTP/1.1\r\nHost: loc"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A page with 16 places, 12 of them for one address."""
    monkeypatch.setattr(acceptor, "connection_limit", lambda: 16)
    with contextlib.closing(Server()) as server:
        yield server


@contextlib.contextmanager
def connections(port: int, count: int, words: bytes = b"") -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as stack:
        peers = []
        for _ in range(count):
            peers.append(stack.enter_context(socket.create_connection(("127.0.0.1", port), 20)))
            peers[-1].sendall(words)
        yield peers


def is_open(peer: socket.socket) -> bool:
    peer.setblocking(False)
    try:
        return peer.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def test_addresses_as_people_have_them() -> None:
    assert doctest.testmod(acceptor).failed == 0


@pytest.mark.parametrize("words", [b"", HALF], ids=["silent", "half-sent"])
def test_whoever_asks_for_nothing_makes_room(small: Server, words: bytes) -> None:
    with connections(small.port, 60, words) as peers:
        for _ in range(5):
            start = time.monotonic()
            assert small.get("/schema")[0] == 200
            assert time.monotonic() - start < 10
        assert sum(map(is_open, peers)) <= 12


def test_whoever_is_served_keeps_the_place_and_others_have_theirs(
    small: Server, caplog: pytest.LogCaptureFixture
) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(12):
            stack.enter_context(small.open("/json"))
        with pytest.raises(OSError):
            small.get("/schema")
        with socket.create_connection(("127.0.0.1", small.port), 20, source_address=("127.0.0.2", 0)) as other:
            other.sendall(b"GET /schema HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert other.recv(12) == b"HTTP/1.1 200"
        wait_for(lambda: caplog.records, what="a word about it")
    (record,) = caplog.records
    assert record.levelno == logging.WARNING and "127.0.0.1 has 12 of 16" in record.getMessage()
    wait_for(lambda: not small.page._clients, what="their end")
    assert small.get("/schema")[0] == 200


def test_one_address_has_its_share_of_listeners(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webserver, "MOST_OF_ONE", 3)
    with contextlib.closing(Server()) as server, contextlib.ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(server.open("/json"))
        wait_for(lambda: len(server.page._clients) == 3, what="three")
        with pytest.raises(InvalidStatus) as refused, server.open("/json"):
            pytest.fail("was let in")
        assert refused.value.response.status_code == 503
        other = socket.create_connection(("127.0.0.1", server.port), 20, source_address=("127.0.0.2", 0))
        with connect(f"ws://127.0.0.1:{server.port}/json", sock=other):
            wait_for(lambda: len(server.page._clients) == 4, what="the fourth")


@pytest.mark.parametrize("host", ["a..b", "a\0b", "x" * 300, "\udcff", "no such host", ""])
def test_a_host_that_is_none_is_one_line(host: str, caplog: pytest.LogCaptureFixture) -> None:
    with contextlib.closing(OscReceiver("127.0.0.1", 0, {})) as receiver:
        page = open_page(Config(web=WebConfig(host=host, port=free_port())), show_table.CONTRACT, receiver)
        if page:  # an empty one is all addresses
            page.close()
    told = [record.getMessage() for record in caplog.records if record.name != "artgen.osc.in"]
    assert bool(page) == (host == "") and len(told) == (host != ""), told


def test_the_name_on_which_it_listens_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    here = socket.create_server(("127.0.0.1", 0))
    monkeypatch.setattr(webserver, "listening", lambda host, port: here)
    with contextlib.closing(Server(host="Booth.Lan", token="a-token-of-mine")) as server:
        assert server.get("/?token=a-token-of-mine", Host=f"booth.lan:{server.port}")[0] == 200


def test_those_who_come_and_go_cost_little(small: Server) -> None:
    for _ in range(500):
        socket.create_connection(("127.0.0.1", small.port), 20).close()
    assert small.get("/schema")[0] == 200


@pytest.mark.parametrize(("limit", "expected"), [(256, 42), (1024, 256), (64, 16), (-1, 256), (2**20, 256)])
def test_handles_are_left_to_the_rest_of_the_show(monkeypatch: pytest.MonkeyPatch, limit: int, expected: int) -> None:
    resource = pytest.importorskip("resource")
    limit = resource.RLIM_INFINITY if limit < 0 else limit
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (limit, limit))
    assert acceptor.connection_limit() == expected


def test_without_a_free_handle_the_page_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system refuses a connection now and then: nothing ends, and the next one is taken."""
    with contextlib.closing(Server()) as server:
        loop = server.page._loop
        accept, left = loop.sock_accept, [3]

        async def refused(listener: socket.socket) -> tuple[socket.socket, object]:
            if left[0]:
                left[0] -= 1
                raise OSError(24, os.strerror(24))
            return await accept(listener)

        monkeypatch.setattr(loop, "sock_accept", refused)

        def answers() -> bool:
            with contextlib.suppress(OSError):  # one that has knocked while none was free is sent away
                return server.get("/schema")[0] == 200
            return False

        wait_for(lambda: answers() and not left[0], what="an answer after three refusals")
        assert server.get("/schema")[0] == 200


def test_a_show_with_few_handles_and_a_crowd_at_its_door(tmp_path: Path) -> None:
    pytest.importorskip("resource")
    port, log = free_port(), tmp_path / "log"
    limited = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256)); from artgen_osc.cli import main; "
    )
    ports = [f"--osc-port={free_port()}", f"--osc-query-port={free_port()}", f"--web-port={port}"]
    words = ["daemon", "--input=demo", "--mute", "--seconds=60", *ports, f"--web-songs={tmp_path / 'songs'}"]
    with log.open("wb") as output:
        show = subprocess.Popen([sys.executable, "-c", f"{limited}main({words!r})"], stdout=output, stderr=output)
    try:
        peer = Peer(port)

        def answers() -> bool:
            with contextlib.suppress(OSError):
                return peer.get("/schema")[0] == 200
            return False

        wait_for(answers, what="the page")
        with connections(port, 300, HALF):
            for target in ("/schema", "/static/app.js", "/songs"):
                start = time.monotonic()
                assert peer.get(target)[0] == 200
                assert time.monotonic() - start < 10
    finally:
        show.terminate()
        show.wait(20)
    assert "Traceback" not in log.read_text() and "Too many open files" not in log.read_text()
