"""OSCQuery: how it is found in the network."""

import gc
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pythonoscquery.osc_query_client import OSCQueryClient
from pythonoscquery.shared.osc_access import OSCAccess
from zeroconf import ServiceBrowser, ServiceInfo, ServiceListener, Zeroconf

from artgen_osc.config.tables import Config
from artgen_osc.http import access
from artgen_osc.schema import values as schema
from tests import show_table
from tests.conftest import missing
from tests.support.oscquery import DAEMON, WRITE_ONLY, Server
from tests.support.waiting import wait_for

pytestmark = pytest.mark.slow


class Found(ServiceListener):
    """What is announced on this machine alone."""

    def __init__(self) -> None:
        self.services: dict[str, ServiceInfo] = {}

    def add_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        info = zc.get_service_info(type_, name, 10_000)
        if info:
            self.services[name] = info

    update_service = add_service

    def remove_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        self.services.pop(name, None)


@pytest.fixture
def announced() -> Iterator[Server]:
    """One that other machines can connect to."""
    if not access.network_addresses(six=False):
        missing("no network")
    server = Server(show_table.SENT, show_table.DAEMON, "0.0.0.0")
    yield server
    server.close()


def open_udp(path: str = "/proc/self/net/udp") -> list[str]:
    """Local addresses of all UDP sockets, in hexadecimal digits."""
    return [line.split()[1] for kind in ("", "6") for line in Path(f"{path}{kind}").read_text().splitlines()[1:]]


def test_for_this_machine_alone_nothing_is_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    """To be heard on one interface, zeroconf opens its port on all."""
    before = [place for place in open_udp() if place.endswith(":14E9")]  # 5353

    def never(*given: object, **options: object) -> None:
        raise AssertionError("announced")

    monkeypatch.setattr("zeroconf.asyncio.AsyncZeroconf", never)
    for host in ("127.0.0.1", "::1"):
        alone = Server(show_table.SENT, show_table.DAEMON, host)
        wait_for(lambda server=alone: answers(server), what="an answer")
        assert [place for place in open_udp() if place.endswith(":14E9")] == before
        alone.close()


def answers(server: Server) -> bool:
    host = server.query._socket.getsockname()[0]
    with socket.create_connection((host, server.port), 20) as peer:
        peer.sendall(b"GET /artgen HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return peer.recv(12) == b"HTTP/1.1 200"


def test_a_client_by_others_finds_it_and_reads_every_value(announced: Server) -> None:
    """python-oscquery, by way of zeroconf. It knows nodes either with values or with contents, not with both."""
    server = announced
    server.query.publish([(row, "x" if row.tag == "s" else int(row.low)) for row in show_table.SENT])
    server.query.publish(show_table.CONTRACT.current(show_table.DAEMON, Config()))
    found = Found()
    network = Zeroconf(interfaces=["127.0.0.1"])
    browser = ServiceBrowser(network, "_oscjson._tcp.local.", found)
    try:

        def ours() -> list[ServiceInfo]:
            return [info for info in found.services.values() if info.port == server.port]

        wait_for(ours, what="the announcement")
        (info,) = ours()
        assert info.name.startswith("artgen test on ")
        client = OSCQueryClient(info)
        host = client.get_host_info()
        addresses = access.network_addresses(six=False)
        assert host.osc_ip in addresses and (host.name, host.osc_port) == ("artgen test", server.receiver.port)
        whole = [row for row in DAEMON if row.path not in WRITE_ONLY]
        leaves = [row for row in whole if not any(other.path.startswith(row.path + "/") for other in DAEMON)]
        assert len(leaves) > 50
        for row in leaves:
            node = client.query_node(row.path)
            assert (node.full_path, node.description) == (row.path, row.doc)
            assert node.access is (OSCAccess.READONLY_VALUE if row in show_table.SENT else OSCAccess.READWRITE_VALUE)
            assert node.value == [server.query._namespace.values[row.path]]
            assert node.type == [{"f": float, "i": int, "s": str}[row.tag]] or row.tag == "f"
        bands = client.query_node("/artgen/bands")
        assert [node.full_path for node in bands.contents] == [f"/artgen/bands/{i}" for i in range(schema.N_BANDS)]
        assert client.query_node("/artgen/valance") is None
        server.query.close()
        wait_for(lambda: not ours(), what="the end of the announcement")
    finally:
        browser.cancel()
        network.close()


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.03, 0.1, 0.5])
def test_an_end_amid_the_announcement_leaves_no_socket_open(seconds: float) -> None:
    server = Server((), show_table.VISUALS, "0.0.0.0")
    time.sleep(seconds)
    server.close()
    assert not server.query._thread.is_alive()
    del server
    gc.collect()  # an open socket would be a warning, and that an error


def test_everywhere_means_the_addresses_that_others_can_reach() -> None:
    assert all(not address.startswith("127.") for address in access.network_addresses(six=False))
    assert "::1" not in access.network_addresses(six=True)


def test_without_multicast_the_show_goes_on(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def broken(*given: object, **options: object) -> None:
        raise OSError(19, os.strerror(19))

    monkeypatch.setattr("zeroconf.asyncio.AsyncZeroconf", broken)
    server = Server((), show_table.VISUALS, "0.0.0.0")
    wait_for(lambda: caplog.records, what="a warning")
    reason = "isn't announced ([Errno 19] No such device); programs find it by its address, port"
    assert f"{reason} {server.port}" in caplog.text
    assert server.get("/visuals")[0] == 200
    server.close()
