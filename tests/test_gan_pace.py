"""The course of a generator's training: who learns when and how fast, on which device, and with which layers."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from tests.tiny_gan import TinyFeatures, new_trainer, tiny_options
from training.discriminator import Discriminator
from training.export import export_generator
from training.gan import REFINED, Generator, within_reach
from training.gan_trainer import ALONE, SETTLED, SETTLING, Options
from training.losses import anchor_loss, augment, hinge_generator, mood_loss, soften
from training.pictures import MoodScale, colour_mood

pytestmark = pytest.mark.slow


@pytest.fixture
def options(tmp_path: Path) -> Options:
    return tiny_options(tmp_path)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A generator to start from."""
    torch.manual_seed(5)
    generator = Generator(64, 8, 8)
    for weight in generator.parameters():
        torch.nn.init.trunc_normal_(weight, 0.0, 0.2)
    card = {"kind": "generator", "size": 64, "z_dim": 8, "n_mood": 2, "trained_on": "chance", "images_seen": 5}
    export_generator(generator, tmp_path / "start.onnx", card)
    return tmp_path / "start.onnx"


def weights(net: torch.nn.Module) -> list[Tensor]:
    return [weight.detach().clone() for weight in net.parameters()]


def same(first: list[Tensor], second: list[Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_the_rates_fall_over_the_last_steps(options: Options) -> None:
    trainer = new_trainer(dataclasses.replace(options, steps=100))
    course = []
    for trainer.step_count in (0, int(100 * (1 - SETTLING)), int(100 * (1 - SETTLING / 2)), 100):
        course.append(trainer.pace())
    assert course[0] == course[1] == (1.0, 1.0)
    assert course[2] == pytest.approx((SETTLED**0.5,) * 2)
    assert course[3] == pytest.approx((SETTLED,) * 2)
    trainer.step_count = 99
    trainer.step()
    assert trainer.generator_adam.param_groups[0]["lr"] == pytest.approx(options.generator_rate * SETTLED, rel=0.1)


def test_the_discriminator_learns_alone_at_first_from_a_generator_that_is_there(options: Options, model: Path) -> None:
    trainer = new_trainer(dataclasses.replace(options, init=str(model), steps=1_000))
    before = weights(trainer.generator), weights(trainer.discriminator)
    trainer.step()
    assert same(weights(trainer.generator), before[0])
    assert not same(weights(trainer.discriminator), before[1])
    trainer.step_count = ALONE
    trainer.step()
    assert not same(weights(trainer.generator), before[0])


def test_refining_adds_nothing_before_it_is_trained_and_then_does(options: Options) -> None:
    trainer = new_trainer(options)
    with torch.no_grad():
        z, mood = torch.randn(2, 8), torch.rand(2, 2)
        trainer.generator.eval()
        with_it = trainer.generator(z, mood)
        layers, trainer.generator.refine = trainer.generator.refine, torch.nn.ModuleDict()
        torch.testing.assert_close(trainer.generator(z, mood), with_it)
        trainer.generator.refine = layers
    before = weights(layers)
    trainer.generator.train()
    trainer.step()
    trainer.step()
    assert {int(side) for side in layers} == {side for side in REFINED if side <= options.size}
    assert not any(torch.equal(a, b) for a, b in zip(weights(layers), before, strict=True))


def test_the_corner_of_moods_without_pictures_gives_way() -> None:
    corner, inside = torch.tensor([[1.0, 1.0], [1.0, 0.8]]), torch.tensor([[0.9, 0.5], [0.5, 1.0]])
    torch.testing.assert_close(within_reach(corner), torch.tensor([[0.75, 0.75], [0.85, 0.65]]))
    assert torch.equal(within_reach(inside), inside)
    generator, z = Generator(64, 8, 8).eval(), torch.randn(2, 8)
    torch.testing.assert_close(generator(z, corner), generator(z, within_reach(corner)))


def test_a_model_from_before_there_was_refining_is_started_from() -> None:
    old = {name: value for name, value in Generator(64, 8, 8).state_dict().items() if not name.startswith("refine.")}
    generator = Generator(64, 8, 8)
    assert generator.grow_from(old) == 64
    assert torch.equal(generator.start.weight, old["start.weight"])


def test_the_discriminators_width_is_chosen(options: Options) -> None:
    narrow, wide = (
        new_trainer(dataclasses.replace(options, discriminator_width=width)).discriminator for width in (4, 8)
    )
    assert [net.first[0].weight.shape[0] for net in (narrow, wide)] == [4, 8]


class OneDevice(TorchDispatchMode):
    """Refuses what a graphics card refuses: tensors of two devices in one operation, unless it copies."""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        leaves = tree_leaves((args, kwargs))
        devices = {leaf.device for leaf in leaves if isinstance(leaf, Tensor) and leaf.dim()}
        assert len(devices) < 2 or "copy" in str(func), f"{func} of {devices}"
        return func(*args, **(kwargs or {}))


def test_nothing_of_a_step_stays_behind_on_the_processor() -> None:
    with torch.device("meta"):
        generator, discriminator, features = Generator(64, 8, 8), Discriminator(64, 4, [4, 4, 4]), TinyFeatures()
        z, mood, real = torch.randn(2, 8), torch.rand(2, 2), torch.rand(2, 3, 64, 64)
    scale = MoodScale(torch.zeros(2), torch.ones(2))
    with OneDevice():
        fake = generator(z, mood)
        fake_seen, real_seen = augment([fake, real], torch.Generator().manual_seed(0))
        maps = features(soften(fake_seen))
        losses = [mood_loss(scale.to_mood(colour_mood(fake)), mood), anchor_loss(fake, real, maps, maps)]
        pictures, judged = torch.cat([fake_seen, real_seen]), [torch.cat([part, part]) for part in maps[1:]]
        by_pixels, by_features, redrawn = discriminator(pictures, judged)
        (hinge_generator(by_pixels) + losses[0] + losses[1]).backward()
    assert {part.device.type for part in (*losses, *by_pixels, *by_features, redrawn)} == {"meta"}
