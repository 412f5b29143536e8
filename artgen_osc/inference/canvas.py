"""The shapes that a generator of ours paints, by its card, and what its network is told to paint one.

A network whose card has ``widest`` lays out a canvas so many times as wide as high, and paints the window of it that
its third input names: ``places``, int64 ``(k,)``, k columns of a sixteenth of the height. One whose card hasn't paints
squares alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from artgen_osc.errors import ModelError
from artgen_osc.inference.modelfile import ModelFile, installed_generator, load
from artgen_osc.inference.onnx_session import Shapes

SQUARE = 16
"""Columns of a square."""

USUAL = 16 / 9
"""Width over height of most screens."""

WIDEST = 2.5
"""No canvas is wider: 21:9 fits in."""


@dataclass(frozen=True, slots=True)
class Canvas:
    """What windows there are.

    Attributes
    ----------
    size : height, pixels
    widest : 1 (squares alone) to `WIDEST`, width over height of the whole canvas
    """

    size: int
    widest: float = 1.0

    @classmethod
    def of(cls, card: Mapping[str, Any]) -> "Canvas":
        """That of a generator, from its card.

        Raises
        ------
        KeyError, TypeError, ValueError, OverflowError
            The card has no usable size, or says a canvas that there can't be.
        """
        canvas = cls(int(card["size"]), float(card.get("widest", 1.0)))
        if canvas.size < 1 or not 1.0 <= canvas.widest <= WIDEST or (canvas.many and canvas.size % SQUARE):
            raise ValueError(f"size {canvas.size} and widest {canvas.widest} don't go together")
        return canvas

    @property
    def many(self) -> bool:
        """Whether there are other shapes than a square."""
        return self.widest > 1.0

    @property
    def columns(self) -> int:
        """Of the whole canvas."""
        return round(SQUARE * self.widest)

    def columns_for(self, aspect: float) -> int:
        """Those of the window that comes nearest to a shape, `aspect` times as wide as high."""
        return round(min(max(SQUARE * aspect, SQUARE), self.columns))

    def width(self, columns: int) -> int:
        """Pixels of so many columns."""
        return columns * self.size // SQUARE

    def shapes(self, z_dim: int, columns: int = SQUARE) -> Shapes:
        """Of all inputs, to open the network for one window: it is twice as fast then.

        Parameters
        ----------
        z_dim : length of z
        columns : of the window
        """
        return [(1, z_dim), (1, 2), *((columns,) for _ in self.inputs(columns))]

    def inputs(self, columns: int = SQUARE) -> list[np.ndarray]:
        """What comes after z and mood: the places of a window in the middle of the canvas, or nothing."""
        first = (self.columns - columns) // 2
        return [np.arange(first, first + columns, dtype=np.int64)] if self.many else []


def painted_for(aspect: float) -> tuple[int, int]:
    """Height and width in pixels of what the installed generator paints for a shape; of a small square without one."""
    try:
        canvas = Canvas.of(load(installed_generator(), "generator").card)
    except ModelError:
        canvas = Canvas(256)
    return canvas.size, canvas.width(canvas.columns_for(aspect))


def usual_window(model: ModelFile) -> tuple[Shapes, tuple[int, int]] | None:
    """For a generator that paints many shapes: its inputs and its picture (width, height) for most screens; else None.

    Raises
    ------
    ModelError
        Its card says no canvas that there can be.
    """
    if "widest" not in model.card:
        return None
    try:
        canvas = Canvas.of(model.card)
        columns = canvas.columns_for(USUAL)
        return canvas.shapes(int(model.card["z_dim"]), columns), (canvas.width(columns), canvas.size)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ModelError(
            f"{model.path}: its card has no usable size, z_dim and widest ({error}); export it again"
        ) from None
