"""Measures of a generator against the pictures that it was trained on."""

import argparse
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from artgen_osc.inference.canvas import Canvas
from artgen_osc.inference.modelfile import Engine, ModelFile, load
from training.command import MOST_THREADS, named_path, need_file, say_skipped, whole_number
from training.gan import pretrained_features
from training.pictures import MoodScale, load_pictures, measure_mood, to_bytes, to_float

PATCH = 7
PATCHES_PER_PICTURE = 64
PROJECTIONS = 512
COARSE = 32
MOST_PICTURES = 2_000
WALKS = 8
WALK_PICTURES = 40
WALK_ANGLE = 0.5 * math.pi / 120
"""From one z to the next of a slow walk: a quarter turn in four seconds at 30 pictures a second."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of ``evaluate gan``."""
    parser.add_argument("model", type=named_path, help="the generator's model file")
    parser.add_argument(
        "--images",
        type=named_path,
        required=True,
        help="folder of the pictures that it was trained on, or of others; of many, 2,000",
    )
    parser.add_argument(
        "--against", type=named_path, help="another generator's model file, whose distance is given beside"
    )
    parser.add_argument("--count", type=whole_number(2), default=500, help="pictures to generate (500)")
    parser.add_argument("--threads", type=whole_number(1, MOST_THREADS), default=2, help="cores to use (2)")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Generate, measure, and return the figures.

    Returns
    -------
    ``n``
        pictures generated
    ``swd``, ``swd_levels``
        sliced Wasserstein distance to the real pictures, times 1000 (lower is better): the mean over the pyramid's
        levels, and each of them, finest first
    ``swd_floor``, ``swd_against``, with their ``_levels``
        the same between two random halves of the real pictures, and of another generator, if one is given
    ``mood_r2_valence``, ``mood_r2_energy``
        the mood measured on pictures against the one asked for, anywhere in the square; for all other figures the
        moods asked for are those of real pictures
    ``diversity``, ``diversity_perceptual``
        mean distance of two generated pictures, 1 for that of two real ones: at 32x32, and by the features of
        EfficientNet-Lite0
    ``nearest_neighbour``
        mean distance to the closest real picture, 1 for that from a real picture to the closest other one (near 0:
        learned by heart)
    ``walk_p99``
        99th percentile of the change from picture to picture on slow walks, 1 for the median
    ``wide_…``
        of a generator that paints more than squares; see `training.evaluate_wide.measure`

    Raises
    ------
    ConfigError, ModelError
        A model or the folder can't be used.
    """
    for flag, given in (("", options.model), ("--against", options.against)):
        if given:
            need_file(flag, given)
    model = load(options.model, "generator")
    real, skipped = load_pictures(options.images, model.card["size"], most=MOST_PICTURES)
    say_skipped(skipped)
    draw = torch.Generator().manual_seed(0)
    scale = MoodScale(torch.tensor(model.card["mood_mean"]), torch.tensor(model.card["mood_deviation"]))
    asked = torch.rand(options.count, 2, generator=draw)
    obeyed = r2(asked, scale.to_mood(measure_mood(paint(model, asked, options.threads))))
    # Beside the real pictures, the generated ones have their moods, or their colours could not be alike.
    moods = scale.to_mood(measure_mood(real)).clamp(0, 1)
    moods = moods[torch.randint(len(moods), (options.count,), generator=draw)]
    fake = paint(model, moods, options.threads)
    shuffled = real[torch.randperm(len(real), generator=draw)]
    half = min(len(real) // 2, options.count)
    distances = {"swd": fake, "swd_floor": shuffled[half : 2 * half]}
    if options.against:
        other = paint(load(options.against, "generator"), moods, options.threads)
        distances["swd_against"] = F.interpolate(other.float(), real.shape[-2:], mode="bilinear", antialias=True).byte()
    figures: dict[str, Any] = {"n": options.count}
    for name, pictures in distances.items():
        levels = sliced_wasserstein(shuffled[:half], pictures, draw)
        figures |= {name: sum(levels) / len(levels), f"{name}_levels": levels}
    if Canvas.of(model.card).many:
        from training.evaluate_wide import measure

        figures |= measure(model, shuffled[:half], moods, asked, options.threads)
    return figures | {
        "mood_r2_valence": obeyed[0].item(),
        "mood_r2_energy": obeyed[1].item(),
        "diversity": diversity(real, fake),
        "diversity_perceptual": perceptual_diversity(real, fake, pretrained_features()),
        "nearest_neighbour": nearest_neighbour(real, fake),
        "walk_p99": _walk_evenness(model, options.threads),
    }


Paint = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""z ``(1, z_dim)`` and a mood ``(1, 2)`` to a picture ``(1, 3, height, width)``, -1..1."""


def open_at(model: ModelFile, threads: int, aspect: float = 1.0) -> Paint:
    """A generator as the show runs it.

    Parameters
    ----------
    model : of the generator
    threads : cores to use
    aspect : width over height, where it paints more than squares
    """
    canvas = Canvas.of(model.card)
    columns = canvas.columns_for(aspect)
    shapes = canvas.shapes(model.card["z_dim"], columns) if canvas.many else None
    engine, places = Engine(model, threads, shapes=shapes), canvas.inputs(columns)
    return lambda z, mood: engine(z, mood, *places)[0]


def paint(model: ModelFile, moods: Tensor, threads: int, aspect: float = 1.0) -> Tensor:
    """A picture for each mood, each with a z of its own: uint8 ``(n, 3, size, width)``.

    Parameters
    ----------
    moods : ``(n, 2)``
    model, threads, aspect : as for `open_at`
    """
    engine = open_at(model, threads, aspect)
    z = torch.randn(len(moods), model.card["z_dim"], generator=torch.Generator().manual_seed(1)).numpy()
    pictures = []
    for i in tqdm(range(len(moods)), desc="paint"):
        pictures.append(to_bytes(torch.from_numpy(engine(z[i : i + 1], moods[i : i + 1].numpy())[0])))
    return torch.stack(pictures)


