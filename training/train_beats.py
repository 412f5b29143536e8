"""Train the beat network further from BeatNet's published weights.

    python -m training.train_beats --midi music/pop909 --recordings music/incompetech \\
        --recordings music/emotify --run runs/beats

Every fifth clip of each source is held out, and the loss on those is what stops the training. Started
again with the same arguments it goes on where it stopped.
"""

import argparse
import json
import math
import sys
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import save_file
from torch import Tensor, nn

from artgen_osc.analysis.rhythm.network import BeatNetwork
from artgen_osc.analysis.rhythm.spectrum import HOP, N_FEATURES, N_FFT, SAMPLE_RATE
from artgen_osc.errors import ConfigError
from artgen_osc.inference.modelfile import CARD_KEY, weights_sha256
from artgen_osc.runtime.files import whole
from artgen_osc.runtime.text import printable, say
from training.beat_material import Clip, Progress, beatless_clips, composed_clips, midi_clips, recordings
from training.beat_net import BeatNet
from training.command import MOST_THREADS, Parser, named_path, number, run_command, say_skipped, whole_number
from training.output import need_folder, need_model, read_checkpoint, write_text

ROWS = 700
HELD_OUT = 5
"""One clip in so many is held out."""


def loss(likely: Tensor, beat: Tensor, downbeat: Tensor) -> Tensor:
    """Cross-entropy of beats, and of downbeats where they are known.

    Parameters
    ----------
    likely : ``(n, t, 3)``, as the network gives it
    beat, downbeat : ``(n, t)``, 0..1; NaN in `downbeat` where it isn't known
    """
    likely = likely.clamp(1e-5, 1.0 - 1e-5)
    heard = nn.functional.binary_cross_entropy(likely[..., :2].sum(-1).clamp(max=1.0 - 1e-5), beat)
    known = ~downbeat.isnan()
    if not known.any():
        return heard
    return heard + nn.functional.binary_cross_entropy(likely[..., 1][known], downbeat[known])


