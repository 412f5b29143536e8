"""Let a file or the demo be heard, without ever waiting for the output."""

import logging
import threading
from collections import deque
from typing import Any

import numpy as np

from artgen_osc.audio.devices import Device, list_devices
from artgen_osc.audio.portaudio import close, close_soon, opened, turn
from artgen_osc.audio.sources import LEAD
from artgen_osc.dsp.core import FloatArray
from artgen_osc.dsp.resample import Resampler

logger = logging.getLogger(__name__)


class Player:
    """Play to the default output, and never hold up who feeds it.

    The output is opened on a thread of its own. Where there is none, or it breaks, what is
    pushed goes nowhere, and one line is logged.

    Parameters
    ----------
    sample_rate : Hz, of what is pushed

    Attributes
    ----------
    dropped : frames that were not played
    """

    def __init__(self, sample_rate: int) -> None:
        self.sample_rate = sample_rate
        self.dropped = 0
        self._queue: deque[FloatArray] = deque()
        self._queued = 0
        self._lock = threading.Lock()
        self._rate = sample_rate
        self._primed = False
        self._told = False
        self._stream: Any = None
        self._closed = False
        self._resamplers: list[Resampler] = []
        self._opening = threading.Thread(target=self._open, name="player", daemon=True)
        self._opening.start()

    def _open(self) -> None:
        try:
            with turn() as sd:
                output = next((device for device in list_devices() if device.default_output), None)
                if output is None or not output.outputs:
                    logger.info("playback: there is no default output; going on unheard")
                    return
                try:
                    stream = self._start(sd, output, self.sample_rate)
                except sd.PortAudioError:
                    # Some outputs take their own rate only.
                    with self._lock:
                        self._rate = output.sample_rate
                        self._resamplers = [Resampler(self.sample_rate, output.sample_rate) for _ in range(2)]
                    stream = self._start(sd, output, output.sample_rate)
                opened(stream)
        except Exception as error:
            logger.warning("playback: can't be opened (%s); going on unheard", " ".join(str(error).split()))
            return
        self._stream = stream
        if self._closed:
            close(stream)

    def _start(self, sd: Any, output: Device, rate: int) -> Any:
        stream = sd.OutputStream(
            samplerate=rate,
            device=output.index,
            channels=min(2, output.outputs),
            dtype="float32",
            latency="low",
            callback=self._callback,
        )
        stream.start()
        return stream

    def put(self, samples: FloatArray) -> None:
        """Queue float32 ``(frames, channels)``; the oldest is dropped where nothing takes it."""
        with self._lock:
            stereo = samples[:, :2] if samples.shape[1] >= 2 else np.repeat(samples, 2, axis=1)
            if self._resamplers:
                sides = [each.push(stereo[:, side]) for side, each in enumerate(self._resamplers)]
                stereo = np.stack(sides, axis=1)
            self._queue.append(stereo)
            self._queued += len(stereo)
            while self._queued > 4 * LEAD * self._rate:
                lost = len(self._queue.popleft())
                self._queued -= lost
                self.dropped += lost
            stuck = self.dropped > self._rate and self._stream is not None and not self._told
        if stuck:
            self._told = True
            logger.warning("playback: the output takes no sound; going on unheard")

    def _callback(self, out: FloatArray, frames: int, _time: object, _status: object) -> None:
        out[:] = 0.0
        with self._lock:
            if not self._primed:
                # After a start or a gap, wait until there is enough for an even flow.
                self._primed = self._queued >= max(frames, round(LEAD / 2 * self._rate))
                if not self._primed:
                    return
            done = 0
            while done < frames and self._queue:
                chunk = self._queue[0]
                taken = min(frames - done, len(chunk))
                piece = chunk[:taken]
                out[done : done + taken] = piece if out.shape[1] == 2 else piece.mean(axis=1, keepdims=True)
                done += taken
                self._queued -= taken
                if taken == len(chunk):
                    self._queue.popleft()
                else:
                    self._queue[0] = chunk[taken:]
            self._primed = done == frames

    def close(self) -> None:
        """Stop at once; may be called again."""
        self._closed = True
        stream, self._stream = self._stream, None
        if stream is not None:
            close_soon(stream)
