"""The bridge to browsers: clients of every temper, and how it ends."""

import contextlib
import gc
import json
import logging
import socket
import threading
import time

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from artgen_osc.commands import doctor_checks as doctor
from artgen_osc.config import tables
from artgen_osc.config.tables import Config
from artgen_osc.errors import ArtgenError, OscError
from artgen_osc.http import server as webserver
from artgen_osc.http import websocket
from artgen_osc.osc.receiver import OscReceiver, capture
from artgen_osc.web import client as bridge_client
from artgen_osc.web.bridge import Bridge
from artgen_osc.web.page import open_page
from tests import show_table
from tests.ports import free_port
from tests.support.bridge import BEAT, COUNT, VALENCE, Server, told
from tests.support.waiting import wait_for

pytestmark = pytest.mark.slow


def test_a_plain_get_says_what_is_here(server: Server) -> None:
    status, text, headers = server.get("/api")
    assert status == 200 and headers["Content-Type"].startswith("text/html")
    assert f"ws://127.0.0.1:{server.port}/json" in text
    assert all(f"<code>{row.path}</code>" in text for row in (*show_table.SENT, *show_table.VISUALS))
    status, rows, _ = server.get("/schema")
    assert status == 200
    (speed,) = [row for row in rows["visuals"] if row["path"] == "/visuals/speed"]
    assert (speed["low"], speed["high"], speed["kind"], speed["default"]) == (0, 8, "float", 1.0)
    assert {row["path"] for row in rows["control"]} == {row.path for row in show_table.DAEMON}
    assert server.get("/etc/passwd")[0] == 404
    assert server.get("/", "POST")[0] == 405


def test_a_client_that_reads_slowly_gets_the_newest_and_every_pulse(server: Server) -> None:
    """The server's thread is held, as a client's full buffers would hold its sender."""
    going_on, hops = threading.Event(), 4 * bridge_client.WAITING
    with server.open("/json?only=/artgen//*") as client:
        server.bridge._loop.call_soon_threadsafe(going_on.wait, 20)
        for hop in range(hops):
            server.publish({VALENCE: hop / 1024, BEAT: float(hop == 5), COUNT: int(hop >= 5)})
        going_on.set()
        heard = [told(client)]
        while VALENCE not in heard[-1] or heard[-1][VALENCE] != round((hops - 1) / 1024, 5):
            heard.append(told(client))
    assert len(heard) <= bridge_client.WAITING + 2
    assert sum(values[BEAT] for values in heard) == 1.0
    assert heard[-1][BEAT] == 0.0
    assert server.bridge.dropped >= 2 * bridge_client.WAITING


def test_a_server_that_falls_behind_makes_up_for_lost_pulses(server: Server) -> None:
    going_on = threading.Event()
    with server.open() as client:
        server.publish({VALENCE: 0.0, BEAT: 0.0, COUNT: 1})
        assert told(client)[COUNT] == 1
        server.bridge._loop.call_soon_threadsafe(going_on.wait, 20)
        for _ in range(webserver.NEWS):
            server.publish({VALENCE: 0.5, BEAT: 0.0, COUNT: 1})
        server.publish({VALENCE: 0.75, BEAT: 1.0, COUNT: 2})
        server.publish({VALENCE: 0.75, BEAT: 0.0, COUNT: 2})
        going_on.set()
        while (values := told(client)).get(COUNT) != 2:
            assert values[BEAT] == 0.0
        assert values[BEAT] == 1.0
        server.publish({BEAT: 0.0})
        assert told(client)[BEAT] == 0.0
    assert server.bridge.dropped >= 6


