"""Where a picture lies in a window: four corners, pinned in perspective, and a mesh between them.

Places in the picture are ``s`` to the right and ``t`` upwards, 0..1; places in the window are too.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from visuals.compositor.mesh import parse_mesh

CORNERS = ("bottom_left", "bottom_right", "top_left", "top_right")
"""As settings name them: each has an ``_x`` and a ``_y``, how far it was moved."""

IN_PLACE = np.array([(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)])

PARTS = 40
"""Of a mesh's side, about, so that it is smooth; each is two triangles, which OpenGL in software feels."""

FLATTEST = 1e-4
"""Twice the area, in windows, of the triangle at a corner: what is flatter or bent inwards has no perspective."""

Places = np.ndarray
"""float64 ``(n, 2)``."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How a picture lies in its window.

    Attributes
    ----------
    corners : ``(4, 2)``, where its `CORNERS` are
    columns, rows : points of the mesh along each side, at least 2
    moved : ``(rows, columns, 2)``, how far each point of the mesh was moved, in sides of the picture; bottom row first
    """

    corners: Places
    columns: int
    rows: int
    moved: np.ndarray

    @property
    def meshed(self) -> bool:
        """Whether its mesh does anything."""
        return bool(self.moved.any())

    @property
    def plain(self) -> bool:
        """Whether the picture fills the window."""
        return not self.meshed and bool(np.array_equal(self.corners, IN_PLACE))

    def base(self) -> np.ndarray:
        """Where the points of the mesh are in the picture, unmoved: ``(rows, columns, 2)``."""
        s, t = np.meshgrid(np.linspace(0.0, 1.0, self.columns), np.linspace(0.0, 1.0, self.rows))
        return np.stack([s, t], axis=2)


def shape_of(settings: Any) -> Shape:
    """What the settings of a window say.

    Parameters
    ----------
    settings : see `visuals.outputs.mapping.MappingSettings`
    """
    offsets = [(getattr(settings, f"{name}_x"), getattr(settings, f"{name}_y")) for name in CORNERS]
    columns, rows = settings.mesh_columns, settings.mesh_rows
    moved = np.zeros((rows, columns, 2))
    for (column, row), offset in parse_mesh(settings.mesh).items():
        if column <= columns and row <= rows:
            moved[rows - row, column - 1] = offset
    return Shape(IN_PLACE + np.array(offsets), columns, rows, moved)


def perspective(corners: Places) -> np.ndarray | None:
    """The projective map from the picture to the window, ``(3, 3)``; None where the corners allow none.

    Heckbert, Fundamentals of Texture Mapping and Image Warping (1989), 2.2.3.

    Parameters
    ----------
    corners : ``(4, 2)``, in the order of `CORNERS`
    """
    ring = corners[[0, 1, 3, 2]]
    along, next_along = ring - np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0) - ring
    turns = along[:, 0] * next_along[:, 1] - along[:, 1] * next_along[:, 0]
    if not (np.all(turns > FLATTEST) or np.all(turns < -FLATTEST)):
        return None
    (x0, y0), (x1, y1), _, (x3, y3) = ring
    one, two = ring[1] - ring[2], ring[3] - ring[2]
    rest = ring[0] - ring[1] + ring[2] - ring[3]
    area = one[0] * two[1] - one[1] * two[0]
    g = (rest[0] * two[1] - rest[1] * two[0]) / area
    h = (one[0] * rest[1] - one[1] * rest[0]) / area
    return np.array(
        [
            [x1 - x0 + g * x1, x3 - x0 + h * x3, x0],
            [y1 - y0 + g * y1, y3 - y0 + h * y3, y0],
            [g, h, 1.0],
        ]
    )


def placed(corners: Places, places: Places) -> np.ndarray:
    """Where places of the picture are in the window: ``(n, 3)``, homogeneous.

    Corners that no perspective has, such as one on the line between two others, are joined by straight lines instead.

    Parameters
    ----------
    corners : ``(4, 2)``
    places : ``(n, 2)``
    """
    flat = np.column_stack([places, np.ones(len(places))])
    matrix = perspective(corners)
    if matrix is not None:
        return np.asarray(flat @ matrix.T)
    s, t = places[:, :1], places[:, 1:]
    weights = np.hstack([(1 - s) * (1 - t), s * (1 - t), (1 - s) * t, s * t])
    return np.column_stack([weights @ corners, np.ones(len(places))])


def seen_at(corners: Places, place: tuple[float, float]) -> tuple[float, float] | None:
    """Which place of the picture, but for its mesh, is at one of the window; None where that can't be said.

    Parameters
    ----------
    corners : ``(4, 2)``
    place : in the window
    """
    matrix = perspective(corners)
    if matrix is None:
        return None
    x, y, w = np.linalg.solve(matrix, (*place, 1.0))
    return (float(x / w), float(y / w)) if abs(w) > 1e-9 else None


def smooth(count: int, parts: int) -> np.ndarray:
    """Weights of points along a side for places between them: Catmull and Rom's curve, straight beyond its ends.

    Parameters
    ----------
    count : of the points, at least 2
    parts : places for each step from point to point

    Returns
    -------
    ``((count - 1) * parts + 1, count)``
    """
    at = np.linspace(0.0, count - 1.0, (count - 1) * parts + 1)
    first = np.minimum(at.astype(int), count - 2)
    f = at - first
    curve = ((-0.5 * f + 1.0) * f - 0.5) * f, (1.5 * f - 2.5) * f * f + 1.0, ((-1.5 * f + 2.0) * f + 0.5) * f
    weights = np.zeros((len(at), count + 2))  # with one more point before the first and one behind the last
    rows = np.arange(len(at))
    for step, weight in enumerate((*curve, (0.5 * f - 0.5) * f * f)):
        weights[rows, first + step] += weight
    inner = weights[:, 1:-1].copy()
    inner[:, 0] += 2.0 * weights[:, 0]
    inner[:, 1] -= weights[:, 0]
    inner[:, -1] += 2.0 * weights[:, -1]
    inner[:, -2] -= weights[:, -1]
    return inner


def vertices(shape: Shape) -> tuple[np.ndarray, np.ndarray]:
    """The triangles that a picture is drawn by.

    Parameters
    ----------
    shape : Shape

    Returns
    -------
    points : float32 ``(n, 5)``: x, y, w in the window, s, t in the picture
    triangles : int32 ``(m, 3)``
    """
    bent = perspective(shape.corners) is None
    if shape.meshed:
        down, across = (smooth(count, max(2, PARTS // (count - 1))) for count in (shape.rows, shape.columns))
    else:
        down = across = smooth(2, PARTS if bent else 1)
    base = shape.base() if shape.meshed else IN_PLACE.reshape(2, 2, 2)
    source = np.einsum("ij,jkd,lk->ild", down, base, across)
    lying = source + np.einsum("ij,jkd,lk->ild", down, shape.moved, across) if shape.meshed else source
    points = np.column_stack([placed(shape.corners, lying.reshape(-1, 2)), source.reshape(-1, 2)])
    rows, columns = source.shape[:2]
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    lower = np.column_stack([corner, corner + 1, corner + columns])
    upper = np.column_stack([corner + columns, corner + 1, corner + columns + 1])
    return points.astype(np.float32), np.vstack([lower, upper]).astype(np.int32)
