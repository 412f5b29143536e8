"""What the computer is playing, on stand-ins for PortAudio, PulseAudio and WASAPI."""

import os
import subprocess
import sys
import time
import types

import numpy as np
import pytest

from artgen_osc.audio import devices, loopback
from artgen_osc.audio.sources import open_source
from tests import fake_sounddevice as fake
from tests.fake_sounddevice import failure
from tests.support.waiting import wait_for

sd = fake.sd


# Linux


def pactl(monkeypatch, stdout="vj\n", code=0, stderr=""):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(loopback.shutil, "which", lambda name: "/usr/bin/pactl")
    answer = types.SimpleNamespace(stdout=stdout, returncode=code, stderr=stderr)
    monkeypatch.setattr(loopback.subprocess, "run", lambda *args, **options: answer)


def test_loopback_opens_the_monitor_of_the_default_output(sd, monkeypatch):
    pactl(monkeypatch)
    monkeypatch.delenv("PULSE_SOURCE", raising=False)
    seen = []
    start = fake.Stream.start
    monkeypatch.setattr(fake.Stream, "start", lambda self: (seen.append(os.environ["PULSE_SOURCE"]), start(self)))
    with open_source("loopback") as source:
        assert source.name == "vj.monitor" and sd.streams[0].settings["device"] == 2
    assert seen == ["vj.monitor"] and "PULSE_SOURCE" not in os.environ


def test_loopback_leaves_the_environment_as_it_was(sd, monkeypatch):
    pactl(monkeypatch)
    monkeypatch.setenv("PULSE_SOURCE", "mine")
    open_source("loopback").close()
    assert os.environ["PULSE_SOURCE"] == "mine"


def test_loopback_without_a_server(sd, monkeypatch):
    pactl(monkeypatch, "", 1, "Connection failure: Connection refused\n")
    assert "Connection refused" in failure(lambda: open_source("loopback"))


def test_loopback_with_a_server_that_hangs(sd, monkeypatch):
    pactl(monkeypatch)

    def hang(*args, **options):
        raise subprocess.TimeoutExpired("pactl", 5)

    monkeypatch.setattr(loopback.subprocess, "run", hang)
    assert "doesn't answer" in failure(lambda: open_source("loopback"))


def test_loopback_without_the_bridge(sd, monkeypatch):
    pactl(monkeypatch)
    sd.devices = [fake.MIC]
    assert "libasound2-plugins" in failure(lambda: open_source("loopback"))


def test_loopback_without_pactl(sd, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(loopback.shutil, "which", lambda name: None)
    assert "apt install pulseaudio-utils" in failure(lambda: open_source("loopback"))


# macOS


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["BlackHole 2ch"], "BlackHole 2ch"),
        (["Soundflower (2ch)", "blackhole 16ch"], "blackhole 16ch"),
        (["Loopback Audio"], "Loopback Audio"),
    ],
)
def test_macos_takes_a_virtual_device(sd, monkeypatch, names, found):
    monkeypatch.setattr(sys, "platform", "darwin")
    sd.devices = [fake.MIC, *({**fake.LINE, "name": name} for name in names), fake.SPEAKERS]
    with open_source("loopback") as source:
        assert source.name == found
        assert sd.devices[sd.streams[0].settings["device"]]["name"] == found
        assert loopback.find_loopback().name == found


def test_macos_without_one_says_how_to_get_it(sd, monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    sd.devices = [{**fake.SPEAKERS, "name": "BlackHole 2ch"}]  # without inputs
    text = failure(lambda: open_source("loopback"))
    assert "brew install blackhole-2ch" in text and "Multi-Output" in text


# Windows


class FakeSoundcard(types.ModuleType):
    """WASAPI as SoundCard shows it: `sound` is what the output plays, `broken` why it can't be listened to."""

    def __init__(self):
        super().__init__("soundcard")
        self.sound, self.broken, self.opened, self.closed = [], None, [], 0

    def default_speaker(self):
        if self.broken == "no output":
            raise RuntimeError("Error 0x80070490")
        return types.SimpleNamespace(name="Speakers (Realtek)", id="{0.0.0}", channels=8)

    def get_microphone(self, speaker, include_loopback):
        assert speaker == "{0.0.0}" and include_loopback
        return self

    def recorder(self, *settings):
        self.opened.append(settings)
        if self.broken:
            raise RuntimeError(self.broken)
        return self

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.closed += 1

    def record(self, frames):
        assert frames is None
        if self.broken:
            raise RuntimeError(self.broken)
        if self.sound:
            return self.sound.pop(0)
        time.sleep(0.01)
        return np.zeros((0, 2))


@pytest.fixture
def wasapi(sd, monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    module = FakeSoundcard()
    monkeypatch.setitem(sys.modules, "soundcard", module)
    return module


def heard(blocks, count):
    return [block.samples for block in (next(blocks) for _ in range(count)) if len(block.samples)]


def test_windows_hears_the_default_output(wasapi):
    wasapi.sound = [np.full((480, 2), value) for value in (0.1, 0.2)]
    with open_source("loopback") as source:
        assert source.name == "Speakers (Realtek)" and source.sample_rate == 48000
        first, second = heard(source.blocks(), 2)
        assert first.dtype == np.float32 and first.shape == (480, 2)
        assert (first[0, 0], second[0, 0]) == pytest.approx((0.1, 0.2))
    assert wasapi.opened == [(48000, 2, 512)]
    wait_for(lambda: wasapi.closed == 1)


def test_windows_plays_nothing_and_that_is_silence(wasapi):
    """WASAPI then gives nothing at all; the output isn't gone for all that."""
    with open_source("loopback") as source:
        start = time.monotonic()
        samples = np.concatenate(heard(source.blocks(), 8))
        passed = time.monotonic() - start
    assert not samples.any() and len(samples) / 48000 == pytest.approx(passed, abs=0.25)
    assert len(wasapi.opened) == 1


def test_windows_output_goes_and_comes_back(wasapi, monkeypatch):
    monkeypatch.setattr(devices, "RETRY", 0.1)
    monkeypatch.setattr(devices, "QUIET", 0.02)
    with open_source("loopback") as source:
        blocks = source.blocks()
        wasapi.broken = "Error 0x88890004"
        wait_for(lambda: len(next(blocks).samples) == 0 and len(wasapi.opened) >= 3)
        wasapi.broken = None
        wasapi.sound = [np.full((480, 2), 0.5)]
        wait_for(lambda: next(blocks).samples.any())


@pytest.mark.parametrize("broken", ["no output", "unsupported format"])
def test_windows_output_that_cant_be_heard(wasapi, broken):
    wasapi.broken = broken
    assert failure(lambda: open_source("loopback")).startswith("loopback: ")


def test_windows_output_that_never_answers(wasapi, monkeypatch):
    monkeypatch.setattr(loopback, "OPENING", 0.1)
    monkeypatch.setattr(wasapi, "recorder", lambda *settings: time.sleep(0.5) or wasapi)
    assert "no answer" in failure(lambda: open_source("loopback"))
    wait_for(lambda: wasapi.closed == 1)


def test_windows_without_the_library(sd, monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "soundcard", None)
    assert 'pip install "artgen-osc[loopback]"' in failure(lambda: open_source("loopback"))
