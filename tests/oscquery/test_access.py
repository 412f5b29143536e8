"""OSCQuery: who is answered."""

import socket

import pytest
from websockets.exceptions import InvalidHandshake, InvalidStatus
from websockets.sync.client import connect

from artgen_osc.http import access
from tests import show_table
from tests.support.oscquery import VALENCE, Server, message, packet

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("origin", ["http://localhost:8000", "http://127.0.0.1", "http://[::1]:3000"])
def test_pages_of_this_machine_may_steer(server: Server, origin: str) -> None:
    with server.connect(origin=origin) as client:
        client.send(packet("/artgen/control/gain_db", 3.0))
        assert server.received(1) == [("/artgen/control/gain_db", 3.0)]
    assert server.get("/", Origin=origin)[2]["Access-Control-Allow-Origin"] == origin


def test_a_name_that_is_no_text_harms_nobody(server: Server) -> None:
    row = show_table.TABLE.daemon["/artgen/control/input"]
    with server.listen(row.path) as client:
        server.settle(client)
        server.query.publish([(row, "file:\udcff.wav"), (VALENCE, 0.5)])
        assert message(client) == (row.path, "file:?.wav")
    assert server.get(f"{row.path}?VALUE")[1] == {"VALUE": ["file:\udcff.wav"]}


@pytest.mark.parametrize(
    "origin", ["https://example.org", "null", "http://[", "http://10.0.0.9", "http://localhost.example.org"]
)
def test_pages_from_elsewhere_may_not(server: Server, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused, server.connect(origin=origin):
        pytest.fail("was let in")
    assert refused.value.response.status_code == 403
    assert b"localhost" in refused.value.response.body
    assert "Access-Control-Allow-Origin" not in server.get("/", Origin=origin)[2]


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]:9102", "10.0.0.7:9102", "LOCALHOST:9102", "localhost.", None])
def test_a_host_that_names_this_machine_is_answered(server: Server, host: str | None) -> None:
    named = host or f"{socket.gethostname()}:{server.port}"
    assert server.get("/artgen/valence", Host=named)[0] == 200


@pytest.mark.parametrize("host", ["example.org", "127.0.0.1.example.org:9102", "localhost.example.org", "[", ""])
def test_a_domain_that_points_here_is_refused(server: Server, host: str) -> None:
    """DNS rebinding: the page's origin and the host agree, and only the name gives it away."""
    status, reason, headers = server.get("/artgen/valence", Host=host, Origin=f"http://{host}")
    assert (status, "use its IP address or localhost" in reason) == (403, True)
    assert "Access-Control-Allow-Origin" not in headers


def test_a_websocket_under_another_name_is_refused(server: Server) -> None:
    peer = socket.create_connection(("127.0.0.1", server.port))
    with pytest.raises(InvalidStatus) as refused, connect(f"ws://example.org:{server.port}", sock=peer):
        pytest.fail("was let in")
    assert refused.value.response.status_code == 403
    with pytest.raises(InvalidHandshake), server.connect(additional_headers={"Host": "localhost"}):
        pytest.fail("two hosts")


def test_a_page_from_the_servers_own_address_may_steer() -> None:
    assert access.is_own_page("http://10.0.0.7:8000", "10.0.0.7:9102")
    assert access.is_own_page("http://[fe80::7]:8000", "[fe80::7]:9102")
    assert not access.is_own_page("http://my.example.org:9102", "my.example.org:9102")
