"""Train a generator on a folder of pictures: ``python -m training.train_gan --images DIR``.

The run folder holds ``options.json``, ``log.csv``, ``figures.csv``, ``told.json``, ``state.pt``, the pictures as they
are trained on, and ``samples/``; the same command with the same ``--run`` goes on from the last checkpoint, exactly.
``torchrun --nproc-per-node N -m -- training.train_gan …`` shares the work among N processes.
"""

import io
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import MISSING, asdict, fields
from pathlib import Path

import av
import torch
from torch import distributed as dist
from tqdm import tqdm

from artgen_osc.errors import ConfigError
from artgen_osc.runtime.files import whole
from artgen_osc.runtime.text import printable, say
from training.command import Parser, named_path, number, run_command, whole_number
from training.export import export_generator
from training.gan import N_MOOD, pretrained_features
from training.gan_detail import DetailTrainer
from training.gan_start import AS_BEGUN, AUTO, choose_start, few, settle_shape
from training.gan_trainer import SIZES, Options, Trainer
from training.gan_watch import Watch, painter, sample_sheet, told, wide_sheet, write_walk
from training.gan_wide import WideTrainer
from training.output import need_folder, need_writable, read_checkpoint, write_text
from training.pace import Pace
from training.pictures import ENLARGED_MOST, open_pictures

HELP = {
    "images": "folder of pictures, searched with its subfolders",
    "run": "run folder; an existing one is resumed",
    "size": "side of the pictures in pixels: 64, 128, 256 or 512",
    "width": "width of the generator",
    "z_dim": "length of the latent vector",
    "batch": "pictures a step, on each process",
    "steps": "steps in all; in the second half of them the rates and the weight of the features fall",
    "discriminator_width": "channels of the discriminator at half the size; more learn few pictures by heart",
    "generator_rate": "Adam's learning rate for the generator",
    "discriminator_rate": "Adam's learning rate for the discriminator",
    "mood_weight": "how strongly a picture is held to the mood it was asked for",
    "anchor_weight": "how strongly the z of each training picture is held to that picture",
    "feature_weight": "how much the judgement by pretrained features counts, beside that by pixels",
    "ema_images": "half-life of the averaged weights, in pictures",
    "detail": "train only the sizes above that of --init, on windows; where there are none, the last two",
    "widen": "train only the layout of a canvas as wide as --widest around what --init paints, which stays as it is",
    "widest": "width over height of the widest picture: 1 for squares alone, 1.5, 2, or 2.5 for all up to 21:9; "
    "0: as in --init",
    "precision": "what a step computes in: auto, float32 or bfloat16",
    "seed": "seed of everything random",
    "init": "start from the generator in this file, a smaller one grown, a larger one cut; auto: the installed one "
    "where it fits; none: from nothing",
    "minutes": "minutes between checkpoints",
    "name": "what the pictures are, for the model's card",
    "licence": "their licence, for the model's card",
}


class Run:
    """The files of a run, and what is told of it. A full disk costs no checkpoint that is there already.

    Parameters
    ----------
    trainer : Trainer
    folder : of the run
    """

    def __init__(self, trainer: Trainer, folder: Path) -> None:
        self._trainer, self._folder = trainer, folder
        self._watch = Watch(trainer)
        self._rows: list[dict[str, float]] = []

    def log(self, losses: Mapping[str, float]) -> None:
        """Keep the losses of a step for the next checkpoint."""
        seconds = round(self._trainer.seconds)
        self._rows.append({"step": self._trainer.step_count, "seconds": seconds, **losses})

    def save(self, state: Mapping[str, object], pace: str) -> bool:
        """Write a checkpoint, the losses, samples and figures; False and a word where there is no room.

        Parameters
        ----------
        state : of the trainer
        pace : how far it is, and how long it takes yet, in words
        """
        step = self._trainer.step_count
        try:
            buffer = io.BytesIO()
            torch.save(state, buffer)
            with whole(self._folder / "state.pt") as fresh:
                fresh.write_bytes(buffer.getbuffer())
            _append(self._folder / "log.csv", self._rows)
            lead = [row["generator"] for row in self._rows]
            self._rows.clear()
            self._show(step, sum(lead) / max(len(lead), 1), pace)
        except (OSError, av.FFmpegError) as error:
            _say(
                f"{self._folder}: step {step} can't be written ({error}); the last checkpoint there is whole; "
                "free some space, and training goes on"
            )
            return False
        return True

    def _show(self, step: int, lead: float, pace: str) -> None:
        samples = self._folder / "samples"
        samples.mkdir(exist_ok=True)
        paint, z_dim, size = painter(self._trainer), self._trainer.options.z_dim, self._trainer.options.size
        with whole(samples / f"{step:06d}.jpg") as fresh:
            sample_sheet(paint, z_dim).save(fresh, "JPEG", quality=90)
        if self._trainer.options.widest > 1.0:
            with whole(samples / f"{step:06d}-wide.jpg") as fresh:
                wide_sheet(self._trainer).save(fresh, "JPEG", quality=90)
        with whole(samples / "walk.mp4") as fresh:
            write_walk(fresh, paint, z_dim, size)
        figures = self._watch.measure()
        _append(self._folder / "figures.csv", [{"step": step, **figures}])
        careful = [f"careful: {line}" for line in self._watch.warnings(figures, lead)]
        said = {"step": step, "lines": [pace, *(line.strip() for line in (*told(figures), *careful))]}
        write_text(self._folder / "told.json", json.dumps(said))  # for the page of a show
        _say(f"step {step:,}: see {samples / f'{step:06d}.jpg'}", *told(figures), *careful)


