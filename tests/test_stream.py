"""Streams from real servers on this machine: sound, pace, titles, breaks, and what strangers may send."""

import base64
import contextlib
import io
import itertools
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from artgen_osc.audio import stream
from artgen_osc.audio.sources import AudioBlock, open_source
from artgen_osc.audio.stream import StreamSource
from artgen_osc.audio.stream_decoder import RATE, Sound, records
from artgen_osc.cli import main
from artgen_osc.osc.receiver import capture
from artgen_osc.oscquery.server import OscQuery
from artgen_osc.runtime.throttle import Throttle
from tests import signals
from tests.fake_sounddevice import failure
from tests.ports import daemon_ports, free_port
from tests.radio import Radio, Server, encode, rtsp, send
from tests.support.daemons import RunningDaemon
from tests.support.texts import is_told
from tests.support.waiting import wait_for

pytestmark = pytest.mark.slow

MUSIC = signals.music(6.0, RATE)
TONE = np.repeat(signals.tone(440.0, 2.0, 0.5, RATE)[:, None], 2, axis=1)
MP3 = encode("mp3", "libmp3lame", MUSIC)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def radio(server: Server) -> Iterator[Radio]:
    station = Radio(MP3)
    server.pages["/live"] = station
    yield station
    station.silent = False
    station.drop()


class Listener:
    """Takes a source's blocks on a thread, as the daemon does."""

    def __init__(self, source: StreamSource) -> None:
        self.source = source
        self.blocks: list[tuple[float, AudioBlock]] = []
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        for block in self.source.blocks():
            self.blocks.append((time.monotonic(), block))
        self.ended.set()

    def sound(self, since: float = 0.0) -> np.ndarray:
        return np.concatenate([np.zeros((0, 2)), *(block.samples for at, block in self.blocks if at >= since)])

    def hears(self, seconds: float = 0.5) -> None:
        """Wait until so much sound has come from now on."""
        since = time.monotonic()
        wait_for(lambda: len(self.sound(since)) > seconds * RATE and self.sound(since).std() > 0.01)

    def lost(self) -> int:
        return sum(block.dropped for _, block in self.blocks)

    def close(self) -> None:
        self.source.close()
        self._thread.join(5)
        assert self.ended.is_set()


@contextlib.contextmanager
def listening(address: str) -> Iterator[Listener]:
    with open_source(f"url:{address}", mute=True) as source:
        assert isinstance(source, StreamSource)
        listener = Listener(source)
        try:
            yield listener
        finally:
            listener.close()
    assert not source._thread.is_alive() and source._process.returncode is not None


# Files


