"""Many windows from one labelled clip: what may change without changing how it feels."""

import numpy as np

from artgen_osc.mood.mel import FLOOR_DB, N_MELS, WINDOW_COLUMNS, filled, relative_db
from training.music import to_db

SHORTEST = 38
_EQ_POINTS = 5
_EQ_DB = 4.0
_STRETCH = 0.08


def crop(mel: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Cut a random window out of a clip and change it at random.

    A different place, tempo (±8 %), tuning (±2 bands), tone (a smooth equaliser, a codec's
    treble cut, a noise floor), contrast, and masks over time and bands as in SpecAugment
    (Park et al. 2019). Two in five are short, as the show's first windows are and those after
    a change of the music, and mirrored to full length as in the show.

    Tempo and tuning are changed in the columns, since some sources have no sound. librosa's phase
    vocoder on the sound comes no closer to the same music made anew at the other tempo or pitch (4.7 dB
    apart on average, ours 4.5; 5.0, ours 4.2; unchanged 7.5 to 7.9) and takes some 400 times as long
    (`benchmarks/augmentation.py`).

    Parameters
    ----------
    mel : uint8 ``(128, t)``
    rng : chooses the place and the changes

    Returns
    -------
    float32 ``(128, WINDOW_COLUMNS)`` dB, -80..0
    """
    speed = rng.uniform(1 - _STRETCH, 1 + _STRETCH) if rng.random() < 0.5 else 1.0
    length = int(rng.integers(SHORTEST, WINDOW_COLUMNS)) if rng.random() < 0.4 else WINDOW_COLUMNS
    taken = min(round(length * speed), mel.shape[1])
    first = int(rng.integers(mel.shape[1] - taken + 1))
    place = first + np.minimum((np.arange(length) * taken / length).astype(int), taken - 1)
    db = filled(to_db(mel[:, place]).T).T
    if rng.random() < 0.5:
        db = db[np.clip(np.arange(N_MELS) + rng.integers(-2, 3), 0, N_MELS - 1)]
    points = rng.normal(0.0, _EQ_DB, _EQ_POINTS) * (rng.random() < 0.8)
    db = db + np.interp(np.linspace(0, 1, N_MELS), np.linspace(0, 1, _EQ_POINTS), points)[:, None]
    db = (db - db.max()) * rng.uniform(0.9, 1.1)
    if rng.random() < 0.15:
        db[int(rng.integers(95, N_MELS)) :] = FLOOR_DB
    if rng.random() < 0.3:
        db = np.maximum(db, rng.uniform(FLOOR_DB, FLOOR_DB + 20) + rng.normal(0, 2, db.shape))
    for axis, most in ((0, 12), (1, 20)):
        if rng.random() < 0.5:
            width = int(rng.integers(1, most))
            start = int(rng.integers(db.shape[axis] - width))
            place = (slice(None),) * axis + (slice(start, start + width),)
            db[place] = db.mean()
    return relative_db(db.astype(np.float32))


def mixup(points: np.ndarray, labels: np.ndarray, sources: np.ndarray, rng: np.random.Generator) -> None:
    """Blend windows with others of the same source, and their labels with them, in place (Zhang et al. 2018).

    Parameters
    ----------
    points : float32 ``(n, size)``, features
    labels : float32 ``(n, 2)``
    sources : int ``(n,)``
    rng : chooses the partners and their shares
    """
    for source in np.unique(sources):
        rows = np.flatnonzero(sources == source)
        partners = rng.permutation(rows)
        share = rng.beta(0.4, 0.4, len(rows))
        share = np.maximum(share, 1 - share).astype(np.float32)[:, None]
        points[rows] = share * points[rows] + (1 - share) * points[partners]
        labels[rows] = share * labels[rows] + (1 - share) * labels[partners]