def _say(*lines: str) -> None:
    if any(lines):
        tqdm.write("\n".join(printable(line) for line in lines if line), file=sys.stderr)


def _append(path: Path, rows: list[dict[str, float]]) -> None:
    """Add rows to a CSV file, all or none."""
    size = path.stat().st_size if path.exists() else 0
    lines = [",".join(f"{value:.6g}" for value in row.values()) for row in rows]
    if rows and not size:
        lines.insert(0, ",".join(rows[0]))
    try:
        with path.open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
    except OSError:
        if path.exists():
            os.truncate(path, size)
        raise


def card(trainer: Trainer) -> dict[str, object]:
    """The card of the exported model."""
    options = trainer.options
    trained_on = f"{options.name}: {len(trainer.pictures)} pictures"
    licence = options.licence
    if options.detail:
        trained_on = f"{trainer.before['trained_on']}; detail up to {options.size} px: {len(trainer.pictures)} pictures"
    elif options.widen:
        trained_on = f"{trainer.before['trained_on']}; what lies beside a square: {len(trainer.pictures)} pictures"
        licence = trainer.before["licence"]
    elif trainer.before:
        trained_on = f"{trainer.before.get('trained_on', 'unknown')}; then {trained_on}"
        licence = f"{trainer.before.get('licence', 'unknown')}; then {licence}"
    return {
        "kind": "generator",
        "size": options.size,
        "z_dim": options.z_dim,
        "width": options.width,
        "n_mood": N_MOOD,
        "bf16": True,
        "mood_mean": trainer.scale.mean.tolist(),
        "mood_deviation": trainer.scale.deviation.tolist(),
        "trained_on": trained_on,
        "licence": licence,
        "images_seen": trainer.images_seen,
        "training_hours": round(trainer.seconds / 3600, 2),
    }


def train(trainer: Trainer, folder: Path) -> bool:
    """Run to the last step, with a checkpoint every few minutes and at the end, on Ctrl-C or SIGTERM.

    Parameters
    ----------
    trainer : as `prepare` gives it
    folder : of the run

    Returns
    -------
    Whether the last checkpoint could be written.
    """
    options = trainer.options
    stopping: list[int] = []
    for wish in (signal.SIGINT, signal.SIGTERM):
        # A step is finished first: half of one could not be gone on from exactly.
        signal.signal(wish, lambda received, _: stopping.append(received))
    run = Run(trainer, folder) if trainer.rank == 0 else None
    pace = Pace(options.steps, trainer.step_count)
    saved, stop, written = time.monotonic(), False, True
    with tqdm(total=options.steps, disable=run is None, bar_format="{desc}") as bar:
        while trainer.step_count < options.steps and not stop:
            start = time.monotonic()
            losses = trainer.step()
            if pace.add(time.monotonic() - start) and run:
                first_sheet = options.minutes * 60 - (time.monotonic() - saved)
                _say(*pace.foretell(first_sheet, folder / "samples"))
            bar.set_description_str(pace.line(), refresh=False)
            bar.update()
            if run:
                run.log(losses)
            due = time.monotonic() - saved > options.minutes * 60
            stop, due = _agree(trainer, bool(stopping), due)
            if due or stop or trainer.step_count >= options.steps:
                state = trainer.state()
                written = run.save(state, pace.line()) if run else True
                saved = time.monotonic()
    if stopping and written:
        _say("stopped: the state is saved; the same command goes on from here")
    return written


