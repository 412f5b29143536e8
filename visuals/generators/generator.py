"""What turns a latent point and a mood into a picture."""

from collections import OrderedDict
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from artgen_osc.errors import ModelError
from artgen_osc.inference import modelfile
from artgen_osc.inference.canvas import USUAL, Canvas
from visuals.generators.sphere import HOME_SEED, direction, truncated
from visuals.generators.style import Styles, styles_of

Frame = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
FloatArray = np.ndarray[tuple[int, ...], np.dtype[np.float32]]

LARGEST = 65536
"""Numbers of z, and pixels of a side, that a card may say."""

KEPT = 3
"""Widths that a network stays ready for; it takes a second to make it ready for another one."""


class Generator(Protocol):
    """Anything that paints.

    Attributes
    ----------
    name : for the overlay
    z_dim : length of `z`
    sha256 : of its file, in hexadecimal digits; empty where it has none
    """

    name: str
    z_dim: int
    sha256: str

    def __call__(self, z: FloatArray, mood: FloatArray, truncation: float) -> Frame:
        """Paint a picture.

        Parameters
        ----------
        z : float32 ``(z_dim,)`` of length ``sqrt(z_dim)``
        mood : float32 ``(2,)``, valence and energy in 0..1
        truncation : 0 (always the home picture) to 1 (all variety)

        Returns
        -------
        uint8 ``(height, width, 3)``, RGB, top row first, of the same size every time
        """
        ...


@runtime_checkable
class WideGenerator(Protocol):
    """A generator that paints pictures of several widths, all of the same height; called as any other, it has one."""

    def width_for(self, aspect: float) -> int:
        """Pixels of the width that comes nearest to a shape, `aspect` times as wide as high; 0 where it has but one."""
        ...

    def paint_wide(self, z: FloatArray, mood: FloatArray, truncation: float, width: int) -> Frame:
        """Paint a picture; the first of a width takes longer.

        Parameters
        ----------
        z, mood, truncation : as for `Generator`
        width : pixels, as `width_for` gave it
        """
        ...


@runtime_checkable
class StyledGenerator(Protocol):
    """A generator that can say what its style layers make of z, without painting."""

    def styles(self) -> Styles | None:
        """Its style layers, to be called by one thread, whatever paints meanwhile; None where it has none."""
        ...


def width_for(generator: Generator, aspect: float) -> int:
    """As `WideGenerator.width_for`, of any generator: 0 where it has but one width.

    Parameters
    ----------
    generator : Generator
    aspect : width over height
    """
    return generator.width_for(aspect) if isinstance(generator, WideGenerator) else 0


def paint(generator: Generator, z: FloatArray, mood: FloatArray, truncation: float, width: int = 0) -> Frame:
    """A picture of any generator.

    Parameters
    ----------
    generator : Generator
    z, mood, truncation : as for `Generator`
    width : as `width_for` gave it

    Raises
    ------
    ValueError
        It doesn't paint this width.
    """
    if not width:
        return generator(z, mood, truncation)
    if not isinstance(generator, WideGenerator):
        raise ValueError(f"{generator.name} paints one shape, not pictures of {width} pixels")
    return generator.paint_wide(z, mood, truncation, width)


class OnnxGenerator:
    """A network from a file that artgen exported.

    The network takes ``z`` float32 ``(1, z_dim)`` and ``mood`` float32 ``(1, 2)`` and gives
    ``picture`` float32 ``(1, 3, size, size)`` in -1..1; one with a canvas (`artgen_osc.inference.canvas`) takes the
    places of a window too, and gives a picture of that width. It normalises `z` itself, so truncation
    can't shorten `z`. It turns `z` towards the direction of seed 0 instead, along the great circle.

    Parameters
    ----------
    path : the ONNX file
    threads : cores it may use
    engine : as in the settings

    Raises
    ------
    ModelError
        The file is missing, damaged, of another kind, or its shapes aren't those of its card.
    EngineError
        The engine isn't available here.
    """

    def __init__(self, path: str | Path, threads: int = 1, engine: str = "openvino") -> None:
        model = modelfile.load(path, "generator", n_mood=2)
        try:
            self.z_dim, self.size = (_whole(model.card[name], name) for name in ("z_dim", "size"))
            self._canvas = Canvas.of(model.card)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise ModelError(
                f"{path}: its card has no usable z_dim and size ({error}); both are whole numbers up to {LARGEST}; "
                "export it again with training.train_gan --export-only"
            ) from None
        self.name = Path(path).stem
        self.sha256 = modelfile.file_sha256(path)
        self._home = direction(HOME_SEED, self.z_dim)
        self._model, self._threads, self._engine_name = model, threads, engine
        self._engines: OrderedDict[int, modelfile.Engine] = OrderedDict()
        try:
            z, mood = np.ones(self.z_dim, np.float32), np.full(2, 0.5, np.float32)
            self.paint_wide(z, mood, 1.0, self.width_for(USUAL) or self.size)
        except (RuntimeError, ValueError, IndexError) as error:
            reason = str(error).strip().splitlines()[-1]
            takes = f"z (1, {self.z_dim}) and mood (1, 2)" + (" and places (k,)" if self._canvas.many else "")
            raise ModelError(
                f"{path}: doesn't take {takes} and give a picture of {self.size} pixels ({reason}); "
                "export it again with training.train_gan --export-only"
            ) from error

    def __call__(self, z: FloatArray, mood: FloatArray, truncation: float) -> Frame:
        """Paint a square; see `Generator`."""
        return self.paint_wide(z, mood, truncation, self.size)

    def styles(self) -> Styles | None:
        """See `StyledGenerator`; in the middle of all moods."""
        columns = self._canvas.columns_for(1.0)
        inputs = np.ones((1, self.z_dim), np.float32), np.full((1, 2), 0.5, np.float32), *self._canvas.inputs(columns)
        return styles_of(self._model.path, "z", inputs, 0)

    def width_for(self, aspect: float) -> int:
        """See `WideGenerator`."""
        return self._canvas.width(self._canvas.columns_for(aspect)) if self._canvas.many else 0

    def paint_wide(self, z: FloatArray, mood: FloatArray, truncation: float, width: int) -> Frame:
        """See `WideGenerator`."""
        columns = self._canvas.columns_for(width / self.size)
        if self._canvas.width(columns) != width:
            raise ValueError(f"{self.name} paints no picture of {width} pixels")
        inputs = truncated(z, self._home, truncation)[None], mood[None], *self._canvas.inputs(columns)
        picture = self._opened(columns)(*inputs)[0]
        if picture.shape != (1, 3, self.size, width):
            raise ValueError(f"picture has shape {picture.shape}")
        pixels = np.clip(picture[0].transpose(1, 2, 0) * 127.5 + 128.0, 0.0, 255.0)
        return np.ascontiguousarray(pixels.astype(np.uint8))

    def _opened(self, columns: int) -> modelfile.Engine:
        """The network, ready for windows of so many columns."""
        engine = self._engines.get(columns)
        if engine is None:
            shapes = self._canvas.shapes(self.z_dim, columns) if self._canvas.many else None
            engine = modelfile.Engine(self._model, self._threads, engine=self._engine_name, shapes=shapes)
            self._engines[columns] = engine
            if len(self._engines) > KEPT:
                self._engines.popitem(last=False)
        self._engines.move_to_end(columns)
        return engine


def _whole(value: Any, name: str) -> int:
    number = int(value)
    if not 1 <= number <= LARGEST:
        raise ValueError(f"{name} is out of range")
    return number
