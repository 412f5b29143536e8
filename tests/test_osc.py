"""The wire: loopback, and whatever else may come in."""

import itertools
import logging
import math
import socket
import sys
import time

import pytest
from pythonosc.udp_client import SimpleUDPClient

from artgen_osc.errors import OscError
from artgen_osc.osc import receiver as osc
from artgen_osc.osc import schedule as osc_schedule
from artgen_osc.osc.codec import encode_bundle, encode_message
from artgen_osc.osc.receiver import LEAST_S, MOST_REFUSALS, OscReceiver
from artgen_osc.osc.schedule import time_tag
from artgen_osc.schema import values as schema
from tests import show_table
from tests.support.waiting import wait_for

ROWS = show_table.by_path(show_table.SENT, show_table.DAEMON, show_table.VISUALS)


def receive(receiver: OscReceiver, *packets: bytes, seconds: float = 30.0) -> list[tuple[str, schema.Value]]:
    """Send packets and wait until each has brought a value or a refusal, but so long at most."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        for packet in packets:
            peer.sendto(packet, ("127.0.0.1", receiver.port))
    found: list[tuple[str, schema.Value]] = []
    end = time.monotonic() + seconds
    refused = receiver.refused
    while len(found) + receiver.refused - refused < len(packets) and time.monotonic() < end:
        found += [(row.path, value) for row, value in receiver.poll(0.1)]
    for _ in range(3):  # a poll may end within a bundle, on a busy machine after its first message
        found += [(row.path, value) for row, value in receiver.poll(0.01)]
    return found


def values(receiver: OscReceiver, count: int) -> list[schema.Value]:
    """So many values; a poll may bring fewer, on a machine that is held up."""
    found: list[schema.Value] = []
    end = time.monotonic() + 30
    while len(found) < count and time.monotonic() < end:
        found += [value for _, value in receiver.poll(0.1)]
    return found


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
    assert values(receiver, 5) == [7, 2.0, 1, 1, "idle"]


def test_a_program_that_sends_only_floats_is_understood(receiver: OscReceiver) -> None:
    packets = [encode_message(path, "f", 1.0) for path in ("/visuals/seed", "/visuals/freeze", "/visuals/snapshot")]
    assert receive(receiver, *packets) == [("/visuals/seed", 1), ("/visuals/freeze", 1), ("/visuals/snapshot", 1)]


def test_an_impulse_pulls_a_trigger_and_nothing_else(receiver: OscReceiver) -> None:
    packets = [encode_message(path, "I") for path in ("/visuals/seed/next", "/visuals/speed")]
    assert receive(receiver, *packets) == [("/visuals/seed/next", 1)]
    assert receiver.refused == 1


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
    assert len(receiver.poll(0.1, limit=10)) <= 10
    assert len(values(receiver, 40)) >= 40


def test_a_busy_port_is_refused_with_a_way_out(receiver: OscReceiver) -> None:
    with pytest.raises(
        OscError, match=f"127.0.0.1:{receiver.port}: can't listen.*; stop the other program or choose another UDP port"
    ):
        OscReceiver("127.0.0.1", receiver.port, ROWS)


def paths(receiver: OscReceiver, *packets: bytes) -> list[str]:
    return [path for path, _ in receive(receiver, *packets)]


def test_a_pattern_means_every_address_that_takes_the_value(receiver: OscReceiver) -> None:
    packet = encode_message("//mood/valence", "f", 0.5)
    assert paths(receiver, packet) == ["/artgen/control/mood/valence", "/visuals/mood/valence"]
    assert paths(receiver, encode_message("/artgen/control//mood/[ev]*", "f", 0.25)) == [
        "/artgen/control/mood/energy",
        "/artgen/control/mood/valence",
    ]
    # Of these three only the texts take a text.
    assert paths(receiver, encode_message("/visuals/model/{fade,load,second}", "s", "x")) == [
        "/visuals/model/load",
        "/visuals/model/second",
    ]
    assert receiver.refused == 0


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("/visuals/nothing*", "matches no address"),
        ("/visuals/s[peed", "isn't closed"),
        ("/" + "*" * 30, "wildcards"),
        ("/visuals/sp*", "outside 0..8"),
    ],
)
def test_a_pattern_that_reaches_nothing_is_refused(receiver: OscReceiver, pattern: str, reason: str) -> None:
    assert receive(receiver, encode_message(pattern, "f", 99.0)) == []
    assert reason in receiver.refusals[-1].reason


def test_a_bundle_that_is_dated_ahead_waits(receiver: OscReceiver) -> None:
    messages = [encode_message("/visuals/speed", "f", 2.0), encode_message("/visuals/seed", "i", 3)]
    start = time.monotonic()
    assert receiver.put(encode_bundle(messages, time_tag(1.0)), "somebody")
    assert receiver.put(encode_bundle([encode_message("/visuals/speed", "f", 1.0)], time_tag(-5.0)), "somebody")
    assert values(receiver, 1) == [1.0]
    assert receiver.poll() == []
    # It wakes for what is due, long before the timeout.
    assert [value for _, value in receiver.poll(30.0)] == [2.0, 3]
    assert 0.95 < time.monotonic() - start < 10
    assert receiver.refused == 0


def test_too_far_ahead_is_refused(receiver: OscReceiver) -> None:
    message = encode_message("/visuals/speed", "f", 2.0)
    assert receive(receiver, encode_bundle([message], time_tag(60.0))) == []
    assert "s ahead, where 10 s are the most" in receiver.refusals[-1].reason
    assert receive(receiver, encode_bundle([message], 2**64 - 1)) == []
    assert receiver.refused == 2


def test_what_waits_is_bounded(receiver: OscReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(osc_schedule, "MOST_SCHEDULED", 3)
    message = encode_message("/visuals/speed", "f", 2.0)
    assert receive(receiver, encode_bundle([message] * 4, time_tag(9.0))) == []
    assert receiver.refused == 1
    assert "3 values wait" in receiver.refusals[-1].reason


def dated(seconds: float, seed: int) -> bytes:
    return encode_bundle([encode_message("/visuals/seed", "i", seed)], time_tag(seconds))


def test_a_sender_whose_clock_is_off_is_told_of_once(receiver: OscReceiver, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert values_now(receiver, dated(-3.0, 1), dated(-3.0, 2), dated(-0.5, 3)) == [1, 2, 3]
        assert receive(receiver, dated(3.0, 4), seconds=1.0) == []
    (record,) = caplog.records
    assert "packet from 127.0.0.1: is dated 3.0 s ago, and counts at once" in record.getMessage()
    receiver.put(dated(3.0, 5), "10.0.0.7")
    receiver.poll()
    assert "packet from 10.0.0.7: is dated 3.0 s ahead, and waits" in caplog.text
    assert "osc.time_tags = false" in caplog.text


def values_now(receiver: OscReceiver, *packets: bytes) -> list[schema.Value]:
    return [value for _, value in receive(receiver, *packets)]


def test_time_tags_can_be_ignored(caplog: pytest.LogCaptureFixture) -> None:
    receiver = OscReceiver("127.0.0.1", 0, ROWS, time_tags=False)
    try:
        assert values_now(receiver, dated(3.0, 1), dated(3600.0, 2), dated(-1e6, 3)) == [1, 2, 3]
        assert not caplog.records and not receiver.refused
    finally:
        receiver.close()


SPEED_AND_MORE = (
    ("/visuals/speed", 8.0000005, 8.0),
    ("/visuals/speed", -0.0000005, 0.0),
    ("/visuals/truncation", 1.0000001, 1.0),
    ("/visuals/freeze", 1.0000001, 1),
    ("/visuals/seed", 7.0000005, 7),
    ("/visuals/seed", float(2**31), 2**31 - 1),
    ("/visuals/snapshot", 127.0, 1),
    ("/visuals/snapshot", 0.3, 1),
    ("/visuals/snapshot", -1.0, 1),
    ("/visuals/snapshot", 0.0, 0),
)


@pytest.mark.parametrize(("path", "sent", "taken"), SPEED_AND_MORE)
def test_what_a_float_has_rounded_is_understood(
    receiver: OscReceiver, path: str, sent: float, taken: schema.Value
) -> None:
    for tag in "fd":
        assert receive(receiver, encode_message(path, tag, sent)) == [(path, taken)]


@pytest.mark.parametrize(
    ("path", "tag", "sent", "said"),
    [
        ("/visuals/truncation", "f", 1.00001, "1.000010014 is outside 0..1"),
        ("/visuals/truncation", "d", 1.000002, "1.000002 is outside 0..1"),
        ("/visuals/seed", "d", 7.00001, "7.00001 is not a whole number"),
        ("/visuals/seed", "h", 2**31, "2147483648 is outside 0..2147483647"),
        ("/visuals/freeze", "i", 2, "2 is outside 0..1"),
        ("/visuals/snapshot", "f", math.nan, "nan is not a finite number"),
        ("/visuals/snapshot", "s", "now", "'now' is not a number"),
    ],
)
def test_what_is_really_out_of_range_is_told_with_its_digits(
    receiver: OscReceiver, path: str, tag: str, sent: float | str, said: str
) -> None:
    assert receive(receiver, encode_message(path, tag, sent)) == []
    assert receiver.refusals[-1].reason == said


def nested(depth: int) -> bytes:
    packet = encode_bundle([encode_message("/visuals/speed", "f", 1.0)])
    for _ in range(depth):
        packet = encode_bundle([packet])
    return packet


MONSTERS = {
    "bundles": nested(1000),
    "arrays": encode_message("/visuals/speed", "[" * 400 + "]" * 400),
    "open arrays": encode_message("/visuals/speed", "[" * 400),
    "count": b"/visuals/speed\0\0,b\0\0\x7f\xff\xff\xff",
    "negative count": b"/visuals/speed\0\0,b\0\0\x80\0\0\0",
    "element": b"#bundle\0" + bytes(8) + b"\x7f\xff\xff\xfc/a\0\0",
    "arguments": b"/visuals/speed\0\0," + b"i" * 16_003 + bytes(40_000),
    "text": encode_message("/visuals/speed", "s", "x" * 60_000),
    "target": encode_message("/artgen/control/target/add", "s", "x" * 60_000),
    "address": encode_message("/" + "x" * 60_000, "f", 1.0),
    "pattern": encode_message("/" + "*" * 60_000, "f", 1.0),
    "alternatives": encode_message("/{" + "a," * 30_000 + "}", "f", 1.0),
}


@pytest.mark.parametrize("packet", MONSTERS.values(), ids=MONSTERS.keys())
def test_a_monster_is_a_refusal(receiver: OscReceiver, packet: bytes) -> None:
    receiver.put(packet, "10.0.0.7")

    def refused() -> int:  # a poll has so little time that on a busy machine it may end before
        start = time.monotonic()
        assert receiver.poll() == []
        assert time.monotonic() - start < 5.0
        return receiver.refused

    assert wait_for(refused, what="the refusal") == 1
    assert len(str(receiver.refusals[-1])) < 700


@pytest.mark.parametrize("error", [RecursionError("deep"), MemoryError(), OverflowError("large"), RuntimeError("?")])
def test_what_nobody_foresaw_is_a_refusal(
    receiver: OscReceiver, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*given: object) -> None:
        raise error

    monkeypatch.setattr(osc, "with_host", fail)
    packet = encode_message("/visuals/subscribe", "s", "9000")
    assert receive(receiver, encode_bundle([packet, encode_message("/visuals/seed", "i", 7)])) == [("/visuals/seed", 7)]
    assert receiver.refused == 1
    monkeypatch.setattr(osc, "decode", fail)
    assert receive(receiver, packet) == []
    assert receiver.refused == 2
    assert type(error).__name__ in str(receiver.refusals[-1])


def test_the_last_refusals_are_kept(receiver: OscReceiver) -> None:
    for number in range(2 * MOST_REFUSALS):
        receive(receiver, encode_message(f"/nowhere/{number}", "f", 1.0))
    assert len(receiver.refusals) == MOST_REFUSALS
    last = receiver.refusals[-1]
    assert (last.what, last.reason, last.sender) == ("/nowhere/39", "unknown address", "127.0.0.1")
    assert 0 <= time.monotonic() - last.time < 10
    receive(receiver, *[encode_message("/nowhere/39", "f", 1.0)] * 3)
    assert receiver.refusals[-2].what == "/nowhere/38"


def test_what_strangers_send_is_shown_without_harm(receiver: OscReceiver, caplog: pytest.LogCaptureFixture) -> None:
    receive(receiver, encode_message("/\x1b[2J\nforged" + "x" * 5000, "f", 1.0))
    assert receiver.refusals[-1].what.startswith(r"/\x1b[2J\nforgedxxx")
    assert len(receiver.refusals[-1].what) < 400
    assert "\x1b" not in caplog.text


def test_a_poll_under_a_flood_is_bounded_and_later_controls_arrive(
    receiver: OscReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock is the test's own: each look at it takes 0.1 ms."""
    clock = itertools.count()
    packets = [encode_message("/visuals/speed", "f", 1.0), encode_message("/nowhere", "f", 1.0), b"rubbish"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        for number in range(3000):
            peer.sendto(packets[number % 3], ("127.0.0.1", receiver.port))
        with monkeypatch.context() as patch:
            patch.setattr(osc.time, "monotonic", lambda: next(clock) * 1e-4)
            receiver._polled = 0.0
            found = len(receiver.poll(limit=10**6))
        assert 0 < found + receiver.refused <= LEAST_S / 1e-4 + receiver.lost
        while found + receiver.refused < 3000:
            found += len(receiver.poll(0.1))
        peer.sendto(encode_message("/visuals/seed", "i", 7), ("127.0.0.1", receiver.port))
    assert values(receiver, 1) == [7]


def test_a_second_of_bundles_is_read_after_a_standstill(receiver: OscReceiver) -> None:
    """All that the daemon sends in a second waits in the system's buffer; none of it is lost."""
    bundle = encode_bundle([encode_message(o.address.path, o.address.tag, 0) for o in schema.OUTPUTS])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        for _ in range(86):
            peer.sendto(bundle, ("127.0.0.1", receiver.port))
    found, end = 0, time.monotonic() + 10
    while found < 86 * len(schema.OUTPUTS) and time.monotonic() < end:
        found += len(receiver.poll(0.1))
    assert found == 86 * len(schema.OUTPUTS)
    assert receiver.refused == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts what it drops for each socket")
def test_what_the_system_dropped_is_counted(receiver: OscReceiver) -> None:
    sent = 20_000
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        for _ in range(sent):
            peer.sendto(encode_message("/visuals/speed", "f", 1.0), ("127.0.0.1", receiver.port))
    found, end = 0, time.monotonic() + 10
    while found + receiver.lost < sent and time.monotonic() < end:
        found += len(receiver.poll(0.1))
    assert receiver.lost == receiver.refused == sent - found > 0
    assert receiver.refusals[-1].what == "datagrams"


def test_a_target_without_a_host_is_the_senders(receiver: OscReceiver) -> None:
    packets = [encode_message("/artgen/control/subscribe", "s", text) for text in ("9110,rate=30", "10.0.0.2:9000")]
    packets.append(encode_message("/artgen/control/target/add", "s", "9110"))
    assert [value for _, value in receive(receiver, *packets)] == ["127.0.0.1:9110,rate=30", "10.0.0.2:9000", "9110"]
