"""OSCQuery: what clients send too much of, what they never read, and how it ends."""

import contextlib
import itertools
import json
import logging
import socket
import struct
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
from artgen_osc.osc.codec import MAX_PACKET
from artgen_osc.osc.receiver import MOST_WAITING
from artgen_osc.oscquery import server as oscquery
from artgen_osc.oscquery.server import OscQuery, open_query
from tests import show_table
from tests.support.oscquery import VALENCE, Server, message, packet
from tests.support.waiting import wait_for

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\0" * 100 + b"\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n",
        b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nOrigin: http://[\r\n\r\n",
        b"GET /" + b"x" * 1_000_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"x" * 1_000_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: x\r\n" * 10_000 + b"\r\n",
    ],
    ids=lambda sent: repr(sent[:40]),
)
def test_malformed_and_huge_requests_harm_nobody(
    server: Server, caplog: pytest.LogCaptureFixture, request_bytes: bytes
) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as peer:
        answer = b""
        try:
            peer.sendall(request_bytes)
            while part := peer.recv(65536):
                answer += part
        except (ConnectionResetError, BrokenPipeError):
            answer = answer or b""
    assert not answer.startswith(b"HTTP/1.1 2")
    assert server.get("/artgen/valence")[0] == 200
    assert not caplog.records


def test_a_huge_message_ends_its_sender_only(server: Server) -> None:
    with server.connect() as other, server.connect() as client:
        client.send(b"\0" * (MAX_PACKET + 1))
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(timeout=20)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009
        other.send(packet("/artgen/control/gain_db", 1.0))
        assert server.received(1) == [("/artgen/control/gain_db", 1.0)]


def test_a_flood_waits_until_the_show_has_room(server: Server) -> None:
    count = MOST_WAITING * 3
    with server.connect() as client:
        for number in range(count):
            client.send(packet("/artgen/control/gain_db", number % 50))
        values = server.received(count)
    assert [value for _, value in values] == [number % 50 for number in range(count)]
    assert server.receiver.refused == 0


def silent_listener(port: int, *paths: str) -> socket.socket:
    """A client that asks for values and never reads one."""
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    peer.connect(("127.0.0.1", port))
    peer.sendall(
        b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    for path in paths:
        text = json.dumps({"COMMAND": "LISTEN", "DATA": path}).encode()
        peer.sendall(b"\x81" + struct.pack(">B", 0x80 | len(text)) + b"\0\0\0\0" + text)
    return peer


def test_a_client_that_never_reads_is_dropped_and_the_others_hear_all(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(websocket, "STUCK_S", 1.0)
    monkeypatch.setattr(oscquery, "MOST_A_SECOND", 1_000_000)
    key = next(row for row in show_table.SENT if row.path == "/artgen/key")
    with silent_listener(server.port, key.path), server.listen(VALENCE.path) as healthy:
        wait_for(lambda: server.query._listeners == 2, what="both listen")
        number = 0
        deadline = time.monotonic() + 60
        while server.query._listeners == 2 and time.monotonic() < deadline:
            for _ in range(20):
                number += 1
                server.query.publish([(key, f"{number}" * 2000), (VALENCE, number / 2**20)])
            assert [message(healthy)[1] * 2**20 for _ in range(20)] == list(range(number - 19, number + 1))
        assert server.query._listeners == 1
        server.query.publish([(VALENCE, 1.0)])
        assert message(healthy) == (VALENCE.path, 1.0)
    assert server.query.dropped > 0
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "the show goes on" in caplog.text


def test_a_slow_client_misses_values_but_never_the_last(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oscquery, "MOST_A_SECOND", 200)
    gain, count = show_table.TABLE.daemon["/artgen/control/gain_db"], 3 * oscquery.WAITING
    with server.listen(gain.path, VALENCE.path) as client:
        server.settle(client)
        server.query.publish([(gain, 6.0)])
        for number in range(1, count + 1):
            server.query.publish([(VALENCE, number / 2**20)])
            if number % 50 == 0:
                wait_for(lambda: not server.query._news, what="the server to take them")
        heard: dict[str, list[float]] = {gain.path: [], VALENCE.path: []}
        while count / 2**20 not in heard[VALENCE.path]:
            path, value = message(client)
            heard[path].append(value)
    assert heard[gain.path] == [6.0]
    assert heard[VALENCE.path] == sorted(heard[VALENCE.path])
    assert len(heard[VALENCE.path]) + server.query.dropped == count
    assert server.query.dropped > 0


def test_a_server_that_falls_behind_catches_up(server: Server) -> None:
    gain = show_table.TABLE.daemon["/artgen/control/gain_db"]
    going_on = threading.Event()
    with server.listen(gain.path, VALENCE.path) as client:
        server.settle(client)
        server.query._loop.call_soon_threadsafe(going_on.wait, 20)
        for number in range(1, 2 * webserver.NEWS):
            server.query.publish([(VALENCE, number / 2**20)])
        server.query.publish([(gain, 6.0)])
        going_on.set()
        heard = [message(client) for _ in range(webserver.NEWS + 2)]
    assert [value for path, value in heard if path == VALENCE.path] == [
        number / 2**20 for number in (*range(1, webserver.NEWS + 1), 2 * webserver.NEWS - 1)
    ]
    assert heard.count((gain.path, 6.0)) == 1
    assert server.query.dropped == webserver.NEWS


def test_fifty_clients_and_no_more_than_are_allowed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webserver, "MOST_CLIENTS", 50)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(server.listen(VALENCE.path)) for _ in range(50)]
        wait_for(lambda: server.query._listeners == 50, what="fifty listeners")
        for valence in (0.25, 0.5, 0.75):
            server.query.publish([(VALENCE, valence)])
        for client in clients:
            assert [message(client)[1] for _ in range(3)] == [0.25, 0.5, 0.75]
        assert server.get("/artgen/valence?VALUE")[1] == {"VALUE": [0.75]}
        with pytest.raises(InvalidStatus) as refused, server.connect():
            pytest.fail("was let in")
        assert refused.value.response.status_code == 503
    wait_for(lambda: not server.query._clients, what="their end")


