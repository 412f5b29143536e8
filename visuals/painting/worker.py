"""The generators beside the render loop: the newest request counts, and models load while the old ones paint."""

import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter
from typing import Protocol

from artgen_osc.runtime.latest import LatestWorker
from visuals.generators.cache import Opener
from visuals.generators.directions import Directions
from visuals.generators.opening import open_generator
from visuals.painting.finishing import FinisherOpener, Finishing
from visuals.painting.painter import Painter, Picture, Request
from visuals.quality import MOST_PICTURES

CLOSE_S = 3.0
"""Less than whoever started the renderer waits for its end."""


@dataclass(frozen=True, slots=True)
class WorkerState:
    """For the overlay and the status.

    Attributes
    ----------
    name : of the model that paints
    z_dim : what it takes
    second : name of the model to mix in, empty if there is none
    second_z_dim : what that one takes, 0 if there is none
    loading : the model that is being loaded, empty if there is none
    fps : pictures per second, lately
    dropped : requests that a newer one replaced
    error : the last thing that went wrong, empty if nothing did
    failures : how often anything went wrong
    finish_note : why the finisher doesn't do more; empty if it does all it can
    steerable : whether the directions of the model that paints are known, and of the one to mix in
    """

    name: str
    z_dim: int
    second: str
    second_z_dim: int
    loading: str
    fps: float
    dropped: int
    error: str
    failures: int = 0
    finish_note: str = ""
    steerable: tuple[bool, bool] = (False, False)


class Worker(Protocol):
    """What the show needs of a worker."""

    @property
    def state(self) -> WorkerState: ...

    def request(self, request: Request, dt: float) -> None:
        """Ask for a picture; replaces a request that has not been started.

        Parameters
        ----------
        request : what to paint
        dt : s since the last call
        """

    def poll(self) -> Picture | None:
        """The newest picture since the last call, if there is one."""

    def load(self, model: str, second: bool = False) -> None:
        """Change a model; the old one paints on until the new one is there.

        Parameters
        ----------
        model : as in the settings; empty for the second: none
        second : whether it is the model to mix in
        """

    def prepare(self, models: tuple[str, ...]) -> None:
        """Load models ahead of their use."""

    def limit(self, pictures: float, finisher: int, flow: bool) -> None:
        """Do no more than that from the next picture on.

        Parameters
        ----------
        pictures : a second, at most
        finisher : how many times the side it makes of pictures at most, 4, 2 or 1
        flow : whether to find out how things move from picture to picture
        """

    def close(self) -> None: ...


def _state(painter: Painter, loading: str, fps: float, dropped: int) -> WorkerState:
    first, second = painter.pair.first, painter.pair.second
    name, z_dim = (second.name, second.z_dim) if second is not None else ("", 0)
    steerable = painter.directions.ready(first), second is not None and painter.directions.ready(second)
    told = painter.error, painter.failures, painter.finishing.note, steerable
    return WorkerState(first.name, first.z_dim, name, z_dim, loading, fps, dropped, *told)


