"""The page's server: who is let in, the live picture, and the state of the show."""

import contextlib
import http.client
import io
import json
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from artgen_osc.config.tables import Config, OscConfig, VisualsConfig, WebConfig
from artgen_osc.errors import ConfigError
from artgen_osc.http import acceptor, access
from artgen_osc.osc.receiver import OscReceiver
from artgen_osc.oscquery.server import OscQuery
from artgen_osc.web import site, view
from artgen_osc.web.page import ShowPage, open_page
from tests import show_table
from tests.conftest import need_programs
from tests.ports import free_port
from tests.support.waiting import wait_for
from tests.test_oscquery import Peer
from visuals.outputs.view import WIDTH, LiveView, address_of

pytestmark = pytest.mark.slow

TOKEN = "correct-horse"
JPEG = b"\xff\xd8\xff\xe0 a picture"


class Server(Peer):
    """A page without a daemon."""

    def __init__(
        self, host: str = "127.0.0.1", token: str = "", queries: tuple[int, int] = (0, 0), **more: Any
    ) -> None:
        self.receiver = OscReceiver("127.0.0.1", 0, show_table.by_path(show_table.DAEMON))
        web = WebConfig(host=host, port=free_port(), token=token, **more)
        osc, visuals = OscConfig(query_port=queries[0]), VisualsConfig(query_port=queries[1], port=free_port())
        page = open_page(Config(osc=osc, web=web, visuals=visuals), show_table.CONTRACT, self.receiver)
        assert page
        self.page: ShowPage = page
        super().__init__(page.port)

    @contextlib.contextmanager
    def open(self, target: str, **options: Any) -> Iterator[ClientConnection]:
        with connect(f"ws://127.0.0.1:{self.port}{target}", compression=None, **options) as client:
            yield client

    def close(self) -> None:
        self.page.close()
        self.receiver.close()


@pytest.fixture
def server() -> Iterator[Server]:
    with contextlib.closing(Server()) as server:
        yield server


@pytest.fixture
def guarded() -> Iterator[Server]:
    with contextlib.closing(Server(token=TOKEN)) as server:
        yield server


def test_the_page_and_its_files(server: Server) -> None:
    status, text, headers = server.get("/")
    assert status == 200 and headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff" and "Server" not in headers
    names = {word for word in text.replace('"', " ").split() if word.startswith("/static/")}
    assert {"/static/app.js", "/static/style.css"} <= names
    for name in names:
        assert server.get(name)[0] == 200
    assert "Set-Cookie" not in headers


def test_every_module_that_the_page_imports_is_there(server: Server) -> None:
    for path in site.STATIC.glob("*.js"):
        text = path.read_text(encoding="utf-8")
        for name in (part.split('"')[1] for part in text.splitlines() if part.startswith("import")):
            assert server.get(f"/static/{name.removeprefix('./')}")[0] == 200, f"{path.name}: {name}"


@pytest.mark.parametrize(
    "target",
    [
        "/static/../access.py",
        "/static/..%2fguard.py",
        "/static/%2e%2e/access.py",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/",
        "/static/site.py",
        "/static/index.html%00.js",
    ],
)
def test_no_path_leaves_the_folder(server: Server, target: str) -> None:
    assert server.get(target)[0] == 404


def test_a_token_is_asked_for_by_everything(guarded: Server) -> None:
    for target in ("/", "/api", "/schema", "/static/app.js", "/addresses", "/qr.svg", "/nothing"):
        status, reason, _ = guarded.get(target)
        assert (status, "token: is missing or wrong" in reason) == (401, True)
        assert guarded.get(f"{target}?token=wrong")[0] == 401
    for target in ("/json", "/osc", "/state", "/view", "/view/renderer", "/json?token=", "/json?token=wrong"):
        with pytest.raises(InvalidStatus) as refused, guarded.open(target):
            pytest.fail("was let in")
        assert refused.value.response.status_code == 401
    with guarded.open(f"/state?token={TOKEN}") as client:
        assert "daemon" not in json.loads(client.recv(timeout=20))


def test_the_page_brings_a_cookie_that_holds_the_token(guarded: Server) -> None:
    status, _, headers = guarded.get(f"/?token={TOKEN}")
    cookie = headers["Set-Cookie"]
    assert status == 200 and "HttpOnly" in cookie and "SameSite=Strict" in cookie
    shown = cookie.partition(";")[0]
    assert guarded.get("/static/app.js", Cookie=shown)[0] == 200
    with guarded.open("/state", additional_headers={"Cookie": shown}) as client:
        assert client.recv(timeout=20)
    assert guarded.get("/", Cookie=f"{access.COOKIE}=wrong")[0] == 401
    assert guarded.get("/", Cookie="\x80=;;;")[0] == 401


