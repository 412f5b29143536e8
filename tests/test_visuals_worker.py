import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from artgen_osc.errors import ModelError
from tests.support.waiting import wait_for
from visuals.generators.cache import KEPT, GeneratorCache
from visuals.painting.latent import Latent
from visuals.painting.painter import Picture, Request, blend
from visuals.painting.worker import SyncWorker, ThreadWorker, Worker


class Painter:
    """Paints its z[0]; can be held and can fail."""

    def __init__(self, name: str = "painter", z_dim: int = 2) -> None:
        self.name = name
        self.sha256 = ""
        self.z_dim = z_dim
        self.gate = threading.Event()
        self.gate.set()
        self.started = threading.Event()
        self.painted: list[int] = []

    def __call__(self, z: np.ndarray, mood: np.ndarray, truncation: float) -> np.ndarray:
        self.started.set()
        assert self.gate.wait(60.0)
        if z[0] < 0:
            raise RuntimeError("engine trouble")
        self.painted.append(int(z[0]))
        return np.full((4, 4, 3), int(z[0]), np.uint8)


def latent(value: int, z_dim: int = 2) -> Latent:
    return Latent(np.full(z_dim, value, np.float32), np.zeros(2, np.float32), 1.0)


def asking(value: int, z_dim: int = 2, second: Latent | None = None, mix: float = 0.0) -> Request:
    return Request(latent(value, z_dim), second or latent(value), mix)


def test_paints_the_newest_and_drops_the_stale() -> None:
    painter = Painter()
    painter.gate.clear()
    worker = ThreadWorker("", lambda model: painter, most_fps=1000.0)
    try:
        worker.request(asking(1), 0.0)
        assert painter.started.wait(30.0)
        for value in range(2, 50):
            worker.request(asking(value), 0.0)
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
            for failures in (1, 2, 3):
                worker.request(asking(-1), 0.0)
                wait_for(lambda count=failures: worker.state.failures == count)
            worker.request(asking(5), 0.0)
            assert wait_for(worker.poll), "and by now whatever is logged is"
        assert "engine trouble" in worker.state.error
        assert len(caplog.records) == 1, "logged once"
    finally:
        worker.close()


def opener(model: str) -> Painter:
    if model == "bad":
        raise ModelError("bad: is damaged; export it again")
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
        worker.request(asking(1, z_dim=2), 0.1)  # asked before the change was noticed
        worker.request(asking(2, z_dim=3), 0.1)
        picture = wait_for(worker.poll)
        assert isinstance(picture, Picture)
        assert (picture.pixels[0, 0, 0], picture.model) == (2, 2)
    finally:
        worker.close()


def test_beside_the_frame_a_picture_is_there_one_step_later_however_long_it_takes() -> None:
    worker = SyncWorker("", opener, fps=20.0, beside=True)
    try:
        given: list[float | None] = []
        for step in range(9):
            worker.request(asking(step), 0.025)
            picture = worker.poll()
            given.append(None if picture is None else float(picture.pixels[0, 0, 0]))
    finally:
        worker.close()
    assert given == [None, 0, 1, None, 3, None, 5, None, 7]


def test_the_first_model_must_be_good() -> None:
    with pytest.raises(ModelError):
        ThreadWorker("bad", opener)


def test_sync_keeps_its_rate() -> None:
    worker = SyncWorker("", opener, fps=20.0)
    pictures = 0
    for step in range(120):
        worker.request(asking(step), 1.0 / 60.0)
        pictures += worker.poll() is not None
    assert pictures == pytest.approx(40, abs=1)


def test_does_not_paint_more_often_than_asked() -> None:
    painter = Painter()
    worker = ThreadWorker("", lambda model: painter, most_fps=20.0)
    try:
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            worker.request(asking(1), 0.0)
            time.sleep(0.002)
    finally:
        worker.close()
    assert len(painter.painted) <= 12


class SlowOpener:
    """Opens ``slow`` models only when it is let."""

    def __init__(self) -> None:
        self.gate, self.begun = threading.Event(), threading.Event()
        self.opened: list[str] = []

    def __call__(self, model: str) -> Painter:
        self.opened.append(model)
        if "slow" in model:
            self.begun.set()
            assert self.gate.wait(60.0)
        return opener(model)


def test_the_old_model_paints_on_while_another_loads() -> None:
    slow = SlowOpener()
    worker = ThreadWorker("first", slow, most_fps=1000.0)
    try:
        worker.load("slow")
        assert slow.begun.wait(30.0)
        for value in range(1, 20):
            worker.request(asking(value), 0.0)
            picture = wait_for(worker.poll)
            assert isinstance(picture, Picture)
            assert (picture.pixels[0, 0, 0], picture.model) == (value, 1)
        assert (worker.state.name, worker.state.loading) == ("first", "slow")
        slow.gate.set()
        wait_for(lambda: worker.state.name == "slow")
        assert worker.state.loading == ""
    finally:
        slow.gate.set()
        worker.close()


