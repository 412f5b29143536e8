"""The namespace over HTTP, its values over WebSocket, and clients of every temper."""

import contextlib
import gc
import http.client
import itertools
import json
import logging
import os
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonoscquery.osc_query_client import OSCQueryClient
from pythonoscquery.shared.osc_access import OSCAccess
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from zeroconf import ServiceBrowser, ServiceInfo, ServiceListener, Zeroconf

from artgen_osc.commands import doctor_checks as doctor
from artgen_osc.config import tables
from artgen_osc.config.settings import ConfigFile
from artgen_osc.config.tables import Config
from artgen_osc.daemon.app import Daemon
from artgen_osc.errors import ArtgenError, OscError
from artgen_osc.http import access, websocket
from artgen_osc.http import server as webserver
from artgen_osc.osc.codec import MAX_PACKET, encode_bundle, encode_message
from artgen_osc.osc.receiver import MOST_WAITING, OscReceiver, capture
from artgen_osc.oscquery import server as oscquery
from artgen_osc.oscquery.namespace import ATTRIBUTES, UNUSED
from artgen_osc.oscquery.server import OscQuery, open_query
from artgen_osc.schema import values as schema
from artgen_osc.schema.values import Address, Value
from tests import show_table
from tests.conftest import missing
from tests.ports import free_port
from tests.support.daemons import RunningDaemon
from tests.support.texts import is_told
from tests.support.waiting import wait_for

pytestmark = pytest.mark.slow

DAEMON = (*show_table.SENT, *show_table.DAEMON)
RENDERER = (*show_table.VISUALS, *show_table.SENT)
VALENCE, ENERGY = schema.OUTPUTS[0].address, schema.OUTPUTS[1].address
WRITE_ONLY = {
    "/artgen/control/target/add",
    "/artgen/control/target/remove",
    "/artgen/control/subscribe",
    "/artgen/control/unsubscribe",
    "/visuals/subscribe",
    "/visuals/unsubscribe",
    "/artgen/control/beat/tap",
    "/visuals/scene/number",
    "/visuals/scene/save",
    "/visuals/scene/delete",
    "/visuals/seed/next",
    "/visuals/model/load",
    "/visuals/snapshot",
    "/visuals/quit",
}


