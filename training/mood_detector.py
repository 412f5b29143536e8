"""Fit what tells music from noise, tones and speech."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from training.mood_cnn import Detector, Statistics
from training.music_augment import crop

_STEPS = 600
_BATCH = 128
_RATE = 3e-3
_DECAY = 0.05
# Labels stop short of 0 and 1, so that it doesn't grow overconfident.
_MARGIN = 0.02


def _statistics(mels: Sequence[np.ndarray], windows: int, rng: np.random.Generator) -> Tensor:
    rows = []
    with torch.no_grad():
        for mel in mels:
            rows.append(Statistics()(torch.from_numpy(np.stack([crop(mel, rng) for _ in range(windows)]))))
    return torch.cat(rows)


def fit_detector(music: Sequence[np.ndarray], other: Sequence[np.ndarray], seed: int, windows: int = 4) -> Detector:
    """Train a detector on random windows.

    Parameters
    ----------
    music, other : uint8 pictures ``(128, t)``
    seed : everything random follows from it
    windows : random ones of each clip

    Returns
    -------
    Detector, in evaluation mode
    """
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    classes = [_statistics(clips, windows, rng) for clips in (other, music)]
    detector = Detector()
    detector.summary.fit(torch.cat(classes))
    optimiser = torch.optim.AdamW(detector.parameters(), _RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, _STEPS)
    wanted = torch.tensor([_MARGIN, 1 - _MARGIN]).repeat_interleave(_BATCH // 2)[:, None]
    for _ in range(_STEPS):
        rows = [part[torch.randint(len(part), (_BATCH // 2,))] for part in classes]
        loss = F.binary_cross_entropy_with_logits(detector(torch.cat(rows)), wanted)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return detector.eval()
