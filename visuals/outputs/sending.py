"""Sends frames to other programs: ``python -m visuals.outputs.sending``, a process of its own.

It is given a line of JSON, a `Wish`, and then frames, each behind its length. It tells how it goes by lines of JSON. So
neither a driver nor a library can hold up or end a show.
"""

import contextlib
import json
import os
import queue
import signal
import struct
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic
from typing import Any

import numpy as np

from artgen_osc.runtime.pipes import read_all
from artgen_osc.runtime.priority import lower_process
from artgen_osc.runtime.text import unexpected
from visuals.outputs.cadence import frame_rate
from visuals.outputs.wish import Line

HEAD = struct.Struct("<Q")
"""Bytes that follow."""

TELL_S = 0.5
NICENESS = 2
CLOSE_S = 2.0


@dataclass(frozen=True, slots=True)
class Wish(Line):
    """What is to be sent.

    Attributes
    ----------
    to : ``ndi`` or ``camera``
    name : of the source, or of the device; empty: the first there is
    size : (width, height), even, pixels
    fps : frames a second
    alpha : whether to carry what is transparent, where that can be had
    """

    to: str
    name: str
    size: tuple[int, int]
    fps: float
    alpha: bool


class Sink(ABC):
    """Where frames go."""

    @abstractmethod
    def send(self, frame: np.ndarray) -> None:
        """Send a frame, uint8 ``(height, width, 3)`` or ``(height, width, 4)`` with alpha multiplied into the colours.

        It may be written to.
        """

    @abstractmethod
    def told(self) -> dict[str, Any]:
        """What there is to tell."""

    @abstractmethod
    def close(self) -> None:
        """Free what it holds."""


def straightened(frame: np.ndarray) -> np.ndarray:
    """A frame with its colours as they are beside their alpha.

    Parameters
    ----------
    frame : uint8 ``(height, width, 4)``, alpha multiplied into the colours; it may be written to
    """
    alpha = frame[..., 3]
    if alpha.min() == 255:
        return frame
    rows, columns = np.nonzero((alpha > 0) & (alpha < 255))
    part = frame[rows, columns].astype(np.uint16)
    part[:, :3] = np.minimum((part[:, :3] * 255 + part[:, 3:] // 2) // part[:, 3:], 255)
    frame[rows, columns] = part.astype(np.uint8)
    return frame


class Ndi(Sink):
    """A source of NDI in the network.

    Parameters
    ----------
    wish : Wish
    """

    def __init__(self, wish: Wish) -> None:
        from cyndilib.sender import Sender
        from cyndilib.video_frame import VideoSendFrame
        from cyndilib.wrapper.ndi_structs import FourCC

        self._alpha = wish.alpha
        # The frames come when they are due: NDI needn't wait between them.
        self._sender = Sender(wish.name, clock_video=False, clock_audio=False)
        frame = VideoSendFrame()
        frame.set_resolution(*wish.size)
        frame.set_frame_rate(frame_rate(wish.fps))
        frame.set_fourcc(FourCC.RGBA if wish.alpha else FourCC.RGBX)
        self._sender.set_video_frame(frame)
        self._sender.open()

    def send(self, frame: np.ndarray) -> None:
        """See `Sink`. NDI's colours are beside their alpha."""
        self._sender.write_video_async((straightened(frame) if self._alpha else frame).reshape(-1))

    def told(self) -> dict[str, Any]:
        """The name that receivers see, and how many there are."""
        return {"name": self._sender.name, "receivers": self._sender.get_num_connections(0)}

    def close(self) -> None:
        """See `Sink`."""
        self._sender.close()


class VirtualCamera(Sink):
    """A camera that other programs see.

    Parameters
    ----------
    wish : Wish
    """

    def __init__(self, wish: Wish) -> None:
        import pyvirtualcam

        width, height = wish.size
        self._camera = pyvirtualcam.Camera(width, height, wish.fps, device=wish.name or None)

    def send(self, frame: np.ndarray) -> None:
        """See `Sink`."""
        self._camera.send(frame)

    def told(self) -> dict[str, Any]:
        """The device."""
        return {"name": self._camera.device}

    def close(self) -> None:
        """See `Sink`."""
        self._camera.close()


SINKS = {"ndi": Ndi, "camera": VirtualCamera}


def main() -> None:
    """Read standard input, send, and tell on standard output."""
    for number in (signal.SIGINT, signal.SIGTERM):  # they end the show, and that closes our input
        signal.signal(number, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # a library may print what it likes
    stream = sys.stdin.buffer
    wish = Wish.from_line(stream.readline())
    waiting: queue.Queue[np.ndarray | None] = queue.Queue(1)

    def tell(**told: Any) -> None:
        with contextlib.suppress(OSError):  # nobody listens any more
            print(json.dumps(told), file=answers, flush=True)

    def work() -> None:
        try:
            sink = SINKS[wish.to](wish)
            tell(ready=True, **sink.told())
            lower_process(NICENESS)
            _send(sink, waiting, tell)
            sink.close()
        except Exception as error:  # whatever libraries and drivers come up with
            foreseen = isinstance(error, (OSError, RuntimeError, ImportError))
            tell(error=" ".join(str(error).split()) if foreseen else unexpected(error))
            os._exit(0)  # whatever the library still holds

    sending = threading.Thread(target=work, name="sending", daemon=True)
    sending.start()
    for frame in _frames(stream, wish.size):
        waiting.put(frame)
    with contextlib.suppress(queue.Full):
        waiting.put(None, timeout=CLOSE_S)
        sending.join(CLOSE_S)
    os._exit(0)  # a driver that hangs may not keep us


def _frames(stream: Any, size: tuple[int, int]) -> Iterator[np.ndarray]:
    """What comes, until there is no more."""
    width, height = size
    while len(head := stream.read(HEAD.size)) == HEAD.size:
        data = read_all(stream, *HEAD.unpack(head))
        if data is None:
            return
        yield np.frombuffer(data, np.uint8).reshape(height, width, -1)


def _send(sink: Sink, waiting: "queue.Queue[np.ndarray | None]", tell: Any) -> None:
    next_tell = 0.0
    while (frame := waiting.get()) is not None:
        sink.send(frame)
        if monotonic() >= next_tell:
            next_tell = monotonic() + TELL_S
            tell(**sink.told())


if __name__ == "__main__":
    main()
