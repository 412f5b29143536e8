"""The bridge to browsers, with real WebSocket clients of every temper."""

import contextlib
import gc
import json
import logging
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_message_builder import OscMessageBuilder
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from artgen_osc.commands import doctor_checks as doctor
from artgen_osc.config import tables
from artgen_osc.config.tables import Config
from artgen_osc.errors import ArtgenError, ConfigError, OscError
from artgen_osc.http import server as webserver
from artgen_osc.http import websocket
from artgen_osc.osc.codec import encode_bundle, encode_message
from artgen_osc.osc.receiver import Capture, OscReceiver, capture
from artgen_osc.schema.values import Value
from artgen_osc.web import client as bridge_client
from artgen_osc.web.bridge import Bridge
from artgen_osc.web.client import Bundle, merged, read_subscription
from artgen_osc.web.page import open_page
from tests import show_table
from tests.ports import free_port
from tests.support.daemons import RunningDaemon
from tests.support.waiting import wait_for
from tests.test_oscquery import Peer

pytestmark = pytest.mark.slow

VALENCE, ENERGY, BEAT, COUNT = "/artgen/valence", "/artgen/energy", "/artgen/beat", "/artgen/beat/count"
SITE = "https://editor.example.org"


class Server(Peer):
    """A bridge without a daemon, and a UDP port for a renderer."""

    def __init__(self, renderer: Capture, origins: tuple[str, ...] = ()) -> None:
        self.renderer = renderer
        self.receiver = OscReceiver("127.0.0.1", 0, show_table.by_path(show_table.DAEMON))
        web = tables.WebConfig(port=free_port(), origins=origins)
        settings = Config(web=web, visuals=tables.VisualsConfig(port=renderer.port, query_port=0))
        page = open_page(show_table.CONTRACT.replace(settings, "osc.query_port", 0), show_table.CONTRACT, self.receiver)
        assert page
        self.bridge = page
        super().__init__(page.port)

    @contextlib.contextmanager
    def open(self, target: str = "/json", **options: Any) -> Iterator[ClientConnection]:
        listeners = self.bridge._listeners
        with connect(f"ws://127.0.0.1:{self.port}{target}", compression=None, **options) as client:
            wait_for(lambda: self.bridge._listeners > listeners, what="the client")
            yield client

    def publish(self, values: dict[str, Value]) -> None:
        self.bridge.publish([(show_table.TABLE.sent[path], value) for path, value in values.items()])

    def received(self, count: int) -> list[tuple[str, Value]]:
        """The next `count` values that come in for the daemon."""
        values: list[tuple[str, Value]] = []
        wait_for(
            lambda: len(values) >= count or values.extend((r.path, v) for r, v in self.receiver.poll()), what="values"
        )
        return values

    def close(self) -> None:
        self.bridge.close()
        self.receiver.close()


@pytest.fixture
def server() -> Iterator[Server]:
    with capture() as renderer:
        server = Server(renderer, (SITE,))
        yield server
        server.close()


def told(client: ClientConnection) -> dict[str, Any]:
    """The next object."""
    text = client.recv(timeout=20)
    assert isinstance(text, str)
    return dict(json.loads(text))


def until(client: ClientConnection, condition: Callable[[dict[str, Any]], object]) -> None:
    """Read, as fast as it comes, up to the object that is waited for."""
    end = time.monotonic() + 20.0
    while not condition(told(client)):
        assert time.monotonic() < end, "never"


def values_of(bundle: bytes) -> dict[str, Any]:
    """Values of a bundle, read by an independent decoder."""
    return {message.address: message.params[0] for message in OscBundle(bundle)}


def test_json_tells_the_state_then_what_changes(server: Server) -> None:
    server.publish({VALENCE: 0.25, ENERGY: 0.5, BEAT: 1.0, "/artgen/key": "A minor"})
    with server.open() as client:
        assert told(client) == {VALENCE: 0.25, ENERGY: 0.5, BEAT: 0.0, "/artgen/key": "A minor"}
        server.publish({VALENCE: 0.25, ENERGY: 0.5, BEAT: 0.0})
        assert told(client) == {VALENCE: 0.25, ENERGY: 0.5, BEAT: 0.0}  # the first may tell it again
        server.publish({VALENCE: 0.25, ENERGY: 0.123456789, BEAT: 1.0})
        assert told(client) == {ENERGY: 0.12346, BEAT: 1.0}
        server.publish({VALENCE: 0.25, ENERGY: 0.123456789, BEAT: 0.0})
        assert told(client) == {BEAT: 0.0}
        server.publish({VALENCE: 0.25})
        server.publish({VALENCE: 0.75})
        assert told(client) == {VALENCE: 0.75}


