"""Pictures for the generator: a folder in, float tensors and the mood of their colours out."""

import json
import math
import os
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor
from tqdm import tqdm

from artgen_osc.errors import ConfigError
from artgen_osc.runtime.files import whole
from training.output import write_text
from training.picture_files import COMMON, find_pictures, quiet_pillow, read_picture, within

EDGE = 0.06
FLAT = 6.0
ENLARGED_MOST = 4.0
"""A picture that has to be enlarged by more than this is a blur, and is left out."""
ENOUGH = 4
"""Larger than so many squares side by side, a picture is made smaller as it is read."""
_AT_ONCE = 256


def _trim(picture: Image.Image) -> Image.Image:
    """Cut flat bars and caption strips at the edges: rows and columns of one colour."""
    grey = np.asarray(picture.convert("L"), dtype=np.float32)
    height, width = grey.shape
    box = [0, 0, width, height]
    reach = {"x": int(width * EDGE), "y": int(height * EDGE)}
    flat_rows = np.median(np.abs(grey - np.median(grey, axis=1, keepdims=True)), axis=1) < FLAT
    flat_columns = np.median(np.abs(grey - np.median(grey, axis=0, keepdims=True)), axis=0) < FLAT

    def bar(flat: np.ndarray, limit: int) -> int:
        inside = np.flatnonzero(flat[:limit])
        return int(inside[-1]) + 1 if len(inside) and flat[: inside[-1] + 1].mean() > 0.6 else 0

    box[0] = bar(flat_columns, reach["x"])
    box[1] = bar(flat_rows, reach["y"])
    box[2] = width - bar(flat_columns[::-1], reach["x"])
    box[3] = height - bar(flat_rows[::-1], reach["y"])
    return picture.crop(tuple(box))


def read_square(path: Path, size: int, enlarged_most: float = ENLARGED_MOST) -> np.ndarray | str:
    """A picture cut to a square.

    Parameters
    ----------
    path : of the file
    size : side of the square, pixels
    enlarged_most : by how much it may be enlarged for that

    Returns
    -------
    uint8 ``(3, size, size)``, or why it can't be used
    """
    try:
        picture = read_picture(path, ENOUGH * size)
    except ValueError as error:
        return str(error)
    width, height = picture.size
    if min(width, height) * enlarged_most < size:
        least = math.ceil(size / enlarged_most)
        return f"too small ({width}x{height}); each side needs {least} pixels or more"
    square = ImageOps.fit(_trim(picture), (size, size), Image.Resampling.LANCZOS)
    return np.ascontiguousarray(np.asarray(square).transpose(2, 0, 1))


def _squares(
    folder: str | Path, files: list[Path], size: int, skipped: list[str], enlarged_most: float = ENLARGED_MOST
) -> Iterator[np.ndarray]:
    """The pictures that can be used; a line on every other one goes to `skipped`."""
    with quiet_pillow(), ThreadPoolExecutor(os.cpu_count()) as pool:
        for i in tqdm(range(0, len(files), _AT_ONCE), desc=f"reading {len(files)} pictures", disable=len(files) < 500):
            some = files[i : i + _AT_ONCE]
            for path, square in zip(
                some, pool.map(lambda path: read_square(path, size, enlarged_most), some), strict=True
            ):
                if isinstance(square, str):
                    skipped.append(f"{within(folder, path)}: {square}")
                else:
                    yield square


def load_pictures(folder: str | Path, size: int, most: int | None = None) -> tuple[Tensor, list[str]]:
    """Read the pictures under `folder` into memory, cut to squares.

    Parameters
    ----------
    folder : searched with its subfolders
    size : side of the squares
    most : read no more than so many, chosen by chance but the same each time

    Returns
    -------
    pictures : uint8 ``(n, 3, size, size)``
    skipped : a line on each file that can't be used, or on all of a kind

    Raises
    ------
    ConfigError
        There is no such folder, or fewer than two pictures can be used.
    """
    files, skipped = find_pictures(folder)
    if most is not None and len(files) > most:
        files = sorted(random.Random(0).sample(files, most))
    squares = list(_squares(folder, files, size, skipped))
    _enough(len(squares), folder, skipped)
    return torch.from_numpy(np.stack(squares)), skipped


