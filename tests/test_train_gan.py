"""The generator's training at tiny width: two steps, resume, export, parity."""

import contextlib
import copy
import dataclasses
import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from artgen_osc.errors import ConfigError
from artgen_osc.inference import modelfile
from tests.tiny_gan import TinyFeatures, make_pictures, new_trainer, tiny_options
from training import evaluate, evaluate_gan, gan_watch, train_gan
from training.anchors import picture_codes
from training.discriminator import REDRAWN, Discriminator, redrawing_loss
from training.export import export_generator, read_generator
from training.gan import Generator, UpConv, double, pretrained_features
from training.gan_detail import DetailTrainer
from training.gan_trainer import ALONE, Options
from training.losses import (
    anchor_loss,
    augment,
    hinge_discriminator,
    hinge_generator,
    mood_loss,
    soften,
)
from training.pictures import MoodScale, colour_mood, load_pictures, measure_mood, open_pictures, to_float

pytestmark = pytest.mark.slow


@pytest.fixture
def options(tmp_path: Path) -> Options:
    return tiny_options(tmp_path)


def test_two_steps_equal_one_and_a_resumed_one(options: Options, tmp_path: Path) -> None:
    whole = new_trainer(options)
    losses = [whole.step() for _ in range(2)]
    assert all(np.isfinite(list(step.values())).all() for step in losses)

    first = new_trainer(options)
    first.step()
    folder = tmp_path / "checkpoint"
    folder.mkdir()
    train_gan.Run(first, folder).save(first.state())
    second = new_trainer(options)
    second.load_state(torch.load(folder / "state.pt", weights_only=True))
    assert second.step() == losses[1]
    for name, value in whole.average.state_dict().items():
        torch.testing.assert_close(second.average.state_dict()[name], value, rtol=0, atol=0)


def test_train_export_parity_and_a_new_start_from_the_file(
    options: Options, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_gan, "pretrained_features", TinyFeatures)
    flags = ["--size=64", "--width=8", "--z-dim=8", "--batch=2", f"--images={options.images}", f"--run={options.run}"]
    assert train_gan.main([*flags, "--steps=2"]) == 0
    assert train_gan.main([*flags, "--steps=3"]) == 0

    run = Path(options.run)
    assert len((run / "log.csv").read_text().splitlines()) == 4
    assert sorted(path.name for path in (run / "samples").iterdir()) == ["000002.jpg", "000003.jpg", "walk.mp4"]
    assert json.loads((run / "options.json").read_text())["steps"] == 3
    model = modelfile.load(run / "generator.onnx", "generator", size=64, z_dim=8, n_mood=2)
    assert model.card["images_seen"] == 6

    grown = new_trainer(dataclasses.replace(options, size=128, init=str(run / "generator.onnx")))
    assert grown.images_seen == 6

    trainer = new_trainer(options)
    trainer.load_state(torch.load(run / "state.pt", weights_only=True))
    z, mood = torch.randn(1, 8), torch.rand(1, 2)
    (picture,) = modelfile.Engine(model, exact=True)(z.numpy(), mood.numpy())
    halved = trainer.average.half().float()
    assert np.abs(picture - halved(z, mood).detach().numpy()).max() < 1e-4

    again = Generator(64, 8, 8)
    again.load_state_dict(read_generator(run / "generator.onnx"))
    for name, value in halved.named_parameters():
        torch.testing.assert_close(dict(again.named_parameters())[name], value)


def test_an_export_that_differs_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.export.PARITY", -1.0)
    with pytest.raises(ValueError, match="differs by"):
        export_generator(Generator(64, 8, 8), tmp_path / "g.onnx", {"kind": "generator", "z_dim": 8, "n_mood": 2})
    assert not list(tmp_path.iterdir())


def test_bad_pictures_are_listed_and_skipped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_pictures(tmp_path / "pictures")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8 not a picture")
    pictures, skipped = load_pictures(folder, 64)
    assert pictures.shape == (6, 3, 64, 64)
    assert len(skipped) == 1
    assert skipped[0].startswith("broken.jpg")
    (tmp_path / "empty").mkdir()
    assert train_gan.main([f"--images={tmp_path / 'empty'}", f"--run={tmp_path / 'run'}"]) == 2
    assert "0 pictures can be used; at least 2 are needed" in capsys.readouterr().err


