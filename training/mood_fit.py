"""Train one member of the mood ensemble, with early stopping and exact resume."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch import distributed as dist
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

from artgen_osc.runtime.files import whole
from training.mood_cnn import MoodNet
from training.music import Songs
from training.music_augment import mixup
from training.output import read_checkpoint

_VALUES = ("valence", "energy")
_WINDOWS_A_PASS = 4


@dataclass(frozen=True, slots=True)
class Settings:
    """What shapes a training run.

    Attributes
    ----------
    epochs : most passes over the clips; four random windows of each clip a pass
    patience : stop after this many passes without a better score on the held-out artists
    batch : windows in a step
    rate, decay : of AdamW; the rate rises over the first tenth and falls as a cosine
    width, dropout : of `MoodNet`
    ema : how much of the averaged weights stays at each step
    other_weight : weight of the label sources other than the first
    seed : everything random follows from it
    """

    epochs: int = 20
    patience: int = 8
    batch: int = 32
    rate: float = 2e-3
    decay: float = 0.05
    width: int = 64
    dropout: float = 0.5
    ema: float = 0.97
    other_weight: float = 0.7
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Split:
    """Which clips of each source train, and which are held out."""

    songs: Sequence[Songs]
    train: Sequence[np.ndarray]
    held: Sequence[np.ndarray]


@dataclass(frozen=True, slots=True)
class Points:
    """Standardised features of one source: float32 ``(n, crops, size)`` and ``(n, windows, size)``."""

    crops: Tensor
    windows: Tensor


def to_first_scale(labels: Sequence[np.ndarray], rows: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Labels of all sources on the scale of the first.

    Listeners' ratings have a range and a bias of their own; with means and spreads matched, whatever a clip
    teaches moves the value that the show sends.

    Parameters
    ----------
    labels : ``(n, 2)`` for each source
    rows : which clips of each are known
    """
    mean, spread = np.nanmean(labels[0][rows[0]], axis=0), np.nanstd(labels[0][rows[0]], axis=0)
    scaled = [labels[0]]
    for own, known in zip(labels[1:], rows[1:], strict=True):
        own_spread = np.maximum(np.nanstd(own[known], axis=0), 1e-3)
        scaled.append(((own - np.nanmean(own[known], axis=0)) / own_spread * spread + mean).astype(np.float32))
    return scaled


def predict(net: MoodNet, windows: Tensor) -> np.ndarray:
    """Mean over the windows of each clip.

    Parameters
    ----------
    net : a member
    windows : standardised features, ``(n, windows, size)``

    Returns
    -------
    float32 ``(n, 2)``, valence and energy
    """
    net.eval()
    with torch.no_grad():
        return net(windows.flatten(0, 1)).unflatten(0, windows.shape[:2]).mean(1).numpy()


def r2(wanted: np.ndarray, got: np.ndarray) -> float:
    """Share of the variance explained.

    Parameters
    ----------
    wanted, got : of the same shape; where `wanted` is NaN there is no label, and nothing counts

    Returns
    -------
    1 at most; 0 is as good as the mean, NaN without two different labels
    """
    there = np.isfinite(wanted)
    wanted, got = wanted[there].astype(float), got[there].astype(float)
    spread = float(np.square(wanted - wanted.mean()).sum()) if len(wanted) else 0.0
    return 1.0 - float(np.square(wanted - got).sum()) / spread if spread else math.nan


def correlation(wanted: np.ndarray, got: np.ndarray) -> float:
    """Pearson's r.

    Parameters
    ----------
    wanted, got : of the same shape; where `wanted` is NaN there is no label, and nothing counts

    Returns
    -------
    -1..1, NaN where one of them is constant
    """
    there = np.isfinite(wanted)
    wanted, got = wanted[there].astype(float), got[there].astype(float)
    if len(wanted) < 2 or not wanted.std() or not got.std():
        return math.nan
    return float(np.corrcoef(wanted, got)[0, 1])


