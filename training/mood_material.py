"""Clips as what the mood network knows of them: `Features` of many windows, computed once and kept."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from artgen_osc.mood.mel import WINDOW_COLUMNS
from artgen_osc.runtime.files import whole
from training import mood_cnn, music_augment, musicnn
from training.mood_cnn import Features, Standardise
from training.music import Songs, relative_windows
from training.music_augment import crop

CROPS = 8
"""Random windows of each clip, changed as `training.music_augment` does: to learn from."""
WINDOWS = 8
"""Windows spread over each clip as it is: to learn from, and to judge by."""


@dataclass(frozen=True, slots=True)
class Material:
    """A source of labelled music, seen through `Features`.

    Attributes
    ----------
    songs : the clips and their labels
    crops : float16 ``(n, CROPS, size)``
    windows : float16 ``(n, WINDOWS, size)``
    """

    songs: Songs
    crops: Tensor
    windows: Tensor


def describe(
    songs: Songs,
    seed: int,
    cache: Path | None = None,
    progress: Callable[[Sequence[np.ndarray]], Iterable[np.ndarray]] = iter,  # type: ignore[assignment]
) -> Material:
    """Look at every clip.

    Parameters
    ----------
    songs : one source
    seed : of the crops
    cache : folder of what was looked at before; None: look at all of them
    progress : goes through the clips, and shows how far it is
    """
    features = Features().eval()
    # Whatever shapes the features is part of a kept one's name, the code that makes them too.
    makers = [Path(module.__file__) for module in (mood_cnn, music_augment, musicnn)]
    identity = hashlib.sha256(f"{seed} {CROPS} {WINDOWS}".encode())
    for path in (*makers, musicnn.WEIGHTS):
        identity.update(path.read_bytes())
    crops, windows = [], []
    for mel in progress(songs.mel):
        digest = hashlib.sha256(identity.digest() + mel.tobytes()).hexdigest()[:24]
        both = _cached(cache / f"{digest}.npy" if cache else None, lambda mel=mel: _look(mel, features, seed))
        crops.append(both[:CROPS])
        windows.append(both[CROPS:])
    return Material(songs, torch.from_numpy(np.stack(crops)), torch.from_numpy(np.stack(windows)))


def _cached(path: Path | None, make: Callable[[], np.ndarray]) -> np.ndarray:
    if path and path.exists():
        return np.asarray(np.load(path, allow_pickle=False))
    made = make()
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole(path, shared=True) as part, part.open("wb") as file:
            np.save(file, made)
    return made


def _look(mel: np.ndarray, features: Features, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    db = [crop(mel, rng) for _ in range(CROPS)]
    db += list(
        relative_windows(mel, np.linspace(0, max(0, mel.shape[1] - WINDOW_COLUMNS), WINDOWS).round().astype(int))
    )
    with torch.no_grad():
        return features(torch.from_numpy(np.stack(db))).half().numpy()


def fit_standardise(material: Sequence[Material]) -> Standardise:
    """The scale of each feature over all music at hand; no labels are looked at."""
    windows = torch.cat([part.windows.float().flatten(0, 1) for part in material])
    standardise = Standardise(windows.shape[1])
    standardise.fit(windows)
    return standardise
