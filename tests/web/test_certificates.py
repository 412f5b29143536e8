"""The page's server by https."""

import contextlib
import http.client
import socket
import ssl
import subprocess
import time
from pathlib import Path

import pytest
from websockets.sync.client import connect

from artgen_osc.errors import ConfigError
from artgen_osc.http import acceptor, access
from tests.conftest import need_programs
from tests.support.waiting import wait_for
from tests.support.web import TOKEN, Server
from visuals.outputs.view import LiveView

pytestmark = pytest.mark.slow


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
