"""Write a model file: ONNX with its card inside, checked against the module it came from."""

import copy
import hashlib
import json
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from artgen_osc.inference.canvas import USUAL, Canvas
from artgen_osc.inference.modelfile import CARD_KEY, Engine, graph_sha256, load
from artgen_osc.runtime.files import whole
from training.gan import Generator

PARITY = 1e-4
PICTURE_PARITY = 2e-3  # a quarter of one of 256 levels: what a quickly trained generator adds up to, and nobody sees
HALF = ".half"


def _store_half(graph: onnx.GraphProto) -> None:
    """Replace every float32 weight by its float16 form and a cast."""
    casts = []
    for entry in graph.initializer:
        if entry.data_type != onnx.TensorProto.FLOAT:
            continue
        name = entry.name
        entry.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(entry).astype(np.float16), name + HALF))
        casts.append(onnx.helper.make_node("Cast", [name + HALF], [name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def export_model(
    module: nn.Module,
    examples: tuple[Tensor, ...],
    path: str | Path,
    card: dict[str, Any],
    input_names: list[str],
    output_names: list[str],
    half: bool = False,
    axes: dict[str, dict[int, str]] | None = None,
    parity: float = PARITY,
) -> float:
    """Write `module` as a model file and read it back through the engine of the show.

    Parameters
    ----------
    module : in evaluation mode
    examples : one input tensor for each name, with the batch size of the show
    path : where the file goes; replaced only when the new one is proven
    card : ``kind``, the form of the input, ``trained_on``, ``licence`` and figures
    input_names : one for each of `examples`
    output_names : one for each tensor that `module` returns
    half : store the weights in 16 bits; they must be exact in 16 bits already
    axes : names of the sides that may have any length, by input and output
    parity : how far the outputs may differ

    Returns
    -------
    The largest absolute difference between the module's and the engine's outputs.

    Raises
    ------
    ValueError
        The outputs differ by more than `parity`.
    """
    path = Path(path)
    # Proven under a plain name: engines can't open every name that a run folder may have.
    with tempfile.TemporaryDirectory() as place:
        fresh = Path(place) / "model.onnx"
        module.eval()
        _write(module, examples, fresh, card, input_names, output_names, half, axes)
        difference = _difference(module, examples, fresh, card["kind"])
        if not difference <= parity:
            raise ValueError(f"{path}: the exported model differs by {difference:.2g}, more than {parity:g}")
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole(path) as file:
            shutil.copyfile(fresh, file)
    return difference


def _write(
    module: nn.Module,
    examples: tuple[Tensor, ...],
    path: Path,
    card: dict[str, Any],
    input_names: list[str],
    output_names: list[str],
    half: bool,
    axes: dict[str, dict[int, str]] | None,
) -> None:
    with warnings.catch_warnings():
        # The exporter that keeps names and batch norms is the older one, and says so at every call.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            examples,
            str(path),
            input_names=input_names,
            output_names=output_names,
            opset_version=17,
            dynamo=False,
            dynamic_axes=axes,
            # Keeps batch norms apart and the names of the weights, so that training can go on from the file.
            training=torch.onnx.TrainingMode.PRESERVE,
            do_constant_folding=False,
        )
    model = onnx.load(str(path))
    if half:
        _store_half(model.graph)
    digest = hashlib.sha256(model.graph.SerializeToString(deterministic=True)).hexdigest()
    entry = model.metadata_props.add()
    entry.key = CARD_KEY
    entry.value = json.dumps({**card, "sha256": digest})
    data = model.SerializeToString(deterministic=True)
    if graph_sha256(data) != digest:
        raise ValueError(f"{path}: the graph's sha256 changed while it was written")
    path.write_bytes(data)


def _difference(module: nn.Module, examples: tuple[Tensor, ...], path: Path, kind: str) -> float:
    """The largest difference between what the module and the engine of the show make of the same."""
    with torch.no_grad():
        outputs = module(*examples)
    outputs = (outputs,) if isinstance(outputs, Tensor) else outputs
    results = Engine(load(path, kind), exact=True)(*(example.numpy() for example in examples))
    return max(float(np.abs(wanted.double().numpy() - got).max()) for wanted, got in zip(outputs, results, strict=True))


def export_generator(generator: Generator, path: str | Path, card: dict[str, Any]) -> float:
    """Export a generator with weights stored in 16 bits: inputs ``z`` and ``mood``, output ``picture``.

    One with a canvas takes ``places`` too, any number, and its card says so; see `artgen_osc.inference.canvas`.

    Parameters
    ----------
    generator : Generator
    path : where the file goes
    card : as for `export_model`, with ``z_dim`` and ``n_mood``

    Returns
    -------
    as `export_model`

    Raises
    ------
    ValueError
        The outputs differ by more than `PICTURE_PARITY`.
    """
    halved = copy.deepcopy(generator).eval().half().float().to(memory_format=torch.contiguous_format)
    examples = [torch.randn(1, card["z_dim"]), torch.rand(1, card["n_mood"])]
    canvas = Canvas(generator.size, generator.widest)
    card = {**card, "widest": canvas.widest} if canvas.many else card
    examples += map(torch.from_numpy, canvas.inputs(canvas.columns_for(USUAL)))
    names = ["z", "mood", "places"][: len(examples)]
    axes = {"places": {0: "columns"}, "picture": {3: "width"}} if canvas.many else None
    return export_model(halved, tuple(examples), path, card, names, ["picture"], True, axes, PICTURE_PARITY)


class _Details(nn.Module):
    """A finisher before its result is rounded: its maps, 1 for black to white."""

    def __init__(self, finisher: nn.Module) -> None:
        super().__init__()
        self.finisher = finisher

    def forward(self, picture: Tensor) -> Tensor:
        return self.finisher.details(picture)


def export_finisher(finisher: nn.Module, path: str | Path, card: dict[str, Any]) -> float:
    """Export a finisher with weights stored in 16 bits: input and output ``picture`` and ``finished``, bytes.

    Both sides are left open. An engine that is told them before it compiles the graph is twice as fast.

    Parameters
    ----------
    finisher : `training.finisher.Finisher`
    path : where the file goes; replaced only when the new one is proven
    card : see `export_model`

    Returns
    -------
    The largest difference before rounding; after it, a value on the edge may fall to either side.

    Raises
    ------
    ValueError
        The outputs differ by more than `PARITY`, or a level after rounding.
    """
    path = Path(path)
    halved = copy.deepcopy(finisher).eval().half().float().to(memory_format=torch.contiguous_format)
    trial = path.with_name(f"trial-{path.name}")
    try:
        example = (torch.rand(1, 3, 40, 72) * 2 - 1,)
        difference = export_model(_Details(halved), example, trial, card, ["picture"], ["details"], half=True)
    finally:
        trial.unlink(missing_ok=True)
    picture = (torch.randint(0, 256, (1, 40, 72, 3), dtype=torch.uint8),)
    sides = {1: "height", 2: "width"}
    axes = {"picture": sides, "finished": {axis: f"finished_{name}" for axis, name in sides.items()}}
    export_model(halved, picture, path, card, ["picture"], ["finished"], half=True, axes=axes, parity=1.0)
    return difference


def read_generator(path: str | Path) -> dict[str, Tensor]:
    """Weights of an exported generator, to go on training from."""
    # By its bytes: onnx can't open every name.
    model = onnx.load_model_from_string(load(path, "generator").path.read_bytes())
    weights = {
        entry.name.removesuffix(HALF): torch.from_numpy(onnx.numpy_helper.to_array(entry).astype(np.float32))
        for entry in model.graph.initializer
    }
    # The exporter keeps one copy of weights that are equal, such as those of an untouched batch norm.
    for node in model.graph.node:
        if node.op_type == "Identity" and node.input[0] in weights:
            weights[node.output[0]] = weights[node.input[0]].clone()
    return weights
