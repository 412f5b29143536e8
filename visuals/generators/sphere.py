"""The sphere of latent points: a direction for each seed, great circles, truncation."""

import numpy as np

FloatArray = np.ndarray[tuple[int, ...], np.dtype[np.float32]]
Vector = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

HOME_SEED = 0
"""The picture that truncation turns towards."""


def direction(seed: int, z_dim: int) -> Vector:
    """The unit vector `(z_dim,)` of picture number `seed`."""
    draw = np.random.default_rng(seed).standard_normal(z_dim)
    return np.asarray(draw / np.linalg.norm(draw))


def slerp(start: Vector, end: Vector, t: float) -> Vector:
    """The point at `t` on the great circle from one unit vector `(n,)` to another."""
    angle = float(np.arccos(np.clip(start @ end, -1.0, 1.0)))
    if np.sin(angle) < 1e-6:
        return start if t < 0.5 else end
    return np.asarray((np.sin((1.0 - t) * angle) * start + np.sin(t * angle) * end) / np.sin(angle))


def truncated(z: FloatArray, home: Vector, truncation: float) -> FloatArray:
    """`z` turned towards a unit vector: 0 is there, 1 leaves it as it is. Its length stays."""
    if truncation >= 1.0:
        return z
    length = float(np.linalg.norm(z))
    return (slerp(home, z.astype(np.float64) / length, truncation) * length).astype(np.float32)