def test_closing_says_goodbye_and_frees_the_port(server: Server) -> None:
    with server.listen(VALENCE.path) as client:
        server.settle(client)
        server.query.close()
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(timeout=20)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1001
    server.query.publish([(VALENCE, 0.5)])
    server.query.close()
    OscQuery("artgen test", "127.0.0.1", server.port, server.receiver, show_table.SENT, ()).close()


def test_closing_does_not_wait_for_a_client_that_never_reads(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "STUCK_S", 60.0)
    key = next(row for row in show_table.SENT if row.path == "/artgen/key")
    with silent_listener(server.port, key.path):
        wait_for(lambda: server.query._listeners, what="a listener")
        (client,) = server.query._clients
        numbers = itertools.count()

        def full() -> bool:
            server.query.publish([(key, f"{next(numbers)}" * 10_000)])
            return client.request.transport.get_write_buffer_size() > 2**15

        wait_for(full, what="a full buffer")
        server.query.close()
        assert not server.query._thread.is_alive()


def test_a_server_that_breaks_down_does_not_take_the_show_along(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*given: object, **options: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("artgen_osc.http.acceptor.Acceptor.open", broken)
    other = Server((), show_table.VISUALS)
    other.query._thread.join(20)
    assert "the show goes on" in caplog.text
    other.query.publish(show_table.CONTRACT.current(show_table.VISUALS, Config()))
    other.close()


def test_a_busy_port_is_one_line_and_no_end(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(OscError, match=rf"^127.0.0.1:{server.port}: OSCQuery can't listen.*; .* or 0 for none$"):
        OscQuery("artgen test", "127.0.0.1", server.port, server.receiver, (), ())
    assert open_query("artgen test", "127.0.0.1", server.port, server.receiver, (), ()) is None
    (record,) = caplog.records
    assert record.levelno == logging.WARNING and "\n" not in record.getMessage()
    settings = Config(
        osc=tables.OscConfig(query_port=server.port), visuals=tables.VisualsConfig(query_port=server.port)
    )
    with pytest.raises(ArtgenError, match=rf"^127.0.0.1:{server.port} is taken"):
        doctor._query_ports(settings)


def test_port_0_switches_it_off(server: Server) -> None:
    assert open_query("artgen test", "127.0.0.1", 0, server.receiver, (), ()) is None
    off = Config(osc=tables.OscConfig(query_port=0), visuals=tables.VisualsConfig(query_port=0))
    assert doctor._query_ports(off) == "switched off"


def test_a_host_that_is_not_ours(server: Server) -> None:
    with pytest.raises(OscError, match=r"198\.51\.100\.1:9102: OSCQuery can't listen there"):
        OscQuery("artgen test", "198.51.100.1", 9102, server.receiver, (), ())
