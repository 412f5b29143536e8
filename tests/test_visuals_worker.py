import logging
import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

from artgen_osc.errors import ModelError
from visuals.latent import Latent
from visuals.worker import Picture, SyncWorker, ThreadWorker, Worker


class Painter:
    """Paints its z[0]; can be held and can fail."""

    size = 4

    def __init__(self, name: str = "painter", z_dim: int = 2) -> None:
        self.name = name
        self.z_dim = z_dim
        self.gate = threading.Event()
        self.gate.set()
        self.started = threading.Event()
        self.painted: list[int] = []

    def __call__(self, z: np.ndarray, mood: np.ndarray, truncation: float) -> np.ndarray:
        self.started.set()
        assert self.gate.wait(5.0)
        if z[0] < 0:
            raise RuntimeError("engine trouble")
        self.painted.append(int(z[0]))
        return np.full((4, 4, 3), int(z[0]), np.uint8)


def latent(value: int, z_dim: int = 2) -> Latent:
    return Latent(np.full(z_dim, value, np.float32), np.zeros(2, np.float32), 1.0)


def wait_for(ready: Callable[[], Picture | bool | None]) -> Picture | bool:
    end = time.monotonic() + 5.0
    while time.monotonic() < end:
        result = ready()
        if result:
            return result
        time.sleep(0.002)
    raise AssertionError("nothing within five seconds")


def test_paints_the_newest_and_drops_the_stale() -> None:
    painter = Painter()
    painter.gate.clear()
    worker = ThreadWorker("", lambda model: painter, most_fps=1000.0)
    try:
        worker.request(latent(1), 0.0)
        assert painter.started.wait(5.0)
        for value in range(2, 50):
            worker.request(latent(value), 0.0)
        painter.gate.set()
        wait_for(lambda: len(painter.painted) == 2)
        assert painter.painted == [1, 49]
        assert worker.state.dropped == 47
        picture = wait_for(worker.poll)
        assert isinstance(picture, Picture)
        assert picture.pixels[0, 0, 0] == 49
        assert worker.poll() is None, "each picture is handed out once"
    finally:
        painter.gate.set()
        worker.close()


def test_errors_are_data(caplog: pytest.LogCaptureFixture) -> None:
    worker = ThreadWorker("", lambda model: Painter(), most_fps=1000.0)
    try:
        with caplog.at_level(logging.WARNING):
            for _ in range(3):
                worker.request(latent(-1), 0.0)
                wait_for(lambda: worker.state.error != "")
        assert "engine trouble" in worker.state.error
        assert len(caplog.records) == 1, "logged once"
        worker.request(latent(5), 0.0)
        assert wait_for(worker.poll)
    finally:
        worker.close()


def opener(model: str) -> Painter:
    if model == "bad":
        raise ModelError("bad: is damaged; a whole file is allowed; export it again")
    if model == "broken":
        raise RuntimeError("driver")
    return Painter(model, 3 if model == "wide" else 2)


def make_thread() -> Worker:
    return ThreadWorker("first", opener, most_fps=1000.0)


def make_sync() -> Worker:
    return SyncWorker("first", opener, fps=20.0)


@pytest.mark.parametrize("make", [make_thread, make_sync])
def test_a_bad_model_leaves_the_old_one(make: Callable[[], Worker], caplog: pytest.LogCaptureFixture) -> None:
    worker = make()
    try:
        with caplog.at_level(logging.WARNING):
            worker.load("bad")
            wait_for(lambda: worker.state.error.startswith("bad: is damaged"))
            worker.load("broken")
            wait_for(lambda: worker.state.error.startswith("broken: driver"))
        assert worker.state.name == "first"
        worker.load("wide")
        wait_for(lambda: worker.state.name == "wide")
        assert worker.state.z_dim == 3
        assert worker.state.error == ""
        worker.request(latent(1, z_dim=2), 0.1)  # asked before the change was noticed
        worker.request(latent(2, z_dim=3), 0.1)
        picture = wait_for(worker.poll)
        assert isinstance(picture, Picture)
        assert (picture.pixels[0, 0, 0], picture.model) == (2, 2)
    finally:
        worker.close()


def test_the_first_model_must_be_good() -> None:
    with pytest.raises(ModelError):
        ThreadWorker("bad", opener)


def test_sync_keeps_its_rate() -> None:
    worker = SyncWorker("", opener, fps=20.0)
    pictures = 0
    for step in range(120):
        worker.request(latent(step), 1.0 / 60.0)
        pictures += worker.poll() is not None
    assert pictures == pytest.approx(40, abs=1)


def test_does_not_paint_more_often_than_asked() -> None:
    painter = Painter()
    worker = ThreadWorker("", lambda model: painter, most_fps=20.0)
    try:
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            worker.request(latent(1), 0.0)
            time.sleep(0.002)
    finally:
        worker.close()
    assert len(painter.painted) <= 12