def _agree(trainer: Trainer, *wishes: bool) -> list[bool]:
    """What any of the processes wishes."""
    if trainer.processes == 1:
        return list(wishes)
    all_of_them = torch.tensor(wishes, dtype=torch.uint8, device=trainer.device)
    dist.all_reduce(all_of_them, dist.ReduceOp.MAX)
    return all_of_them.bool().tolist()


def parse(arguments: list[str] | None = None) -> tuple[Options, bool]:
    """Flags to options, and whether only the model of the last checkpoint is wanted."""
    parser = Parser(
        prog="python -m training.train_gan",
        description="Train a generator on your own pictures.",
        epilog="example: python -m training.train_gan --images my-paintings --run runs/paintings",
    )
    for field in fields(Options):
        flag = "--" + field.name.replace("_", "-")
        default = {"init": AUTO, "widest": AS_BEGUN}.get(field.name, field.default)
        if field.default is MISSING:
            parser.add_argument(flag, type=_type_of(field.name, str), required=True, help=HELP[field.name])
        elif isinstance(default, bool):
            parser.add_argument(flag, action="store_true", help=HELP[field.name])
        else:
            kind = _type_of(field.name, type(default))
            parser.add_argument(flag, type=kind, default=default, help=f"{HELP[field.name]} ({default})")
    parser.add_argument("--export-only", action="store_true", help="write the model of the last checkpoint and stop")
    given = vars(parser.parse_args(arguments))
    export_only = given.pop("export_only")
    if given["size"] not in SIZES:
        parser.error(f"--size: {given['size']} can't be trained; choose from {', '.join(map(str, SIZES))}")
    return Options(**given), export_only


def _type_of(name: str, kind: type) -> Callable[[str], object]:
    if name in ("images", "run", "init"):
        return lambda text: str(named_path(text))
    if kind is int:
        return whole_number(0 if name == "seed" else 1)
    if kind is float:
        return number(0.0, above=not name.endswith("_weight") and name != "widest")
    return kind


def join_processes() -> None:
    """Meet the other processes, where ``torchrun`` started this one."""
    if "RANK" not in os.environ:
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")


def prepare(options: Options, folder: Path) -> Trainer:
    """Read the pictures, and the checkpoint if there is one.

    Parameters
    ----------
    options : of the run
    folder : of the run

    Raises
    ------
    ConfigError, ModelError, ValueError
        An option, the pictures or the checkpoint can't be used.
    """
    first = not dist.is_initialized() or dist.get_rank() == 0
    if not first:
        dist.barrier()
    pictures, skipped = open_pictures(options.images, options.size, folder, 1.0 if options.detail else ENLARGED_MOST)
    if dist.is_initialized() and first:
        dist.barrier()
    if first:
        _say(*(f"passed over: {line}" for line in skipped), few(len(pictures), options))
    if options.detail:
        trainer: Trainer = DetailTrainer(options, pictures)
    elif options.widen:
        trainer = WideTrainer(options, pictures, pretrained_features())
    else:
        trainer = Trainer(options, pictures, pretrained_features())
    if (folder / "state.pt").exists():
        trainer.load_state(read_checkpoint(folder / "state.pt", "generator", "discriminator", "codes", "random"))
        if first:
            _say(f"{folder}: goes on from step {trainer.step_count}")
    return trainer


def main(arguments: list[str] | None = None) -> int:
    """Entry point."""
    return run_command("train_gan", lambda: _run(*parse(arguments)))


def _run(options: Options, export_only: bool) -> int:
    folder = Path(options.run)
    model = folder / "generator.onnx"
    need_folder("--run", folder)
    need_writable("--run", model)
    if export_only and not (folder / "state.pt").exists():
        raise ConfigError(f"--export-only: {folder}: no checkpoint is there yet; leave the flag out to train")
    torch.backends.cudnn.benchmark = True
    join_processes()
    try:
        options, word = choose_start(options, folder)
        options = settle_shape(options, folder)
        trainer = prepare(options, folder)
        if trainer.rank == 0:
            _say(word)
            write_text(folder / "options.json", json.dumps(asdict(options), indent=2))
        if not export_only and not train(trainer, folder):
            return 2
        if trainer.rank == 0:
            difference = export_generator(trainer.average.cpu(), model, card(trainer))
            say(f"{model}: written; differs from the trained network by {difference:.1g}")
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()
    return 0


if __name__ == "__main__":
    sys.exit(main())