@pytest.mark.parametrize(("form", "codec"), [("wav", "pcm_s16le"), ("ogg", "libopus"), ("mp3", "libmp3lame")])
def test_a_file_is_paced_and_ends(server: Server, form: str, codec: str) -> None:
    rate = 48000 if codec == "libopus" else RATE
    server.pages["/a"] = encode(form, codec, TONE, rate, artist="Someone", title="Something")
    with listening(server.at("/a")) as listener:
        start = time.monotonic()
        assert listener.ended.wait(15)
        assert time.monotonic() - start > len(listener.sound()) / RATE - 0.1
        sound = listener.sound()
        seconds = len(TONE) / rate
        assert len(sound) / RATE == pytest.approx(seconds, abs=0.1)
        assert np.abs(sound[RATE // 2 : RATE]).max() == pytest.approx(0.5, abs=0.05)
        assert listener.lost() == 0 and listener.source.reconnects == 0
        assert listener.source.title == "Someone - Something"


def test_a_file_that_breaks_off_goes_on_where_it_was(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    file = encode("wav", "pcm_s16le", MUSIC)
    listeners: list[Listener] = []

    def page(request) -> None:
        whole = listeners and listeners[0].source.reconnects
        send(request, file, None if whole else len(file) // 2)

    server.pages["/a"] = page
    with listening(server.at("/a")) as listener:
        listeners.append(listener)
        assert listener.ended.wait(20)
        assert len(listener.sound()) / RATE == pytest.approx(6.0, abs=0.2)
        assert listener.source.reconnects == 1
        assert np.abs(listener.sound()[-RATE:] - MUSIC[-RATE:]).max() < 0.01
    assert caplog.text.count("the sound stopped (the connection broke)") == 1


def test_mono_is_as_loud_as_in_the_file(server: Server) -> None:
    frame = av.AudioFrame.from_ndarray(TONE[:, :1].T.copy(), format="flt", layout="mono")
    frame.sample_rate = RATE
    sound = Sound().push(frame)
    assert np.abs(sound - TONE[: len(sound)]).max() < 1e-6


def test_rate_and_channels_may_change(server: Server) -> None:
    sound = Sound()
    parts = []
    for rate, layout in ((22050, "mono"), (48000, "stereo"), (48000, "5.1")):
        channels = {"mono": 1, "stereo": 2, "5.1": 6}[layout]
        tone = signals.tone(440.0, 1.0, 0.5, rate)
        frame = av.AudioFrame.from_ndarray(np.repeat(tone[None], channels, axis=0), format="fltp", layout=layout)
        frame.sample_rate = rate
        parts.append(sound.push(frame))
    samples = np.concatenate(parts)
    assert len(samples) == pytest.approx(3 * RATE, abs=200)
    for second in (0, 1, 2):
        middle = samples[round((second + 0.25) * RATE) :][: RATE // 2, 0]
        assert np.argmax(np.abs(np.fft.rfft(middle))) == 220
    assert np.abs(samples).max() <= 1.0


def test_a_stream_that_changes_its_rate(server: Server) -> None:
    parts = [
        encode("mp3", "libmp3lame", np.repeat(signals.tone(440.0, 2.0, 0.5, rate)[:, None], 2, 1), rate)
        for rate in (RATE, 22050)
    ]
    server.pages["/a"] = b"".join(parts)
    sound = b"".join(content for kind, content in records(server.at("/a"), 0.0) if kind == b"S")
    samples = np.frombuffer(sound, np.float32).reshape(-1, 2)[:, 0]
    assert len(samples) / RATE == pytest.approx(4.0, abs=0.2)
    for second in (0.5, 3.0):
        assert np.argmax(np.abs(np.fft.rfft(samples[round(second * RATE) :][: RATE // 2]))) == 220


def test_samples_that_are_no_numbers_are_silence() -> None:
    frame = av.AudioFrame.from_ndarray(np.full((1, 64), np.nan, np.float32), format="flt", layout="stereo")
    frame.sample_rate = RATE
    assert not Sound().push(frame).any()


# A station


def test_a_station_with_titles_and_bounded_delay(server: Server, radio: Radio) -> None:
    with listening(server.at("/live")) as listener:
        listener.hears()
        assert listener.source.title == "First"
        radio.title = "Zweité - Song; it's 100%".encode()
        wait_for(lambda: listener.source.title == "Zweité - Song; it's 100%")
        radio.title = "Fünf".encode("latin-1")
        wait_for(lambda: listener.source.title == "Fünf")
        radio.title = b"a\x1b[31m\x07" + b"b" * 999
        wait_for(lambda: listener.source.title.startswith("a [31m b"))
        assert len(listener.source.title) == 200
        radio.title = b""
        wait_for(lambda: listener.source.title == "")
        # Three seconds were sent ahead.
        assert len(listener.source._waiting) < stream.LATENCY * RATE
        assert listener.lost() == 0
        gaps = [b - a for (a, _), (b, _) in itertools.pairwise(listener.blocks)]
        assert max(gaps) < 0.25


def test_a_station_that_breaks_off_is_silence_until_it_is_back(
    server: Server, radio: Radio, caplog: pytest.LogCaptureFixture
) -> None:
    with listening(server.at("/live")) as listener:
        listener.hears()
        radio.down = True
        radio.drop()
        wait_for(lambda: not len(listener.blocks[-1][1].samples))
        since = time.monotonic()
        time.sleep(2.0)
        assert not len(listener.sound(since))
        quiet = [block for at, block in listener.blocks if at >= since]
        assert 15 <= len(quiet) <= 25  # one each 0.1 s
        radio.down = False
        listener.hears()
        times = [block.time for _, block in listener.blocks]
        assert times == sorted(times) and times[-1] == pytest.approx(time.monotonic() - listener.blocks[0][0], abs=0.5)
        assert listener.source.reconnects >= 2
    words = [record.getMessage() for record in caplog.records]
    assert len(words) == 2 and "the sound stopped" in words[0] and words[1].endswith("the sound is back")


def test_attempts_become_rare(server: Server, radio: Radio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "FIRST_WAIT", 0.2)
    monkeypatch.setattr(stream, "LONGEST_WAIT", 0.8)
    with listening(server.at("/live")):
        radio.down = True
        radio.drop()
        before = len(server.asked)
        wait_for(lambda: len(server.asked) >= before + 5)
    times = [at for at, _ in server.asked[before:]]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    for gap, wait in zip(gaps, (0.4, 0.8, 0.8, 0.8), strict=False):
        assert wait < gap < wait + 10.0, "a busy machine is late, and never early"


def test_a_station_that_says_nothing_more_is_called_again(
    server: Server, radio: Radio, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(stream, "STALL", 1.0)
    with listening(server.at("/live")) as listener:
        listener.hears()
        radio.silent = True
        wait_for(lambda: listener.source.reconnects > 0)
        radio.silent = False
        listener.hears()
    assert "nothing came for 1 s" in caplog.text


def test_a_station_that_is_too_fast_is_caught_up_with(server: Server, radio: Radio) -> None:
    with listening(server.at("/live")) as listener:
        listener.hears()
        radio.pace = 3.0
        wait_for(lambda: listener.lost() > 0)
        for _ in range(20):
            assert len(listener.source._waiting) <= stream.LATENCY * RATE
            time.sleep(0.02)
        # One cut, of what is more than is kept.
        assert listener.lost() >= (stream.LATENCY - stream.BEHIND) * RATE


def test_a_decoder_that_crashes_is_started_again(
    server: Server, radio: Radio, caplog: pytest.LogCaptureFixture
) -> None:
    with listening(server.at("/live")) as listener:
        listener.hears()
        crashed = listener.source._process
        crashed.kill()
        wait_for(lambda: listener.source.reconnects == 1)
        listener.hears()
        assert listener.source._process is not crashed
    assert "the decoder crashed" in caplog.text


def test_songs_of_an_ogg_stream_change_the_title(server: Server) -> None:
    songs = [encode("ogg", "libopus", TONE, 48000, title=name) for name in ("One", "Two")]
    server.pages["/a.ogg"] = b"".join(songs)
    found = [*records(server.at("/a.ogg"), 0.0)]
    assert [content for kind, content in found if kind == b"T"] == [b"One", b"Two"]
    frames = sum(len(content) // 8 for kind, content in found if kind == b"S")
    assert frames / RATE == pytest.approx(2 * len(TONE) / 48000, abs=0.1)


# HLS and RTSP


def test_a_playlist_that_ends(server: Server) -> None:
    for name, part in (("a", MUSIC[:RATE]), ("b", MUSIC[RATE : 2 * RATE])):
        server.pages[f"/{name}.ts"] = encode("mpegts", "aac", part)
    server.pages["/list.m3u8"] = _playlist("#EXTINF:1,", "a.ts", "#EXT-X-DISCONTINUITY", "#EXTINF:1,", "b.ts")
    with listening(server.at("/list.m3u8")) as listener:
        assert listener.ended.wait(15)
        assert len(listener.sound()) / RATE == pytest.approx(2.0, abs=0.2)


def test_a_live_playlist(server: Server) -> None:
    segment = encode("mpegts", "aac", MUSIC[:RATE])
    start = time.monotonic()

    def playlist(request) -> None:
        newest = 3 + int(time.monotonic() - start)
        lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:1", f"#EXT-X-MEDIA-SEQUENCE:{newest - 3}"]
        for number in range(newest - 3, newest):
            server.pages[f"/{number}.ts"] = segment
            lines += ["#EXT-X-DISCONTINUITY", "#EXTINF:1,", f"{number}.ts"]
        send(request, "\n".join(lines).encode())

    server.pages["/live.m3u8"] = playlist
    with listening(server.at("/live.m3u8")) as listener:
        listener.hears(4.0)
        assert listener.lost() == 0 and listener.source.reconnects == 0


def test_rtsp() -> None:
    with rtsp(MUSIC[: 2 * RATE]) as address, listening(address) as listener:
        listener.hears(1.0)
        wait_for(lambda: listener.source.reconnects == 1)
        listener.hears(1.0)


# What strangers may send


def _playlist(*lines: str) -> bytes:
    return "\n".join(("#EXTM3U", "#EXT-X-TARGETDURATION:3", *lines, "#EXT-X-ENDLIST")).encode()


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
    (tmp_path / "list.m3u8").write_bytes(_playlist("#EXTINF:2,", "local.ts"))
    server.pages["/a.ts"] = sound
    server.pages["/list.m3u8"] = _playlist(*(line.format(local=local, folder=tmp_path) for line in lines))
    assert not [kind for kind, _ in records(server.at("/list.m3u8"), 0.0) if kind == b"S"]
    server.pages["/list.m3u8"] = _playlist("#EXTINF:2,", "a.ts")  # such a one would play
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


def test_damage_is_skipped(server: Server) -> None:
    damaged = bytearray(MP3)
    noise = np.random.default_rng(0)
    for place in range(10_000, len(MP3), 10_000):
        damaged[place : place + 300] = noise.bytes(300)
    server.pages["/a"] = bytes(damaged)
    found = [*records(server.at("/a"), 0.0)]
    assert found[-1] == (b"E", b"")
    assert sum(len(content) // 8 for kind, content in found if kind == b"S") > 4 * RATE


# Addresses that don't work


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
    server.pages["/a"] = lambda request: over.wait(10)
    start = time.monotonic()
    text = failure(lambda: open_source(f"url:{server.at('/a')}"))
    assert "no sound came within 1 s" in text and time.monotonic() - start < 4.0
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


# The process


def test_a_decoder_that_can_not_be_started_is_tried_again(
    server: Server, radio: Radio, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(stream, "Throttle", lambda: Throttle(every=0.0))
    with listening(server.at("/live")) as listener:
        real = subprocess.Popen
        failing = iter([True])

        def popen(*words, **options):
            if next(failing, False):
                raise OSError(12, "Cannot allocate memory")
            return real(*words, **options)

        monkeypatch.setattr(stream.subprocess, "Popen", popen)
        radio.drop()
        wait_for(lambda: listener.source.reconnects == 2)
        listener.hears()
    assert "Cannot allocate memory" in caplog.text


def test_the_decoder_ends_with_the_show(server: Server, radio: Radio) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "artgen_osc.audio.stream_decoder"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdin and process.stdout
        process.stdin.write(f'{{"address": "{server.at("/live")}", "start": 0}}\n'.encode())
        process.stdin.flush()
        assert process.stdout.read(1) == b"O"
        process.stdin.close()
        assert process.wait(5) == 1


def test_a_stream_is_heard_as_a_file_is(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    pushed = []

    class Player:
        def __init__(self, sample_rate: int) -> None:
            assert sample_rate == RATE

        def put(self, samples: np.ndarray) -> None:
            pushed.append(samples)

        def close(self) -> None:
            pushed.append(None)

    monkeypatch.setattr("artgen_osc.audio.playback.Player", Player)
    server.pages["/a"] = encode("wav", "pcm_s16le", MUSIC[:RATE])
    with open_source(f"url:{server.at('/a')}") as source:
        heard = sum(len(block.samples) for block in source.blocks())
    assert pushed.pop() is None and sum(map(len, pushed)) == heard == RATE


def test_the_show_goes_on_through_a_gap(server: Server, radio: Radio, monkeypatch: pytest.MonkeyPatch) -> None:
    with capture() as listener:
        address = f"url:http://me:secret@127.0.0.1:{server.port}/live"
        shown: list[object] = []
        publish = OscQuery.publish
        monkeypatch.setattr(OscQuery, "publish", lambda query, values: shown.extend(values) or publish(query, values))
        running = RunningDaemon(
            {"audio.input": address, "osc.targets": [f"127.0.0.1:{listener.port}"], "osc.query_port": free_port()}
        )

        def loudest(seconds: float) -> float:
            messages = [message for _, message in listener.read(seconds)]
            heard.extend(messages)
            return max(message.arguments[0] for message in messages if message.path == "/artgen/level_db")

        heard: list = []
        with running:
            loudest(1.0)
            assert loudest(1.0) > -40
            radio.down = True
            radio.drop()
            loudest(2.5)
            assert loudest(0.5) < -80
            radio.down = False
            radio.title = b"Later"
            loudest(4.0)
            assert loudest(1.0) > -40
    titles = [message.arguments[0] for message in heard if message.path == "/artgen/title"]
    assert titles[0] == "First" and titles[-1] == "Later"
    hops = sum(message.path == "/artgen/energy" for message in heard)
    assert hops == pytest.approx(10 * 86, rel=0.1)
    assert shown and "secret" not in str(shown)
