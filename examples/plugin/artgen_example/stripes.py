"""A generator: stripes, drawn from the latent point without a network. ``--visuals-model stripes``"""

import math
from pathlib import Path
from typing import Any


class Stripes:
    """Four numbers of z are their angle, their width, their place and their hue."""

    name, z_dim, sha256 = "stripes", 4, ""

    @staticmethod
    def accepts(path: Path) -> int:
        """Whether it opens a file that ``--visuals-model`` names; the highest answer of all wins, 0 is no."""
        return 0

    @staticmethod
    def open(model: str, threads: int, engine: str) -> "Stripes":
        """There is nothing to load."""
        return Stripes()

    def __call__(self, z: Any, mood: Any, truncation: float) -> Any:
        """Paint 256 x 256 pixels: wide and dark when sad, narrow and colourful when excited."""
        import numpy as np

        angle, width, place, hue = (float(number) for number in z * truncation)
        valence, energy = (float(number) for number in mood)
        y, x = np.mgrid[-1:1:256j, -1:1:256j]
        across = x * math.cos(angle) + y * math.sin(angle)
        wave = 0.5 + 0.5 * np.sin((4 + 12 * energy + width) * across + place)
        colours = [0.5 + 0.5 * energy * math.cos(hue + shift) for shift in (0.0, 2.1, 4.2)]
        picture = np.stack([wave * colour for colour in colours], axis=2) * (0.4 + 0.6 * valence)
        return (255 * picture).astype(np.uint8)
