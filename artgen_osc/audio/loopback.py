"""What the computer is playing, as an input: each system has its own way.

Linux: the monitor of the default output, from PulseAudio or PipeWire. Windows: WASAPI's loopback of the default
output, through SoundCard. macOS: a virtual device into which the system plays.
"""

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from artgen_osc.audio.devices import Device, Input, list_devices
from artgen_osc.audio.sound_file import HIGHEST_RATE, LOWEST_RATE
from artgen_osc.dsp.core import FloatArray
from artgen_osc.errors import AudioError

VIRTUAL = ("BlackHole", "Loopback Audio", "Soundflower", "VB-Cable", "eqMac", "Background Music")
"""Virtual devices of macOS by a part of their name, the best first."""
SILENT = 0.1
"""WASAPI gives nothing while nothing plays; after so many seconds that is silence."""
OPENING = 5.0


def find_loopback() -> Input:
    """What the computer is playing.

    Raises
    ------
    AudioError
        There is no way to hear it, as the system stands; says what to install.
    """
    if sys.platform == "darwin":
        return _virtual_device()
    return _wasapi() if sys.platform == "win32" else _monitor()


def _virtual_device() -> Input:
    inputs = [device for device in list_devices() if device.inputs]
    for name in VIRTUAL:
        for device in inputs:
            if name.casefold() in device.name.casefold():
                return Input(device, name=device.name)
    raise AudioError(
        "loopback: macOS has no monitor of its own; a virtual device such as BlackHole is needed; "
        "brew install blackhole-2ch, then play into a Multi-Output device (docs/how-do-i.md)"
    )


def _monitor() -> Input:
    pactl = shutil.which("pactl")
    if pactl is None:
        raise AudioError(
            "loopback: pactl was not found; PulseAudio or PipeWire is needed; apt install pulseaudio-utils"
        )
    try:
        answer = subprocess.run([pactl, "get-default-sink"], capture_output=True, text=True, timeout=5, check=False)
    except subprocess.TimeoutExpired:
        raise AudioError(
            "loopback: the sound server doesn't answer; a running PulseAudio or PipeWire is needed; restart it"
        ) from None
    sink = answer.stdout.strip()
    if answer.returncode or not sink or sink.startswith("@"):
        reason = " ".join(answer.stderr.split()) or "no default output"
        raise AudioError(
            f"loopback: no output to listen to ({reason}); a running PulseAudio or PipeWire is needed; "
            "start it, and check pactl get-default-sink"
        )
    for device in list_devices():
        if device.inputs and device.name == "pulse":
            monitor = f"{sink}.monitor"
            return Input(device, (("PULSE_SOURCE", monitor),), monitor)
    raise AudioError(
        "loopback: ALSA has no device named 'pulse'; its bridge to the sound server is needed; "
        "apt install libasound2-plugins"
    )


def _wasapi() -> Input:
    try:
        import soundcard
    except ImportError as error:
        raise AudioError(
            f"loopback: SoundCard can't be imported ({error}); it is needed to hear what Windows plays; "
            'pip install "artgen-osc[loopback]"'
        ) from error
    try:
        speaker = soundcard.default_speaker()
        name, speaker_id, channels = str(speaker.name), speaker.id, int(speaker.channels)
    except (RuntimeError, IndexError, AssertionError, OSError) as error:
        raise AudioError(
            f"loopback: no output to listen to ({_reason(error)}); a default output is needed; "
            "connect or choose one in the system's settings"
        ) from error
    device = Device(-1, name, "WASAPI", channels, channels, _output_rate(), False, True)

    def stream(**settings: Any) -> LoopbackStream:
        return LoopbackStream(soundcard, speaker_id, **settings)

    return Input(device, name=name, stream=stream)


def _output_rate() -> int:
    """Hz of the default output, so that nothing has to be converted; WASAPI would do that too."""
    for device in list_devices():
        if device.default_output and LOWEST_RATE <= device.sample_rate <= HIGHEST_RATE:
            return device.sample_rate
    return 48000


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


class LoopbackStream:
    """What an output plays, handed on as PortAudio's ``InputStream`` does, from a thread of its own.

    Parameters
    ----------
    soundcard : the module
    speaker : the output's id
    samplerate, channels, blocksize, callback : as for PortAudio; the blocks are as long as they come
    others : of no meaning here
    """

    def __init__(
        self,
        soundcard: Any,
        speaker: str,
        *,
        samplerate: int,
        channels: int,
        blocksize: int,
        callback: Callable[[FloatArray, int, object, object], None],
        **others: object,
    ) -> None:
        self._soundcard, self._speaker, self._callback = soundcard, speaker, callback
        self._rate, self._channels, self._length = samplerate, channels, blocksize
        self._stop, self._ready = threading.Event(), threading.Event()
        self._refusal = ""
        self._thread = threading.Thread(target=self._run, name="loopback", daemon=True)

    @property
    def active(self) -> bool:
        """Whether sound comes."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin.

        Raises
        ------
        AudioError
            The output can't be listened to.
        """
        self._thread.start()
        if not self._ready.wait(OPENING):
            self._refusal = f"no answer within {OPENING:g} s"
        if self._refusal:
            self._stop.set()
            raise AudioError(
                f"loopback: can't be opened ({self._refusal}); an output that works is needed; "
                "choose another in the system's settings"
            )

    def close(self, ignore_errors: bool = True) -> None:
        """End; may be called again."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(1.0)

    def _run(self) -> None:
        # Whatever goes wrong in the driver ends the thread; `DeviceSource` then opens the output again.
        try:
            microphone = self._soundcard.get_microphone(self._speaker, include_loopback=True)
            with microphone.recorder(self._rate, self._channels, self._length) as recorder:
                self._ready.set()
                self._record(recorder)
        except (RuntimeError, IndexError, AssertionError, TypeError, ValueError, OSError) as error:
            self._refusal = _reason(error)
        finally:
            self._ready.set()

    def _record(self, recorder: Any) -> None:
        heard = time.monotonic()
        while not self._stop.is_set():
            samples = recorder.record(None)  # whatever is there; nothing after 10 ms without
            now = time.monotonic()
            if not len(samples):
                if now - heard < SILENT:
                    continue
                samples = np.zeros((round((now - heard) * self._rate), self._channels), np.float32)
            heard = now
            self._callback(np.asarray(samples, np.float32), len(samples), None, None)