class Peer:
    """What a client needs of a server: its port."""

    def __init__(self, port: int) -> None:
        self.port = port

    def get(self, target: str, method: str = "GET", **headers: str) -> tuple[int, Any, dict[str, str]]:
        """Status, what the body says as JSON, and the headers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, target, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            is_json = answer.headers.get("Content-Type", "").startswith("application/json")
            return answer.status, json.loads(body) if body and is_json else body.decode(), dict(answer.headers)
        finally:
            connection.close()

    @contextlib.contextmanager
    def connect(self, **options: Any) -> Iterator[ClientConnection]:
        with connect(f"ws://127.0.0.1:{self.port}", compression=None, **options) as client:
            yield client

    @contextlib.contextmanager
    def listen(self, *paths: str) -> Iterator[ClientConnection]:
        with self.connect() as client:
            for path in paths:
                client.send(json.dumps({"COMMAND": "LISTEN", "DATA": path}))
            yield client


class Server(Peer):
    """The daemon's namespace without a daemon, or the renderer's."""

    def __init__(self, sent: tuple[Address, ...], controls: tuple[Address, ...], host: str = "127.0.0.1") -> None:
        self.receiver = OscReceiver("127.0.0.1", 0, show_table.by_path(controls))
        self.query = OscQuery("artgen test", host, 0, self.receiver, sent, controls)
        super().__init__(self.query.port)

    def received(self, count: int) -> list[tuple[str, Value]]:
        """The next `count` values that came in."""
        values: list[tuple[str, Value]] = []
        wait_for(
            lambda: len(values) >= count or values.extend((r.path, v) for r, v in self.receiver.poll()), what="values"
        )
        return values

    def settle(self, client: ClientConnection) -> None:
        """Wait until everything that the client has sent so far is obeyed."""
        client.send(packet("/artgen/control/gain_db", 0.0))
        assert self.received(1) == [("/artgen/control/gain_db", 0.0)]

    def close(self) -> None:
        self.query.close()
        self.receiver.close()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(show_table.SENT, show_table.DAEMON)
    yield server
    server.close()


def message(client: ClientConnection) -> tuple[str, Any]:
    """The next message, read by an independent decoder."""
    packet = client.recv(timeout=20)
    assert isinstance(packet, bytes)
    read = OscMessage(packet)
    return read.address, read.params[0]


def packet(path: str, value: float | int | str) -> bytes:
    """One message, written by an independent encoder."""
    builder = OscMessageBuilder(path)
    builder.add_arg(value)
    return builder.build().dgram


def expected(row: Address, access: int, value: Value | None) -> dict[str, Any]:
    """What the specification asks of one row, said independently of the server."""
    kinds = {"float": ("f", float), "string": ("s", str)}
    tag, number = kinds.get(row.kind, ("i", int))
    wanted: dict[str, Any] = {"FULL_PATH": row.path, "TYPE": tag, "ACCESS": access, "DESCRIPTION": row.doc}
    if tag != "s":
        wanted |= {"RANGE": [{"MIN": number(row.low), "MAX": number(row.high)}], "CLIPMODE": ["both"]}
    if row.unit:
        names = {"Hz": "time.hz", "BPM": "time.bpm", "dB": "gain.db", "dBFS": "gain.db", "s": "time.second"}
        wanted["UNIT"] = [{**names, "ms": "time.ms"}.get(row.unit, row.unit)]
    if value is not None:
        wanted["VALUE"] = [value]
    return wanted


@pytest.mark.parametrize(
    ("sent", "controls"),
    [(show_table.SENT, show_table.DAEMON), (show_table.PAINTED, RENDERER)],
    ids=["daemon", "renderer"],
)
def test_every_attribute_of_every_row(sent: tuple[Address, ...], controls: tuple[Address, ...]) -> None:
    settings = Config()
    server = Server(sent, controls)
    music: list[tuple[Address, Value]] = [
        (row, {"f": row.low + 0.25, "i": int(row.low) + 3, "s": "A minor"}[row.tag]) for row in sent
    ]
    server.query.publish(music)
    server.query.publish(show_table.CONTRACT.current(controls, settings))
    values = {row.path: value for row, value in music}
    for row in controls:
        if row.setting and row.path not in WRITE_ONLY:
            value = show_table.CONTRACT.get(settings, row.setting)
            values[row.path] = int(value) if row.kind == "toggle" else value
    try:
        for row in (*sent, *controls):
            access = 1 if row in sent else 2 if row.path in WRITE_ONLY or row in show_table.SENT else 3
            wanted = expected(row, access, values.get(row.path))
            status, node, _ = server.get(row.path)
            assert status == 200
            assert {name: value for name, value in node.items() if name != "CONTENTS"} == wanted
            assert type(node.get("VALUE", [None])[0]) is type(values.get(row.path))
            below = {path for path in values if path.startswith(row.path + "/")}
            assert bool(node.get("CONTENTS")) >= bool(below)
            for name in ATTRIBUTES:
                if name == "CONTENTS":
                    continue
                status, answer, _ = server.get(f"{row.path}?{name}")
                assert (status, answer) == ((200, {name: wanted[name]}) if name in wanted else (204, ""))
    finally:
        server.close()


def test_the_whole_tree_at_the_root(server: Server) -> None:
    def walk(node: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
        assert node["FULL_PATH"] == (path or "/")
        yield path, node
        for name, below in node.get("CONTENTS", {}).items():
            yield from walk(below, f"{path}/{name}")

    _, root, _ = server.get("/")
    nodes = dict(walk(root, ""))
    methods = {path for path, node in nodes.items() if "TYPE" in node}
    assert methods == {row.path for row in DAEMON}
    assert all(node["ACCESS"] == 0 for path, node in nodes.items() if path not in methods)
    for path in ("/artgen", "/artgen/beat", "/artgen/control/mood"):
        assert server.get(path)[1] == nodes[path]
        assert server.get(f"{path}?CONTENTS")[1] == {"CONTENTS": nodes[path]["CONTENTS"]}


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/", 200),
        ("/?HOST_INFO", 200),
        ("/artgen/valence", 200),
        ("/artgen/valence/", 200),
        ("/artgen/%76alence", 200),
        ("/artgen/valence#VALUE", 200),
        ("/artgen/valence?VALUE", 204),  # not published yet
        ("/artgen/valence?CONTENTS", 204),
        ("/artgen/valence?UNIT", 204),
        ("/artgen/key?RANGE", 204),
        ("/artgen/control/beat/tap?VALUE", 204),
        ("/artgen?TYPE", 204),
        ("/artgen?VALUE", 204),
        *((f"/artgen/valence?{name}", 204) for name in UNUSED),
        ("/artgen/valence?value", 400),
        ("/artgen/valence?VALUE&RANGE", 400),
        ("/artgen/valence?VALUE=1", 400),
        ("/artgen/valence?" + "x" * 5000, 400),
        ("/artgen/valance", 404),
        ("/artgen/valence/x", 404),
        ("/artgen/valance?HOST_INFO", 404),
        ("/artgen/valance?NONSENSE", 404),
        ("/" + "x/" * 3000, 404),
        ("/..%2f..%2fetc/passwd", 404),
        ("/%ff%00", 404),
        ("/visuals/speed", 404),  # the renderer's
    ],
    ids=lambda value: str(value)[:40],
)
def test_status(server: Server, target: str, status: int) -> None:
    answered, body, headers = server.get(target)
    assert answered == status
    assert (body == "") == (status == 204)
    assert ("Content-Length" in headers) == (status != 204)
    if status in (400, 404):
        assert is_told(body["ERROR"])


def test_host_info(server: Server) -> None:
    _, info, _ = server.get("/?HOST_INFO")
    extensions = info.pop("EXTENSIONS")
    assert info == {
        "NAME": "artgen test",
        "OSC_IP": "127.0.0.1",
        "OSC_PORT": server.receiver.port,
        "OSC_TRANSPORT": "UDP",
        "WS_IP": "127.0.0.1",
        "WS_PORT": server.port,
    }
    assert all(extensions[name] for name in ("ACCESS", "VALUE", "RANGE", "UNIT", "CLIPMODE", "LISTEN", "IGNORE"))


def test_only_get_and_head(server: Server) -> None:
    whole, _, headers = server.get("/artgen/valence")
    status, body, bare = server.get("/artgen/valence", "HEAD")
    assert (status, body) == (whole, "")
    assert bare["Content-Length"] == headers["Content-Length"]
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        status, reason, headers = server.get("/artgen/valence", method)
        assert (status, headers["Allow"]) == (405, "GET, HEAD")
        assert "send values as OSC" in reason


@pytest.mark.parametrize("origin", ["http://localhost:8000", "http://127.0.0.1", "http://[::1]:3000"])
def test_pages_of_this_machine_may_steer(server: Server, origin: str) -> None:
    with server.connect(origin=origin) as client:
        client.send(packet("/artgen/control/gain_db", 3.0))
        assert server.received(1) == [("/artgen/control/gain_db", 3.0)]
    assert server.get("/", Origin=origin)[2]["Access-Control-Allow-Origin"] == origin


def test_a_name_that_is_no_text_harms_nobody(server: Server) -> None:
    row = show_table.TABLE.daemon["/artgen/control/input"]
    with server.listen(row.path) as client:
        server.settle(client)
        server.query.publish([(row, "file:\udcff.wav"), (VALENCE, 0.5)])
        assert message(client) == (row.path, "file:?.wav")
    assert server.get(f"{row.path}?VALUE")[1] == {"VALUE": ["file:\udcff.wav"]}


@pytest.mark.parametrize(
    "origin", ["https://example.org", "null", "http://[", "http://10.0.0.9", "http://localhost.example.org"]
)
def test_pages_from_elsewhere_may_not(server: Server, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused, server.connect(origin=origin):
        pytest.fail("was let in")
    assert refused.value.response.status_code == 403
    assert b"localhost" in refused.value.response.body
    assert "Access-Control-Allow-Origin" not in server.get("/", Origin=origin)[2]


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]:9102", "10.0.0.7:9102", "LOCALHOST:9102", "localhost.", None])
def test_a_host_that_names_this_machine_is_answered(server: Server, host: str | None) -> None:
    named = host or f"{socket.gethostname()}:{server.port}"
    assert server.get("/artgen/valence", Host=named)[0] == 200


@pytest.mark.parametrize("host", ["example.org", "127.0.0.1.example.org:9102", "localhost.example.org", "[", ""])
def test_a_domain_that_points_here_is_refused(server: Server, host: str) -> None:
    """DNS rebinding: the page's origin and the host agree, and only the name gives it away."""
    status, reason, headers = server.get("/artgen/valence", Host=host, Origin=f"http://{host}")
    assert (status, "use its IP address or localhost" in reason) == (403, True)
    assert "Access-Control-Allow-Origin" not in headers


