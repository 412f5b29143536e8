"""What an added generator paints, looked at before anybody else sees it."""

from collections.abc import Callable
from typing import TypeVar

import numpy as np

from artgen_osc.errors import BORNE, ModelError
from artgen_osc.plugins.registry import Plugin
from artgen_osc.runtime.text import short, unexpected
from visuals.generators.generator import LARGEST, FloatArray, Frame, Generator, paint, width_for

Given = TypeVar("Given")

LARGEST_SIDE = 8192
"""Pixels of what an added generator paints."""


class CheckedGenerator:
    """A generator that was added, held to what `Generator` and `WideGenerator` promise.

    Parameters
    ----------
    plugin : its own
    generator : somebody's

    Attributes
    ----------
    name, z_dim, sha256 : as it says

    Raises
    ------
    ModelError
        One of these isn't what `Generator` promises.
    """

    def __init__(self, plugin: Plugin, generator: Generator) -> None:
        self._registered, self._plugin, self._generator = plugin, plugin.name, generator
        plugin.beside = True
        self.name, self.z_dim, self.sha256 = generator.name, generator.z_dim, generator.sha256
        words = isinstance(self.name, str) and isinstance(self.sha256, str)
        if not (words and isinstance(self.z_dim, int) and 1 <= self.z_dim <= LARGEST):
            raise ModelError(
                f"generator {plugin.name}: name {short(self.name)}, z_dim {short(self.z_dim)}, "
                f"sha256 {short(self.sha256)}; two strings and a whole number from 1 to {LARGEST} are expected"
            )

    def __call__(self, z: FloatArray, mood: FloatArray, truncation: float) -> Frame:
        """Paint a picture; see `Generator`.

        Parameters
        ----------
        z, mood, truncation : as there

        Raises
        ------
        ModelError
            It raises, or gives what is no picture.
        """
        return self.paint_wide(z, mood, truncation, 0)

    def width_for(self, aspect: float) -> int:
        """See `WideGenerator`; 0 where it isn't one.

        Parameters
        ----------
        aspect : width over height

        Raises
        ------
        ModelError
            It raises, or gives what is no width.
        """
        width = self._asked(lambda: width_for(self._generator, aspect))
        if not (isinstance(width, int) and 0 <= width <= LARGEST_SIDE):
            raise ModelError(
                f"generator {self._plugin}: width_for gave {short(width)}; "
                f"a whole number from 0 to {LARGEST_SIDE} is expected"
            )
        return width

    def paint_wide(self, z: FloatArray, mood: FloatArray, truncation: float, width: int) -> Frame:
        """Paint a picture; see `WideGenerator`.

        Parameters
        ----------
        z, mood, truncation : as there
        width : as `width_for` gave it; 0: the one that it has

        Raises
        ------
        ModelError
            It raises, or gives what is no picture of this width.
        """
        frame = self._asked(lambda: paint(self._generator, z, mood, truncation, width))
        form = (getattr(frame, "dtype", None), getattr(frame, "ndim", 0), getattr(frame, "shape", (0,))[-1:])
        right = form == (np.uint8, 3, (3,)) and frame.size > 0 and max(frame.shape) <= LARGEST_SIDE
        if not (right and width in (0, frame.shape[1])):
            what = f"{frame.dtype} {frame.shape}" if isinstance(frame, np.ndarray) else short(frame)
            raise ModelError(
                f"generator {self._plugin}: painted {what}; uint8 (height, {width or 'width'}, 3) of {LARGEST_SIDE} "
                "pixels at most is expected"
            )
        return frame

    def _asked(self, ask: Callable[[], Given]) -> Given:
        try:
            with self._registered.called():
                return ask()
        except BORNE as error:
            raise ModelError(f"generator {self._plugin}: {unexpected(error)}") from error
