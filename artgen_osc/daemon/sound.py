"""What is heard, for the renderer: through the pipe that is its standard input, with the time of each block."""

import contextlib
import threading
from collections import deque
from typing import IO

from artgen_osc.audio.sources import AudioBlock
from artgen_osc.runtime.pipes import write_all
from artgen_osc.schema.sound import Sound

WINDOW_S = 1.0
"""The earliest block of so long says when sound was heard."""

BATCH_S = 0.05
"""Between two looks at what waits."""

MOST_WAITING = 256
"""Blocks that may wait for a renderer that doesn't read: about 3 s."""

CLOSE_S = 1.0


class SoundClock:
    """From a stream's clock to the system's.

    A block may come late and never early. So the one that came earliest, of the last second's, says how the clocks are
    to each other; a device whose clock drifts is followed.
    """

    def __init__(self) -> None:
        self._earliest: deque[tuple[float, float]] = deque()

    def heard(self, end: float, arrived: float) -> float:
        """When the end of a block was heard.

        Parameters
        ----------
        end : s on the stream's clock
        arrived : s, monotonic, when the block came

        Returns
        -------
        s, monotonic
        """
        ahead, earliest = arrived - end, self._earliest
        while earliest and earliest[-1][1] >= ahead:
            earliest.pop()
        earliest.append((arrived, ahead))
        while arrived - earliest[0][0] > WINDOW_S:
            earliest.popleft()
        return end + earliest[0][1]


class SoundPipe:
    """Writes on a thread of its own; what the reader doesn't take in time is dropped, the oldest first.

    Parameters
    ----------
    pipe : unbuffered; `close` closes it

    Attributes
    ----------
    dropped : blocks that were lost
    """

    def __init__(self, pipe: IO[bytes]) -> None:
        self.dropped = 0
        self._pipe = pipe
        self._waiting: deque[Sound] = deque(maxlen=MOST_WAITING)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sound", daemon=True)
        self._thread.start()

    def put(self, sound: Sound) -> None:
        """Hand a block over; returns at once."""
        self.dropped += len(self._waiting) == MOST_WAITING
        self._waiting.append(sound)

    def _run(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # the reader has gone
            while not self._closed.wait(BATCH_S):
                while self._waiting:
                    write_all(self._pipe, self._waiting.popleft().pack())

    def close(self) -> None:
        """End, once the reader has gone."""
        self._closed.set()
        self._thread.join(CLOSE_S)
        if not self._thread.is_alive():  # else somebody else holds the other end, and the pipe with it
            with contextlib.suppress(OSError):
                self._pipe.close()


def placed(block: AudioBlock, sample_rate: int, arrived: float, clock: SoundClock) -> Sound:
    """A block with the time at which it was heard.

    Parameters
    ----------
    block : with frames in it
    sample_rate : Hz
    arrived : s, monotonic, when it came
    clock : of its source
    """
    seconds = len(block.samples) / sample_rate
    return Sound(block.samples, sample_rate, clock.heard(block.time + seconds, arrived) - seconds)