def test_osc_is_what_goes_out_over_udp(server: Server) -> None:
    from artgen_osc.osc.sender import OscSender

    server.publish({VALENCE: 0.25, "/artgen/key": "A minor"})
    values: dict[str, Value] = {VALENCE: 0.25, BEAT: 1.0, COUNT: 7}
    with server.open("/osc") as client, capture() as udp, contextlib.closing(OscSender([str(udp.port)])) as sender:
        assert values_of(client.recv(timeout=20)) == {VALENCE: 0.25, "/artgen/key": "A minor"}
        for _ in range(2):
            server.publish(values)
            sender.send([(show_table.TABLE.sent[path], value) for path, value in values.items()])
            assert client.recv(timeout=20) == udp._connection.recv(4096)


def test_only_what_is_wanted(server: Server) -> None:
    server.publish({VALENCE: 0.25, ENERGY: 0.5, BEAT: 0.0, COUNT: 3})
    with (
        server.open("/json?only=/artgen/valence,/artgen/beat,/artgen/{beat,bar}/*") as json_client,
        server.open("/osc?only=/artgen/energy") as osc_client,
    ):
        assert told(json_client) == {VALENCE: 0.25, BEAT: 0.0, COUNT: 3}
        assert values_of(osc_client.recv(timeout=20)) == {ENERGY: 0.5}
        server.publish({"/artgen/key": "C major"})
        server.publish({ENERGY: 1.0, VALENCE: 1.0})
        assert told(json_client) == {VALENCE: 1.0}
        assert values_of(osc_client.recv(timeout=20)) == {ENERGY: 1.0}


