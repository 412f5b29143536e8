"""Sound as it goes from the daemon to a renderer that it has started: as bytes through a pipe."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]

_HEAD = struct.Struct("<4sdIHI")
_MAGIC = b"snd1"
MOST_CHANNELS = 2


@dataclass(frozen=True, slots=True)
class Sound:
    """A piece of what is heard.

    Attributes
    ----------
    samples : float32 ``(frames, channels)``, ±1, 1 or 2 channels
    sample_rate : Hz
    time : s, monotonic, when its first frame was heard
    """

    samples: Samples
    sample_rate: int
    time: float

    @property
    def end(self) -> float:
        """When it is over, s, monotonic."""
        return self.time + len(self.samples) / self.sample_rate

    def pack(self) -> bytes:
        """As bytes: a head, then the samples."""
        data = np.ascontiguousarray(self.samples[:, :MOST_CHANNELS], "<f4")
        return _HEAD.pack(_MAGIC, self.time, self.sample_rate, data.shape[1], data.nbytes) + data.tobytes()


class Unpacker:
    """Makes sound out of the bytes of a pipe, however they are cut."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def push(self, data: bytes) -> Iterator[Sound]:
        """The pieces that are complete by now.

        Parameters
        ----------
        data : that has come

        Raises
        ------
        ValueError
            It isn't sound; what waits is forgotten.
        """
        waiting = self._waiting
        waiting += data
        while len(waiting) >= _HEAD.size:
            magic, time, rate, channels, size = _HEAD.unpack_from(waiting)
            if magic != _MAGIC or not 1 <= channels <= MOST_CHANNELS or size % (4 * channels) or not rate:
                waiting.clear()
                raise ValueError("what comes through the pipe isn't sound")
            if len(waiting) < _HEAD.size + size:
                return
            samples = np.frombuffer(bytes(waiting[_HEAD.size : _HEAD.size + size]), "<f4").astype(np.float32)
            del waiting[: _HEAD.size + size]
            yield Sound(samples.reshape(-1, channels), rate, time)
