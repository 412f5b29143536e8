"""Train one member of the mood ensemble, with early stopping and exact resume."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from artgen_osc.mood_mel import WINDOW_COLUMNS
from training.mood_cnn import Calibration, MoodNet
from training.music import Songs, windows
from training.music_augment import crop, mixup

_VALUES = ("valence", "energy")


@dataclass(frozen=True, slots=True)
class Settings:
    """What shapes a training run.

    Attributes
    ----------
    epochs : most passes over the clips; one random window of each clip a pass
    patience : stop after this many passes without a better score on the held-out artists
    batch : windows in a step
    rate, decay : of AdamW; the rate rises over the first tenth and falls as a cosine
    width, dropout : of `MoodNet`
    ema : how much of the averaged weights stays at each step
    other_weight : weight of the label sources other than the first
    seed : everything random follows from it
    """

    epochs: int = 28
    patience: int = 12
    batch: int = 32
    rate: float = 2e-3
    decay: float = 0.03
    width: int = 48
    dropout: float = 0.4
    ema: float = 0.97
    other_weight: float = 0.7
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Split:
    """Which clips of each source train, and which are held out."""

    songs: Sequence[Songs]
    train: Sequence[np.ndarray]
    held: Sequence[np.ndarray]


def predict(net: MoodNet, mels: Iterable[np.ndarray], step: int = WINDOW_COLUMNS // 2) -> np.ndarray:
    """Mean over each clip's windows, `step` columns apart, of what a `MoodNet` says.

    Returns
    -------
    float32 ``(n, 4)``: valence, energy, their expected deviations
    """
    rows = []
    net.eval()
    with torch.no_grad():
        for mel in mels:
            moods, log_variance = net(torch.from_numpy(windows(mel, step)))
            values = (moods.mean(0), (log_variance / 2).exp())
            rows.append(torch.cat(values, dim=1).mean(0).numpy())
    return np.stack(rows) if rows else np.empty((0, 4), np.float32)


def r2(wanted: np.ndarray, got: np.ndarray) -> float:
    """Share of the variance explained, over the labels that are there; 0 is as good as the mean."""
    there = np.isfinite(wanted)
    wanted, got = wanted[there].astype(float), got[there].astype(float)
    spread = float(np.square(wanted - wanted.mean()).sum()) if len(wanted) else 0.0
    return 1.0 - float(np.square(wanted - got).sum()) / spread if spread else math.nan


def correlation(wanted: np.ndarray, got: np.ndarray) -> float:
    """Pearson's r, over the labels that are there."""
    there = np.isfinite(wanted)
    wanted, got = wanted[there].astype(float), got[there].astype(float)
    if len(wanted) < 2 or not wanted.std() or not got.std():
        return math.nan
    return float(np.corrcoef(wanted, got)[0, 1])


