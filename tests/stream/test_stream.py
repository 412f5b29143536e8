"""Streams from real servers on this machine: sound, pace, titles, breaks."""

import itertools
import subprocess
import sys
import time

import av
import numpy as np
import pytest

from artgen_osc.audio import stream
from artgen_osc.audio.sources import open_source
from artgen_osc.audio.stream_decoder import RATE, Sound, records
from artgen_osc.osc.receiver import capture
from artgen_osc.oscquery.server import OscQuery
from artgen_osc.runtime.throttle import Throttle
from tests import signals
from tests.ports import free_port
from tests.radio import Radio, Server, encode, rtsp, send
from tests.support.daemons import RunningDaemon
from tests.support.streams import MP3, MUSIC, TONE, Listener, listening, m3u8
from tests.support.waiting import wait_for

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("form", "codec"), [("wav", "pcm_s16le"), ("ogg", "libopus"), ("mp3", "libmp3lame")])
def test_a_file_is_paced_and_ends(server: Server, form: str, codec: str) -> None:
    rate = 48000 if codec == "libopus" else RATE
    server.pages["/a"] = encode(form, codec, TONE, rate, artist="Someone", title="Something")
    with listening(server.at("/a")) as listener:
        start = time.monotonic()
        assert listener.ended.wait(60)
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
        assert max(gaps) < 2.0, "it never stops; a busy machine may be late"


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
        assert 5 <= len(quiet) <= 25  # one each 0.1 s, or later on a busy machine
        radio.down = False
        listener.hears()
        times = [block.time for _, block in listener.blocks]
        assert times == sorted(times) and times[-1] == pytest.approx(time.monotonic() - listener.blocks[0][0], abs=1.0)
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


def test_a_playlist_that_ends(server: Server) -> None:
    for name, part in (("a", MUSIC[:RATE]), ("b", MUSIC[RATE : 2 * RATE])):
        server.pages[f"/{name}.ts"] = encode("mpegts", "aac", part)
    server.pages["/list.m3u8"] = m3u8("#EXTINF:1,", "a.ts", "#EXT-X-DISCONTINUITY", "#EXTINF:1,", "b.ts")
    with listening(server.at("/list.m3u8")) as listener:
        assert listener.ended.wait(60)
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


def test_damage_is_skipped(server: Server) -> None:
    damaged = bytearray(MP3)
    noise = np.random.default_rng(0)
    for place in range(10_000, len(MP3), 10_000):
        damaged[place : place + 300] = noise.bytes(300)
    server.pages["/a"] = bytes(damaged)
    found = [*records(server.at("/a"), 0.0)]
    assert found[-1] == (b"E", b"")
    assert sum(len(content) // 8 for kind, content in found if kind == b"S") > 4 * RATE


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
        assert process.wait(30) == 1


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
