"""Losses and augmentation of the generator's training."""

import torch
from torch import Tensor
from torch.nn import functional as F


def hinge_discriminator(real: list[Tensor], fake: list[Tensor]) -> Tensor:
    """Hinge loss over several heads (Lim & Ye, 2017; Sauer et al., 2021).

    Parameters
    ----------
    real, fake : scores by each head, of any shape; high is real
    """
    return sum((F.relu(1 - r).mean() + F.relu(1 + f).mean() for r, f in zip(real, fake, strict=True)), torch.zeros(()))


def hinge_generator(fake: list[Tensor]) -> Tensor:
    """The generator's side of `hinge_discriminator`."""
    return sum((-f.mean() for f in fake), torch.zeros(()))


def mood_loss(measured: Tensor, asked: Tensor) -> Tensor:
    """Mean squared error in standard deviations of the collection: 0..1 spans four.

    Parameters
    ----------
    measured, asked : float ``(n, 2)``, valence and energy
    """
    return F.mse_loss(measured * 4.0, asked * 4.0)


def anchor_loss(fake: Tensor, real: Tensor, fake_maps: list[Tensor], real_maps: list[Tensor]) -> Tensor:
    """How far pictures lie from those they are anchored to, 0 when they are the same: coarse colours, and features.

    Parameters
    ----------
    fake, real : float ``(n, 3, size, size)``
    fake_maps, real_maps : features of both, of any number of scales; mean absolute differences count in
        units of the real ones' mean size
    """
    coarse = [F.adaptive_avg_pool2d(pictures, 32) for pictures in (fake, real)]
    apart = [F.l1_loss(f, r) / r.abs().mean() for f, r in zip(fake_maps, real_maps, strict=True)]
    return F.l1_loss(*coarse) + torch.stack(apart).mean()


def soften(pictures: Tensor) -> Tensor:
    """Binomial 3x3 filter: takes the finest grid away, by which a generator could please fixed features alone."""
    padded = F.pad(pictures, (1,) * 4, mode="replicate")
    return F.avg_pool2d(F.avg_pool2d(padded, 2, 1), 2, 1)


def augment(batches: list[Tensor], generator: torch.Generator) -> list[Tensor]:
    """Translation and cutout, differentiable, one draw for each place in the batches.

    After DiffAugment (Zhao et al., 2020). Colour is left alone: it carries the mood.

    Parameters
    ----------
    batches : one or more ``(n, 3, size, size)``; pictures at the same place are changed in the same way
    generator : of the random numbers
    """
    n, _, height, width = batches[0].shape
    reach, hole = height // 8, int(height * 0.4)
    shifts = torch.randint(-reach, reach + 1, (n, 2), generator=generator)
    corners = torch.randint(-hole // 2, height - hole // 2, (n, 2), generator=generator)
    cut = torch.rand(n, generator=generator) < 0.7
    y, x = torch.arange(height), torch.arange(width)
    rows, columns = _reflected(y + shifts[:, :1], height), _reflected(x + shifts[:, 1:], width)
    in_rows, in_columns = (
        (places >= corner) & (places < corner + hole) for places, corner in ((y, corners[:, :1]), (x, corners[:, 1:]))
    )
    kept = ~(in_rows[:, :, None] & in_columns[:, None, :] & cut[:, None, None])
    rows, columns, kept = (part.to(batches[0].device, non_blocking=True) for part in (rows, columns, kept))
    moved = [
        pictures.gather(2, rows[:, None, :, None].expand(pictures.shape)).gather(
            3, columns[:, None, None, :].expand(pictures.shape)
        )
        for pictures in batches
    ]
    return [pictures * kept[:, None] for pictures in moved]


def _reflected(places: Tensor, side: int) -> Tensor:
    """Places outside 0..side - 1 as a mirror at the rim shows them."""
    return side - 1 - (side - 1 - places.abs()).abs()
