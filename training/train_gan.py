"""Train a generator on a folder of pictures: ``python -m training.train_gan --images DIR``.

The run folder holds ``options.json``, ``log.csv``, ``state.pt`` and ``samples/``; the same
command with the same ``--run`` goes on from the last checkpoint, exactly.
"""

import argparse
import copy
import csv
import json
import signal
import sys
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from artgen_osc import modelfile
from artgen_osc.errors import ArtgenError
from training.anchors import picture_codes
from training.discriminator import Discriminator, redrawing_loss
from training.export import export_generator, read_generator
from training.gan import N_MOOD, Generator, pretrained_features
from training.losses import anchor_loss, augment, hinge_discriminator, hinge_generator, mood_loss
from training.pictures import MoodScale, colour_mood, load_pictures, to_float

BETAS = (0.0, 0.99)
ANCHORED_FROM = 2
"""Anchors hold the coarser maps of features; texture is the discriminator's business."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a run is made with; the help of each flag is its comment in `HELP`."""

    images: str
    run: str = "runs/gan"
    size: int = 256
    width: int = 32
    z_dim: int = 128
    batch: int = 8
    steps: int = 20_000
    generator_rate: float = 4e-4
    discriminator_rate: float = 4e-4
    mood_weight: float = 1.0
    anchor_weight: float = 10.0
    ema_images: float = 1_500.0
    seed: int = 0
    init: str = ""
    minutes: float = 5.0
    name: str = "pictures"
    licence: str = "unknown"


HELP = {
    "images": "folder of pictures, searched with its subfolders",
    "run": "run folder; an existing one is resumed",
    "size": "side of the pictures in pixels: 64, 128, 256 or 512",
    "width": "width of the generator",
    "z_dim": "length of the latent vector",
    "batch": "pictures a step",
    "steps": "steps in all",
    "generator_rate": "Adam's learning rate for the generator",
    "discriminator_rate": "Adam's learning rate for the discriminator",
    "mood_weight": "how strongly a picture is held to the mood it was asked for",
    "anchor_weight": "how strongly the z of each training picture is held to that picture",
    "ema_images": "half-life of the averaged weights, in pictures",
    "seed": "seed of everything random",
    "init": "start from the generator in this model file; a smaller one is grown",
    "minutes": "minutes between checkpoints",
    "name": "what the pictures are, for the model's card",
    "licence": "their licence, for the model's card",
}


