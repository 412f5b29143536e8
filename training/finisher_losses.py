"""What the finisher is held to, beside a judge: the teacher's pixels, its contours, and how much texture is where."""

import torch
from torch import Tensor
from torch.nn import functional as F

from training.finisher import SCALE

AREA = 8
"""Side in pixels of the places in which amounts of texture are compared."""
LEVELS = 3


def contours(ours: Tensor, theirs: Tensor) -> Tensor:
    """Mean absolute difference of the changes from pixel to pixel, both ways.

    Parameters
    ----------
    ours, theirs : float ``(n, 3, height, width)``
    """
    apart = ours - theirs
    return apart.diff(dim=2).abs().mean() + apart.diff(dim=3).abs().mean()


def bands(pictures: Tensor, count: int = LEVELS) -> list[Tensor]:
    """The finest levels of a Laplacian pyramid, finest first.

    Parameters
    ----------
    pictures : float ``(n, c, height, width)``, both sides divisible by ``2 ** count``
    count : int > 0
    """
    found = []
    for _ in range(count):
        coarse = F.avg_pool2d(pictures, 2)
        found.append(pictures - F.interpolate(coarse, scale_factor=2.0, mode="bilinear", align_corners=False))
        pictures = coarse
    return found


def texture(ours: Tensor, theirs: Tensor) -> Tensor:
    """How differently much texture of each fineness and direction lies in each place, 0 where it is the same.

    Where it lies to the pixel doesn't count, so grain may be invented; too little and too much cost the same.

    Parameters
    ----------
    ours, theirs : float ``(n, 3, height, width)``, both sides divisible by 32
    """
    apart = []
    grey = [pictures.mean(1, keepdim=True) for pictures in (ours, theirs)]
    found = [[*bands(pictures), *(_change(pictures, along) for along in (2, 3))] for pictures in grey]
    for both in zip(*found, strict=True):
        amounts = [F.avg_pool2d(band.abs(), AREA) for band in both]
        apart.append(F.l1_loss(*amounts) / amounts[1].mean())
    return torch.stack(apart).mean()


def gridded(ours: Tensor, theirs: Tensor) -> Tensor:
    """How differently much changes from pixel to pixel by where it is within a pixel of the small picture.

    A grid is the cheapest texture that a network can add, and a small judge doesn't mind it: this does.

    Parameters
    ----------
    ours, theirs : float ``(n, 3, height, width)``, both sides divisible by 4
    """
    apart = []
    for along in (2, 3):
        changes = [by_phase(_change(pictures.mean(1, keepdim=True), along).abs()) for pictures in (ours, theirs)]
        apart.append(F.l1_loss(*changes) / changes[1].mean())
    return torch.stack(apart).mean()


def _change(pictures: Tensor, along: int) -> Tensor:
    return pictures - pictures.roll(1, along)


def by_phase(pictures: Tensor) -> Tensor:
    """Means over all pixels that lie at the same place within a pixel of the small picture.

    Parameters
    ----------
    pictures : float ``(n, c, height, width)``, both sides divisible by 4

    Returns
    -------
    float ``(n, c, 4, 4)``
    """
    n, channels, height, width = pictures.shape
    return pictures.view(n, channels, height // SCALE, SCALE, width // SCALE, SCALE).mean((2, 4))


def features_apart(ours: list[Tensor], theirs: list[Tensor]) -> Tensor:
    """Mean absolute difference of maps of features, in units of their mean size, of all scales together.

    Parameters
    ----------
    ours, theirs : float ``(n, c, height, width)`` each
    """
    return torch.stack([F.l1_loss(a, b) / b.abs().mean() for a, b in zip(ours, theirs, strict=True)]).mean()