def test_a_token_in_the_wish_of_a_bridge_is_no_mistake(guarded: Server) -> None:
    with guarded.open(f"/json?rate=30&token={TOKEN}") as client:
        client.send('{"/artgen/control/gain_db": 3}')
        wait_for(lambda: [value for _, value in guarded.receiver.poll()] == [3.0], what="the value")


def test_beyond_this_machine_there_is_a_token_even_if_nobody_chose_one() -> None:
    tokens = set()
    for _ in range(2):
        with contextlib.closing(Server(host="0.0.0.0")) as server:
            here, *network = server.page.addresses
            assert here.startswith(f"http://127.0.0.1:{server.port}/?token=") and network
            token = here.partition("token=")[2]
            assert len(token) == 12 and all(address.endswith(token) for address in network)
            assert server.get("/")[0] == 401
            assert server.get(f"/?token={token}")[0] == 200
            assert server.page.renderer_address == f"ws://127.0.0.1:{server.port}/view/renderer?token={token}"
            tokens.add(token)
    assert len(tokens) == 2


def test_addresses() -> None:
    assert site.addresses("127.0.0.1", 9103, "") == ["http://127.0.0.1:9103/"]
    assert site.addresses("::1", 9103, "") == ["http://[::1]:9103/"]
    assert site.addresses("10.0.0.7", 9103, "abc") == ["http://10.0.0.7:9103/?token=abc"]
    assert site.addresses("0.0.0.0", 9103, "abc")[0] == "http://127.0.0.1:9103/?token=abc"
    assert view.renderer_address("::", 1, "") == "ws://[::1]:1/view/renderer"
    assert access.is_loopback("localhost") and access.is_loopback("127.0.0.2") and access.is_loopback("::1")
    assert not access.is_loopback("0.0.0.0") and not access.is_loopback("10.0.0.7") and not access.is_loopback("x.org")


def test_the_code_for_a_phone_is_drawn_where_a_phone_can_come(server: Server) -> None:
    assert server.get("/addresses")[1] == {"addresses": server.page.addresses, "phone": None}
    assert server.get("/qr.svg")[0] == 404
    with contextlib.closing(Server(host="0.0.0.0", token=TOKEN)) as wide:
        status, text, headers = wide.get(f"/qr.svg?token={TOKEN}")
        assert status == 200 and headers["Content-Type"] == "image/svg+xml" and "<svg" in text
        assert wide.get(f"/addresses?token={TOKEN}")[1]["phone"] == wide.page.addresses[-1]
    assert "█" in site.qr_text("http://10.0.0.7:9103/?token=abc")
    one = site.addresses("10.0.0.7", 9103, "abc")
    assert site.for_a_phone(one) == one[0] == "http://10.0.0.7:9103/?token=abc"
    assert site.for_a_phone(["http://[::1]:9103/"]) is None


@pytest.mark.parametrize("origin", ["https://example.org", "null", "http://10.0.0.9"])
def test_only_own_pages_may_use_what_changes_something(server: Server, origin: str) -> None:
    for target in ("/state", "/view"):
        with pytest.raises(InvalidStatus) as refused, server.open(target, origin=origin):
            pytest.fail("was let in")
        assert refused.value.response.status_code == 403
    assert server.get("/", "POST", Origin=origin)[0] in (403, 405)


def test_another_name_for_this_machine_is_refused_everywhere(server: Server) -> None:
    for target in ("/", "/static/app.js", "/addresses"):
        assert server.get(target, Host="example.org")[0] == 403


def test_a_websocket_where_none_is(server: Server) -> None:
    with pytest.raises(InvalidStatus) as refused, server.open("/"):
        pytest.fail("was let in")
    assert refused.value.response.status_code == 404 and b"/json and /osc" in refused.value.response.body


