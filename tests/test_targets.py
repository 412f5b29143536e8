"""The sender: who gets what, how often, and for how long."""

import math
from collections.abc import Iterator

import pytest

from artgen_osc.errors import OscError
from artgen_osc.osc import sender as targets
from artgen_osc.osc.codec import BUNDLE, Message, decode, encode_message
from artgen_osc.osc.mapping.rows import Map, read_rows
from artgen_osc.osc.receiver import Capture, capture
from artgen_osc.osc.sender import OscSender
from artgen_osc.osc.streams import LARGEST_BUNDLE, pack
from artgen_osc.schema import values as schema
from tests import show_table

ROWS = show_table.by_path(show_table.SENT)
VALENCE = ROWS["/artgen/valence"]
ONSET = ROWS["/artgen/onset"]


class Clock:
    """Time that passes when it is told to."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(targets, "time", clock)
    return clock


@pytest.fixture
def sender() -> Iterator[OscSender]:
    sender = OscSender()
    yield sender
    sender.close()


@pytest.fixture
def peer() -> Iterator[Capture]:
    with capture() as peer:
        yield peer


def heard(peer: Capture) -> list[Message]:
    return [message for _, message in peer.read(0.05)]


def packets(peer: Capture) -> list[bytes]:
    found = []
    peer._connection.settimeout(0.05)
    while True:
        try:
            found.append(peer._connection.recv(4096))
        except TimeoutError:
            return found


def maps(*rows: dict[str, object]) -> tuple[Map, ...]:
    found, mistakes = read_rows(list(rows), "test", show_table.TABLE.sent)
    assert not mistakes
    return found


def test_loopback() -> None:
    with capture() as one, capture() as two:
        sender = OscSender([f"127.0.0.1:{one.port}"])
        sender.add(f"127.0.0.1:{two.port}")
        sender.send([(VALENCE, 0.25), (schema.STATUS[0], 3)])
        for port in (one, two):
            assert heard(port) == [Message("/artgen/valence", (0.25,)), Message("/artgen/status/heartbeat", (3,))]
        sender.remove(f"127.0.0.1:{two.port}")
        sender.send([(VALENCE, 0.5)])
        assert not heard(two)
        sender.close()


def test_sending_to_nobody_never_raises() -> None:
    with capture() as nobody:
        port = nobody.port
    sender = OscSender([f"127.0.0.1:{port}"])
    for _ in range(5):
        sender.send([(VALENCE, 0.5)])
    sender.close()


def test_a_bad_target_leaves_nothing_open() -> None:
    with pytest.raises(OscError, match="is not a target"):
        OscSender(["127.0.0.1:9", "nowhere"])
    with pytest.raises(OscError, match="lease is for"):
        OscSender(["127.0.0.1:9,lease=5"])


def test_single_messages(sender: OscSender, peer: Capture) -> None:
    sender.add(f"{peer.port},messages")
    sender.send([(VALENCE, 0.25), (ONSET, 1.0)])
    assert packets(peer) == [encode_message("/artgen/valence", "f", 0.25), encode_message("/artgen/onset", "f", 1.0)]


def test_the_rate_is_kept_and_the_newest_value_wins(sender: OscSender, peer: Capture, clock: Clock) -> None:
    sender.add(f"{peer.port},rate=20")
    for hop in range(860):
        clock.now = 100 + hop / 86
        sender.send([(VALENCE, hop / 1000)])
    values = [message.arguments[0] for message in heard(peer)]
    assert 195 <= len(values) <= 201
    assert values[-1] == pytest.approx(0.85, abs=0.01)


@pytest.mark.parametrize("rate", [5, 30, 85])
def test_no_event_is_lost_between_two_bundles(sender: OscSender, peer: Capture, clock: Clock, rate: int) -> None:
    sender.add(f"{peer.port},rate={rate}")
    events = {10, 60, 63, 90, 130}
    for hop in range(250):
        clock.now = 100 + hop / 86
        sender.send([(VALENCE, 0.5), (ONSET, float(hop in events))])
    pulses = "".join(str(int(m.arguments[0])) for m in heard(peer) if m.path == "/artgen/onset")
    assert "11" not in pulses
    assert pulses.count("1") == (5 if rate > 20 else 4)  # two that fall between the same bundles are one


def test_other_bundles_share_the_rate_and_are_complete(sender: OscSender, peer: Capture, clock: Clock) -> None:
    sender.add(f"{peer.port},rate=1")
    sender.send([(VALENCE, 0.5)])
    clock.now += 0.5
    sender.send([(row.address, "A minor" if row.address.tag == "s" else 0.5) for row in schema.HARMONY])
    sender.send([(row, "text" if row.tag == "s" else 1) for row in (*schema.STATUS, schema.REFUSAL)])
    assert len(heard(peer)) == 1
    clock.now += 0.6
    sender.send([(output.address, 1) for output in schema.OUTPUTS])
    paths = {message.path for packet in packets(peer) for message in decode(packet)}
    assert paths == set(ROWS)


def test_bundles_fit_into_one_datagram() -> None:
    messages = [encode_message(f"/a/rather/long/address/of/{i}", "f", i) for i in range(200)]
    bundles = pack(messages)
    assert all(len(bundle) <= LARGEST_BUNDLE and bundle.startswith(BUNDLE) for bundle in bundles)
    assert [m.path for bundle in bundles for m in decode(bundle)] == [decode(m)[0].path for m in messages]
    assert pack([]) == []
    assert len(pack([encode_message("/a", "s", "x" * 3000)] * 2)) == 2


def test_maps_of_one_target_go_out_in_one_bundle(sender: OscSender, peer: Capture) -> None:
    there = str(peer.port)
    rows = [{"from": "valence", "to": f"/x/{i}", "target": there} for i in range(3)]
    sender.set_maps(maps(*rows))
    sender.send([(VALENCE, 0.25)])
    (packet,) = packets(peer)
    assert decode(packet) == [Message(f"/x/{i}", (0.25,)) for i in range(3)]


def test_maps_without_a_target_go_to_plain_targets_only() -> None:
    with capture() as plain, capture() as preset, capture() as subscriber:
        common = maps({"from": "valence", "to": "/x"})
        sender = OscSender([str(plain.port), f"{preset.port},preset=vdmx"], common)
        sender.subscribe(str(subscriber.port))
        sender.send([(VALENCE, 0.25)])
        assert {m.path for m in heard(plain)} == {"/artgen/valence", "/x"}
        assert {m.path for m in heard(preset)} == {"/valence"}
        assert {m.path for m in heard(subscriber)} == {"/artgen/valence"}
        sender.set_maps(())
        sender.send([(VALENCE, 0.5)])
        assert {m.path for m in heard(plain)} == {"/artgen/valence"}
        sender.close()


def test_new_maps_leave_the_others_their_memory(sender: OscSender, peer: Capture, clock: Clock) -> None:
    with capture() as other:
        slow = {"from": "valence", "to": "/slow", "smoothing": 10, "target": str(peer.port)}
        sender.set_maps(maps(slow))
        sender.send([(VALENCE, 0.0)])
        sender.set_maps(maps(slow, {"from": "energy", "to": "/e", "target": str(other.port)}))
        clock.now += 0.1
        sender.send([(VALENCE, 1.0)])
        first, second = (message.arguments[0] for message in heard(peer))
        assert first == 0.0
        assert second == pytest.approx(1 - math.exp(-0.01), rel=1e-4)


def test_bad_maps_keep_the_old_ones(sender: OscSender, peer: Capture) -> None:
    sender.set_maps(maps({"from": "valence", "to": "/x", "target": str(peer.port)}))
    with pytest.raises(OscError, match="is a broadcast address"):
        sender.set_maps(maps({"from": "valence", "to": "/y", "target": "255.255.255.255:9"}))
    sender.send([(VALENCE, 0.25)])
    assert [m.path for m in heard(peer)] == ["/x"]


def test_a_subscription_ends_unless_it_is_renewed(sender: OscSender, peer: Capture, clock: Clock) -> None:
    there = f"{peer.port},lease=10"
    sender.subscribe(there)
    for seconds, expected in ((9, 1), (5, 1), (4, 1), (2, 0)):
        clock.now += seconds
        sender.send([(VALENCE, 0.5)])
        assert len(heard(peer)) == expected
        if seconds == 9:
            sender.subscribe(there)
    assert sender.targets == () and not sender._transports
    sender.subscribe(str(peer.port))
    clock.now += 59
    sender.send([(VALENCE, 0.5)])
    assert heard(peer)
    clock.now += 2
    sender.send([(VALENCE, 0.5)])
    assert not heard(peer)


def test_a_place_is_subscribed_once(sender: OscSender, peer: Capture) -> None:
    sender.subscribe(str(peer.port))
    sender.subscribe(f"{peer.port},messages")
    sender.send([(VALENCE, 0.5)])
    assert packets(peer) == [encode_message("/artgen/valence", "f", 0.5)]
    sender.add(str(peer.port))
    sender.send([(VALENCE, 0.5)])
    assert len(packets(peer)) == 1
    sender.remove(str(peer.port))
    sender.send([(VALENCE, 0.5)])
    assert len(packets(peer)) == 1
    sender.unsubscribe(f"{peer.port},rate=3")
    sender.send([(VALENCE, 0.5)])
    assert not packets(peer)


def test_subscriptions_are_bounded(sender: OscSender, clock: Clock) -> None:
    for number in range(targets.MOST_SUBSCRIPTIONS):
        sender.subscribe(f"127.0.0.{1 + number // targets.MOST_OF_A_HOST}:{20000 + number}")
    with pytest.raises(OscError, match="64 subscriptions are the most"):
        sender.subscribe("127.0.0.9:30000")
    sender.subscribe("20000")
    clock.now += 61
    sender.subscribe("30000")
    assert len(sender._transports) == 1


def test_nobody_has_all_subscriptions(sender: OscSender) -> None:
    for number in range(targets.MOST_OF_A_HOST):
        sender.subscribe(str(20000 + number))
    with pytest.raises(OscError, match="16 subscriptions of one address are the most"):
        sender.subscribe("30000")
    sender.subscribe("127.0.0.2:30000")


def test_targets_are_bounded(sender: OscSender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "MOST_TARGETS", 2)
    sender.add("20000")
    sender.add("20001")
    with pytest.raises(OscError, match="2 targets are the most"):
        sender.add("20002")
    sender.add("20001")
    assert sender.targets == ("20000", "20001")


def test_the_renderer_is_not_unsubscribed(sender: OscSender, peer: Capture) -> None:
    sender.subscribe(str(peer.port), math.inf)
    sender.unsubscribe(str(peer.port))
    sender.subscribe(f"{peer.port},lease=1,rate=1")
    sender.send([(VALENCE, 0.5)])
    sender.send([(VALENCE, 0.5)])
    assert len(heard(peer)) == 2


def test_dropped_counts_those_that_have_gone(sender: OscSender) -> None:
    sender.add("127.0.0.1:1,tcp")
    sender.send([(VALENCE, 0.5)])
    assert sender.dropped == 1
    thread = sender._transports["127.0.0.1:1,tcp"]._thread  # type: ignore[attr-defined]
    sender.remove("127.0.0.1:1,tcp")
    assert sender.dropped == 1
    thread.join(30)
    assert not thread.is_alive()