@pytest.mark.parametrize("binary", [False, True], ids=["json", "osc"])
def test_a_rate_keeps_the_newest_and_every_pulse(server: Server, binary: bool) -> None:
    hops, every = 172, 12
    last = hops - 1
    heard: list[dict[str, Any]] = []
    with server.open("/osc?rate=20" if binary else "/json?rate=20") as client:
        start = time.monotonic()

        def show() -> None:
            for hop in range(hops):
                time.sleep(max(0.0, start + hop / 86 - time.monotonic()))
                server.publish({VALENCE: hop / 1024, BEAT: float(hop % every == 0), COUNT: hop // every + 1})

        thread = threading.Thread(target=show)
        thread.start()
        while not heard or heard[-1].get(VALENCE) != pytest.approx(last / 1024, abs=1e-5):
            packet = client.recv(timeout=20)
            heard.append(values_of(packet) if isinstance(packet, bytes) else json.loads(packet))
        seconds = time.monotonic() - start
        thread.join()
    assert 0.5 < len(heard) / (seconds * 20) <= 1.1
    assert sum(values[BEAT] for values in heard if BEAT in values) == -(-hops // every)
    assert all(values[BEAT] in (0.0, 1.0) for values in heard)
    assert server.bridge.dropped == 0


def test_merging_keeps_pulses_and_the_newest() -> None:
    assert set(show_table.TABLE.pulses) == {BEAT, "/artgen/onset"}
    bundles = [{VALENCE: 0.1, BEAT: 0.0}, {VALENCE: 0.2, BEAT: 1.0}, {VALENCE: 0.3, BEAT: 0.0}, {ENERGY: 0.5}]
    together = merged([Bundle(values, show_table.TABLE) for values in bundles])
    assert together.values == {
        VALENCE: 0.3,
        BEAT: 1.0,
        ENERGY: 0.5,
    }


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("/jsn", "connect to /json or /osc"),
        ("/json?rate=fast", "rate=fast: is no rate"),
        ("/json?rate=0", "above 0 and up to 1000"),
        ("/json?rate=nan", "is no rate"),
        ("/json?rate=-1", "is no rate"),
        ("/json?rate=", "write it as rate=30"),
        ("/json?only=/artgen/valance", "means no address"),
        ("/json?only=", "means no address"),
        ("/osc?Rate=30", "Rate: isn't known; there are rate and only"),
    ],
)
def test_a_wish_that_is_not_understood_is_answered_and_the_line_closed(
    server: Server, target: str, reason: str
) -> None:
    with connect(f"ws://127.0.0.1:{server.port}{target}") as client:
        assert reason in told(client)["error"]
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(timeout=20)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1008


def test_a_wish() -> None:
    subscription = read_subscription("/osc?only=/artgen/chroma/1*&rate=12.5", show_table.TABLE)
    assert subscription == bridge_client.Subscription(
        True, frozenset({f"/artgen/chroma/{n}" for n in (1, 10, 11)}), 12.5
    )


def packet(path: str, value: float | int | str) -> bytes:
    builder = OscMessageBuilder(path)
    builder.add_arg(value)
    return builder.build().dgram


def test_json_steers_the_daemon_and_the_renderer(server: Server) -> None:
    with server.open() as client:
        client.send('{"/visuals/seed": 7, "/artgen/control/gain_db": 3, "/visuals/freeze": true}')
        assert server.received(1) == [("/artgen/control/gain_db", 3.0)]
        got = [(m.path, m.arguments) for _, m in server.renderer.read(0.5)]
        assert got == [("/visuals/seed", (7,)), ("/visuals/freeze", (1,))]
        client.send('{"/visuals/seed/next": null, "/artgen/control/input": "file:\\u00e4.wav"}')
        assert server.received(1) == [("/artgen/control/input", "file:ä.wav")]
        assert [m.path for _, m in server.renderer.read(0.5)] == ["/visuals/seed/next"]
    assert server.bridge.dropped == server.receiver.refused == 0


def test_binary_osc_steers_as_well(server: Server) -> None:
    with server.open("/osc") as client:
        client.send(encode_bundle([packet("/visuals/speed", 2.0), packet("/artgen/control/mood/valence", 0.5)]))
        client.send(packet("/artgen/control/freeze", 1.0))
        assert server.received(2) == [("/artgen/control/mood/valence", 0.5), ("/artgen/control/freeze", 1)]
        assert [(m.path, m.arguments) for _, m in server.renderer.read(0.5)] == [("/visuals/speed", (2.0,))]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        ("/visuals/seed 7", "is not JSON"),
        ("[" * 60_000, "is not JSON"),
        ("7" * 5000, "is not JSON"),
        ("7", "is not an object"),
        ("null", "is not an object"),
        ('["/visuals/seed", 7]', "is not an object"),
        ('{"/visuals/sed": 7}', "/visuals/sed: unknown address"),
        ('{"/\\ud800": 7}', "unknown address"),  # half a character
        ('{"/artgen/valence": 0.5}', "/artgen/valence: unknown address"),
        ('{"/visuals/seed": -1}', "outside 0"),
        ('{"/visuals/seed": 0.5}', "not a whole number"),
        ('{"/visuals/seed": "7"}', "not a number"),
        ('{"/visuals/seed": null}', "0 arguments"),
        ('{"/visuals/seed": [7]}', "not a number"),
        ('{"/visuals/speed": NaN}', "not a finite number"),
        ('{"/visuals/speed": 1e999}', "not a finite number"),
        ('{"/visuals/speed": 1' + "0" * 400 + "}", "too large"),
        ('{"/visuals/model": 7}', "not a string"),
        ('{"/visuals/model": "a\\u0000b"}', "zero byte"),
        ('{"/artgen/control/gain_db": 99}', "outside -60..60"),
        (b"", "multiples of 4"),
        (b"garbage!", "a string without its end"),
        (packet("/visuals/speed", 99.0), "outside 0..8"),
        (packet("/artgen/control/target", "x"), "unknown address"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_refused_is_answered_and_counted(
    server: Server, caplog: pytest.LogCaptureFixture, message: str | bytes, reason: str
) -> None:
    with server.open() as client:
        for _ in range(2):
            client.send(message)
            answer = told(client)
            assert reason in answer["error"] and set(answer) == {"error"} and len(answer["error"]) < 600
        client.send('{"/artgen/control/gain_db": 1}')
        assert server.received(1) == [("/artgen/control/gain_db", 1.0)]
    assert server.bridge.dropped == 2
    assert not server.renderer.read(0.05)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING and reason in record.getMessage()


def test_the_good_half_of_a_message_counts(server: Server) -> None:
    with server.open() as client:
        client.send('{"/artgen/control/gain_db": 99, "/artgen/control/smoothing": 2, "/visuals/seed": 3}')
        assert "/artgen/control/gain_db: 99 is outside" in told(client)["error"]
        assert server.received(1) == [("/artgen/control/smoothing", 2.0)]
        assert [m.path for _, m in server.renderer.read(0.5)] == ["/visuals/seed"]


@pytest.mark.parametrize("origin", [None, "http://localhost:8000", "http://127.0.0.1", "http://[::1]:3000", SITE])
def test_who_may_listen_and_steer(server: Server, origin: str | None) -> None:
    server.publish({VALENCE: 0.25})
    with server.open(origin=origin) as client:
        assert told(client) == {VALENCE: 0.25}
        client.send('{"/artgen/control/gain_db": 3}')
        assert server.received(1) == [("/artgen/control/gain_db", 3.0)]
    allowed = server.get("/schema", **({"Origin": origin} if origin else {}))[2].get("Access-Control-Allow-Origin")
    assert allowed == origin


def test_a_page_without_an_origin_may_listen_not_steer(server: Server) -> None:
    server.publish({VALENCE: 0.25})
    with server.open(origin="null") as client:
        assert told(client) == {VALENCE: 0.25}
        for message in ('{"/artgen/control/gain_db": 3, "/visuals/seed": 3}', packet("/visuals/seed", 3)):
            client.send(message)
            assert "may listen, not steer" in told(client)["error"]
        assert not server.renderer.read(0.1) and not server.receiver.poll()
    assert server.bridge.dropped == 2


@pytest.mark.parametrize(
    "origin", ["https://example.org", "http://[", "http://10.0.0.9", "https://editor.example.org.evil.example", ""]
)
def test_pages_from_elsewhere_are_refused(server: Server, origin: str) -> None:
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(f"ws://127.0.0.1:{server.port}/json", additional_headers={"Origin": origin}),
    ):
        pytest.fail("was let in")
    assert refused.value.response.status_code == 403
    assert b"web.origins" in refused.value.response.body
    assert "Access-Control-Allow-Origin" not in server.get("/schema", Origin=origin)[2]


def test_a_domain_that_points_here_is_refused(server: Server) -> None:
    peer = socket.create_connection(("127.0.0.1", server.port))
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(f"ws://example.org:{server.port}/json", sock=peer, origin=f"http://example.org:{server.port}"),
    ):
        pytest.fail("was let in")
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("site", ["editor.p5js.org", "*", "null", "https://", "https://a.org/path", "file:///tmp", "["])
def test_a_site_that_is_none_is_a_mistake_in_the_settings(site: str) -> None:
    receiver = OscReceiver("127.0.0.1", 0, {})
    with contextlib.closing(receiver), pytest.raises(ConfigError, match=r"^web.origins: .* is not a site; .*"):
        open_page(Config(web=tables.WebConfig(origins=(site,))), show_table.CONTRACT, receiver)