def test_what_is_too_small_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_pictures(tmp_path / "pictures", size=8)
    assert train_gan.main([f"--images={folder}", f"--run={tmp_path / 'run'}", "--size=256"]) == 2
    said = capsys.readouterr().err
    assert "0 pictures can be used; 6 are passed over" in said
    assert "too small (8x8); each side needs 64 pixels or more" in said


def test_pictures_without_a_difference_are_refused(options: Options, tmp_path: Path) -> None:
    folder = tmp_path / "same"
    folder.mkdir()
    for i in range(3):
        Image.new("RGB", (64, 64), (9, 99, 199)).save(folder / f"{i}.png")
    with pytest.raises(ValueError, match="too much alike"):
        new_trainer(dataclasses.replace(options, images=str(folder)))


def test_deep_and_transparent_pictures_are_seen_as_meant(tmp_path: Path) -> None:
    grey = (np.arange(64 * 64, dtype=np.uint16) * 16).reshape(64, 64)
    Image.fromarray(grey).save(tmp_path / "a.png")
    Image.new("RGBA", (64, 64), (255, 0, 0, 0)).save(tmp_path / "b.png")
    (deep, clear), skipped = load_pictures(tmp_path, 64)
    assert not skipped
    assert deep.float().mean() == pytest.approx(127.5, abs=1)
    assert (clear == 255).all()


def test_pictures_are_kept_in_a_file_until_one_changes(options: Options, tmp_path: Path) -> None:
    kept, _ = open_pictures(options.images, 64, tmp_path / "cache")
    read, _ = load_pictures(options.images, 64)
    assert torch.equal(kept, read)
    written = (tmp_path / "cache" / "pictures.u8").stat().st_mtime_ns
    open_pictures(options.images, 64, tmp_path / "cache")
    assert (tmp_path / "cache" / "pictures.u8").stat().st_mtime_ns == written
    (Path(options.images) / "6.png").write_bytes((Path(options.images) / "0.png").read_bytes())
    more, _ = open_pictures(options.images, 64, tmp_path / "cache")
    assert len(more) == 7