class Trainer:
    """Trains a member on one split.

    Parameters
    ----------
    split : Split
    settings : Settings
    path : of the checkpoint, written after every pass
    member : which one; each has random numbers of its own

    Raises
    ------
    ValueError
        The checkpoint there belongs to other settings.
    """

    def __init__(self, split: Split, settings: Settings, path: str | Path, member: int = 0) -> None:
        self.split, self.settings, self.path, self.member = split, settings, Path(path), member
        self._mels: list[np.ndarray] = []
        labels, sources = [], []
        for source, (songs, rows) in enumerate(zip(split.songs, split.train, strict=True)):
            self._mels += [songs.mel[i] for i in rows]
            labels.append(songs.labels[rows])
            sources.append(np.full(len(rows), source))
        self._labels, self._sources = np.concatenate(labels), np.concatenate(sources)
        spreads = [np.nanstd(songs.labels[rows], axis=0) for songs, rows in zip(split.songs, split.train, strict=True)]
        self._spread = torch.tensor(np.maximum(spreads, 0.05), dtype=torch.float32)
        weights = [1.0] + [settings.other_weight] * (len(split.songs) - 1)
        self._weight = torch.tensor(weights)

        torch.manual_seed(settings.seed * 1000 + member)
        self.net = MoodNet(settings.width, settings.dropout)
        self.averaged = MoodNet(settings.width, settings.dropout).requires_grad_(False)
        self.calibration = Calibration(len(split.songs))
        self._fit_statistics()
        groups = [
            {"params": list(self.net.parameters()), "factor": 1.0},
            {"params": list(self.calibration.parameters()), "factor": 3.0, "weight_decay": 0.0},
        ]
        self.optimiser = torch.optim.AdamW(groups, settings.rate, weight_decay=settings.decay)
        self.epoch, self.step = 0, 0
        self.best_epoch, self.best_score = -1, -math.inf
        self.best = {name: value.clone() for name, value in self.averaged.state_dict().items()}
        self.curve: list[dict[str, float]] = []
        if self.path.exists():
            self._resume()

    def _fit_statistics(self) -> None:
        rng = np.random.default_rng((self.settings.seed, self.member))
        db = np.stack([crop(mel, rng) for mel in self._mels])
        self.net.summary.fit(self.net.statistics(torch.from_numpy(db)))
        self.averaged.load_state_dict(self.net.state_dict())

    @property
    def finished(self) -> bool:
        """Whether the passes are used up, or the held-out artists gain no more."""
        waited = self.epoch - 1 - self.best_epoch
        return self.epoch >= self.settings.epochs or (self.best_epoch >= 0 and waited >= self.settings.patience)

    @property
    def batches(self) -> int:
        """Steps in one pass."""
        return math.ceil(len(self._mels) / self.settings.batch)

    def train_epoch(self, on_step: Callable[[], Any] = lambda: None) -> dict[str, float]:
        """Pass over the clips once, look at the held-out artists, write the checkpoint.

        Returns
        -------
        The new point of the curve.
        """
        # Everything random follows from the pass's number, so that resuming is exact.
        rng = np.random.default_rng((self.settings.seed, self.member, self.epoch))
        torch.manual_seed(int(rng.integers(2**31)))
        self.net.train()
        losses = []
        for rows in np.array_split(rng.permutation(len(self._mels)), self.batches):
            db = np.stack([crop(self._mels[i], rng) for i in rows])
            labels, sources = self._labels[rows].copy(), self._sources[rows]
            if rng.random() < 0.5:
                mixup(db, labels, sources, rng)
            losses.append(self._train_step(torch.from_numpy(db), torch.from_numpy(labels), torch.from_numpy(sources)))
            on_step()
        point = {"epoch": float(self.epoch), "loss": float(np.mean(losses)), **self._validate()}
        self.curve.append(point)
        if point["score"] > self.best_score or self.best_epoch < 0:
            self.best_score, self.best_epoch = point["score"], self.epoch
            self.best = {name: value.clone() for name, value in self.averaged.state_dict().items()}
        self.epoch += 1
        self._save()
        return point

    def _train_step(self, db: Tensor, labels: Tensor, source: Tensor) -> float:
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.rate * self._rate_factor() * group["factor"]
        moods, log_variance = self.net(db)
        average = moods.mean(0)
        there = labels.isfinite()
        wanted = labels.nan_to_num(0.5)
        weight = there * self._weight[source][:, None]
        loss = torch.zeros(())
        for mood in (*moods, average):
            error = (self.calibration(mood, source) - wanted) / self._spread[source]
            loss = loss + (weight * F.smooth_l1_loss(error, torch.zeros_like(error), reduction="none")).sum() / len(db)
        error = (self.calibration(average, source) - wanted).detach().square()
        likelihood = 0.5 * (log_variance + error * (-log_variance).exp())
        loss = loss + 0.1 * (there * likelihood).sum() / len(db)
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimiser.step()
        self.step += 1
        # The average follows closely at first, when it has nothing worth keeping.
        keep = min(self.settings.ema, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for kept, new in zip(self.averaged.state_dict().values(), self.net.state_dict().values(), strict=True):
                if kept.is_floating_point():
                    kept.lerp_(new, 1 - keep)
                else:
                    kept.copy_(new)
        return float(loss.detach())

    def _rate_factor(self) -> float:
        done = self.step / (self.batches * self.settings.epochs)
        return min(1.0, done / 0.1 + 0.01) * (0.5 + 0.5 * math.cos(math.pi * min(done, 1.0)))

    def _validate(self) -> dict[str, float]:
        point: dict[str, float] = {}
        scores = []
        for source, (songs, rows) in enumerate(zip(self.split.songs, self.split.held, strict=True)):
            got = predict(self.averaged, [songs.mel[i] for i in rows], WINDOW_COLUMNS)
            for column, value in enumerate(_VALUES):
                measure = r2 if source == 0 else correlation
                figure = measure(songs.labels[rows, column], got[:, column])
                point[f"{songs.name}_{measure.__name__}_{value}"] = figure
                scores.append(figure)
        known = [score for score in scores if math.isfinite(score)]
        point["score"] = float(np.mean(known)) if known else 0.0
        return point

    def _save(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(".new")
        state = {
            "settings": self._identity(),
            "net": self.net.state_dict(),
            "averaged": self.averaged.state_dict(),
            "calibration": self.calibration.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "progress": [self.epoch, self.step, self.best_epoch, self.best_score],
            "best": self.best,
            "curve": self.curve,
        }
        torch.save(state, fresh)
        fresh.replace(self.path)

    def _identity(self) -> str:
        sizes = [len(rows) for rows in (*self.split.train, *self.split.held)]
        return f"{self.settings} member={self.member} clips={sizes}"

    def _resume(self) -> None:
        state = torch.load(self.path, weights_only=True)
        if state["settings"] != self._identity():
            raise ValueError(
                f"{self.path}: was trained with other settings or clips ({state['settings']}); "
                "the same ones are allowed; give another --run, or delete it"
            )
        self.net.load_state_dict(state["net"])
        self.averaged.load_state_dict(state["averaged"])
        self.calibration.load_state_dict(state["calibration"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.epoch, self.step, self.best_epoch, self.best_score = state["progress"]
        self.best, self.curve = state["best"], state["curve"]

    def best_net(self) -> MoodNet:
        """The averaged weights of the best pass."""
        net = MoodNet(self.settings.width, self.settings.dropout)
        net.load_state_dict(self.best)
        return net.eval()
