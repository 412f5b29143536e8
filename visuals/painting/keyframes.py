"""The way through keyframes: a closed curve on the sphere that passes through each and stops at none.

Each segment is a Bézier curve of great circles (Shoemake, "Animating rotation with quaternion curves", 1985), whose
tangents at a keyframe are those of a Catmull-Rom spline: half of the way from the one before to the one after.
Great circles from keyframe to keyframe would turn a corner at each, and an ease into each would stand still there
on every arrival. Slerps alone never leave the sphere, and keep the speed within a factor of two where pictures lie as
far apart as they do by chance; a spline through the z themselves, put back on the sphere, varies by four.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from visuals.generators.sphere import Vector, slerp

_BESIDE = 1e-4


class Loop:
    """A closed curve. With one keyframe it stands there; with two it swings to and fro, with ease.

    Parameters
    ----------
    keyframes : one or more, each ``(z_dim,)`` of any length but 0
    numbers : of the keyframes, for people
    """

    def __init__(self, keyframes: Sequence[Sequence[float]], numbers: Sequence[int]) -> None:
        points = np.array(keyframes, dtype=np.float64)
        self._points: Vector = points / np.linalg.norm(points, axis=1, keepdims=True)
        self._numbers = numbers
        around = zip(self._points, np.roll(self._points, 1, 0), np.roll(self._points, -1, 0), strict=True)
        self._tangents = [(_way(here, after) - _way(here, before)) / 2.0 for here, before, after in around]

    def __len__(self) -> int:
        return len(self._points)

    def at(self, place: float) -> Vector:
        """The unit vector ``(z_dim,)`` at a place.

        Parameters
        ----------
        place : 0 at the first keyframe, 1 at the second one, and round and round
        """
        index = int(np.floor(place))
        start, end = index % len(self), (index + 1) % len(self)
        points = [
            self._points[start],
            _gone(self._points[start], self._tangents[start] / 3.0),
            _gone(self._points[end], -self._tangents[end] / 3.0),
            self._points[end],
        ]
        while len(points) > 1:  # de Casteljau's algorithm
            points = [slerp(a, b, place - index) for a, b in pairwise(points)]
        return np.asarray(points[0])

    def velocity(self, place: float) -> Vector:
        """How the point changes with its place, ``(z_dim,)``.

        Parameters
        ----------
        place : as for `at`
        """
        return np.asarray((self.at(place + _BESIDE) - self.at(place - _BESIDE)) / (2.0 * _BESIDE))

    def ahead(self, place: float) -> int:
        """Number of the keyframe that comes next.

        Parameters
        ----------
        place : as for `at`
        """
        return self._numbers[(int(np.floor(place)) + 1) % len(self)]


def _way(start: Vector, end: Vector) -> Vector:
    """The tangent at `start` of the great circle to `end`, as long as the way."""
    beside = end - (start @ end) * start
    length = float(np.linalg.norm(beside))
    angle = float(np.arctan2(length, start @ end))
    return np.asarray(beside * (angle / length if length > 1e-9 else 0.0))


def _gone(start: Vector, way: Vector) -> Vector:
    """Where a great circle has come to after a way, given as its tangent."""
    angle = float(np.linalg.norm(way))
    return np.asarray(np.cos(angle) * start + np.sinc(angle / np.pi) * way)
