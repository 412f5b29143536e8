"""Ways to a target: datagrams and TCP, with those who don't listen."""

import logging
import socket
import struct
import threading
import time
from collections.abc import Iterator

import pytest

from artgen_osc.errors import OscError
from artgen_osc.osc import transports as links
from artgen_osc.osc.framing import Unframer
from artgen_osc.osc.targets import parse_target
from artgen_osc.osc.transports import Link, TcpLink, UdpLink, open_link
from tests.support.waiting import wait_for

PACKET = b"/a\0\0,f\0\0\xc0\xdb\0\0"


def udp(text: str) -> Link:
    return open_link(text, parse_target(text))


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        yield server


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "FIRST_WAIT_S", 0.02)
    monkeypatch.setattr(links, "LONGEST_WAIT_S", 0.05)


@pytest.mark.parametrize("option", ["tcp", "slip"])
def test_tcp_is_framed_and_connects_again(server: socket.socket, option: str) -> None:
    text = f"127.0.0.1:{server.getsockname()[1]},{option}"
    link = TcpLink(text, parse_target(text))
    for _ in range(2):
        with server.accept()[0] as connection:
            connection.settimeout(5)
            wait_for(lambda: link._connection)
            link.send(PACKET)
            link.send(PACKET)
            unframer, packets = Unframer(), []
            while len(packets) < 2:
                unframer.feed(connection.recv(4096))
                while packet := unframer.pop():
                    packets.append(packet)
            assert packets == [PACKET, PACKET]
            assert unframer.framing == {"tcp": "length", "slip": "slip"}[option]
        # The other side has gone: that shows when something is sent.
        wait_for(lambda: link.send(PACKET) or link.dropped)
    link.close()
    link._thread.join(5)
    assert not link._thread.is_alive()


def test_nobody_there_is_counted_and_said_once(server: socket.socket, caplog: pytest.LogCaptureFixture) -> None:
    server.close()
    link = TcpLink("nobody", parse_target("127.0.0.1:1,tcp"))
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            link.send(PACKET)
            time.sleep(0.04)
    assert link.dropped == 5
    assert [record.getMessage().split("(")[0] for record in caplog.records] == ["nobody: can't be reached "]
    link.close()
    link._thread.join(5)


def test_a_slow_receiver_costs_the_oldest_and_never_time(server: socket.socket) -> None:
    text = f"127.0.0.1:{server.getsockname()[1]},tcp"
    link = TcpLink(text, parse_target(text))
    with server.accept()[0]:
        wait_for(lambda: link._connection)
        start = time.monotonic()
        big = bytes(60_000)
        for _ in range(400):
            link.send(big)
        assert time.monotonic() - start < 1.0
        wait_for(lambda: link.dropped > 100)
        assert len(link._waiting) <= links.MOST_WAITING
        link.close()
        link._thread.join(5)
        assert not link._thread.is_alive()


def test_a_flood_of_targets_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "MOST_THREADS", threading.active_count())
    with pytest.raises(OscError, match="too many targets"):
        TcpLink("one more", parse_target("127.0.0.1:1,tcp"))
    with pytest.raises(OscError, match="too many targets"):
        udp("stage.test:9")


def test_a_datagram() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.settimeout(5)
        link = udp(f"127.0.0.1:{peer.getsockname()[1]}")
        link.send(PACKET)
        assert peer.recv(100) == PACKET
        link.close()


def test_a_multicast_group_needs_no_option() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("", 0))
        peer.settimeout(5)
        group = socket.inet_aton("239.86.1.2")
        try:
            peer.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, struct.pack("=4s4s", group, bytes(4)))
        except OSError as error:
            pytest.skip(f"no multicast here ({error})")
        link = udp(f"239.86.1.2:{peer.getsockname()[1]},ttl=3")
        assert isinstance(link, UdpLink)
        assert link._ways[0]._socket.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL) == 3
        link.send(PACKET)
        assert peer.recv(100) == PACKET
        link.close()


def test_everyone_is_sent_to_on_request_only() -> None:
    with pytest.raises(OscError, match=r"is a broadcast address; .*; add the option broadcast"):
        udp("255.255.255.255:9001")
    link = udp("255.255.255.255:9001,broadcast")
    assert isinstance(link, UdpLink)
    assert link._ways[0]._socket.getsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST)
    link.close()
