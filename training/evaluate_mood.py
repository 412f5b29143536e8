"""``evaluate mood``: what the network says about labelled music, against the labels."""

import argparse
import math
from typing import Any

import numpy as np

from artgen_osc.inference.modelfile import Engine, load
from artgen_osc.mood.estimator import SHIPPED_MODEL
from artgen_osc.mood.mel import HOP, N_FFT, N_MELS, SAMPLE_RATE, WINDOW_COLUMNS
from training import music
from training.command import named_path, need_file, say_skipped
from training.mood_fit import correlation, r2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument(
        "data",
        type=named_path,
        help="an .npz (mel, valence, energy), or a labels.csv beside audio files; 0..1 or -1..1",
    )
    parser.add_argument(
        "--model", type=named_path, default=SHIPPED_MODEL, help="a mood model; the shipped one by default"
    )


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure.

    Returns
    -------
    ``n``, ``r2_valence``, ``r2_energy``, ``r_valence``, ``r_energy`` and ``mse``, the mean over both values;
    None where there are too few labels for a figure

    Raises
    ------
    ConfigError, ModelError
        The data or the model can't be used.
    """
    need_file("--model", options.model)
    file = load(
        options.model, "mood", sample_rate=SAMPLE_RATE, n_fft=N_FFT, hop=HOP, n_mels=N_MELS, columns=WINDOW_COLUMNS
    )
    engine = Engine(file, exact=True)
    songs = music.load(options.data, signed=True)
    say_skipped(songs.skipped)
    got = np.array([judge(engine, mel) for mel in songs.mel])
    labelled = np.isfinite(songs.labels).any(axis=1)
    difference = np.square(songs.labels - got)[np.isfinite(songs.labels)]
    figures = {
        "r2_valence": r2(songs.labels[:, 0], got[:, 0]),
        "r2_energy": r2(songs.labels[:, 1], got[:, 1]),
        "r_valence": correlation(songs.labels[:, 0], got[:, 0]),
        "r_energy": correlation(songs.labels[:, 1], got[:, 1]),
        "mse": float(difference.mean()) if len(difference) else math.nan,
    }
    # NaN isn't JSON.
    return {"n": int(labelled.sum())} | {k: v if math.isfinite(v) else None for k, v in figures.items()}


def judge(engine: Engine, mel: np.ndarray) -> np.ndarray:
    """Mean valence and energy over a clip's windows.

    Parameters
    ----------
    engine : of a mood model
    mel : uint8 ``(128, t)``

    Returns
    -------
    float ``(2,)``
    """
    return np.mean([engine(window[None])[0][0] for window in music.windows(mel)], axis=0)
