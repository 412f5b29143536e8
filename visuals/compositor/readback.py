"""Frames come back from the graphics card through pixel buffers: one that is asked for now is taken a turn later.

So nobody waits for the card to finish drawing.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from visuals.generators.generator import Frame

Reading = Callable[[], Frame]
"""Gives a frame that was asked for: uint8 ``(height, width, channels)``, top row first, not to be written to."""

MOST_SPARE = 4
"""Buffers that wait for the next frame of their size."""


class Readable:
    """A renderbuffer of 8 bits a channel to draw into and to read from.

    It isn't moderngl's simple_framebuffer, whose buffers would stay behind when it is released.

    Parameters
    ----------
    context : moderngl context
    size : (width, height), pixels
    channels : 3 or 4

    Attributes
    ----------
    target : the framebuffer
    """

    def __init__(self, context: Any, size: tuple[int, int], channels: int = 3) -> None:
        self._buffer = context.renderbuffer(size, channels)
        self.target = context.framebuffer([self._buffer])

    def release(self) -> None:
        """Give it back; another framebuffer has to be in use."""
        self.target.release()
        self._buffer.release()


class ReadBack:
    """Pixel buffers that are used again.

    Parameters
    ----------
    context : moderngl context
    """

    def __init__(self, context: Any) -> None:
        self._context = context
        self._spare: list[Any] = []

    def begin(self, target: Any, size: tuple[int, int], channels: int) -> Reading:
        """Have the card copy what is drawn.

        Parameters
        ----------
        target : the framebuffer
        size : (width, height), pixels
        channels : 3 or 4

        Returns
        -------
        What gives the frame, however often it is called; the first call waits until the card is done
        """
        width, height = size
        buffer = self._buffer(width * height * channels)
        target.read_into(buffer, viewport=(0, 0, width, height), components=channels, alignment=1)
        frame: list[Frame] = []

        def finish() -> Frame:
            if not frame:
                pixels = np.frombuffer(buffer.read(), np.uint8).reshape(height, width, channels)
                self._spare.append(buffer)
                frame.append(np.ascontiguousarray(pixels[::-1]))
                frame[0].flags.writeable = False
            return frame[0]

        return finish

    def _buffer(self, size: int) -> Any:
        for buffer in self._spare:
            if buffer.size == size:
                self._spare.remove(buffer)
                return buffer
        while len(self._spare) >= MOST_SPARE:
            self._spare.pop(0).release()
        return self._context.buffer(reserve=size)

    def release(self) -> None:
        """Give all buffers back."""
        for buffer in self._spare:
            buffer.release()
        self._spare.clear()
