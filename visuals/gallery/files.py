"""A picture and what is known of it in one PNG file, written as a whole or not at all."""

import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from artgen_osc.runtime.files import open_regular, whole
from artgen_osc.runtime.text import printable
from visuals.gallery.record import MOST_PIXELS, About, from_json, to_json
from visuals.generators.generator import Frame

KEYWORD = "artgen"
"""Of the iTXt chunk with the JSON object."""

THUMBNAIL_CHUNK = b"arTH"
"""A small JPEG. The letters' cases say: not critical, ours alone, and not to be kept by a program that changes the
picture (PNG specification, 5.4)."""

THUMBNAIL_SIDE = 192
LONGEST_REASON = 200
LARGEST_THUMBNAIL, LARGEST_FILE = 1 << 20, 4 * MOST_PIXELS
"""Bytes. What is larger is none of ours, and isn't read into memory."""
COMPRESSION = 1
"""Of 1 to 9: 3 takes half as long again, and makes the file 4 % smaller."""

_HEAD = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
_TAIL = b"\0\0\0\0IEND\xaeB`\x82"


@dataclass(frozen=True, slots=True)
class Entry:
    """The head of a file.

    Attributes
    ----------
    about : About
    thumbnail : a JPEG file's bytes
    """

    about: About
    thumbnail: bytes


def write(path: Path, frame: Frame, about: About) -> None:
    """Write a picture; whoever looks at `path` sees nothing or all of it, whenever the writer is killed.

    Parameters
    ----------
    path : a PNG file
    frame : uint8 ``(height, width, 3)``
    about : of the picture

    Raises
    ------
    OSError
        The folder can't be written, or is full; ``strerror`` says so. There is no new file then.
    """
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    image = Image.fromarray(frame)
    info = PngInfo()
    info.add_itxt(KEYWORD, to_json(about))
    info.add(THUMBNAIL_CHUNK, _thumbnail(image))
    with whole(path) as part, part.open("wb") as file:
        image.save(file, "PNG", compress_level=COMPRESSION, pnginfo=info)


def read(path: Path) -> Entry:
    """The head of a picture; its pixels aren't decoded. A link isn't followed.

    Raises
    ------
    ValueError
        It isn't a whole PNG file that artgen has written.
    OSError
        It can't be read.
    """
    from PIL import Image, UnidentifiedImageError

    with open_regular(path, LARGEST_FILE, follow=False) as file:
        _check_form(file)
        try:
            with Image.open(file, formats=("PNG",)) as image:
                text = image.info.get(KEYWORD)  # Pillow's `text` would decode the pixels, to look behind them
                chunks = getattr(image, "private_chunks", [])
                size = image.size
        except UnidentifiedImageError:
            raise ValueError("is a damaged PNG file") from None
        except Exception as error:  # whatever Pillow makes of chunks that nobody has written
            raise ValueError(f"is a damaged PNG file ({error})") from None
    if text is None:
        raise ValueError("was not written by artgen")
    try:
        about = from_json(str(text))
    except RecursionError:
        raise ValueError("is nested too deep") from None
    if (about.width, about.height) != size:
        raise ValueError("has been changed to another size")
    thumbnail = next((chunk[1] for chunk in chunks if chunk[0] == THUMBNAIL_CHUNK), b"")
    if not thumbnail.startswith(b"\xff\xd8") or len(thumbnail) > LARGEST_THUMBNAIL:
        raise ValueError("has been changed by another program: its small picture is gone")
    return Entry(about, thumbnail)


def reason_of(error: Exception) -> str:
    """Why `read` could not use a file: a few words on one line, whatever was in it."""
    told = error.strerror if isinstance(error, OSError) else str(error)
    return printable(told or type(error).__name__)[:LONGEST_REASON]


def _check_form(file: IO[bytes]) -> None:
    """Whole from its head to its tail, and no larger than a screen can be."""
    head = file.read(len(_HEAD) + 8)
    width, height = int.from_bytes(head[-8:-4], "big"), int.from_bytes(head[-4:], "big")
    file.seek(0, os.SEEK_END)
    if not head.startswith(_HEAD) or file.tell() < len(_HEAD) + 8 + len(_TAIL):
        raise ValueError("is not a PNG file")
    if width * height > MOST_PIXELS:
        raise ValueError(f"is larger than a screen, {width}x{height}")
    file.seek(-len(_TAIL), os.SEEK_END)
    if file.read() != _TAIL:
        raise ValueError("is a PNG file that lacks its end")
    file.seek(0)


def _thumbnail(image: object) -> bytes:
    from PIL import Image

    assert isinstance(image, Image.Image)
    small = image.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    data = io.BytesIO()
    small.save(data, "JPEG", quality=75)
    return data.getvalue()
