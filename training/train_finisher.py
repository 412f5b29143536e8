"""Train a finisher on what `training.enlarge` made: ``python -m training.train_finisher --material DIR``.

The run folder holds ``options.json``, ``log.csv``, ``figures.csv``, ``state.safetensors``, ``samples/`` and at the end
``finisher.onnx``; the same command with the same ``--run`` goes on from the last checkpoint, exactly, as long as the
material is the same.
"""

import copy
import json
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from artgen_osc.errors import ConfigError
from artgen_osc.runtime.files import whole
from artgen_osc.runtime.text import say
from training.command import Parser, run_command, whole_number
from training.enlarge import ART, PAIRS
from training.export import export_finisher
from training.finisher import SCALE, Finisher, Judge, centred
from training.finisher_losses import contours, features_apart, gridded, texture
from training.finisher_pairs import Pair, draw_windows, is_held_out, read_paintings, read_pairs
from training.finisher_watch import measure, sheet
from training.gan import pretrained_features
from training.losses import hinge_discriminator, hinge_generator
from training.output import need_folder, write_text
from training.teacher import LICENCE, NAME

LEAST_ZERO = ("depth", "paintings", "alone", "first", "seed")
LEAST = 2
"""Pictures without which there is nothing to learn from."""


@dataclass(frozen=True, slots=True)
class Options:
    """Flags of a run; `HELP` says what each is."""

    material: str
    run: str = "runs/finisher"
    width: int = 16
    depth: int = 3
    grains: int = 8
    window: int = 48
    pairs: int = 8
    paintings: int = 4
    steps: int = 30_000
    alone: int = 30_000
    first: int = 200
    rate: float = 1e-3
    judge_rate: float = 4e-4
    grid_weight: float = 0.2
    feature_weight: float = 0.0
    featured: int = 4
    judge_weight: float = 0.0
    average: int = 500
    threads: int = 1
    seed: int = 0
    minutes: float = 5.0
    name: str = "pictures of your own"
    licence: str = "see the pictures"


HELP = {
    "material": f"folder that training.enlarge made, with {PAIRS} and {ART}",
    "run": "run folder; an existing one is resumed",
    "width": "channels of the finisher",
    "grains": "channels of noise, of which grain is made",
    "depth": "residual pairs of its convolutions",
    "window": "side of the windows of the small pictures, in pixels, a multiple of 8",
    "pairs": "windows of the generator's pictures a step",
    "paintings": "windows of paintings a step",
    "steps": "steps in all; in the second half of them the rates fall to a tenth",
    "alone": "steps of the enlargement, by the teacher's pixels; what is left of --steps trains the grain alone",
    "first": "steps that the judge learns before anyone listens to it",
    "rate": "Adam's learning rate for the finisher",
    "judge_rate": "Adam's learning rate for the judge",
    "grid_weight": "how much it counts that no row or column changes more than its neighbours",
    "feature_weight": "how much pretrained features count for the grain",
    "featured": "windows a step that are looked at by them, which is slow",
    "judge_weight": "how much the judge counts",
    "average": "half-life of the averaged weights, in steps",
    "threads": "cores to use",
    "seed": "seed of everything random",
    "minutes": "minutes between checkpoints",
    "name": "what the pictures are, for the model's card",
    "licence": "their licence, for the model's card",
}


