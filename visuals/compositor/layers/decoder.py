"""Decodes one video file, camera or NDI source for `visuals.compositor.layers.decoded`, as a process of its own.

Damaged data can crash or hang the large body of C code that decodes it. In a thread that would take the show with it;
a process can be killed and started again.

It reads lines of JSON: first ``["file", path]``, ``["camera", name]`` or ``["ndi", name]``, then
``[position, width, height]``, each a wish for the frame at so many seconds, of what is live for the newest, within so
many pixels. It answers each with one record, and ends when its input closes. A record is a letter, the length of what
follows as uint32, and that:

==== =======================================================================================
`O`  opened, once, as answer to the first line: s of its length, float64; 0 where that is not known
`F`  a frame: width and height as uint32, then uint8 ``(height, width, 4)``, bottom row first, alpha multiplied in
`S`  the frame is the same as before
`T`  as `S`, and the video is over: s of its true length, float64, then what is wrong with it, UTF-8, if anything is
`E`  it can't be decoded: why, UTF-8. It is the last
==== =======================================================================================
"""

import json
import os
import queue
import signal
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

from visuals.compositor.layers import cameras, ndi_sources
from visuals.compositor.layers.upload import multiplied

HEAD = struct.Struct("<cI")
SIZE = struct.Struct("<II")
SECONDS = struct.Struct("<d")

FAR_S = 3.0
"""What is further ahead is sought, not decoded through."""

SHORT_S = 1.0
"""So much may be missing at the end of a whole video."""

SMALLEST = 2
"""Pixels."""


class Video:
    """A video that is open.

    Parameters
    ----------
    path : of the file

    Attributes
    ----------
    duration : s; 0 where it is not known

    Raises
    ------
    av.error.FFmpegError, ValueError
        It can't be opened, or has no pictures.
    """

    def __init__(self, path: str) -> None:
        import av

        self._container = av.open(path, options={"protocol_whitelist": "file"}, metadata_errors="surrogateescape")
        if not self._container.streams.video:
            raise ValueError("there is no picture in it")
        self._stream: Any = self._container.streams.video[0]
        self._stream.thread_type = "AUTO"
        self.duration = (self._container.duration or 0) / av.time_base
        self._start = float((self._stream.start_time or 0) * (self._stream.time_base or 0))
        self._step = 1.0 / float(self._stream.average_rate or 30)
        self._wide = float(self._stream.codec_context.sample_aspect_ratio or 1)
        self._frames = self._decoded()
        self._now: Any = None
        self._next: Any = None
        self._sent: tuple[object, ...] = ()

    def _decoded(self) -> Iterator[Any]:
        """The frames that there are; what can't be decoded is passed over."""
        import av

        try:
            for packet in self._container.demux(self._stream):
                try:
                    for frame in packet.decode():
                        if frame.pts is not None:
                            yield frame
                except av.error.InvalidDataError:
                    continue
        except (av.error.FFmpegError, OSError):
            return

    def _time(self, frame: Any) -> float:
        return float(frame.pts * frame.time_base) - self._start

    def _seek(self, position: float) -> None:
        self._container.seek(round((position + self._start) / self._stream.time_base), stream=self._stream)
        self._frames, self._now = self._decoded(), None
        self._next = next(self._frames, None)

    def at(self, position: float, most: tuple[int, int]) -> tuple[bytes, bytes]:
        """The record for a position.

        Parameters
        ----------
        position : s from the beginning
        most : (width, height), pixels
        """
        now = self._time(self._now) if self._now is not None else 0.0
        if self._now is not None and (position < now or position > now + FAR_S):
            self._seek(position)
        elif self._now is None and self._next is None:
            self._next = next(self._frames, None)
        while self._next is not None and (self._now is None or self._time(self._next) <= position):
            self._now, self._next = self._next, next(self._frames, None)
        if self._now is None:
            raise ValueError("there is no picture in it that can be decoded")
        key = self._now.pts, most
        if key != self._sent:
            self._sent = key
            return b"F", _content(self._now, most, self._wide)
        end = self._time(self._now) + self._step
        if self._next is None and position > end:
            missing = self.duration - end > SHORT_S
            wrong = f"ends after {end:.1f} s of {self.duration:.1f} s: it is damaged" if missing else ""
            return b"T", SECONDS.pack(end) + wrong.encode()
        return b"S", b""