def _walk_evenness(model: ModelFile, threads: int) -> float:
    """99th percentile over the median of the mean absolute change between neighbours on slow walks."""
    engine = open_at(model, threads)
    draw = torch.Generator().manual_seed(4)
    changes = []
    for _ in tqdm(range(WALKS), desc="walk"):
        start, end = F.normalize(torch.randn(2, model.card["z_dim"], generator=draw), dim=1)
        end = F.normalize(end - (end @ start) * start, dim=0)
        first_mood, last_mood = torch.rand(2, 2, generator=draw)
        last = None
        for i in range(WALK_PICTURES):
            angle = torch.tensor(i * WALK_ANGLE)
            z = math.sqrt(len(start)) * (angle.cos() * start + angle.sin() * end)
            mood = torch.lerp(first_mood, last_mood, i / WALK_PICTURES)
            picture = torch.from_numpy(engine(z[None].numpy(), mood[None].numpy()))
            if last is not None:
                changes.append((picture - last).abs().mean())
            last = picture
    change = torch.stack(changes)
    return (change.quantile(0.99) / change.median()).item()


def r2(asked: Tensor, measured: Tensor) -> Tensor:
    """Share of the variance of the asked moods that the measured ones follow.

    Parameters
    ----------
    asked, measured : float ``(n, 2)``

    Returns
    -------
    float ``(2,)``, 1 at most; 0 is as good as their mean
    """
    return 1 - (measured - asked).square().sum(0) / (asked - asked.mean(0)).square().sum(0)


def sliced_wasserstein(real: Tensor, fake: Tensor, draw: torch.Generator) -> list[float]:
    """Sliced Wasserstein distance of Laplacian pyramid patches, times 1000, finest level first (Karras et al., 2018).

    Parameters
    ----------
    real, fake : uint8 ``(n, 3, size, size)``; n may differ
    draw : chooses patches and projections
    """
    n = min(len(real), len(fake))
    pyramids = [_pyramid(p[torch.randperm(len(p), generator=draw)[:n]]) for p in (real, fake)]
    return [level_distance(*levels, draw) for levels in zip(*pyramids, strict=True)]


def level_distance(real: Tensor, fake: Tensor, draw: torch.Generator) -> float:
    """Sliced Wasserstein distance of the patches of one level, times 1000.

    Parameters
    ----------
    real, fake : float ``(n, 3, side, side)``, the same n
    draw : chooses patches and projections
    """
    a, b = _patches(real, draw), _patches(fake, draw)
    directions = F.normalize(torch.randn(a.shape[1], PROJECTIONS, generator=draw), dim=0)
    distance = ((a @ directions).sort(0).values - (b @ directions).sort(0).values).abs().mean()
    return 1000 * distance.item()


def _pyramid(pictures: Tensor) -> list[Tensor]:
    level, levels = to_float(pictures), []
    while level.shape[-1] > 16:
        coarse = F.avg_pool2d(level, 2)
        levels.append(finest(level))
        level = coarse
    return [*levels, level]


def finest(pictures: Tensor) -> Tensor:
    """The finest level of a Laplacian pyramid: float ``(n, 3, height, width)``, of the same size."""
    coarse = F.avg_pool2d(pictures, 2)
    return pictures - F.interpolate(coarse, scale_factor=2.0, mode="bilinear", align_corners=False)


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


def coarse_bytes(pictures: Tensor) -> Tensor:
    """All that `nearest_neighbour` looks at: uint8 ``(n, 3, height, width)`` to ``(n, 3, 32, 32)``."""
    return torch.cat([F.adaptive_avg_pool2d(part.float(), COARSE).round().byte() for part in pictures.split(64)])


def diversity(real: Tensor, fake: Tensor) -> float:
    """Mean distance of two generated pictures at 32x32, 1 for that of two real ones.

    Parameters
    ----------
    real, fake : uint8 or float ``(n, 3, size, size)``; the first 500 count
    """
    return (F.pdist(_coarse(fake[:500])).mean() / F.pdist(_coarse(real[:500])).mean()).item()


@torch.no_grad()
def perceptual_diversity(real: Tensor, fake: Tensor, features: nn.Module) -> float:
    """As `diversity`, between quarters of the feature maps, each channel in units of its deviation in real pictures.

    Parameters
    ----------
    real, fake : uint8 ``(n, 3, size, size)``
    features : pictures to maps
    """

    def seen(pictures: Tensor) -> Tensor:
        parts = [features(to_float(part)) for part in pictures[:500].split(16)]
        return torch.cat([torch.cat([F.adaptive_avg_pool2d(m, 2).flatten(1) for m in maps], 1) for maps in parts])

    ours, theirs = seen(fake), seen(real)
    deviation = theirs.std(0) + 1e-6
    return (F.pdist(ours / deviation).mean() / F.pdist(theirs / deviation).mean()).item()


def nearest_neighbour(real: Tensor, fake: Tensor) -> float:
    """Mean distance at 32x32 to the closest real picture, 1 for that from a real picture to the closest other one.

    Parameters
    ----------
    real, fake : uint8 or float ``(n, 3, size, size)``
    """
    ours, theirs = _coarse(fake), _coarse(real)
    among = torch.cdist(theirs, theirs).fill_diagonal_(torch.inf)
    return (torch.cdist(ours, theirs).min(1).values.mean() / among.min(1).values.mean()).item()