def test_a_websocket_under_another_name_is_refused(server: Server) -> None:
    peer = socket.create_connection(("127.0.0.1", server.port))
    with pytest.raises(InvalidStatus) as refused, connect(f"ws://example.org:{server.port}", sock=peer):
        pytest.fail("was let in")
    assert refused.value.response.status_code == 403
    with pytest.raises(InvalidHandshake), server.connect(additional_headers={"Host": "localhost"}):
        pytest.fail("two hosts")


def test_a_page_from_the_servers_own_address_may_steer() -> None:
    assert access.is_own_page("http://10.0.0.7:8000", "10.0.0.7:9102")
    assert access.is_own_page("http://[fe80::7]:8000", "[fe80::7]:9102")
    assert not access.is_own_page("http://my.example.org:9102", "my.example.org:9102")


def test_listen_tells_the_value_now_and_every_change(server: Server) -> None:
    server.query.publish([(VALENCE, 0.25), (ENERGY, 0.5)])
    with server.listen(VALENCE.path) as client:
        assert message(client) == (VALENCE.path, 0.25)
        for valence in (0.25, 0.5, 0.5, 0.75, 0.25):
            server.query.publish([(VALENCE, valence), (ENERGY, valence)])
        assert [message(client)[1] for _ in range(3)] == [0.5, 0.75, 0.25]
        client.send(json.dumps({"COMMAND": "LISTEN", "DATA": ENERGY.path}))
        assert message(client) == (ENERGY.path, 0.25)
        client.send(json.dumps({"COMMAND": "IGNORE", "DATA": VALENCE.path}))
        client.send(json.dumps({"COMMAND": "LISTEN", "DATA": "/artgen/key"}))
        server.settle(client)
        key = next(row for row in show_table.SENT if row.path == "/artgen/key")
        server.query.publish([(VALENCE, 1.0), (ENERGY, 1.0), (key, "C minor")])
        assert [message(client), message(client)] == [(ENERGY.path, 1.0), ("/artgen/key", "C minor")]


