"""Files over the network that end when they end, from servers that say less than they should."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler

import numpy as np
import pytest
import soundfile

from artgen_osc.audio.sources import open_source
from artgen_osc.audio.stream import StreamSource
from artgen_osc.audio.stream_decoder import RATE, records
from tests import signals
from tests.radio import Server, encode
from tests.support.waiting import wait_for
from tests.test_sound_file import with_picture

pytestmark = pytest.mark.slow

MUSIC = signals.music(3.0, RATE)
MP3 = encode("mp3", "libmp3lame", MUSIC)


@pytest.fixture
def server() -> Iterator[Server]:
    with contextlib.closing(Server()) as server:
        yield server


def without_length(content: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    """Answers as simple servers do: a body that ends with the connection."""

    def page(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        request.wfile.write(content)

    return page


def in_chunks(content: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    def page(request: BaseHTTPRequestHandler) -> None:
        request.protocol_version = "HTTP/1.1"
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        for first in range(0, len(content), 5000):
            part = content[first : first + 5000]
            request.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        request.wfile.write(b"0\r\n\r\n")
        request.close_connection = True

    return page


def seconds(address: str) -> float:
    """What comes from one opening."""
    return sum(len(content) for kind, content in records(address, 0.0) if kind == b"S") / 8 / RATE


def chained(folder) -> bytes:
    parts = []
    for number, (sound, rate) in enumerate(
        ((MUSIC[:RATE, 0], RATE), (MUSIC[RATE:], RATE), (signals.music(1.0, 22050), 22050))
    ):
        soundfile.write(folder / f"{number}.ogg", sound, rate)
        parts.append((folder / f"{number}.ogg").read_bytes())
    return b"".join(parts)


@pytest.mark.parametrize("answer", [without_length, in_chunks])
@pytest.mark.parametrize("form", ["chained", "flac", "mp3", "m3u8"])
def test_it_ends_when_it_ends(server: Server, tmp_path, form: str, answer, caplog: pytest.LogCaptureFixture) -> None:
    expected = 3.0
    if form == "m3u8":
        for name, part in (("a", MUSIC[:RATE]), ("b", MUSIC[RATE : 2 * RATE])):
            server.pages[f"/{name}.ts"] = answer(encode("mpegts", "aac", part))
        lines = ("#EXTM3U", "#EXT-X-TARGETDURATION:3", "#EXTINF:1,", "a.ts", "#EXT-X-DISCONTINUITY", "#EXTINF:1,")
        content, expected = "\n".join((*lines, "b.ts", "#EXT-X-ENDLIST")).encode(), 2.0
    else:
        content = {"chained": chained(tmp_path), "flac": encode("flac", "flac", MUSIC), "mp3": MP3}[form]
        expected += form == "chained"
    server.pages[f"/a.{form}"] = answer(content)
    start = time.monotonic()
    with open_source(f"url:{server.at(f'/a.{form}')}", mute=True) as source:
        heard = sum(len(block.samples) for block in source.blocks()) / RATE
    assert heard == pytest.approx(expected, abs=0.1)
    assert time.monotonic() - start < expected + 30.0
    assert source.reconnects <= 1 and not caplog.records


def test_songs_of_different_forms_in_one_stream(server: Server, tmp_path) -> None:
    server.pages["/a.ogg"] = chained(tmp_path)
    assert seconds(server.at("/a.ogg")) == pytest.approx(4.0, abs=0.05)


def test_a_damaged_song_in_a_chain_costs_that_song(server: Server, tmp_path) -> None:
    songs = chained(tmp_path).split(b"OggS\0\x02")
    second = bytearray(songs[2])
    second[60:90] = bytes(30)  # in the headers, without which nothing of it can be decoded
    server.pages["/a.ogg"] = b"OggS\0\x02".join((*songs[:2], bytes(second), *songs[3:]))
    assert 1.9 < seconds(server.at("/a.ogg")) < 2.5


def test_a_live_stream_that_says_nothing_of_itself_is_opened_again(server: Server) -> None:
    """Other sound after it has ended: no file, but a station."""
    parts = [encode("mp3", "libmp3lame", signals.song(2.0, RATE, seed=seed)[:, None].repeat(2, 1)) for seed in range(9)]
    rest = iter(parts)
    server.pages["/live"] = lambda request: without_length(next(rest))(request)
    with open_source(f"url:{server.at('/live')}", mute=True) as source:
        assert isinstance(source, StreamSource)
        taken: list[int] = []
        ended = threading.Event()

        def listen() -> None:
            taken.extend(len(block.samples) for block in source.blocks())
            ended.set()

        thread = threading.Thread(target=listen)
        thread.start()
        wait_for(lambda: source.reconnects >= 2)
        assert not ended.is_set()
        source.close()
        thread.join(30)
    assert sum(taken) > 2.5 * RATE


@pytest.mark.parametrize("address", ["{}", "#EXTM3U\n{}\n", "[playlist]\nFile1={}\n"])
def test_lists_of_stations_from_such_servers(server: Server, address: str) -> None:
    server.pages |= {
        "/song.mp3": without_length(MP3),
        "/list": without_length(address.format(server.at("/song.mp3")).encode()),
    }
    assert seconds(server.at("/list")) == pytest.approx(3.0, abs=0.1)


def test_a_list_may_name_what_is_beside_it(server: Server) -> None:
    server.pages |= {"/a/my%20song.mp3": MP3, "/a/list": b"#EXTM3U\n#EXTINF:3,My song\nmy song.mp3\n"}
    assert seconds(server.at("/a/list")) == pytest.approx(3.0, abs=0.1)
    server.pages["/b/list.m3u"] = b"../a/my%20song.mp3"
    assert seconds(server.at("/b/list.m3u")) == pytest.approx(3.0, abs=0.1)


def test_capitals_in_an_address(server: Server) -> None:
    server.pages["/song.mp3"] = MP3
    for scheme in ("HTTP", "IceCast"):
        assert seconds(server.at("/song.mp3").replace("http", scheme)) == pytest.approx(3.0, abs=0.1)


@pytest.mark.parametrize(
    ("form", "codec", "picture"),
    [("mp4", "aac", "mpeg4"), ("mpegts", "aac", "mpeg2video"), ("mp3", "libmp3lame", "mjpeg")],
)
def test_sound_beside_pictures(server: Server, form: str, codec: str, picture: str) -> None:
    server.pages["/a"] = with_picture(form, codec, picture)
    assert seconds(server.at("/a")) == pytest.approx(2.0, abs=0.1)


def test_a_playlist_of_variants_fetches_one(server: Server) -> None:
    server.pages["/a.ts"] = with_picture("mpegts", "aac", "mpeg2video")
    segments = b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\na.ts\n#EXT-X-ENDLIST\n"
    variants = b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n1.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=2\n2.m3u8\n"
    server.pages |= {"/1.m3u8": segments, "/2.m3u8": segments, "/all.m3u8": variants}
    assert seconds(server.at("/all.m3u8")) == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("channels", [6, 32])
def test_many_channels(server: Server, tmp_path, channels: int) -> None:
    sound = np.repeat(signals.tone(440.0, 1.0, 0.99, RATE)[:, None], channels, axis=1)
    soundfile.write(tmp_path / "a.wav", sound, RATE)
    server.pages["/a.wav"] = (tmp_path / "a.wav").read_bytes()
    heard = b"".join(content for kind, content in records(server.at("/a.wav"), 0.0) if kind == b"S")
    samples = np.frombuffer(heard, np.float32)
    assert len(samples) == 2 * RATE and np.abs(samples).max() == pytest.approx(0.99, abs=0.01)


@pytest.mark.parametrize(("encoding", "title"), [("cp1251", "Кино - Группа крови"), ("cp932", "椎名林檎 - 丸の内")])
def test_titles_of_stations_in_other_encodings(server: Server, encoding: str, title: str) -> None:
    data = b"StreamTitle='" + title.encode(encoding) + b"';"

    def station(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("icy-metaint", "8000")
        request.end_headers()
        for first in range(0, len(MP3) - 8000, 8000):
            blocks = -(-len(data) // 16)
            request.wfile.write(MP3[first : first + 8000] + bytes([blocks]) + data.ljust(16 * blocks, b"\0"))

    server.pages["/live"] = station
    assert title.encode() in [content for kind, content in records(server.at("/live"), 0.0) if kind == b"T"]
