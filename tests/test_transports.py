"""Transports to a target: datagrams and TCP, with those who don't listen."""

import logging
import socket
import struct
import threading
import time
from collections.abc import Iterator

import pytest

from artgen_osc.errors import OscError
from artgen_osc.osc import transports
from artgen_osc.osc.framing import Unframer
from artgen_osc.osc.targets import parse_target
from artgen_osc.osc.transports import TcpTransport, Transport, UdpTransport, open_transport
from tests.support.waiting import wait_for

PACKET = b"/a\0\0,f\0\0\xc0\xdb\0\0"


def udp(text: str) -> Transport:
    return open_transport(text, parse_target(text))


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)
        yield server


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transports, "FIRST_WAIT_S", 0.02)
    monkeypatch.setattr(transports, "LONGEST_WAIT_S", 0.05)


@pytest.mark.parametrize("option", ["tcp", "slip"])
def test_tcp_is_framed_and_connects_again(server: socket.socket, option: str) -> None:
    text = f"127.0.0.1:{server.getsockname()[1]},{option}"
    transport = TcpTransport(text, parse_target(text))
    for _ in range(2):
        with server.accept()[0] as connection:
            connection.settimeout(20)
            wait_for(lambda: transport._connection)
            transport.send(PACKET)
            transport.send(PACKET)
            unframer, packets = Unframer(), []
            while len(packets) < 2:
                unframer.put(connection.recv(4096))
                while packet := unframer.get():
                    packets.append(packet)
            assert packets == [PACKET, PACKET]
            assert unframer.framing == {"tcp": "length", "slip": "slip"}[option]
        # The other side has gone: that shows when something is sent.
        wait_for(lambda: transport.send(PACKET) or transport.dropped)
    transport.close()
    transport._thread.join(20)
    assert not transport._thread.is_alive()


def test_nobody_there_is_counted_and_said_once(server: socket.socket, caplog: pytest.LogCaptureFixture) -> None:
    server.close()
    transport = TcpTransport("nobody", parse_target("127.0.0.1:1,tcp"))
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            transport.send(PACKET)
            time.sleep(0.04)
        wait_for(lambda: caplog.records, what="a word about it")
    assert transport.dropped == 5
    assert [record.getMessage().split("(")[0] for record in caplog.records] == ["nobody: can't be reached "]
    transport.close()
    transport._thread.join(20)


def test_a_slow_receiver_costs_the_oldest_and_never_time(server: socket.socket) -> None:
    text = f"127.0.0.1:{server.getsockname()[1]},tcp"
    transport = TcpTransport(text, parse_target(text))
    with server.accept()[0]:
        wait_for(lambda: transport._connection)
        start = time.monotonic()
        big = bytes(60_000)
        for _ in range(400):
            transport.send(big)
        assert time.monotonic() - start < 10
        wait_for(lambda: transport.dropped > 100)
        assert len(transport._waiting) <= transports.MOST_WAITING
        transport.close()
        transport._thread.join(20)
        assert not transport._thread.is_alive()


def test_a_flood_of_targets_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transports, "MOST_THREADS", threading.active_count())
    with pytest.raises(OscError, match="too many targets"):
        TcpTransport("one more", parse_target("127.0.0.1:1,tcp"))
    with pytest.raises(OscError, match="too many targets"):
        udp("stage.test:9")


def test_a_datagram() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.settimeout(20)
        transport = udp(f"127.0.0.1:{peer.getsockname()[1]}")
        transport.send(PACKET)
        assert peer.recv(100) == PACKET
        transport.close()


def test_a_multicast_group_needs_no_option() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("", 0))
        peer.settimeout(20)
        group = socket.inet_aton("239.86.1.2")
        try:
            peer.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, struct.pack("=4s4s", group, bytes(4)))
        except OSError as error:
            pytest.skip(f"no multicast here ({error})")
        transport = udp(f"239.86.1.2:{peer.getsockname()[1]},ttl=3")
        assert isinstance(transport, UdpTransport)
        assert transport._sockets[0]._socket.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL) == 3
        transport.send(PACKET)
        assert peer.recv(100) == PACKET
        transport.close()


def test_everyone_is_sent_to_on_request_only() -> None:
    with pytest.raises(OscError, match=r"is a broadcast address; .*; add the option broadcast"):
        udp("255.255.255.255:9001")
    transport = udp("255.255.255.255:9001,broadcast")
    assert isinstance(transport, UdpTransport)
    assert transport._sockets[0]._socket.getsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST)
    transport.close()