class Trainer:
    """Everything that a step changes, and the step.

    Parameters
    ----------
    options : Options
    pictures : uint8 ``(n, 3, size, size)``
    features : a fixed network; its maps come finest first
    """

    def __init__(self, options: Options, pictures: Tensor, features: torch.nn.Module) -> None:
        if options.batch < 2:
            raise ValueError(f"--batch: {options.batch} is too few; 2 or more is allowed; try 8")
        torch.manual_seed(options.seed)
        self.options, self.pictures = options, pictures
        self.scale = MoodScale.of(pictures)
        measured = torch.cat([colour_mood(to_float(part)) for part in pictures.split(64)])
        self.moods = self.scale.to_mood(measured).clamp(0, 1)
        self.codes = picture_codes(pictures, features, self.moods, options.z_dim)
        self.generator = Generator(options.size, options.width, options.z_dim)
        if options.init:
            try:
                self.generator.grow_from(read_generator(options.init))
            except ValueError as error:
                raise ValueError(f"--init: {options.init} is {error}") from None
        self.average = copy.deepcopy(self.generator).eval().requires_grad_(False)
        self.discriminator = Discriminator(options.size)
        self.features = features
        for net in (self.generator, self.average, self.discriminator, self.features):
            net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.generator_adam = torch.optim.Adam(self.generator.parameters(), options.generator_rate, BETAS)
        self.discriminator_adam = torch.optim.Adam(self.discriminator.parameters(), options.discriminator_rate, BETAS)
        self.random = torch.Generator().manual_seed(options.seed)
        self.step_count = 0
        # A generator that is grown, or trained on, keeps what it has behind it.
        before = modelfile.load(options.init, "generator").card if options.init else {}
        self.images_seen = int(before.get("images_seen", 0))
        self.seconds = 3600.0 * float(before.get("training_hours", 0.0))

    def ask(self, n: int) -> tuple[Tensor, Tensor]:
        """Draw z, and the mood to ask for: mostly as in the pictures, sometimes anywhere."""
        z = torch.randn(n, self.options.z_dim, generator=self.random)
        chosen = self.moods[torch.randint(len(self.moods), (n,), generator=self.random)]
        near = chosen + 0.05 * torch.randn(n, N_MOOD, generator=self.random)
        anywhere = torch.rand(n, N_MOOD, generator=self.random)
        mood = torch.where(torch.rand(n, 1, generator=self.random) < 0.7, near, anywhere)
        return z, mood.clamp(0, 1)

    def real(self, n: int) -> tuple[Tensor, Tensor, Tensor]:
        """Draw training pictures, half of them mirrored, each with its z and its mood."""
        chosen = torch.randint(len(self.pictures), (n,), generator=self.random)
        mirrored = torch.randint(2, (n,), generator=self.random)
        pictures = self.pictures[chosen]
        pictures = torch.where(mirrored.view(n, 1, 1, 1) == 1, pictures.flip(3), pictures)
        pictures = to_float(pictures).contiguous(memory_format=torch.channels_last)
        return pictures, self.codes[mirrored, chosen], self.moods[chosen]

    def step(self) -> dict[str, float]:
        """One update of the generator and one of the discriminator, on the same fakes.

        The first half of the fakes are asked for by the z and moods of real pictures, the others at random.
        """
        n = self.options.batch
        anchored = n // 2
        real, z, mood = self.real(n)
        other_z, other_mood = self.ask(n - anchored)
        z = torch.cat([z[:anchored], other_z])
        mood = torch.cat([mood[:anchored], other_mood])

        self.discriminator.requires_grad_(False)
        fake = self.generator(z, mood)
        fake_seen, real_seen = augment([fake, real], self.random)
        scores, _ = self.discriminator(fake_seen)
        adversarial = hinge_generator(scores)
        obedience = mood_loss(self.scale.to_mood(colour_mood(fake)), mood)
        maps = [self.features(seen[:anchored])[ANCHORED_FROM:] for seen in (fake_seen, real_seen)]
        distance = anchor_loss(fake[:anchored], real[:anchored], *maps)
        extra = self.options.mood_weight * obedience + self.options.anchor_weight * distance
        self.generator_adam.zero_grad(set_to_none=True)
        (adversarial + extra).backward()
        self.generator_adam.step()

        self.discriminator.requires_grad_(True)
        reals, redrawn = self.discriminator(real_seen)
        fakes, _ = self.discriminator(fake_seen.detach())
        judgement = hinge_discriminator(reals, fakes)
        again = redrawing_loss(redrawn, real_seen)
        self.discriminator_adam.zero_grad(set_to_none=True)
        (judgement + again).backward()
        self.discriminator_adam.step()

        self.step_count += 1
        self.images_seen += n
        self._update_average()
        losses = {
            "generator": adversarial,
            "discriminator": judgement,
            "mood": obedience,
            "anchor": distance,
            "redrawn": again,
        }
        return {name: loss.item() for name, loss in losses.items()}

    @torch.no_grad()
    def _update_average(self) -> None:
        seen = self.step_count * self.options.batch
        half_life = min(self.options.ema_images, 0.1 * seen + 1)
        keep = 0.5 ** (self.options.batch / half_life)
        for slow, fast in zip(self.average.parameters(), self.generator.parameters(), strict=True):
            slow.lerp_(fast, 1 - keep)
        for slow, fast in zip(self.average.buffers(), self.generator.buffers(), strict=True):
            if slow.is_floating_point():
                slow.lerp_(fast, 1 - keep)
            else:
                slow.copy_(fast)

    def state(self) -> dict[str, object]:
        """All that is needed to go on exactly."""
        return {
            "generator": self.generator.state_dict(),
            "average": self.average.state_dict(),
            "discriminator": self.discriminator.state_dict(),
            "generator_adam": self.generator_adam.state_dict(),
            "discriminator_adam": self.discriminator_adam.state_dict(),
            "codes": self.codes,
            "random": self.random.get_state(),
            "step_count": self.step_count,
            "images_seen": self.images_seen,
            "seconds": self.seconds,
        }

    def load_state(self, state: dict[str, object]) -> None:
        """Inverse of `state`."""
        self.generator.load_state_dict(state["generator"])  # type: ignore[arg-type]
        self.average.load_state_dict(state["average"])  # type: ignore[arg-type]
        self.discriminator.load_state_dict(state["discriminator"])  # type: ignore[arg-type]
        self.generator_adam.load_state_dict(state["generator_adam"])  # type: ignore[arg-type]
        self.discriminator_adam.load_state_dict(state["discriminator_adam"])  # type: ignore[arg-type]
        # A run that goes on with other rates takes them, not those of the checkpoint.
        for adam, rate in (
            (self.generator_adam, self.options.generator_rate),
            (self.discriminator_adam, self.options.discriminator_rate),
        ):
            adam.param_groups[0]["lr"] = rate
        # Another machine may round the components differently, and pictures would change places.
        self.codes = state["codes"]  # type: ignore[assignment]
        self.random.set_state(state["random"])  # type: ignore[arg-type]
        self.step_count = state["step_count"]  # type: ignore[assignment]
        self.images_seen = state["images_seen"]  # type: ignore[assignment]
        self.seconds = state["seconds"]  # type: ignore[assignment]

    @torch.no_grad()
    def sample_sheet(self, side: int = 128, n: int = 6) -> Image.Image:
        """Two grids: one z over all moods (valence to the right, energy upwards), then many z in many moods."""
        draw = torch.Generator().manual_seed(1)
        line = torch.linspace(0.1, 0.9, n)
        moods = torch.stack([line.repeat(n), line.flip(0).repeat_interleave(n)], 1)
        one = torch.randn(1, self.options.z_dim, generator=draw).repeat(n * n, 1)
        many = torch.randn(n * n, self.options.z_dim, generator=draw)
        sheet = Image.new("RGB", (2 * n * side + 16, n * side), "white")
        for part, z in enumerate((one, many)):
            for i in range(n * n):
                picture = self.average(z[i : i + 1], moods[i : i + 1])[0]
                pixels = ((picture * 0.5 + 0.5) * 255).round().clamp(0, 255).byte().permute(1, 2, 0).numpy()
                place = (part * (n * side + 16) + i % n * side, i // n * side)
                sheet.paste(Image.fromarray(pixels).resize((side, side), Image.Resampling.LANCZOS), place)
        return sheet


def save(trainer: Trainer, folder: Path) -> None:
    """Write a checkpoint and a sample sheet; an interrupted write leaves the old one whole."""
    fresh = folder / "state.new.pt"
    torch.save(trainer.state(), fresh)
    fresh.replace(folder / "state.pt")
    samples = folder / "samples"
    samples.mkdir(exist_ok=True)
    trainer.sample_sheet().save(samples / f"{trainer.step_count:06d}.jpg", quality=90)


def card(trainer: Trainer) -> dict[str, object]:
    """The card of the exported model."""
    options = trainer.options
    return {
        "kind": "generator",
        "size": options.size,
        "z_dim": options.z_dim,
        "width": options.width,
        "n_mood": N_MOOD,
        "bf16": True,
        "mood_mean": trainer.scale.mean.tolist(),
        "mood_deviation": trainer.scale.deviation.tolist(),
        "trained_on": f"{options.name}: {len(trainer.pictures)} pictures",
        "licence": options.licence,
        "images_seen": trainer.images_seen,
        "training_hours": round(trainer.seconds / 3600, 2),
    }


def train(trainer: Trainer, folder: Path) -> None:
    """Run to the last step, with a checkpoint every few minutes and at the end, on Ctrl-C or SIGTERM."""
    options = trainer.options
    stopping: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        # A step is finished first: half of one could not be gone on from exactly.
        signal.signal(number, lambda received, _: stopping.append(received))
    log_path = folder / "log.csv"
    new = not log_path.exists()
    start, before, saved = time.monotonic(), trainer.seconds, time.monotonic()
    with log_path.open("a", newline="") as file, tqdm(total=options.steps, initial=trainer.step_count) as bar:
        log = csv.writer(file)
        if new:
            log.writerow(["step", "seconds", "generator", "discriminator", "mood", "anchor", "redrawn"])
        while trainer.step_count < options.steps and not stopping:
            losses = trainer.step()
            trainer.seconds = before + time.monotonic() - start
            bar.update()
            bar.set_postfix({name: f"{value:.2f}" for name, value in losses.items()})
            log.writerow([trainer.step_count, f"{trainer.seconds:.0f}", *(f"{v:.4f}" for v in losses.values())])
            if time.monotonic() - saved > options.minutes * 60:
                file.flush()
                save(trainer, folder)
                saved = time.monotonic()
    save(trainer, folder)
    if stopping:
        print("stopped: the state is saved; the same command goes on from here", file=sys.stderr)


def parse(arguments: list[str] | None = None) -> tuple[Options, bool]:
    """Flags to options."""
    parser = argparse.ArgumentParser(
        prog="python -m training.train_gan",
        description="Train a generator on your own pictures.",
        epilog="example: python -m training.train_gan --images my-paintings --run runs/paintings",
    )
    for field in fields(Options):
        flag = "--" + field.name.replace("_", "-")
        if field.name == "images":
            parser.add_argument(flag, required=True, help=HELP["images"])
        else:
            kind = type(field.default)
            parser.add_argument(flag, type=kind, default=field.default, help=f"{HELP[field.name]} ({field.default})")
    parser.add_argument("--export-only", action="store_true", help="write the model of the last checkpoint and stop")
    given = vars(parser.parse_args(arguments))
    export_only = given.pop("export_only")
    return Options(**given), export_only


def main(arguments: list[str] | None = None) -> int:
    """Entry point."""
    options, export_only = parse(arguments)
    folder = Path(options.run)
    try:
        pictures, skipped = load_pictures(options.images, options.size)
        for line in skipped:
            print(f"skipped {line}", file=sys.stderr)
        trainer = Trainer(options, pictures, pretrained_features())
    except (ValueError, ImportError, ArtgenError) as error:
        print(f"train_gan: {error}", file=sys.stderr)
        return 2
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "state.pt").exists():
        trainer.load_state(torch.load(folder / "state.pt", weights_only=True))
        print(f"{folder}: goes on from step {trainer.step_count}", file=sys.stderr)
    (folder / "options.json").write_text(json.dumps(asdict(options), indent=2))
    if not export_only:
        train(trainer, folder)
    difference = export_generator(trainer.average, folder / "generator.onnx", card(trainer))
    print(f"{folder / 'generator.onnx'}: written; differs from the trained network by {difference:.1g}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
