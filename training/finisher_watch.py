"""What is seen and measured of a finisher on pictures that it isn't trained on."""

from collections.abc import Callable

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from training.finisher import SCALE, centred, cubic, levels
from training.finisher_losses import bands
from training.finisher_pairs import Pair

CROP = 96
"""Side of the crops of a sheet, in pixels of the small picture."""
SHOWN = 4
MEASURED = 6
Finish = Callable[[Tensor], Tensor]
"""Float ``(n, 3, height, width)`` in -1..1 to ``(n, 3, 4 height, 4 width)``."""


@torch.no_grad()
def sheet(finish: Finish, pairs: list[Pair], shown: int = SHOWN) -> Image.Image:
    """Crops at 1:1, one row for each picture: enlarged by a cubic, finished, and the teacher's.

    Parameters
    ----------
    finish : what is looked at
    pairs : the first `shown` of them are
    shown : int > 0
    """
    rows = []
    for pair in pairs[:shown]:
        top, left = (max(0, (side - CROP) // 2) for side in pair.small.shape[1:])
        small = centred(pair.small[None, :, top : top + CROP, left : left + CROP])
        large = pair.large[None, :, top * SCALE : (top + CROP) * SCALE, left * SCALE : (left + CROP) * SCALE]
        rows.append(torch.cat([levels(cubic(small)), levels(finish(small)), large], 3))
    return Image.fromarray(np.ascontiguousarray(torch.cat(rows, 2)[0].permute(1, 2, 0).numpy()))


@torch.no_grad()
def measure(finish: Finish, pairs: list[Pair], most: int = MEASURED) -> dict[str, float]:
    """Figures on some pairs.

    Parameters
    ----------
    finish : what is looked at
    pairs : the first `most` of them are
    most : int > 0

    Returns
    -------
    ``psnr``, ``psnr_cubic``
        likeness to the teacher's pictures in dB, and that of a cubic enlargement
    ``texture_1``, ``texture_2``, ``texture_4``
        amount of detail of 1, 2 and 4 pixels, 1 for the teacher's
    ``grid``
        how much more changes at the most changing of four neighbouring rows or columns than at the least one, in
        units of the teacher's: 1 where no grid is
    """
    psnr, psnr_cubic, amounts, grids = [], [], [], []
    for pair in pairs[:most]:
        small, large = centred(pair.small[None]), centred(pair.large[None])
        ours, enlarged = (picture.clamp(-1, 1) for picture in (finish(small), cubic(small)))
        psnr.append(_psnr(ours, large))
        psnr_cubic.append(_psnr(enlarged, large))
        amounts.append([[band.abs().mean() for band in bands(picture)] for picture in (ours, large)])
        grids.append(grid(ours) / grid(large))
    ours_amount, theirs = torch.tensor(amounts).mean(0)
    return {
        "psnr": sum(psnr) / len(psnr),
        "psnr_cubic": sum(psnr_cubic) / len(psnr),
        **{f"texture_{2**i}": value for i, value in enumerate((ours_amount / theirs).tolist())},
        "grid": torch.stack(grids).mean().item(),
    }


def _psnr(ours: Tensor, theirs: Tensor) -> float:
    # The range is 2: from -1 to 1.
    return (10 * torch.log10(4 / (ours - theirs).square().mean())).item()


def grid(pictures: Tensor) -> Tensor:
    """Change from pixel to pixel at the most changing of `SCALE` phases, over that at the least changing one.

    Parameters
    ----------
    pictures : float ``(n, 3, height, width)``
    """
    worst = []
    for along in (2, 3):
        change = pictures.diff(dim=along).abs().mean((0, 1, 5 - along))
        phases = torch.stack([change[phase::SCALE].mean() for phase in range(SCALE)])
        worst.append(phases.max() / phases.min())
    return torch.stack(worst).max()
