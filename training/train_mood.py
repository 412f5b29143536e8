"""Train the mood network.

    python -m training.train_mood --spotify music/spotify_songs.npz \\
        --emotify music/emotify --run runs/mood

Trains one member for each fold of an artist-disjoint split, with early stopping on the artists
that are held out from it, and checks each on those. The members, a kernel and a detector of music
are then written as one ONNX file. Started again with the same arguments it goes on where it stopped.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import distributed as dist

from artgen_osc.errors import ConfigError
from artgen_osc.mood.mel import FMAX, FMIN, HOP, N_FFT, N_MELS, SAMPLE_RATE, WINDOW_COLUMNS
from artgen_osc.runtime.text import say
from training import mood_report
from training.command import MOST_THREADS, Parser, named_path, run_command, say_skipped, whole_number
from training.export import export_model
from training.mood_cnn import Ensemble, Features
from training.mood_detector import fit_detector, random_windows
from training.mood_fit import Points, Settings, Split, Trainer, to_first_scale
from training.mood_kernel import fit_axes, fit_expected, fit_kernel
from training.mood_material import describe, fit_standardise
from training.music import Songs, artist_folds, load
from training.not_music import not_music
from training.output import need_folder, need_model, write_text

LICENCES = {
    "spotify": "339 pop songs as spectrograms, Spotify's valence and energy (COSC_5470_ARTGEN); no licence stated",
    "emotify": "320 clips with listeners' ratings, Aljanaki, Wiering & Veltkamp 2016; recordings for research only",
}

_NOISE_WINDOWS = 4


def build_parser() -> Parser:
    """The command line."""
    defaults = Settings()
    parser = Parser(
        prog="python -m training.train_mood",
        description="Train the mood network; the first source sets the scale.",
        epilog="example: python -m training.train_mood --data my_music/labels.csv --run runs/mine",
    )
    for name in ("spotify", "emotify"):
        parser.add_argument(
            f"--{name}", type=named_path, metavar="PATH", help=f"the shared {name} data; may be left out"
        )
    parser.add_argument(
        "--data", type=named_path, metavar="PATH", action="append", default=[], help="a labels.csv or .npz of your own"
    )
    parser.add_argument("--run", type=named_path, default=Path("runs/mood"), help="folder for all that is written")
    parser.add_argument("--folds", type=whole_number(2), default=5, help="parts of the split by artist")
    parser.add_argument("--repeats", type=whole_number(1), default=1, help="how many different splits")
    parser.add_argument(
        "--only", type=whole_number(0), metavar="MEMBER", help="train this member alone, to share the work"
    )
    parser.add_argument("--epochs", type=whole_number(1), default=defaults.epochs, help="most passes over the clips")
    parser.add_argument("--batch", type=whole_number(1), default=defaults.batch, help="windows in a step")
    parser.add_argument(
        "--width", type=whole_number(1), default=defaults.width, help="units of a member's hidden layer"
    )
    parser.add_argument("--seed", type=whole_number(0), default=defaults.seed, help="everything random follows from it")
    parser.add_argument("--noises", type=whole_number(1), default=300, help="clips of sound that isn't music")
    parser.add_argument("--threads", type=whole_number(1, MOST_THREADS), default=1, help="processor cores to use")
    parser.add_argument("--export", type=named_path, help="the model file; RUN/mood.onnx by default")
    return parser


def splits(sources: Sequence[Songs], folds: int, repeats: int, seed: int) -> list[Split]:
    """Every split of a cross-validation, one for each member.

    Parameters
    ----------
    sources : at least one
    folds : how many parts the artists of each source are cut into, 2 or more
    repeats : how many times, each in another way
    seed : of the first time; each further one has the next

    Returns
    -------
    ``folds * repeats`` splits

    Raises
    ------
    ConfigError
        A source has fewer artists than there are folds, or a part of the split lacks labels.
    """
    for songs in sources:
        artists = len(set(songs.artists))
        if not 2 <= folds <= artists:
            raise ConfigError(f"--folds: {folds} with {artists} artists in {songs.name}; choose 2 to {artists}")
    result = []
    for repeat in range(repeats):
        for parts in zip(*(artist_folds(songs.artists, folds, seed + repeat) for songs in sources), strict=True):
            train, held = zip(*parts, strict=True)
            for songs, rows in zip(sources, train, strict=True):
                _need_labels(songs, rows)
            result.append(Split(sources, train, held))
    return result


def _need_labels(songs: Songs, rows: np.ndarray) -> None:
    for column, value in enumerate(("valence", "energy")):
        known = songs.labels[rows, column]
        known = known[np.isfinite(known)]
        if len(known) < 2 or not known.std():
            what = f"{len(known)} labels are known" if len(known) < 2 else f"all {len(known)} labels are the same"
            raise ConfigError(
                f"{songs.name}: {value}: {what} in a part of the split; labels that differ are needed; fill in the "
                "column, or take fewer --folds"
            )


def train(split: Split, points: list[Points], settings: Settings, path: Path, member: int) -> Trainer:
    """Train one member to its end, from its checkpoint if there is one.

    Parameters
    ----------
    split : what trains, and what is held out
    points : of each source of the split
    settings : of the run
    path : of the checkpoint, written after every pass
    member : which one; each has random numbers of its own
    """
    from tqdm import tqdm

    trainer = Trainer(split, points, settings, path, member)
    total = settings.epochs * trainer.batches
    with tqdm(total=total, initial=trainer.step, desc=f"member {member}", unit="step") as bar:
        while not trainer.finished:
            point = trainer.train_epoch(on_step=lambda: bar.update(1))
            bar.set_postfix(loss=f"{point['loss']:.3f}", score=f"{point['score']:.3f}", best=trainer.best_epoch)
    return trainer


def card(sources: Sequence[Songs], settings: Settings, figures: dict[str, Any]) -> dict[str, Any]:
    """What the model file says about itself.

    Parameters
    ----------
    sources : what was trained on; the first gives the scale
    settings : of the run
    figures : measured on what was held out
    """
    return {
        "kind": "mood",
        "sample_rate": SAMPLE_RATE,
        "n_fft": N_FFT,
        "hop": HOP,
        "n_mels": N_MELS,
        "fmin": FMIN,
        "fmax": FMAX,
        "columns": WINDOW_COLUMNS,
        "normalisation": "dB relative to the window's maximum, floor -80",
        "inputs": {"mel": [1, N_MELS, WINDOW_COLUMNS]},
        "outputs": {"mood": "valence, energy 0..1", "sigma": "expected error of each", "music": "probability"},
        "scale": sources[0].name,
        "trained_on": [LICENCES.get(songs.name, f"{songs.name}: {len(songs)} clips") for songs in sources],
        "licence": "weights MIT, those of MusiCNN ISC (MODELS.md); see trained_on for the data",
        "settings": {name: getattr(settings, name) for name in Settings.__dataclass_fields__},
        "figures": figures,
    }


def export(network: Ensemble, path: Path, about: dict[str, Any]) -> float:
    """Write the model file.

    Parameters
    ----------
    network : all members
    path : where to
    about : the card

    Returns
    -------
    The largest difference between the file's outputs and the network's.
    """
    generator = torch.Generator().manual_seed(0)
    example = torch.rand((1, N_MELS, WINDOW_COLUMNS), generator=generator) * -80.0
    # The file holds 16 bits, so what is compared and shipped is rounded first.
    return export_model(
        network.eval().half().float(), (example,), path, about, ["mel"], ["mood", "sigma", "music"], half=True
    )


def read_sources(arguments: argparse.Namespace) -> list[Songs]:
    """All labelled music that the command line names, and a word on every file that is skipped."""
    from tqdm import tqdm

    sources = []
    named = [("spotify", arguments.spotify), *((None, p) for p in arguments.data), ("emotify", arguments.emotify)]
    for name, data in named:
        if data:
            songs = load(data, lambda rows: tqdm(rows, desc="reading", unit="file"), arguments.run / "cache")
            sources.append(replace(songs, name=name) if name else songs)
            say_skipped(songs.skipped)
    if not sources:
        raise ConfigError("data: there is none; --spotify, --emotify or --data is needed; see training/README.md")
    return sources


def run(arguments: argparse.Namespace) -> None:
    """Do what the command line says."""
    from tqdm import tqdm

    target = arguments.export or arguments.run / "mood.onnx"
    need_folder("--run", arguments.run)
    beside = need_model("--export" if arguments.export else "--run", target)
    torch.set_num_threads(arguments.threads)
    sources = read_sources(arguments)
    settings = Settings(epochs=arguments.epochs, batch=arguments.batch, width=arguments.width, seed=arguments.seed)
    splits_ = splits(sources, arguments.folds, arguments.repeats, arguments.seed)
    material = [
        describe(songs, arguments.seed, arguments.run / "cache", lambda mels: tqdm(mels, desc="hearing", unit="clip"))
        for songs in sources
    ]
    standardise = fit_standardise(material)
    points = [Points(standardise(own.crops.float()), standardise(own.windows.float())) for own in material]
    if "RANK" in os.environ:
        dist.init_process_group("gloo")
    chosen = range(len(splits_)) if arguments.only is None else [arguments.only]
    if chosen[-1] >= len(splits_):
        raise ConfigError(f"--only: {arguments.only} isn't there; the members are 0..{len(splits_) - 1}")
    trainers = [train(splits_[i], points, settings, arguments.run / f"member{i}.pt", i) for i in chosen]
    if dist.is_initialized():
        rank = dist.get_rank()
        dist.destroy_process_group()
        if rank:
            return
    mood_report.draw_curves([trainer.curve for trainer in trainers], arguments.run / "curves.png")
    if arguments.only is not None:
        return
    axes = fit_axes([own.windows for own in points], Features().parts)
    report, got = mood_report.cross_validate(trainers, arguments.folds, material, axes)
    labels = to_first_scale([songs.labels for songs in sources], [np.arange(len(songs)) for songs in sources])
    novelties = [heard[:, 2] for heard in got]
    errors = [np.abs(own - heard[:, :2]) for own, heard in zip(labels, got, strict=True)]
    expected = fit_expected(novelties, errors)
    said = expected.numpy()[0] + expected.numpy()[1] * novelties[0][:, None]
    everything = [np.arange(len(songs)) for songs in sources]
    kernel = fit_kernel(material, points, everything, axes)
    noises = random_windows(not_music(arguments.noises, arguments.seed), _NOISE_WINDOWS, arguments.seed)
    music = torch.cat([own.crops.flatten(0, 1) for own in material])
    detector = fit_detector(music, noises, standardise, arguments.seed)
    members = [trainer.best_net() for trainer in trainers[: arguments.folds]]
    network = Ensemble(standardise, members, kernel, detector, expected)
    about = card(sources, settings, report.figures)
    # The model first: hours lie behind it, and a report that fails must not take it along.
    difference = export(network, target, about)
    write_text(beside, json.dumps(about, indent=2) + "\n")
    curve = mood_report.reliability(sources[0].labels, got[0][:, :2], said)
    text = mood_report.text(report, sources[0], got[0][:, :2], curve)
    write_text(arguments.run / "report.md", text + "\n\n![curves](report.png)\n")
    mood_report.draw_report(sources[0], got[0][:, :2], curve, arguments.run / "report.png")
    say(text)
    say(f"{target}: {target.stat().st_size / 1e6:.2f} MB, within {difference:.1e} of the trained network")


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point."""
    return run_command("train_mood", lambda: run(build_parser().parse_args(arguments)))


if __name__ == "__main__":
    sys.exit(main())
