"""Measures of a generator's wide pictures: each window as good as a square, and no two that are alike."""

import torch
from torch import Tensor
from torch.nn import functional as F

from artgen_osc.inference.canvas import USUAL
from artgen_osc.inference.modelfile import ModelFile
from training.evaluate_gan import paint, r2, sliced_wasserstein
from training.pictures import MoodScale, measure_mood, to_float
from training.windows import cut

HALF = (16, 16)
"""Half a picture, as far as it is compared: what lies where, and not how it is painted."""


def measure(model: ModelFile, real: Tensor, moods: Tensor, asked: Tensor, threads: int) -> dict[str, object]:
    """Figures of pictures of 16:9.

    Parameters
    ----------
    model : of a generator that paints them
    real : uint8 ``(n, 3, size, size)``
    moods : ``(n, 2)``, of real pictures, for the distance
    asked : ``(n, 2)``, from anywhere, for the mood
    threads : cores to use

    Returns
    -------
    ``wide_swd``, ``wide_swd_levels``
        sliced Wasserstein distance of square windows at any place of them to the real pictures
    ``wide_mood_r2_valence``, ``wide_mood_r2_energy``
        the mood measured on whole ones against the one asked for
    ``wide_halves``, ``wide_halves_mirrored``
        mean distance of left and right half, and of the left one and the mirror image of the right one; 1 for halves
        of two pictures (0: repeated)
    ``real_halves``, ``real_halves_mirrored``
        the same of real pictures, which are squares
    """
    draw = torch.Generator().manual_seed(6)
    wide = paint(model, moods, threads, USUAL)
    lefts = torch.randint(wide.shape[3] - wide.shape[2] + 1, (len(wide),), generator=draw).tolist()
    levels = sliced_wasserstein(real, cut(wide, lefts), draw)
    scale = MoodScale(torch.tensor(model.card["mood_mean"]), torch.tensor(model.card["mood_deviation"]))
    obeyed = r2(asked, scale.to_mood(measure_mood(paint(model, asked, threads, USUAL))))
    figures: dict[str, object] = {
        "wide_swd": sum(levels) / len(levels),
        "wide_swd_levels": levels,
        "wide_mood_r2_valence": obeyed[0].item(),
        "wide_mood_r2_energy": obeyed[1].item(),
    }
    for name, pictures in (("wide", wide), ("real", real)):
        figures[f"{name}_halves"], figures[f"{name}_halves_mirrored"] = halves(pictures)
    return figures


def halves(pictures: Tensor) -> tuple[float, float]:
    """How far the halves of pictures lie apart, and the left from the mirrored right; 1 for those of two pictures.

    Parameters
    ----------
    pictures : uint8 ``(n, 3, height, width)``, two or more
    """
    middle = pictures.shape[3] // 2
    left, right = (
        torch.cat([F.adaptive_avg_pool2d(to_float(some), HALF) for some in part.split(64)])
        for part in (pictures[..., :middle], pictures[..., middle:])
    )
    distances = []
    for other in (right, right.flip(3)):
        apart = [(left - other.roll(shift, 0)).flatten(1).norm(dim=1).mean() for shift in (0, 1)]
        distances.append((apart[0] / apart[1]).item())
    return distances[0], distances[1]