class Live:
    """What is live and open; a thread takes its pictures in, and the newest counts.

    Parameters
    ----------
    pictures : gives them, until it is gone
    """

    duration = 0.0

    def __init__(self, pictures: Iterator[Any]) -> None:
        self._pictures = pictures
        self._changed = threading.Condition()
        self._now: Any = None
        self._sent: tuple[object, ...] = ()
        self._over = False
        threading.Thread(target=self._look, name="live", daemon=True).start()

    def _look(self) -> None:
        import av

        try:
            for frame in self._pictures:
                with self._changed:
                    self._now = frame
                    self._changed.notify_all()
        except (av.error.FFmpegError, OSError):
            pass  # it was pulled out
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def at(self, position: float, most: tuple[int, int]) -> tuple[bytes, bytes]:
        """The record for the newest picture.

        Parameters
        ----------
        position : of no use
        most : (width, height), pixels
        """
        with self._changed:
            self._changed.wait_for(lambda: self._now is not None or self._over)
            frame = self._now
        if self._over:
            raise ValueError("it gives no more pictures")
        key = id(frame), most
        if key == self._sent:
            return b"S", b""
        self._sent = key
        return b"F", _content(frame, most)


def _camera(name: str) -> Live:
    import av

    path, kind = cameras.device(name)
    return Live(av.open(path, format=kind).decode(video=0))


def _ndi(name: str) -> Live:
    return Live(ndi_sources.pictures(ndi_sources.found(name)))


OPEN: dict[str, Callable[[str], Video | Live]] = {"file": Video, "camera": _camera, "ndi": _ndi}


def _content(frame: Any, most: tuple[int, int], wide: float = 1.0) -> bytes:
    """What follows `F`; `wide` is the width of a pixel in its heights."""
    import numpy as np

    turned = round(getattr(frame, "rotation", 0) / 90) % 4
    width, height = frame.width * wide, float(frame.height)
    room = most[::-1] if turned % 2 else most
    part = min(1.0, room[0] / width, room[1] / height)
    size = max(SMALLEST, round(width * part)), max(SMALLEST, round(height * part))
    pixels = frame.reformat(*size, format="rgba").to_ndarray()
    pixels = multiplied(np.rot90(pixels, turned) if turned else pixels)
    return SIZE.pack(pixels.shape[1], pixels.shape[0]) + pixels.tobytes()


def answers(opening: tuple[str, str], wishes: Iterator[list[Any]]) -> Iterator[tuple[bytes, bytes]]:
    """What `main` writes, as kind and content.

    Parameters
    ----------
    opening : one of `OPEN`, and its path or name
    wishes : position in s, width and height in pixels
    """
    try:
        import av
    except ImportError as error:
        yield b"E", f"PyAV can't be imported ({error}); pip install 'artgen-osc[stream]'".encode()
        return
    av.logging.set_level(None)
    try:
        kind, name = opening
        video = OPEN[kind](name)
        yield b"O", SECONDS.pack(video.duration)
        for position, width, height in wishes:
            yield video.at(position, (width, height))
    except av.error.InvalidDataError:
        yield b"E", b"there is no video in it that can be decoded"
    except (av.error.FFmpegError, OSError) as error:
        yield b"E", (error.strerror or type(error).__name__).encode()
    except ValueError as error:
        yield b"E", str(error).encode()


def main() -> None:
    """Answer until nobody asks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the show, which ends us
    lines: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def listen() -> None:
        for line in sys.stdin.buffer:
            lines.put(json.loads(line))
        os._exit(0)  # whatever the decoder does: our parent is gone, or has done with us

    threading.Thread(target=listen, name="wishes", daemon=True).start()
    try:
        for kind, content in answers(lines.get(), iter(lines.get, None)):
            sys.stdout.buffer.write(HEAD.pack(kind, len(content)) + content)
            sys.stdout.buffer.flush()
    except BrokenPipeError:
        os._exit(0)


if __name__ == "__main__":
    main()
