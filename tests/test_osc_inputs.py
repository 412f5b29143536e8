"""OSC over TCP beside UDP: both framings, many clients, and those that send rubbish."""

import contextlib
import errno
import logging
import socket
import time
from collections.abc import Callable, Iterator

import pytest

from artgen_osc.errors import OscError
from artgen_osc.osc import sockets as osc_inputs
from artgen_osc.osc.codec import encode_bundle, encode_message
from artgen_osc.osc.framing import length_prefixed, slip
from artgen_osc.osc.receiver import OscReceiver
from artgen_osc.osc.sockets import MOST_CLIENTS, Sender, Tcp
from artgen_osc.schema import values as schema
from tests import show_table
from tests.support.waiting import wait_for

ROWS = show_table.by_path(show_table.DAEMON, show_table.VISUALS)
SPEED = encode_message("/visuals/speed", "f", 2.0)


@pytest.fixture
def receiver() -> Iterator[OscReceiver]:
    receiver = OscReceiver("127.0.0.1", 0, ROWS)
    yield receiver
    receiver.close()


def connect(receiver: OscReceiver) -> socket.socket:
    return socket.create_connection(("127.0.0.1", receiver.port), timeout=20)


def values(receiver: OscReceiver, count: int) -> list[schema.Value]:
    """So many values, or fewer where no more come."""
    found: list[schema.Value] = []
    end = time.monotonic() + 20
    while len(found) < count and time.monotonic() < end:
        found += [value for _, value in receiver.poll(0.1)]
    return found


def refused(receiver: OscReceiver, count: int) -> None:
    """Wait for so many refusals; nothing else comes."""
    wait_for(lambda: receiver.poll() == [] and receiver.refused >= count, what="the refusal")


def is_closed(receiver: OscReceiver, client: socket.socket) -> bool:
    client.settimeout(0.05)
    for _ in range(400):
        receiver.poll()
        try:
            return client.recv(1) == b""
        except TimeoutError:
            continue
        except OSError:
            return True
    return False


@pytest.mark.parametrize("frame", [slip, length_prefixed])
def test_either_framing_whole_and_in_pieces(receiver: OscReceiver, frame: Callable[[bytes], bytes]) -> None:
    with connect(receiver) as client:
        client.sendall(frame(SPEED) + frame(encode_bundle([SPEED, SPEED])))
        assert values(receiver, 3) == [2.0, 2.0, 2.0]
        found: list[object] = []
        for byte in frame(SPEED):
            client.sendall(bytes([byte]))
            found += receiver.poll()
        assert len(found) + len(values(receiver, 1 - len(found))) == 1
    assert receiver.refused == 0


def test_what_was_sent_before_the_end_counts(receiver: OscReceiver) -> None:
    with connect(receiver) as client:
        client.sendall(slip(SPEED) * 50)
    assert values(receiver, 50) == [2.0] * 50
    receiver.poll(0.1)
    assert receiver.refused == 0


def test_a_packet_that_is_cut_short_is_counted(receiver: OscReceiver) -> None:
    for count, frame in enumerate((slip, length_prefixed), start=1):
        with connect(receiver) as client:
            client.sendall(frame(SPEED) + frame(SPEED)[:-1])
        assert values(receiver, 1) == [2.0]
        refused(receiver, count)
        assert receiver.refusals[-1].reason == "the connection ended within a packet"
        assert receiver.refused == count


