"""The mood network: convolutions and long-term statistics, side by side, on one window.

Three models read the same window and are averaged. `ConvBranch` finds shapes a fraction of a
second long and pools them over time; `StatisticsBranch` is a perceptron on mean, spread,
change, modulation and correlation of bands; `Kernel` is support vector regression on
the same statistics. With a few hundred songs none wins alone, and their errors differ.
"""

import itertools
import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from artgen_osc.mood_mel import FLOOR_DB, HOP, SAMPLE_RATE, WINDOW_COLUMNS

USED_MELS = 120
"""The bands above, from 8.9 kHz, depend on codec and resampler more than on the music."""

KERNEL_SHARE = 0.75
"""Of the kernel in the average. Half does as well on the songs, but worse on the clips."""

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


class StatisticsBranch(nn.Module):
    """A small perceptron on standardised `Statistics`."""

    centre: Tensor
    scale: Tensor

    def __init__(self, size: int, width: int, dropout: float) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(size))
        self.register_buffer("scale", torch.ones(size))
        self.layers = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(size, width),
            nn.GELU(),
            nn.Dropout(dropout),
        )

    def fit(self, statistics: Tensor) -> None:
        """Take the mean and spread of each feature from training windows ``(n, size)``."""
        self.centre.copy_(statistics.mean(0))
        self.scale.copy_(statistics.std(0) + 1e-3)

    def forward(self, statistics: Tensor) -> Tensor:
        return self.layers(((statistics - self.centre) / self.scale).clamp(-4.0, 4.0))


class ConvBranch(nn.Module):
    """Three convolutions over band and time, then mean and spread over time."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        channels = (width // 4, width // 2, width)
        self.layers = nn.Sequential(
            nn.Conv2d(1, channels[0], (8, 5), (4, 3), padding=(2, 2)),
            nn.BatchNorm2d(channels[0]),
            nn.GELU(),
            nn.Conv2d(channels[0], channels[1], 3, 2, padding=1),
            nn.BatchNorm2d(channels[1]),
            nn.GELU(),
            nn.Dropout2d(dropout / 4),
            nn.Conv2d(channels[1], channels[2], 3, 2, padding=1),
            nn.BatchNorm2d(channels[2]),
            nn.GELU(),
        )
        self.rows = 4
        self.join = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(2 * self.rows * width, width),
            nn.GELU(),
            nn.Dropout(dropout),
        )

    def forward(self, db: Tensor) -> Tensor:
        shapes = self.layers((db[:, None] + 45.0) / 20.0)
        shapes = F.avg_pool2d(shapes, (2, 1)).flatten(1, 2)
        average = shapes.mean(2)
        spread = ((shapes - average[:, :, None]).square().mean(2) + 1e-4).sqrt()
        return self.join(torch.cat((average, spread), dim=1))


class MoodNet(nn.Module):
    """One member of the ensemble.

    Parameters
    ----------
    width : int, channels of the last layers, a multiple of 4
    dropout : share of features left out while training
    """

    def __init__(self, width: int = 48, dropout: float = 0.4) -> None:
        super().__init__()
        self.statistics = Statistics()
        self.conv = ConvBranch(width, dropout)
        self.summary = StatisticsBranch(self.statistics.size, width, dropout)
        self.moods = nn.ModuleList(nn.Linear(width, 2) for _ in range(2))
        self.doubt = nn.Linear(2 * width, 2)

    def forward(self, db: Tensor, statistics: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Predict from windows.

        Parameters
        ----------
        db : float32 ``(n, 128, WINDOW_COLUMNS)``, relative to the window's maximum
        statistics : `Statistics` of the same windows, where they are known already

        Returns
        -------
        moods : ``(branches, n, 2)`` valence and energy on Spotify's scale, unclipped
        log_variance : ``(n, 2)`` of their average's error
        """
        statistics = self.statistics(db) if statistics is None else statistics
        features = [self.conv(used_bands(db)), self.summary(statistics)]
        moods = torch.stack([head(feature) for head, feature in zip(self.moods, features, strict=True)])
        joined = torch.cat(features, dim=1)
        # Doubt learns to judge the features; it must not shape them.
        return moods + 0.5, self.doubt(joined.detach()).clamp(-7.0, 0.0) - 1.0


