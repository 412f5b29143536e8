"""Pictures into the gallery, away from the render loop."""

import logging
import queue
import threading
from pathlib import Path
from time import monotonic

from artgen_osc.runtime.files import make_folder
from artgen_osc.runtime.priority import lower_thread
from artgen_osc.runtime.throttle import Throttle
from visuals.gallery.files import write
from visuals.gallery.record import About
from visuals.generators.generator import Frame

log = logging.getLogger(__name__)

NICENESS = 5
CLOSE_S = 8.0
"""Less than the supervisor gives the renderer to end."""


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
        self._throttle = Throttle()
        self._queue: queue.Queue[tuple[Frame, About] | None] = queue.Queue(waiting)
        self._thread = threading.Thread(target=self._run, name="gallery", daemon=True)
        self._thread.start()

    def write(self, frame: Frame, about: About) -> None:
        """Hand over a picture; returns at once.

        Parameters
        ----------
        frame : uint8 ``(height, width, 3)``
        about : what is known of it
        """
        try:
            self._queue.put_nowait((frame, about))
        except queue.Full:
            self._drop("they come faster than they can be written; fewer of them are needed")

    def close(self) -> None:
        """Write what is waiting, then end; a disk that hangs is not waited for."""
        until = monotonic() + CLOSE_S
        try:
            self._queue.put(None, timeout=CLOSE_S)
        except queue.Full:
            log.warning("%s: the disk hangs; %d snapshots are lost", self.folder, self._queue.qsize())
        self._thread.join(timeout=max(0.0, until - monotonic()))

    def _drop(self, reason: str) -> None:
        self.dropped += 1
        if self._throttle.due():
            log.warning("%s: %d snapshots lost so far: %s; the show goes on", self.folder, self.dropped, reason)

    def _run(self) -> None:
        lower_thread(NICENESS)
        while (item := self._queue.get()) is not None:
            frame, about = item
            try:
                make_folder(self.folder)
                write(self.folder / f"{about.id}.png", frame, about)
            except Exception as error:  # whatever it is, the next picture may be written
                self._drop(f"can't be written ({error}); a folder with room is needed")
            else:
                self.written += 1
