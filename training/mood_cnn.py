"""The mood network: what two fixed parts hear in a window, and what learns from it.

`Features` are those of MusiCNN, a convolutional network that learned from 200,000 tagged songs (`training.musicnn`),
and `Statistics`: mean, spread, change, modulation and correlation of bands over 8 s. On them
two models learn and are averaged: `MoodNet`, a perceptron, one for each part of the data, and `Kernel`,
support vector regression. With a few hundred songs neither wins alone, and their errors differ.
"""

import itertools
import math

import torch
from torch import Tensor, nn

from artgen_osc.mood.mel import FLOOR_DB, HOP, SAMPLE_RATE, WINDOW_COLUMNS
from training.musicnn import Musicnn

USED_MELS = 120
"""The bands above, from 8.9 kHz, depend on codec and resampler more than on the music."""

KERNEL_SHARE = 0.5
"""Of the kernel in the average."""

_NEIGHBOURS = 15
_BANDS = 15
_MODULATION_HZ = (0.2, 0.5, 0.8, 1.1, 1.4, 1.7, 2.1, 2.6, 3.2, 4.0, 5.0, 6.3, 8.0, 10.0, 12.4)


def used_bands(db: Tensor) -> Tensor:
    """The bands that count, ``(n, 128, t)`` to ``(n, 120, t)``, held within -80..0 dB."""
    return db[:, :USED_MELS].clamp(FLOOR_DB, 0.0)


