"""A generator in plain torch, timed on request: ``python -m training.eager MODEL``.

``artgen bench`` runs it beside the engine. It is the network of `training.gan` as torch runs it by
itself: eager, float32. After the line ``ready``, each line on standard input asks for one picture,
and the answer is its time in seconds.
"""

import sys
from pathlib import Path
from time import perf_counter

import torch

from artgen_osc.errors import ModelError
from artgen_osc.inference.canvas import USUAL, Canvas
from artgen_osc.inference.modelfile import load
from training.command import MOST_THREADS, Parser, named_path, run_command, whole_number
from training.export import read_generator
from training.gan import Generator


def eager_generator(path: str | Path) -> Generator:
    """The network of a model file, in evaluation mode.

    Raises
    ------
    ModelError
        The file can't be used, or holds another kind of network.
    """
    card = load(path, "generator").card
    try:
        generator = Generator(card["size"], card["width"], card["z_dim"], Canvas.of(card).widest)
        generator.grow_from(read_generator(path))
    except (KeyError, ValueError, RuntimeError) as error:
        raise ModelError(
            f"{path}: isn't a network of training.gan ({error}); "
            "choose one that training.train_gan made, or go without the comparison"
        ) from None
    return generator.eval()


def answer() -> None:
    """Answer requests until standard input ends."""
    parser = Parser(prog="python -m training.eager", description=__doc__)
    parser.add_argument("model", type=named_path)
    parser.add_argument("--threads", type=whole_number(1, MOST_THREADS), default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    generator = eager_generator(given.model)
    canvas = Canvas(generator.size, generator.widest)
    inputs = [torch.randn(1, generator.z_dim), torch.rand(1, 2)]
    inputs += map(torch.from_numpy, canvas.inputs(canvas.columns_for(USUAL)))
    print("ready", flush=True)
    with torch.no_grad():
        for _ in sys.stdin:
            start = perf_counter()
            generator(*inputs)
            print(perf_counter() - start, flush=True)


if __name__ == "__main__":
    sys.exit(run_command("eager", answer))
