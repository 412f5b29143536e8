"""Picture files as other people have them: found in a folder, and read whatever is odd about them.

One bad file never stops a training: it is named once, with what is wrong, and passed over.
"""

import os
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from artgen_osc.errors import ConfigError
from artgen_osc.runtime.files import open_regular

SUFFIXES = {
    *(".avif", ".avifs", ".apng", ".bmp", ".dib", ".gif", ".heic", ".heif", ".j2c", ".j2k", ".jfif", ".jp2", ".jpe"),
    *(".jpeg", ".jpf", ".jpg", ".jpx", ".jxl", ".mpo", ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".psd", ".qoi", ".tga"),
    *(".tif", ".tiff", ".webp"),
}
"""Names of pictures end in one of these. Whether Pillow reads the kind depends on its version and how it was built."""
NEVER_READ = {".ai", ".arw", ".cr2", ".cr3", ".dng", ".nef", ".orf", ".raf", ".raw", ".rw2", ".svg", ".xcf"}
"""Pictures of cameras and of drawing programs, which are told of but not read."""
COMMON = ("jpg", "png", "webp", "tif")
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_WHITES = (1.0, 255.0, 65535.0)
"""What white is in files of floating point: the first of them that most of the picture stays below, or nearly."""


def find_pictures(folder: str | Path) -> tuple[list[Path], list[str]]:
    """Every picture file under a folder, by name; links to folders are followed, each folder is read once.

    Returns
    -------
    files : to be read, in the order of their names
    notes : a line on whatever looked like a picture or a folder but can't be read, one for all of a kind

    Raises
    ------
    ConfigError
        There is no such folder.
    """
    top = Path(folder)
    try:
        os.scandir(top).close()
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise ConfigError(f"--images: {folder}: {reason}; give a folder of pictures") from None
    readable = _readable()
    files, notes, kinds, hidden = list[Path](), list[str](), Counter[str](), 0

    def unreadable(error: OSError) -> None:
        notes.append(f"{within(top, Path(error.filename))}: {error.strerror}")

    seen: set[tuple[int, int]] = set()
    for place, folders, names in os.walk(top, followlinks=True, onerror=unreadable):
        status = Path(place).stat()
        if (status.st_dev, status.st_ino) in seen:  # a link that leads in a circle, or a second one to a folder
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        # ._IMG.jpg is what macOS writes beside a picture on foreign disks; .thumbnails are copies.
        hidden += sum(_is_picture(name) for name in names if name.startswith("."))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            suffix = os.path.splitext(name)[1].lower()  # noqa: PTH122 (a name, and not a path)
            if name.startswith(".") or not _is_picture(name):
                continue
            if suffix in readable:
                files.append(Path(place, name))
            else:
                kinds[suffix] += 1
    for suffix, count in sorted(kinds.items()):
        notes.append(f"{count} {suffix} {_files(count)}: that kind can't be read here; save as JPEG or PNG")
    if hidden:
        notes.append(f"{hidden} hidden {_files(hidden)}, named with a dot in front")
    return sorted(files), notes


def _is_picture(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in SUFFIXES | NEVER_READ  # noqa: PTH122


def _files(count: int) -> str:
    return "file" if count == 1 else "files"


def _readable() -> set[str]:
    Image.init()
    return {suffix for suffix, form in Image.registered_extensions().items() if form in Image.OPEN} & SUFFIXES


def within(top: str | Path, path: Path) -> str:
    """A path as it is told of: below `top`, which everybody knows.

    Parameters
    ----------
    top : the folder that was asked for
    path : of a file in it or elsewhere
    """
    return str(path.relative_to(top) if path.is_relative_to(top) and path != Path(top) else path)


@contextmanager
def quiet_pillow() -> Iterator[None]:
    """Where pictures are read: Pillow's warnings about each of them would hide what matters."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def read_picture(path: Path, least: int | None = None) -> Image.Image:
    """A picture as it is meant to be seen, RGB: turned as its camera was held, over white where it is transparent.

    Of an animation or a file with several pages it is the first picture.

    Parameters
    ----------
    path : of the file
    least : pixels that are enough on each side; a larger picture may come smaller, which saves memory

    Raises
    ------
    ValueError
        It can't be used; the text says why.
    """
    empty = False
    try:
        with open_regular(path) as data:
            empty = not os.fstat(data.fileno()).st_size
            with Image.open(data) as file:
                if least:
                    file.draft(None, (least, least))
                return _smaller(_as_seen(file), least)
    except UnidentifiedImageError:
        raise ValueError("is empty" if empty else "isn't a picture that can be read here") from None
    except Image.DecompressionBombError:
        most = 2 * (Image.MAX_IMAGE_PIXELS or 0) / 1e6
        raise ValueError(f"has more than {most:.0f} million pixels, which is the most; save it smaller") from None
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from None
    except Exception as error:  # whatever a damaged file leads Pillow's decoders to
        raise ValueError(f"is damaged ({error})") from None


def _smaller(picture: Image.Image, least: int | None) -> Image.Image:
    factor = min(picture.size) // least if least else 1
    return picture.reduce(factor) if factor > 1 else picture


def _as_seen(file: Image.Image) -> Image.Image:
    file.load()  # here Pillow turns some kinds by itself
    turn = _turn(file)
    picture: Image.Image = file
    if picture.mode == "F" or picture.mode.startswith("I"):
        picture = Image.fromarray(_to_bytes(np.asarray(picture)))
    if picture.has_transparency_data:
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture.convert("RGBA"))
    picture = picture.convert("RGB")
    return picture if turn is None else picture.transpose(turn)


def _turn(picture: Image.Image) -> Image.Transpose | None:
    """How a picture has to be turned; None: as it is, also where its EXIF data are damaged."""
    try:
        return _TURNS.get(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # nothing there is worth losing a picture for
        return None


def _to_bytes(grey: np.ndarray) -> np.ndarray:
    """Grey of more than 8 bits, ``(height, width)`` of whole numbers or of floating point, as uint8."""
    if grey.dtype.kind in "iu" and grey.dtype.itemsize == 2:
        return (grey.astype(np.uint16) >> 8).astype(np.uint8)
    values = np.nan_to_num(grey.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    high = np.percentile(values, 99)
    whites = _WHITES if grey.dtype.kind == "f" else _WHITES[1:]
    white = next((white for white in whites if high <= 2 * white), values.max())
    return (values * (255.0 / white)).round().clip(0, 255).astype(np.uint8)
