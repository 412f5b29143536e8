"""Who is let in by the page's server, asked over plain HTTP."""

import contextlib
from collections.abc import Iterator

import pytest
from websockets.exceptions import InvalidStatus

from tests.support.web import TOKEN, Server

PRIVATE = ("/", "/songs", f"/songs/{'0' * 16}", f"/songs/{'0' * 16}/sound", "/gallery/", "/addresses", "/static/app.js")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with contextlib.closing(Server()) as server:
        yield server


@pytest.mark.parametrize("origin", ["null", "http://localhost:1", "http://127.0.0.1", "https://example.org", "", "x"])
@pytest.mark.parametrize("target", PRIVATE)
def test_only_the_page_itself_has_what_is_private(server: Server, target: str, origin: str) -> None:
    for method in ("GET", "HEAD", "POST", "DELETE"):
        status, _, headers = server.get(target, method, Origin=origin)
        assert status == 403 or (method != "GET" and status == 405)
        assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize("target", PRIVATE[:2])
def test_the_page_itself_may_even_where_the_browser_says_its_origin(server: Server, target: str) -> None:
    status, _, headers = server.get(target, Origin=f"http://127.0.0.1:{server.port}")
    assert status == 200 and "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize("target", ["/schema", "/api", "/nothing"])
def test_a_page_without_an_origin_reads_nothing_over_http(server: Server, target: str) -> None:
    status, _, headers = server.get(target, Origin="null")
    assert status == 403 and "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize("target", ["/state", "/view", "/sound"])
def test_the_token_opens_all_to_whoever_shows_it_in_the_address(target: str) -> None:
    with contextlib.closing(Server(token=TOKEN)) as guarded:
        assert guarded.get(f"/songs?token={TOKEN}", Origin="null")[0] == 200
        with guarded.open(f"{target}?token={TOKEN}", origin="null") as client:
            assert client.protocol.handshake_exc is None
        # The browser sends a cookie along, whoever asks.
        assert guarded.get("/songs", Origin="null", Cookie=f"artgen_token={TOKEN}")[0] == 403
        with (
            pytest.raises(InvalidStatus) as refused,
            guarded.open(target, origin="http://localhost:1", additional_headers={"Cookie": f"artgen_token={TOKEN}"}),
        ):
            pytest.fail("was let in")
        assert refused.value.response.status_code == 403
