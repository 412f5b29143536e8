"""Hosts by name: those that aren't known yet, that move, and that have several addresses."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from artgen_osc.osc import transports as links
from artgen_osc.osc.mapping.rows import read_rows
from artgen_osc.osc.sender import OscSender
from artgen_osc.osc.targets import parse_target
from artgen_osc.osc.transports import UdpTransport
from tests import show_table
from tests.support.waiting import wait_for

PACKET = b"/a\0\0,f\0\0\0\0\0\0"
VALENCE = show_table.by_path(show_table.SENT)["/artgen/valence"]

real = socket.getaddrinfo


class Names:
    """What names mean; one that isn't here isn't known. Every look-up goes through `held`."""

    def __init__(self) -> None:
        self.known: dict[str, list[str]] = {}
        self.held = threading.Event()
        self.held.set()
        self.asked = 0

    def look_up(self, host: str, port: int, *given: Any, flags: int = 0, **options: Any) -> list[Any]:
        if not host.endswith("test"):
            return real(host, port, *given, flags=flags, **options)
        if flags & socket.AI_NUMERICHOST:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        self.asked += 1
        assert self.held.wait(60)
        if host not in self.known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [one for address in self.known[host] for one in real(address, port, *given, flags=flags, **options)]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    names = Names()
    monkeypatch.setattr(socket, "getaddrinfo", names.look_up)
    monkeypatch.setattr(links, "FIRST_WAIT_S", 0.02)
    monkeypatch.setattr(links, "LONGEST_WAIT_S", 0.05)
    return names


def listen(host: str, port: int = 0) -> socket.socket:
    six = ":" in host
    peer = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        if six:
            peer.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(host != "::"))
        peer.bind((host, port))
    except OSError as error:
        peer.close()
        pytest.skip(f"this machine has no IPv6: {error}")
    peer.settimeout(20)
    return peer


def heard(peer: socket.socket) -> int:
    """Packets that have come. They are there as soon as they are sent: all is on one machine."""
    count = 0
    peer.setblocking(False)
    while True:
        try:
            assert peer.recv(100) == PACKET
        except BlockingIOError:
            return count
        count += 1


@pytest.fixture
def opened() -> Iterator[list[UdpTransport]]:
    opened: list[UdpTransport] = []
    yield opened
    for transport in opened:
        transport.close()


def test_a_host_that_is_not_known_yet_is_looked_up_until_it_is(
    names: Names, opened: list[UdpTransport], caplog: pytest.LogCaptureFixture
) -> None:
    with listen("127.0.0.1") as peer, caplog.at_level(logging.WARNING):
        transport = UdpTransport("stage", parse_target(f"stage.test:{peer.getsockname()[1]}"))
        opened.append(transport)
        wait_for(lambda: names.asked > 3)
        transport.send(PACKET)
        transport.send(PACKET)
        assert transport.dropped == 2
        names.known["stage.test"] = ["127.0.0.1"]
        wait_for(lambda: transport._sockets)
        transport.send(PACKET)
        assert heard(peer) == 1 and transport.dropped == 2
        wait_for(lambda: len(caplog.records) > 1)
    unknown, known = (record.getMessage() for record in caplog.records)
    assert unknown.startswith("stage: the host isn't known now (Name or service not known); it is looked up again")
    assert known == "stage: the host is known now"


def test_a_name_server_that_hangs_holds_up_nothing(names: Names) -> None:
    names.held.clear()
    with listen("127.0.0.1") as peer:
        port = peer.getsockname()[1]
        rows, mistakes = read_rows(
            [{"from": "valence", "to": "/x", "target": f"hangs.test:{port}"}], "test", show_table.TABLE.sent
        )
        assert not mistakes
        start = time.monotonic()
        sender = OscSender([f"hangs.test:{port}", f"127.0.0.1:{port}"], rows)
        assert time.monotonic() - start < 20
        for hop in range(10):
            start = time.monotonic()
            sender.send([(VALENCE, hop / 10)])
            assert time.monotonic() - start < 5
            peer.recv(100)
        assert sender.dropped == 20
        names.held.set()
        sender.close()


def test_the_first_bundle_reaches_a_host_that_is_known(names: Names) -> None:
    names.known["stage.test"] = ["127.0.0.1"]
    with listen("127.0.0.1") as peer:
        sender = OscSender([f"stage.test:{peer.getsockname()[1]}"])
        sender.send([(VALENCE, 0.5)])
        assert peer.recv(100) and not sender.dropped
        sender.close()


def test_a_host_that_moves_is_followed(
    names: Names, opened: list[UdpTransport], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "LOOK_UP_AGAIN_S", 0.02)
    names.known["stage.test"] = ["127.0.0.1"]
    with listen("127.0.0.1") as before, listen("127.0.0.2", before.getsockname()[1]) as after:
        transport = UdpTransport("stage", parse_target(f"stage.test:{before.getsockname()[1]}"))
        opened.append(transport)
        wait_for(lambda: transport._sockets)
        transport.send(PACKET)
        assert heard(before) == 1
        del names.known["stage.test"]
        asked = names.asked
        wait_for(lambda: names.asked > asked + 2)
        transport.send(PACKET)
        assert heard(before) == 1, "where it was is better than nowhere"
        names.known["stage.test"] = ["127.0.0.2"]
        wait_for(lambda: transport._addresses == [("127.0.0.2", before.getsockname()[1])])
        transport.send(PACKET)
        assert heard(after) == 1 and not heard(before) and not transport.dropped


def test_after_an_error_it_is_looked_up_at_once(names: Names, opened: list[UdpTransport]) -> None:
    names.known["stage.test"] = ["127.0.0.1"]
    transport = UdpTransport("stage", parse_target("stage.test:9"))
    opened.append(transport)
    wait_for(lambda: transport._sockets)
    asked = names.asked
    transport._sockets[0].close()  # as good as a network that is gone
    transport.send(PACKET)
    assert transport.dropped == 1
    wait_for(lambda: names.asked > asked and transport._sockets[0]._socket.fileno() >= 0)


@pytest.fixture
def localhost(names: Names, opened: list[UdpTransport]) -> Callable[[int], UdpTransport]:
    names.known["localhost.test"] = ["::1", "127.0.0.1"]

    def transport_to(port: int) -> UdpTransport:
        transport = UdpTransport("local", parse_target(f"localhost.test:{port}"))
        opened.append(transport)
        wait_for(lambda: transport._sockets)
        return transport

    return transport_to


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "0.0.0.0", "::"])
def test_localhost_reaches_who_listens_and_nobody_twice(localhost: Callable[[int], UdpTransport], host: str) -> None:
    with listen(host) as peer:
        transport = localhost(peer.getsockname()[1])
        for _ in range(5):
            transport.send(PACKET)
        assert heard(peer) == 5
        assert transport.dropped == 0


def test_localhost_finds_those_who_come_later(localhost: Callable[[int], UdpTransport]) -> None:
    with listen("::1") as six:
        port = six.getsockname()[1]
        transport = localhost(port)
        transport.send(PACKET)
        assert heard(six) == 1
    transport.send(PACKET)
    assert transport.dropped == 1
    with listen("127.0.0.1", port) as four:
        transport.send(PACKET)
        assert heard(four) == 1
    transport.send(PACKET)
    assert transport.dropped == 2
    with listen("::1", port) as six:
        transport.send(PACKET)
        six.sendto(b"an answer, which is nothing to us", ("::1", transport._sockets[1]._socket.getsockname()[1]))
        transport.send(PACKET)
        assert heard(six) == 2
    assert transport.dropped == 2