def test_a_loaded_model_is_there_at_once_though_another_is_loading() -> None:
    slow = SlowOpener()
    worker = ThreadWorker("first", slow, most_fps=1000.0)
    try:
        worker.prepare(("wide",))
        wait_for(lambda: slow.opened == ["first", "wide"] and worker.state.loading == "")
        worker.load("slow")
        assert slow.begun.wait(30.0)
        worker.load("wide")
        assert worker.state.name == "wide"
        slow.gate.set()
        wait_for(lambda: worker.state.loading == "")
        assert worker.state.name == "wide", "what was asked for before doesn't come back"
        worker.load("slow")
        assert worker.state.name == "slow"
        assert slow.opened == ["first", "wide", "slow"], "nothing was loaded twice"
    finally:
        slow.gate.set()
        worker.close()


@pytest.mark.parametrize("make", [make_thread, make_sync])
def test_a_second_model_is_mixed_in(make: Callable[[], Worker]) -> None:
    worker = make()

    def level(mix: float) -> tuple[int, int]:
        worker.request(asking(100, second=latent(200, z_dim=3), mix=mix), 0.1)
        picture = wait_for(worker.poll)
        assert isinstance(picture, Picture)
        return int(picture.pixels[0, 0, 0]), picture.model

    try:
        assert level(0.5) == (100, 1), "there is no second one yet"
        worker.load("wide", second=True)
        wait_for(lambda: worker.state.second == "wide")
        assert worker.state.second_z_dim == 3
        assert [level(mix) for mix in (0.0, 0.25, 0.5, 1.0)] == [(100, 2), (125, 2), (150, 2), (200, 2)]
        worker.load("bad", second=True)
        wait_for(lambda: worker.state.error.startswith("bad: is damaged"))
        assert level(1.0) == (200, 2), "a bad one leaves the old one"
        worker.load("", second=True)
        assert (worker.state.second, worker.state.second_z_dim) == ("", 0)
        assert level(1.0) == (100, 3)
        worker.load("first")
        assert level(1.0) == (100, 3), "the model that paints already is no change"
    finally:
        worker.close()


def test_blend_covers_the_larger_picture() -> None:
    small, large = np.full((10, 20, 3), 40, np.uint8), np.full((40, 30, 3), 240, np.uint8)
    small[:, :6] = small[:, -6:] = 255  # the aspect of the large one leaves columns 6.25 to 13.75
    for mixed in (blend(small, large, 0.25), blend(large, small, 0.75)):
        assert mixed.shape == (40, 30, 3)
        assert np.all(mixed[:, 8:-8] == 90)
    np.testing.assert_array_equal(blend(large, large, 0.4), large)


def test_only_a_few_models_stay_loaded() -> None:
    opened: list[str] = []

    def count(model: str) -> Painter:
        opened.append(model)
        return Painter(model)

    cache = GeneratorCache(count)
    names = [f"m{index}" for index in range(KEPT + 1)]
    for name in names[:KEPT]:
        cache.get(name)
    cache.get("m0")
    cache.get(names[KEPT])
    assert opened == names
    assert cache.ready("m1") is None, "the one that was used longest ago is forgotten"
    assert all(cache.ready(name) is not None for name in names if name != "m1")


def test_the_installed_model_has_a_name_too() -> None:
    cache = GeneratorCache(lambda model: Painter(model or "generator"))
    installed = cache.get("")
    cache.get("idle")
    assert cache.ready("generator") is installed


def test_a_name_means_a_loaded_file_or_a_listed_one(tmp_path: Path) -> None:
    files = [tmp_path / "fire.onnx", tmp_path / "water.onnx"]
    for file in files:
        file.write_bytes(b"1")
    opened: list[str] = []

    def count(model: str) -> Painter:
        opened.append(model)
        return Painter(Path(model).stem)

    cache = GeneratorCache(count)
    fire = cache.get(str(files[0]))
    assert cache.ready("fire") is fire
    assert cache.ready("water") is None
    cache.listed = (str(files[1]),)
    assert cache.get("water") is cache.get(str(files[1]))
    files[0].with_suffix(".toml").write_text("range = [0, 1]")
    assert cache.ready("fire") is None, "its files have changed"
    assert cache.get("fire") is not fire
    assert opened == [str(files[0]), str(files[1]), str(files[0])]