def test_a_change_while_nobody_listened_is_not_forgotten(server: Server) -> None:
    server.query.publish([(VALENCE, 0.25)])
    for now, then in ((0.25, 0.5), (0.75, 0.5)):
        server.query.publish([(VALENCE, now)])
        with server.listen(VALENCE.path) as client:
            assert message(client) == (VALENCE.path, now)
            server.query.publish([(VALENCE, then)])
            assert message(client) == (VALENCE.path, then)
        wait_for(lambda: not server.query._clients, what="the end of the client")


def test_what_is_write_only_is_not_listened_to(server: Server) -> None:
    tap = next(row for row in show_table.DAEMON if row.kind == "trigger")
    with server.listen(tap.path, VALENCE.path) as client:
        server.settle(client)
        server.query.publish([(tap, 1), (VALENCE, 0.5)])
        assert message(client) == (VALENCE.path, 0.5)


def test_binary_osc_is_taken_as_a_datagram_is(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    good = encode_message("/artgen/control/mood/valence", "f", 0.5)
    bad = {
        packet("/artgen/control/gain_db", 99.0): "outside -60..60",
        packet("/artgen/control/gain", 1.0): "unknown address",
        packet("/artgen/control/freeze", "on"): "not a number",
        packet("/artgen/valence", 0.5): "unknown address",
        b"garbage": "multiples of 4",
        b"": "multiples of 4",
    }
    with server.connect() as client:
        for wrong in bad:
            client.send(wrong)
        client.send(encode_bundle([good, packet("/artgen/control/gain_db", 99.0), good]))
        assert server.received(2) == [("/artgen/control/mood/valence", 0.5)] * 2
    assert server.receiver.refused == len(bad) + 1
    logged = " ".join(record.getMessage() for record in caplog.records)
    assert all(reason in logged for reason in bad.values())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "LISTEN /artgen/valence",
        "[]",
        "7",
        "null",
        '{"COMMAND": "LISTEN"}',
        '{"COMMAND": "LISTEN", "DATA": 7}',
        '{"COMMAND": "LISTEN", "DATA": ["/artgen/valence"]}',
        '{"COMMAND": "LISTEN", "DATA": "/artgen/valance"}',
        '{"COMMAND": "LISTEN", "DATA": "/artgen"}',
        '{"COMMAND": ["LISTEN"], "DATA": "/artgen/valence"}',
        '{"COMMAND": "START", "DATA": "/artgen/valence"}',
        '{"COMMAND": "IGNORE", "DATA": "/artgen/valence"}',
        "[" * 60_000,
    ],
    ids=lambda text: text[:30],
)
def test_other_commands_are_left_alone(server: Server, text: str) -> None:
    with server.connect() as client:
        client.send(text)
        server.settle(client)
        server.query.publish([(VALENCE, 0.5)])
        client.send(json.dumps({"COMMAND": "LISTEN", "DATA": ENERGY.path}))
        server.settle(client)
        server.query.publish([(VALENCE, 0.25), (ENERGY, 0.75)])
        assert message(client) == (ENERGY.path, 0.75)


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