def test_the_largest_packet(receiver: OscReceiver) -> None:
    packet = encode_message("/visuals/model", "s", "x" * (65_536 - 24))
    assert len(packet) == 65_536
    with connect(receiver) as client:
        client.sendall(length_prefixed(packet))
        assert values(receiver, 1) == ["x" * (65_536 - 24)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        datagram = encode_message("/visuals/model", "s", "x" * 65_450)
        peer.sendto(datagram, ("127.0.0.1", receiver.port))
        assert values(receiver, 1) == ["x" * 65_450]


def test_rubbish_closes_its_client_only(receiver: OscReceiver, caplog: pytest.LogCaptureFixture) -> None:
    with connect(receiver) as good, connect(receiver) as bad:
        bad.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert is_closed(receiver, bad)
        assert receiver.refused == 1
        assert receiver.refusals[-1].what == "TCP from 127.0.0.1"
        good.sendall(slip(b"/x\0\0") + slip(b"abc") + slip(SPEED))  # refused, but each with its end
        assert values(receiver, 1) == [2.0]
    assert receiver.refused == 3
    assert "isn't OSC" in caplog.text


def test_a_packet_without_an_end_is_not_kept(receiver: OscReceiver) -> None:
    with connect(receiver) as client:
        client.setblocking(False)
        left = b"\xc0/" + b"x" * 500_000
        end = time.monotonic() + 20
        while left and not receiver.refused and time.monotonic() < end:
            with contextlib.suppress(BlockingIOError):
                left = left[client.send(left) :]
            receiver.poll()
        assert is_closed(receiver, client)
    assert "without an end" in receiver.refusals[-1].reason


def test_clients_are_bounded_and_a_place_comes_free(receiver: OscReceiver) -> None:
    clients = [connect(receiver) for _ in range(MOST_CLIENTS)]
    for client in clients:
        client.sendall(slip(SPEED))
    assert len(values(receiver, MOST_CLIENTS)) == MOST_CLIENTS
    with connect(receiver) as one_more:
        assert is_closed(receiver, one_more)
    assert "16 clients are connected" in receiver.refusals[-1].reason
    clients.pop().close()
    receiver.poll(0.5)
    with connect(receiver) as another:
        another.sendall(slip(SPEED))
        assert values(receiver, 1) == [2.0]
    for client in clients:
        client.close()


def sender_of(receiver: OscReceiver, address: str, client: socket.socket) -> None:
    """Have a client, the last that was let in, come from another address."""
    assert receiver._tcp
    place = client.getsockname()[1]
    (known,) = (one for one in receiver._tcp._clients if one.connection.getpeername()[1] == place)
    known.sender = Sender(address, trusted=False)


def let_in(receiver: OscReceiver) -> socket.socket:
    client = connect(receiver)
    place = client.getsockname()[1]

    def is_in() -> bool:
        receiver.poll()
        assert receiver._tcp
        return any(one.connection.getpeername()[1] == place for one in receiver._tcp._clients)

    wait_for(is_in, what="the client")
    return client


def test_idle_clients_give_their_place_and_those_that_send_keep_theirs(receiver: OscReceiver) -> None:
    with contextlib.ExitStack() as open_now:
        busy = open_now.enter_context(let_in(receiver))
        busy.sendall(slip(SPEED))
        assert values(receiver, 1) == [2.0]
        idle = [open_now.enter_context(let_in(receiver)) for _ in range(MOST_CLIENTS - 1)]
        late = open_now.enter_context(let_in(receiver))
        late.sendall(slip(SPEED))
        assert values(receiver, 1) == [2.0]
        assert is_closed(receiver, idle[0])
        assert "its place is needed" in receiver.refusals[-1].reason
        busy.sendall(slip(SPEED))
        assert values(receiver, 1) == [2.0]


def test_a_client_whose_first_packet_waits_is_not_idle(receiver: OscReceiver) -> None:
    with contextlib.ExitStack() as open_now:
        clients = [open_now.enter_context(connect(receiver)) for _ in range(MOST_CLIENTS + 1)]
        for client in clients:
            client.sendall(slip(SPEED))
        assert len(values(receiver, MOST_CLIENTS)) == MOST_CLIENTS
        assert is_closed(receiver, clients[-1])


def test_those_that_were_busy_once_give_their_place_too(receiver: OscReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    with contextlib.ExitStack() as open_now:
        clients = [open_now.enter_context(let_in(receiver)) for _ in range(MOST_CLIENTS)]
        for client in clients:
            client.sendall(slip(SPEED))
        assert len(values(receiver, MOST_CLIENTS)) == MOST_CLIENTS
        monkeypatch.setattr(osc_inputs, "IDLE_S", 0.0)
        open_now.enter_context(let_in(receiver))
        assert is_closed(receiver, clients[0])


def test_one_address_can_not_take_every_place(receiver: OscReceiver) -> None:
    with contextlib.ExitStack() as open_now:
        clients = [open_now.enter_context(let_in(receiver)) for _ in range(MOST_CLIENTS)]
        for client in clients:
            client.sendall(slip(SPEED))
            sender_of(receiver, "10.0.0.66", client)
        assert len(values(receiver, MOST_CLIENTS)) == MOST_CLIENTS
        for client in clients[:2]:  # however busy it is, for another address there is room
            open_now.enter_context(let_in(receiver))
            assert is_closed(receiver, client)


@pytest.mark.parametrize(
    ("path", "value", "sender", "accepted"),
    [
        ("/artgen/control/subscribe", "9000", "10.0.0.7", "10.0.0.7:9000"),
        ("/artgen/control/subscribe", "10.0.0.7:9000,rate=5", "10.0.0.7", "10.0.0.7:9000,rate=5"),
        ("/artgen/control/subscribe", "10.0.0.8:9000", "10.0.0.7", None),
        ("/artgen/control/subscribe", "10.0.0.8:9000", "127.0.0.1", "10.0.0.8:9000"),
        ("/artgen/control/subscribe", "10.0.0.8:9000", "::1", "10.0.0.8:9000"),
        ("/artgen/control/subscribe", "10.0.0.8:9000", "::ffff:127.0.0.1", "10.0.0.8:9000"),
        ("/artgen/control/subscribe", "10.0.0.8:9000", "", None),
        ("/artgen/control/unsubscribe", "10.0.0.8:9000", "10.0.0.7", None),
        ("/visuals/subscribe", "max@10.0.0.8", "10.0.0.7", None),
        ("/visuals/subscribe", "239.1.2.3:9000", "10.0.0.7", None),
        ("/artgen/control/target/add", "10.0.0.8:9000", "10.0.0.7", None),
        ("/artgen/control/target/add", "10.0.0.7:9000", "10.0.0.7", "10.0.0.7:9000"),
        ("/artgen/control/target/add", "lamp.local:9000", "127.0.0.1", "lamp.local:9000"),
        ("/artgen/control/target/remove", "10.0.0.8:9000", "10.0.0.7", "10.0.0.8:9000"),
        ("/*/subscribe", "10.0.0.8:9000", "10.0.0.7", None),
    ],
)
def test_who_is_on_another_machine_may_have_itself_sent_to_only(
    receiver: OscReceiver, path: str, value: str, sender: str, accepted: str | None
) -> None:
    packet = encode_message(path, "s", value)
    receiver.put(packet, sender)
    found: list[tuple[schema.Address, schema.Value]] = []
    wait_for(lambda: found.extend(receiver.poll()) or found or receiver.refused, what="an answer")
    assert [value for _, value in found] == ([accepted] if accepted else [])
    assert receiver.refused == (0 if accepted else 1)
    if not accepted:
        assert "isn't an address of the one who asks" in receiver.refusals[-1].reason
        receiver.put(packet, sender, trusted=True)
        assert values(receiver, 1) == [value]


def test_a_flood_over_one_way_leaves_room_for_the_others(receiver: OscReceiver) -> None:
    with connect(receiver) as flood, connect(receiver) as client:
        receiver.poll(0.1)
        receiver.poll(0.1)
        flood.sendall(slip(SPEED) * 2000)
        client.sendall(slip(encode_message("/visuals/seed", "i", 7)))
        time.sleep(0.05)
        assert 7 in values(receiver, 100)[:100]


def test_udp_goes_on_where_the_tcp_port_is_taken(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with caplog.at_level(logging.WARNING):
            receiver = OscReceiver("127.0.0.1", port, ROWS)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            peer.sendto(SPEED, ("127.0.0.1", port))
        assert values(receiver, 1) == [2.0]
        receiver.close()
    (record,) = caplog.records
    assert f"127.0.0.1:{port}: no OSC over TCP" in record.getMessage()


def test_close_closes_the_clients_and_frees_both_ports(receiver: OscReceiver) -> None:
    again = OscReceiver("127.0.0.1", 0, ROWS)
    port = again.port
    with connect(again) as client:
        again.poll(0.1)
        again.close()
        client.settimeout(20)
        assert client.recv(1) == b""
    OscReceiver("127.0.0.1", port, ROWS).close()


def test_ipv6() -> None:
    try:
        receiver = OscReceiver("::1", 0, ROWS)
    except OscError as error:
        pytest.skip(f"this machine has no IPv6: {error}")
    with socket.create_connection(("::1", receiver.port), timeout=20) as client:
        client.sendall(slip(SPEED))
        assert values(receiver, 1) == [2.0]
    receiver.close()


def test_any_port_is_one_that_is_free_for_both(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tried: list[int] = []

    def taken_at_first(host: str, port: int, *more: object) -> Tcp:
        tried.append(port)
        if len(tried) < 3:
            raise OSError(errno.EADDRINUSE, "Address already in use")
        return Tcp(host, port, *more)  # type: ignore[arg-type]

    monkeypatch.setattr("artgen_osc.osc.receiver.Tcp", taken_at_first)
    with contextlib.closing(OscReceiver("127.0.0.1", 0, ROWS)) as receiver:
        assert receiver.port == tried[-1] and len(tried) >= 3
        socket.create_connection(("127.0.0.1", receiver.port), 5.0).close()
    assert not caplog.records
