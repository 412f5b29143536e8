"""How often a moving picture flashes: more than three times a second can hurt people who sit in the audience."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

SWING = 0.1
"""Of relative luminance: so much up and down again, or the other way round, is a flash (WCAG 2.2, 2.3.1)."""

BRIGHT = 0.8
"""What is lighter than that in its darker state doesn't flash."""

ROWS, COLUMNS = 6, 8
"""The parts of the picture, each looked at as a whole."""

MOST = 3
"""Flashes that are safe in one second."""

Light = npt.NDArray[np.float64]


def light_of(frame: npt.NDArray[np.uint8]) -> Light:
    """Relative luminance of each part of a frame, ``(ROWS * COLUMNS,)``, 0 to 1.

    Parameters
    ----------
    frame : uint8 ``(height, width, 3)``, at least `ROWS` times `COLUMNS`
    """
    rgb = frame / 255.0
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ (0.2126, 0.7152, 0.0722)
    parts = [part.mean() for row in np.array_split(linear, ROWS) for part in np.array_split(row, COLUMNS, axis=1)]
    return np.array(parts)


def flashes(light: Light) -> list[int]:
    """The frames in which a rise of `SWING` and a fall of `SWING`, or the other way round, are complete.

    Parameters
    ----------
    light : ``(frames,)``, relative luminance of one part
    """
    found: list[int] = []
    low = high = light[0]
    last = swings = 0
    for number, now in enumerate(light):
        low, high = min(low, now), max(high, now)
        if now - low >= SWING and low < BRIGHT and last != 1:
            last = 1
        elif high - now >= SWING and now < BRIGHT and last != -1:
            last = -1
        else:
            continue
        low = high = now
        swings += 1
        if swings % 2 == 0:
            found.append(number)
    return found


def most_flashes(lights: Sequence[Light], rate: int) -> int:
    """How often a quarter of the picture, or more, flashes within the worst second.

    Parameters
    ----------
    lights : of each frame, see `light_of`
    rate : frames a second
    """
    parts = [np.array(flashes(part)) for part in np.stack(lights).T]
    quarter = len(parts) // 4
    worst = 0
    for start in {int(time) for times in parts for time in times}:
        counts = sorted(int(((times >= start) & (times < start + rate)).sum()) for times in parts)
        worst = max(worst, counts[-quarter])
    return worst
