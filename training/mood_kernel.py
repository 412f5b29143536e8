"""Fit the kernel half of the mood network: support vector regression on features of windows."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from training.mood_cnn import Kernel
from training.mood_fit import Points, to_first_scale
from training.mood_material import Material

PENALTY = 0.5
TOLERANCE = 0.05
GAMMA = 0.8
"""With the mean squared differences of both parts of the standardised features as distance. Flat from 0.5 to 1.4 in
cross-validation."""
COMPONENTS = (256, 96)
OTHER_WEIGHT = 0.7

_WINDOWS, _CROPS = 2, 3


def fit_axes(windows: Sequence[Tensor], parts: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Principal components of music in both parts of the features; no labels are looked at.

    Parameters
    ----------
    windows : standardised windows of each source, ``(n, WINDOWS, size)``
    parts : sizes of the two parts

    Returns
    -------
    Two ``(size, components)``, scaled so that squared distances are mean squared differences
    """
    points = torch.cat([own[:, :: own.shape[1] // _WINDOWS].flatten(0, 1) for own in windows])
    axes = []
    for part, count in zip(points.split(list(parts), 1), COMPONENTS, strict=True):
        directions = torch.linalg.svd(part, full_matrices=False).Vh[:count].T
        axes.append(directions / part.shape[1] ** 0.5)
    return axes[0], axes[1]


def fit_kernel(
    material: Sequence[Material],
    points: Sequence[Points],
    rows: Sequence[np.ndarray],
    axes: tuple[Tensor, Tensor],
) -> Kernel:
    """Fit on clips of all sources at once, on the scale of the first.

    Parameters
    ----------
    material : the sources
    points : standardised features of each; windows as they are and changed ones, short ones among them, count alike
    rows : which clips of each
    axes : of `fit_axes`

    Returns
    -------
    Kernel, with the windows that carry weight
    """
    from sklearn.svm import SVR

    labels = to_first_scale([part.songs.labels for part in material], rows)
    chosen = [
        torch.cat([own.windows[known][:, :: own.windows.shape[1] // _WINDOWS], own.crops[known][:, :_CROPS]], 1)
        for own, known in zip(points, rows, strict=True)
    ]
    count = chosen[0].shape[1]
    split = torch.cat([part.flatten(0, 1) for part in chosen]).split([len(part) for part in axes], 1)
    places = torch.cat([split[0] @ axes[0], split[1] @ axes[1]], 1).numpy()
    wanted = np.concatenate([labels[i][rows[i]] for i in range(len(material))])
    wanted = np.repeat(wanted, count, axis=0)
    weight = np.repeat(
        np.concatenate([np.full(len(rows[i]), OTHER_WEIGHT if i else 1.0) for i in range(len(material))]), count
    )
    columns, offsets = np.zeros((len(places), 2)), np.zeros(2)
    for value in range(2):
        known = np.flatnonzero(np.isfinite(wanted[:, value]))
        if not len(known):
            continue
        machine = SVR(C=PENALTY, epsilon=TOLERANCE, gamma=GAMMA)
        machine.fit(places[known], wanted[known, value], sample_weight=weight[known])
        columns[known[machine.support_], value] = machine.dual_coef_[0]
        offsets[value] = machine.intercept_[0]
    used = np.flatnonzero(np.abs(columns).sum(axis=1))
    numbers = (torch.from_numpy(array) for array in (places[used], columns[used], offsets))
    return Kernel(axes, *numbers, gamma=GAMMA)


def fit_expected(novelties: Sequence[np.ndarray], errors: Sequence[np.ndarray]) -> Tensor:
    """How far off to expect to be: straight lines through the errors of held-out clips over their novelty.

    Parameters
    ----------
    novelties : ``(n,)`` for each source
    errors : ``(n, 2)`` for each source, on the first one's scale, NaN where unknown

    Returns
    -------
    ``(2, 2)``, what `training.mood_cnn.Ensemble` takes
    """
    weight = np.concatenate([np.full(len(own), OTHER_WEIGHT if i else 1.0) for i, own in enumerate(novelties)])
    x, lines = np.concatenate(novelties), np.zeros((2, 2))
    for value, off in enumerate(np.concatenate(errors).T):
        known = np.isfinite(off)
        if known.sum() > 2:
            lines[:, value] = np.polyfit(x[known], off[known], 1, w=weight[known] ** 0.5)[::-1]
    return torch.from_numpy(lines).float()
