"""The finisher in the renderer: what it makes, after whom it runs, and that no show waits for it."""

import logging
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from artgen_osc.config.settings import ConfigFile
from artgen_osc.errors import ModelError
from artgen_osc.osc.sender import OscSender
from tests import show_table
from tests.ports import free_port
from tests.support.waiting import wait_for
from tests.test_modelfile import write as write_other_model
from visuals import app
from visuals.control.controls import Control
from visuals.generators import finisher as finisher_file
from visuals.generators.finisher import INSTALLED, Finisher, Frame, most
from visuals.generators.generator import FloatArray
from visuals.generators.idle import IdleGenerator
from visuals.generators.opening import open_generator
from visuals.help import Around, help_lines
from visuals.loop import RenderLoop
from visuals.painting import finishing
from visuals.painting.finishing import Finishing
from visuals.painting.latent import Latent
from visuals.painting.painter import Picture, Request
from visuals.painting.worker import SyncWorker, ThreadWorker

PATIENCE_S = 60.0
ROWS = show_table.by_path(show_table.VISUALS)


def shapes(height: int = 24, width: int = 36) -> Frame:
    y, x = np.mgrid[0:height, 0:width]
    waves = [np.sin(x / 5 + y / 9), np.cos(y / 4 - x / 7), np.sin(x * y / 90)]
    return np.stack([127.5 + 100 * wave for wave in waves], axis=2).astype(np.uint8)


@pytest.fixture(scope="module")
def finisher() -> Finisher:
    return Finisher()


@pytest.mark.parametrize("size", [(24, 36), (9, 9), (21, 35)])
def test_four_times_the_side_twice_or_mixed_with_a_plain_enlargement(finisher: Finisher, size: tuple[int, int]) -> None:
    small = shapes(*size)
    large, half = finisher(small), finisher(small, scale=2)
    assert large.shape == (4 * size[0], 4 * size[1], 3) and half.shape == (2 * size[0], 2 * size[1], 3)
    assert np.abs(large[::4, ::4].astype(int) - small).mean() < 12, "it is the same picture"
    assert np.abs(half.astype(int) - np.asarray(Image.fromarray(large).reduce(2))).max() == 0
    plain = np.asarray(Image.fromarray(small).resize(large.shape[1::-1], Image.Resampling.BICUBIC))
    middle = finisher(small, amount=0.25).astype(int)
    assert np.abs(middle - (0.75 * plain + 0.25 * large)).max() <= 1.5
    np.testing.assert_array_equal(finisher(small), large)


def test_by_tiles_it_is_the_same(finisher: Finisher, monkeypatch: pytest.MonkeyPatch) -> None:
    small = shapes(200, 210)
    monkeypatch.setattr(finisher_file, "TILE", 64)
    apart = np.abs(finisher.by_tiles(small).astype(int) - finisher(small))
    assert apart.max() <= 1
    assert finisher.by_tiles(small, 0.5, scale=2).shape == (400, 420, 3)


@pytest.mark.parametrize(("rows", "scale"), [(8, 4), (256, 4), (512, 4), (513, 2), (1023, 2), (1024, 1), (4096, 1)])
def test_how_much_is_made_of_a_size(rows: int, scale: int) -> None:
    assert most(rows) == scale


