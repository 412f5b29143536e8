"""The finisher: a network that makes four times the side out of what a generator has painted.

``python -m training.train_finisher`` makes it. It takes bytes ``(1, height, width, 3)`` and gives bytes of four times
the height and the width; it sees no further than `SEEN` pixels.
"""

from pathlib import Path
from typing import Any

import numpy as np

from artgen_osc.errors import ModelError
from artgen_osc.inference import modelfile
from visuals.generators.generator import Frame

INSTALLED = Path(__file__).parents[1] / "models" / "finisher.onnx"
SCALE = 4
TALL = 1024
"""A picture of so many rows is left as it is."""

LARGEST_ROWS = 2048
"""Of a finished picture on stage."""

TILE = 256
SEEN = 64
"""More than the network's convolutions reach, and the side of its tile of noise, which lies still on the canvas."""


class Finisher:
    """Ready for as many sizes as it was opened for; each takes a twentieth of a second.

    Parameters
    ----------
    path : the ONNX file; None for the one that is installed
    threads : cores it may use
    engine : as in the settings

    Raises
    ------
    ModelError
        The file is missing, damaged, of another kind, or doesn't do what a finisher does.
    EngineError
        The engine isn't available here.
    """

    def __init__(self, path: str | Path | None = None, threads: int = 1, engine: str = "openvino") -> None:
        self._model = modelfile.load(path or INSTALLED, "finisher", scale=SCALE)
        self._threads, self._engine = threads, engine
        self._ready: dict[tuple[int, int], modelfile.Engine] = {}
        try:
            self(np.zeros((16, 24, 3), np.uint8))
        except (ModelError, RuntimeError, ValueError, TypeError, IndexError) as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[-1]
            raise ModelError(
                f"{self._model.path}: doesn't enlarge a picture to 4 times its side ({reason}); "
                "export it again with training.train_finisher --export-only"
            ) from None
        self._ready.clear()

    def is_ready(self, size: tuple[int, ...]) -> bool:
        """Whether it was opened for pictures of this height and width."""
        return size[:2] in self._ready

    def open(self, size: tuple[int, ...]) -> None:
        """Make it ready for pictures of this height and width."""
        shape = (1, size[0], size[1], 3)
        engine = modelfile.Engine(self._model, self._threads, engine=self._engine, shapes=[shape])
        self._ready[size[0], size[1]] = engine

    def keep(self, size: tuple[int, ...]) -> None:
        """Forget all sizes but this height and width: each takes memory."""
        self._ready = {known: engine for known, engine in self._ready.items() if known == size[:2]}

    def __call__(self, pixels: Frame, amount: float = 1.0, scale: int = SCALE) -> Frame:
        """A picture of `scale` times the side.

        Parameters
        ----------
        pixels : uint8 ``(height, width, 3)``; a size that it wasn't opened for is opened first
        amount : 0 (a plain enlargement) to 1 (all of what it does)
        scale : 4, or 2 for half of that
        """
        from PIL import Image

        if not self.is_ready(pixels.shape):
            self.open(pixels.shape)
        height, width = pixels.shape[:2]
        (finished,) = self._ready[height, width](np.ascontiguousarray(pixels)[None])
        if finished.shape != (1, SCALE * height, SCALE * width, 3) or finished.dtype != np.uint8:
            raise ValueError(f"{finished.dtype} {finished.shape} for {height}x{width}")
        result: Any = finished[0]
        if amount < 1.0:
            plain = Image.fromarray(pixels).resize((SCALE * width, SCALE * height), Image.Resampling.BICUBIC)
            result = Image.blend(plain, Image.fromarray(result), amount)
        if scale < SCALE:
            result = (result if amount < 1.0 else Image.fromarray(result)).reduce(SCALE // scale)
        return np.asarray(result)

    def by_tiles(self, pixels: Frame, amount: float = 1.0, scale: int = SCALE) -> Frame:
        """The same for a picture of any size, piece by piece: memory is that of the result and of one piece.

        Parameters
        ----------
        pixels, amount, scale : as for the call
        """
        height, width = pixels.shape[:2]
        result: Frame = np.empty((scale * height, scale * width, 3), np.uint8)
        for top in range(0, height, TILE):
            for left in range(0, width, TILE):
                bottom, right = min(top + TILE, height), min(left + TILE, width)
                above, before = max(0, top - SEEN), max(0, left - SEEN)
                piece = self(pixels[above : bottom + SEEN, before : right + SEEN], amount, scale)
                rows = slice(scale * (top - above), scale * (bottom - above))
                columns = slice(scale * (left - before), scale * (right - before))
                result[scale * top : scale * bottom, scale * left : scale * right] = piece[rows, columns]
        return result


def most(rows: int) -> int:
    """How many times the side is the most for a picture of so many rows: 4, 2, or 1 for none."""
    if rows >= TALL:
        return 1
    return SCALE if SCALE * rows <= LARGEST_ROWS else SCALE // 2
