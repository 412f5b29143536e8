"""The networks of the training and their losses."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tests.tiny_gan import TinyFeatures, new_trainer
from training.discriminator import REDRAWN, Discriminator, redrawing_loss
from training.export import export_generator, read_generator
from training.gan import Generator, UpConv, double, pretrained_features
from training.gan_trainer import Options
from training.losses import (
    anchor_loss,
    augment,
    hinge_discriminator,
    hinge_generator,
    mood_loss,
    soften,
)
from training.pictures import colour_mood

pytestmark = pytest.mark.slow


def test_the_mood_loss_pulls_the_colours(options: Options) -> None:
    """Gradient steps on the mood loss alone make a picture obey."""
    trainer = new_trainer(options)
    asked = torch.tensor([[0.9, 0.5], [0.1, 0.5]])
    pixels = torch.zeros(2, 3, 16, 16, requires_grad=True)
    adam = torch.optim.Adam([pixels], 0.05)
    for _ in range(200):
        loss = mood_loss(trainer.scale.to_mood(colour_mood(torch.tanh(pixels))), asked)
        adam.zero_grad()
        loss.backward()
        adam.step()
    assert loss.item() < 0.02


def test_hinge_losses() -> None:
    sure, unsure = [torch.full((2, 1, 2, 2), 2.0)], [torch.zeros(2, 1, 2, 2)]
    assert hinge_discriminator(sure, [-sure[0]]).item() == 0.0
    assert hinge_discriminator(unsure, unsure).item() == 2.0
    assert hinge_generator(sure).item() == -2.0


def test_augmentation_moves_and_cuts_but_keeps_colours() -> None:
    pictures = torch.rand(4, 3, 64, 64)
    changed, same = augment([pictures, pictures], torch.Generator().manual_seed(0))
    torch.testing.assert_close(changed, same, rtol=0, atol=0)
    assert changed.shape == pictures.shape
    assert not torch.equal(changed, pictures)
    assert set(changed.flatten().tolist()) <= set(pictures.flatten().tolist()) | {0.0}


def test_softening_takes_the_finest_grid_away_and_nothing_else() -> None:
    grid = torch.ones(1, 1, 8, 8)
    grid[:, :, ::2, ::2] = grid[:, :, 1::2, 1::2] = -1
    assert soften(grid)[:, :, 1:-1, 1:-1].abs().max() < 1e-6
    slope = torch.arange(8.0).repeat(1, 1, 8, 1)
    torch.testing.assert_close(soften(slope)[..., 1:-1], slope[..., 1:-1])


def test_only_the_direction_of_z_counts() -> None:
    generator = Generator(64, 8, 8).eval()
    z, mood = torch.randn(2, 8), torch.rand(2, 2)
    torch.testing.assert_close(generator(z, mood), generator(z * 3, mood), rtol=1e-4, atol=1e-4)


def test_one_transposed_convolution_equals_doubling_and_convolving() -> None:
    layer = UpConv(3, 5)
    x = torch.randn(2, 3, 7, 9)
    doubled = nn.functional.conv2d(nn.functional.interpolate(x, scale_factor=2.0), layer.weight, padding=1)
    torch.testing.assert_close(layer(x), doubled, atol=1e-5, rtol=1e-4)


def test_a_grown_generator_begins_as_the_smaller_one_enlarged(tmp_path: Path) -> None:
    small = Generator(64, 8, 8)
    small(torch.randn(8, 8), torch.rand(8, 2))
    # The exporter stores equal tensors once; those of a trained generator differ.
    for weight in small.parameters():
        nn.init.trunc_normal_(weight, 0.0, 0.05)
    small.eval()
    card = {"kind": "generator", "size": 64, "z_dim": 8, "n_mood": 2}
    export_generator(small, tmp_path / "small.onnx", card)
    large = Generator(128, 8, 8).eval()
    large.grow_from(read_generator(tmp_path / "small.onnx"))
    z, mood = torch.randn(2, 8), torch.rand(2, 2)
    enlarged = torch.tanh(double(torch.atanh(small.half().float()(z, mood))))
    torch.testing.assert_close(large(z, mood), enlarged, atol=1e-3, rtol=1e-3)


def test_a_larger_generator_gives_its_lower_sizes() -> None:
    large, small = Generator(256, 8, 8).eval(), Generator(64, 8, 8).eval()
    assert small.grow_from(large.state_dict()) == 64
    z, mood = torch.randn(2, 8), torch.rand(2, 2)
    canvas = large.begin(z, mood)
    for side in small.sides:
        large.enlarge(canvas, side)
    assert canvas.picture is not None
    torch.testing.assert_close(small(z, mood), torch.tanh(canvas.picture))


@pytest.mark.parametrize("other", [Generator(64, 16, 8), Generator(64, 8, 4)])
def test_what_does_not_fit_is_not_grown_from(other: Generator) -> None:
    generator = Generator(64, 8, 8)
    before = {name: value.clone() for name, value in generator.state_dict().items()}
    with pytest.raises(ValueError, match="give one that fits"):
        generator.grow_from(other.state_dict())
    for name, value in generator.state_dict().items():
        assert torch.equal(value, before[name])


def test_the_pretrained_features_are_those_of_the_package() -> None:
    """Batch norms are folded and paddings fit: shapes, and activations of a sane size."""
    features = pretrained_features()
    maps = features(torch.linspace(-1, 1, 3 * 64 * 64).view(1, 3, 64, 64))
    assert [tuple(m.shape) for m in maps] == [
        (1, c, 64 // s, 64 // s) for c, s in zip((24, 40, 112, 320), (4, 8, 16, 32), strict=True)
    ]
    assert all(0.01 < m.std() < 100 for m in maps)


def test_the_anchor_loss_is_0_for_the_same_and_grows() -> None:
    pictures = torch.rand(2, 3, 64, 64) * 2 - 1
    features = TinyFeatures()
    losses = [
        anchor_loss(other, pictures, features(other), features(pictures)).item()
        for other in (pictures, pictures * 0.9, pictures * 0.3)
    ]
    assert losses[0] == 0.0
    assert losses[1] < losses[2]


@pytest.mark.parametrize("size", [64, 128, 256])
def test_the_discriminator_scores_and_redraws(size: int) -> None:
    discriminator = Discriminator(size, 4, [5, 7])
    maps = [torch.rand(2, 5, 8, 8), torch.rand(2, 7, 4, 4)]
    scores, by_features, redrawn = discriminator(torch.rand(2, 3, size, size) * 2 - 1, maps)
    assert len(scores) == 2 and all(score.shape[:2] == (2, 1) for score in scores)
    assert [score.shape for score in by_features] == [(2, 1, 8, 8), (2, 1, 4, 4)]
    assert redrawn.shape == (2, 3, REDRAWN, REDRAWN)


def test_the_discriminator_learns_to_tell_a_texture_and_to_redraw() -> None:
    torch.manual_seed(0)
    smooth = nn.functional.interpolate(torch.rand(8, 3, 8, 8) * 2 - 1, size=(64, 64), mode="bilinear")
    marks = torch.zeros_like(smooth)
    marks[:, :, ::4, ::4] = 0.3
    discriminator = Discriminator(64, 4)
    adam = torch.optim.Adam(discriminator.parameters(), 2e-3, (0.0, 0.99))
    losses, redrawings = [], []
    for _ in range(60):
        real, _, redrawn = discriminator(smooth)
        fake, _, _ = discriminator(smooth + marks)
        loss, again = hinge_discriminator(real, fake), redrawing_loss(redrawn, smooth)
        adam.zero_grad()
        (loss + again).backward()
        adam.step()
        losses.append(loss.item())
        redrawings.append(again.item())
    assert losses[-1] < losses[0] / 2
    assert redrawings[-1] < redrawings[0] * 0.8


def test_the_discriminator_learns_to_tell_by_features() -> None:
    torch.manual_seed(0)
    discriminator = Discriminator(64, 4, [6])
    adam = torch.optim.Adam(discriminator.parameters(), 2e-3, (0.0, 0.99))
    pictures, losses = torch.zeros(8, 3, 64, 64), []  # their pixels tell nothing
    for _ in range(60):
        maps = torch.randn(8, 6, 4, 4)
        maps[:4, 0] += 2.0
        _, (scores,), _ = discriminator(pictures, [maps])
        loss = hinge_discriminator([scores[:4]], [scores[4:]])
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.item())
    assert np.mean(losses[-10:]) < losses[0] * 0.75


def test_features_count_as_much_as_they_are_told_to(options: Options) -> None:
    """Adam hides a mere change of scale: the step differs, because pixels, mood and anchors pull too."""
    without, little, much = (
        new_trainer(dataclasses.replace(options, feature_weight=weight)) for weight in (0.0, 1e-6, 10.0)
    )
    for trainer in (without, little, much):
        assert set(trainer.step()) > {"generator", "by_features", "discriminator"}
    start = [trainer.generator.blocks[0].conv.weight for trainer in (without, little, much)]
    assert (start[0] - start[1]).abs().mean() < 0.1 * (start[0] - start[2]).abs().mean()