def test_a_site_is_understood_as_people_write_it() -> None:
    with capture() as renderer, contextlib.closing(Server(renderer, ("HTTPS://Editor.Example.org/",))) as server:
        assert server.get("/schema", Origin=SITE)[2]["Access-Control-Allow-Origin"] == SITE


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
    assert slowest < 0.5
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
        assert threading.active_count() <= threads
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


def test_a_running_daemon_is_heard_and_steered(tmp_path: Path) -> None:
    with capture() as renderer:
        port = free_port()
        with (
            RunningDaemon({"web.port": port, "visuals.port": renderer.port}),
            connect(f"ws://127.0.0.1:{port}/json") as client,
        ):
            heard: dict[str, Any] = {}
            until(client, lambda values: heard.update(values) or len(heard) == len(show_table.TABLE.sent))
            assert all(show_table.TABLE.sent[path].check((value,)) == value for path, value in heard.items())
            client.send('{"/artgen/control/mood/manual": 1, "/artgen/control/smoothing": 0, "/visuals/seed": 5}')
            client.send('{"/artgen/control/mood/valence": 0.875}')
            until(client, lambda values: values.get(VALENCE) == pytest.approx(0.875, abs=0.01))
            assert [m.arguments for _, m in renderer.read(0.5) if m.path == "/visuals/seed"] == [(5,)]
            client.send('{"/artgen/control/gain_db": 99}')
            until(client, lambda values: "error" in values)
            until(client, lambda values: values.get("/artgen/status/dropped", 0) >= 1)


def test_the_bytes_of_a_bundle() -> None:
    bundle = Bundle({VALENCE: 0.5, COUNT: 3}, show_table.TABLE)
    assert bundle.json == '{"/artgen/valence":0.5,"/artgen/beat/count":3}'
    parts = [encode_message(VALENCE, "f", 0.5), encode_message(COUNT, "i", 3)]
    assert bundle.osc == encode_bundle(parts)
    assert bundle.osc.startswith(b"#bundle\0" + struct.pack(">Q", 1))
