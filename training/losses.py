"""Losses and augmentation of the generator's training."""

import torch
from torch import Tensor
from torch.nn import functional as F


def hinge_discriminator(real: list[Tensor], fake: list[Tensor]) -> Tensor:
    """Hinge loss over several heads (Lim & Ye, 2017; Sauer et al., 2021)."""
    return sum((F.relu(1 - r).mean() + F.relu(1 + f).mean() for r, f in zip(real, fake, strict=True)), torch.zeros(()))


def hinge_generator(fake: list[Tensor]) -> Tensor:
    """The generator's side of `hinge_discriminator`."""
    return sum((-f.mean() for f in fake), torch.zeros(()))


def mood_loss(measured: Tensor, asked: Tensor) -> Tensor:
    """Mean squared error in standard deviations of the collection: 0..1 spans four."""
    return F.mse_loss(measured * 4.0, asked * 4.0)


def structure_distance(one: Tensor, other: Tensor) -> Tensor:
    """How different two pictures are in what lies where, whatever their mean colours: mean over all pairs, 0..2.

    Parameters
    ----------
    one, other : float ``(n, 3, size, size)``, picture i of one against picture i of the other
    """
    layouts = []
    for pictures in (one, other):
        coarse = F.adaptive_avg_pool2d(pictures, 16).flatten(2)
        layouts.append(F.normalize((coarse - coarse.mean(2, keepdim=True)).flatten(1), dim=1, eps=1e-3))
    return (layouts[0] - layouts[1]).square().sum(1).add(1e-8).sqrt().mean()


def diversity_loss(one: Tensor, other: Tensor, usual: Tensor) -> Tensor:
    """0 when pictures of the same mood and different z lie as far apart as real ones (`usual`), 1 when they are equal.

    Keeps the generator from answering every z with one picture, after Yang et al. (2019),
    *Diversity-Sensitive Conditional Generative Adversarial Networks*.
    """
    return F.relu(1 - structure_distance(one, other) / usual)


def augment(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Translation and cutout, differentiable, one draw for each picture.

    After DiffAugment (Zhao et al., 2020). Colour is left alone: it carries the mood.
    """
    n, _, height, width = pictures.shape
    reach = height // 8
    padded = F.pad(pictures, (reach,) * 4, mode="reflect")
    shifts = torch.randint(0, 2 * reach + 1, (n, 2), generator=generator).tolist()
    moved = torch.stack([padded[i, :, y : y + height, x : x + width] for i, (y, x) in enumerate(shifts)])
    mask = torch.ones(n, 1, height, width)
    hole = int(height * 0.4)
    corners = torch.randint(-hole // 2, height - hole // 2, (n, 2), generator=generator).tolist()
    cut = torch.rand(n, generator=generator) < 0.7
    for i, (y, x) in enumerate(corners):
        if cut[i]:
            mask[i, :, max(y, 0) : y + hole, max(x, 0) : x + hole] = 0
    return moved * mask