def silent(port: int) -> socket.socket:
    """A client that never reads."""
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    peer.connect(("127.0.0.1", port))
    peer.sendall(
        b"GET /json HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    return peer


def test_a_client_that_never_reads_is_dropped_and_slows_nobody(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(websocket, "STUCK_S", 1.0)
    with silent(server.port), server.open(f"/json?only={VALENCE}") as healthy:
        wait_for(lambda: server.bridge._listeners == 2, what="both")
        number, slowest = 0, 0.0
        deadline = time.monotonic() + 60
        while server.bridge._listeners == 2 and time.monotonic() < deadline:
            number += 1
            start = time.monotonic()
            server.publish({"/artgen/key": f"{number}" * 2000, VALENCE: number / 2**17})
            slowest = max(slowest, time.monotonic() - start)
            assert told(healthy)[VALENCE] == round(number / 2**17, 5)
        assert server.bridge._listeners == 1
    assert slowest < 5.0
    assert server.bridge.dropped > 0
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "it is dropped, the show goes on" in caplog.text


def test_a_flood_from_a_page_loses_nothing_and_leaves_room(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("artgen_osc.web.bridge.MOST_A_SECOND", 1000)
    count = 600
    with server.open() as flood, server.open() as other:
        start = time.monotonic()
        thread = threading.Thread(
            target=lambda: [flood.send(f'{{"/artgen/control/gain_db": {n % 50}}}') for n in range(count)]
        )
        thread.start()
        server.publish({VALENCE: 0.5})
        assert told(other) == {VALENCE: 0.5}
        assert server.received(count) == [("/artgen/control/gain_db", n % 50) for n in range(count)]
        assert time.monotonic() - start > count * 2 / 1000 * 0.8
        thread.join()
    assert server.bridge.dropped == 0


def test_a_flood_of_nonsense_is_answered_within_bounds(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    wrong = 3 * bridge_client.ANSWERS
    with server.open() as client:
        client.send(json.dumps({f"/nothing/{number}": 1 for number in range(wrong)}))
        answers = [told(client)["error"]]
        while f"/nothing/{wrong - 1}:" not in answers[-1]:
            answers.append(told(client)["error"])
    assert bridge_client.ANSWERS <= len(answers) <= wrong
    assert server.bridge.dropped == wrong
    assert len(caplog.records) == 1


def test_no_more_clients_than_are_allowed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webserver, "MOST_CLIENTS", 2)
    with server.open(), server.open("/osc"):
        with pytest.raises(InvalidStatus) as refused, server.open():
            pytest.fail("was let in")
        assert refused.value.response.status_code == 503
    wait_for(lambda: not server.bridge._clients, what="their end")
    with server.open():
        pass


def test_a_huge_message_ends_its_sender_only(server: Server) -> None:
    with server.open() as other, server.open() as client:
        client.send(" " * 100_000)
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(timeout=20)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009
        other.send('{"/artgen/control/gain_db": 1}')
        assert server.received(1) == [("/artgen/control/gain_db", 1.0)]


def test_closing_says_goodbye_frees_the_port_and_leaves_nothing_open(server: Server) -> None:
    with server.open() as client, silent(server.port):
        wait_for(lambda: server.bridge._listeners == 2, what="both")
        server.bridge.close()
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(timeout=20)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1001
    assert not server.bridge._thread.is_alive()
    server.publish({VALENCE: 0.5})
    server.bridge.close()
    Bridge("127.0.0.1", server.port, show_table.CONTRACT, server.receiver, ("127.0.0.1", 9101)).close()
    gc.collect()  # an open socket would be a warning, and that an error


def test_a_port_or_a_renderer_that_can_not_be_had(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(OscError, match=rf"^127.0.0.1:{server.port}: the web page can't listen.*; .* or 0 for"):
        Bridge("127.0.0.1", server.port, show_table.CONTRACT, server.receiver, ("127.0.0.1", 9101))
    threads = threading.active_count()
    for web, visuals in (
        (tables.WebConfig(port=server.port), tables.VisualsConfig()),
        (tables.WebConfig(port=free_port()), tables.VisualsConfig(host="no..host")),
    ):
        assert open_page(Config(web=web, visuals=visuals), show_table.CONTRACT, server.receiver) is None
        wait_for(lambda: threading.active_count() <= threads, what="the end of its threads")
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2
    assert open_page(Config(web=tables.WebConfig(port=0)), show_table.CONTRACT, server.receiver) is None
    gc.collect()
    with pytest.raises(ArtgenError, match=rf"^127.0.0.1:{server.port} is taken"):
        doctor._web_port(Config(web=tables.WebConfig(port=server.port)))
    assert doctor._web_port(Config(web=tables.WebConfig(port=0))) == "switched off"


def test_a_renderer_that_listens_everywhere_is_reached_here() -> None:
    with capture() as renderer, contextlib.closing(OscReceiver("127.0.0.1", 0, {})) as receiver:
        bridge = Bridge("127.0.0.1", 0, show_table.CONTRACT, receiver, ("0.0.0.0", renderer.port))
        assert bridge._renderer.targets == (f"127.0.0.1:{renderer.port}",)
        bridge.close()