def test_the_picture_goes_to_who_asks_and_only_then(server: Server) -> None:
    with server.open("/view/renderer") as renderer:
        assert json.loads(renderer.recv(timeout=20)) == {"watchers": 0}
        with server.open("/view") as page:
            assert json.loads(renderer.recv(timeout=20)) == {"watchers": 1}
            renderer.send(JPEG + b"1")
            assert page.recv(timeout=20) == JPEG + b"1"
            for number in (2, 3, 4):
                renderer.send(JPEG + b"%d" % number)
            with pytest.raises(TimeoutError):
                page.recv(timeout=0.3)
            page.send("next")
            assert page.recv(timeout=20) == JPEG + b"4"
            with server.open("/view") as other:
                assert json.loads(renderer.recv(timeout=20)) == {"watchers": 2}
                assert other.recv(timeout=20) == JPEG + b"4"
        assert [json.loads(renderer.recv(timeout=20))["watchers"] for _ in range(2)] == [1, 0]


def test_the_last_renderer_that_comes_is_shown(server: Server) -> None:
    with server.open("/view/renderer") as first, server.open("/view") as page, server.open("/view/renderer") as second:
        with pytest.raises(ConnectionClosed):
            for _ in range(4):
                first.recv(timeout=20)
        second.send(b"no picture")
        second.send(JPEG)
        assert page.recv(timeout=20) == JPEG


def test_a_page_can_not_pass_for_the_renderer(server: Server) -> None:
    with pytest.raises(InvalidStatus) as refused, server.open("/view/renderer", origin="http://localhost:9103"):
        pytest.fail("was let in")
    assert refused.value.response.status_code == 403


def test_a_picture_that_is_too_large_ends_its_sender_only(server: Server) -> None:
    with server.open("/view") as page, server.open("/view/renderer", max_size=None) as renderer:
        with contextlib.suppress(ConnectionClosed):
            renderer.send(b"\xff\xd8" + bytes(view.MOST_BYTES))
        with server.open("/view/renderer") as second:
            second.send(JPEG)
            assert page.recv(timeout=20) == JPEG


def test_the_renderers_half_sends_what_it_draws(server: Server) -> None:
    frame = np.full((90, 160, 3), (200, 40, 40), np.uint8)
    with contextlib.closing(LiveView(server.page.renderer_address)) as live:
        assert not live.due(time.monotonic())
        with server.open("/view") as page:
            wait_for(lambda: live.due(time.monotonic()), what="a wish")
            live.show(frame)
            assert not live.due(time.monotonic())  # not so soon
            packet = page.recv(timeout=20)
            assert isinstance(packet, bytes)
            image = np.asarray(Image.open(io.BytesIO(packet)))
            assert image.shape == frame.shape and np.abs(image.astype(int) - frame).mean() < 4
        wait_for(lambda: not live.watchers, what="nobody")
        assert not live.due(time.monotonic())
    assert WIDTH >= 320


def test_the_renderers_half_comes_back_to_a_server_that_comes_back() -> None:
    with contextlib.closing(Server()) as server:
        port = server.port
        live = LiveView(server.page.renderer_address)
        with server.open("/view"):
            wait_for(lambda: live.watchers == 1, what="a watcher")
    wait_for(lambda: live.watchers == 0, what="the end")
    receiver = OscReceiver("127.0.0.1", 0, {})
    settings = Config(osc=OscConfig(query_port=0), web=WebConfig(port=port), visuals=VisualsConfig(query_port=0))
    page = open_page(settings, show_table.CONTRACT, receiver)
    assert page
    try:
        with connect(f"ws://127.0.0.1:{port}/view"):
            wait_for(lambda: live.watchers == 1, what="a watcher again")
    finally:
        live.close()
        page.close()
        receiver.close()


