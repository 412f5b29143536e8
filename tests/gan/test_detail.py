"""The training of detail alone."""

import copy
import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tests.tiny_gan import make_pictures
from training import train_gan
from training.export import export_generator
from training.gan import Generator
from training.gan_detail import DetailTrainer
from training.gan_trainer import ALONE, Options
from training.pictures import load_pictures

pytestmark = pytest.mark.slow


@pytest.fixture
def detail_trainer(tmp_path: Path) -> DetailTrainer:
    """One that adds 256 px to a random generator of 64 px."""
    torch.manual_seed(5)
    small = Generator(64, 8, 8)
    small(torch.randn(8, 8), torch.rand(8, 2))
    for weight in small.parameters():
        nn.init.trunc_normal_(weight, 0.0, 0.2)
    card = {"kind": "generator", "size": 64, "z_dim": 8, "n_mood": 2, "trained_on": "chance"}
    export_generator(small, tmp_path / "small.onnx", card | {"mood_mean": [0.3, 0.2], "mood_deviation": [0.1, 0.1]})
    folder = make_pictures(tmp_path / "large", 4, 256)
    options = Options(images=str(folder), size=256, width=8, z_dim=8, batch=2, init=str(tmp_path / "small.onnx"))
    pictures, _ = load_pictures(folder, 256)
    return DetailTrainer(options, pictures)


@pytest.mark.parametrize(("top", "left"), [(0, 0), (32, 32), (9, 21)])
def test_a_window_is_painted_as_in_the_whole_picture(detail_trainer: DetailTrainer, top: int, left: int) -> None:
    generator = detail_trainer.generator.eval()
    for layer in generator.to_rgb.values():
        nn.init.normal_(layer.weight, 0.0, 0.1)
    for refining in generator.refine["128"]:
        nn.init.normal_(refining.modulate.weight, 0.0, 0.2)
    z, mood = torch.randn(2, 8), torch.rand(2, 2)
    with torch.no_grad():
        canvas = generator.begin(z, mood)
        for side in (8, 16, 32, 64):
            generator.enlarge(canvas, side)
        window = detail_trainer.paint_window(generator, canvas, top, left)
        whole = generator(z, mood)
    torch.testing.assert_close(window, whole[:, :, 4 * top :, 4 * left :][:, :, :128, :128], atol=1e-5, rtol=1e-5)


def test_detail_changes_only_the_largest_sizes_and_goes_on_exactly(detail_trainer: DetailTrainer) -> None:
    detail_trainer.step_count = ALONE
    before = {name: value.clone() for name, value in detail_trainer.generator.state_dict().items()}
    detail_trainer.step()
    state = copy.deepcopy(detail_trainer.state())
    losses = detail_trainer.step()
    assert np.isfinite(list(losses.values())).all()
    changed = {name for name, value in detail_trainer.generator.state_dict().items() if not value.equal(before[name])}
    assert changed
    assert all(".128." in name or ".256." in name or name.startswith(("blocks.4", "blocks.5")) for name in changed)
    detail_trainer.load_state(state)
    assert detail_trainer.step() == losses


def test_detail_of_a_generator_of_the_size_is_held_by_its_own_pictures(
    detail_trainer: DetailTrainer, tmp_path: Path
) -> None:
    card = detail_trainer.before | {"size": 256}
    for weight in detail_trainer.generator.parameters():
        nn.init.trunc_normal_(weight, 0.0, 0.2)
    export_generator(detail_trainer.generator, tmp_path / "large.onnx", card)
    options = dataclasses.replace(detail_trainer.options, init=str(tmp_path / "large.onnx"), steps=1_000)
    trainer = DetailTrainer(options, detail_trainer.pictures)
    before = {name: value.clone() for name, value in trainer.generator.state_dict().items()}
    assert trainer.step()["change"] < 1e-3
    assert all(torch.equal(value, before[name]) for name, value in trainer.generator.state_dict().items())
    trainer.step_count = ALONE
    trainer.step()
    assert trainer.step()["change"] > 0.0
    changed = {name for name, value in trainer.generator.state_dict().items() if not value.equal(before[name])}
    assert changed
    assert all(".128." in name or ".256." in name or name.startswith(("blocks.4", "blocks.5")) for name in changed)


def test_detail_needs_a_generator_and_large_pictures(
    options: Options, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = [f"--images={options.images}", f"--run={tmp_path / 'run'}", "--detail"]
    assert train_gan.main([*flags, "--size=128"]) == 2
    assert "too small (96x96); each side needs 128 pixels or more" in capsys.readouterr().err
    assert train_gan.main([*flags, "--size=64"]) == 2
    assert "--init with a generator is needed" in capsys.readouterr().err
