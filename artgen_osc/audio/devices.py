"""Sound through PortAudio: the inputs."""

import contextlib
import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from artgen_osc.audio.portaudio import close, close_soon, look_again, opened, sounddevice, turn
from artgen_osc.audio.sound_file import HIGHEST_RATE, LOWEST_RATE
from artgen_osc.audio.sources import AudioBlock, ClosesItself, block_length
from artgen_osc.dsp.core import FloatArray
from artgen_osc.errors import AudioError

logger = logging.getLogger(__name__)

QUIET = 0.1
"""After so many seconds without sound, a block without frames is given."""
DEAD = 3.0
"""After so many, the device counts as gone. Some need 2 s for their first block."""
RETRY = 1.0
QUEUE = 1.0
"""Seconds of sound that may wait before the oldest is dropped."""


@dataclass(frozen=True, slots=True)
class Device:
    """One row of ``artgen devices``.

    Attributes
    ----------
    index : PortAudio's number
    name, host : such as ``USB Audio`` and ``ALSA``
    inputs, outputs : channels
    sample_rate : Hz, the device's own
    default_input, default_output : whether the system prefers it
    """

    index: int
    name: str
    host: str
    inputs: int
    outputs: int
    sample_rate: int
    default_input: bool
    default_output: bool


@dataclass(frozen=True, slots=True)
class Input:
    """What to open.

    Attributes
    ----------
    device : PortAudio's
    environment : in which it has to be opened
    name : for people, where that isn't the device's
    stream : makes the stream in place of PortAudio's ``InputStream``; takes the same arguments
    """

    device: Device
    environment: tuple[tuple[str, str], ...] = ()
    name: str = ""
    stream: Callable[..., Any] | None = None


def list_devices() -> list[Device]:
    """Every input and output that PortAudio knows.

    Raises
    ------
    AudioError
        PortAudio is not installed.
    """
    sd = sounddevice()
    hosts = sd.query_hostapis()
    default_input, default_output = sd.default.device
    return [
        Device(
            index=index,
            name=str(row["name"]),
            host=str(hosts[row["hostapi"]]["name"]),
            inputs=int(row["max_input_channels"]),
            outputs=int(row["max_output_channels"]),
            sample_rate=int(row["default_samplerate"]),
            default_input=index == default_input,
            default_output=index == default_output,
        )
        for index, row in enumerate(sd.query_devices())
    ]


def _names(devices: list[Device]) -> str:
    return ", ".join(f"{device.name!r}" for device in devices) or "none"


def find_input(name: str) -> Input:
    """The input device that a name means.

    Parameters
    ----------
    name : a part of the name, upper or lower case; a whole name wins over parts of others.
        Empty: the system's default.

    Raises
    ------
    AudioError
        It fits none or several; the text lists them.
    """
    inputs = [device for device in list_devices() if device.inputs > 0]
    listed = f"there is {_names(inputs)}"
    if not name:
        for device in inputs:
            if device.default_input:
                return Input(device)
        raise AudioError(
            f"input: the system has no default input device; {listed}; choose one with device:NAME, or try demo"
        )
    wanted = name.casefold()
    fits = [device for device in inputs if wanted == device.name.casefold()]
    fits = fits or [device for device in inputs if wanted in f"{device.name}, {device.host}".casefold()]
    if not fits:
        raise AudioError(f"device:{name}: fits no input; {listed}; see artgen devices, or try demo")
    # The same device under several host APIs (Windows): any will do, the default rather.
    if len({device.name for device in fits}) == 1:
        return Input(next((device for device in fits if device.default_input), fits[0]))
    raise AudioError(f"device:{name}: fits {_names(fits)}; write more of the name")


@contextlib.contextmanager
def _environment(pairs: tuple[tuple[str, str], ...]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name, _ in pairs}
    os.environ.update(dict(pairs))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _active(stream: Any) -> bool:
    try:
        return bool(stream.active)
    except sounddevice().PortAudioError:
        return False


def _usable_rate(found: Input) -> int:
    rate = found.device.sample_rate
    return rate if LOWEST_RATE <= rate <= HIGHEST_RATE else 48000


