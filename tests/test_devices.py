"""Devices that come and go, what is playing, and playback, on a stand-in for PortAudio."""

import itertools
import logging
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import soundfile

from artgen_osc.audio import devices, portaudio
from artgen_osc.audio.devices import find_input, list_devices
from artgen_osc.audio.playback import Player
from artgen_osc.audio.sources import LEAD, open_source
from tests import fake_sounddevice as fake
from tests import signals
from tests.fake_sounddevice import failure
from tests.support.waiting import wait_for

sd = fake.sd


# Names of devices


def test_rows_of_artgen_devices(sd):
    rows = list_devices()
    assert [row.name for row in rows] == ["USB Mic", "USB Line In", "pulse", "Speakers"]
    assert (rows[0].inputs, rows[0].sample_rate, rows[0].host) == (1, 48000, "ALSA")
    assert [row.default_input for row in rows] == [True, False, False, False]
    assert [row.default_output for row in rows] == [False, False, False, True]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("mic", "USB Mic"),
        ("LINE", "USB Line In"),
        ("usb mic", "USB Mic"),
        ("", "USB Mic"),
        ("line in, alsa", "USB Line In"),
    ],
)
def test_part_of_a_name(sd, name, found):
    assert find_input(name).device.name == found


def test_whole_name_wins_over_parts(sd):
    sd.devices = [{**fake.MIC, "name": "pulse monitor"}, fake.PULSE]
    assert find_input("pulse").device.index == 1


def test_same_device_under_two_host_apis(sd):
    sd.devices = [fake.MIC, fake.LINE, {**fake.LINE}]
    sd.default.device = (2, -1)
    assert find_input("line").device.index == 2


def test_name_fits_none_or_two(sd):
    text = failure(lambda: open_source("device:zither"))
    assert text.startswith("device:zither: fits no input") and "'USB Mic', 'USB Line In', 'pulse'" in text
    text = failure(lambda: open_source("device:usb"))
    assert "fits 'USB Mic', 'USB Line In'" in text and "pulse" not in text
    assert "fits no input" in failure(lambda: open_source("device:speakers"))


def test_no_device_at_all(sd):
    sd.devices = []
    sd.default.device = (-1, -1)
    assert "there is none" in failure(lambda: open_source(""))


def test_device_that_is_busy(sd):
    sd.broken = "Error opening InputStream: Device unavailable\n[PaErrorCode -9985]"
    assert "Device unavailable [PaErrorCode -9985]" in failure(lambda: open_source("device:mic"))


def test_portaudio_is_missing(monkeypatch):
    class Loader:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name == "sounddevice":
                raise OSError("PortAudio library not found")

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Loader, *sys.meta_path])
    assert "apt install libportaudio2" in failure(list_devices)


def test_sounddevice_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert "pip install sounddevice" in failure(lambda: open_source("device:mic"))


# The queue of a device


def test_device_blocks_are_copies_on_a_clock_of_frames(sd):
    with open_source("device:mic") as source:
        assert source.sample_rate == 48000 and sd.streams[0].settings["channels"] == 1
        length = sd.streams[0].settings["blocksize"]
        for value in (0.1, 0.2):
            sd.streams[0].deliver(value)
        first, second = itertools.islice(source.blocks(), 2)
    assert first.samples == pytest.approx(np.full((length, 1), 0.1)) and second.samples[0, 0] == pytest.approx(0.2)
    assert (first.time, second.time) == (0.0, length / 48000) and first.dropped == second.dropped == 0
    assert not sd.streams[0].active


def test_wide_devices_are_opened_in_stereo(sd):
    open_source("device:line").close()
    assert sd.streams[0].settings["channels"] == 2


def test_quiet_device_gives_blocks_without_frames(sd):
    with open_source("device:line") as source:
        start = time.monotonic()
        block = next(source.blocks())
        assert time.monotonic() - start < 10.0
    assert block.samples.shape[0] == 0 and block.time == 0.0 and block.dropped == 0


