"""A generator's training at tiny width, for the tests."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from training.gan_trainer import Options, Trainer
from training.pictures import load_pictures

torch.set_num_threads(1)


class TinyFeatures(nn.Module):
    """Four fixed maps, as coarse as those of the real network."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv2d(3, 4, 3, padding=1).requires_grad_(False) for _ in range(4))

    def forward(self, x: Tensor) -> list[Tensor]:
        return [layer(nn.functional.avg_pool2d(x, 4 << i)) for i, layer in enumerate(self.layers)]


def make_pictures(folder: Path, n: int = 6, size: int = 96) -> Path:
    folder.mkdir(exist_ok=True)
    draw = np.random.default_rng(0)
    for i in range(n):
        colours = draw.integers(0, 255, (4, 4, 3), dtype=np.uint8)
        Image.fromarray(colours).resize((size, size + 8 * i)).save(folder / f"{i}.png")
    return folder


def tiny_options(folder: Path) -> Options:
    """Of a run in `folder`, where pictures are made."""
    pictures = make_pictures(folder / "pictures")
    return Options(images=str(pictures), run=str(folder / "run"), size=64, width=8, z_dim=8, batch=2, steps=2)


def new_trainer(options: Options) -> Trainer:
    torch.manual_seed(3)
    features = TinyFeatures()
    pictures, _ = load_pictures(options.images, options.size)
    return Trainer(options, pictures, features)
