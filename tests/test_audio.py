"""Sources of sound: files and the demo, their pace, and names that mean nothing."""

import itertools
import time

import numpy as np
import pytest
import soundfile

from artgen_osc.audio import sources as audio
from artgen_osc.audio.demo import compose
from artgen_osc.audio.sources import (
    AudioBlock,
    PacedSource,
    array_blocks,
    block_length,
    open_source,
    shown,
)
from artgen_osc.errors import AudioError
from tests import fake_sounddevice as fake
from tests import signals
from tests.fake_sounddevice import failure
from tests.sound_files import read_file

sd = fake.sd


# Files


@pytest.mark.parametrize(("ending", "tolerance"), [("wav", 1e-4), ("flac", 1e-4), ("ogg", 0.05), ("mp3", 0.05)])
@pytest.mark.parametrize("rate", [22050, 44100])
def test_formats(tmp_path, ending, tolerance, rate):
    sound = np.stack((signals.tone(440.0, 1.0, rate=rate), signals.tone(660.0, 1.0, rate=rate)), axis=1)
    soundfile.write(tmp_path / f"a.{ending}", sound, rate)
    found_rate, blocks = read_file(tmp_path / f"a.{ending}")
    blocks = list(blocks)
    read = np.concatenate([block.samples for block in blocks])
    assert found_rate == rate and read.dtype == np.float32
    assert len(read) == pytest.approx(rate, abs=2500)
    assert np.abs(read[2000:18000] - sound[2000:18000]).max() < tolerance
    assert [block.time for block in blocks[:3]] == pytest.approx([n * block_length(rate) / rate for n in range(3)])


def test_mono_and_high_rates(tmp_path):
    soundfile.write(tmp_path / "mono.wav", signals.tone(440.0, 0.2, rate=96000), 96000)
    rate, blocks = read_file(tmp_path / "mono.wav")
    assert rate == 96000 and next(blocks).samples.shape == (1024, 1)


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000, 96000, 192000])
def test_blocks_are_about_twelve_milliseconds(rate):
    assert 0.008 <= block_length(rate) / rate <= 0.017


def test_file_errors(tmp_path):
    (tmp_path / "text.wav").write_text("not sound")
    (tmp_path / "nothing.mp3").write_bytes(b"")
    soundfile.write(tmp_path / "empty.wav", np.zeros((0, 2), np.float32), 44100)
    for name, words in {
        "absent.wav": "does not exist",
        "text.wav": "can't be read",
        "nothing.mp3": "can't be read",
        "empty.wav": "holds no sound",
        "": "is a folder",
    }.items():
        path = tmp_path / name
        for action in (lambda path=path: read_file(path), lambda path=path: open_source(f"file:{path}", mute=True)):
            text = failure(action)
            assert text.startswith(f"{path}: ") and words in text


def test_damage_in_the_middle_ends_a_show_and_stops_an_analysis(caplog):
    def damaged():
        yield AudioBlock(np.zeros((256, 1), np.float32), 0.0)
        raise AudioError("a.mp3: is damaged after 0.0 s; convert it again")

    with PacedSource("file:a.mp3", 22050, damaged(), realtime=False) as source:
        assert len(list(source.blocks())) == 1
    assert "is damaged" in caplog.text


@pytest.mark.parametrize("spec", ["", "file:", "nonsense", "Demo", "device"])
def test_unknown_inputs(sd, spec, monkeypatch):
    sd.default.device = (-1, -1)
    text = failure(lambda: open_source(spec))
    assert text.startswith("input: ")
    assert "browser, demo, device, file, loopback, url" in text or spec in ("", "device", "file:")
    assert "did you mean demo?" in text or spec != "Demo"


def test_forgotten_prefix_is_guessed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "song.mp3").touch()
    assert "write file:song.mp3" in failure(lambda: open_source("song.mp3"))


# Pace


def test_file_plays_in_real_time(tmp_path):
    soundfile.write(tmp_path / "a.wav", signals.tone(440.0, 0.5), 22050)
    with open_source(f"file:{tmp_path / 'a.wav'}", mute=True) as source:
        start = time.monotonic()
        late = [time.monotonic() - start - (block.time + len(block.samples) / 22050) for block in source.blocks()]
    assert min(late) > -0.005 and np.median(late) < 0.05


@pytest.mark.parametrize("name", ["a b.wav", "caf\udce9.wav", "100%.wav"])
def test_a_files_address_is_a_file(tmp_path, name):
    soundfile.write(tmp_path / "a.wav", signals.tone(440.0, 0.1), 22050)
    (tmp_path / "a.wav").rename(tmp_path / name)
    address = (tmp_path / name).as_uri()
    for spec in (f"file:{tmp_path / name}", address, address.replace("///", "//localhost/")):
        with open_source(spec, realtime=False) as source:
            assert sum(len(block.samples) for block in source.blocks()) == 2205


def test_unpaced_file_is_complete_and_fast(tmp_path):
    soundfile.write(tmp_path / "a.wav", signals.tone(440.0, 20.0), 22050)
    start = time.monotonic()
    with open_source(f"file:{tmp_path / 'a.wav'}", realtime=False) as source:
        assert sum(len(block.samples) for block in source.blocks()) == 20 * 22050
    assert time.monotonic() - start < 15.0


def test_late_source_goes_on_from_where_it_is(monkeypatch):
    source = PacedSource("x", 22050, array_blocks(np.zeros((22050, 1), np.float32), 22050))
    blocks = source.blocks()
    next(blocks)
    offset = 5.0
    real = time.monotonic
    monkeypatch.setattr(audio.time, "monotonic", lambda: real() + offset)
    next(blocks)
    start = real()
    for _ in itertools.islice(blocks, 10):
        pass
    assert real() - start > 0.08
    source.close()


def test_close_ends_the_blocks():
    source = PacedSource("x", 22050, array_blocks(np.zeros((220500, 1), np.float32), 22050))
    for number, _ in enumerate(source.blocks()):
        if number == 2:
            source.close()
    assert number == 2


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "mp3"])
def test_title_of_a_file(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    with soundfile.SoundFile(path, "w", 22050, 1) as file:
        file.title, file.artist = "So what", "Milés"
        file.write(signals.tone(440.0, 0.1))
    with open_source(f"file:{path}", realtime=False) as source:
        assert source.title == "Milés - So what"


@pytest.mark.parametrize(
    ("spec", "public"),
    [
        ("file:a?b@c", "file:a?b@c"),
        ("url:http://host:8000/a", "url:http://host:8000/a"),
        ("url:http://me:p@ss/w@host/a?key=1", "url:http://…@host/a?…"),
        ("device:Mic", "device:Mic"),
    ],
)
def test_shown_to_anybody(spec, public):
    assert shown(spec) == public


def test_demo_is_an_input_without_end():
    with open_source("demo", realtime=False) as source:
        assert source.sample_rate == 44100 and source.name == "demo"
        minute = -(-len(compose()) // 512)
        blocks = list(itertools.islice(source.blocks(), minute + 3))
    first, again = blocks[0], blocks[minute]
    assert first.samples.shape == (512, 2) and first.time == 0.0
    assert np.array_equal(again.samples, first.samples)
    times = [block.time for block in blocks]
    ends = [block.time + len(block.samples) / 44100 for block in blocks]
    assert times[1:] == pytest.approx(ends[:-1])
