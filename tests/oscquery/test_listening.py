"""OSCQuery over a WebSocket: values as they are and as they change."""

import json

import pytest

from artgen_osc.osc.codec import encode_bundle, encode_message
from tests import show_table
from tests.support.oscquery import ENERGY, VALENCE, Server, message, packet
from tests.support.waiting import wait_for

pytestmark = pytest.mark.slow


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