class Statistics(nn.Module):
    """Fixed features of a window: dB ``(n, 128, t)`` to ``(n, size)``."""

    cosine: Tensor
    sine: Tensor
    groups: Tensor

    def __init__(self) -> None:
        super().__init__()
        columns = torch.arange(WINDOW_COLUMNS, dtype=torch.float64)
        taper = torch.hann_window(WINDOW_COLUMNS, periodic=False, dtype=torch.float64)
        angle = 2 * math.pi / WINDOW_COLUMNS * columns[:, None] * columns[None, : WINDOW_COLUMNS // 2 + 1]
        hz = columns[: WINDOW_COLUMNS // 2 + 1] * SAMPLE_RATE / HOP / WINDOW_COLUMNS
        member = [(hz >= low) & (hz < high) for low, high in itertools.pairwise(_MODULATION_HZ)]
        groups = torch.stack([m.double() / m.sum().clamp(min=1) for m in member], dim=1)
        self.register_buffer("cosine", (taper[:, None] * torch.cos(angle)).float(), persistent=False)
        self.register_buffer("sine", (taper[:, None] * torch.sin(angle)).float(), persistent=False)
        self.register_buffer("groups", groups.float(), persistent=False)
        upper = torch.triu_indices(_BANDS, _BANDS, offset=1)
        self.register_buffer("pairs", upper[0] * _BANDS + upper[1], persistent=False)
        self.size = 3 * (USED_MELS // 2) + _BANDS * (len(_MODULATION_HZ) - 1) + upper.shape[1]

    def forward(self, db: Tensor) -> Tensor:
        db = used_bands(db)
        fine = db.unflatten(1, (USED_MELS // 2, 2)).mean(2)
        change = (fine[:, :, 1:] - fine[:, :, :-1]).abs().mean(2)
        average = fine.mean(2)
        spread = ((fine - average[:, :, None]).square().mean(2) + 1e-2).sqrt()
        coarse = db.unflatten(1, (_BANDS, USED_MELS // _BANDS)).mean(2)
        coarse = coarse - coarse.mean(2, keepdim=True)
        power = (coarse @ self.cosine).square() + (coarse @ self.sine).square()
        modulation = (power @ self.groups + 1.0).log()
        covariance = coarse @ coarse.transpose(1, 2) / coarse.shape[2]
        scale = (covariance * torch.eye(_BANDS, device=db.device)).sum(2).add(1.0).sqrt()
        correlation = covariance / (scale[:, :, None] * scale[:, None, :])
        correlation = correlation.flatten(1)[:, self.pairs]
        return torch.cat((average, spread, change, modulation.flatten(1), correlation), dim=1)


class Features(nn.Module):
    """All that the learning parts know of a window: dB ``(n, 128, WINDOW_COLUMNS)`` to ``(n, size)``.

    Attributes
    ----------
    parts : sizes of MusiCNN's features and of the statistics
    """

    def __init__(self) -> None:
        super().__init__()
        self.musicnn, self.statistics = Musicnn(), Statistics()
        self.parts = (self.musicnn.size, self.statistics.size)
        self.size = sum(self.parts)

    def forward(self, db: Tensor) -> Tensor:
        return torch.cat((self.musicnn(db), self.statistics(db)), 1)


class Standardise(nn.Module):
    """Each feature in its standard deviations from its mean over music, within four."""

    centre: Tensor
    scale: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(size))
        self.register_buffer("scale", torch.ones(size))

    def fit(self, features: Tensor) -> None:
        """Take mean and spread from windows of music ``(n, size)``."""
        self.centre.copy_(features.mean(0))
        self.scale.copy_(features.std(0) + 1e-3)

    def forward(self, features: Tensor) -> Tensor:
        return ((features - self.centre) / self.scale).clamp(-4.0, 4.0)


class MoodNet(nn.Module):
    """One member of the ensemble: a perceptron on standardised `Features`.

    Parameters
    ----------
    size : of the features
    width : int, units of the hidden layer
    dropout : share of features and of units left out while training
    """

    def __init__(self, size: int, width: int = 64, dropout: float = 0.5) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(size, width), nn.GELU(), nn.Dropout(dropout), nn.Linear(width, 2)
        )

    def forward(self, points: Tensor) -> Tensor:
        """Valence and energy on the first source's scale, unclipped, ``(n, 2)``."""
        return self.layers(points) + 0.5


class Detector(nn.Module):
    """Tells music from other sound, by standardised `Features`.

    Parameters
    ----------
    size : of `Features`
    width : of the hidden layer
    dropout : 0..1, share of the inputs and of the hidden layer that is left out in training
    """

    def __init__(self, size: int, width: int = 32, dropout: float = 0.3) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(size, width), nn.GELU(), nn.Dropout(dropout), nn.Linear(width, 1)
        )

    def forward(self, points: Tensor) -> Tensor:
        return self.layers(points)


def _squared_distances(points: Tensor, others: Tensor) -> Tensor:
    """Of each of ``(n, size)`` from each of ``(m, size)``, ``(n, m)``."""
    lengths = points.square().sum(1)[:, None] + others.square().sum(1)[None]
    return (lengths - 2.0 * points @ others.T).clamp(min=0.0)


def novelty(distances: Tensor) -> Tensor:
    """How little is known that is alike: the log of the mean of the smallest distances, ``(n, m)`` to ``(n, 1)``."""
    nearest = distances.topk(min(_NEIGHBOURS, distances.shape[1]), largest=False).values
    return nearest.mean(1, keepdim=True).clamp(min=1e-3).log()


class Kernel(nn.Module):
    """Support vector regression on standardised `Features`, as a layer.

    Radial basis functions around windows of music, in principal components of both parts of the
    features; fitted in one go by `training.mood_kernel`, not by gradients.

    Parameters
    ----------
    axes : one ``(size, components)`` for each part of the features
    centres : float32 ``(n, all components)``
    weights : ``(n, 2)``, valence and energy
    offset : ``(2,)``
    gamma : float > 0, one over the squared width of the functions
    """

    centres: Tensor
    weights: Tensor
    offset: Tensor

    def __init__(
        self, axes: tuple[Tensor, Tensor], centres: Tensor, weights: Tensor, offset: Tensor, gamma: float
    ) -> None:
        super().__init__()
        names = ("axes0", "axes1", "centres", "weights", "offset")
        for name, value in zip(names, (*axes, centres, weights, offset), strict=True):
            self.register_buffer(name, value.float())
        self.gamma = gamma

    def forward(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Valence and energy, unclipped, ``(n, 2)``, and the `novelty` of the statistics, ``(n, 1)``."""
        axes: list[Tensor] = [self.axes0, self.axes1]  # type: ignore[list-item]
        parts = points.split([len(own) for own in axes], 1)
        centres = self.centres.split([own.shape[1] for own in axes], 1)
        musicnn, statistics = (
            _squared_distances(part @ own, theirs) for part, own, theirs in zip(parts, axes, centres, strict=True)
        )
        mood = (-self.gamma * (musicnn + statistics)).exp() @ self.weights + self.offset
        return mood, novelty(statistics)


class Ensemble(nn.Module):
    """Members and a kernel, averaged into the one network that is shipped.

    Parameters
    ----------
    standardise : fitted
    members : trained on different parts of the data
    kernel : counts for `KERNEL_SHARE`, the members for the rest
    detector : for the probability of music
    expected : ``(2, 2)``, the errors to expect where the `novelty` is 0, and how much they grow with it
    """

    expected: Tensor

    def __init__(
        self, standardise: Standardise, members: list[MoodNet], kernel: Kernel, detector: Detector, expected: Tensor
    ) -> None:
        super().__init__()
        self.register_buffer("expected", expected)
        self.features, self.standardise = Features(), standardise
        self.members = nn.ModuleList(members)
        self.kernel, self.detector = kernel, detector

    def forward(self, db: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Predict from windows ``(n, 128, WINDOW_COLUMNS)``.

        Returns
        -------
        mood : ``(n, 2)`` valence and energy, 0..1
        sigma : ``(n, 2)`` how far off each is expected to be
        music : ``(n, 1)`` how likely this is music, 0..1
        """
        points = self.standardise(self.features(db))
        members = torch.stack([member(points) for member in self.members]).mean(0)
        mood, novelty = self.kernel(points)
        sigma = self.expected[0] + self.expected[1] * novelty
        mood = members + KERNEL_SHARE * (mood - members)
        return mood.clamp(0.0, 1.0), sigma.clamp(0.02, 0.5), self.detector(points).sigmoid()
