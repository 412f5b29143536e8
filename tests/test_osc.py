"""The wire: exact bytes, loopback, and whatever else may come in."""

import contextlib
import logging
import math
import socket
import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_message import OscMessage
from pythonosc.udp_client import SimpleUDPClient

from artgen_osc import schema
from artgen_osc.errors import OscError
from artgen_osc.osc import OscReceiver
from artgen_osc.osc_codec import Message, decode, encode_bundle, encode_message

ROWS = schema.by_path(schema.sent(), schema.DAEMON_CONTROLS, schema.VISUALS_CONTROLS)


def test_exact_bytes() -> None:
    assert encode_message("/artgen/valence", "f", 0.5) == b"/artgen/valence\0,f\0\0\x3f\0\0\0"
    assert encode_message("/a", "i", -2) == b"/a\0\0,i\0\0\xff\xff\xff\xfe"
    assert encode_message("/key", "s", "A minor") == b"/key\0\0\0\0,s\0\0A minor\0"
    assert encode_bundle([encode_message("/a", "i", 1)]) == (
        b"#bundle\0\0\0\0\0\0\0\0\x01\0\0\0\x0c/a\0\0,i\0\0\0\0\0\x01"
    )


@given(st.floats(width=32, allow_nan=False), st.integers(-(2**31), 2**31 - 1), st.text("abc ü", max_size=9))
def test_an_independent_codec_reads_what_is_written(number: float, count: int, text: str) -> None:
    messages = [encode_message("/f", "f", number), encode_message("/i", "i", count), encode_message("/s", "s", text)]
    packet = encode_bundle(messages)
    theirs = [(message.address, *message.params) for message in OscBundle(packet)]
    ours = [(message.path, *message.arguments) for message in decode(packet)]
    assert ours == theirs == [("/f", number), ("/i", count), ("/s", text)]


def test_every_type_tag() -> None:
    packet = b"/x\0\0,idhTFNIsb\0\0" + struct.pack(">idq", 7, 0.25, 2**40) + b"ab\0\0" + struct.pack(">i", 3) + b"xyz\0"
    assert decode(packet) == [Message("/x", (7, 0.25, 2**40, True, False, None, math.inf, "ab", b"xyz"))]


@given(st.binary(max_size=200))
def test_random_datagrams_are_read_or_refused(packet: bytes) -> None:
    try:
        decode(packet)
    except OscError as error:
        assert ";" in str(error)


@given(st.data())
def test_damaged_datagrams_are_read_or_refused(data: st.DataObject) -> None:
    whole = encode_bundle([encode_message(row.path, row.tag, "x" if row.tag == "s" else 1) for row in ROWS.values()])
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(OscError):
        decode(bytes(damaged[: data.draw(st.integers(0, len(damaged)))]))


def test_truncation_never_becomes_a_number() -> None:
    whole = encode_message("/artgen/valence", "f", 0.5)
    for length in range(len(whole)):
        try:
            assert decode(whole[:length]) == [Message("/artgen/valence", ())]
        except OscError:
            continue


def test_nested_too_deeply() -> None:
    packet = encode_message("/a", "i", 1)
    for _ in range(2000):
        packet = encode_bundle([packet])
    with pytest.raises(OscError, match="nested"):
        decode(packet)


def receive(receiver: OscReceiver, *packets: bytes) -> list[tuple[str, schema.Value]]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        for packet in packets:
            peer.sendto(packet, ("127.0.0.1", receiver.port))
    values: list[tuple[str, schema.Value]] = []
    end = time.monotonic() + 2
    refused = receiver.refused
    while len(values) + receiver.refused - refused < len(packets) and time.monotonic() < end:
        values += [(row.path, value) for row, value in receiver.poll(0.1)]
    return values


@pytest.fixture
def receiver() -> OscReceiver:
    receiver = OscReceiver("127.0.0.1", 0, ROWS)
    yield receiver
    receiver.close()


