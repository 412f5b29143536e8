"""A snapshot of a running show, painted again from its file alone."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from artgen_osc.config.tables import VisualsConfig
from artgen_osc.errors import GalleryError
from artgen_osc.inference.modelfile import file_sha256, graph_sha256, weights_sha256
from artgen_osc.schema.values import Value
from tests import show_table
from tests.gallery.conftest import an_about
from visuals.clock import Tick
from visuals.compositor.screen import Screen
from visuals.control.controls import Controls
from visuals.gallery import repaint
from visuals.gallery.files import read, write
from visuals.gallery.record import About
from visuals.generators.finisher import Finisher
from visuals.generators.generator import Frame
from visuals.generators.idle import IdleGenerator
from visuals.generators.mood_directions import KIND, directions_file
from visuals.generators.opening import open_generator
from visuals.modulation.motion import Look
from visuals.outputs.kind import OutputHost, Showing
from visuals.painting.painter import Stroke
from visuals.painting.worker import SyncWorker
from visuals.show import Show
from visuals.snapshots import snapshot

ROWS = show_table.by_path(show_table.SENT, show_table.VISUALS)
SIZE = (320, 180)


class Stage:
    """A show on a clock of its own, and the file of its last snapshot."""

    def __init__(self, context: Any, folder: Path, **settings: Any) -> None:
        config = show_table.config(**{"model": "idle", "grain": 0.0} | settings)
        self.controls = Controls(config, show_table.CONTRACT)
        worker = SyncWorker(str(settings.get("model", "idle")), open_generator)
        self.screen = Screen(context, SIZE)
        self.show = Show(self.screen, self.controls.now(0.0), worker)
        self.showing = Showing(self.controls.now(0.0), SIZE)
        self.host = OutputHost(config.visuals, show_table.CONTRACT, self.showing, picture=self.screen.picture)
        self.folder, self.time = folder, 0.0

    def send(self, *pairs: tuple[str, Value]) -> None:
        self.controls.receive([(ROWS[path], value) for path, value in pairs], self.time)

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * 60)):
            self.time += 1 / 60
            self.showing.control = self.controls.now(self.time)
            scene = self.show.step(self.showing.control, Tick(self.time, self.time, 1 / 60))
            self.showing.scene = scene
            self.screen.draw(scene.mix, scene.look, scene.effects, scene.moment)

    def keep(self) -> tuple[Frame, About]:
        """Take a snapshot; its pixels and what its file knows."""
        kept = snapshot(self.host, "asked")
        assert kept is not None
        frame, about = kept
        write(self.folder / f"{about.id}.png", frame, about)
        path = self.folder / f"{about.id}.png"
        return np.asarray(Image.open(path)), read(path).about


@pytest.fixture
def make_stage(gl_context: Any, tmp_path: Path) -> Iterator[Any]:
    stages: list[Stage] = []

    def make(**settings: Any) -> Stage:
        stages.append(Stage(gl_context, tmp_path, **settings))
        return stages[-1]

    yield make
    for stage in stages:
        stage.show.close()
        stage.screen.release()


def painted_again(about: About, files: list[str], size: int) -> Frame:
    pixels = repaint.paint(about, lambda stroke: open_generator(repaint.find_model(stroke, files)))
    return repaint.draw(pixels, about, size)


def smaller(frame: Frame) -> np.ndarray:
    return np.asarray(Image.fromarray(frame).resize(SIZE, Image.Resampling.BOX)).astype(float)


def test_the_same_size_is_the_same_picture_and_a_larger_one_looks_alike(make_stage: Any) -> None:
    stage = make_stage(grain=0.1, beat_pulse=1.0)
    stage.send(
        ("/artgen/valence", 0.9), ("/artgen/energy", 0.8), ("/artgen/onset/count", 1), ("/artgen/tempo_bpm", 120.0)
    )
    stage.send(("/artgen/key", "A minor"))
    stage.run(1.2)
    stage.send(("/artgen/onset/count", 3), ("/artgen/tempo_bpm", 120.0))
    stage.run(0.21)  # in the middle of a fade and a push
    frame, about = stage.keep()
    assert (about.key, about.tempo_bpm, about.cause) == ("A minor", 120.0, "asked")
    assert (about.valence, about.energy) == stage.show.scene.mood
    assert about.look.zoom > 1.1
    np.testing.assert_array_equal(painted_again(about, [], SIZE[0]), frame)

    large = painted_again(replace(about, effects=about.effects | {"grain": 0.0}), [], 4 * SIZE[0])
    assert large.shape == (4 * SIZE[1], 4 * SIZE[0], 3)
    assert np.abs(smaller(large) - frame).mean() < 4.0
    other = painted_again(replace(about, strokes=an_about(5).strokes), [], 4 * SIZE[0])
    assert np.abs(smaller(other) - frame).mean() > 20.0, "another z is another picture"


def test_a_snapshot_shows_neither_a_blackout_nor_the_overlay(make_stage: Any) -> None:
    stage = make_stage(freeze=True)
    stage.run(3.0)
    frame, _ = stage.keep()
    stage.send(("/visuals/blackout", 1), ("/visuals/help", 1))
    stage.run(3.0)
    black, about = stage.keep()
    np.testing.assert_array_equal(frame, black)
    assert about.look.brightness == 1.0


def test_before_the_first_picture_there_is_no_snapshot(make_stage: Any) -> None:
    stage = make_stage()
    assert snapshot(stage.host, "asked") is None


def steered_model(folder: Path, name: str) -> str:
    """A foreign model without a mood input, and directions beside it that are wrong, so that it has to correct them."""
    from safetensors.numpy import save_file

    from tests.test_foreign import DIM
    from tests.test_foreign import write as write_model

    path = write_model(folder / name, channels=3)
    linear = np.zeros((2, DIM))
    linear[0, :3], linear[1, 0], linear[1, 2] = 0.1, 0.1, -0.1
    weights = {
        "bias": np.full(2, 0.5),
        "linear": linear,
        "hidden": np.zeros((0, DIM)),
        "shift": np.zeros(0),
        "out": np.zeros((2, 0)),
        "mean": np.array([0.4, 0.1]),
        "deviation": np.array([0.1, 0.1]),
    }
    card = {
        "kind": KIND,
        "sha256": weights_sha256(weights),
        "model_sha256": graph_sha256(path.read_bytes()),
        "trained_on": "nothing",
        "licence": "none",
    }
    save_file(weights, directions_file(path), metadata={"artgen": json.dumps(card)})
    return str(path)


def test_two_models_one_of_them_steered_by_what_it_has_seen(make_stage: Any, tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="writing a model takes onnx")
    from tests.test_foreign import write as write_model

    steered, plain = steered_model(tmp_path, "fire.onnx"), str(write_model(tmp_path / "water.onnx", "HWC", black=0.0))
    stage = make_stage(model=steered, second_model=plain, model_mix=0.3, manual=True, valence=0.9, energy=0.2)
    stage.run(3.0)
    frame, about = stage.keep()
    assert about.model == "fire + water"
    assert about.mix == pytest.approx(0.3)
    assert np.abs(about.strokes[0].mood - [0.9, 0.2]).max() > 0.02, "it asks for more than it wants"
    np.testing.assert_array_equal(painted_again(about, [plain, steered], SIZE[0]), frame)


def test_a_finished_picture_is_the_same_again_and_a_print_goes_through_the_finisher_twice(
    gl_context: Any, tmp_path: Path
) -> None:
    pytest.importorskip("onnx", reason="writing a model takes onnx")
    from tests.test_foreign import HEIGHT, WIDTH
    from tests.test_foreign import write as write_model

    model = str(write_model(tmp_path / "water.onnx"))
    stage = Stage(gl_context, tmp_path, model=model)
    stage.show.close()
    worker = SyncWorker(model, open_generator, finisher=Finisher)
    stage.screen.resize((64, 36))
    stage.show = Show(stage.screen, stage.controls.now(0.0), worker)
    stage.run(3.0)
    frame, about = stage.keep()
    stage.show.close()
    assert (about.finish, about.scale) == (1.0, 4)
    painted = repaint.paint(about, lambda stroke: open_generator(repaint.find_model(stroke, [model])))

    def finished(size: int, about: About) -> tuple[Frame, About, Frame]:
        pixels, ready = repaint.finish(painted, about, repaint.passes(painted.shape, about, size), Finisher)
        return pixels, ready, repaint.draw(pixels, ready, size)

    pixels, ready, drawn = finished(64, about)
    assert pixels.shape == (4 * HEIGHT, 4 * WIDTH, 3) and ready.scale == 4
    assert np.abs(drawn.astype(int) - frame).max() <= 1
    pixels, ready, drawn = finished(256, about)
    assert (pixels.shape, ready.scale) == ((16 * HEIGHT, 16 * WIDTH, 3), 16)
    assert "brush" in about.effects and "brush" not in ready.effects
    assert drawn.shape == (144, 256, 3)
    np.testing.assert_array_equal(finished(256, about)[2], drawn)
    kept = replace(about, width=256, height=144, scale=ready.scale)
    np.testing.assert_array_equal(finished(256, kept)[2], drawn)
    assert finished(256, replace(about, finish=0.0))[0].shape == painted.shape


@pytest.mark.parametrize(
    ("size", "runs"), [(256, []), (383, []), (384, [2]), (641, [4]), (1024, [4]), (4096, [4, 4]), (16384, [4, 4, 2])]
)
def test_a_print_is_finished_as_often_as_it_needs(size: int, runs: list[int]) -> None:
    stroke = Stroke("a", "0" * 64, np.ones(4, np.float32), np.ones(2, np.float32), 1.0)
    about = replace(an_about(), strokes=(stroke,), look=Look(zoom=1.0), width=64, height=64)
    assert repaint.passes((256, 256, 3), about, size) == runs
    own = replace(about, width=size, height=size, scale=int(np.prod(runs)))
    assert repaint.passes((256, 256, 3), own, size) == runs
    assert repaint.passes((256, 256, 3), replace(about, strokes=an_about().strokes), size) == []


def test_the_model_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    file, moved, changed = tmp_path / "a.onnx", tmp_path / "b.onnx", tmp_path / "c" / "a.onnx"
    file.write_bytes(b"weights")
    stroke = Stroke("a", file_sha256(file), np.ones(4, np.float32), np.ones(2, np.float32), 1.0)
    moved.write_bytes(b"weights")
    changed.parent.mkdir()
    changed.write_bytes(b"other weights")
    assert repaint.find_model(stroke, [str(changed), str(moved)]) == str(moved)
    with pytest.raises(GalleryError, match=rf"{stroke.sha256[:12]}.* isn't here, only {changed}; .*--visuals-model"):
        repaint.find_model(stroke, [str(changed)])
    assert repaint.find_model(replace(stroke, name="idle", sha256=""), []) == "idle"
    with pytest.raises(GalleryError, match="only none"):
        repaint.find_model(stroke, [])


def test_models_of_the_settings_and_the_installed_one_are_looked_through() -> None:
    settings = VisualsConfig(model="idle", models=("x.onnx", "y.onnx"), second_model="x.onnx")
    assert repaint.candidates(settings)[:2] == ["x.onnx", "y.onnx"]
    assert len(repaint.candidates(settings)) == 2 + repaint.SHIPPED.exists()


def test_another_length_of_z_is_refused() -> None:
    with pytest.raises(GalleryError, match="z of 64 numbers, small takes 32"):
        repaint.paint(an_about(), lambda stroke: Small())


class Small(IdleGenerator):
    name = "small"
    z_dim = 32


@pytest.mark.parametrize("size", [63, 16385, 0, -1])
def test_sizes_out_of_range(size: int) -> None:
    with pytest.raises(GalleryError, match="64 to 16384 pixels"):
        repaint.draw(np.zeros((64, 64, 3), np.uint8), an_about(), size)