def bad_finishers(folder: Path) -> dict[str, tuple[Path, str]]:
    whole = INSTALLED.read_bytes()
    cut, junk = folder / "cut.onnx", folder / "junk.onnx"
    cut.write_bytes(whole[: len(whole) // 2])
    junk.write_bytes(b"a finisher")
    return {
        "missing": (folder / "none.onnx", "can't be read"),
        "cut": (cut, "is damaged or truncated"),
        "junk": (junk, r"is damaged or truncated|carries no card"),
        "another kind": (write_other_model(folder / "mood.onnx"), "is a mood model"),
        "no image network": (
            write_other_model(folder / "x.onnx", kind="finisher", scale=4),
            "doesn't enlarge a picture to 4 times its side",
        ),
        "another scale": (write_other_model(folder / "y.onnx", kind="finisher", scale=2), "was made for scale 2"),
    }


BAD = ("missing", "cut", "junk", "another kind", "no image network", "another scale")


@pytest.mark.parametrize("what", BAD)
def test_a_finisher_that_does_not_fit_is_told_and_pictures_come_without(
    what: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, words = bad_finishers(tmp_path)[what]
    with pytest.raises(ModelError, match=words):
        Finisher(path)
    finish = Finishing(lambda: Finisher(path), beside=False)
    for _ in range(3):
        pixels, scale = finish(shapes(), 1.0, 0.01)
        assert scale == 1 and pixels.shape == (24, 36, 3)
    assert path.name in finish.note
    (line,) = caplog.messages
    assert path.name in line and line.endswith("pictures are shown as they are painted")


def test_at_0_and_for_tall_pictures_it_does_not_even_open() -> None:
    def opener() -> Finisher:
        raise AssertionError

    finish = Finishing(opener, beside=False)
    assert finish(shapes(), 0.0, 0.01)[1] == 1
    assert finish(np.zeros((1024, 1024, 3), np.uint8), 1.0, 0.01)[0].shape == (1024, 1024, 3)


class Counted(Finisher):
    """The installed one; how often it ran, or an error instead."""

    def __init__(self) -> None:
        self.runs, self.fails = 0, False
        super().__init__()

    def __call__(self, pixels: Frame, amount: float = 1.0, scale: int = 4) -> Frame:
        self.runs += 1
        if self.fails:
            raise RuntimeError("out of memory")
        return super().__call__(pixels, amount, scale)


def test_beside_the_show_pictures_come_unfinished_until_it_has_been_measured() -> None:
    may_open = threading.Event()

    def opener() -> Finisher:
        may_open.wait(PATIENCE_S)
        return Finisher()

    finish = Finishing(opener)
    assert finish(shapes(), 1.0, 0.01)[1] == 1
    assert finish(shapes(), 1.0, 0.01)[1] == 1
    may_open.set()
    wait_for(lambda: finish(shapes(), 1.0, 0.01)[1] == 4)
    assert finish(shapes(24, 24), 1.0, 0.01)[1] == 1, "another size has its own turn"
    wait_for(lambda: finish(shapes(24, 24), 1.0, 0.01)[1] == 4)
    finish.close(PATIENCE_S)


def test_it_makes_no_more_than_it_may() -> None:
    finish = Finishing(Finisher)
    wait_for(lambda: finish(shapes(), 1.0, 0.01)[1] == 4)
    assert finish.seconds > 0.0
    finish.limit = 2
    assert finish(shapes(), 1.0, 0.01)[1] == 2
    finish.limit = 1
    assert finish(shapes(), 1.0, 0.01)[1] == 1 and finish.seconds == 0.0
    finish.limit = 4
    assert finish(shapes(), 1.0, 0.01)[1] == 4
    finish.close(PATIENCE_S)


def test_a_machine_too_slow_from_the_start(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(finishing, "too_slow", lambda painting, taken: True)
    finish = Finishing(Finisher)
    finish(shapes(), 1.0, 0.01)
    wait_for(lambda: any(line.startswith("finisher: off, too slow here") for line in caplog.messages))
    assert finish.note
    assert finish(shapes(), 1.0, 0.01)[1] == 1


def test_an_engine_that_fails_while_it_plays_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    opened = Counted()
    finish = Finishing(lambda: opened, beside=False)
    assert finish(shapes(), 1.0, 0.01)[1] == 4
    opened.fails = True
    for _ in range(3):
        assert finish(shapes(), 1.0, 0.01)[1] == 1
    assert "out of memory" in finish.note
    assert len(caplog.messages) == 1


def latent(z_dim: int) -> Latent:
    return Latent(np.ones(z_dim, np.float32), np.full(2, 0.5, np.float32), 1.0)


def painted(worker: Any, finish: float = 1.0) -> Picture:
    asked = latent(worker.state.z_dim)

    def picture() -> Picture | None:
        worker.request(Request(asked, asked, 0.0, finish), 0.1)
        found: Picture | None = worker.poll()
        return found

    found: Picture = wait_for(picture)
    return found


class Network(IdleGenerator):
    """Paints as a network from a file does, as far as anybody sees."""

    name = "network"
    sha256 = "0" * 64

    def __call__(self, z: FloatArray, mood: FloatArray, truncation: float) -> Frame:
        return shapes(self.size, self.size)


def opener(model: str) -> IdleGenerator:
    return {"network": Network(16), "large": Network(40), "idle": IdleGenerator(48)}[model]


def test_after_a_network_but_not_after_idle() -> None:
    worker = SyncWorker("network", opener, finisher=Finisher)
    picture = painted(worker)
    assert (picture.pixels.shape, picture.scale, picture.finish) == ((64, 64, 3), 4, 1.0)
    assert painted(worker, 0.0).scale == 1
    worker.load("idle")
    assert painted(worker).pixels.shape == (48, 48, 3)
    worker.load("idle", second=True)
    worker.load("network")
    assert painted(worker).scale == 4


def test_models_of_other_sizes_are_switched_to_while_it_plays() -> None:
    worker = ThreadWorker("network", opener, most_fps=1000.0, finisher=Finisher)
    try:
        wait_for(lambda: painted(worker).pixels.shape == (64, 64, 3))
        worker.load("large")
        wait_for(lambda: painted(worker).pixels.shape == (160, 160, 3))
        worker.load("idle")
        wait_for(lambda: painted(worker).pixels.shape == (48, 48, 3))
        worker.load("network")
        wait_for(lambda: painted(worker).pixels.shape == (64, 64, 3))
    finally:
        worker.close()


def test_after_a_foreign_generator(tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="writing a model takes onnx")
    from tests.test_foreign import HEIGHT, WIDTH
    from tests.test_foreign import write as write_foreign

    worker = SyncWorker(str(write_foreign(tmp_path / "theirs.onnx")), open_generator, finisher=Finisher)
    assert painted(worker).pixels.shape == (4 * HEIGHT, 4 * WIDTH, 3)


def show_of(model: Path, port: int) -> ConfigFile:
    given = {"port": port, "query_port": 0, "width": 160, "height": 90, "headless": True, "model": str(model)}
    return ConfigFile(None, {f"visuals.{name}": value for name, value in given.items()})


def test_the_control_over_osc(gl_context: Any, tmp_path: Path) -> None:
    """A whole show with a foreign model: /visuals/finish at 1, 0 and 1 again, and what it tells of itself."""
    pytest.importorskip("onnx", reason="writing a model takes onnx")
    from tests.test_foreign import write as write_foreign

    port, steps = free_port(), [(4, 0.0), (1, 1.0), (4, -1.0)]
    row = ROWS["/visuals/finish"]
    quit_row = ROWS["/visuals/quit"]
    sender = OscSender()
    sender.add(f"127.0.0.1:{port}")
    told: list[str] = []

    def on_frame(loop: RenderLoop, control: Control) -> None:
        if not steps or loop.scene.scale != steps[0][0]:
            return
        lines = help_lines(control, loop.scene, Around((160, 90)))
        told.append(next(line for line in lines if line.startswith("finisher\t")))
        _, amount = steps.pop(0)
        sender.send([(row, amount)] if amount >= 0.0 else [(quit_row, 1)])

    assert app.run(show_of(write_foreign(tmp_path / "theirs.onnx"), port), seconds=PATIENCE_S, on_frame=on_frame) == 0
    sender.close()
    assert told == ["finisher\tx4, 100%", "finisher\toff", "finisher\tx4, 100%"]


def test_a_show_goes_on_without_a_damaged_finisher(
    gl_context: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("onnx", reason="writing a model takes onnx")
    from tests.test_foreign import write as write_foreign

    damaged = tmp_path / "finisher.onnx"
    damaged.write_bytes(INSTALLED.read_bytes()[:5000])
    monkeypatch.setattr(finisher_file, "INSTALLED", damaged)
    port = free_port()
    lines: list[str] = []

    def on_frame(loop: RenderLoop, control: Control) -> None:
        if loop.scene.worker.finish_note and loop.scene.pictures > 3:
            lines.extend(help_lines(control, loop.scene, Around((160, 90))))
            loop.stop()

    assert app.run(show_of(write_foreign(tmp_path / "theirs.onnx"), port), seconds=PATIENCE_S, on_frame=on_frame) == 0
    assert any(line.startswith("finisher\toff: ") for line in lines)
    assert sum("finisher.onnx: is damaged" in line for line in caplog.messages) == 1


def test_a_worker_that_is_told_to_do_less() -> None:
    worker = ThreadWorker("network", opener, most_fps=1000.0, finisher=Finisher)
    try:
        wait_for(lambda: painted(worker).scale == 4)
        worker.limit(30.0, 2, False)
        wait_for(lambda: painted(worker).scale == 2)
        assert not worker.state.finish_note
    finally:
        worker.close()
