"""The bridge to browsers: what is told, and how it is asked for."""

import contextlib
import itertools
import json
import struct
import threading
import time
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from artgen_osc.osc.codec import encode_bundle, encode_message
from artgen_osc.osc.receiver import capture
from artgen_osc.schema.values import Value
from artgen_osc.web import client as bridge_client
from artgen_osc.web.client import Bundle, merged, read_subscription
from tests import show_table
from tests.support.bridge import BEAT, COUNT, ENERGY, VALENCE, Server, told, values_of

pytestmark = pytest.mark.slow


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
    told = [(values[COUNT], values[BEAT]) for values in heard if COUNT in values]
    assert told[-1][0] == -(-hops // every)
    # On a machine that is held up two beats may be in one packet: then it tells of one, and the counter of both.
    rises = [after[0] > before[0] for before, after in itertools.pairwise([(0, 0.0), *told])]
    assert [beat == 1.0 for _, beat in told] == rises
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


def test_the_bytes_of_a_bundle() -> None:
    bundle = Bundle({VALENCE: 0.5, COUNT: 3}, show_table.TABLE)
    assert bundle.json == '{"/artgen/valence":0.5,"/artgen/beat/count":3}'
    parts = [encode_message(VALENCE, "f", 0.5), encode_message(COUNT, "i", 3)]
    assert bundle.osc == encode_bundle(parts)
    assert bundle.osc.startswith(b"#bundle\0" + struct.pack(">Q", 1))
