"""Fit the kernel half of the mood network: support vector regression on window statistics."""

from collections.abc import Sequence

import numpy as np
import torch

from artgen_osc.mood_mel import WINDOW_COLUMNS
from training.mood_cnn import Calibration, Kernel, Statistics
from training.music import Songs, windows

PENALTY = 0.3
TOLERANCE = 0.05
WIDTH = 0.5
"""Over the number of statistics: gamma. Found by cross-validation, flat from a quarter to twice."""

_WINDOWS_PER_CLIP = 2
_OTHER_WEIGHT = 0.7
_LEAST_SLOPE = 0.4


def window_statistics(mel: np.ndarray, most: int = _WINDOWS_PER_CLIP) -> np.ndarray:
    """`Statistics` of windows spread over a clip.

    Parameters
    ----------
    mel : uint8 ``(128, t)``
    most : how many windows

    Returns
    -------
    float32 ``(1..most, size)``
    """
    cut = windows(mel, WINDOW_COLUMNS // 2)
    chosen = np.unique(np.linspace(0, len(cut) - 1, most).round().astype(int))
    with torch.no_grad():
        return Statistics()(torch.from_numpy(cut[chosen])).numpy()


def fit_kernel(songs: Sequence[Songs], rows: Sequence[np.ndarray], calibration: Calibration) -> Kernel:
    """Fit on clips of all sources at once, on the scale of the first.

    Parameters
    ----------
    songs : the sources
    rows : which clips of each
    calibration : how the further sources relate to the first, as a trained member found it

    Returns
    -------
    Kernel, with the windows that carry weight
    """
    from sklearn.svm import SVR

    features, wanted, weights = [], [], []
    slope = calibration.slope.detach().clamp(min=_LEAST_SLOPE).numpy()
    offset = calibration.offset.detach().numpy()
    for source, (clips, chosen) in enumerate(zip(songs, rows, strict=True)):
        for i in chosen:
            label = clips.labels[i]
            if source:
                label = (label - 0.5 - offset[source]) / slope[source] + 0.5
            part = window_statistics(clips.mel[i])
            features.append(part)
            wanted += [label] * len(part)
            weights += [_OTHER_WEIGHT if source else 1.0] * len(part)
    points, labels, weight = np.concatenate(features), np.array(wanted), np.array(weights)
    centre, scale = points.mean(0), points.std(0) + 1e-3
    points = ((points - centre) / scale).clip(-4.0, 4.0).astype(np.float32)
    gamma = WIDTH / points.shape[1]

    columns, offsets = np.zeros((len(points), 2)), np.zeros(2)
    for value in range(2):
        known = np.flatnonzero(np.isfinite(labels[:, value]))
        machine = SVR(C=PENALTY, epsilon=TOLERANCE, gamma=gamma)
        machine.fit(points[known], labels[known, value], sample_weight=weight[known])
        columns[known[machine.support_], value] = machine.dual_coef_[0]
        offsets[value] = machine.intercept_[0]
    used = np.flatnonzero(np.abs(columns).sum(axis=1))
    tensors = (torch.from_numpy(array) for array in (points[used], columns[used], offsets, centre, scale))
    return Kernel(*tensors, gamma=gamma)
