"""Uploads that crawl, and whose they make room for."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from artgen_osc.web import songs
from artgen_osc.web.song_jobs import Limits
from artgen_osc.web.songs import SongsPart
from tests.song_server import PAINT, SongServer
from tests.support.songs import WAV, Client
from tests.support.waiting import wait_for

HEAD = b"POST /songs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nRIFF"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    words = (*PAINT, f"--gallery={tmp_path / 'gallery'}")
    limits = Limits(spare=0, waiting=16)
    server = SongServer(lambda: SongsPart(tmp_path / "songs", words, limits=limits, decoder="tests.decoder_that_hangs"))
    with contextlib.closing(server):
        yield Client(server.url, tmp_path / "songs")


@contextlib.contextmanager
def crawling(client: Client, count: int) -> Iterator[list[socket.socket]]:
    """Uploads that have begun, and don't go on."""
    port = int(client.url.rpartition(":")[2])
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(socket.create_connection(("127.0.0.1", port), 20)) for _ in range(count)]
        for peer in peers:
            peer.sendall(HEAD)
        wait_for(lambda: len(list(client.folder.glob(".*.part"))) == count, what="the uploads")
        yield peers


def test_sixteen_that_crawl_shut_nobody_out(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(songs, "GRACE_S", 0.0)
    with crawling(client, 16) as peers:
        for _ in range(3):
            client.send(WAV)
        told = []
        for peer in peers:
            peer.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                told.append(peer.recv(20))
        assert 2 <= len(told) <= 3 and all(answer.startswith(b"HTTP/1.1 408 ") for answer in told)


def test_those_that_have_just_begun_are_waited_for(client: Client) -> None:
    with crawling(client, 16):
        status, told = client.ask("POST", "/songs", WAV)
        assert status == 429 and "16 are waiting" in told["error"]