def test_receiver_takes_an_independent_peer(receiver: OscReceiver) -> None:
    client = SimpleUDPClient("127.0.0.1", receiver.port)
    client.send_message("/visuals/seed", 7)
    client.send_message("/visuals/speed", 2)
    client.send_message("/visuals/freeze", True)
    client.send_message("/visuals/seed/next", [])
    client.send_message("/visuals/model", "idle")
    client._sock.close()
    time.sleep(0.05)
    assert [(row.path, value) for row, value in receiver.poll(0.5)] == [
        ("/visuals/seed", 7),
        ("/visuals/speed", 2.0),
        ("/visuals/freeze", 1),
        ("/visuals/seed/next", 1),
        ("/visuals/model", "idle"),
    ]


def test_a_program_that_sends_only_floats_is_understood(receiver: OscReceiver) -> None:
    packets = [encode_message(path, "f", 1.0) for path in ("/visuals/seed", "/visuals/freeze", "/visuals/snapshot")]
    assert receive(receiver, *packets) == [("/visuals/seed", 1), ("/visuals/freeze", 1), ("/visuals/snapshot", 1)]


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (encode_message("/visuals/speed", "s", "fast"), "not a number"),
        (encode_message("/visuals/speed", "f", 99.0), "outside 0..8"),
        (encode_message("/visuals/speed", "f", math.nan), "not a finite number"),
        (encode_message("/visuals/speed", "f", math.inf), "not a finite number"),
        (encode_message("/visuals/seed", "f", 1.5), "not a whole number"),
        (encode_message("/visuals/freeze", "i", 2), "outside 0..1"),
        (encode_message("/visuals/model", "i", 2), "not a string"),
        (b"/visuals/speed\0\0,ff\0" + bytes(8), "2 arguments"),
        (b"/visuals/speed\0\0", "0 arguments"),
        (encode_message("/visuals/sped", "f", 1.0), "unknown address"),
        (b"garbage", "multiples of 4"),
    ],
)
def test_bad_values_are_refused_counted_and_logged_once(
    receiver: OscReceiver, caplog: pytest.LogCaptureFixture, packet: bytes, reason: str
) -> None:
    with caplog.at_level(logging.WARNING):
        assert receive(receiver, packet, packet) == []
    assert receiver.refused == 2
    (record,) = caplog.records
    assert reason in record.getMessage()


def test_a_bad_message_in_a_bundle_costs_only_itself(receiver: OscReceiver) -> None:
    bundle = encode_bundle([encode_message("/visuals/speed", "f", 99), encode_message("/visuals/speed", "f", 2)])
    assert receive(receiver, bundle) == [("/visuals/speed", 2.0)]


def test_a_flood_does_not_hold_up_the_caller(receiver: OscReceiver) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        for _ in range(50):
            peer.sendto(encode_message("/visuals/speed", "f", 1.0), ("127.0.0.1", receiver.port))
    assert len(receiver.poll(0.1, limit=10)) == 10


def test_a_busy_port_is_refused_with_a_way_out(receiver: OscReceiver) -> None:
    with pytest.raises(OscError, match=f"127.0.0.1:{receiver.port}: can't listen.*; .*; "):
        OscReceiver("127.0.0.1", receiver.port, ROWS)


def test_a_target_without_a_host_is_the_senders(receiver: OscReceiver) -> None:
    packets = [encode_message("/artgen/control/subscribe", "s", text) for text in ("9110,rate=30", "10.0.0.2:9000")]
    packets.append(encode_message("/artgen/control/target/add", "s", "9110"))
    assert [value for _, value in receive(receiver, *packets)] == ["127.0.0.1:9110,rate=30", "10.0.0.2:9000", "9110"]


def test_one_message_is_read_by_python_osc() -> None:
    message = OscMessage(encode_message("/artgen/onset/count", "i", 12))
    assert (message.address, message.params) == ("/artgen/onset/count", [12])
