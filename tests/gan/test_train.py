"""The generator's training at tiny width: two steps, resume, export, parity."""

import contextlib
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
from torch import Tensor

from artgen_osc.errors import ConfigError
from artgen_osc.inference import modelfile
from tests.tiny_gan import TinyFeatures, make_pictures, new_trainer
from training import evaluate, evaluate_gan, gan_watch, train_gan
from training.export import export_generator, read_generator
from training.gan import Generator
from training.gan_trainer import Options
from training.pictures import load_pictures, open_pictures

pytestmark = pytest.mark.slow


def test_two_steps_equal_one_and_a_resumed_one(options: Options, tmp_path: Path) -> None:
    whole = new_trainer(options)
    losses = [whole.step() for _ in range(2)]
    assert all(np.isfinite(list(step.values())).all() for step in losses)

    first = new_trainer(options)
    first.step()
    folder = tmp_path / "checkpoint"
    folder.mkdir()
    train_gan.Run(first, folder).save(first.state(), "step 1 of 2")
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
    told = json.loads((run / "told.json").read_text())
    assert told["step"] == 3 and told["lines"][0].startswith("step 3 of 3")
    assert any("newness: " in line for line in told["lines"])
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
    monkeypatch.setattr("training.export.PICTURE_PARITY", -1.0)
    with pytest.raises(ValueError, match="differs by"):
        export_generator(Generator(64, 8, 8), tmp_path / "g.onnx", {"kind": "generator", "z_dim": 8, "n_mood": 2})
    assert not list(tmp_path.iterdir())


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
    assert run.save(trainer.state(), "step 1 of 2")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    run.log(trainer.step())
    with full_disk(20_000):
        assert not run.save(trainer.state(), "step 1 of 2")
    assert "step 2 can't be written" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert run.save(trainer.state(), "step 1 of 2")
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


def test_a_batch_of_one_is_refused(options: Options) -> None:
    with pytest.raises(ValueError, match="--batch: 1 is too few"):
        new_trainer(dataclasses.replace(options, batch=1))
