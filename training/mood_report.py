"""What a mood training run has to show: curves, and figures beside a baseline."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from artgen_osc.runtime.text import printable
from training.mood_cnn import KERNEL_SHARE
from training.mood_fit import Split, Trainer, correlation, predict, r2
from training.mood_kernel import fit_kernel
from training.mood_material import Material
from training.music import Songs, to_db

LEARNT = 0.05
"""R² below which chance would have done as well."""
_VALUES = ("valence", "energy")


@dataclass(frozen=True, slots=True)
class Report:
    """A Markdown table, and the same figures by name."""

    table: str
    figures: dict[str, Any]


def draw_curves(curves: Sequence[Sequence[dict[str, float]]], path: str | Path) -> None:
    """Save every figure over the passes as a picture, one line for each member.

    Parameters
    ----------
    curves : of each member, the figures after each pass
    path : of the picture; its folder is made
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names = [name for name in curves[0][0] if name != "epoch"] if curves and curves[0] else []
    if not names:
        return
    figure = Figure(figsize=(4 * min(4, len(names)), 3 * -(-len(names) // 4)), layout="constrained")
    FigureCanvasAgg(figure)
    for place, name in enumerate(names):
        axes = figure.add_subplot(-(-len(names) // 4), min(4, len(names)), place + 1)
        for member, curve in enumerate(curves):
            axes.plot([p["epoch"] for p in curve], [p[name] for p in curve], label=str(member))
        axes.set_title(name, fontsize=9)
        axes.grid(alpha=0.3)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=80)


def mel_statistics(mels: Sequence[np.ndarray]) -> np.ndarray:
    """Mean, deviation and mean absolute change of each band: what the baseline sees.

    Returns
    -------
    float32 ``(n, 384)``
    """
    rows = []
    for mel in mels:
        db = to_db(mel)
        rows.append(np.concatenate((db.mean(1), db.std(1), np.abs(np.diff(db, axis=1)).mean(1))))
    return np.stack(rows)


def _baseline(split: Split, source: int) -> np.ndarray:
    """Support vector regression on `mel_statistics`, trained on this source alone.

    Returns
    -------
    float ``(held out, 2)``
    """
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVR

    songs, train, held = split.songs[source], split.train[source], split.held[source]
    features, asked = mel_statistics([songs.mel[i] for i in train]), mel_statistics([songs.mel[i] for i in held])
    columns = []
    for value in range(2):
        known = np.isfinite(songs.labels[train, value])
        machine = make_pipeline(StandardScaler(), SVR(C=0.3, epsilon=0.05))
        machine.fit(features[known], songs.labels[train, value][known])
        columns.append(machine.predict(asked))
    return np.stack(columns, axis=1)


def held_out(
    trainers: Sequence[Trainer], material: Sequence[Material], axes: tuple[Tensor, Tensor]
) -> list[np.ndarray]:
    """What the network says of every clip when it has never heard its artist.

    Parameters
    ----------
    trainers : finished, one for each fold of one split
    material : the sources
    axes : of `training.mood_kernel.fit_axes`

    Returns
    -------
    ``(n, 3)`` valence, energy and novelty for each source
    """
    got = [np.full((len(part.songs), 3), np.nan) for part in material]
    for trainer in trainers:
        kernel = fit_kernel(material, trainer.points, trainer.split.train, axes)
        net = trainer.best_net()
        for source, rows in enumerate(trainer.split.held):
            if not len(rows):
                continue
            own = trainer.points[source].windows[rows]
            with torch.no_grad():
                regressed, novelty = (
                    said.unflatten(0, own.shape[:2]).mean(1).numpy() for said in kernel(own.flatten(0, 1))
                )
            members = predict(net, own)
            got[source][rows] = np.hstack((members + KERNEL_SHARE * (regressed - members), novelty))
    return got


def cross_validate(
    trainers: Sequence[Trainer], folds: int, material: Sequence[Material], axes: tuple[Tensor, Tensor]
) -> tuple[Report, list[np.ndarray]]:
    """Every clip judged by a member and a kernel that never heard its artist, beside the baseline.

    Parameters
    ----------
    trainers : finished; `folds` in a row share one split
    folds : parts of a split
    material, axes : see `held_out`

    Returns
    -------
    Report, with mean and spread over the repeated splits, and what `held_out` gives, averaged over the splits.
    Early stopping looked at the same artists, which flatters the network a little.
    """
    rows: list[str] = []
    figures: dict[str, Any] = {}
    repeats = [trainers[first : first + folds] for first in range(0, len(trainers), folds)]
    heard = [held_out(part, material, axes) for part in repeats]
    for source, songs in enumerate(trainers[0].split.songs):
        results: dict[tuple[str, str, str], list[float]] = {}
        for own, predictions in zip(repeats, heard, strict=True):
            got = {"network": predictions[source], "svr": np.full((len(songs), 2), np.nan)}
            for trainer in own:
                got["svr"][trainer.split.held[source]] = _baseline(trainer.split, source)
            for model, values in got.items():
                for column, value in enumerate(_VALUES):
                    for measure in (r2, correlation):
                        figure = measure(songs.labels[:, column], values[:, column])
                        results.setdefault((model, measure.__name__, value), []).append(figure)
        for (model, measure_name, value), numbers in results.items():
            figures[f"{songs.name}_{model}_{measure_name}_{value}"] = round(float(np.mean(numbers)), 4)
        for measure_name in ("r2", "correlation"):
            if source and measure_name == "r2":
                continue
            cells = [
                f"{np.mean(numbers):.3f} ± {np.std(numbers):.3f}" if len(numbers) > 1 else f"{numbers[0]:.3f}"
                for value in _VALUES
                for model in ("network", "svr")
                for numbers in [results[model, measure_name, value]]
            ]
            rows.append(f"| {songs.name} ({len(songs)}) | {measure_name} | {' | '.join(cells)} |")
    head = "| clips | measure | valence, network | valence, SVR | energy, network | energy, SVR |"
    table = "\n".join([head, "|---|---|---|---|---|---|", *rows])
    return Report(table, figures), [np.mean([part[i] for part in heard], axis=0) for i in range(len(material))]


def text(report: Report, songs: Songs, got: np.ndarray, curve: Sequence[tuple[float, float]]) -> str:
    """All that a run tells at its end, as Markdown, the plainest first.

    Parameters
    ----------
    report : of `cross_validate`
    songs : the first source
    got : ``(n, 2)``, what was said of its clips
    curve : of `reliability`
    """
    known = {value: report.figures[f"{songs.name}_network_r2_{value}"] for value in _VALUES}
    return "\n\n".join(
        [
            "\n".join(f"* {value}: {verdict(figure)}" for value, figure in known.items()),
            report.table,
            "| error that was expected | error |\n|---|---|\n"
            + "\n".join(f"| {said:.3f} | {true:.3f} |" for said, true in curve),
            "The ten that are judged worst:",
            worst(songs, got),
        ]
    )


def verdict(figure: float) -> str:
    """What an R² of clips whose artists were never heard means, in plain words."""
    if not math.isfinite(figure):
        return "can't be told: too few clips have a label, or all have the same"
    share = f"R² is {figure:.2f}, where 0 is as good as always saying the mean, and 1 is perfect"
    if figure < LEARNT:
        return (
            f"**this was not learnt** ({share}). More clips help most, some hundred of many artists; check that each "
            "label belongs to its file, and that labels differ. Until then use the mood model that is installed"
        )
    return f"about {100 * figure:.0f} % of what tells the clips apart was learnt ({share})"


def worst(songs: Songs, got: np.ndarray, count: int = 10) -> str:
    """The clips that are judged worst, by name, as a Markdown table.

    Parameters
    ----------
    songs : with labels
    got : ``(n, 2)``, valence and energy, 0..1
    count : how many of them
    """
    off = np.nanmean(np.abs(songs.labels - got), axis=1)
    lines = [
        f"| {_cell(songs.artists[i])} | {_cell(songs.titles[i])} | "
        + " | ".join(f"{songs.labels[i, c]:.2f} → {got[i, c]:.2f}" for c in range(2))
        + " |"
        for i in np.argsort(-np.nan_to_num(off))[:count]
    ]
    return "\n".join(["| artist | title | valence | energy |", "|---|---|---|---|", *lines])


def _cell(name: str) -> str:
    return printable(name).replace("|", "\\|")


def reliability(
    wanted: np.ndarray, got: np.ndarray, expected: np.ndarray, groups: int = 5
) -> list[tuple[float, float]]:
    """Mean expected and true error of clips, sorted by the expected one and cut in equal groups.

    Parameters
    ----------
    wanted, got : ``(n, 2)``
    expected : ``(n, 2)``, what the network said it would be off by
    groups : how many

    Returns
    -------
    expected and true error of each group
    """
    off = np.nanmean(np.abs(wanted - got), axis=1)
    said = expected.mean(axis=1)
    order = np.flatnonzero(np.isfinite(off))
    order = order[np.argsort(said[order])]
    return [(float(said[part].mean()), float(off[part].mean())) for part in np.array_split(order, groups)]


def draw_report(songs: Songs, got: np.ndarray, curve: Sequence[tuple[float, float]], path: str | Path) -> None:
    """Save asked against predicted for both values, and the reliability curve, as a picture.

    Parameters
    ----------
    songs : with labels
    got : ``(n, 2)``, valence and energy, 0..1
    curve : as `reliability` gives it
    path : of the picture
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 4), layout="constrained")
    FigureCanvasAgg(figure)
    for column, value in enumerate(_VALUES):
        axes = figure.add_subplot(1, 3, column + 1)
        axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
        axes.scatter(songs.labels[:, column], got[:, column], s=9, alpha=0.6)
        axes.set(title=value, xlabel="asked", ylabel="predicted", xlim=(0, 1), ylim=(0, 1))
    axes = figure.add_subplot(1, 3, 3)
    axes.plot(*zip(*curve, strict=True), marker="o")
    low = min(min(point) for point in curve) * 0.9
    high = max(max(point) for point in curve) * 1.1
    axes.plot([low, high], [low, high], color="0.7", linewidth=1)
    axes.set(title="reliability, fifths of the clips", xlabel="error that was expected", ylabel="error")
    figure.savefig(path, dpi=80)
