"""The help text as an image."""

import functools
import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from artgen_osc.runtime.text import printable

_OTHERS = frozenset("…·±")
"""Letters beyond ASCII that Pillow's own font has."""

WHITE, GOLD, EMPTY = (255, 255, 255, 255), (255, 214, 140, 255), (70, 70, 84, 220)
"""Of text, of what it is called and of a bar, and of a bar's rest."""

BAR = 9
"""A bar with the gap before it is so many letters long."""

SMALLEST = 9
"""Pixels of a letter."""


def _wider_font() -> Path | None:
    """The font that comes with pygame: it has the letters of Europe, where Pillow's own has those of ASCII alone."""
    package = importlib.util.find_spec("pygame")
    for folder in (package.submodule_search_locations or []) if package else []:
        if (file := Path(folder) / "freesansbold.ttf").is_file():
            return file
    return None


def text_image(lines: Sequence[str], height: int, bars: Mapping[int, float] | None = None) -> np.ndarray:
    """White text on a dark, translucent panel.

    Parameters
    ----------
    lines : a tab separates two columns; an empty line is a gap
    height : pixels of the window, for a size that can be read on it
    bars : how full a bar behind a line is, 0..1, by the line's number

    Returns
    -------
    uint8 ``(h, w, 4)``, RGBA
    """
    panel, tracks = _panel(tuple(lines), height, bool(bars))
    if not bars:
        return panel
    image = panel.copy()
    for index, full in bars.items():
        left, right, top, bottom = tracks[index]
        image[top:bottom, left:right] = EMPTY
        image[top:bottom, left : left + round((right - left) * min(max(full, 0.0), 1.0))] = GOLD
    return image


@functools.lru_cache(1)
def _panel(lines: tuple[str, ...], height: int, with_bars: bool) -> tuple[np.ndarray, list[tuple[int, int, int, int]]]:
    """The text, which takes much longer than bars that move, and for each line where its bar has room."""
    from PIL import Image, ImageDraw, ImageFont

    # A title or a name may hold what no font has and Pillow raises at.
    rows = [[printable(part) for part in line.split("\t", 1)] for line in lines]
    # As large as is read from afar, and small enough for all lines.
    size = max(SMALLEST, min(max(12, round(height / 42)), int(height / (1.45 * len(lines) + 2.0))))
    letters = set().union(*(part for parts in rows for part in parts)) - _OTHERS
    wider = None if "".join(letters).isascii() else _wider_font()
    font = ImageFont.truetype(str(wider), size) if wider else ImageFont.load_default(size)
    row, margin = round(size * 1.45), size
    left = max((font.getlength(parts[0]) for parts in rows if len(parts) == 2), default=0.0)
    indent = round(left + 1.5 * size)
    widths = [font.getlength(parts[-1]) + (indent if len(parts) == 2 else 0) for parts in rows]
    width = round(max(widths, default=0.0))
    bar = BAR * size if with_bars else 0
    image = Image.new("RGBA", (width + bar + 2 * margin, row * len(rows) + 2 * margin), (8, 8, 12, 170))
    draw = ImageDraw.Draw(image)
    for index, parts in enumerate(rows):
        y = margin + index * row
        draw.text((margin, y), parts[0], font=font, fill=WHITE if len(parts) == 1 else GOLD)
        if len(parts) == 2:
            draw.text((margin + indent, y), parts[1], font=font, fill=WHITE)
    panel = np.array(image)
    panel.flags.writeable = False
    first, thick = margin + width + size, round(0.35 * size)
    tops = [margin + index * row + round(0.7 * size) - thick // 2 for index in range(len(rows))]
    return panel, [(first, first + bar - size, top, top + thick) for top in tops]
