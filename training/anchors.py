"""Where each training picture lies in latent space.

A generator that only has to fool a discriminator may answer every z with the same few pictures.
Here every picture has a z of its own, from what lies where in it and how it is made, and
the generator is held to it: so z spans the whole collection from the first step on.
"""

import math

import torch
from scipy.stats import rankdata
from torch import Tensor, nn
from torch.nn import functional as F

from training.pictures import to_float

_LAYOUT_SIDE = 16
_FEATURE_SIDE = 128
_AT_ONCE = 32


def _layout(pictures: Tensor) -> Tensor:
    """What lies where, whatever the mean colour and the contrast: ``(n, 768)``."""
    coarse = F.adaptive_avg_pool2d(pictures, _LAYOUT_SIDE).flatten(2)
    return F.normalize((coarse - coarse.mean(2, keepdim=True)).flatten(1), dim=1, eps=1e-3)


def _presence(pictures: Tensor, features: nn.Module) -> Tensor:
    """How strongly each feature is there, wherever: ``(n, channels)``."""
    if pictures.shape[-1] > _FEATURE_SIDE:
        pictures = F.interpolate(pictures, (_FEATURE_SIDE, _FEATURE_SIDE), mode="area")
    return torch.cat([part.mean((2, 3)) for part in features(pictures)], 1)


@torch.no_grad()
def picture_codes(pictures: Tensor, features: nn.Module, moods: Tensor, z_dim: int) -> Tensor:
    """A z for each picture and for its mirror image.

    Principal components of layout and features, without what the mood explains, each made
    normal by rank: over the collection z is spread as the z of the show is.

    Parameters
    ----------
    pictures : uint8 ``(n, 3, size, size)``
    features : a fixed network, pictures to maps
    moods : float ``(n, 2)``
    z_dim : length of z; what the pictures don't fill is random, the same each time

    Returns
    -------
    float ``(2, n, z_dim)``: of the pictures, of their mirror images
    """
    layouts, presences = [], []
    device = next(features.parameters()).device
    for mirrored in (False, True):
        for part in pictures.split(_AT_ONCE):
            image = to_float(part.flip(3) if mirrored else part)
            layouts.append(_layout(image))
            presences.append(_presence(image.to(device), features).cpu())
    layout, presence = torch.cat(layouts).double(), torch.cat(presences).double()
    presence = (presence - presence.mean(0)) / (presence.std(0) + 1e-6)
    # Both count the same.
    rows = torch.cat([block / (block - block.mean(0)).square().sum().sqrt() for block in (layout, presence)], 1)

    valence, energy = moods.double().repeat(2, 1).unbind(1)
    explaining = torch.stack([torch.ones_like(valence), valence, energy, valence**2, energy**2, valence * energy], 1)
    rows = rows - explaining @ torch.linalg.lstsq(explaining, rows).solution

    # Principal components through the small matrix of products, whatever the number of pictures.
    strength, axes = torch.linalg.eigh(rows.T @ rows)
    strength, axes = strength.flip(0)[:z_dim], axes.flip(1)[:, :z_dim]
    there = strength > 1e-10 * strength[0]
    components = rows @ axes[:, there] * strength[there].rsqrt()
    # Which way a component points means nothing; a fixed direction decides, so that it is the same each time.
    direction = torch.randn(len(rows), 1, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    components = components * (components * direction).sum(0).sign()
    # A picture and its mirror image tie where a component is blind to sides.
    ranks = torch.from_numpy(rankdata(components.numpy().round(9), axis=0))
    codes = math.sqrt(2) * torch.erfinv((2 * ranks - 1) / len(rows) - 1)
    missing = z_dim - codes.shape[1]
    rest = torch.randn(len(rows), missing, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return torch.cat([codes, rest], 1).float().view(2, len(pictures), z_dim)