class Trainer:
    """A finisher in training, with all that a checkpoint holds.

    Parameters
    ----------
    options : Options
    pairs, paintings : what is trained on; `paintings` may be empty
    features : pictures -1..1 to a list of maps; None where they don't count

    Attributes
    ----------
    finisher, average : Finisher, as it is trained, and averaged over the last steps
    step_count : steps done
    seconds : spent on them

    Raises
    ------
    ValueError
        There are too few pictures, or one is smaller than a window.
    """

    def __init__(self, options: Options, pairs: list[Pair], paintings: list[Pair], features: nn.Module | None) -> None:
        if len(pairs) < LEAST:
            raise ValueError(
                f"{options.material}: {len(pairs)} pairs to train on; at least {LEAST} are needed, 150 are better; "
                "make them with training.enlarge --generator"
            )
        if options.window % 8 or options.window < 8:
            raise ValueError(f"--window: {options.window} is not a multiple of 8; choose one")
        for pair in (*pairs, *paintings):
            if min(pair.small.shape[1:]) < options.window:
                raise ValueError(f"{pair.name}: is smaller than --window {options.window}; a smaller window is needed")
        self.options, self.pairs, self.paintings, self.features = options, pairs, paintings, features
        torch.manual_seed(options.seed)
        self.random = torch.Generator().manual_seed(options.seed)
        self.finisher = Finisher(options.width, options.depth, options.grains)
        self.finisher.to(memory_format=torch.channels_last)
        self.judge = Judge(24).to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.finisher).requires_grad_(False)
        self.adam = torch.optim.Adam(self.finisher.parameters(), options.rate, betas=(0.9, 0.99))
        self.judge_adam = torch.optim.Adam(self.judge.parameters(), options.judge_rate, betas=(0.5, 0.99))
        self.step_count, self.seconds = 0, 0.0

    def step(self) -> dict[str, float]:
        """One update of the finisher and, after the first `alone` steps, one of the judge."""
        start, options = time.monotonic(), self.options
        small, large = self.draw()
        shift = torch.randint(64, (2,), generator=self.random).tolist()
        judged = self.step_count >= options.alone
        for finisher in (self.finisher, self.average):
            finisher.grained = judged
        if judged:
            self.finisher.only_grain()
        with self.fast():
            ours = self.finisher.paint(small, tuple(shift))
        parts = {"pixels": F.l1_loss(ours, large), "contours": contours(ours, large)}
        loss = parts["pixels"] + parts["contours"]
        if judged:
            parts |= {"texture": texture(ours, large), "grid": gridded(ours, large)}
            loss = parts["texture"] + options.grid_weight * parts["grid"]
            if self.features is not None and options.feature_weight:
                with self.fast():
                    some = slice(options.featured)
                    parts["features"] = features_apart(self.features(ours[some]), self.features(large[some]))
                loss = loss + options.feature_weight * parts["features"]
            if options.judge_weight:
                self.judge.requires_grad_(False)
                with self.fast():
                    parts["judge"] = hinge_generator([self.judge(ours, small).float()])
                heard = self.step_count >= options.alone + options.first
                loss = loss + options.judge_weight * heard * parts["judge"]
        self._update(self.adam, self.finisher, loss, options.rate)
        with torch.no_grad():
            keep = 0.5 ** (1 / min(options.average, self.step_count / 4 + 1))
            for mean, value in zip(self.average.parameters(), self.finisher.parameters(), strict=True):
                mean.lerp_(value, 1 - keep)
        if judged and options.judge_weight:
            self.judge.requires_grad_(True)
            with self.fast():
                scores = self.judge(torch.cat([large, ours.detach()]), torch.cat([small, small])).float()
            real, fake = scores.chunk(2)
            parts["judged"] = hinge_discriminator([real], [fake])
            self._update(self.judge_adam, self.judge, parts["judged"], options.judge_rate)
        self.step_count += 1
        self.seconds += time.monotonic() - start
        return {name: value.item() for name, value in parts.items()}

    def draw(self) -> tuple[Tensor, Tensor]:
        """Windows for a step, small and large, floats in -1..1."""
        options = self.options
        drawn = [draw_windows(self.pairs, options.pairs, options.window, self.random)]
        if self.paintings and options.paintings:
            drawn.append(draw_windows(self.paintings, options.paintings, options.window, self.random))
        small, large = (centred(torch.cat(part)) for part in zip(*drawn, strict=True))
        return tuple(part.contiguous(memory_format=torch.channels_last) for part in (small, large))  # type: ignore[return-value]

    def _update(self, adam: torch.optim.Adam, module: nn.Module, loss: Tensor, rate: float) -> None:
        """One step of Adam, at a rate that falls to a tenth over the second half of the run."""
        rest = min(1.0, 2 - 2 * self.step_count / max(self.options.steps, 1))
        for group in adam.param_groups:
            group["lr"] = rate * (0.1 + 0.9 * max(rest, 0.0))
        adam.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(module.parameters(), 1.0)
        adam.step()

    @staticmethod
    def fast() -> torch.autocast:
        """Convolutions in bfloat16: twice as fast where the processor has it, and no worse."""
        return torch.autocast("cpu", torch.bfloat16)

    def state(self) -> dict[str, Tensor]:
        """All tensors of a checkpoint by name; `load_state` takes them back."""
        tensors = {
            f"{part}.{name}": value.detach().clone().contiguous()
            for part in ("finisher", "average", "judge")
            for name, value in getattr(self, part).state_dict().items()
        }
        for part in ("adam", "judge_adam"):
            for index, entry in getattr(self, part).state_dict()["state"].items():
                tensors |= {f"{part}.{index}.{name}": value.clone().contiguous() for name, value in entry.items()}
        tensors["random"], tensors["step"] = self.random.get_state(), torch.tensor(self.step_count)
        tensors["seconds"] = torch.tensor(self.seconds, dtype=torch.float64)
        return tensors

    def load_state(self, tensors: dict[str, Tensor]) -> None:
        """Go on from a checkpoint.

        Raises
        ------
        ValueError
            It is one of another network.
        """
        try:
            for part in ("finisher", "average", "judge"):
                own = {name.removeprefix(f"{part}."): v for name, v in tensors.items() if name.startswith(f"{part}.")}
                getattr(self, part).load_state_dict(own)
            for part in ("adam", "judge_adam"):
                adam, entries = getattr(self, part), dict[int, dict[str, Tensor]]()
                for name, value in tensors.items():
                    if name.startswith(f"{part}."):
                        _, index, key = name.split(".")
                        entries.setdefault(int(index), {})[key] = value
                adam.load_state_dict({**adam.state_dict(), "state": entries})
            self.random.set_state(tensors["random"])
            self.step_count, self.seconds = int(tensors["step"]), float(tensors["seconds"])
            for finisher in (self.finisher, self.average):
                finisher.grained = self.step_count > self.options.alone
        except (KeyError, RuntimeError, ValueError) as error:
            reason = str(error).strip().splitlines()[0]
            raise ValueError(
                f"{self.options.run}: its checkpoint doesn't fit the options ({reason}); "
                "give those of options.json, or another --run"
            ) from None


