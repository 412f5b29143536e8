"""What a mood training run has to show: curves, and figures beside a baseline."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training.mood_cnn import Detector, Ensemble, Kernel
from training.mood_fit import Split, Trainer, correlation, r2
from training.mood_kernel import fit_kernel
from training.music import to_db, windows

_VALUES = ("valence", "energy")


@dataclass(frozen=True, slots=True)
class Report:
    """A Markdown table, and the same figures by name."""

    table: str
    figures: dict[str, Any]


def draw_curves(curves: Sequence[Sequence[dict[str, float]]], path: str | Path) -> None:
    """Save every figure over the passes as a picture, one line for each member."""
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


def baseline(split: Split, source: int) -> np.ndarray:
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


def fit_member_kernel(trainer: Trainer) -> Kernel:
    """The kernel on the clips that the member was trained on."""
    return fit_kernel(trainer.split.songs, trainer.split.train, trainer.calibration)


def judge(network: Ensemble, mels: Sequence[np.ndarray]) -> np.ndarray:
    """Mean valence and energy over each clip's windows, ``(n, 2)``."""
    with torch.no_grad():
        return np.array([network(torch.from_numpy(windows(mel)))[0].mean(0).numpy() for mel in mels])


def cross_validate(trainers: Sequence[Trainer], folds: int) -> Report:
    """Every clip judged by a member that has never heard its artist, beside the baseline.

    Parameters
    ----------
    trainers : finished; `folds` in a row share one split
    folds : parts of a split

    Returns
    -------
    Report, with mean and spread over the repeated splits. Early stopping looked at the same artists,
    which flatters the network a little.
    """
    networks = {t.member: Ensemble([t.best_net()], fit_member_kernel(t), Detector()).eval() for t in trainers}
    rows: list[str] = []
    figures: dict[str, Any] = {}
    for source, songs in enumerate(trainers[0].split.songs):
        results: dict[tuple[str, str, str], list[float]] = {}
        for first in range(0, len(trainers), folds):
            got = {"network": np.full((len(songs), 2), np.nan), "svr": np.full((len(songs), 2), np.nan)}
            for trainer in trainers[first : first + folds]:
                held = trainer.split.held[source]
                got["network"][held] = judge(networks[trainer.member], [songs.mel[i] for i in held])
                got["svr"][held] = baseline(trainer.split, source)
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
    return Report("\n".join([head, "|---|---|---|---|---|---|", *rows]), figures)