@contextlib.contextmanager
def full_disk(most: int) -> Iterator[None]:
    """Files can't grow past so many bytes; as short as it can be, since what the tests print goes into one too."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_loses_no_checkpoint(options: Options, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trainer = new_trainer(options)
    folder = tmp_path / "checkpoint"
    folder.mkdir()
    run = train_gan.Run(trainer, folder)
    run.log(trainer.step())
    assert run.save(trainer.state())
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    run.log(trainer.step())
    with full_disk(20_000):
        assert not run.save(trainer.state())
    assert "step 2 can't be written" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert run.save(trainer.state())
    assert [line.split(",")[0] for line in (folder / "log.csv").read_text().splitlines()] == ["step", "1", "2"]


def test_no_room_for_the_pictures(options: Options, tmp_path: Path) -> None:
    with full_disk(20_000), pytest.raises(ConfigError, match="free some space"):
        open_pictures(options.images, 64, tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())


def test_a_checkpoint_of_other_pictures_is_refused(options: Options, tmp_path: Path) -> None:
    state = new_trainer(options).state()
    more = dataclasses.replace(options, images=str(make_pictures(tmp_path / "more", 9)))
    with pytest.raises(ValueError, match="made with 6 pictures"):
        new_trainer(more).load_state(state)
    with pytest.raises(ValueError, match="another --size"):
        new_trainer(dataclasses.replace(options, size=128)).load_state(state)


def test_a_step_in_bfloat16(options: Options) -> None:
    exact, fast = (new_trainer(dataclasses.replace(options, precision=p)).step() for p in ("float32", "bfloat16"))
    assert fast != exact
    assert list(fast.values()) == pytest.approx(list(exact.values()), abs=0.2)
    with pytest.raises(ValueError, match="choose from auto, float32, bfloat16"):
        new_trainer(dataclasses.replace(options, precision="half"))


def test_collapse_and_copies_are_reported(options: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = new_trainer(options)
    watch = gan_watch.Watch(trainer)
    assert not any("collapse" in line for line in watch.warnings(watch.measure(), 0.5))
    trainer.images_seen = gan_watch.SEEN_FIRST
    assert any("collapse" in line for line in watch.warnings(watch.measure(), 0.5))
    monkeypatch.setattr(gan_watch, "painter", lambda _: lambda z, mood: trainer.pictures[: len(z)])
    (said,) = watch.warnings(watch.measure(), 0.5)
    assert "by heart" in said
    assert [line for line in watch.warnings(watch.measure(), 2.0) if "the discriminator knows" in line]


def test_the_walk_is_a_video_that_moves(tmp_path: Path) -> None:
    def paint(z: Tensor, mood: Tensor) -> Tensor:
        return (mood[:, :1, None, None] * 255).expand(-1, 3, 64, 64).byte()

    gan_watch.write_walk(tmp_path / "walk.mp4", paint, 8, 64)
    with av.open(str(tmp_path / "walk.mp4")) as file:
        frames = [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]
    assert len(frames) == gan_watch.WALK_SECONDS * gan_watch.WALK_FPS
    assert frames[0].shape == (64, 64, 3)
    assert frames[-1].mean() - frames[0].mean() > 150


def process(rank: int, options: Options, folder: str) -> None:
    """One of two that train together."""
    torch.distributed.init_process_group("gloo", f"file://{folder}/meet", rank=rank, world_size=2)
    trainer = new_trainer(options)
    trainer.step()
    folder_of_state = Path(folder) / f"{rank}.state"
    torch.save(trainer.state(), folder_of_state)
    trainer.step()
    again = new_trainer(options)
    again.load_state(torch.load(folder_of_state, weights_only=True))
    again.step()
    torch.save([trainer.generator.state_dict(), again.generator.state_dict()], f"{folder}/{rank}.pt")
    torch.distributed.destroy_process_group()


def test_two_processes_train_one_generator(options: Options, tmp_path: Path) -> None:
    torch.multiprocessing.spawn(process, (options, str(tmp_path)), nprocs=2)
    (first, again), (second, _) = (torch.load(tmp_path / f"{rank}.pt") for rank in range(2))
    alone = new_trainer(options)
    alone.step()
    alone.step()
    for name, weight in alone.generator.named_parameters():
        torch.testing.assert_close(first[name], second[name], rtol=0, atol=0)
        torch.testing.assert_close(first[name], again[name], rtol=0, atol=0)
        assert not torch.equal(first[name], weight)


def test_torchrun_starts_two_that_leave_one_model(options: Options) -> None:
    flags = ["--size=64", "--width=8", "--z-dim=8", "--batch=2", f"--images={options.images}", f"--run={options.run}"]
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command += ["-m", "--", "training.train_gan", *flags, "--steps=1"]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr
    model = modelfile.load(Path(options.run) / "generator.onnx", "generator")
    assert model.card["images_seen"] == 4


def test_bars_and_captions_are_cut(tmp_path: Path) -> None:
    draw = np.random.default_rng(1)
    pixels = draw.integers(60, 200, (256, 256, 3), dtype=np.uint8)
    pixels[248:] = 0
    pixels[:, :6] = 255
    Image.fromarray(pixels).save(tmp_path / "a.png")
    Image.fromarray(pixels).save(tmp_path / "b.png")
    pictures, _ = load_pictures(tmp_path, 128)
    assert pictures.float().std(3).min() > 5
    assert pictures.float().std(2).min() > 5


def test_mood_of_colours_orders_as_the_paper_says() -> None:
    def plain(*rgb: float) -> Tensor:
        return (torch.tensor(rgb).view(1, 3, 1, 1) * 2 - 1).expand(1, 3, 8, 8)

    pale, dark, red = (colour_mood(plain(*rgb))[0] for rgb in ((0.9, 0.9, 1.0), (0.1, 0.1, 0.12), (1.0, 0.1, 0.1)))
    assert pale[0] > red[0] > dark[0]
    assert red[1] > dark[1] > pale[1]


def test_the_scale_puts_the_mean_at_a_half_and_two_deviations_at_one() -> None:
    pictures = torch.randint(0, 255, (40, 3, 8, 8), dtype=torch.uint8)
    measured = measure_mood((pictures * torch.linspace(0.2, 1, 40).view(40, 1, 1, 1)).byte())
    mood = MoodScale.of(measured).to_mood(measured)
    torch.testing.assert_close(mood.mean(0), torch.full((2,), 0.5), atol=1e-4, rtol=0)
    torch.testing.assert_close(mood.std(0), torch.full((2,), 0.25), atol=1e-4, rtol=0)


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


def test_evaluate_tells_a_copy_from_noise(options: Options, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_pictures(Path(options.images), 12)
    pictures, _ = load_pictures(options.images, 64)
    torch.manual_seed(0)
    draw = torch.Generator().manual_seed(0)
    noise = torch.randint(0, 255, pictures.shape, dtype=torch.uint8, generator=draw)
    near, far = (sum(evaluate_gan.sliced_wasserstein(pictures, other, draw)) for other in (pictures.flip(3), noise))
    assert near < far * 0.8

    card = {"kind": "generator", "size": 64, "z_dim": 8, "n_mood": 2, "mood_mean": [0.3, 0.2]}
    export_generator(Generator(64, 8, 8), tmp_path / "g.onnx", card | {"mood_deviation": [0.1, 0.1]})
    command = [
        "gan",
        str(tmp_path / "g.onnx"),
        "--images",
        options.images,
        "--json",
        "--against",
        str(tmp_path / "g.onnx"),
    ]
    assert evaluate.main([*command, "--count=8"]) == 0
    figures = json.loads(capsys.readouterr().out)
    levels = {"swd_levels", "swd_floor_levels", "swd_against_levels"}
    assert set(figures) - levels == {
        *("n", "swd", "swd_floor", "swd_against", "mood_r2_valence", "mood_r2_energy"),
        *("diversity", "diversity_perceptual", "nearest_neighbour", "walk_p99"),
    }
    assert all(np.isfinite(value).all() for value in figures.values())
    assert all(len(figures[name]) == 3 for name in levels)
    assert figures["swd_floor"] < figures["swd"] == pytest.approx(figures["swd_against"], rel=0.1)
    assert figures["diversity"] < 1
    assert figures["diversity_perceptual"] < 1
    assert figures["walk_p99"] >= 1


def test_codes_are_normal_and_tell_pictures_apart() -> None:
    draw = torch.Generator().manual_seed(0)
    pictures = torch.randint(0, 255, (40, 3, 8, 8), dtype=torch.uint8, generator=draw)
    pictures = pictures.repeat_interleave(8, 2).repeat_interleave(8, 3)
    moods = torch.rand(40, 2, generator=draw)
    features = TinyFeatures()
    codes = picture_codes(pictures, features, moods, 16)
    assert codes.shape == (2, 40, 16)
    flat = codes.flatten(0, 1)
    torch.testing.assert_close(flat.mean(0), torch.zeros(16), atol=1e-4, rtol=0)
    torch.testing.assert_close(flat.std(0), torch.ones(16), atol=0.1, rtol=0)
    assert torch.pdist(flat).min() > 1
    torch.testing.assert_close(codes, picture_codes(pictures, features, moods, 16), atol=1e-4, rtol=1e-4)


def test_what_the_pictures_do_not_fill_of_z_is_random_but_the_same() -> None:
    pictures = torch.randint(0, 255, (3, 3, 64, 64), dtype=torch.uint8)
    codes = [picture_codes(pictures, TinyFeatures(), torch.rand(3, 2), 32)[..., 6:] for _ in range(2)]
    assert codes[0].std() > 0.5
    torch.testing.assert_close(*codes)


def test_pictures_are_drawn_with_their_own_codes_and_moods(options: Options) -> None:
    trainer = new_trainer(options)
    pictures, z, mood = trainer.real(16)
    for picture, code, asked in zip(pictures, z, mood, strict=True):
        mirrored, chosen = (trainer.codes == code).all(2).nonzero()[0].tolist()
        original = to_float(trainer.pictures[chosen])
        torch.testing.assert_close(picture, original.flip(2) if mirrored else original)
        torch.testing.assert_close(asked, trainer.moods[chosen])


def test_the_anchor_loss_is_0_for_the_same_and_grows() -> None:
    pictures = torch.rand(2, 3, 64, 64) * 2 - 1
    features = TinyFeatures()
    losses = [
        anchor_loss(other, pictures, features(other), features(pictures)).item()
        for other in (pictures, pictures * 0.9, pictures * 0.3)
    ]
    assert losses[0] == 0.0
    assert losses[1] < losses[2]


def test_a_batch_of_one_is_refused(options: Options) -> None:
    with pytest.raises(ValueError, match="--batch: 1 is too few"):
        new_trainer(dataclasses.replace(options, batch=1))


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
