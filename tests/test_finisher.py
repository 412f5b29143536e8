"""The finisher at tiny width: two steps, resume, export, parity; its losses, its pairs and its figures."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch.nn import functional as F

from artgen_osc.inference import modelfile
from tests.tiny_gan import TinyFeatures
from training import evaluate, evaluate_finisher, train_finisher
from training.enlarge import ART, PAIRS
from training.export import export_finisher, export_generator
from training.finisher import SCALE, Finisher, Judge, centred, cubic, levels
from training.finisher_losses import contours, gridded, texture
from training.finisher_pairs import draw_windows, is_held_out, read_paintings, read_pairs
from training.finisher_watch import grid, measure, sheet
from training.gan import Generator
from training.train_finisher import Options, Trainer, read_material, save

pytestmark = pytest.mark.slow


def make_material(folder: Path, side: int = 64) -> Path:
    """Five pairs and two paintings, one of which is held out of each."""
    draw = np.random.default_rng(0)
    for name, n in ((PAIRS, 5), (ART, 2)):
        (folder / name).mkdir(parents=True)
        for i in range(n):
            small = Image.fromarray(draw.integers(0, 255, (8, 8, 3), dtype=np.uint8)).resize((side, side))
            path = folder / name / f"{i or held_out_name()}.png"
            if name == PAIRS:
                small.save(path)
            small.resize((side * SCALE, side * SCALE)).save(path.with_suffix(".jpg"), quality=95)
    return folder


def held_out_name() -> str:
    return next(str(number) for number in range(100, 1000) if is_held_out(str(number)))


@pytest.fixture
def options(tmp_path: Path) -> Options:
    material = make_material(tmp_path / "material")
    small = {"width": 4, "depth": 1, "grains": 2, "window": 16, "pairs": 2, "paintings": 1}
    grain = {"alone": 1, "first": 0, "feature_weight": 0.1, "judge_weight": 0.1}
    return Options(str(material), str(tmp_path / "run"), **small, **grain, steps=2)


def new_trainer(options: Options) -> Trainer:
    torch.manual_seed(3)
    features = TinyFeatures()
    pairs, paintings, _ = read_material(Path(options.material))
    return Trainer(options, pairs, paintings, features)


def test_two_steps_equal_one_and_a_resumed_one(options: Options, tmp_path: Path) -> None:
    whole = new_trainer(options)
    losses = [whole.step()]
    enlargement = whole.finisher.first.weight.clone(), whole.finisher.grain.weight.clone()
    losses.append(whole.step())
    # First the enlargement, then the grain alone.
    assert torch.equal(enlargement[0], whole.finisher.first.weight)
    assert not torch.equal(enlargement[1], whole.finisher.grain.weight)
    assert set(losses[1]) - set(losses[0]) == {"texture", "grid", "features", "judge", "judged"}
    assert all(np.isfinite(list(step.values())).all() for step in losses)

    first, folder = new_trainer(options), tmp_path / "run"
    folder.mkdir()
    rows = [{"step": 1, **first.step()}]
    save(first, folder, rows, read_material(Path(options.material))[2])
    second = new_trainer(options)
    second.load_state(load_file(folder / "state.safetensors"))
    assert second.step() == losses[1]
    for name, value in whole.state().items():
        if name != "seconds":
            torch.testing.assert_close(second.state()[name], value, rtol=0, atol=0)
    assert (folder / "samples" / "000001.jpg").exists()
    assert len((folder / "log.csv").read_text().splitlines()) == 2
    assert (folder / "figures.csv").read_text().startswith("step,psnr,")


def test_a_run_is_exported_as_it_is_and_measured(
    options: Options, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(train_finisher, "pretrained_features", TinyFeatures)
    flags = ["--width=4", "--depth=1", "--grains=2", "--window=16", "--pairs=2", "--paintings=1"]
    flags += ["--steps=2", "--alone=0", "--threads=1", "--material", options.material, "--run", options.run]
    assert train_finisher.main(flags) == 0
    path = Path(options.run) / "finisher.onnx"
    card = modelfile.load(path, "finisher", scale=SCALE).card
    assert card["teacher"] == "Real-ESRGAN x4plus" and "BSD-3" in card["teacher_licence"]
    assert "4 pictures of a generator and 1 others" in card["trained_on"]
    assert card["width"] == 4 and card["steps"] == 2

    small = Generator(64, 4, 8).eval()
    generator = tmp_path / "generator.onnx"
    moods = {"mood_mean": [0.4, 0.2], "mood_deviation": [0.1, 0.1]}
    about = {"kind": "generator", "trained_on": "", "licence": "", "size": 64, "z_dim": 8, "n_mood": 2, **moods}
    export_generator(small, generator, about)
    for name, value in {"HEIGHTS": (256, 128, 64), "WALKS": 1, "WALK_PICTURES": 4}.items():
        monkeypatch.setattr(evaluate_finisher, name, value)
    more = ["--generator", str(generator), "--material", options.material, "--count=4", "--threads=1", "--json"]
    capsys.readouterr()
    assert evaluate.main(["finisher", str(path), *more]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert {"over_floor_256", "cubic_over_floor_64", "mood_r2_energy", "flicker", "psnr", "grid"} <= set(figures)
    assert np.isfinite(list(figures.values())).all()
    # After two steps it is still nearly an enlargement by straight lines.
    assert 0.8 < figures["flicker"] < 1.2


def rough_finisher() -> Finisher:
    """One that adds something, noise too."""
    torch.manual_seed(0)
    finisher = Finisher(4, 1, 2)
    torch.nn.init.normal_(finisher.last.weight, 0.0, 0.3)
    torch.nn.init.normal_(finisher.grain.weight, 0.0, 0.3)
    return finisher


@pytest.mark.parametrize(
    ("shape", "engine"), [((41, 73), "openvino"), ((64, 64), "openvino"), ((68, 132), "onnxruntime")]
)
def test_the_file_paints_any_shape_like_the_network(shape: tuple[int, int], engine: str, tmp_path: Path) -> None:
    pytest.importorskip(engine)
    finisher = rough_finisher()
    card = {"kind": "finisher", "trained_on": "", "licence": "", "scale": SCALE}
    assert export_finisher(finisher, tmp_path / "f.onnx", card) <= 1e-4
    picture = torch.randint(0, 256, (1, *shape, 3), dtype=torch.uint8)
    model = modelfile.load(tmp_path / "f.onnx", "finisher")
    (painted,) = modelfile.Engine(model, exact=True, engine=engine)(picture.numpy())
    assert painted.dtype == np.uint8 and painted.shape == (1, shape[0] * 4, shape[1] * 4, 3)
    with torch.no_grad():
        wanted = levels(finisher.paint(centred(picture.permute(0, 3, 1, 2)))).permute(0, 2, 3, 1)
        assert torch.equal(finisher(picture), wanted)
    # Weights of 16 bits, and levels that lie on the edge.
    assert np.abs(painted.astype(int) - wanted.numpy()).max() <= 1
    assert not list(tmp_path.glob("trial*")) and not list(tmp_path.glob("*.new.onnx"))


def test_it_begins_as_a_smooth_enlargement() -> None:
    finisher, inner = Finisher(4, 1, 2), (slice(None), slice(None), slice(4, -4), slice(4, -4))
    finisher.grained = False
    slope = (torch.arange(48).float() - 23.5) / 24
    small = F.avg_pool2d(slope.expand(1, 3, 48, 48), 4)
    torch.testing.assert_close(finisher.paint(small)[inner], slope.expand(1, 3, 48, 48)[inner])
    x = F.avg_pool2d(torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)), 3, 1, 1)
    straight = F.interpolate(x, scale_factor=4.0, mode="bilinear", align_corners=False)
    assert grid(finisher.paint(x)) < 1.25 < 1.4 < grid(straight)


def test_moved_noise_is_the_same_noise_elsewhere() -> None:
    finisher = rough_finisher()
    flat = torch.zeros(1, 3, 64, 64)
    here, there = finisher.paint(flat), finisher.paint(flat, (4, 8))
    inner = slice(64, 192)
    torch.testing.assert_close(here.roll((16, 32), (2, 3))[:, :, inner, inner], there[:, :, inner, inner])
    assert not torch.equal(here, there)


def test_levels_are_exact_both_ways() -> None:
    every = torch.arange(256).to(torch.uint8)
    assert torch.equal(levels(centred(every)), every)
    assert torch.equal(centred(every).bfloat16().float(), centred(every))
    assert levels(torch.tensor([-1.5, 1.5])).tolist() == [0, 255]


def test_the_losses_know_contours_and_amounts_of_texture() -> None:
    draw = torch.Generator().manual_seed(0)
    rough, other = (torch.rand(1, 3, 64, 64, generator=draw) * 0.2 for _ in range(2))
    assert texture(rough, rough) == contours(rough, rough) == 0
    # The same amount elsewhere hardly counts, none at all does.
    assert texture(other, rough) < 0.2 < 0.9 < texture(torch.zeros_like(rough), rough)
    assert contours(rough + 0.3, rough) < 1e-6
    # A grid is seen, whatever the amounts in each place.
    rows = torch.tensor([3.0, 1 / 3, 1 / 3, 1 / 3]).repeat(16).view(1, 1, 64, 1)
    assert gridded(rough, rough) == 0
    assert gridded((rough - 0.1) * rows, other) > 5 * gridded(rough, other)
    # Each band of the pyramid is looked at.
    assert texture(F.avg_pool2d(rough, 3, 1, 1), rough) > 0.3


def test_the_judge_scores_places_and_sees_what_was_enlarged() -> None:
    torch.manual_seed(0)
    judge, small = Judge(4), torch.rand(2, 3, 16, 16)
    large = torch.rand(2, 3, 64, 64)
    assert judge(large, small).shape[2:] == (8, 8)
    assert not torch.equal(judge(large, small), judge(large, small.flip(3)))


def test_figures_know_the_teachers_picture_and_a_grid(tmp_path: Path) -> None:
    pairs, _ = read_pairs(make_material(tmp_path) / PAIRS)
    same = measure(lambda _: centred(pairs[0].large[None]), pairs[:1])
    assert same["psnr"] > 100 and same["grid"] == 1 and same["texture_1"] == 1
    assert measure(cubic, pairs[:1])["psnr"] == pytest.approx(same["psnr_cubic"])
    flat = torch.linspace(0, 1, 64).expand(1, 3, 64, 64).contiguous()
    flat = flat + flat.transpose(2, 3)
    assert grid(flat) < 1.01
    flat[..., ::4] += 0.1
    assert grid(flat) > 2
    assert sheet(cubic, pairs[:2]).size == (3 * 256, 2 * 256)


def test_windows_of_both_sizes_show_the_same(tmp_path: Path) -> None:
    make_material(tmp_path)
    paintings, skipped = read_paintings(tmp_path / ART)
    assert len(paintings) == 2 and not skipped
    draws = [draw_windows(paintings, 6, 16, torch.Generator().manual_seed(1)) for _ in range(2)]
    assert torch.equal(draws[0][1], draws[1][1])
    small, large = draws[0]
    assert small.shape == (6, 3, 16, 16) and large.shape == (6, 3, 64, 64)
    assert (F.avg_pool2d(large.float(), 4) - small).abs().max() <= 0.5


def test_pictures_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    make_material(tmp_path)
    folder = tmp_path / PAIRS
    Image.new("RGB", (64, 64)).save(folder / "apart.png")
    Image.new("RGB", (128, 256)).save(folder / "apart.jpg")
    (folder / "broken.png").write_bytes(b"no picture")
    (folder / "broken.jpg").write_bytes(b"no picture")
    Image.new("RGB", (64, 64)).save(folder / "alone.png")
    Image.new("RGB", (2, 64)).save(tmp_path / ART / "narrow.png")
    pairs, skipped = read_pairs(folder)
    assert len(pairs) == 5
    assert [line.partition(":")[0].rpartition("/")[2] for line in skipped] == ["apart.png", "broken.png"]
    assert "64x64 and 128x256; make it again with 4 times the side" in skipped[0]
    assert "narrow.png: too small (2x64)" in read_paintings(tmp_path / ART)[1][0]


def test_what_cannot_be_trained_on_is_said_in_one_line(options: Options, capsys: pytest.CaptureFixture[str]) -> None:
    for change, word in (({"window": 12}, "multiple of 8"), ({"window": 128}, "smaller than --window 128")):
        with pytest.raises(ValueError, match=word):
            new_trainer(replace(options, **change))
    with pytest.raises(ValueError, match="doesn't fit the options"):
        new_trainer(options).load_state(new_trainer(replace(options, width=8)).state())
    empty = Path(options.run)
    flags = ["--material", str(empty), "--run", str(empty), "--feature-weight=0", "--threads=1"]
    assert train_finisher.main(flags) == 2
    said = capsys.readouterr().err.strip()
    assert said.count("\n") == 0 and "0 pairs to train on; at least 2 are needed" in said
    empty.mkdir(exist_ok=True)
    (empty / "state.safetensors").write_bytes(b"damaged")
    assert train_finisher.main([*flags[2:], "--material", options.material]) == 2
    assert capsys.readouterr().err.startswith("train_finisher: ")
