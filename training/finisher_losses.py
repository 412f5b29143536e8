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
    """How differently much texture lies in each place of each band of the brightness, 0 where it is the same.

    Where it lies to the pixel doesn't count, so grain may be invented; too little and too much cost the same. A grid
    would be the cheapest grain, so the amounts are also compared by row and column within a pixel of the small picture.

    Parameters
    ----------
    ours, theirs : float ``(n, 3, height, width)``, both sides divisible by 32
    """
    apart = []
    grey = [pictures.mean(1, keepdim=True) for pictures in (ours, theirs)]
    for mine, wanted in zip(*(bands(pictures) for pictures in grey), strict=True):
        for amounts in (
            [F.avg_pool2d(band.abs(), AREA) for band in (mine, wanted)],
            [by_phase(band.abs()) for band in (mine, wanted)],
        ):
            apart.append(F.l1_loss(*amounts) / amounts[1].mean())
    return torch.stack(apart).mean()


def by_phase(pictures: Tensor) -> Tensor:
    """Means over all pixels that lie at the same place within a pixel of the small picture, or a part of that.

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
