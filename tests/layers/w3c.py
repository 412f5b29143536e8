"""W3C's Compositing and Blending Level 1, written down anew as a reference: for one pixel, in plain Python."""

import math
from collections.abc import Callable


def _hard_light(b: float, s: float) -> float:
    return 2 * s * b if s <= 0.5 else b + (2 * s - 1) - b * (2 * s - 1)


def _dodge(b: float, s: float) -> float:
    if b == 0:
        return 0.0
    return 1.0 if s == 1 else min(1.0, b / (1 - s))


def _burn(b: float, s: float) -> float:
    if b == 1:
        return 1.0
    return 0.0 if s == 0 else 1 - min(1.0, (1 - b) / s)


def _soft_light(b: float, s: float) -> float:
    if s <= 0.5:
        return b - (1 - 2 * s) * b * (1 - b)
    d = ((16 * b - 12) * b + 4) * b if b <= 0.25 else math.sqrt(b)
    return b + (2 * s - 1) * (d - b)


BLEND: dict[str, Callable[[float, float], float]] = {
    "normal": lambda b, s: s,
    "multiply": lambda b, s: b * s,
    "screen": lambda b, s: b + s - b * s,
    "overlay": lambda b, s: _hard_light(s, b),
    "darken": min,
    "lighten": max,
    "color-dodge": _dodge,
    "color-burn": _burn,
    "hard-light": _hard_light,
    "soft-light": _soft_light,
    "difference": lambda b, s: abs(b - s),
    "exclusion": lambda b, s: b + s - 2 * b * s,
}

Pixel = tuple[float, float, float, float]
"""Red, green, blue and alpha, not multiplied."""


def composed(mode: str, below: Pixel, layer: Pixel) -> Pixel:
    """One pixel over another; the colours of the result have its alpha multiplied into them."""
    ab, as_ = below[3], layer[3]
    if mode == "add":
        colours = [min(1.0, s * as_ + b * ab) for b, s in zip(below[:3], layer[:3], strict=True)]
        return colours[0], colours[1], colours[2], min(1.0, as_ + ab)
    colours = []
    for b, s in zip(below[:3], layer[:3], strict=True):
        mixed = (1 - ab) * s + ab * BLEND[mode](b, s)
        colours.append(as_ * mixed + (1 - as_) * ab * b)
    return colours[0], colours[1], colours[2], as_ + ab * (1 - as_)
