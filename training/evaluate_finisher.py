"""Measures of a finisher: what it makes of a generator's pictures, against large paintings and against its teacher."""

import argparse
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from artgen_osc.inference.modelfile import Engine, ModelFile, load
from training.command import named_path, need_file, say_skipped, whole_number
from training.enlarge import ART, PAIRS
from training.evaluate_gan import WALK_ANGLE, WALK_PICTURES, WALKS, finest, level_distance, open_at, r2
from training.finisher import SCALE, centred, cubic, levels
from training.finisher_pairs import is_held_out, read_pairs
from training.finisher_watch import measure
from training.pictures import MoodScale, load_pictures, measure_mood, to_bytes, to_float

HEIGHTS = (1024, 512, 256, 128, 64)
WINDOW = 64
"""Side of the windows that are compared, in pixels of each height."""
WINDOWS = 4
"""Windows of a picture."""
MOST_PAIRS = 20

Enlarge = Callable[[np.ndarray], Tensor]
"""A picture, uint8 ``(height, width, 3)``, to uint8 ``(1, 3, 4 height, 4 width)``."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of ``evaluate finisher``."""
    parser.add_argument("model", type=named_path, help="the finisher's model file")
    parser.add_argument(
        "--generator", type=named_path, required=True, help="the model file of the generator in front of it"
    )
    parser.add_argument(
        "--material", type=named_path, required=True, help=f"folder that training.enlarge made, with {ART} and {PAIRS}"
    )
    parser.add_argument("--count", type=whole_number(4), default=300, help="pictures to paint (300)")
    parser.add_argument("--threads", type=whole_number(1), default=2, help="cores to use (2)")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Paint, finish, measure, and return the figures.

    Returns
    -------
    ``n``
        pictures painted
    ``swd_1024`` and so on down to ``swd_64``
        sliced Wasserstein distance to the large paintings by what is fine at that height, times 1000
    ``over_floor_1024`` and so on
        the same, over the distance between two random halves of the paintings
    ``cubic_over_floor_1024`` and so on
        the same with a cubic enlargement in place of the finisher
    ``mood_r2_valence``, ``mood_r2_energy``
        the mood measured on finished pictures against the one asked for, anywhere in the square
    ``flicker``
        change from picture to picture on slow walks, 1 for that of the same walks enlarged by a cubic
    ``walk_p99``
        99th percentile of that change, 1 for its median
    ``psnr``, ``psnr_cubic``, ``texture_1``, ``texture_2``, ``texture_4``, ``grid``
        see `training.finisher_watch.measure`, on pairs that are held out, where there are any

    Raises
    ------
    ConfigError, ModelError
        A model or the folder can't be used.
    """
    need_file("", options.model)
    need_file("--generator", options.generator)
    generator, finisher = load(options.generator, "generator"), load(options.model, "finisher", scale=SCALE)
    painter = Painter(generator, options.threads)
    ways: dict[str, Enlarge] = {"": finish_with(finisher, options.threads), "cubic_": enlarge_cubic}
    material = Path(options.material)
    real, skipped = load_pictures(material / ART, HEIGHTS[0], most=2 * options.count)
    say_skipped(skipped)
    draw = torch.Generator().manual_seed(0)
    scale = MoodScale(torch.tensor(generator.card["mood_mean"]), torch.tensor(generator.card["mood_deviation"]))
    moods = scale.to_mood(torch.cat([measure_mood(picture[None]) for picture in real])).clamp(0, 1)
    moods = moods[torch.randint(len(moods), (options.count,), generator=draw)]
    asked = torch.rand(options.count, 2, generator=draw)
    half = min(len(real) // 2, options.count)
    figures: dict[str, Any] = {"n": options.count}
    first, second = (by_height(real[part], draw) for part in (slice(half), slice(half, 2 * half)))
    floors = {height: level_distance(first[height], second[height], draw) for height in HEIGHTS}
    del real
    painted = painter.paint(moods)
    for way, enlarge in ways.items():
        found = by_height([enlarge(picture)[0] for picture in tqdm(painted, desc="finish")], draw)
        for height in HEIGHTS:
            n = min(len(first[height]), len(found[height]))
            distance = level_distance(first[height][:n], found[height][:n], draw)
            figures |= {} if way else {f"swd_{height}": distance}
            figures[f"{way}over_floor_{height}"] = distance / floors[height]
    finish = ways[""]
    measured = torch.cat([measure_mood(finish(picture)) for picture in tqdm(painter.paint(asked), desc="mood")])
    obeyed = r2(asked, scale.to_mood(measured))
    figures |= {"mood_r2_valence": obeyed[0].item(), "mood_r2_energy": obeyed[1].item()}
    figures |= _walks(painter, finish)
    held_out = [pair for pair in read_pairs(material / PAIRS)[0] if is_held_out(pair.name)]
    if held_out:
        figures |= measure(lambda x: _one_by_one(finish, x), held_out, MOST_PAIRS)
    return figures


class Painter:
    """A generator's pictures as the show hands them to the finisher: bytes.

    Parameters
    ----------
    generator : ModelFile
    threads : int > 0, cores it may use
    """

    def __init__(self, generator: ModelFile, threads: int) -> None:
        self._engine, self._z_dim = open_at(generator, threads), int(generator.card["z_dim"])

    def __call__(self, z: Tensor, mood: Tensor) -> np.ndarray:
        """One picture, uint8 ``(height, width, 3)``, of z ``(z_dim,)`` and a mood ``(2,)``."""
        picture = torch.from_numpy(self._engine(z[None].numpy(), mood[None].numpy()))
        return np.ascontiguousarray(to_bytes(picture)[0].permute(1, 2, 0).numpy())

    def paint(self, moods: Tensor) -> list[np.ndarray]:
        """A picture for each mood ``(n, 2)``, each with a z of its own."""
        z = torch.randn(len(moods), self._z_dim, generator=torch.Generator().manual_seed(1))
        return [self(*pair) for pair in tqdm(list(zip(z, moods, strict=True)), desc="paint")]

    def walk(self, draw: torch.Generator) -> Iterator[np.ndarray]:
        """Pictures along a slow walk: a quarter turn in four seconds at 30 pictures a second."""
        start, end = F.normalize(torch.randn(2, self._z_dim, generator=draw), dim=1)
        end = F.normalize(end - (end @ start) * start, dim=0)
        first, last = torch.rand(2, 2, generator=draw)
        for i in range(WALK_PICTURES):
            angle = torch.tensor(i * WALK_ANGLE)
            z = math.sqrt(self._z_dim) * (angle.cos() * start + angle.sin() * end)
            yield self(z, torch.lerp(first, last, i / WALK_PICTURES))


def finish_with(model: ModelFile, threads: int) -> Enlarge:
    """A finisher from its file.

    Parameters
    ----------
    model : ModelFile
    threads : int > 0, cores it may use
    """
    engine = Engine(model, threads)
    return lambda picture: torch.from_numpy(engine(picture[None])[0]).permute(0, 3, 1, 2).contiguous()


def enlarge_cubic(picture: np.ndarray) -> Tensor:
    """What the finisher is compared with."""
    return levels(cubic(centred(torch.from_numpy(picture).permute(2, 0, 1)[None])))


def _one_by_one(finish: Enlarge, x: Tensor) -> Tensor:
    pictures = levels(x).permute(0, 2, 3, 1)
    return centred(torch.cat([finish(np.ascontiguousarray(picture.numpy())) for picture in pictures]))


def by_height(pictures: Tensor | list[Tensor], draw: torch.Generator) -> dict[int, Tensor]:
    """What is fine at each height, in windows of each picture drawn by chance.

    Parameters
    ----------
    pictures : uint8 ``(3, side, side)`` each, of the largest of `HEIGHTS`
    draw : draws the places

    Returns
    -------
    By height, float ``(n, 3, WINDOW, WINDOW)``, `WINDOWS` of each picture.
    """
    found: dict[int, list[Tensor]] = {height: [] for height in HEIGHTS}
    for picture in pictures:
        reduced = to_float(picture[None])
        for height in HEIGHTS:
            reduced = F.adaptive_avg_pool2d(reduced, height)
            for top, left in torch.randint(height - WINDOW + 1, (WINDOWS, 2), generator=draw).tolist():
                found[height].append(finest(reduced[:, :, top : top + WINDOW, left : left + WINDOW]))
    return {height: torch.cat(windows) for height, windows in found.items()}


def _walks(painter: Painter, finish: Enlarge) -> dict[str, float]:
    """``flicker`` and ``walk_p99``."""
    draw, changes, plain = torch.Generator().manual_seed(4), list[Tensor](), list[Tensor]()
    for _ in tqdm(range(WALKS), desc="walk"):
        last = None
        for picture in painter.walk(draw):
            both = finish(picture).float(), enlarge_cubic(picture).float()
            if last is not None:
                changes.append((both[0] - last[0]).abs().mean())
                plain.append((both[1] - last[1]).abs().mean())
            last = both
    change = torch.stack(changes)
    return {
        "flicker": (change.sum() / torch.stack(plain).sum()).item(),
        "walk_p99": (change.quantile(0.99) / change.median()).item(),
    }
