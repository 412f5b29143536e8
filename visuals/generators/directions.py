"""The ways through latent space along which a generator's pictures change most.

They are found as in GANSpace (Härkönen et al., 2020): points are drawn at random, what the network's style layers make
of them is regressed on z, and the directions in z are the principal ones of that. A generator without style layers, or
without a file, paints small pictures instead.
"""

import logging
import threading
from time import monotonic

import numpy as np

from artgen_osc.config.tables import VisualsConfig
from artgen_osc.errors import BORNE, ModelError
from artgen_osc.runtime.priority import lower_thread
from artgen_osc.runtime.text import unexpected
from visuals.generators.foreign import ForeignGenerator
from visuals.generators.generator import FloatArray, Frame, Generator, StyledGenerator
from visuals.generators.sphere import Vector

log = logging.getLogger(__name__)

COUNT = 8
POINTS = 4
"""Times the length of z, so many points are looked at."""

LEAST, MOST_PICTURES = 512, 1024
LONGEST = 2048
"""Numbers of z. For a longer one it would take minutes."""

CHANGE = 1.1
"""What 1 of a direction changes, in standard deviations of all that z changes."""

FURTHEST = 0.45
"""Of the radius, so far 1 goes at the most."""

SMALL = 32
"""Side of the pictures that are looked at, pixels."""

NICENESS = 10


class Response:
    """What z does to something that is measured.

    Parameters
    ----------
    z_dim : length of z
    held : ``(k, z_dim)``, slopes along which no direction goes
    """

    def __init__(self, z_dim: int, held: np.ndarray | None = None) -> None:
        self.z_dim, self._held = z_dim, held
        self._draw = np.random.default_rng(0)
        self._points: list[FloatArray] = []
        self._found: list[list[FloatArray]] = []

    @property
    def count(self) -> int:
        """Points that were measured."""
        return len(self._found)

    def point(self) -> FloatArray:
        """The next z to measure, float32 ``(z_dim,)`` of length ``sqrt(z_dim)``: the same ones every time."""
        z = self._draw.standard_normal(self.z_dim)
        return np.asarray(z * (np.sqrt(self.z_dim) / np.linalg.norm(z))).astype(np.float32)

    def add(self, z: FloatArray, found: list[FloatArray]) -> None:
        """Take a measurement.

        Parameters
        ----------
        z : as `point` gave it
        found : float32 ``(n,)`` each; they count alike, however many numbers they have
        """
        self._points.append(z)
        self._found.append(found)

    def directions(self) -> FloatArray:
        """float32 ``(COUNT, z_dim)``, strongest first, as parts of the radius; where there are fewer, 0.

        Each one's largest number is positive, so that they are the same every time.
        """
        z = np.stack(self._points).astype(np.float64)
        inner = z.T @ z + 1e-3 * self.count * np.eye(self.z_dim)
        slopes, total = np.zeros((self.z_dim, self.z_dim)), 0
        for values in zip(*self._found, strict=True):
            found = np.stack(values).astype(np.float64)
            found -= found.mean(0)
            variance = np.square(found).sum() / self.count
            if not np.isfinite(variance) or variance < 1e-12:
                continue
            slope = np.linalg.solve(inner, z.T @ found)
            slopes += slope @ slope.T / variance
            total += 1
        if self._held is not None:
            basis = np.linalg.svd(self._held, full_matrices=False)[2]
            away = np.eye(self.z_dim) - basis.T @ basis
            slopes = away @ slopes @ away
        rows = np.zeros((COUNT, self.z_dim))
        strengths, vectors = np.linalg.eigh(slopes)
        for row, strength, vector in zip(rows, strengths[::-1], vectors.T[::-1], strict=False):
            share = strength / max(total, 1)
            if share > 1e-6:
                length = min(CHANGE / np.sqrt(share * self.z_dim), FURTHEST)
                row[:] = vector * (length * np.sign(vector[np.abs(vector).argmax()]))
        return rows.astype(np.float32)


def amounts_of(settings: VisualsConfig) -> Vector:
    """How far along each direction the settings want a picture, float64 ``(COUNT,)``, -1..1."""
    near = settings.direction_1, settings.direction_2, settings.direction_3, settings.direction_4
    return np.array([*near, settings.direction_5, settings.direction_6, settings.direction_7, settings.direction_8])


