"""Words as a layer, in any script: set beside the show by Pillow, at the size of the frame."""

import functools
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from artgen_osc.runtime.latest import LatestWorker
from artgen_osc.runtime.text import unexpected
from visuals.compositor.kind import Moment
from visuals.compositor.layers import fonts
from visuals.compositor.layers.upload import Upload

if TYPE_CHECKING:
    import numpy as np

MOST_LETTERS = 2000
ROOM = 0.92
"""Of the frame's width and height, for the text."""

SMALLER = 0.9
SMALLEST = 6
"""Pixels."""

JOINER = "\u200d"


@dataclass(frozen=True, slots=True)
class Style:
    """How a text is set.

    Attributes
    ----------
    size : (width, height) of the frame, pixels
    height : of its letters, pixels; less where it wouldn't fit
    font : see `visuals.compositor.slot.SlotSettings`
    colour, outline_colour : as ``#rrggbb``
    outline : its width in heights of the letters
    """

    size: tuple[int, int]
    height: int
    font: str
    colour: str
    outline: float
    outline_colour: str


class TextLayer:
    """Words. See `visuals.compositor.kind.Layer`.

    Parameters
    ----------
    context : moderngl context
    rest : the words; a line ends with a line break, or with ``\\n`` written out
    folder : where the relative path of a font begins

    Attributes
    ----------
    trouble : what is wrong, on one line; empty: nothing
    """

    takes: ClassVar[str] = "WORDS"
    premultiplied: ClassVar[bool] = True

    def __init__(self, context: Any, rest: str = "", folder: Path = Path()) -> None:
        self.trouble = ""
        self._text, self._folder = rest.replace("\\n", "\n")[:MOST_LETTERS], folder
        self._upload = Upload(context, still=True)
        self._style: Style | None = None
        self._worker: LatestWorker[Style] | None = None

    @property
    def part(self) -> tuple[float, float, float, float]:
        """Left, bottom, right and top of what isn't transparent, 0..1."""
        return self._upload.part

    def frame(self, size: tuple[int, int], settings: Any, moment: Moment) -> Any:
        """See `visuals.compositor.kind.Layer`."""
        if self._text.strip():
            height = max(SMALLEST, round(settings.size * size[1]))
            style = Style(
                size, height, settings.font, settings.colour, round(settings.outline, 3), settings.outline_colour
            )
            if style != self._style:
                self._style = style
                self._worker = self._worker or LatestWorker(self._set, "text")
                self._worker.put(style)
        return self._upload.texture()

    def _set(self, style: Style) -> None:
        try:
            font = fonts.find(style.font, self._text, self._folder)
            self._upload.give(typeset(self._text, style, font))
            self.trouble = font.trouble
        except Exception as error:  # a damaged font raises anything
            self.trouble = f"text: can't be set ({unexpected(error)}); choose another font"

    def release(self) -> None:
        """See `visuals.compositor.kind.Layer`."""
        if self._worker is not None:
            self._worker.close(0.0)
        self._upload.release()


def typeset(text: str, style: Style, font: fonts.Font) -> "np.ndarray":
    """A text in the middle of a frame.

    Parameters
    ----------
    text : of one or several lines; a line that is too long is broken between words
    style : Style
    font : Font

    Returns
    -------
    uint8 ``(height, width, 4)``, bottom row first, alpha multiplied into the colours
    """
    import numpy as np
    from PIL import Image, ImageColor, ImageDraw

    width, height = style.size
    draw = ImageDraw.Draw(Image.new("L", (1, 1)))
    letters = style.height
    while True:
        made = _font(font.path, font.index, letters)
        stroke = round(style.outline * letters)
        room = ROOM * width - 2 * stroke
        lines = "\n".join(part for line in text.split("\n") for part in broken(line, made.getlength, room))
        options: dict[str, Any] = {
            "font": made,
            "anchor": "mm",
            "align": "center",
            "stroke_width": stroke,
            "spacing": 0.25 * letters,
        }
        middle = width / 2, height / 2
        left, top, right, bottom = draw.multiline_textbbox(middle, lines, **options)
        if (right - left <= width and bottom - top <= ROOM * height) or letters <= SMALLEST:
            break
        letters = max(SMALLEST, int(letters * SMALLER))
    # Its red is where letters and outline are together, its green where letters are: no kind of picture with an alpha
    # of its own is drawn into alike by all versions of Pillow.
    image = Image.new("RGB", style.size)
    ImageDraw.Draw(image).multiline_text(middle, lines, fill=(255, 255, 0), stroke_fill=(255, 0, 0), **options)
    rows = slice(max(0, int(top) - 1), max(0, int(bottom) + 2))
    both, lit = (np.asarray(image)[rows, :, channel, None].astype(np.uint16) for channel in (0, 1))
    colour, outline = (np.array([*ImageColor.getrgb(one)[:3], 255]) for one in (style.colour, style.outline_colour))
    done = np.zeros((height, width, 4), np.uint8)
    done[rows] = (lit * colour + (both - np.minimum(lit, both)) * outline + 127) // 255
    return np.ascontiguousarray(done[::-1])


@functools.lru_cache(32)
def _font(path: str, index: int, size: int) -> Any:
    from PIL import ImageFont

    return ImageFont.truetype(path, size, index=index) if path else ImageFont.load_default(size)


def broken(line: str, length: Any, room: float) -> list[str]:
    """A line in parts, none of which is longer than there is room; between words, else between letters.

    Parameters
    ----------
    line : of words
    length : gives that of a text
    room : as `length` has it

    >>> broken("one two three", len, 8)
    ['one two', 'three']
    >>> broken("abcdefgh", len, 3)
    ['abc', 'def', 'gh']
    """
    parts: list[str] = []
    for word in line.split(" "):
        longer = f"{parts[-1]} {word}" if parts else word
        if parts and length(longer) <= room:
            parts[-1] = longer
            continue
        if length(word) <= room:
            parts.append(word)
            continue
        parts.append("")
        for letter in word:
            joined = unicodedata.category(letter)[0] == "M" or JOINER in (letter, parts[-1][-1:])
            if parts[-1] and not joined and length(parts[-1] + letter) > room:
                parts.append("")
            parts[-1] += letter
    return parts
