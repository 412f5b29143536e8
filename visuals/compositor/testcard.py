"""A test picture for a window: a grid, circles and colours that go on from window to window, and the display's name."""

import math

import numpy as np

CELLS = 9
"""Squares of the grid from the bottom to the top of a frame."""

BARS = ((255, 255, 255), (255, 255, 0), (0, 255, 255), (0, 255, 0), (255, 0, 255), (255, 0, 0), (0, 0, 255), (0, 0, 0))
GREYS = 11
PAPER, GRID, MIDDLE, RIM = (26, 26, 30), (120, 120, 128), (255, 214, 140), (255, 255, 255)

Size = tuple[int, int]


def test_picture(size: Size, frame: Size, seen: tuple[float, float, float, float], name: str) -> np.ndarray:
    """What a window shows of the frame, as a test picture.

    Grid and circles are the frame's: where two windows overlap, theirs lie on each other. The rim, the colours and the
    name are the window's own.

    Parameters
    ----------
    size : (width, height) of what is drawn, pixels
    frame : (width, height) of the frame, pixels
    seen : left, bottom, width and height of what is seen of the frame, 0..1
    name : what is written on it

    Returns
    -------
    uint8 ``(height, width, 3)``, bottom row first
    """
    from PIL import Image, ImageDraw, ImageFont

    from artgen_osc.runtime.text import printable

    width, height = size
    left, bottom, part_x, part_y = seen
    image = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(image)

    def at(x: float, y: float) -> tuple[float, float]:
        """A place in heights of the frame from its middle, upwards, in pixels of the window."""
        across, up = x * frame[1] / frame[0] + 0.5, y + 0.5
        return (across - left) / part_x * width, height - (up - bottom) / part_y * height

    thick = max(1, round(height / 540))
    half = frame[0] / frame[1] / 2
    for step in range(-math.ceil(half * CELLS), math.ceil(half * CELLS) + 1):
        x = at(step / CELLS, 0.0)[0]
        draw.line((x, 0, x, height), fill=GRID if step else MIDDLE, width=thick)
    for step in range(-CELLS, CELLS + 1):
        y = at(0.0, step / CELLS / 2)[1]
        if step % 2 or not step:
            draw.line((0, y, width, y), fill=GRID if step else MIDDLE, width=thick)
    corner = 1.5 / CELLS
    around = [(x * (half - corner), y * (0.5 - corner)) for x in (-1, 1) for y in (-1, 1)]
    for (x, y), radius in [((0.0, 0.0), 0.5), *((place, corner) for place in around)]:
        (x0, y0), (x1, y1) = at(x - radius, y + radius), at(x + radius, y - radius)
        draw.ellipse((x0, y0, x1, y1), outline=RIM, width=thick)
    _colours(draw, size)
    letters = max(12, round(height / 14))
    font = ImageFont.load_default(letters)
    text = printable(name)
    long = font.getlength(text)
    if long > 0.9 * width:
        font = ImageFont.load_default(max(9, round(letters * 0.9 * width / long)))
    draw.text((width / 2, height * 0.36), text, font=font, fill=RIM, anchor="mm", stroke_width=3, stroke_fill=PAPER)
    shape = f"{width}x{height}"
    small = ImageFont.load_default(max(10, letters // 2))
    draw.text((width / 2, height * 0.45), shape, font=small, fill=RIM, anchor="mm", stroke_width=2, stroke_fill=PAPER)
    draw.rectangle((0, 0, width - 1, height - 1), outline=RIM, width=2 * thick)
    return np.ascontiguousarray(np.array(image)[::-1])


def _colours(draw: object, size: Size) -> None:
    """Eight bars of colour and a stair of greys, in the lower half."""
    width, height = size
    for colours, top, low in (
        (BARS, 0.58, 0.72),
        ([(round(255 * step / (GREYS - 1)),) * 3 for step in range(GREYS)], 0.72, 0.8),
    ):
        edges = np.linspace(0.3 * width, 0.7 * width, len(colours) + 1)
        for colour, x0, x1 in zip(colours, edges, edges[1:], strict=False):
            draw.rectangle((x0, top * height, x1, low * height), fill=colour)  # type: ignore[attr-defined]
