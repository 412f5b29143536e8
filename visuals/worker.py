"""The generator beside the render loop: the newest request counts, errors are data."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Protocol

from artgen_osc.errors import ArtgenError
from visuals.generator import Frame, Generator, open_generator
from visuals.latent import Latent

log = logging.getLogger(__name__)

Opener = Callable[[str], Generator]


@dataclass(frozen=True, slots=True)
class Picture:
    """A painted picture.

    Attributes
    ----------
    pixels : uint8 ``(size, size, 3)``, top row first
    model : counts the models loaded so far; another number is another model
    seconds : how long it took
    cuts : of the latent that it shows
    """

    pixels: Frame
    model: int
    seconds: float
    cuts: int = 0


@dataclass(frozen=True, slots=True)
class WorkerState:
    """For the overlay and the status.

    Attributes
    ----------
    name : of the model that paints
    z_dim : what it takes
    fps : pictures per second, lately
    dropped : requests that a newer one replaced
    error : the last thing that went wrong, empty if nothing did
    """

    name: str
    z_dim: int
    fps: float
    dropped: int
    error: str


class Worker(Protocol):
    """What the show needs of a worker."""

    @property
    def state(self) -> WorkerState: ...

    def request(self, latent: Latent, dt: float) -> None:
        """Ask for a picture; replaces a request that has not been started. `dt`: s since the last call."""

    def poll(self) -> Picture | None:
        """The newest picture since the last call, if there is one."""

    def load(self, model: str) -> None:
        """Change the model; the old one paints on if the new one can't be used."""

    def close(self) -> None: ...


class _Painter:
    """A generator that can be exchanged, with its error and its figures."""

    def __init__(self, model: str, opener: Opener) -> None:
        self._opener = opener
        self._generator = opener(model)
        self._models = 1
        self._seconds = 0.0
        self._logged: set[str] = set()
        self.error = ""

    @property
    def generator(self) -> Generator:
        return self._generator

    def change(self, model: str) -> None:
        try:
            generator = self._opener(model)
        except ArtgenError as error:
            self._report(str(error))
            return
        except Exception as error:  # an engine may raise anything; the show goes on with the old model
            self._report(f"{model}: {error}")
            return
        self._generator = generator
        self._models += 1
        self.error = ""

    def paint(self, latent: Latent) -> Picture | None:
        if latent.z.shape != (self._generator.z_dim,):
            return None  # asked before the model changed
        start = perf_counter()
        try:
            pixels = self._generator(latent.z, latent.mood, latent.truncation)
        except Exception as error:  # as above: the last picture stays on screen
            self._report(f"{self._generator.name}: {error}")
            return None
        return Picture(pixels, self._models, perf_counter() - start, latent.cuts)

    def _report(self, text: str) -> None:
        self.error = text
        if text not in self._logged:
            self._logged.add(text)
            log.warning("%s", text)


class ThreadWorker:
    """Paints on a thread of its own.

    Parameters
    ----------
    model : as in the settings
    opener : makes a generator from such a name
    most_fps : it rests where it would paint more often

    Raises
    ------
    ModelError
        The first model can't be used.
    """

    def __init__(self, model: str, opener: Opener = open_generator, most_fps: float = 30.0) -> None:
        self._painter = _Painter(model, opener)
        self._shortest = 1.0 / most_fps
        self._wake = threading.Condition()
        self._latent: Latent | None = None
        self._picture: Picture | None = None
        self._model: str | None = None
        self._closed = False
        self._dropped = 0
        self._interval = 0.0
        self._thread = threading.Thread(target=self._run, name="generator", daemon=True)
        self._thread.start()

    @property
    def state(self) -> WorkerState:
        """Figures at this moment."""
        generator = self._painter.generator
        fps = 1.0 / self._interval if self._interval else 0.0
        return WorkerState(generator.name, generator.z_dim, fps, self._dropped, self._painter.error)

    def request(self, latent: Latent, dt: float) -> None:
        """Ask for a picture; see `Worker`."""
        with self._wake:
            self._dropped += self._latent is not None
            self._latent = latent
            self._wake.notify()

    def poll(self) -> Picture | None:
        """The newest picture since the last call."""
        with self._wake:
            picture, self._picture = self._picture, None
        return picture

    def load(self, model: str) -> None:
        """Change the model, on the thread: the old one stays on screen meanwhile."""
        with self._wake:
            self._model = model
            self._wake.notify()

    def close(self) -> None:
        """End the thread after the picture it is at."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join(timeout=5.0)

    def _run(self) -> None:
        last = 0.0
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._closed or self._model is not None or self._latent is not None)
                if not self._closed and self._model is None:
                    self._wake.wait_for(lambda: self._closed, timeout=max(0.0, last + self._shortest - perf_counter()))
                if self._closed:
                    return
                model, self._model = self._model, None
                latent, self._latent = self._latent, None
            if model is not None:
                self._painter.change(model)
            start = perf_counter()
            picture = self._painter.paint(latent) if latent is not None else None
            if picture is None:
                continue
            if last:
                apart = start - last
                self._interval += (apart - self._interval) * (0.1 if self._interval else 1.0)
            last = start
            with self._wake:
                self._picture = picture


class SyncWorker:
    """Paints within the call, at a steady rate of show time: the same show every time.

    Parameters
    ----------
    model : as in the settings
    opener : makes a generator from such a name
    fps : pictures per second of show time
    """

    def __init__(self, model: str, opener: Opener = open_generator, fps: float = 20.0) -> None:
        self._painter = _Painter(model, opener)
        self._every = 1.0 / fps
        self._due = 0.0
        self._picture: Picture | None = None

    @property
    def state(self) -> WorkerState:
        """Figures at this moment."""
        generator = self._painter.generator
        return WorkerState(generator.name, generator.z_dim, 1.0 / self._every, 0, self._painter.error)

    def request(self, latent: Latent, dt: float) -> None:
        """Paint, where the next picture is due."""
        self._due -= dt
        if self._due <= 1e-9:
            self._due = max(self._due + self._every, 0.0)
            self._picture = self._painter.paint(latent) or self._picture

    def poll(self) -> Picture | None:
        """The newest picture since the last call."""
        picture, self._picture = self._picture, None
        return picture

    def load(self, model: str) -> None:
        """Change the model at once."""
        self._painter.change(model)

    def close(self) -> None:
        """Nothing to end."""
