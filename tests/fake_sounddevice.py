"""A stand-in for the module `sounddevice`, with streams that the test drives by hand."""

import sys
import types

import numpy as np
import pytest

from artgen_osc.audio import portaudio
from artgen_osc.errors import AudioError
from tests.support.texts import is_told

MIC = {
    "name": "USB Mic",
    "hostapi": 0,
    "max_input_channels": 1,
    "max_output_channels": 0,
    "default_samplerate": 48000.0,
}
LINE = {
    "name": "USB Line In",
    "hostapi": 0,
    "max_input_channels": 8,
    "max_output_channels": 0,
    "default_samplerate": 44100.0,
}
PULSE = {
    "name": "pulse",
    "hostapi": 0,
    "max_input_channels": 32,
    "max_output_channels": 32,
    "default_samplerate": 44100.0,
}
SPEAKERS = {
    "name": "Speakers",
    "hostapi": 0,
    "max_input_channels": 0,
    "max_output_channels": 2,
    "default_samplerate": 48000.0,
}


class PortAudioError(Exception):
    pass


class Stream:
    def __init__(self, module, settings):
        self.module, self.settings, self.active = module, settings, False
        if module.broken:
            raise PortAudioError(module.broken)
        if module.only_rate not in (None, settings["samplerate"]):
            raise PortAudioError("Invalid sample rate [PaErrorCode -9997]")
        module.streams.append(self)

    def start(self):
        self.active = True

    def close(self, ignore_errors=True):
        self.active = False

    def deliver(self, value, overflow=False):
        """One block of input, all of the same value."""
        frames, channels = self.settings["blocksize"], self.settings["channels"]
        data = np.full((frames, channels), value, dtype=np.float32)
        self.settings["callback"](data, frames, None, types.SimpleNamespace(input_overflow=overflow))
        data[:] = 9.0

    def take(self, frames):
        """One block of output."""
        out = np.full((frames, self.settings["channels"]), 9.0, dtype=np.float32)
        self.settings["callback"](out, frames, None, None)
        return out


class FakeSounddevice(types.ModuleType):
    """`devices`, `default_pair`, `broken` (a reason) and `only_rate` decide what it does."""

    PortAudioError = PortAudioError

    def __init__(self, devices, default_pair=(-1, -1)):
        super().__init__("sounddevice")
        self.devices, self.streams, self.broken, self.only_rate, self.restarts = devices, [], None, None, 0
        self.default = types.SimpleNamespace(device=default_pair)

    def query_devices(self):
        return self.devices

    def query_hostapis(self):
        return ({"name": "ALSA"},)

    def InputStream(self, **settings):
        return Stream(self, settings)

    def OutputStream(self, **settings):
        return Stream(self, settings)

    def _terminate(self):
        self.restarts += 1

    def _initialize(self):
        pass


@pytest.fixture
def sd(monkeypatch):
    module = FakeSounddevice([MIC, LINE, PULSE, SPEAKERS], (0, 3))
    monkeypatch.setitem(sys.modules, "sounddevice", module)
    monkeypatch.setattr(portaudio, "_streams", [])
    return module


def failure(action):
    with pytest.raises(AudioError) as caught:
        action()
    text = str(caught.value)
    assert is_told(text), text
    return text
