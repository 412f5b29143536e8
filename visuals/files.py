"""Frames to PNG files, away from the render loop."""

import logging
import queue
import threading
from pathlib import Path

from visuals.generator import Frame

log = logging.getLogger(__name__)


class FrameWriter:
    """Writes on a thread of its own; frames that come faster than the disk takes them are dropped.

    Attributes
    ----------
    written, dropped : counters
    """

    def __init__(self, waiting: int = 8) -> None:
        self.written = self.dropped = 0
        self._queue: queue.Queue[tuple[Path, Frame] | None] = queue.Queue(waiting)
        self._thread = threading.Thread(target=self._run, name="frames", daemon=True)
        self._thread.start()

    def write(self, path: Path, frame: Frame) -> None:
        """Hand over a frame, uint8 ``(height, width, 3)``; returns at once."""
        try:
            self._queue.put_nowait((path, frame))
        except queue.Full:
            self.dropped += 1

    def close(self) -> None:
        """Write what is waiting, then end."""
        self._queue.put(None)
        self._thread.join(timeout=30.0)

    def _run(self) -> None:
        from PIL import Image

        while (item := self._queue.get()) is not None:
            path, frame = item
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(frame).save(path, compress_level=3)
            except OSError as error:
                self.dropped += 1
                log.warning("%s: can't be written (%s); a folder with room is needed; the show goes on", path, error)
            else:
                self.written += 1