def save(trainer: Trainer, folder: Path, rows: list[dict[str, float]], held_out: list[Pair]) -> None:
    """Write a checkpoint, whole or not at all, the losses since the last one, a sheet and figures.

    Parameters
    ----------
    trainer : between two steps
    folder : of the run
    rows : losses of each step since the last time; emptied
    held_out : pairs that aren't trained on
    """
    with whole(folder / "state.safetensors") as part:
        save_file(trainer.state(), part)
    names = ("pixels", "contours", "texture", "grid", "features", "judge", "judged")
    _append(folder / "log.csv", [{"step": row["step"], **{name: row.get(name, 0.0) for name in names}} for row in rows])
    rows.clear()
    if held_out:
        (folder / "samples").mkdir(exist_ok=True)
        sheet(trainer.average.paint, held_out).save(folder / "samples" / f"{trainer.step_count:06d}.jpg", quality=92)
        figures = measure(trainer.average.paint, held_out)
        _append(folder / "figures.csv", [{"step": trainer.step_count, **figures}])
        _say(f"step {trainer.step_count}: " + ", ".join(f"{name} {value:.3f}" for name, value in figures.items()))


def _append(path: Path, rows: list[dict[str, float]]) -> None:
    lines = [",".join(f"{value:.6g}" for value in row.values()) for row in rows]
    if rows and not path.exists():
        lines.insert(0, ",".join(rows[0]))
    with path.open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


def _say(line: str) -> None:
    tqdm.write(line, file=sys.stderr)


def _card(trainer: Trainer, held_out: list[Pair]) -> dict[str, object]:
    """The card of the exported model."""
    options = trainer.options
    return {
        "kind": "finisher",
        "scale": SCALE,
        **trainer.finisher.shape,
        "bf16": True,
        "teacher": NAME,
        "teacher_licence": LICENCE,
        "trained_on": f"{options.name}: {len(trainer.pairs)} pictures of a generator and {len(trainer.paintings)} "
        f"others at 1,024 px, both enlarged by {NAME}: their detail is synthetic",
        "licence": options.licence,
        "steps": trainer.step_count,
        "training_hours": round(trainer.seconds / 3600, 2),
        "figures": {name: round(value, 3) for name, value in measure(trainer.average.paint, held_out).items()},
    }