class Found(ServiceListener):
    """What is announced on this machine alone."""

    def __init__(self) -> None:
        self.services: dict[str, ServiceInfo] = {}

    def add_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        info = zc.get_service_info(type_, name, 10_000)
        if info:
            self.services[name] = info

    update_service = add_service

    def remove_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        self.services.pop(name, None)


@pytest.fixture
def announced() -> Iterator[Server]:
    """One that other machines can connect to."""
    if not access.network_addresses(six=False):
        missing("no network")
    server = Server(show_table.SENT, show_table.DAEMON, "0.0.0.0")
    yield server
    server.close()


def open_udp(path: str = "/proc/self/net/udp") -> list[str]:
    """Local addresses of all UDP sockets, in hexadecimal digits."""
    return [line.split()[1] for kind in ("", "6") for line in Path(f"{path}{kind}").read_text().splitlines()[1:]]


def test_for_this_machine_alone_nothing_is_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    """To be heard on one interface, zeroconf opens its port on all."""
    before = [place for place in open_udp() if place.endswith(":14E9")]  # 5353

    def never(*given: object, **options: object) -> None:
        raise AssertionError("announced")

    monkeypatch.setattr("zeroconf.asyncio.AsyncZeroconf", never)
    for host in ("127.0.0.1", "::1"):
        alone = Server(show_table.SENT, show_table.DAEMON, host)
        wait_for(lambda server=alone: answers(server), what="an answer")
        assert [place for place in open_udp() if place.endswith(":14E9")] == before
        alone.close()