class Trainer:
    """Trains a member on one split.

    Where a process group is open, each process takes its part of every batch, and gradients are
    averaged over all (`torch.nn.parallel.DistributedDataParallel`).

    Parameters
    ----------
    split : Split
    points : of each source of the split
    settings : Settings
    path : of the checkpoint, written after every pass
    member : which one; each has random numbers of its own

    Raises
    ------
    ValueError
        The checkpoint there belongs to other settings.
    """

    def __init__(
        self, split: Split, points: Sequence[Points], settings: Settings, path: str | Path, member: int = 0
    ) -> None:
        self.split, self.points, self.settings = split, points, settings
        self.path, self.member = Path(path), member
        labels = to_first_scale([songs.labels for songs in split.songs], split.train)
        self._labels = np.concatenate([own[rows] for own, rows in zip(labels, split.train, strict=True)])
        self._sources = np.concatenate([np.full(len(rows), i) for i, rows in enumerate(split.train)])
        self._crops = torch.cat([own.crops[rows] for own, rows in zip(points, split.train, strict=True)])
        self._spread = torch.from_numpy(np.maximum(np.nanstd(self._labels, axis=0), 0.05).astype(np.float32))
        self._weight = np.where(self._sources == 0, 1.0, settings.other_weight).astype(np.float32)

        torch.manual_seed(settings.seed * 1000 + member)
        size = self._crops.shape[2]
        self.net = MoodNet(size, settings.width, settings.dropout)
        self.averaged = MoodNet(size, settings.width, settings.dropout).requires_grad_(False)
        self.averaged.load_state_dict(self.net.state_dict())
        self._shared = DistributedDataParallel(self.net) if dist.is_initialized() else self.net
        self.optimiser = torch.optim.AdamW(self.net.parameters(), settings.rate, weight_decay=settings.decay)
        self.epoch, self.step = 0, 0
        self.best_epoch, self.best_score = -1, -math.inf
        self.best = {name: value.clone() for name, value in self.averaged.state_dict().items()}
        self.curve: list[dict[str, float]] = []
        if self.path.exists():
            self._resume()

    @property
    def finished(self) -> bool:
        """Whether the passes are used up, or the held-out artists gain no more."""
        waited = self.epoch - 1 - self.best_epoch
        return self.epoch >= self.settings.epochs or (self.best_epoch >= 0 and waited >= self.settings.patience)

    @property
    def batches(self) -> int:
        """Steps in one pass."""
        return math.ceil(len(self._labels) * _WINDOWS_A_PASS / self.settings.batch)

    def train_epoch(self, on_step: Callable[[], Any] = lambda: None) -> dict[str, float]:
        """Pass over the clips, look at the held-out artists, write the checkpoint.

        Returns
        -------
        The new point of the curve.
        """
        # Everything random follows from the pass's number, so that resuming is exact.
        rng = np.random.default_rng((self.settings.seed, self.member, self.epoch))
        torch.manual_seed(int(rng.integers(2**31)))
        self.net.train()
        losses = []
        order = np.concatenate([rng.permutation(len(self._labels)) for _ in range(_WINDOWS_A_PASS)])
        for rows in np.array_split(order, self.batches):
            points = self._crops[rows, torch.from_numpy(rng.integers(self._crops.shape[1], size=len(rows)))].numpy()
            labels = self._labels[rows].copy()
            if rng.random() < 0.5:
                mixup(points, labels, self._sources[rows], rng)
            losses.append(self._train_step(points, labels, self._weight[rows]))
            on_step()
        point = {"epoch": float(self.epoch), "loss": float(np.mean(losses)), **self._validate()}
        self.curve.append(point)
        if point["score"] > self.best_score or self.best_epoch < 0:
            self.best_score, self.best_epoch = point["score"], self.epoch
            self.best = {name: value.clone() for name, value in self.averaged.state_dict().items()}
        self.epoch += 1
        if not dist.is_initialized() or dist.get_rank() == 0:
            self._save()
        return point

    def _train_step(self, points: np.ndarray, labels: np.ndarray, weight: np.ndarray) -> float:
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.rate * self._rate_factor()
        count, share = len(labels), slice(None)
        processes = 1
        if dist.is_initialized():
            processes = dist.get_world_size()
            share = slice(dist.get_rank(), None, processes)
        wanted = torch.from_numpy(labels[share])
        there = wanted.isfinite() * torch.from_numpy(weight[share])[:, None]
        error = (self._shared(torch.from_numpy(points[share])) - wanted.nan_to_num(0.5)) / self._spread
        # The processes' gradients are averaged: their mean is that of the whole batch.
        loss = (there * F.smooth_l1_loss(error, torch.zeros_like(error), reduction="none")).sum() / count * processes
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimiser.step()
        self.step += 1
        # The average follows closely at first, when it has nothing worth keeping.
        keep = min(self.settings.ema, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for kept, new in zip(self.averaged.parameters(), self.net.parameters(), strict=True):
                kept.lerp_(new, 1 - keep)
        total = loss.detach() / processes
        if dist.is_initialized():
            dist.all_reduce(total)
        return float(total)

    def _rate_factor(self) -> float:
        done = self.step / (self.batches * self.settings.epochs)
        return min(1.0, done / 0.1 + 0.01) * (0.5 + 0.5 * math.cos(math.pi * min(done, 1.0)))

    def _validate(self) -> dict[str, float]:
        point: dict[str, float] = {}
        scores = []
        for source, (songs, rows) in enumerate(zip(self.split.songs, self.split.held, strict=True)):
            got = predict(self.averaged, self.points[source].windows[rows])
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
        state = {
            "settings": self._identity(),
            "net": self.net.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "progress": [self.epoch, self.step, self.best_epoch, self.best_score],
            "best": self.best,
            "curve": self.curve,
        }
        with whole(self.path) as fresh:
            torch.save(state, fresh)

    def _identity(self) -> str:
        sizes = [len(rows) for rows in (*self.split.train, *self.split.held)]
        return f"{self.settings} member={self.member} clips={sizes}"

    def _resume(self) -> None:
        state = read_checkpoint(self.path, "settings", "net", "averaged", "optimiser", "progress", "best", "curve")
        if state["settings"] != self._identity():
            raise ValueError(
                f"{self.path}: was trained with other settings or clips ({state['settings']}); "
                "give another --run, or delete it"
            )
        self.net.load_state_dict(state["net"])
        self.averaged.load_state_dict(state["averaged"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.epoch, self.step, self.best_epoch, self.best_score = state["progress"]
        self.best, self.curve = state["best"], state["curve"]

    def best_net(self) -> MoodNet:
        """The averaged weights of the best pass."""
        net = MoodNet(self._crops.shape[2], self.settings.width, self.settings.dropout)
        net.load_state_dict(self.best)
        return net.eval()
