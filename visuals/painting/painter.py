"""Paints with one model or with two that are mixed; errors are data."""

import logging
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from artgen_osc.errors import ArtgenError
from artgen_osc.runtime.text import printable, shortened
from artgen_osc.runtime.throttle import Throttle
from visuals.generators.cache import GeneratorCache, Opener
from visuals.generators.directions import Directions, turned
from visuals.generators.foreign import ForeignGenerator
from visuals.generators.generator import FloatArray, Frame, Generator, paint, width_for
from visuals.generators.sphere import Vector
from visuals.generators.trial import TrialStopped
from visuals.painting.finishing import Finishing
from visuals.painting.flow import Flow
from visuals.painting.latent import Latent

log = logging.getLogger(__name__)

LONGEST_ERROR = 500
"""Letters: a name out of a message may be a page long."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of the painter.

    Attributes
    ----------
    latent : for the model
    second : for the second model; any where there is none
    mix : 0 (the model alone) to 1 (the second one alone)
    finish : 0 (off) to 1, how much of the finisher
    aspect : width over height of what the picture is for; a model that paints more than one shape comes near to it
    time : s of show time, the moment that it is of
    amounts : float64 ``(2, COUNT)``, how far along each of `visuals.generators.directions` the model's picture is, and
        the second one's, -1..1; None: nobody wants any
    """

    latent: Latent
    second: Latent
    mix: float = 0.0
    finish: float = 0.0
    aspect: float = 1.0
    time: float = 0.0
    amounts: Vector | None = None


@dataclass(frozen=True, slots=True)
class Stroke:
    """What one model was given for a picture: enough to paint it again.

    Attributes
    ----------
    name, sha256 : of the model
    z : float32 ``(z_dim,)``, moved along the directions already
    mood : float32 ``(2,)``, valence and energy; beyond 0..1 where a model without a mood input is steered
    truncation : 0..1
    width : pixels, of a model that paints several; 0 of any other
    """

    name: str
    sha256: str
    z: FloatArray
    mood: FloatArray
    truncation: float
    width: int = 0


@dataclass(frozen=True, slots=True)
class Picture:
    """A painted picture.

    Attributes
    ----------
    pixels : uint8 ``(height, width, 3)``, top row first
    model : counts the changes of models so far; another number is another model
    seconds : how long it took
    finishing : of them, s in the finisher
    cuts : of the latent that it shows
    strokes : of the model, of the second one, or of both, mixed
    mix : 0..1, share of the second of two strokes
    finish : 0..1, how much of the finisher was asked for
    scale : how many times the side the finisher has made of it, 4, 2, or 1 where it wasn't there
    time : s of show time, the moment that it is of
    number : of the painted pictures so far
    flow : as `visuals.painting.flow.Flow` has it, from the picture before
    """

    pixels: Frame
    model: int
    seconds: float
    cuts: int = 0
    strokes: tuple[Stroke, ...] = ()
    mix: float = 0.0
    finish: float = 0.0
    scale: int = 1
    time: float = 0.0
    number: int = 0
    flow: FloatArray | None = None
    finishing: float = 0.0


@dataclass(frozen=True, slots=True)
class Pair:
    """The models that paint, exchanged as a whole.

    Attributes
    ----------
    first : Generator
    second : the one to mix in, if there is one
    count : of the changes so far
    """

    first: Generator
    second: Generator | None = None
    count: int = 1


