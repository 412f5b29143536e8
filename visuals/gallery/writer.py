"""Pictures into the gallery, away from the render loop."""

import logging
import queue
import threading
from pathlib import Path
from time import monotonic

from visuals.gallery.files import write
from visuals.gallery.folder import open_for_writing
from visuals.gallery.record import About
from visuals.generator import Frame

log = logging.getLogger(__name__)


class Writer:
    """Writes on a thread of its own; pictures that come faster than the disk takes them are dropped.

    Parameters
    ----------
    folder : of the gallery; made with the first picture
    waiting : pictures that may wait

    Attributes
    ----------
    written, dropped : counters
    """

    def __init__(self, folder: Path, waiting: int = 8) -> None:
        self.folder = folder
        self.written = self.dropped = 0
        self._quiet_until = 0.0
        self._queue: queue.Queue[tuple[Frame, About] | None] = queue.Queue(waiting)
        self._thread = threading.Thread(target=self._run, name="gallery", daemon=True)
        self._thread.start()

    def write(self, frame: Frame, about: About) -> None:
        """Hand over a picture, uint8 ``(height, width, 3)``; returns at once."""
        try:
            self._queue.put_nowait((frame, about))
        except queue.Full:
            self._drop("the disk is slower than the snapshots come; fewer of them, or a faster disk, are needed")

    def close(self) -> None:
        """Write what is waiting, then end."""
        self._queue.put(None)
        self._thread.join(timeout=30.0)

    def _drop(self, reason: str) -> None:
        self.dropped += 1
        now = monotonic()
        if now >= self._quiet_until:
            self._quiet_until = now + 60.0
            log.warning("%s: %d snapshots lost so far: %s; the show goes on", self.folder, self.dropped, reason)

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            frame, about = item
            try:
                open_for_writing(self.folder)
                write(self.folder / f"{about.id}.png", frame, about)
            except (OSError, ValueError) as error:
                self._drop(f"can't be written ({error}); a folder with room is needed")
            else:
                self.written += 1