def read_material(folder: Path) -> tuple[list[Pair], list[Pair], list[Pair]]:
    """Pairs and paintings to train on, and pairs that are held out."""
    pairs, skipped = read_pairs(folder / PAIRS)
    paintings, more = read_paintings(folder / ART)
    for line in (*skipped, *more):
        _say(f"skipped {line}")
    held_out = [pair for pair in pairs if is_held_out(pair.name)]
    return (
        [pair for pair in pairs if not is_held_out(pair.name)],
        [pair for pair in paintings if not is_held_out(pair.name)],
        held_out or pairs[:1],
    )


def _train(trainer: Trainer, folder: Path, held_out: list[Pair]) -> None:
    """Run to the last step, with a checkpoint every few minutes, at the end, and on Ctrl-C or SIGTERM."""
    stopping: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        # A step is finished first: half of one could not be gone on from exactly.
        signal.signal(number, lambda received, _: stopping.append(received))
    saved, rows, steps = time.monotonic(), list[dict[str, float]](), trainer.options.steps
    with tqdm(total=steps, initial=trainer.step_count, mininterval=5) as bar:
        while trainer.step_count < steps and not stopping:
            losses = trainer.step()
            rows.append({"step": trainer.step_count, **losses})
            bar.set_postfix({name: f"{value:.3f}" for name, value in losses.items()}, refresh=False)
            bar.update()
            if time.monotonic() - saved > trainer.options.minutes * 60:
                save(trainer, folder, rows, held_out)
                saved = time.monotonic()
    save(trainer, folder, rows, held_out)
    if stopping:
        _say("stopped: the state is saved; the same command goes on from here")


def parse(arguments: Sequence[str] | None = None) -> tuple[Options, bool]:
    """Flags to options, and whether only to export."""
    parser = Parser(
        prog="python -m training.train_finisher", description="Train a finisher on what training.enlarge made."
    )
    for field in fields(Options):
        flag = "--" + field.name.replace("_", "-")
        if field.name == "material":
            parser.add_argument(flag, required=True, help=HELP[field.name])
        else:
            default = field.default
            kind = whole_number(0 if field.name in LEAST_ZERO else 1) if type(default) is int else type(default)
            parser.add_argument(flag, type=kind, default=default, help=f"{HELP[field.name]} ({default})")
    parser.add_argument("--export-only", action="store_true", help="write the model of the last checkpoint and stop")
    given = vars(parser.parse_args(arguments))
    export_only = given.pop("export_only")
    return Options(**given), export_only


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point."""
    return run_command("train_finisher", lambda: _run(*parse(arguments)))


def _run(options: Options, export_only: bool) -> None:
    folder = Path(options.run)
    need_folder("--run", folder)
    torch.set_num_threads(options.threads)
    pairs, paintings, held_out = read_material(Path(options.material))
    features = pretrained_features() if options.feature_weight else None
    trainer = Trainer(options, pairs, paintings, features)
    state = folder / "state.safetensors"
    if state.exists():
        try:
            with safe_open(state, "pt") as file:
                trainer.load_state({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118
        except SafetensorError as error:
            raise ConfigError(f"--run: {state}: is damaged ({error}); take it away, or give another --run") from None
        _say(f"{folder}: goes on from step {trainer.step_count}")
    elif export_only:
        raise ConfigError(f"--export-only: {folder}: no checkpoint is there yet; leave the flag out to train")
    write_text(folder / "options.json", json.dumps(asdict(options), indent=2))
    _say(f"{len(pairs)} pairs and {len(paintings)} paintings; {len(held_out)} pairs are held out")
    if not export_only:
        _train(trainer, folder, held_out)
    difference = export_finisher(trainer.average, folder / "finisher.onnx", _card(trainer, held_out))
    say(f"{folder / 'finisher.onnx'}: written; differs from the trained network by {difference:.1g}")


if __name__ == "__main__":
    sys.exit(main())
