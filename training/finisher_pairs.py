"""What the finisher learns from: small pictures beside large ones, and windows of both."""

import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from training.finisher import SCALE
from training.picture_files import find_pictures

HELD_OUT = 16
"""One picture of so many is never trained on; which ones their names say, so that more pictures change nothing."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A picture in both sizes.

    Attributes
    ----------
    name : of its file
    small : uint8 ``(3, height, width)``
    large : uint8 ``(3, 4 height, 4 width)``
    """

    name: str
    small: Tensor
    large: Tensor


def is_held_out(name: str) -> bool:
    """Whether the picture of this name is kept for measuring."""
    return zlib.crc32(name.encode()) % HELD_OUT == 0


def read_pairs(folder: Path) -> tuple[list[Pair], list[str]]:
    """The pairs that `training.enlarge` made: ``NAME.png`` and its enlargement ``NAME.jpg``.

    Parameters
    ----------
    folder : not searched below

    Returns
    -------
    pairs : by name
    skipped : a line on each that can't be used
    """
    return _read([path for path in sorted(folder.glob("*.png")) if path.with_suffix(".jpg").exists()], _pair)


def read_paintings(folder: Path) -> tuple[list[Pair], list[str]]:
    """Large pictures, and what they are when four by four pixels become one.

    Parameters
    ----------
    folder : searched with its subfolders

    Returns
    -------
    pairs : by name
    skipped : a line on each file that can't be used
    """
    if not folder.is_dir():
        return [], []
    files, notes = find_pictures(folder)
    pairs, skipped = _read(files, _painting)
    return pairs, notes + skipped


def _read(files: list[Path], read: Callable[[Path], Pair | str]) -> tuple[list[Pair], list[str]]:
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(read, files))
    return [pair for pair in found if isinstance(pair, Pair)], [line for line in found if isinstance(line, str)]


def _pixels(path: Path) -> Tensor:
    with Image.open(path) as file:
        return torch.from_numpy(np.array(file.convert("RGB")).transpose(2, 0, 1).copy())


def _pair(path: Path) -> Pair | str:
    try:
        small, large = _pixels(path), _pixels(path.with_suffix(".jpg"))
    except (OSError, ValueError, SyntaxError) as error:
        return f"{path}: {error}"
    if large.shape[1:] != (small.shape[1] * SCALE, small.shape[2] * SCALE):
        sizes = " and ".join(f"{picture.shape[2]}x{picture.shape[1]}" for picture in (small, large))
        return f"{path}: it and its enlargement are {sizes}; make it again with {SCALE} times the side"
    return Pair(path.stem, small, large)


def _painting(path: Path) -> Pair | str:
    try:
        large = _pixels(path)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        return f"{path}: {error}"
    height, width = (side - side % SCALE for side in large.shape[1:])
    if not height or not width:
        return f"{path}: too small ({large.shape[2]}x{large.shape[1]})"
    large = large[:, :height, :width].contiguous()
    blocks = large.view(3, height // SCALE, SCALE, width // SCALE, SCALE).float()
    return Pair(path.stem, blocks.mean((2, 4)).round().to(torch.uint8), large)


def draw_windows(pairs: list[Pair], n: int, side: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Windows of pictures that are drawn by chance, at any place, some of them mirrored.

    Parameters
    ----------
    pairs : none of them smaller than `side`
    n : int > 0, how many
    side : int > 0, of the windows of the small pictures
    random : draws

    Returns
    -------
    uint8 ``(n, 3, side, side)`` and ``(n, 3, 4 side, 4 side)``
    """
    small, large = [], []
    for which in torch.randint(len(pairs), (n,), generator=random).tolist():
        pair = pairs[which]
        rows, columns = (length - side + 1 for length in pair.small.shape[1:])
        top, left, mirrored = (torch.randint(most, (1,), generator=random).item() for most in (rows, columns, 2))
        for found, picture, scale in ((small, pair.small, 1), (large, pair.large, SCALE)):
            window = picture[:, top * scale : (top + side) * scale, left * scale : (left + side) * scale]
            found.append(window.flip(2) if mirrored else window)
    return torch.stack(small), torch.stack(large)