class Detector(nn.Module):
    """Tells music from other sound, by `Statistics`; apart from the members, so that it can't disturb them."""

    def __init__(self, width: int = 32, dropout: float = 0.3) -> None:
        super().__init__()
        self.summary = StatisticsBranch(Statistics().size, width, dropout)
        self.music = nn.Linear(width, 1)

    def forward(self, statistics: Tensor) -> Tensor:
        return self.music(self.summary(statistics))


class Calibration(nn.Module):
    """How each further label source relates to Spotify's scale: an affine map per value.

    Listeners' ratings have a range and a bias of their own. With one shared output behind
    them, whatever a clip's source teaches moves the value that the show sends.
    """

    def __init__(self, sources: int) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.ones(sources, 2))
        self.offset = nn.Parameter(torch.zeros(sources, 2))

    def forward(self, moods: Tensor, source: Tensor) -> Tensor:
        fixed = (source == 0)[:, None].to(moods.dtype)
        mapped = (moods - 0.5) * self.slope[source] + 0.5 + self.offset[source]
        return fixed * moods + (1 - fixed) * mapped


class Kernel(nn.Module):
    """Support vector regression on `Statistics`, as a layer.

    Radial basis functions around the training windows; fitted in one go by
    `training.mood_kernel`, not by gradients.

    Parameters
    ----------
    centres : float32 ``(n, size)``, standardised
    weights : ``(n, 2)``, valence and energy
    offset : ``(2,)``
    centre, scale : ``(size,)``, to standardise with
    gamma : float > 0, one over the squared width of the functions
    """

    centres: Tensor
    weights: Tensor
    offset: Tensor
    centre: Tensor
    scale: Tensor

    def __init__(
        self, centres: Tensor, weights: Tensor, offset: Tensor, centre: Tensor, scale: Tensor, gamma: float
    ) -> None:
        super().__init__()
        names = ("centres", "weights", "offset", "centre", "scale")
        for name, value in zip(names, (centres, weights, offset, centre, scale), strict=True):
            self.register_buffer(name, value.float())
        self.gamma = gamma

    def forward(self, statistics: Tensor) -> Tensor:
        points = ((statistics - self.centre) / self.scale).clamp(-4.0, 4.0)
        lengths = points.square().sum(1)[:, None] + self.centres.square().sum(1)[None]
        distance = (lengths - 2.0 * points @ self.centres.T).clamp(min=0.0)
        return (-self.gamma * distance).exp() @ self.weights + self.offset


class Ensemble(nn.Module):
    """Members and a kernel, averaged into the one network that is shipped.

    Parameters
    ----------
    members : trained on different parts of the data
    kernel : counts for `KERNEL_SHARE`, the members for the rest
    detector : for the probability of music
    """

    def __init__(self, members: list[MoodNet], kernel: Kernel, detector: Detector) -> None:
        super().__init__()
        self.statistics = Statistics()
        self.members = nn.ModuleList(members)
        self.kernel = kernel
        self.detector = detector

    def forward(self, db: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Predict from windows ``(n, 128, WINDOW_COLUMNS)``.

        Returns
        -------
        mood : ``(n, 2)`` valence and energy, 0..1
        sigma : ``(n, 2)`` the standard deviation that is expected of their errors
        music : ``(n, 1)`` how likely this is music, 0..1
        """
        statistics = self.statistics(db)
        results = [member(db, statistics) for member in self.members]
        moods = torch.stack([mood.mean(0) for mood, _ in results]).mean(0)
        sigma = torch.stack([variance.exp() for _, variance in results]).mean(0).sqrt()
        mood = (moods + KERNEL_SHARE * (self.kernel(statistics) - moods)).clamp(0.0, 1.0)
        return mood, sigma, self.detector(statistics).sigmoid()