def answers(server: Server) -> bool:
    host = server.query._socket.getsockname()[0]
    with socket.create_connection((host, server.port), 20) as peer:
        peer.sendall(b"GET /artgen HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return peer.recv(12) == b"HTTP/1.1 200"


def test_a_client_by_others_finds_it_and_reads_every_value(announced: Server) -> None:
    """python-oscquery, by way of zeroconf. It knows nodes either with values or with contents, not with both."""
    server = announced
    server.query.publish([(row, "x" if row.tag == "s" else int(row.low)) for row in show_table.SENT])
    server.query.publish(show_table.CONTRACT.current(show_table.DAEMON, Config()))
    found = Found()
    network = Zeroconf(interfaces=["127.0.0.1"])
    browser = ServiceBrowser(network, "_oscjson._tcp.local.", found)
    try:

        def ours() -> list[ServiceInfo]:
            return [info for info in found.services.values() if info.port == server.port]

        wait_for(ours, what="the announcement")
        (info,) = ours()
        assert info.name.startswith("artgen test on ")
        client = OSCQueryClient(info)
        host = client.get_host_info()
        addresses = access.network_addresses(six=False)
        assert host.osc_ip in addresses and (host.name, host.osc_port) == ("artgen test", server.receiver.port)
        whole = [row for row in DAEMON if row.path not in WRITE_ONLY]
        leaves = [row for row in whole if not any(other.path.startswith(row.path + "/") for other in DAEMON)]
        assert len(leaves) > 50
        for row in leaves:
            node = client.query_node(row.path)
            assert (node.full_path, node.description) == (row.path, row.doc)
            assert node.access is (OSCAccess.READONLY_VALUE if row in show_table.SENT else OSCAccess.READWRITE_VALUE)
            assert node.value == [server.query._namespace.values[row.path]]
            assert node.type == [{"f": float, "i": int, "s": str}[row.tag]] or row.tag == "f"
        bands = client.query_node("/artgen/bands")
        assert [node.full_path for node in bands.contents] == [f"/artgen/bands/{i}" for i in range(schema.N_BANDS)]
        assert client.query_node("/artgen/valance") is None
        server.query.close()
        wait_for(lambda: not ours(), what="the end of the announcement")
    finally:
        browser.cancel()
        network.close()


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.03, 0.1, 0.5])
def test_an_end_amid_the_announcement_leaves_no_socket_open(seconds: float) -> None:
    server = Server((), show_table.VISUALS, "0.0.0.0")
    time.sleep(seconds)
    server.close()
    assert not server.query._thread.is_alive()
    del server
    gc.collect()  # an open socket would be a warning, and that an error


def test_everywhere_means_the_addresses_that_others_can_reach() -> None:
    assert all(not address.startswith("127.") for address in access.network_addresses(six=False))
    assert "::1" not in access.network_addresses(six=True)


