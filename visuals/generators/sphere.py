"""The sphere of latent points: a direction for each seed, great circles, truncation."""

import numpy as np

FloatArray = np.ndarray[tuple[int, ...], np.dtype[np.float32]]
Vector = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

HOME_SEED = 0
"""The picture that truncation turns towards."""


def direction(seed: int, z_dim: int) -> Vector:
    """The unit vector ``(z_dim,)`` of a picture.

    Parameters
    ----------
    seed : number of the picture, 0 or more
    z_dim : how many dimensions
    """
    draw = np.random.default_rng(seed).standard_normal(z_dim)
    return np.asarray(draw / np.linalg.norm(draw))


def slerp(start: Vector, end: Vector, t: float) -> Vector:
    """The point on the great circle between two unit vectors.

    Parameters
    ----------
    start, end : unit vectors ``(n,)``
    t : 0 (`start`) to 1 (`end`)
    """
    angle = float(np.arccos(np.clip(start @ end, -1.0, 1.0)))
    if np.sin(angle) < 1e-6:
        return start if t < 0.5 else end
    return np.asarray((np.sin((1.0 - t) * angle) * start + np.sin(t * angle) * end) / np.sin(angle))


def truncated(z: FloatArray, home: Vector, truncation: float) -> FloatArray:
    """`z` turned towards `home`; its length stays.

    Parameters
    ----------
    z : float32 ``(n,)``
    home : unit vector ``(n,)``
    truncation : 0 (as `home`) to 1 (`z` as it is)
    """
    if truncation >= 1.0:
        return z
    length = float(np.linalg.norm(z))
    return (slerp(home, z.astype(np.float64) / length, truncation) * length).astype(np.float32)
