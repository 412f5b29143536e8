"""A plain guess at the mood, for when no model file is there.

A linear fit on five cues that don't depend on loudness, made on the same songs as the network.
On the songs it was fitted on it explains 0.14 of valence and 0.32 of energy (R²): enough
for a picture to move with the music, and no more.
"""

import numpy as np

from artgen_osc.dsp.core import FloatArray

_USED_MELS = 120
_COLUMNS_PER_STEP = 6

# Cue by cue: mean and deviation over the songs, weight for valence, weight for energy.
_FIT = np.array(
    [
        [6.1, 1.3, 0.048, 0.032],  # change from column to column, dB: busy
        [-41.7, 6.6, 0.018, 0.036],  # average level under the maximum, dB: dense
        [-26.3, 8.9, -0.052, 0.139],  # treble against bass, dB: bright
        [5.9, 1.6, 0.004, -0.059],  # deviation of bands over quarter seconds, dB: dynamic
        [10.6, 3.3, -0.064, 0.072],  # slope over the bands, dB: heavy
    ]
)
_MEAN = np.array([0.493, 0.588])

# Noise and steady tones move less than music from one quarter second to the next, speech more.
_STILL, _MUSIC, _RESTLESS = 2.2, 3.2, 10.5
_MOST_CONFIDENT = 0.6


def judge_by_rules(window: FloatArray) -> tuple[float, float, float]:
    """Guess the mood of a window.

    Parameters
    ----------
    window : float32 ``(1, 128, columns >= 12)`` dB, relative to the window's maximum

    Returns
    -------
    valence, energy, confidence, each 0..1
    """
    db = window[0, :_USED_MELS]
    steps = db.shape[1] // _COLUMNS_PER_STEP
    slow = db[:, : steps * _COLUMNS_PER_STEP].reshape(_USED_MELS, steps, _COLUMNS_PER_STEP).mean(axis=2)
    motion = float(slow.std(axis=1).mean())
    cues = np.array(
        [
            np.abs(np.diff(db, axis=1)).mean(),
            db.mean(),
            db[80:].mean() - db[:20].mean(),
            motion,
            db.mean(axis=1).std(),
        ]
    )
    valence, energy = _MEAN + ((cues - _FIT[:, 0]) / _FIT[:, 1]).clip(-3.0, 3.0) @ _FIT[:, 2:]
    moving = np.clip((motion - _STILL) / (_MUSIC - _STILL), 0.0, 1.0)
    calm = np.clip(_RESTLESS + 1.0 - motion, 0.0, 1.0)
    return float(np.clip(valence, 0, 1)), float(np.clip(energy, 0, 1)), float(_MOST_CONFIDENT * moving * calm)
