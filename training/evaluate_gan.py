"""Measures of a generator against the pictures that it was trained on."""

import argparse
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from artgen_osc.errors import ModelError
from artgen_osc.modelfile import Engine, load
from training.pictures import MoodScale, colour_mood, load_pictures, to_float

PATCH = 7
PATCHES_PER_PICTURE = 64
PROJECTIONS = 512
COARSE = 32


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of ``evaluate gan``."""
    parser.add_argument("model", help="the generator's model file")
    parser.add_argument("--images", required=True, help="folder of the pictures that it was trained on, or of others")
    parser.add_argument("--count", type=int, default=500, help="pictures to generate (500)")
    parser.add_argument("--threads", type=int, default=2, help="cores to use (2)")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Generate, measure, and return the figures.

    Returns
    -------
    ``n``; ``swd``, the mean over the pyramid's levels times 1000 (lower is better);
    ``mood_r2_valence`` and ``mood_r2_energy``, the mood measured on the pictures against the one
    asked for; ``diversity``, the mean distance of two generated pictures, 1 for that of two real
    ones; ``nearest_neighbour``, the mean distance to the closest real picture, 1 for the
    distance from a real picture to the closest other one (near 0: learned by heart).

    Raises
    ------
    ModelError
        The model or the folder can't be used.
    """
    model = load(options.model, "generator")
    try:
        real, _ = load_pictures(options.images, model.card["size"])
    except ValueError as error:
        raise ModelError(str(error)) from None
    draw = torch.Generator().manual_seed(0)
    asked = torch.rand(options.count, 2, generator=draw) * 0.8 + 0.1
    z = torch.randn(options.count, model.card["z_dim"], generator=draw)
    engine = Engine(model, options.threads)
    fakes = []
    for i in tqdm(range(options.count), desc="paint"):
        (picture,) = engine(z[i : i + 1].numpy(), asked[i : i + 1].numpy())
        fakes.append(((torch.from_numpy(picture[0]) * 0.5 + 0.5) * 255).round().clamp(0, 255).byte())
    fake = torch.stack(fakes)
    scale = MoodScale(torch.tensor(model.card["mood_mean"]), torch.tensor(model.card["mood_deviation"]))
    measured = scale.to_mood(colour_mood(to_float(fake)))
    r2 = 1 - (measured - asked).square().sum(0) / (asked - asked.mean(0)).square().sum(0)
    return {
        "n": options.count,
        "swd": sliced_wasserstein(real, fake, draw),
        "mood_r2_valence": r2[0].item(),
        "mood_r2_energy": r2[1].item(),
        "diversity": _mean_distance(fake) / _mean_distance(real),
        "nearest_neighbour": _nearest(fake, real) / _nearest(real, real),
    }


def sliced_wasserstein(real: Tensor, fake: Tensor, draw: torch.Generator) -> float:
    """Sliced Wasserstein distance of Laplacian pyramid patches, times 1000 (Karras et al., 2018).

    Parameters
    ----------
    real, fake : uint8 ``(n, 3, size, size)``; n may differ
    draw : chooses patches and projections
    """
    n = min(len(real), len(fake))
    pyramids = [_pyramid(p[torch.randperm(len(p), generator=draw)[:n]]) for p in (real, fake)]
    distances = []
    for real_level, fake_level in zip(*pyramids, strict=True):
        a, b = _patches(real_level, draw), _patches(fake_level, draw)
        directions = F.normalize(torch.randn(a.shape[1], PROJECTIONS, generator=draw), dim=0)
        distances.append(((a @ directions).sort(0).values - (b @ directions).sort(0).values).abs().mean())
    return 1000 * torch.stack(distances).mean().item()


def _pyramid(pictures: Tensor) -> list[Tensor]:
    level, levels = to_float(pictures), []
    while level.shape[-1] > 16:
        coarse = F.avg_pool2d(level, 2)
        levels.append(level - F.interpolate(coarse, scale_factor=2.0, mode="bilinear", align_corners=False))
        level = coarse
    return [*levels, level]


def _patches(level: Tensor, draw: torch.Generator) -> Tensor:
    """Random patches, each channel normalised over all of them: ``(n, 3 * PATCH * PATCH)``."""
    n, _, side, _ = level.shape
    places = torch.randint(0, side - PATCH + 1, (n, PATCHES_PER_PICTURE, 2), generator=draw).tolist()
    cut = [level[i, :, y : y + PATCH, x : x + PATCH] for i in range(n) for y, x in places[i]]
    patches = torch.stack(cut)
    mean, deviation = patches.mean((0, 2, 3), keepdim=True), patches.std((0, 2, 3), keepdim=True)
    return ((patches - mean) / (deviation + 1e-8)).flatten(1)


def _coarse(pictures: Tensor) -> Tensor:
    return torch.cat([F.adaptive_avg_pool2d(to_float(part), COARSE).flatten(1) for part in pictures.split(64)])


def _mean_distance(pictures: Tensor) -> float:
    return F.pdist(_coarse(pictures[:500])).mean().item()


def _nearest(pictures: Tensor, among: Tensor) -> float:
    """Mean distance to the closest of `among` that isn't the very same picture."""
    distances = torch.cdist(_coarse(pictures), _coarse(among))
    if pictures is among:
        distances.fill_diagonal_(torch.inf)
    return distances.min(1).values.mean().item()