def open_pictures(
    folder: str | Path, size: int, cache: Path, enlarged_most: float = ENLARGED_MOST
) -> tuple[Tensor, list[str]]:
    """As `load_pictures`, but kept in a file, so that a collection may be larger than the memory.

    Parameters
    ----------
    folder : searched with its subfolders
    size : side of the squares, pixels
    cache : folder of the file, ``pictures.u8``, and of its index; both are made anew when a picture has changed
    enlarged_most : leave out what has to be enlarged by more

    Returns
    -------
    pictures : uint8 ``(n, 3, size, size)``, mapped from the file
    skipped : a line on each file that can't be used, or on all of a kind

    Raises
    ------
    ConfigError
        As `load_pictures`, or the file can't be written.
    """
    files, skipped = find_pictures(folder)
    names = [[str(path), *_state(path)] for path in files]
    form = [size, enlarged_most]
    index_path, data_path = cache / "pictures.json", cache / "pictures.u8"
    try:
        index = json.loads(index_path.read_text(encoding="utf-8"))
        known = index["form"] == form and index["files"] == names
        known = known and data_path.stat().st_size == index["n"] * 3 * size * size
        bad = list(index["bad"])
    except (OSError, ValueError, KeyError, TypeError):
        known = False
    if not known:
        bad = []
        n = 0
        try:
            index_path.unlink(missing_ok=True)
            cache.mkdir(parents=True, exist_ok=True)
            with whole(data_path) as part:
                with part.open("wb") as file:
                    for square in _squares(folder, files, size, bad, enlarged_most):
                        file.write(square.tobytes())
                        n += 1
                _enough(n, folder, skipped + bad)
            index = {"form": form, "files": names, "n": n, "bad": bad}
            write_text(index_path, json.dumps(index))
        except OSError as error:
            need = len(files) * 3 * size * size / 1e6
            raise ConfigError(
                f"{data_path}: can't be written ({error.strerror}); {need:.0f} MB are needed; "
                "free some space or choose another --run"
            ) from None
    # Copy on write: nothing ever writes, but a read-only array can't become a tensor without a warning.
    data = np.memmap(data_path, np.uint8, "c", shape=(index["n"], 3, size, size))
    return torch.from_numpy(data), skipped + bad


def _state(path: Path) -> tuple[int, int]:
    """Size and time of change by which a picture is known again; a link to nothing has none."""
    try:
        status = path.stat()
    except OSError:
        return -1, -1
    return status.st_size, status.st_mtime_ns


def _enough(n: int, folder: str | Path, skipped: list[str]) -> None:
    if n < 2:
        reason = f"; {len(skipped)} are passed over, the first is {skipped[0]}" if skipped else ""
        raise ConfigError(
            f"--images: {folder}: {n} pictures can be used{reason}; at least 2 are needed, 100 are better; "
            f"give a folder of {', '.join(COMMON)} files"
        )


def to_float(pictures: Tensor) -> Tensor:
    """uint8 0..255 to float32 -1..1."""
    return pictures.float() / 127.5 - 1.0


def to_bytes(pictures: Tensor) -> Tensor:
    """Inverse of `to_float`; what lies outside is clipped."""
    return ((pictures + 1.0) * 127.5).round().clamp(0, 255).byte()


def colour_mood(pictures: Tensor) -> Tensor:
    """Pleasure and arousal of the colours, differentiable.

    After Valdez & Mehrabian (1994), *J. Exp. Psychol. Gen.* 123(4), 394-409:
    pleasure = 0.69 B + 0.22 S, arousal = -0.31 B + 0.60 S, where brightness B is Rec. 709
    luma and S is HSV saturation, each averaged over the picture.

    Parameters
    ----------
    pictures : float ``(n, 3, height, width)`` in -1..1

    Returns
    -------
    float ``(n, 2)``: pleasure, arousal
    """
    rgb = pictures * 0.5 + 0.5
    red, green, blue = rgb.unbind(1)
    brightness = (0.2126 * red + 0.7152 * green + 0.0722 * blue).mean((1, 2))
    high, low = rgb.amax(1), rgb.amin(1)
    # The floor keeps nearly black pixels, whose saturation means nothing, from counting.
    saturation = ((high - low) / (high + 0.05)).mean((1, 2))
    return torch.stack([0.69 * brightness + 0.22 * saturation, -0.31 * brightness + 0.60 * saturation], 1)


def measure_mood(pictures: Tensor) -> Tensor:
    """`colour_mood` of any number of pictures: uint8 ``(n, 3, height, width)`` to float ``(n, 2)``."""
    return torch.cat([colour_mood(to_float(part)) for part in pictures.split(64)])


class MoodScale:
    """Maps pleasure and arousal to valence and energy on the scale of a picture collection.

    0.5 is the collection's mean, 0 and 1 are two standard deviations below and above it.

    Parameters
    ----------
    mean, deviation : float ``(2,)``, of the pleasure and arousal of the collection
    """

    def __init__(self, mean: Tensor, deviation: Tensor) -> None:
        self.mean, self.deviation = mean, deviation

    @classmethod
    def of(cls, measured: Tensor) -> "MoodScale":
        """The scale of a collection.

        Parameters
        ----------
        measured : float ``(n, 2)``, see `measure_mood`

        Raises
        ------
        ValueError
            The pictures all have the same colours.
        """
        deviation = measured.std(0)
        if not (deviation > 1e-3).all():
            raise ValueError(
                "the pictures are too much alike for moods: all have the same brightness or saturation; "
                "pictures of different colours are needed"
            )
        return cls(measured.mean(0), deviation)

    def to_mood(self, measured: Tensor) -> Tensor:
        """``(n, 2)`` pleasure and arousal to valence and energy, not clipped."""
        mean, deviation = (part.to(measured.device, non_blocking=True) for part in (self.mean, self.deviation))
        return 0.5 + (measured - mean) / (4.0 * deviation)