class ThreadWorker:
    """Paints on a thread of its own.

    Parameters
    ----------
    model : as in the settings
    opener : makes a generator from such a name
    most_fps : it rests where it would paint more often
    finisher : opens what makes the pictures larger; None: they stay as they are

    Raises
    ------
    ModelError
        The first model can't be used.
    """

    def __init__(
        self,
        model: str,
        opener: Opener = open_generator,
        most_fps: float = MOST_PICTURES,
        finisher: FinisherOpener | None = None,
    ) -> None:
        self._painter = Painter(model, opener, Finishing(finisher), Directions())
        self._wake = threading.Condition()
        self._picture: Picture | None = None
        self._wanted: dict[bool, str] = {}
        self._ahead: deque[str] = deque()
        self._loading = ""
        self._closed = False
        self._interval = self._last = 0.0
        self._most_fps = most_fps
        self._painting = LatestWorker(self._paint, "generator", 1.0 / most_fps)
        self._thread = threading.Thread(target=self._load, name="models", daemon=True)
        self._thread.start()

    @property
    def state(self) -> WorkerState:
        """Figures at this moment."""
        fps = 1.0 / self._interval if self._interval else 0.0
        return _state(self._painter, self._loading, fps, self._painting.dropped)

    def request(self, request: Request, dt: float) -> None:
        """Ask for a picture. See `Worker`."""
        self._painting.put(request)

    def poll(self) -> Picture | None:
        """The newest picture since the last call."""
        with self._wake:
            picture, self._picture = self._picture, None
        return picture

    def load(self, model: str, second: bool = False) -> None:
        """Change a model: at once where it is loaded, else when it is. See `Worker`."""
        with self._wake:
            here = None if second and not model else self._painter.rack.ready(model)
            if here is not None or (second and not model):
                self._wanted.pop(second, None)
                self._painter.show(here, second)
            else:
                self._wanted[second] = model
                self._wake.notify_all()

    def wants(self) -> bool:
        """Whether the model that is being loaded should be waited for: nothing else has been asked for meanwhile."""
        with self._wake:
            return not self._closed and (not self._wanted or self._loading in self._wanted.values())

    def prepare(self, models: tuple[str, ...]) -> None:
        """Load models ahead, one after the other; one that is switched to comes first."""
        with self._wake:
            self._painter.rack.listed = models
            self._ahead = deque(models)
            self._wake.notify_all()

    def limit(self, pictures: float, finisher: int, flow: bool) -> None:
        """Do no more than that from the next picture on. See `Worker`."""
        self._painting.every = 1.0 / min(pictures, self._most_fps)
        self._painter.finishing.limit, self._painter.moving = finisher, flow

    def close(self) -> None:
        """End the threads; a picture or a model that takes long is not waited for."""
        with self._wake:
            self._closed = True
            self._wake.notify_all()
        end = perf_counter() + CLOSE_S
        self._painting.close(CLOSE_S)
        self._thread.join(max(0.0, end - perf_counter()))
        self._painter.directions.close(end - perf_counter())
        self._painter.finishing.close(end - perf_counter())

    def _load(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._closed or self._wanted or self._ahead)
                if self._closed:
                    return
                second, model = next(iter(self._wanted.items())) if self._wanted else (None, self._ahead.popleft())
                self._loading = model
            generator = self._painter.open(model)
            with self._wake:
                self._loading = ""
                if second is None and generator is None and self._wanted:
                    self._ahead.append(model)  # it may have made way for what is wanted
                if second is None or self._wanted.get(second) != model:
                    continue  # only ahead of its use, or another one has been asked for meanwhile
                del self._wanted[second]
                if generator is not None:
                    self._painter.show(generator, second)

    def _paint(self, request: Request) -> None:
        start = perf_counter()
        picture = self._painter.paint(request)
        if picture is None:
            return
        if self._last:
            apart = start - self._last
            self._interval += (apart - self._interval) * (0.1 if self._interval else 1.0)
        self._last = start
        with self._wake:
            self._picture = picture


class SyncWorker:
    """Paints within the call, at a steady rate of show time: the same show every time.

    Parameters
    ----------
    model : as in the settings
    opener : makes a generator from such a name
    fps : pictures per second of show time
    finisher : as for `ThreadWorker`; it does all it can, however long that takes
    beside : paint while the frame is drawn: the picture is there at the next call of `poll`, which waits for it
    """

    def __init__(
        self,
        model: str,
        opener: Opener = open_generator,
        fps: float = 20.0,
        finisher: FinisherOpener | None = None,
        beside: bool = False,
    ) -> None:
        self._painter = Painter(model, opener, Finishing(finisher, beside=False), Directions(beside=False))
        self._every = 1.0 / fps
        self._due = 0.0
        self._picture: Picture | None = None
        self._threads = ThreadPoolExecutor(1, "generator") if beside else None
        self._coming: Future[Picture | None] | None = None
        self._state = self._now()
        self._fresh = False

    def _now(self) -> WorkerState:
        return _state(self._painter, "", 1.0 / self._every, 0)

    @property
    def state(self) -> WorkerState:
        """Figures at this moment; before the picture that is painted, so that they don't depend on when it is done."""
        return self._state if self._coming else self._now()

    def request(self, request: Request, dt: float) -> None:
        """Paint, where the next picture is due. See `Worker`."""
        self._due -= dt
        if self._due <= 1e-9:
            self._due = max(self._due + self._every, 0.0)
            self._finish()
            if self._threads is None:
                self._picture = self._painter.paint(request) or self._picture
            else:
                self._state, self._fresh = self._now(), True
                self._coming = self._threads.submit(self._painter.paint, request)

    def _finish(self) -> None:
        """Wait for what is painted beside."""
        coming, self._coming = self._coming, None
        if coming is not None:
            self._picture = coming.result() or self._picture

    def poll(self) -> Picture | None:
        """The newest picture since the last call."""
        if not self._fresh:
            self._finish()
        self._fresh = False
        picture, self._picture = self._picture, None
        return picture

    def load(self, model: str, second: bool = False) -> None:
        """Change a model at once. See `Worker`."""
        self._finish()
        generator = None if second and not model else self._painter.open(model)
        if generator is not None or (second and not model):
            self._painter.show(generator, second)

    def prepare(self, models: tuple[str, ...]) -> None:
        """Load models at once."""
        self._finish()
        self._painter.rack.listed = models
        for model in models:
            self._painter.open(model)

    def limit(self, pictures: float, finisher: int, flow: bool) -> None:
        """Do no more than that from the next picture on, but paint at the same rate. See `Worker`."""
        self._painter.finishing.limit, self._painter.moving = finisher, flow

    def close(self) -> None:
        """End the thread that there may be."""
        if self._threads is not None:
            self._threads.shutdown()
