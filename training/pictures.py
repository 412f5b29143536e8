"""Pictures for the generator: a folder in, float tensors and the mood of their colours out."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}
EDGE = 0.06
FLAT = 6.0


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


def load_pictures(folder: str | Path, size: int) -> tuple[Tensor, list[str]]:
    """Read every picture under `folder`, cut to a square.

    Returns
    -------
    pictures : uint8 ``(n, 3, size, size)``
    skipped : names of the files that can't be read, with the reason

    Raises
    ------
    ValueError
        Fewer than two pictures can be read.
    """
    pictures, skipped = [], []
    for path in _files(Path(folder)):
        try:
            with Image.open(path) as file:
                picture = ImageOps.exif_transpose(file).convert("RGB")
        except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
            skipped.append(f"{path.name}: {error}")
            continue
        square = ImageOps.fit(_trim(picture), (size, size), Image.Resampling.LANCZOS)
        pictures.append(torch.from_numpy(np.array(square)).permute(2, 0, 1))
    if len(pictures) < 2:
        raise ValueError(
            f"{folder}: {len(pictures)} pictures can be read; at least 2 are needed; give a folder of jpg or png files"
        )
    return torch.stack(pictures), skipped


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)


def to_float(pictures: Tensor) -> Tensor:
    """uint8 0..255 to float32 -1..1."""
    return pictures.float() / 127.5 - 1.0


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
    weights = rgb.new_tensor([0.2126, 0.7152, 0.0722]).view(1, 3, 1, 1)
    brightness = (rgb * weights).sum(1).mean((1, 2))
    high, low = rgb.amax(1), rgb.amin(1)
    # The floor keeps nearly black pixels, whose saturation means nothing, from counting.
    saturation = ((high - low) / (high + 0.05)).mean((1, 2))
    return torch.stack([0.69 * brightness + 0.22 * saturation, -0.31 * brightness + 0.60 * saturation], 1)


class MoodScale:
    """Maps pleasure and arousal to valence and energy on the scale of a picture collection.

    0.5 is the collection's mean, 0 and 1 are two standard deviations below and above it.
    """

    def __init__(self, mean: Tensor, deviation: Tensor) -> None:
        self.mean, self.deviation = mean, deviation

    @classmethod
    def of(cls, pictures: Tensor) -> "MoodScale":
        """Measure a collection: uint8 ``(n, 3, height, width)``."""
        measured = torch.cat([colour_mood(to_float(part)) for part in pictures.split(64)])
        return cls(measured.mean(0), measured.std(0))

    def to_mood(self, measured: Tensor) -> Tensor:
        """``(n, 2)`` pleasure and arousal to valence and energy, not clipped."""
        return 0.5 + (measured - self.mean) / (4.0 * self.deviation)