def crops(clips: list[Clip], count: int, random: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Random stretches of clips.

    Parameters
    ----------
    clips : at least one; a short one is followed by zeros
    count : how many
    random : chooses clips and places

    Returns
    -------
    rows : float32 ``(count, ROWS, N_FEATURES)``
    beats, downbeats : float32 ``(count, ROWS)``, 0..1, NaN where it isn't known
    """
    rows = np.zeros((count, ROWS, N_FEATURES), np.float32)
    marks = np.zeros((2, count, ROWS), np.float32)
    for index in range(count):
        clip = clips[int(random.integers(len(clips)))]
        first = int(random.integers(max(1, len(clip.rows) - ROWS)))
        part = slice(first, first + ROWS)
        length = len(clip.rows[part])
        rows[index, :length] = clip.rows[part]
        marks[0, index, :length], marks[1, index, :length] = clip.beat[part], clip.downbeat[part]
    return torch.from_numpy(rows), torch.from_numpy(marks[0]), torch.from_numpy(marks[1])


def _held_out_loss(net: BeatNet, clips: list[Clip]) -> float:
    """Mean loss over whole clips."""
    net.eval()
    total = 0.0
    with torch.no_grad():
        for clip in clips:
            likely, _, _ = net(torch.from_numpy(clip.rows.astype(np.float32))[None], *net.start())
            marks = [torch.from_numpy(mark.astype(np.float32))[None] for mark in (clip.beat, clip.downbeat)]
            total += float(loss(likely, *marks))
    return total / len(clips)


class Trainer:
    """Steps, their running average, and a checkpoint that goes on to the bit.

    Parameters
    ----------
    sources : clips to learn from; each source has the same share of a batch
    held : clips that are only judged
    path : the checkpoint
    steps, batch, rate, seed : as the command line has them
    """

    AVERAGE = 0.99

    def __init__(
        self, sources: list[list[Clip]], held: list[Clip], path: Path, steps: int, batch: int, rate: float, seed: int
    ) -> None:
        torch.manual_seed(seed)
        self.sources, self.held, self.path = sources, held, path
        self.steps, self.batch, self.rate, self.seed = steps, batch, rate, seed
        self.net = BeatNet(2)
        self.average = deepcopy(self.net)
        self.optimiser = torch.optim.Adam(self.net.parameters(), lr=rate)
        self.step = 0
        self.curve: list[tuple[int, float]] = []
        self.best: dict[str, Tensor] = {}
        if path.exists():
            state = read_checkpoint(path, "net", "average", "optimiser", "step", "best", "curve")
            for name in ("net", "average", "optimiser"):
                getattr(self, name).load_state_dict(state[name])
            self.step, self.best = state["step"], state["best"]
            self.curve = [tuple(point) for point in state["curve"]]

    def save(self) -> None:
        """Write the checkpoint."""
        state: dict[str, Any] = {n: getattr(self, n).state_dict() for n in ("net", "average", "optimiser")}
        state |= {"step": self.step, "best": self.best, "curve": [list(point) for point in self.curve]}
        with whole(self.path) as fresh:
            torch.save(state, fresh)

    def train_step(self) -> float:
        """One step; returns its loss."""
        random = np.random.default_rng([self.seed, self.step])
        share = -(-self.batch // len(self.sources))
        rows, beat, downbeat = (
            torch.cat(t) for t in zip(*(crops(s, share, random) for s in self.sources), strict=True)
        )
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate * 0.5 * (1.0 + math.cos(math.pi * self.step / self.steps))
        self.net.train()
        likely, _, _ = self.net(rows, *self.net.start(len(rows)))
        value = loss(likely, beat, downbeat)
        self.optimiser.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimiser.step()
        keep = min(self.AVERAGE, self.step / (self.step + 10.0))
        with torch.no_grad():
            for mean, new in zip(self.average.parameters(), self.net.parameters(), strict=True):
                mean.lerp_(new, 1.0 - keep)
        self.step += 1
        return float(value.detach())

    def judge(self) -> float:
        """Loss on the clips that are held out; the best network so far is kept."""
        value = _held_out_loss(self.average, self.held)
        if not self.curve or value < min(point[1] for point in self.curve):
            self.best = {name: tensor.clone() for name, tensor in self.average.state_dict().items()}
        self.curve.append((self.step, value))
        return value


def card(arguments: argparse.Namespace, trainer: Trainer) -> dict[str, Any]:
    """What the model file says about itself.

    Parameters
    ----------
    arguments : of the command
    trainer : at its end
    """
    also = f"; {arguments.stretched} stretched variants of each" if arguments.stretched else ""
    return {
        "kind": "beat",
        "sample_rate": SAMPLE_RATE,
        "n_fft": N_FFT,
        "hop": HOP,
        "features": N_FEATURES,
        "normalisation": "brought to -16.5 dBFS by the mean power of the last seconds",
        "inputs": {"row": [N_FEATURES]},
        "outputs": {"likely": "a beat that is no downbeat, a downbeat, neither"},
        "trained_on": [
            "BeatNet's published weights (Heydari, Cwitkowitz & Duan, 2021), then:",
            *(f"{path.name}: renderings with known beats" for path in arguments.midi),
            *(f"{path.name}: recordings, beats as BeatNet hears them{also}" for path in arguments.recordings),
            f"{arguments.composed} pieces composed by chance, {arguments.beatless} minutes of noise, tones and speech",
        ],
        "licence": "CC BY 4.0, as BeatNet's weights; changed by further training",
        "figures": {"held_out_loss": min((value for _, value in trainer.curve), default=None), "steps": trainer.step},
    }


def export(net: BeatNet, path: Path, about: dict[str, Any]) -> float:
    """Write the model file, in 16 bits.

    Parameters
    ----------
    net : trained
    path : where to
    about : the card

    Returns
    -------
    The largest difference between what the show's network hears with it and what this one does.
    """
    weights = {name: value.half().numpy() for name, value in net.state_dict().items()}
    text = json.dumps({**about, "sha256": weights_sha256(weights)})
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole(path) as fresh:
        save_file(weights, fresh, {CARD_KEY: text})
    rows = np.abs(np.random.default_rng(0).standard_normal((50, N_FEATURES))).astype(np.float32)
    show = BeatNetwork(path)
    got = np.array([show.step(row) for row in rows])
    with torch.no_grad():
        wanted = deepcopy(net).half().float().eval()(torch.from_numpy(rows)[None], *net.start())[0][0].numpy()
    return float(np.abs(got - np.stack((wanted[:, 0] + wanted[:, 1], wanted[:, 1]), 1)).max())


def run(arguments: argparse.Namespace) -> None:
    """Do what the command line says."""
    from tqdm import tqdm

    target = arguments.export or arguments.run / "beat.safetensors"
    need_folder("--run", arguments.run)
    beside = need_model("--export" if arguments.export else "--run", target)
    torch.set_num_threads(arguments.threads)
    cache = arguments.run / "cache"
    sources: list[list[Clip]] = []
    held: list[Clip] = []

    def progress(name: str) -> Progress:
        return lambda each: tqdm(each, desc=name)

    def take(groups: list[list[Clip]]) -> None:
        if len(groups) < 2:
            raise ConfigError("a source has a single clip; two are needed, one to learn from and one to judge by")
        sources.append([clip for index, group in enumerate(groups) if index % HELD_OUT for clip in group])
        held.extend(group[0] for index, group in enumerate(groups) if not index % HELD_OUT)

    for folder in arguments.midi:
        take(midi_clips(folder, arguments.variants, arguments.seed, cache, progress(printable(folder.name))))
    for folder in arguments.recordings:
        heard, skipped = recordings(
            folder, cache, progress(printable(folder.name)), arguments.stretched, arguments.seed
        )
        say_skipped(skipped)
        take(heard)
    for count, make, name in (
        (arguments.composed, composed_clips, "composed"),
        (arguments.beatless, beatless_clips, "beatless"),
    ):
        if count:
            take([[clip] for clip in make(count, arguments.seed, cache, progress(name))])
    if not sources:
        raise ConfigError("there is nothing to learn from; --midi, --recordings, --composed or --beatless is needed")
    trainer = Trainer(
        sources, held, arguments.run / "beats.pt", arguments.steps, arguments.batch, arguments.rate, arguments.seed
    )
    with tqdm(total=arguments.steps, initial=trainer.step, unit="step", mininterval=5.0) as bar:
        while trainer.step < arguments.steps:
            judged = bool(trainer.curve) and trainer.curve[-1][0] == trainer.step
            if trainer.step % arguments.every == 0 and not judged:
                tqdm.write(f"step {trainer.step}: held-out loss {trainer.judge():.4f}")
                trainer.save()
            value = trainer.train_step()
            bar.update(1)
            bar.set_postfix(loss=f"{value:.4f}")
    say(f"step {trainer.step}: held-out loss {trainer.judge():.4f}")
    trainer.save()
    best = BeatNet()
    best.load_state_dict(trainer.best)
    about = card(arguments, trainer)
    difference = export(best, target, about)
    write_text(beside, json.dumps(about, indent=2) + "\n")
    say(f"{target}: {target.stat().st_size / 1e6:.2f} MB, within {difference:.1e} of the trained network")


def build_parser() -> Parser:
    """The command line."""
    parser = Parser(
        prog="python -m training.train_beats",
        description="Train the beat network further from BeatNet's published weights.",
        epilog="example: python -m training.train_beats --midi pop909 --recordings my_music --run runs/beats",
    )
    parser.add_argument("--midi", type=named_path, action="append", default=[], help="a folder as POP909 has it")
    parser.add_argument(
        "--recordings",
        type=named_path,
        action="append",
        default=[],
        help="a folder with a labels.csv: file, and bpm if known",
    )
    parser.add_argument("--composed", type=whole_number(0), default=120, help="pieces composed by chance")
    parser.add_argument("--beatless", type=whole_number(0), default=30, help="minutes of what is no music")
    parser.add_argument("--variants", type=whole_number(0), default=1, help="variants of each MIDI piece")
    parser.add_argument(
        "--stretched", type=whole_number(0), default=0, help="variants of each recording, in other tempos and keys"
    )
    parser.add_argument("--run", type=named_path, default=Path("runs/beats"), help="folder for all that is written")
    parser.add_argument("--steps", type=whole_number(1), default=1200, help="steps in all")
    parser.add_argument(
        "--every", type=whole_number(1), default=100, help="steps between two looks at the clips held out"
    )
    parser.add_argument("--batch", type=whole_number(1), default=16, help="stretches of 14 s in a step")
    parser.add_argument("--rate", type=number(0, above=True), default=4e-4, help="learning rate at the start")
    parser.add_argument("--seed", type=whole_number(0), default=0, help="everything random follows from it")
    parser.add_argument("--threads", type=whole_number(1, MOST_THREADS), default=1, help="processor cores to use")
    parser.add_argument("--export", type=named_path, help="the model file; RUN/beat.safetensors by default")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point."""
    return run_command("train_beats", lambda: run(build_parser().parse_args(arguments)))


if __name__ == "__main__":
    sys.exit(main())
