"""Square windows of wide pictures: what judges squares judges those."""

import torch
from torch import Tensor

from artgen_osc.inference.canvas import SQUARE

COLUMNS = (16, 22, 28, 28, 37)
"""Of which one is painted at a time while training, a square being `artgen_osc.inference.canvas.SQUARE` of them: 1:1,
11:8, 16:9 and 21:9."""


def draw_columns(widest: float, draw: torch.Generator) -> int:
    """How wide to paint, in columns.

    Parameters
    ----------
    widest : width over height of the canvas
    draw : chooses
    """
    if widest <= 1.0:
        return SQUARE
    chosen = COLUMNS[int(torch.randint(len(COLUMNS), (1,), generator=draw))]
    return min(chosen, round(SQUARE * widest))


def draw_lefts(n: int, room: int, draw: torch.Generator) -> list[int]:
    """Where windows begin, in pixels from the left: at the rims as often as between them.

    Parameters
    ----------
    n : windows
    room : pixels by which they may be moved
    draw : chooses
    """
    if room <= 0:
        return [0] * n
    return torch.randint(-room // 2, room + room // 2 + 1, (n,), generator=draw).clamp(0, room).tolist()  # type: ignore[no-any-return]


def cut(pictures: Tensor, lefts: list[int]) -> Tensor:
    """A square of each picture: ``(n, 3, height, height)``.

    Parameters
    ----------
    pictures : ``(n, 3, height, width)``
    lefts : where each square begins
    """
    side = pictures.shape[2]
    if pictures.shape[3] == side:
        return pictures
    return torch.stack([part[:, :, left : left + side] for part, left in zip(pictures, lefts, strict=True)])
