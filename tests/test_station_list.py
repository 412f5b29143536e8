"""Links to radios as they are given: lists of stations, and https with a certificate."""

import base64
import contextlib
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from artgen_osc.audio.station_list import stations
from artgen_osc.audio.stream_decoder import RATE, records
from tests import signals
from tests.conftest import need_programs
from tests.radio import Server, encode, send

MP3 = encode("mp3", "libmp3lame", signals.music(2.0, RATE))


@pytest.fixture
def server() -> Iterator[Server]:
    with contextlib.closing(Server()) as server:
        server.pages["/song.mp3"] = MP3
        yield server


def seconds(address: str) -> float:
    """The sound that comes from an address."""
    return sum(len(content) for kind, content in records(address, 0.0) if kind == b"S") / 8 / RATE


def end(address: str) -> str:
    """Why an address gives no sound."""
    ((kind, why),) = records(address, 0.0)
    assert kind == b"E"
    return why.decode()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[playlist]\nNumberOfEntries=2\nFile1=http://a/1\nTitle1=http://no\nFILE2 = https://b\n", ["http://a/1", "https://b"]),
        ("\ufeff[Playlist]\r\nfile1=icecast://a:8000/x\r\n", ["icecast://a:8000/x"]),
        ("#EXTM3U\n#EXTINF:-1,A station\nhttp://a/1 \n\n  http://b\n", ["http://a/1", "http://b"]),
        ("http://a", ["http://a"]),
        ("[playlist]\nFile1=/etc/hostname\nFile2=file:///etc/hostname\nFile3=concat:http://a\n", []),
        ("#EXTM3U\nsong.mp3\nfile:///etc/hostname\nrtmp://a\n", []),
        ("<html>http://a</html>", []),
        ("", []),
    ],
)  # fmt: skip
def test_the_addresses_of_a_list(text: str, found: list[str]) -> None:
    assert stations(text) == found


@pytest.mark.parametrize("form", ["[playlist]\nFile1={0}\nFile2={1}\n", "#EXTM3U\n{0}\n{1}\n"])
def test_the_first_station_that_works_is_heard(server: Server, form: str) -> None:
    server.pages["/list"] = form.format(server.at("/absent"), server.at("/song.mp3")).encode()
    assert seconds(server.at("/list")) == pytest.approx(2.0, abs=0.1)
    assert [path for _, path in server.asked][-2:] == ["/absent", "/song.mp3"]


def test_a_list_without_a_station_that_works(server: Server) -> None:
    server.pages["/list"] = f"[playlist]\nFile1={server.at('/absent')}\n".encode()
    assert "404" in end(server.at("/list"))
    server.pages["/again"] = server.at("/again").encode()  # a list of lists is followed no further
    assert end(server.at("/again")) == "no sound that can be decoded is found there"
    assert [path for _, path in server.asked].count("/again") == 3


def test_a_list_behind_a_password(server: Server) -> None:
    def private(request: BaseHTTPRequestHandler) -> None:
        wanted = f"Basic {base64.b64encode(b'me:s@cret').decode()}"
        if request.headers.get("Authorization") == wanted:
            send(request, server.at("/song.mp3").encode())
        else:
            request.send_response(401)
            request.send_header("WWW-Authenticate", 'Basic realm="x"')
            request.end_headers()

    server.pages["/list"] = private
    assert seconds(server.at("/list").replace("//", "//me:s%40cret@")) == pytest.approx(2.0, abs=0.1)
    server.pages["/list"] = b"nothing"
    assert end(server.at("/list").replace("//", "//me:s%40cret@")) == "no sound that can be decoded is found there"


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[str, str]:
    """A certificate for this machine that nobody has signed, and its key."""
    need_programs("openssl")
    file, key = str(tmp_path / "a.pem"), str(tmp_path / "a.key")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-out", file, "-keyout", key]
    subprocess.run(command, check=True, capture_output=True)
    return file, key


def test_https_needs_a_certificate_that_is_trusted(
    certificate: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with contextlib.closing(Server(certificate)) as server:
        server.pages |= {"/song.mp3": MP3, "/list.pls": f"[playlist]\nFile1={server.at('/song.mp3')}\n".encode()}
        assert end(server.at("/song.mp3")).startswith("the certificate of 127.0.0.1 is not trusted: self")
        assert "/song.mp3" not in [path for _, path in server.asked]
        monkeypatch.setenv("SSL_CERT_FILE", certificate[0])
        assert seconds(server.at("/song.mp3")) == pytest.approx(2.0, abs=0.1)
        assert seconds(server.at("/list.pls")) == pytest.approx(2.0, abs=0.1)


def test_a_codec_that_is_not_known(server: Server) -> None:
    wav = bytearray(encode("wav", "pcm_s16le", signals.music(0.5, RATE)))
    place = wav.index(b"fmt ") + 8
    wav[place : place + 2] = b"\x34\x12"
    server.pages["/a.wav"] = bytes(wav)
    assert end(server.at("/a.wav")) == "the codec of its sound is not known"