class DeviceSource(ClosesItself):
    """Sound from a device; see `AudioSource`.

    The callback copies into a bounded queue and does nothing else. When the device goes
    away, it is looked for again every second on a thread of its own, while `blocks` goes
    on without frames. It may come back with another sample rate.

    Parameters
    ----------
    spec : as the user wrote it, for messages
    find : names the device, anew for each attempt

    Raises
    ------
    AudioError
        The device isn't there or can't be opened.
    """

    def __init__(self, spec: str, find: Callable[[], Input]) -> None:
        self._spec, self._find = spec, find
        self._closed = threading.Event()
        self._opening: threading.Thread | None = None
        self._stream: Any = None
        self._heard = time.monotonic()
        self._frames = 0
        with turn():
            found = find()
            self.name = found.name or found.device.name
            self.sample_rate = self._rate = _usable_rate(found)
            waiting = round(QUEUE * self._rate / block_length(self._rate))
            self._queue: queue.Queue[tuple[int, int, FloatArray]] = queue.Queue(max(2, waiting))
            self._epoch = time.monotonic()
            self._open(found)

    def _open(self, found: Input) -> None:
        sd = sounddevice()
        channels = min(2, found.device.inputs)
        try:
            with _environment(found.environment):
                stream = (found.stream or sd.InputStream)(
                    samplerate=self._rate,
                    blocksize=block_length(self._rate),
                    device=found.device.index,
                    channels=channels,
                    dtype="float32",
                    latency="low",
                    callback=self._callback,
                )
                stream.start()
        except sd.PortAudioError as error:
            reason = " ".join(str(error).split())
            raise AudioError(
                f"{self._spec or found.device.name}: can't be opened with {self._rate} Hz ({reason}); "
                "close what else uses it, or choose another from artgen devices"
            ) from error
        if found.stream is None:
            opened(stream)
        self._heard = time.monotonic()
        self._stream = stream

    def _callback(self, data: FloatArray, frames: int, _time: object, status: Any) -> None:
        # `_frames` numbers the frames of the stream; a gap in the numbers is what was lost.
        if status and status.input_overflow:
            self._frames += frames
        item = (self._rate, self._frames, data.copy())
        self._frames += frames
        self._heard = time.monotonic()
        while True:
            try:
                self._queue.put_nowait(item)
            except queue.Full:
                with contextlib.suppress(queue.Empty):
                    self._queue.get_nowait()
            else:
                return

    def blocks(self) -> Iterator[AudioBlock]:
        """See `AudioSource.blocks`."""
        expected = 0
        channels = 1
        while not self._closed.is_set():
            try:
                rate, first, samples = self._queue.get(timeout=QUIET)
            except queue.Empty:
                if self._closed.is_set():
                    return
                self._revive()
                yield AudioBlock(np.zeros((0, channels), dtype=np.float32), expected / self.sample_rate)
                continue
            channels = samples.shape[1]
            if rate != self.sample_rate:
                expected = round(expected * rate / self.sample_rate)
                self.sample_rate = rate
            yield AudioBlock(samples, first / self.sample_rate, max(0, first - expected))
            expected = first + len(samples)

    def _revive(self) -> None:
        """Start an attempt to open the device again, where it is gone and none is under way."""
        if self._opening is not None and self._opening.is_alive():
            return
        stream = self._stream
        silent = time.monotonic() - self._heard
        if stream is not None and silent < DEAD and (silent < RETRY or _active(stream)):
            return
        if stream is None and silent < RETRY:
            return
        if stream is not None:
            logger.warning("%s: the sound stopped; looking for the device every second", self._spec or self.name)
        self._opening = threading.Thread(target=self._reopen, name="reopen", daemon=True)
        self._opening.start()

    def _reopen(self) -> None:
        stream, self._stream = self._stream, None
        self._heard = time.monotonic()
        self.reconnects += 1
        try:
            if stream is not None:
                close(stream)
            with turn():
                if self._closed.is_set():
                    return
                look_again()
                found = self._find()
                # The clock goes on while the device is away.
                self._frames = round(self._frames * _usable_rate(found) / self._rate)
                self._rate = _usable_rate(found)
                self._frames = max(self._frames, round((time.monotonic() - self._epoch) * self._rate))
                self._open(found)
        except (AudioError, OSError, sounddevice().PortAudioError) as error:
            logger.debug("%s", error)
        else:
            logger.warning("%s: the sound is back", self._spec or self.name)
            if self._closed.is_set():
                self.close()
        self._heard = time.monotonic()

    def close(self) -> None:
        """See `AudioSource.close`."""
        self._closed.set()
        stream, self._stream = self._stream, None
        if stream is not None:
            close_soon(stream)
