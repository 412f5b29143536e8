"""When the finisher runs: where the machine can, which is measured beside the show.

It is opened, and timed on the show's own pictures, on a thread of its own, while pictures are shown as they are
painted. From then on `visuals.quality` says how much of it there is time for.
"""

import logging
import threading
from collections.abc import Callable
from time import perf_counter

import numpy as np

from artgen_osc.errors import ArtgenError
from artgen_osc.runtime.text import unexpected
from visuals.generators.finisher import SCALE, Finisher, most
from visuals.generators.generator import Frame
from visuals.quality import too_slow

log = logging.getLogger(__name__)

LOOKS = 5

FinisherOpener = Callable[[], Finisher]


class Finishing:
    """Finishes pictures, or leaves them.

    Parameters
    ----------
    opener : opens the finisher; None where there is none
    beside : open and measure it beside the show; else at once, whatever it takes: the same pictures every time

    Attributes
    ----------
    scale : how many times the side it can make of pictures, 4, 2 or 1
    limit : how many times at most it may, on any thread
    seconds : that the last picture took it
    note : why it doesn't do more; empty if it does all it can
    """

    def __init__(self, opener: FinisherOpener | None, beside: bool = True) -> None:
        self._opener, self._beside = opener, beside
        self._finisher: Finisher | None = None
        self._lock = threading.Lock()
        self._size: tuple[int, ...] = ()
        self._thread: threading.Thread | None = None
        self._closed = False
        self.scale, self.limit = 1, SCALE
        self.seconds = 0.0
        self.note = "" if opener else "there is no finisher"

    def __call__(self, pixels: Frame, amount: float, seconds: float) -> tuple[Frame, int]:
        """The picture as it is shown, and how many times the side it has.

        Parameters
        ----------
        pixels : uint8 ``(height, width, 3)``, of a generator
        amount : 0 (off) to 1
        seconds : how long painting it took
        """
        self.seconds = 0.0
        if amount <= 0.0 or self._opener is None or most(len(pixels)) == 1:
            return pixels, 1
        if pixels.shape[:2] != self._size:
            self._meet(pixels, seconds)
        with self._lock:
            finisher, scale = self._finisher, min(self.scale, self.limit)
        if finisher is None or scale == 1 or not finisher.is_ready(pixels.shape):
            return pixels, 1
        start = perf_counter()
        try:
            finished = finisher(pixels, amount, scale)
        except Exception as error:  # an engine may raise anything
            self._give_up(unexpected(error))
            return pixels, 1
        self.seconds = perf_counter() - start
        return finished, scale

    def close(self, wait: float) -> None:
        """End what is being made ready; `wait`: for so long, in s."""
        self._closed = True
        if self._thread is not None:
            self._thread.join(timeout=max(0.0, wait))

    def _meet(self, pixels: Frame, seconds: float) -> None:
        """A first picture of a size: make the finisher ready for it."""
        self._size = pixels.shape[:2]
        self.scale = 1
        if not self._beside:
            self._prepare(pixels, seconds)
            return
        self._thread = threading.Thread(
            target=self._prepare, args=(pixels.copy(), seconds), name="finisher", daemon=True
        )
        self._thread.start()

    def _prepare(self, pixels: Frame, seconds: float) -> None:
        assert self._opener is not None
        try:
            finisher = self._finisher or self._opener()
            if not finisher.is_ready(pixels.shape):
                finisher.open(pixels.shape)
            finisher.keep(pixels.shape)
            times = []
            for _ in range(LOOKS if self._beside else 0):
                if self._closed:
                    return
                start = perf_counter()
                finisher(pixels)
                times.append(perf_counter() - start)
        except ArtgenError as error:
            self._give_up(str(error))
            return
        except Exception as error:  # as above
            self._give_up(unexpected(error))
            return
        taken = float(np.median(times[1:])) if times else 0.0
        scale = most(len(pixels))
        with self._lock:
            self._finisher = finisher
            if pixels.shape[:2] != self._size:
                return  # the next size has its own turn
        self.note = ""
        if self._beside and too_slow(seconds, taken):
            self.note = f"too slow here, {taken * 1e3:.0f} ms a picture"
            log.info("finisher: off, %s", self.note)
            return
        with self._lock:
            self.scale = scale
        if self._beside:
            log.info("finisher: x%d, %.0f ms a picture of %dx%d", scale, taken * 1e3, pixels.shape[1], len(pixels))

    def _give_up(self, reason: str) -> None:
        self._opener = None
        self.scale = 1
        self.note = reason
        log.warning("%s; pictures are shown as they are painted", reason)
