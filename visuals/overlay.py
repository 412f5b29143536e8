"""The help text as an image."""

from collections.abc import Sequence

import numpy as np

from artgen_osc.runtime.text import printable


def text_image(lines: Sequence[str], height: int) -> np.ndarray:
    """White text on a dark, translucent panel.

    Parameters
    ----------
    lines : a tab separates two columns; an empty line is a gap
    height : pixels of the window, for a size that can be read on it

    Returns
    -------
    uint8 ``(h, w, 4)``, RGBA
    """
    from PIL import Image, ImageDraw, ImageFont

    size = max(12, round(height / 42))
    font = ImageFont.load_default(size)
    row, margin = round(size * 1.45), size
    # A title or a name may hold what no font has and Pillow raises at.
    rows = [[printable(part) for part in line.split("\t", 1)] for line in lines]
    left = max((font.getlength(parts[0]) for parts in rows if len(parts) == 2), default=0.0)
    indent = round(left + 1.5 * size)
    widths = [font.getlength(parts[-1]) + (indent if len(parts) == 2 else 0) for parts in rows]
    image = Image.new(
        "RGBA", (round(max(widths, default=0.0)) + 2 * margin, row * len(rows) + 2 * margin), (8, 8, 12, 170)
    )
    draw = ImageDraw.Draw(image)
    for index, parts in enumerate(rows):
        y = margin + index * row
        draw.text(
            (margin, y), parts[0], font=font, fill=(255, 255, 255, 255) if len(parts) == 1 else (255, 214, 140, 255)
        )
        if len(parts) == 2:
            draw.text((margin + indent, y), parts[1], font=font, fill=(255, 255, 255, 255))
    return np.asarray(image)
