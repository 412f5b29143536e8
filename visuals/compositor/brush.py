"""The brush of ``shaders/brush.frag``, as numbers."""

import numpy as np

REACH = 2.5
"""Pixels."""


def brush_taps() -> str:
    """The places around a pixel that count for `brush.frag`, written out.

    In a loop over them a driver without a graphics card takes seven times as long.
    """
    lines = ["#define TAPS"]
    for at, counts in enumerate(brush_sides()):
        if max(counts) > 0.0:
            sums = "".join(f" ADD({side}, {count:.9g})" for side, count in enumerate(counts) if count > 0.0)
            lines.append(f"LOOK({at % 5 - 2}, {at // 5 - 2}){sums}")
    return " \\\n".join(lines)


def brush_sides() -> list[tuple[float, ...]]:
    """How much each of 5x5 places around a pixel counts for each of four sides: 25 rows of four, 1 in all for a side.

    The sides are sectors of a disc, between the axes; they overlap and fade out towards its rim.
    """
    up, right = (each / REACH for each in np.mgrid[-2:3, -2:3].astype(float))
    inside = np.exp(-1.5 * (up**2 + right**2)) * (up**2 + right**2 <= 1.2)
    columns = []
    for angle in np.pi * (0.25 + 0.5 * np.arange(4)):
        along, across = np.cos(angle) * right + np.sin(angle) * up, np.cos(angle) * up - np.sin(angle) * right
        counts = inside * np.maximum(0.0, along + 0.25 - 0.35 * np.abs(across))
        columns.append((counts / counts.sum()).ravel())
    return [tuple(row) for row in np.stack(columns, axis=1).tolist()]
