"""Another generator as a layer: it paints beside the show on a walk of its own, in the mood of the music."""

import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from artgen_osc.errors import ArtgenError
from artgen_osc.runtime.latest import LatestWorker
from artgen_osc.runtime.text import unexpected
from visuals.compositor.kind import Moment

if TYPE_CHECKING:
    import numpy as np

    from visuals.generators.generator import Generator

INSTALLED = "installed"
"""The model that comes with artgen."""

MOST_FPS = 15.0
PICTURES_S = 10.0
"""From one picture to the next, at a speed of 1."""

TRUNCATION = 0.8
MOST_PICTURES = 1 << 30

Wish = tuple[float, float, float, float, float]
"""How far the walk has come, valence, energy, the frame's width over its height, and s of the show."""


class ModelLayer:
    """A generator. See `visuals.compositor.kind.Layer`.

    Parameters
    ----------
    context : moderngl context
    rest : a model's file, ``NAME`` or ``NAME:REST`` of a generator, or `INSTALLED`
    folder : where a relative path begins

    Attributes
    ----------
    made : makes what fades between painted pictures, of a context; None: nothing is shown
    trouble : what is wrong, on one line; empty: nothing
    """

    takes: ClassVar[str] = "MODEL"

    def __init__(self, context: Any, rest: str = "", folder: Path = Path()) -> None:
        from visuals.modulation.motion import Playhead  # which imports NumPy

        self.made: Callable[[Any], Any] | None = None
        self.trouble = ""
        self._context, self._name, self._folder = context, rest, folder
        self._layer: Any = None
        self._playhead = Playhead()
        self._walked: float = zlib.crc32(rest.encode(errors="replace")) % 100_000  # two models, two pictures
        self._generator: Generator | None = None
        self._failed, self._aspect = False, 1.0
        self._lock = threading.Lock()
        self._picture: tuple[np.ndarray, float] | None = None
        self._worker: LatestWorker[Wish] | None = None
        self._closed = False

    def frame(self, size: tuple[int, int], settings: Any, moment: Moment) -> Any:
        """See `visuals.compositor.kind.Layer`."""
        if not self._name or self.made is None:
            return None
        self._walked += moment.dt * settings.speed / PICTURES_S
        self._worker = self._worker or LatestWorker(self._paint, "model layer", 1.0 / MOST_FPS)
        self._worker.put((self._walked, moment.valence, moment.energy, size[0] / size[1], moment.time))
        with self._lock:
            picture, self._picture = self._picture, None
        if picture is not None:
            self._show(*picture, moment.time)
        if self._layer is None:
            return None
        self._layer.fade = self._playhead.mix(moment.time)
        # In a frame of its own shape nothing of it is cut off.
        return self._layer.frame((max(1, round(size[1] * self._aspect)), size[1]), None, moment)

    def _show(self, pixels: "np.ndarray", of: float, time: float) -> None:
        """Go on to a picture that was asked for at the time `of`."""
        assert self.made is not None
        aspect = pixels.shape[1] / pixels.shape[0]
        if self._layer is None:
            self._layer, self._aspect = self.made(self._context), aspect
            self._layer.take(pixels, 1.0)
        place = self._playhead.mix(time)
        follows = self._playhead.arrive(time, of, follows=aspect == self._aspect)
        self._layer.take(pixels, place, None, follows)
        self._aspect = aspect

    def _paint(self, wish: Wish) -> None:
        """Runs on the worker's thread."""
        import numpy as np

        from visuals.generators.generator import paint, width_for
        from visuals.generators.sphere import direction, slerp

        if self._failed:
            return
        try:
            self._generator = self._generator or self._opened()
            walked, valence, energy, aspect, time = wish
            number, part = int(walked), walked % 1.0
            start, end = (direction((number + step) % MOST_PICTURES, self._generator.z_dim) for step in (0, 1))
            # It slows down at each picture, so that the walk has no corners.
            z = slerp(start, end, part * part * (3.0 - 2.0 * part)) * np.sqrt(self._generator.z_dim)
            width = width_for(self._generator, aspect)
            mood = np.array([valence, energy], np.float32)
            pixels = paint(self._generator, z.astype(np.float32), mood, TRUNCATION, width)
            with self._lock:
                self._picture = pixels, time
        except Exception as error:  # a stranger's generator may raise anything
            self._failed = True
            told = str(error) if isinstance(error, ArtgenError) else unexpected(error)
            self.trouble = f"model:{self._name}: {told}"

    def _opened(self) -> "Generator":
        from visuals.generators.trial import Trials

        trials = Trials()
        trials.wanted = lambda: not self._closed
        beside = self._folder / self._name
        return trials.open("" if self._name == INSTALLED else str(beside) if beside.is_file() else self._name)

    def release(self) -> None:
        """See `visuals.compositor.kind.Layer`."""
        self._closed = True
        if self._worker is not None:
            self._worker.close(0.0)
        if self._layer is not None:
            self._layer.release()
