"""Tempo and tuning changed in mel columns, as in training, against librosa: ``python -m benchmarks.augmentation``.

The music is made by code, so that it can be made anew at another tempo or pitch: that is what both should come to.
"""

import argparse
import json
from collections.abc import Callable
from time import perf_counter

import librosa
import numpy as np

from artgen_osc.mood.mel import SAMPLE_RATE, WINDOW_COLUMNS, MoodMel, relative_db

SECONDS = 9.0
AUDIBLE_DB = -50.0


def music(speed: float = 1.0, semitones: float = 0.0, seed: int = 0) -> np.ndarray:
    """Chords, a tune, a kick and hats: float32 ``(frames,)``.

    Parameters
    ----------
    speed : how fast, 1 as written; decays are shortened likewise
    semitones : how much higher the notes sound
    seed : which piece
    """
    rng = np.random.default_rng(seed)
    frames = round(SECONDS * SAMPLE_RATE)
    sound = np.zeros(frames)

    def add(at: float, voice: Callable[[np.ndarray], np.ndarray], decay: float, level: float) -> None:
        first = round(at / speed * SAMPLE_RATE)
        time = np.arange(max(0, frames - first)) / SAMPLE_RATE
        sound[first:] += level * voice(time) * np.exp(-decay * speed * time)

    def note(pitch: int) -> Callable[[np.ndarray], np.ndarray]:
        hz = 440.0 * 2.0 ** ((pitch + semitones - 69) / 12)
        return lambda time: sum(np.sin(2 * np.pi * hz * k * time) / k for k in range(1, 7) if hz * k < 10_000)

    beat = float(rng.uniform(0.4, 0.7))
    for number, at in enumerate(np.arange(0.0, 1.2 * SECONDS, beat)):
        root = int(rng.integers(45, 57))
        for pitch in (root, root + int(rng.integers(3, 5)), root + 7):
            add(at, note(pitch), 2.0, 0.05)
        add(at + beat / 2, note(root + int(rng.integers(12, 30))), 4.0, 0.08)
        if number % 2 == 0:
            add(at, lambda time: np.sin(2 * np.pi * 55 * time), 12.0, 0.4)
        add(at + beat / 2, lambda time: np.random.default_rng(1).standard_normal(len(time)), 40.0, 0.05)
    return sound.astype(np.float32)


def columns(sound: np.ndarray) -> np.ndarray:
    """dB ``(WINDOW_COLUMNS, 128)``."""
    return relative_db(MoodMel(SAMPLE_RATE).push(sound)[:WINDOW_COLUMNS])


def apart(one: np.ndarray, other: np.ndarray, wanted: np.ndarray) -> float:
    """Mean difference in dB where `wanted` is audible."""
    heard = wanted > AUDIBLE_DB
    return float(np.abs(one - other)[heard].mean())


def stretched_columns(db: np.ndarray, speed: float) -> np.ndarray:
    """As `training.music_augment.crop` takes them: the nearest column."""
    place = np.minimum((np.arange(WINDOW_COLUMNS) * speed).astype(int), len(db) - 1)
    return relative_db(db[place])


def shifted_columns(db: np.ndarray, bands: int) -> np.ndarray:
    """As `training.music_augment.crop` takes them: other bands."""
    return relative_db(db[:, np.clip(np.arange(db.shape[1]) - bands, 0, db.shape[1] - 1)])


def compare(pieces: int) -> dict[str, dict[str, float]]:
    """Both ways on some pieces, by turns.

    Returns
    -------
    For ``stretch`` and ``shift``: ``db_unchanged``, ``db_ours`` and ``db_librosa``, the mean distance to the music made
    anew, and ``slower``, how many times as long librosa takes
    """
    found: dict[str, list[list[float]]] = {"stretch": [], "shift": []}
    librosa.effects.pitch_shift(music(), sr=SAMPLE_RATE, n_steps=1.0)  # compiles
    for seed in range(pieces):
        rng = np.random.default_rng(seed)
        sound = music(seed=seed)
        db = MoodMel(SAMPLE_RATE).push(sound)
        speed, way = float(rng.uniform(0.92, 1.08)), int(rng.choice([-1, 1]))
        for name, wanted, own, their in (
            (
                "stretch",
                columns(music(speed, seed=seed)),
                lambda db=db, speed=speed: stretched_columns(db, speed),
                lambda sound=sound, speed=speed: columns(librosa.effects.time_stretch(sound, rate=speed)),
            ),
            (
                "shift",
                columns(music(1.0, 0.9 * way, seed=seed)),
                lambda db=db, way=way: shifted_columns(db[:WINDOW_COLUMNS], 2 * way),
                lambda sound=sound, way=way: columns(
                    librosa.effects.pitch_shift(sound, sr=SAMPLE_RATE, n_steps=0.9 * way)
                ),
            ),
        ):
            start = perf_counter()
            ours = own()
            middle = perf_counter()
            theirs = their()
            end = perf_counter()
            both = min(len(ours), len(theirs), len(wanted))
            plain = columns(sound)[:both]
            found[name].append(
                [
                    apart(plain, wanted[:both], wanted[:both]),
                    apart(ours[:both], wanted[:both], wanted[:both]),
                    apart(theirs[:both], wanted[:both], wanted[:both]),
                    middle - start,
                    end - middle,
                ]
            )
    result = {}
    for name, rows in found.items():
        unchanged, ours_db, theirs_db, own_s, their_s = np.median(rows, axis=0)
        result[name] = {
            "db_unchanged": round(unchanged, 2),
            "db_ours": round(ours_db, 2),
            "db_librosa": round(theirs_db, 2),
            "slower": round(their_s / own_s),
        }
    return result


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pieces", type=int, default=20)
    print(json.dumps(compare(parser.parse_args().pieces), indent=2))


if __name__ == "__main__":
    main()
