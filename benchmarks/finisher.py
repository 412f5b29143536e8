"""How long a finisher of each shape takes, before any is trained: ``python -m benchmarks.finisher``.

The weights are those of a network that begins to learn: time doesn't depend on them.
"""

import argparse
import itertools
import tempfile
import warnings
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from torch import nn

from artgen_osc.inference.modelfile import Engine, ModelFile
from training.finisher import Finisher

SHAPES = ((12, 2), (16, 1), (16, 2), (16, 3), (16, 4), (24, 2), (32, 2), (32, 3))
RUNS = 45


def operations(finisher: Finisher, height: int, width: int) -> float:
    """Additions and multiplications of a picture, counted from the convolutions: float, in thousands of millions."""
    weights = sum(layer.weight.numel() for layer in finisher.modules() if isinstance(layer, nn.Conv2d))
    return 2 * weights * height * width / 1e9


def seconds(finisher: Finisher, height: int, width: int, threads: int, open_sides: bool) -> float:
    """Time of a picture: the quickest tenth of some runs, since others may be at work beside.

    Parameters
    ----------
    finisher : Finisher
    height, width : of the small picture, multiples of 4
    threads : int > 0
    open_sides : whether the engine isn't told the shape before
    """
    sides = {1: "height", 2: "width"}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / "finisher.onnx"
        picture = torch.randint(0, 256, (1, height, width, 3), dtype=torch.uint8)
        torch.onnx.export(
            finisher.eval(),
            (picture,),
            str(path),
            input_names=["picture"],
            output_names=["finished"],
            dynamic_axes={"picture": sides} if open_sides else None,
            opset_version=17,
            dynamo=False,
        )
        engine = Engine(ModelFile(path, {"bf16": True}), threads)
        times = []
        for _ in range(RUNS):
            start = perf_counter()
            engine(picture.numpy())
            times.append(perf_counter() - start)
    return float(np.quantile(times[5:], 0.1))


def main() -> None:
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--height", type=int, default=256)
    parser.add_argument("--width", type=int, default=448)
    given = parser.parse_args()
    print("| width, depth | GFLOP | 1 thread | 2 threads | rate of 2 threads | shape not told, 2 threads |")
    print("|---|---|---|---|---|---|")
    for shape in SHAPES:
        finisher = Finisher(*shape)
        work = operations(finisher, given.height, given.width)
        one, two, *_, untold = (
            seconds(finisher, given.height, given.width, threads, open_sides)
            for open_sides, threads in itertools.product((False, True), (1, 2))
        )
        print(
            f"| {', '.join(map(str, shape))} | {work:.1f} | {one * 1e3:.1f} ms | {two * 1e3:.1f} ms "
            f"| {work / two:.0f} GFLOP/s | {untold * 1e3:.1f} ms |",
            flush=True,
        )


if __name__ == "__main__":
    main()