def test_full_queue_drops_the_oldest_and_counts(sd):
    with open_source("device:line") as source:
        length = sd.streams[0].settings["blocksize"]
        most = source._queue.maxsize
        assert 0.5 < most * length / source.sample_rate < 1.5
        for number in range(most + 3):
            sd.streams[0].deliver(number / 1000)
        blocks = list(itertools.islice(source.blocks(), most))
    assert blocks[0].dropped == 3 * length and blocks[0].samples[0, 0] == pytest.approx(0.003)
    assert blocks[0].time == pytest.approx(3 * length / source.sample_rate)
    assert sum(block.dropped for block in blocks[1:]) == 0


def test_overflow_in_the_driver_counts_as_dropped(sd):
    with open_source("device:line") as source:
        sd.streams[0].deliver(0.0)
        sd.streams[0].deliver(0.0, overflow=True)
        first, second = itertools.islice(source.blocks(), 2)
    assert (first.dropped, second.dropped) == (0, sd.streams[0].settings["blocksize"])


def test_device_comes_back(sd, monkeypatch, caplog):
    monkeypatch.setattr(devices, "RETRY", 0.1)
    monkeypatch.setattr(devices, "QUIET", 0.02)
    with open_source("device:line") as source:
        blocks = source.blocks()
        sd.streams[0].deliver(0.1)
        assert len(next(blocks).samples)
        sd.streams[0].active = False
        gone, sd.devices = sd.devices, []
        wait_for(lambda: len(next(blocks).samples) == 0 and sd.restarts >= 3)
        sd.devices = gone
        wait_for(lambda: len(next(blocks).samples) == 0 and len(sd.streams) == 2)
        sd.streams[1].deliver(0.2)
        block = next(block for block in blocks if len(block.samples))
    assert block.samples[0, 0] == pytest.approx(0.2)
    assert block.time > 0.2 and block.dropped > 0

    def said() -> list[str]:
        return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]

    wait_for(lambda: len(said()) >= 2, what="a word about both")
    assert len(said()) == 2 and "the sound stopped" in said()[0] and "is back" in said()[1]


def test_portaudio_does_not_start_again_below_another_stream(sd, monkeypatch):
    """As when the performer turns away from a device that has gone: the next one is open already."""
    monkeypatch.setattr(devices, "RETRY", 0.05)
    monkeypatch.setattr(devices, "QUIET", 0.02)
    with open_source("device:line") as gone, open_source("device:mic") as heard:
        blocks = gone.blocks()
        sd.streams[0].active = False
        wait_for(lambda: len(next(blocks).samples) == 0 and len(sd.streams) == 3)
        assert not sd.restarts and sd.streams[1].active, "found again without"
        sd.streams[2].active = False
        found, sd.devices = sd.devices, []
        heard.close()
        wait_for(lambda: len(next(blocks).samples) == 0 and sd.restarts)
        sd.devices = found


def test_a_device_that_is_closed_is_not_looked_for(sd, monkeypatch):
    monkeypatch.setattr(devices, "RETRY", 0.0)
    monkeypatch.setattr(devices, "QUIET", 0.02)
    with open_source("device:line") as source:
        blocks = source.blocks()
        sd.streams[0].active = False
        threading.Timer(0.005, source.close).start()
        assert not [block for block in blocks if len(block.samples)]
    wait_for(lambda: not [one for one in threading.enumerate() if one.name == "reopen"])
    wait_for(lambda: not any(stream.active for stream in sd.streams), what="the end of what was opened meanwhile")


def test_who_waits_for_portaudio_is_told(sd, monkeypatch):
    monkeypatch.setattr(portaudio, "PATIENCE", 0.01)
    with ThreadPoolExecutor(1) as another, portaudio.turn():
        assert "start the audio server again" in another.submit(failure, lambda: open_source("device:mic")).result()