def turned(z: FloatArray, directions: FloatArray, amounts: Vector) -> FloatArray:
    """`z` moved along the directions; its length stays.

    Parameters
    ----------
    z : float32 ``(z_dim,)``
    directions : ``(COUNT, z_dim)``
    amounts : ``(COUNT,)``, -1..1; all 0: `z` itself
    """
    if not amounts.any():
        return z
    length = float(np.linalg.norm(z))
    moved = z.astype(np.float64) + length * (amounts @ directions)
    return np.asarray(moved * (length / max(float(np.linalg.norm(moved)), 1e-9))).astype(np.float32)


class Directions:
    """Those of each generator of a show, looked for when they are first wanted.

    Styles are looked at on a thread of their own, in about a second. Without styles a picture more is painted at each
    call until there are enough.

    Parameters
    ----------
    beside : whether the show goes on meanwhile; false: they are there when `of` returns
    """

    def __init__(self, beside: bool = True) -> None:
        self._beside = beside
        self._found: dict[str, FloatArray] = {}
        self._asked: set[str] = set()
        self._pictures: dict[str, Response] = {}
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []

    def ready(self, generator: Generator) -> bool:
        """Whether those of a generator are known."""
        return _key(generator) in self._found

    def of(self, generator: Generator) -> FloatArray | None:
        """float32 ``(COUNT, z_dim)``; None while they are looked for. For the thread that paints, and no other."""
        key = _key(generator)
        if key not in self._asked:
            self._asked.add(key)
            if self._beside:
                thread = threading.Thread(target=self._look, args=(key, generator), name="directions", daemon=True)
                self._threads.append(thread)
                thread.start()
            else:
                self._look(key, generator)
        while key in self._pictures and key not in self._found:
            try:
                self._paint(key, generator)
            except BORNE as error:
                self._give_up(key, generator, unexpected(error))
            if self._beside:
                break
        return self._found.get(key)

    def close(self, seconds: float) -> None:
        """Look no further.

        Parameters
        ----------
        seconds : wait so long for the threads, at most
        """
        self._closing.set()
        end = monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, end - monotonic()))

    def _look(self, key: str, generator: Generator) -> None:
        """At styles, or see that pictures are needed."""
        if self._beside:
            lower_thread(NICENESS)
        try:
            if generator.z_dim > LONGEST:
                raise ModelError(f"z has {generator.z_dim} numbers, and {LONGEST} are the most")
            held = generator.mood_slopes if isinstance(generator, ForeignGenerator) else None
            response = Response(generator.z_dim, held)
            styles = generator.styles() if isinstance(generator, StyledGenerator) else None
            if styles is None:
                log.info("directions of %s: %d pictures are painted for them", generator.name, _pictures_for(response))
                self._pictures[key] = response
                return
            for _ in range(max(LEAST, POINTS * generator.z_dim)):
                if self._closing.is_set():
                    return
                z = response.point()
                response.add(z, styles(z))
            self._found[key] = response.directions()
        except BORNE as error:
            self._give_up(key, generator, unexpected(error))

    def _paint(self, key: str, generator: Generator) -> None:
        response = self._pictures[key]
        z = response.point()
        response.add(z, [_small(_painted(generator, z))])
        if response.count >= _pictures_for(response):
            self._found[key] = response.directions()
            del self._pictures[key]

    def _give_up(self, key: str, generator: Generator, why: str) -> None:
        log.warning("directions of %s: can't be found (%s); its pictures go without", generator.name, why)
        self._pictures.pop(key, None)
        self._found[key] = np.zeros((COUNT, generator.z_dim), np.float32)


def _key(generator: Generator) -> str:
    return generator.sha256 or generator.name


def _pictures_for(response: Response) -> int:
    return min(max(LEAST // 2, POINTS * response.z_dim), MOST_PICTURES)


def _painted(generator: Generator, z: FloatArray) -> Frame:
    """Without steering by the mood, which would turn back what is looked for, and learn from it."""
    if isinstance(generator, ForeignGenerator):
        return generator.paint(z, 1.0)
    return generator(z, np.full(2, 0.5, np.float32), 1.0)


def _small(frame: Frame) -> FloatArray:
    from PIL import Image

    return np.asarray(Image.fromarray(frame).resize((SMALL, SMALL), Image.Resampling.BOX), np.float32).ravel()
