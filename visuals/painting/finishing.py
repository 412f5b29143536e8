"""When the finisher runs: as far as the machine keeps up, which is measured beside the show.

It is opened, and timed on the show's own pictures, on a thread of its own, while pictures are shown as they are
painted. From then on whoever watches the pictures or the frames may say that it is too much.
"""

import logging
import threading
from collections.abc import Callable
from time import monotonic, perf_counter

import numpy as np

from artgen_osc.errors import ArtgenError
from artgen_osc.runtime.text import unexpected
from visuals.generators.finisher import Finisher, most
from visuals.generators.generator import Frame

log = logging.getLogger(__name__)

LEAST_FPS = 6.0
"""Pictures per second that a show needs."""

FAIR = 0.25
"""Of a generator's own time, so much is always given to the finisher: a slow one gets no faster without it."""

LOOKS = 5
SLOW = 20
"""Pictures in a row that are too slow, before it steps down."""

AGAIN_S = 60.0
"""So long after a step down it tries again; twice as long after each that follows."""

FinisherOpener = Callable[[], Finisher]


class Finishing:
    """Finishes pictures, or leaves them.

    Parameters
    ----------
    opener : opens the finisher; None where there is none
    beside : open and measure it beside the show; else at once, and never step down: the same pictures every time

    Attributes
    ----------
    scale : how many times the side it makes of pictures now, 4, 2 or 1
    note : why it doesn't do more; empty if it does all it can

    Notes
    -----
    Called on the thread that paints; `step_down` on any.
    """

    def __init__(self, opener: FinisherOpener | None, beside: bool = True) -> None:
        self._opener, self._beside = opener, beside
        self._finisher: Finisher | None = None
        self._lock = threading.Lock()
        self._size: tuple[int, ...] = ()
        self._slow = 0
        self._wait, self._again = AGAIN_S, 0.0
        self._best = 1
        self._thread: threading.Thread | None = None
        self._closed = False
        self.scale = 1
        self.note = "" if opener else "there is no finisher"

    def __call__(self, pixels: Frame, amount: float, seconds: float) -> tuple[Frame, int]:
        """The picture as it is shown, and how many times the side it has.

        Parameters
        ----------
        pixels : uint8 ``(height, width, 3)``, of a generator
        amount : 0 (off) to 1
        seconds : how long painting it took
        """
        if amount <= 0.0 or self._opener is None or most(len(pixels)) == 1:
            return pixels, 1
        if pixels.shape[:2] != self._size:
            self._meet(pixels, seconds)
        with self._lock:
            finisher, scale = self._finisher, self.scale
        if scale < self._best and monotonic() > self._again:
            scale *= 2
            self._again = monotonic() + self._wait
            self._say(scale, f"finisher: tries {_named(scale)} again")
            self.note = "" if scale == self._best else self.note
        if finisher is None or scale == 1 or not finisher.is_ready(pixels.shape):
            return pixels, 1
        start = perf_counter()
        try:
            finished = finisher(pixels, amount, scale)
        except Exception as error:  # an engine may raise anything
            self._give_up(unexpected(error))
            return pixels, 1
        if self._beside:
            self._watch(seconds, perf_counter() - start)
        return finished, scale

    def step_down(self, why: str) -> None:
        """Do less from the next picture on: 4, 2, 1; and try again later.

        Parameters
        ----------
        why : a few words, for people
        """
        scale = self.scale
        if scale == 1 or not self._beside:
            return
        lower = scale // 2
        self._again = monotonic() + self._wait
        self._wait *= 2.0
        self._say(lower, f"finisher: {why}; {_named(lower)} instead of {_named(scale)}")
        self.note = why

    def close(self, wait: float) -> None:
        """End what is being made ready; `wait`: for so long, in s."""
        self._closed = True
        if self._thread is not None:
            self._thread.join(timeout=max(0.0, wait))

    def _watch(self, painting: float, finishing: float) -> None:
        self._slow = self._slow + 1 if too_slow(painting, finishing) else 0
        if self._slow >= SLOW:
            self._slow = 0
            self.scale = min(self.scale, 2)  # half the side takes the network as long
            self.step_down(f"fewer than {LEAST_FPS:g} pictures a second with it")

    def _meet(self, pixels: Frame, seconds: float) -> None:
        """A first picture of a size: make the finisher ready for it."""
        self._size = pixels.shape[:2]
        self.scale, self._best, self._wait = 1, 1, AGAIN_S
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
        self._best = scale
        self._say(
            scale, f"finisher: {_named(scale)}, {taken * 1e3:.0f} ms a picture of {pixels.shape[1]}x{len(pixels)}"
        )

    def _say(self, scale: int, line: str) -> None:
        with self._lock:
            self.scale = scale
        if self._beside:
            log.info("%s", line)

    def _give_up(self, reason: str) -> None:
        self._opener = None
        self.scale = 1
        self.note = reason
        log.warning("%s; pictures are shown as they are painted", reason)


def too_slow(painting: float, finishing: float) -> bool:
    """Whether a picture is too much for a show.

    Parameters
    ----------
    painting : s that painting it takes
    finishing : s that finishing it takes
    """
    return painting + finishing > 1.0 / LEAST_FPS and finishing > FAIR * painting


def _named(scale: int) -> str:
    return "off" if scale == 1 else f"x{scale}"
