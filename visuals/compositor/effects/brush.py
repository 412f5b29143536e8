"""Strokes of a brush in place of a network's fine noise."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from artgen_osc.schema.setting import setting
from visuals.compositor.gl import Pass, shader
from visuals.compositor.kind import Moment, Place

REACH = 2.5
"""Pixels."""

BRUSHED_SIDE = 256
"""Pixels of a picture whose brush reaches `REACH` of them; a larger picture has a larger brush."""

FINE_SIDE = 512
"""The same for a finished picture: its contours are lines, and stand a brush of half the width."""


class Brush:
    """The strokes; see ``brush.frag``.

    Parameters
    ----------
    context : moderngl context
    """

    place: ClassVar[Place] = "picture"

    @dataclass(frozen=True, slots=True)
    class Settings:
        """How much of them."""

        amount: float = setting(
            0.8,
            "strokes of a brush instead of the network's fine noise; 0: off",
            key="visuals.brush",
            address="/visuals/effect/brush",
        )

    def __init__(self, context: Any) -> None:
        self._pass = Pass(context, shader(Path(__file__).parent / "brush.frag"), brush_taps())

    def draw(self, source: Any, target: Any, settings: Settings, moment: Moment) -> bool:
        """See `Effect`."""
        if settings.amount <= 0.0:
            return False
        side = FINE_SIDE if moment.fine else BRUSHED_SIDE
        self._pass["brush"] = settings.amount
        self._pass["stride"] = max(1, round(max(source.size) / side))
        source.use(0)
        target.use()
        self._pass.render()
        return True

    def release(self) -> None:
        """Give the shader back."""
        self._pass.release()


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
    import numpy as np

    up, right = (each / REACH for each in np.mgrid[-2:3, -2:3].astype(float))
    inside = np.exp(-1.5 * (up**2 + right**2)) * (up**2 + right**2 <= 1.2)
    columns = []
    for angle in np.pi * (0.25 + 0.5 * np.arange(4)):
        along, across = np.cos(angle) * right + np.sin(angle) * up, np.cos(angle) * up - np.sin(angle) * right
        counts = inside * np.maximum(0.0, along + 0.25 - 0.35 * np.abs(across))
        columns.append((counts / counts.sum()).ravel())
    return [tuple(row) for row in np.stack(columns, axis=1).tolist()]
