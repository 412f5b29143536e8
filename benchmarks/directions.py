"""Whether the mood is obeyed off the middle of the directions: ``python -m benchmarks.directions [MODEL] [--count N]``.

MODEL is one that artgen has exported. It prints R² for valence and energy of pictures at rest, with one of the eight
directions at -1 or 1, and with all of them anywhere; and how large the mean shift of any of them is.
"""

import argparse
import json

import numpy as np
import torch

from artgen_osc.inference.modelfile import load
from training.evaluate_gan import r2
from training.gan import within_reach
from training.pictures import MoodScale, measure_mood
from visuals.generators.directions import COUNT, Directions, turned
from visuals.generators.generator import OnnxGenerator
from visuals.generators.opening import SHIPPED


def main() -> None:
    """Measure, and print one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("model", nargs="?", default=str(SHIPPED), help="an ONNX file (the installed one)")
    parser.add_argument("--count", type=int, default=300, help="pictures of each kind (300)")
    given = parser.parse_args()
    card = load(given.model, "generator").card
    scale = MoodScale(torch.tensor(card["mood_mean"]), torch.tensor(card["mood_deviation"]))
    generator = OnnxGenerator(given.model, 2)
    directions = Directions(beside=False).of(generator)
    assert directions is not None
    draw = np.random.default_rng(5)
    z = draw.standard_normal((given.count, generator.z_dim)).astype(np.float32)
    z *= np.sqrt(generator.z_dim) / np.linalg.norm(z, axis=1, keepdims=True)
    moods = within_reach(torch.from_numpy(draw.random((given.count, 2)).astype(np.float32)))

    def felt(amounts: np.ndarray) -> torch.Tensor:
        frames = [
            generator(turned(point, directions, amount), mood, 1.0)
            for point, mood, amount in zip(z, moods.numpy(), amounts, strict=True)
        ]
        return scale.to_mood(measure_mood(torch.from_numpy(np.stack(frames).transpose(0, 3, 1, 2).copy())))

    chosen, sign = draw.integers(0, COUNT, given.count), draw.choice([-1.0, 1.0], given.count)
    rest, one = felt(np.zeros((given.count, COUNT))), felt(np.eye(COUNT)[chosen] * sign[:, None])
    everywhere = felt(draw.uniform(-1.0, 1.0, (given.count, COUNT)))
    shifts = [
        (one - rest)[torch.from_numpy((chosen == row) & (sign == way))].mean(0)
        for row in range(COUNT)
        for way in (-1.0, 1.0)
    ]
    found = {"rest": r2(moods, rest), "one": r2(moods, one), "all": r2(moods, everywhere)}
    found["largest_shift"] = torch.stack(shifts).abs().amax(0)
    print(json.dumps({name: [round(float(value), 3) for value in values] for name, values in found.items()}))


if __name__ == "__main__":
    main()