def test_the_address_of_the_view(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARTGEN_VIEW", raising=False)
    assert address_of("") == ""
    monkeypatch.setenv("ARTGEN_VIEW", "ws://127.0.0.1:9103/view/renderer?token=x")
    assert address_of("").startswith("ws://127.0.0.1")
    assert address_of("ws://10.0.0.2:9103/view/renderer") == "ws://10.0.0.2:9103/view/renderer"
    with pytest.raises(
        ConfigError, match=r"^visuals.view: 'http://10.0.0.2' is not the address of a view; .* such as ws"
    ):
        address_of("http://10.0.0.2?token=secret")
    LiveView("").close()


def until(client: ClientConnection, wanted: dict[str, Any]) -> None:
    """Read until every value of `wanted` has been told last."""
    known: dict[str, Any] = {}
    end = time.monotonic() + 20
    while not wanted.items() <= known.items():
        assert time.monotonic() < end, known
        known |= json.loads(client.recv(timeout=20))


def test_the_state_is_that_of_daemon_and_renderer_and_follows_them() -> None:
    visuals = (*show_table.VISUALS, *show_table.SENT)
    with (
        contextlib.closing(OscReceiver("127.0.0.1", 0, {})) as receiver,
        contextlib.closing(OscQuery("daemon", "127.0.0.1", 0, receiver, show_table.SENT, show_table.DAEMON)) as daemon,
        contextlib.closing(OscQuery("renderer", "127.0.0.1", 0, receiver, show_table.PAINTED, visuals)) as renderer,
        contextlib.closing(Server(queries=(daemon.port, renderer.port))) as server,
    ):
        settings = show_table.CONTRACT.config({"visuals.speed": 2.0, "mood.freeze": True})
        renderer.publish(show_table.CONTRACT.current(show_table.VISUALS, settings))
        daemon.publish(show_table.CONTRACT.current(show_table.DAEMON, settings))
        with server.open("/state") as page, server.open("/state") as other:
            told = {"daemon": 1, "renderer": 1, "/visuals/speed": 2.0, "/artgen/control/freeze": 1}
            until(page, told)
            until(other, told)
            renderer.publish(
                show_table.CONTRACT.current(
                    show_table.VISUALS, show_table.CONTRACT.replace(settings, "visuals.speed", 3.0)
                )
            )
            until(page, {"/visuals/speed": 3.0})
            port = renderer.port
            renderer.close()
            until(page, {"renderer": 0})
            again = OscQuery("renderer", "127.0.0.1", port, receiver, show_table.PAINTED, visuals)
            again.publish(
                show_table.CONTRACT.current(
                    show_table.VISUALS, show_table.CONTRACT.replace(settings, "visuals.speed", 4.0)
                )
            )
            until(page, {"renderer": 1, "/visuals/speed": 4.0})
            again.close()
        wait_for(lambda: not daemon._clients, what="its end")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A certificate that nobody has signed, and its key."""
    need_programs("openssl")
    folder = tmp_path_factory.mktemp("certificate")
    file, key = str(folder / "show.pem"), str(folder / "show.key")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=10.0.0.7"]
    subprocess.run([*command, "-keyout", key, "-out", file], check=True, capture_output=True)
    return file, key


def test_with_a_certificate_everything_is_encrypted(certificate: tuple[str, str]) -> None:
    file, key = certificate
    with contextlib.closing(Server(token=TOKEN, certificate=file, key=key)) as server:
        assert server.page.addresses == [f"https://127.0.0.1:{server.port}/?token={TOKEN}"]
        trusting = ssl.create_default_context(cafile=file)
        trusting.check_hostname = False
        connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=20, context=trusting)
        connection.request("GET", f"/?token={TOKEN}")
        answer = connection.getresponse()
        assert answer.status == 200 and "Secure" in str(answer.headers["Set-Cookie"])
        connection.close()
        with (
            contextlib.closing(LiveView(server.page.renderer_address)) as live,
            connect(f"wss://127.0.0.1:{server.port}/view?token={TOKEN}", ssl=trusting),
        ):
            wait_for(lambda: live.watchers == 1, what="the renderer's half")
        with pytest.raises((OSError, http.client.HTTPException)):
            server.get("/")


def test_whoever_never_ends_the_handshake_makes_room(
    certificate: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acceptor, "connection_limit", lambda: 16)
    file, key = certificate
    trusting = ssl.create_default_context(cafile=file)
    trusting.check_hostname = False
    with contextlib.closing(Server(certificate=file, key=key)) as server, contextlib.ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port), 20)).sendall(b"\x16\x03")
        start = time.monotonic()
        with connect(f"wss://127.0.0.1:{server.port}/view", ssl=trusting):
            assert time.monotonic() - start < acceptor.HANDSHAKE_S - 1


@pytest.mark.parametrize("what", ["missing", "empty", "no key", "another's key"])
def test_a_certificate_that_is_none(certificate: tuple[str, str], tmp_path: Path, what: str) -> None:
    file, key = certificate
    empty = tmp_path / "empty.pem"
    empty.touch()
    given = {"missing": ("/no/such.pem", key), "empty": (str(empty), key), "no key": (file, "")}
    chosen = given.get(what, (file, file))
    with pytest.raises(
        ConfigError, match=r"^web.certificate: .* can't be used \(.*\); choose a PEM file .*; mkcert makes"
    ):
        access.read_certificate(*chosen)


def test_silent_connections_are_closed(server: Server) -> None:
    quiet = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    quiet.connect()
    start = time.monotonic()
    assert quiet.sock.recv(1) == b""
    assert time.monotonic() - start < 15
    quiet.close()