def test_device_comes_back_with_another_rate(sd, monkeypatch):
    monkeypatch.setattr(devices, "RETRY", 0.1)
    monkeypatch.setattr(devices, "QUIET", 0.02)
    with open_source("device:line") as source:
        blocks = source.blocks()
        sd.streams[0].deliver(0.1)
        next(blocks)
        sd.streams[0].active = False
        sd.devices = [{**row, "default_samplerate": 96000.0} for row in sd.devices]
        sd.only_rate = 96000
        wait_for(lambda: len(next(blocks).samples) == 0 and len(sd.streams) == 2)
        assert source.sample_rate == 44100, "until its first block is here"
        for value in (0.2, 0.3):
            sd.streams[1].deliver(value)
        first = next(block for block in blocks if len(block.samples))
        assert source.sample_rate == 96000 and first.dropped > 0
        second = next(blocks)
    assert second.time - first.time == pytest.approx(len(first.samples) / 96000)
    assert 0.1 < first.time < 5.0 and second.dropped == 0


def test_device_that_hangs_counts_as_gone(sd, monkeypatch):
    monkeypatch.setattr(devices, "DEAD", 0.2)
    monkeypatch.setattr(devices, "RETRY", 0.1)
    with open_source("device:line") as source:
        blocks = source.blocks()
        wait_for(lambda: len(next(blocks).samples) == 0 and len(sd.streams) >= 2)
        assert not sd.streams[0].active


# Playback


def player(sd, rate=48000, streams=1):
    result = Player(rate)
    result._opening.join()
    assert len(sd.streams) == streams
    return result


def test_player_waits_for_a_reserve_then_plays_in_order(sd):
    out = player(sd)
    stream = sd.streams[0]
    assert not stream.take(100).any()
    ramp = np.arange(1, 9601, dtype=np.float32)[:, None] / 10000
    out.put(ramp[:1000])
    assert not stream.take(100).any()
    out.put(ramp[1000:])
    played = np.concatenate([stream.take(700) for _ in range(13)])
    np.testing.assert_array_equal(played, np.repeat(ramp[:9100], 2, axis=1))
    assert np.count_nonzero(stream.take(700)[:, 0]) == 500
    out.put(ramp[:100])
    assert not stream.take(50).any()
    out.close()
    assert not stream.active and out.dropped == 0


def test_player_drops_the_oldest_where_the_output_is_stuck(sd, caplog):
    out = player(sd)
    for _ in range(200):
        out.put(np.zeros((512, 2), np.float32))
    assert out.dropped > 48000 and out._queued <= 4 * LEAD * 48000
    assert len([r for r in caplog.records if "takes no sound" in r.message]) == 1
    out.close()


def test_player_resamples_for_an_output_with_one_rate(sd):
    sd.only_rate = 48000
    out = player(sd, 24000)
    for _ in range(10):
        out.put(np.full((512, 1), 0.5, np.float32))
    assert sd.streams[0].take(9600) == pytest.approx(np.full((9600, 2), 0.5), abs=1e-3)
    out.close()


def test_player_without_an_output_or_with_a_broken_one(sd, caplog):
    sd.default.device = (0, -1)
    quiet = player(sd, streams=0)
    sd.default.device = (0, 3)
    sd.broken = "no such thing"
    broken = player(sd, streams=0)
    for out in (quiet, broken):
        out.put(np.zeros((100_000, 1), np.float32))
        out.close()
    assert len([r for r in caplog.records if r.levelno >= logging.WARNING and "no such thing" in r.message]) == 1


def test_file_is_heard_before_it_is_seen(sd, tmp_path):
    soundfile.write(tmp_path / "a.wav", signals.tone(440.0, 0.4, rate=48000), 48000)
    with open_source(f"file:{tmp_path / 'a.wav'}") as source:
        start = time.monotonic()
        block = next(source.blocks())
        assert block.time == 0.0 and time.monotonic() - start >= LEAD
        source._player._opening.join()
        assert np.abs(sd.streams[0].take(2400)).max() > 0.2
    with open_source(f"file:{tmp_path / 'a.wav'}", mute=True) as source:
        assert next(source.blocks()).time == 0.0
    assert len(sd.streams) == 1