class Painter:
    """One or two generators that can be exchanged, with the last error.

    Parameters
    ----------
    model : as in the settings
    opener : makes a generator from such a name
    finishing : what comes after them
    directions : what is known of the generators' own

    Attributes
    ----------
    moving : whether to find out how things move from picture to picture

    Raises
    ------
    ModelError
        The model can't be used.
    """

    def __init__(self, model: str, opener: Opener, finishing: Finishing, directions: Directions) -> None:
        self.rack = GeneratorCache(opener)
        self.finishing, self.directions = finishing, directions
        self.pair = Pair(self.rack.get(model))
        self._flow = Flow()
        self._painted = 0
        self.moving = True
        self._throttle = Throttle()
        self.error = ""
        self.failures = 0

    def open(self, model: str) -> Generator | None:
        """Load a model; None, and an error to be read, if it can't be used."""
        try:
            return self.rack.get(model)
        except TrialStopped:
            pass
        except ArtgenError as error:
            self._report(str(error))
        except Exception as error:  # an engine may raise anything; the show goes on with the old model
            self._report(f"{model}: {error}")
        return None

    def show(self, generator: Generator | None, second: bool) -> None:
        """Paint with this one from the next picture on.

        Parameters
        ----------
        generator : None only for the second model: there is none
        second : whether it is the model to mix in
        """
        first = self.pair.first if second or generator is None else generator
        other = generator if second else self.pair.second
        if (first, other) != (self.pair.first, self.pair.second):
            self.pair = Pair(first, other, self.pair.count + 1)
        self.error = ""

    def paint(self, request: Request) -> Picture | None:
        """A picture; None if it was asked for before the models changed, or if a model fails."""
        pair, start = self.pair, perf_counter()
        mix = request.mix if pair.second is not None else 0.0
        strokes, frames = [], []
        latents, shares = (request.latent, request.second), (1.0 - mix, mix)
        wanted = (None, None) if request.amounts is None else request.amounts
        for generator, latent, share, amounts in zip((pair.first, pair.second), latents, shares, wanted, strict=True):
            if generator is None:
                continue
            directions = self.directions.of(generator) if amounts is not None else None
            if share <= 0.0:
                continue
            if latent.z.shape != (generator.z_dim,):
                return None
            # Asked before it paints, since it learns from what it has painted.
            asked = generator.corrected(latent.mood) if isinstance(generator, ForeignGenerator) else latent.mood
            z = latent.z if directions is None or amounts is None else turned(latent.z, directions, amounts)
            try:
                width = width_for(generator, request.aspect)
                frames.append(paint(generator, z, latent.mood, latent.truncation, width))
            except ArtgenError as error:  # the last picture stays on screen
                self._report(str(error))
                return None
            except Exception as error:  # as above
                self._report(f"{generator.name}: {error}")
                return None
            strokes.append(Stroke(generator.name, generator.sha256, z, asked, latent.truncation, width))
        pixels = frames[0] if len(frames) == 1 else blend(frames[0], frames[1], mix)
        small, scale, finishing = pixels, 1, 0.0
        if any(stroke.sha256 for stroke in strokes):  # what no network has painted needs none
            pixels, scale = self.finishing(small, request.finish, perf_counter() - start)
            finishing = self.finishing.seconds
        flow = None
        if self.moving:
            flow = self._flow(small, (pair.count, request.latent.cuts))
        else:
            self._flow.forget()
        seconds = perf_counter() - start
        self._painted += 1
        return Picture(
            pixels,
            pair.count,
            seconds,
            request.latent.cuts,
            tuple(strokes),
            mix,
            request.finish,
            scale,
            request.time,
            self._painted,
            flow,
            finishing,
        )

    def _report(self, text: str) -> None:
        self.failures += 1
        self.error = shortened(printable(text), LONGEST_ERROR)
        if self._throttle.due(self.error):
            log.warning("%s", self.error)


def blend(first: Frame, second: Frame, mix: float) -> Frame:
    """Two pictures in one, of the size of the larger; the other is enlarged to cover it.

    Parameters
    ----------
    first, second : uint8 ``(height, width, 3)``, of any sizes
    mix : 0 (the first) to 1 (the second)
    """
    if first.shape != second.shape:
        if first.size >= second.size:
            second = _cover(second, first.shape)
        else:
            first = _cover(first, second.shape)
    share = round(mix * 256)
    mixed = first.astype(np.uint16) * np.uint16(256 - share) + second * np.uint16(share)
    return np.asarray((mixed + 128) >> 8).astype(np.uint8)


def _cover(frame: Frame, shape: tuple[int, ...]) -> Frame:
    """Scaled to fill `shape`; what is left over on two sides is cut off."""
    from PIL import Image

    height, width = frame.shape[:2]
    shown = min(width, height * shape[1] / shape[0]), min(height, width * shape[0] / shape[1])
    left, top = (width - shown[0]) / 2, (height - shown[1]) / 2
    box = (left, top, left + shown[0], top + shown[1])
    return np.asarray(Image.fromarray(frame).resize((shape[1], shape[0]), Image.Resampling.BICUBIC, box))
