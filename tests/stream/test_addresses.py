"""What strangers may send, and what an address may be."""

import base64
import io
import threading
import time
from pathlib import Path

import av
import pytest

from artgen_osc.audio import stream
from artgen_osc.audio.sources import open_source
from artgen_osc.audio.stream_decoder import records
from artgen_osc.cli import main
from tests.fake_sounddevice import failure
from tests.ports import daemon_ports
from tests.radio import Radio, Server, encode, send
from tests.support.streams import MP3, TONE, listening, m3u8
from tests.support.texts import is_told
from tests.support.waiting import wait_for

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "lines",
    [
        ("#EXTINF:2,", "file:///etc/hostname"),
        ("#EXTINF:2,", "file://{local}"),
        ("#EXTINF:2,", "{local}"),
        ("#EXTINF:2,", "concat:file://{local}|file://{local}"),
        ("#EXTINF:2,", "subfile,,start,0,end,0,,:{local}"),
        ("#EXTINF:2,", "crypto:file://{local}"),
        ("#EXT-X-STREAM-INF:BANDWIDTH=1000", "file://{folder}/list.m3u8"),
        ("#EXT-X-STREAM-INF:BANDWIDTH=1000", "{folder}/list.m3u8"),
        ('#EXT-X-MAP:URI="file://{local}"', "#EXTINF:2,", "a.ts"),
        ('#EXT-X-KEY:METHOD=AES-128,URI="file:///etc/hostname"', "#EXTINF:2,", "a.ts"),
    ],
    ids=lambda lines: lines[-1] if lines[-1] != "a.ts" else lines[0][:11],
)
def test_a_playlist_opens_no_file_of_this_machine(server: Server, tmp_path: Path, lines: tuple[str, ...]) -> None:
    sound = encode("mpegts", "aac", TONE)
    local = tmp_path / "local.ts"
    local.write_bytes(sound)
    (tmp_path / "list.m3u8").write_bytes(m3u8("#EXTINF:2,", "local.ts"))
    server.pages["/a.ts"] = sound
    server.pages["/list.m3u8"] = m3u8(*(line.format(local=local, folder=tmp_path) for line in lines))
    assert not [kind for kind, _ in records(server.at("/list.m3u8"), 0.0) if kind == b"S"]
    server.pages["/list.m3u8"] = m3u8("#EXTINF:2,", "a.ts")  # such a one would play
    assert [kind for kind, _ in records(server.at("/list.m3u8"), 0.0) if kind == b"S"]


@pytest.mark.parametrize("place", ["file://{local}", "rtsp://127.0.0.1:1/a", "udp://127.0.0.1:1", "{local}"])
def test_no_way_leads_from_http_to_another_protocol(server: Server, tmp_path: Path, place: str) -> None:
    local = tmp_path / "local.wav"
    local.write_bytes(encode("wav", "pcm_s16le", TONE))

    def elsewhere(request) -> None:
        request.send_response(302)
        request.send_header("Location", place.format(local=local))
        request.end_headers()

    server.pages["/a"] = elsewhere
    assert [kind for kind, _ in records(server.at("/a"), 0.0)] == [b"E"]


def test_a_redirection_within_http_is_followed(server: Server) -> None:
    def elsewhere(request) -> None:
        request.send_response(302)
        request.send_header("Location", server.at("/b"))
        request.end_headers()

    server.pages |= {"/a": elsewhere, "/b": MP3}
    assert [*records(server.at("/a"), 0.0)][-1] == (b"E", b"")


def test_a_list_of_files_of_another_kind_is_refused(server: Server) -> None:
    server.pages |= {"/a": b"ffconcat version 1.0\nfile b.mp3\n", "/b.mp3": MP3}
    assert [*records(server.at("/a"), 0.0)] == [(b"E", b"no sound that can be decoded is found there")]


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("url:", "is no address by http"),
        ("url:example.com/a", "is no address by http"),
        ("url:file:///etc/hostname", "is no address by http"),
        ("url:http://", "is no address by http"),
        ("url:http://[::1/a", "is no address by http"),
        ("url:http://127.0.0.1:99999/a", "is no address by http"),
        ("url:http://nowhere.invalid/a", "the host nowhere.invalid is not known"),
        ("url:http://127.0.0.1:1/a", "Connection refused"),
        ("url:{server}/absent", "404 Not Found"),
        ("url:{server}/text", "no sound that can be decoded"),
        ("url:{server}/picture", "there is no sound in it"),
        ("url:{server}/private", "401 Unauthorized"),
    ],
)
def test_bad_addresses_are_one_line_at_the_start(
    server: Server, capsys: pytest.CaptureFixture[str], spec: str, words: str
) -> None:
    server.pages |= {"/text": b"<html>nothing here</html>" * 100, "/picture": _picture(), "/private": _private}
    start = time.monotonic()
    status = main(
        [
            "daemon",
            "--mute",
            *daemon_ports(),
            "--input",
            spec.format(server=server.at("")),
        ]
    )
    assert status == 2 and time.monotonic() - start < stream.OPENING
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line and line.startswith("artgen: url:") and is_told(line.removeprefix("artgen: "))


def _picture() -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="mpegts") as container:
        video = container.add_stream("mpeg2video", rate=25)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        for _ in range(30):
            container.mux(video.encode(av.VideoFrame(64, 64, "yuv420p")))
        container.mux(video.encode(None))
    return file.getvalue()


def _private(request) -> None:
    wanted = "Basic " + base64.b64encode(b"me:secret").decode()
    if request.headers.get("Authorization") == wanted:
        send(request, MP3)
    else:
        request.send_response(401)
        request.send_header("WWW-Authenticate", 'Basic realm="x"')
        request.end_headers()


def test_who_never_answers_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "OPENING", 1.0)
    over = threading.Event()
    server.pages["/a"] = lambda request: over.wait(60)
    start = time.monotonic()
    text = failure(lambda: open_source(f"url:{server.at('/a')}"))
    assert "no sound came within 1 s" in text and time.monotonic() - start < 20.0
    over.set()


def test_passwords_are_never_shown(server: Server, radio: Radio, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    place = f"127.0.0.1:{server.port}"
    server.pages["/private"] = _private
    with listening(f"http://me:secret@{place}/private?token=secret") as listener:
        listener.hears(0.2)
        assert listener.source.name == f"url:http://…@{place}/private?…"
    with listening(f"http://me:secret@{place}/live?token=secret") as listener:
        radio.drop()
        wait_for(lambda: listener.source.reconnects > 0)
    assert "the sound stopped" in caplog.text and "secret" not in caplog.text
    wrong = failure(lambda: open_source(f"url:http://me:secret2@{place}/private"))
    forgotten = failure(lambda: open_source(f"http://me:secret@{place}/private"))
    assert "401" in wrong and "secret" not in wrong
    assert "write url: before it" in forgotten and "secret" not in forgotten


def test_without_pyav_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream.importlib.util, "find_spec", lambda name: None)
    text = failure(lambda: open_source("url:http://127.0.0.1:1/a"))
    assert text == "PyAV: isn't installed; it is needed for url:ADDRESS; pip install 'artgen-osc[stream]'"
