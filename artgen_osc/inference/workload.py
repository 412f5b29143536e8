"""How much a network computes, and a matrix product to measure the machine against.

A floating point operation is an addition or a multiplication. Only convolutions and matrix
products are counted: the rest is some percent of a generator.
"""

from itertools import pairwise
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from artgen_osc.errors import ModelError
from artgen_osc.inference.onnx_session import Shapes

_FLOAT = 1


def flops(path: Path, shapes: Shapes | None = None) -> int:
    """Floating point operations of one run, from the graph.

    Parameters
    ----------
    path : the ONNX file
    shapes : of its inputs; without them lengths left open count as 1

    Raises
    ------
    ModelError
        The graph can't be read, or has no fixed shapes.
    """
    import openvino

    core = openvino.Core()
    try:
        model = core.read_model(str(path))
        model.reshape(
            {
                port: list(shapes[index])
                if shapes is not None
                else [1 if side.is_dynamic else side.get_length() for side in port.get_partial_shape()]
                for index, port in enumerate(model.inputs)
            }
        )
        # What depends on weights only is computed once, when the network is loaded.
        constant: set[str] = set()
        total = 0
        for node in model.get_ordered_ops():
            sources = [port.get_node().get_friendly_name() for port in node.input_values()]
            if node.get_type_name() == "Constant" or (sources and constant.issuperset(sources)):
                constant.add(node.get_friendly_name())
            else:
                total += _of_node(node)
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1]
        raise ModelError(f"{path}: can't be counted ({reason}); fixed shapes are needed; export it again") from error
    return total


def _of_node(node: Any) -> int:
    kind = node.get_type_name()
    inputs = [_shape(port) for port in node.input_values()]
    # The filters of a grouped convolution are (groups, outputs, inputs, *kernel).
    first = 2 if kind.startswith("Group") else 1
    if kind in ("Convolution", "GroupConvolution"):
        return 2 * prod(_shape(node.output(0))) * prod(inputs[1][first:])
    if kind in ("ConvolutionBackpropData", "GroupConvolutionBackpropData"):
        return 2 * prod(inputs[0]) * prod(inputs[1][first:])
    if kind == "MatMul":
        return 2 * prod(_shape(node.output(0))) * inputs[0][-2 if node.get_attributes()["transpose_a"] else -1]
    return 0


def _shape(port: Any) -> list[int]:
    return [int(side) for side in port.shape]


def write_product(path: Path, side: int, repeats: int) -> int:
    """Write an ONNX file that multiplies square matrices, one after the other.

    One number in, ``(1, 1)``, and one column out, ``(side, 1)``, so that moving data takes no time.

    Parameters
    ----------
    path : where to
    side : of each matrix
    repeats : how many products there are

    Returns
    -------
    Its floating point operations.
    """
    draw = np.random.default_rng(0)
    square = (draw.normal(size=(side, side)) / side**0.5).astype(np.float32)
    names = ["start", *(f"product{i}" for i in range(repeats))]
    nodes = [_node("Add", ["one", "square"], "start")]
    nodes += [_node("MatMul", [before, "square"], after) for before, after in pairwise(names)]
    nodes.append(_node("MatMul", [names[-1], "column"], "out"))
    graph = [_message(1, node) for node in nodes]
    graph.append(_message(2, b"product"))
    graph += [_message(5, _tensor("square", square)), _message(5, _tensor("column", square[:, :1]))]
    graph += [_message(11, _port("one", 1, 1)), _message(12, _port("out", side, 1))]
    opset = _message(1, b"") + _number(2, 17)
    path.write_bytes(_number(1, 8) + _message(8, opset) + _message(7, b"".join(graph)))
    return 2 * repeats * side**3 + 2 * side**2


# The few messages of ONNX's protobuf that such a file takes.


def _varint(value: int) -> bytes:
    result = bytearray()
    while value >= 0x80:
        result.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*result, value))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _message(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _node(kind: str, inputs: list[str], output: str) -> bytes:
    return b"".join(_message(1, name.encode()) for name in inputs) + b"".join(
        _message(field, text.encode()) for field, text in ((2, output), (3, output), (4, kind))
    )


def _tensor(name: str, values: np.ndarray) -> bytes:
    sides = b"".join(_number(1, side) for side in values.shape)
    return sides + _number(2, _FLOAT) + _message(8, name.encode()) + _message(9, values.tobytes())


def _port(name: str, *shape: int) -> bytes:
    sides = b"".join(_message(1, _number(1, side)) for side in shape)
    return _message(1, name.encode()) + _message(2, _message(1, _number(1, _FLOAT) + _message(2, sides)))
