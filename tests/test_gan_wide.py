"""Pictures of many shapes from one generator: its canvas, its training, its file, its figures."""

import copy
import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from artgen_osc.inference import modelfile
from artgen_osc.inference.canvas import Canvas
from tests.tiny_gan import TinyFeatures, make_pictures, new_trainer, tiny_options
from training import evaluate, train_gan
from training.evaluate_wide import halves
from training.export import export_generator, read_generator
from training.gan import Generator, with_columns
from training.gan_start import settle_shape
from training.gan_trainer import ALONE, Options
from training.gan_wide import WideTrainer
from training.pictures import load_pictures
from training.windows import cut, draw_lefts

CARD = {"kind": "generator", "size": 64, "width": 8, "z_dim": 8, "n_mood": 2, "trained_on": "chance", "licence": "-"}
SCALE = {"mood_mean": [0.3, 0.2], "mood_deviation": [0.1, 0.1]}


def generator_of(size: int, widest: float) -> Generator:
    """One whose weights are drawn by chance, wide enough that something is seen."""
    torch.manual_seed(5)
    generator = Generator(size, 8, 8, widest)
    for weight in generator.parameters():
        nn.init.trunc_normal_(weight, 0.0, 0.2)
    return generator.eval()


def asked(n: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(1)
    return torch.randn(n, 8, generator=draw), torch.rand(n, 2, generator=draw)


def test_a_canvas_comes_near_to_every_shape_between_its_ends() -> None:
    canvas = Canvas(256, 2.5)
    widths = {aspect: canvas.width(canvas.columns_for(aspect)) for aspect in (0.5, 1.0, 4 / 3, 16 / 9, 21 / 9, 32 / 9)}
    assert widths == {0.5: 256, 1.0: 256, 4 / 3: 336, 16 / 9: 448, 21 / 9: 592, 32 / 9: 640}
    for aspect in np.linspace(1.0, 2.5, 50):
        assert abs(canvas.width(canvas.columns_for(aspect)) - 256 * aspect) <= 8
    for columns in (16, 21, 28, 40):
        (places,) = canvas.inputs(columns)
        assert len(places) == columns
        assert abs(places.min() - (39 - places.max())) <= 1


def test_a_generator_of_squares_has_one_shape_and_no_further_input() -> None:
    canvas = Canvas.of({"size": 256})
    assert not canvas.many
    assert canvas.inputs() == []
    assert canvas.columns_for(16 / 9) == 16


@pytest.mark.parametrize("widest", [0.5, 3.0, float("nan"), "wide", None])
def test_a_card_that_says_no_canvas(widest: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        Canvas.of({"size": 256, "widest": widest})


@pytest.mark.parametrize("size", [64, 128])
@pytest.mark.parametrize("columns", [16, 21, 28, 37, 40])
def test_every_shape_is_a_window_of_one_canvas(size: int, columns: int) -> None:
    generator = generator_of(size, 2.5)
    z, mood = asked()
    with torch.no_grad():
        picture = generator(z, mood, generator.middle(columns))
        canvas = generator.begin(z, mood, generator.middle(columns))
        for side in (8, 16):
            generator.enlarge(canvas, side)
    assert picture.shape == (2, 3, size, columns * size // 16)
    first = (40 - columns) // 2
    torch.testing.assert_close(canvas.x, canvas.maps[16][..., first : first + columns])
    assert canvas.maps[16].shape[2:] == (16, 40)


def test_without_places_it_is_the_square_in_the_middle() -> None:
    generator = generator_of(64, 2.5)
    z, mood = asked()
    torch.testing.assert_close(generator(z, mood), generator(z, mood, torch.arange(12, 28)))


def test_a_wide_start_keeps_the_square_and_a_narrow_one_gives_it_back() -> None:
    square = generator_of(64, 1.0)
    wide = Generator(64, 8, 8, 2.5)
    assert wide.grow_from(square.state_dict()) == 64
    z, mood = asked()
    before, after = (generator.eval().begin(z, mood).maps[4] for generator in (square, wide))
    assert after.shape[2:] == (4, 10)
    torch.testing.assert_close(after[..., 3:7], before)
    again = Generator(64, 8, 8)
    again.grow_from(wide.state_dict())
    torch.testing.assert_close(again.start.weight, square.start.weight)


def test_sides_begin_as_other_pictures_no_mirror_images() -> None:
    start = torch.randn(2 * 4 * 4, 16)
    z = torch.randn(500, 16)
    columns = (z @ with_columns(start, 2, 10).T).view(500, 2, 4, 10).permute(3, 0, 1, 2).flatten(1)
    likeness = torch.corrcoef(columns)
    for side in ((0, 1, 2), (7, 8, 9)):
        for column in side:
            others = [likeness[column, other].abs() for other in range(10) if other not in side]
            assert max(others) < 0.6
        assert columns[list(side)].std() == pytest.approx(columns[3:7].std().item(), rel=0.2)


def test_a_start_of_another_kind_is_left_for_the_check_of_shapes() -> None:
    odd = torch.randn(7, 8)
    assert with_columns(odd, 2, 10) is odd


def test_windows_lie_anywhere_and_at_the_rims() -> None:
    draw = torch.Generator().manual_seed(0)
    lefts = draw_lefts(2_000, 96, draw)
    assert (min(lefts), max(lefts)) == (0, 96)
    assert 0.4 < np.mean([0 < left < 96 for left in lefts]) < 0.6
    assert draw_lefts(3, 0, draw) == [0, 0, 0]
    pictures = torch.arange(20.0).expand(2, 3, 8, 20)
    assert cut(pictures, [0, 12])[:, 0, 0].tolist() == [list(range(8)), list(range(12, 20))]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("wide") / "wide.onnx"
    export_generator(generator_of(64, 2.5), path, {**CARD, **SCALE})
    return path


@pytest.mark.parametrize("columns", [16, 21, 28, 37, 40])
@pytest.mark.parametrize("told", [True, False])
def test_the_file_paints_every_width_as_torch_does(exported: Path, columns: int, told: bool) -> None:
    model = modelfile.load(exported, "generator", widest=2.5)
    canvas = Canvas.of(model.card)
    shapes = canvas.shapes(8, columns) if told else None
    engine = modelfile.Engine(model, exact=True, shapes=shapes)
    z, mood = asked(1)
    (got,) = engine(z.numpy(), mood.numpy(), *canvas.inputs(columns))
    generator = Generator(64, 8, 8, 2.5)
    generator.grow_from(read_generator(exported))
    with torch.no_grad():
        wanted = generator.eval()(z, mood, generator.middle(columns))
    np.testing.assert_allclose(got, wanted.numpy(), atol=1e-4)


def test_both_engines_paint_it(exported: Path) -> None:
    pytest.importorskip("onnxruntime")
    model = modelfile.load(exported, "generator")
    canvas = Canvas.of(model.card)
    z, mood = asked(1)
    one, other = (
        modelfile.Engine(model, exact=True, engine=name, shapes=canvas.shapes(8, 28))(
            z.numpy(), mood.numpy(), *canvas.inputs(28)
        )[0]
        for name in ("openvino", "onnxruntime")
    )
    np.testing.assert_allclose(one, other, atol=1e-4)


def test_training_a_wide_one_goes_on_exactly_and_exports(tmp_path: Path) -> None:
    options = dataclasses.replace(tiny_options(tmp_path), widest=2.5, batch=4)
    trainer, other = new_trainer(options), new_trainer(options)
    trainer.step()
    other.load_state(copy.deepcopy(trainer.state()))
    losses = [trainer.step() for _ in range(3)]
    assert np.isfinite([list(step.values()) for step in losses]).all()
    assert [other.step() for _ in range(3)] == losses
    assert export_generator(trainer.average, tmp_path / "g.onnx", CARD) < 1e-4
    assert modelfile.load(tmp_path / "g.onnx", "generator").card["widest"] == 2.5


def test_a_width_that_cannot_be_trained(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"--widest: 1\.7 can't be laid out; choose from 1, 1\.5, 2, 2\.5"):
        new_trainer(dataclasses.replace(tiny_options(tmp_path), widest=1.7))


@pytest.fixture
def widener(tmp_path: Path) -> WideTrainer:
    """Widens a random generator of 128 px."""
    export_generator(generator_of(128, 1.0), tmp_path / "square.onnx", {**CARD, **SCALE, "size": 128})
    folder = make_pictures(tmp_path / "pictures", 4, 128)
    options = Options(
        images=str(folder), size=128, width=8, z_dim=8, batch=2, init=str(tmp_path / "square.onnx"), widest=2.5
    )
    pictures, _ = load_pictures(folder, 128)
    torch.manual_seed(3)
    return WideTrainer(options, pictures, TinyFeatures())


def test_widening_changes_the_layout_alone_and_goes_on_exactly(widener: WideTrainer) -> None:
    before = {name: value.clone() for name, value in widener.generator.state_dict().items()}
    first = widener.step()
    assert first["change"] == 0.0
    assert all(torch.equal(value, before[name]) for name, value in widener.generator.state_dict().items())
    widener.step_count = ALONE
    widener.step()
    state = copy.deepcopy(widener.state())
    losses = widener.step()
    assert np.isfinite(list(losses.values())).all()
    assert losses["change"] > 0.0
    changed = {name for name, value in widener.generator.state_dict().items() if not value.equal(before[name])}
    assert "start.weight" in changed
    layout = ("start.weight", "blocks.0.", "blocks.1.", "refine.8.", "refine.16.")
    assert all(name.startswith(layout) for name in changed)
    assert not any("running" in name or "num_batches" in name for name in changed)
    widener.load_state(state)
    assert widener.step() == losses


def test_widening_needs_a_generator_a_canvas_and_the_size(widener: WideTrainer) -> None:
    options, pictures = widener.options, widener.pictures
    for change, text in (
        ({"init": ""}, "there is nothing to widen"),
        ({"widest": 1.0}, "needs a --widest above 1"),
        ({"size": 256}, "paints 128 pixels; give --size 128"),
    ):
        with pytest.raises(ValueError, match=text):
            WideTrainer(dataclasses.replace(options, **change), pictures, TinyFeatures())


def test_widening_by_the_command(widener: WideTrainer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options, run = widener.options, tmp_path / "run"
    command = [f"--images={options.images}", f"--run={run}", f"--init={options.init}", "--size=128", "--width=8"]
    command += ["--z-dim=8", "--batch=2", "--steps=2", "--widen", "--widest=2.5"]
    assert train_gan.main(command) == 0
    assert len(list((run / "samples").glob("*-wide.jpg"))) == 1
    card = modelfile.load(run / "generator.onnx", "generator").card
    assert card["widest"] == 2.5
    assert card["trained_on"] == "chance; what lies beside a square: 4 pictures"
    assert card["licence"] == "-"
    assert card["mood_mean"] == pytest.approx(SCALE["mood_mean"])


def test_a_run_is_as_wide_as_what_it_begins_with_unless_told(exported: Path, tmp_path: Path) -> None:
    options, _ = train_gan.parse(["--images=x", f"--init={exported}"])
    assert settle_shape(options, tmp_path).widest == 2.5
    assert settle_shape(dataclasses.replace(options, init=""), tmp_path).widest == 1.0
    assert settle_shape(dataclasses.replace(options, widest=1.5), tmp_path).widest == 1.5
    (tmp_path / "state.pt").touch()
    assert settle_shape(options, tmp_path).widest == 1.0, "a run of before has no such option"
    (tmp_path / "options.json").write_text('{"widest": 2.0}')
    assert settle_shape(options, tmp_path).widest == 2.0


def test_halves_tell_repetitions_and_mirror_images_from_new_things() -> None:
    left, right = torch.randint(0, 255, (2, 12, 3, 32, 28), generator=torch.Generator().manual_seed(0)).byte()
    plain, mirrored = halves(torch.cat([left, right], 3))
    assert 0.9 < plain < 1.1
    assert 0.9 < mirrored < 1.1
    assert halves(torch.cat([left, left], 3))[0] == pytest.approx(0.0, abs=1e-5)
    assert halves(torch.cat([left, left.flip(3)], 3))[1] == pytest.approx(0.0, abs=1e-5)


def test_wide_pictures_have_figures_of_their_own(
    exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = make_pictures(tmp_path / "pictures", 12)
    assert evaluate.main(["gan", str(exported), f"--images={pictures}", "--json", "--count=8"]) == 0
    figures = json.loads(capsys.readouterr().out)
    for name in ("wide_swd", "wide_mood_r2_valence", "wide_halves", "wide_halves_mirrored", "real_halves"):
        assert np.isfinite(figures[name])
    assert len(figures["wide_swd_levels"]) == len(figures["swd_levels"])
