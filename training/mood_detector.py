"""Fit what tells music from noise, tones and speech."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from training.mood_cnn import Detector, Features, Standardise
from training.music_augment import crop

_STEPS = 800
_BATCH = 128
_RATE = 2e-3
_DECAY = 0.05
# Labels stop short of 0 and 1, so that it doesn't grow overconfident.
_MARGIN = 0.02


def random_windows(mels: Sequence[np.ndarray], windows: int, seed: int) -> Tensor:
    """`Features` of random windows of each clip.

    Parameters
    ----------
    mels : uint8 ``(128, t)`` each
    windows : of each clip
    seed : of the choice

    Returns
    -------
    float32 ``(clips * windows, size)``
    """
    rng = np.random.default_rng(seed)
    features = Features().eval()
    with torch.no_grad():
        return torch.cat(
            [features(torch.from_numpy(np.stack([crop(mel, rng) for _ in range(windows)]))) for mel in mels]
        )


def fit_detector(music: Tensor, other: Tensor, standardise: Standardise, seed: int) -> Detector:
    """Train a detector.

    Parameters
    ----------
    music, other : `Features` of windows, ``(n, size)``
    standardise : fitted
    seed : everything random follows from it

    Returns
    -------
    Detector, in evaluation mode
    """
    torch.manual_seed(seed)
    classes = [standardise(part.float()) for part in (other, music)]
    detector = Detector(classes[0].shape[1])
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
