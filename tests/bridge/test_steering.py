"""The bridge to browsers: who may listen and steer, and what is refused."""

import contextlib
import logging
import socket
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from artgen_osc.config import tables
from artgen_osc.config.tables import Config
from artgen_osc.errors import ConfigError
from artgen_osc.osc.codec import encode_bundle
from artgen_osc.osc.receiver import OscReceiver, capture
from artgen_osc.schema.values import Value
from artgen_osc.web.page import open_page
from tests import show_table
from tests.ports import free_port
from tests.support.bridge import SITE, VALENCE, Server, packet, told, until
from tests.support.daemons import RunningDaemon
from tests.support.waiting import hear

pytestmark = pytest.mark.slow


def sent_on(server: Server, count: int) -> list[tuple[str, tuple[Value, ...]]]:
    """What the renderer gets, once so much has come."""
    heard = hear(server.renderer, lambda messages: len(messages) >= count, what="messages for the renderer")
    return [(message.path, message.arguments) for message in heard]


def test_json_steers_the_daemon_and_the_renderer(server: Server) -> None:
    with server.open() as client:
        client.send('{"/visuals/seed": 7, "/artgen/control/gain_db": 3, "/visuals/freeze": true}')
        assert server.received(1) == [("/artgen/control/gain_db", 3.0)]
        got = sent_on(server, 2)
        assert got == [("/visuals/seed", (7,)), ("/visuals/freeze", (1,))]
        client.send('{"/visuals/seed/next": null, "/artgen/control/input": "file:\\u00e4.wav"}')
        assert server.received(1) == [("/artgen/control/input", "file:ä.wav")]
        assert [path for path, _ in sent_on(server, 1)] == ["/visuals/seed/next"]
    assert server.bridge.dropped == server.receiver.refused == 0


def test_what_drives_what_is_steered_too(server: Server) -> None:
    with server.open() as client:
        client.send(
            '{"/visuals/value/fader": 127, "/visuals/modulate/a.b/amount": -0.5, "/visuals/modulate/a.b/on": 0}'
        )
        assert sent_on(server, 3) == [
            ("/visuals/value/fader", (127.0,)),
            ("/visuals/modulate/a.b/amount", (-0.5,)),
            ("/visuals/modulate/a.b/on", (0,)),
        ]


def test_binary_osc_steers_as_well(server: Server) -> None:
    with server.open("/osc") as client:
        client.send(encode_bundle([packet("/visuals/speed", 2.0), packet("/artgen/control/mood/valence", 0.5)]))
        client.send(packet("/artgen/control/freeze", 1.0))
        assert server.received(2) == [("/artgen/control/mood/valence", 0.5), ("/artgen/control/freeze", 1)]
        assert sent_on(server, 1) == [("/visuals/speed", (2.0,))]


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
        ('{"/visuals/value/\\ud800": 7}', "unknown address"),
        ('{"/visuals/modulate/\\ud800/amount": 0.5}', "unknown address"),
        ('{"/visuals/modulate/a/amount": 2}', "outside -1..1"),
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
        ('{"/visuals/output/record/file": "a.avi"}', "'a.avi' can't be the name of a film; end it in .mp4"),
        ('{"/visuals/quality": "best"}', "'best' is not known; choose from auto"),
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
        assert [path for path, _ in sent_on(server, 1)] == ["/visuals/seed"]


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
            seeds = [m for m in hear(renderer, bool, what="the seed") if m.path == "/visuals/seed"]
            assert [seed.arguments for seed in seeds] == [(5,)]
            client.send('{"/artgen/control/gain_db": 99}')
            until(client, lambda values: "error" in values)
            until(client, lambda values: values.get("/artgen/status/dropped", 0) >= 1)