def test_without_multicast_the_show_goes_on(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def broken(*given: object, **options: object) -> None:
        raise OSError(19, os.strerror(19))

    monkeypatch.setattr("zeroconf.asyncio.AsyncZeroconf", broken)
    server = Server((), show_table.VISUALS, "0.0.0.0")
    wait_for(lambda: caplog.records, what="a warning")
    reason = "isn't announced ([Errno 19] No such device); programs find it by its address, port"
    assert f"{reason} {server.port}" in caplog.text
    assert server.get("/visuals")[0] == 200
    server.close()


class Show(Peer):
    """A daemon on a thread, with its server."""

    def __init__(self, show_file: Path, target: int) -> None:
        port = free_port()
        self.running = RunningDaemon({"osc.query_port": port, "osc.targets": [f"127.0.0.1:{target}"]}, show_file)
        super().__init__(port)


def test_a_running_daemon_is_heard_and_steered(tmp_path: Path) -> None:
    show_file = tmp_path / "show.toml"
    show_file.write_text("")
    with capture() as udp:
        show = Show(show_file, udp.port)
        with show.running:
            datagrams: list[tuple[str, Any]] = []
            thread = threading.Thread(
                target=lambda: datagrams.extend((m.path, m.arguments[0]) for _, m in udp.read(8.0))
            )
            thread.start()
            heard: dict[str, list[Any]] = {
                path: []
                for path in ("/artgen/level_db", "/artgen/onset/count", "/artgen/status/heartbeat", "/artgen/chroma/3")
            }
            with show.listen(*heard) as client:
                while min(map(len, heard.values())) < 4:
                    path, value = message(client)
                    heard[path].append(value)
            thread.join()
            for path, values in heard.items():
                sent = [value for other, value in datagrams if other == path]
                changes = [value for at, value in enumerate(sent) if at == 0 or value != sent[at - 1]]
                values = values[1:]  # the first is what had been sent before
                assert any(changes[at : at + len(values)] == values for at in range(len(changes))), path

            with show.listen("/artgen/control/gain_db", "/artgen/control/mood/manual") as client:
                first = {message(client), message(client)}
                assert first == {("/artgen/control/gain_db", 0.0), ("/artgen/control/mood/manual", 0)}
                client.send(packet("/artgen/control/gain_db", -6.0))
                assert message(client) == ("/artgen/control/gain_db", -6.0)
                assert show.get("/artgen/control/gain_db?VALUE")[1] == {"VALUE": [-6.0]}
                show_file.write_text("[mood]\nmanual = true\n")
                assert message(client) == ("/artgen/control/mood/manual", 1)

                def dropped() -> int:
                    answer = show.get("/artgen/status/dropped?VALUE")[1]
                    return answer["VALUE"][0] if answer else 0

                before = dropped()
                client.send(packet("/artgen/control/gain_db", 99.0))
                client.send(b"garbage")
                wait_for(lambda: dropped() == before + 2, what="both counted")


def test_a_daemon_whose_port_is_taken_goes_on(server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    flags = {
        "audio.input": "demo",
        "audio.mute": True,
        "osc.port": free_port(),
        "osc.query_port": server.port,
        "web.port": 0,
    }
    assert Daemon(ConfigFile(None, flags)).run(0.5) == 0
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert f"127.0.0.1:{server.port}: OSCQuery can't listen there" in caplog.text


def test_a_running_renderer_tells_its_settings(gl_context: Any, tmp_path: Path) -> None:
    from visuals.app import run
    from visuals.control.controls import Control
    from visuals.loop import RenderLoop

    port = free_port()
    given = {"query_port": port, "width": 160, "height": 90, "model": "idle", "headless": True}
    given["port"] = free_port()
    peer = Peer(port)
    seen: list[Any] = []
    with contextlib.ExitStack() as stack:
        clients: list[ClientConnection] = []

        def on_frame(loop: RenderLoop, control: Control) -> None:
            if not clients:
                clients.append(stack.enter_context(peer.listen("/visuals/speed", "/visuals/freeze")))
                seen.extend([message(clients[0]), message(clients[0])])
                seen.append(peer.get("/visuals/model?VALUE")[1])
                seen.append(peer.get("/artgen/valence?ACCESS")[1])
                clients[0].send(packet("/visuals/speed", 2.5))
                clients[0].send(packet("/visuals/freeze", 1.0))
            elif control.settings.freeze:
                clients[0].send(packet("/visuals/quit", 1))

        assert run(ConfigFile(None, {f"visuals.{key}": value for key, value in given.items()}), on_frame=on_frame) == 0
        assert {seen[0], seen[1]} == {("/visuals/speed", 1.0), ("/visuals/freeze", 0)}
        assert seen[2:] == [{"VALUE": ["idle"]}, {"ACCESS": 2}]
        assert {message(clients[0]), message(clients[0])} == {("/visuals/speed", 2.5), ("/visuals/freeze", 1)}
