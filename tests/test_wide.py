"""The show paints the shape of its screen, with one model, and paints it repaint."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from artgen_osc.commands import bench_figures
from artgen_osc.errors import GalleryError, ModelError
from tests import show_table
from tests.gallery.conftest import an_about
from tests.test_generator import write_model, z_of
from tests.wide_model import DIM, SIZE, write_wide
from visuals.clock import Tick
from visuals.compositor.screen import Screen
from visuals.control.controls import Controls
from visuals.gallery import repaint
from visuals.gallery.record import from_json, to_json
from visuals.generators.directions import Directions
from visuals.generators.finisher import Finisher
from visuals.generators.generator import KEPT, OnnxGenerator, paint, width_for
from visuals.generators.idle import IdleGenerator
from visuals.generators.opening import open_generator
from visuals.outputs.kind import OutputHost, Showing
from visuals.painting.finishing import Finishing
from visuals.painting.latent import Latent
from visuals.painting.painter import Painter, Request
from visuals.painting.worker import SyncWorker
from visuals.show import Show
from visuals.snapshots import snapshot

MOOD = np.full(2, 0.5, np.float32)
ASPECTS = {9 / 16: 32, 1.0: 32, 4 / 3: 42, 3 / 2: 48, 16 / 9: 56, 2.0: 64, 21 / 9: 74, 32 / 9: 80}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wide(tmp_path_factory.mktemp("wide") / "canvas.onnx")


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
@pytest.mark.parametrize(("aspect", "width"), ASPECTS.items())
def test_it_paints_the_window_in_the_middle(model: Path, engine: str, aspect: float, width: int) -> None:
    pytest.importorskip(engine)
    generator = OnnxGenerator(model, engine=engine)
    assert generator.width_for(aspect) == width
    picture = generator.paint_wide(np.zeros(DIM, np.float32), MOOD, 1.0, width)
    assert picture.shape == (SIZE, width, 3)
    assert picture.dtype == np.uint8
    red = picture[0, :, 0].astype(int)
    assert np.all(np.diff(red) >= 0), "left to right, and nothing twice"
    assert abs(red[0] + red[-1] - 255) < 8, "the middle of the canvas is in the middle"
    assert red[-1] - red[0] == pytest.approx(255 * (width - 2) / 78, abs=3)


def test_called_as_any_generator_it_paints_squares(model: Path) -> None:
    assert OnnxGenerator(model)(z_of(1, DIM), MOOD, 1.0).shape == (SIZE, SIZE, 3)


def test_a_width_that_it_has_not(model: Path) -> None:
    generator = OnnxGenerator(model)
    for width in (31, 57, 82):
        with pytest.raises(ValueError, match=f"canvas paints no picture of {width} pixels"):
            generator.paint_wide(z_of(1, DIM), MOOD, 1.0, width)
    with pytest.raises(ValueError, match="idle paints one shape, not pictures of 56 pixels"):
        paint(IdleGenerator(32), z_of(1, 64), MOOD, 1.0, 56)


def test_it_stays_ready_for_the_last_widths_alone(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[tuple[int, ...]] = []
    engine = OnnxGenerator._opened.__globals__["modelfile"].Engine

    def counted(*given: Any, **named: Any) -> Any:
        opened.append(named["shapes"][2])
        return engine(*given, **named)

    monkeypatch.setattr("visuals.generators.generator.modelfile.Engine", counted)
    generator = OnnxGenerator(model)
    widths = [32, 42, 48, 56, 64, 64, 56, 48]
    for width in widths:
        generator.paint_wide(z_of(1, DIM), MOOD, 1.0, width)
    assert opened == [(28,), (16,), (21,), (24,), (28,), (32,)]
    assert KEPT == 3


def test_squares_and_other_generators_have_one_shape(tmp_path: Path) -> None:
    square = OnnxGenerator(write_model(tmp_path / "square.onnx"))
    for generator in (square, IdleGenerator(32)):
        assert width_for(generator, 16 / 9) == 0
    assert paint(square, z_of(1, 16), MOOD, 1.0).shape == (8, 8, 3)


@pytest.mark.parametrize("lie", [{"widest": 4.0}, {"widest": "wide"}, {"size": 30}])
def test_a_card_that_says_no_canvas(tmp_path: Path, lie: dict[str, object]) -> None:
    with pytest.raises(ModelError, match="its card has no usable"):
        OnnxGenerator(write_wide(tmp_path / "m.onnx", **lie))
    with pytest.raises(ModelError, match="its card has no usable"):
        bench_figures.generator(tmp_path / "m.onnx", "openvino", 0.0)


def test_a_card_that_is_not_true(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"places \(k,\) and give a picture of 48 pixels"):
        OnnxGenerator(write_wide(tmp_path / "m.onnx", size=48))


def test_the_bench_takes_the_shape_of_most_screens(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_figures, "SIDE", 64)
    monkeypatch.setattr(bench_figures, "LEAST_ROUNDS", 1)
    figures = bench_figures.generator(model, "openvino", 0.0)
    assert (figures["width"], figures["size"]) == (56, 32)


def test_the_painter_paints_what_it_is_for(model: Path, tmp_path: Path) -> None:
    square = write_model(tmp_path / "square.onnx")
    painter = Painter(str(model), open_generator, Finishing(None), Directions())
    latent = Latent(z_of(3, DIM), MOOD, 1.0)
    for aspect, width in ASPECTS.items():
        picture = painter.paint(Request(latent, latent, aspect=aspect))
        assert picture is not None
        assert picture.pixels.shape == (SIZE, width, 3)
        assert picture.strokes[0].width == width
    painter.show(painter.open(str(square)), second=True)
    picture = painter.paint(Request(latent, latent, mix=0.5, aspect=16 / 9))
    assert picture is not None
    assert picture.pixels.shape == (SIZE, 56, 3)
    assert [stroke.width for stroke in picture.strokes] == [56, 0]


class Stage:
    """A show on a clock of its own."""

    def __init__(self, context: Any, size: tuple[int, int], model: Path) -> None:
        config = show_table.config(model=str(model), grain=0.0)
        self.controls = Controls(config, show_table.CONTRACT)
        self.screen = Screen(context, size)
        self.show = Show(self.screen, self.controls.now(0.0), SyncWorker(str(model), open_generator))
        self.showing = Showing(self.controls.now(0.0), size)
        self.host = OutputHost(config.visuals, show_table.CONTRACT, self.showing, picture=self.screen.picture)
        self.time = 0.0

    def run(self, seconds: float) -> Any:
        for _ in range(round(seconds * 60)):
            self.time += 1 / 60
            self.showing.control = self.controls.now(self.time)
            scene = self.showing.scene = self.show.step(self.showing.control, Tick(self.time, self.time, 1 / 60))
            self.screen.draw(scene.mix, scene.look, scene.effects, scene.moment)
        return scene.painted

    def close(self) -> None:
        self.show.close()
        self.screen.release()


@pytest.fixture
def stage(gl_context: Any, model: Path) -> Iterator[Stage]:
    stage = Stage(gl_context, (160, 90), model)
    yield stage
    stage.close()


def test_a_show_paints_the_shape_of_its_screen_and_follows_it(stage: Stage) -> None:
    assert stage.run(1.0).pixels.shape == (SIZE, 56, 3)
    for size, width in (((90, 90), 32), ((210, 90), 74), ((160, 90), 56)):
        stage.screen.resize(size)
        assert stage.run(0.5).pixels.shape == (SIZE, width, 3)


def test_nothing_of_a_picture_of_the_screens_shape_is_cut_off(stage: Stage) -> None:
    """But for what the camera, which comes closer than the whole, leaves out; a square loses 7 of 16 rows."""
    stage.run(2.0)
    still = stage.host.still()
    assert still is not None
    frame, look = still
    red, green = frame[45, :, 0].astype(int), frame[:, 80, 1].astype(int)
    assert red.max() - red.min() > 255 * 54 / 78 / look.zoom * 0.9
    assert green.max() - green.min() > 255 / look.zoom * 0.9


def test_a_wide_picture_is_painted_again(stage: Stage, model: Path, tmp_path: Path) -> None:
    stage.run(1.2)
    kept = snapshot(stage.host, "asked")
    assert kept is not None
    frame, about = kept
    told = from_json(to_json(about))
    assert told.strokes[0].width == 56
    pixels = repaint.paint(told, lambda stroke: open_generator(repaint.find_model(stroke, [str(model)])))
    assert pixels.shape == (SIZE, 56, 3)
    np.testing.assert_array_equal(repaint.draw(pixels, told, 160), frame)
    with pytest.raises(GalleryError, match="square paints no picture of 56 pixels"):
        repaint.paint(told, lambda stroke: open_generator(str(write_model(tmp_path / "square.onnx"))))


def test_pictures_of_before_have_no_width() -> None:
    about = an_about(1)
    assert '"width":' not in to_json(about).split("strokes")[1].split("]")[0]
    assert from_json(to_json(about)).strokes[0].width == 0


def test_the_finisher_forgets_the_sizes_of_before() -> None:
    finisher = Finisher()
    finishing = Finishing(lambda: finisher, beside=False)
    for width in (28, 32, 28):
        pixels, scale = finishing(np.zeros((16, width, 3), np.uint8), 1.0, 0.0)
        assert (pixels.shape, scale) == ((64, 4 * width, 3), 4)
        assert finisher.is_ready((16, width))
        assert not finisher.is_ready((16, 60 - width))
