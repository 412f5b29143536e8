"""What an ONNX file says about itself, read without running it: protobuf, as far as that is needed here.

The numbers of the fields are those of ``onnx.proto``, version 1 of the format.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

GRAPH, METADATA = 7, 14
LONGEST_VARINT = 10
"""Bytes: 64 bits, seven in each."""

MOST_FIELDS = 1_000_000
MOST_DEPTH = 8
"""Graphs within graphs."""

LONGEST_WAY = 64
"""Nodes from a picture back to its last activation."""

Interval = tuple[float, float]

_GRAPH_NODE, _GRAPH_TENSOR = 1, 5
_NODE_INPUT, _NODE_OUTPUT, _NODE_OP, _NODE_ATTRIBUTE = 1, 2, 4, 5
_ATTRIBUTE_NAME, _ATTRIBUTE_FLOAT, _ATTRIBUTE_TENSORS, _ATTRIBUTE_GRAPHS = 1, 2, (5, 10), (6, 11)
_TENSOR_TYPE, _TENSOR_FLOATS, _TENSOR_NAME, _TENSOR_RAW, _TENSOR_DOUBLES, _TENSOR_EXTERNAL = 2, 4, 8, 9, 10, 13
_NUMBERS = {1: "<f4", 6: "<i4", 7: "<i8", 10: "<f2", 11: "<f8"}

_SAME = frozenset(
    ("Identity", "Reshape", "Transpose", "Cast", "Squeeze", "Unsqueeze", "Flatten", "Slice", "Expand", "DepthToSpace")
)
"""Operators that move numbers, but don't change them."""

_BOUNDED: dict[str, Interval] = {
    "Tanh": (-1.0, 1.0),
    "Softsign": (-1.0, 1.0),
    "Sigmoid": (0.0, 1.0),
    "HardSigmoid": (0.0, 1.0),
}


def fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Fields of a protobuf message: number, and a whole number or bytes.

    Raises
    ------
    IndexError
        It is none.
    """
    at = 0

    def varint() -> int:
        nonlocal at
        value = 0
        for shift in range(0, 7 * LONGEST_VARINT, 7):
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise IndexError("a number of more than 64 bits")

    for _ in range(MOST_FIELDS):
        if at >= len(data):
            return
        key = varint()
        number, wire = key >> 3, key & 7
        if not number:
            raise IndexError("a field without a number")
        if wire == 0:
            yield number, varint()
            continue
        if wire not in (1, 2, 5):
            raise IndexError(f"wire type {wire}")
        length = varint() if wire == 2 else 8 if wire == 1 else 4
        if at + length > len(data):
            raise IndexError("field runs past the end")
        yield number, data[at : at + length]
        at += length
    raise IndexError(f"more than {MOST_FIELDS} fields")


def parts(data: memoryview, *numbers: int) -> Iterator[memoryview]:
    """Bytes of some fields of a message.

    Parameters
    ----------
    data : a protobuf message
    *numbers : of the fields, as the format numbers them

    Raises
    ------
    IndexError
        As `fields`.
    """
    for number, value in fields(data):
        if number in numbers and isinstance(value, memoryview):
            yield value


def graph_of(data: bytes) -> memoryview:
    """The graph of a serialised model.

    Raises
    ------
    IndexError
        There is none, or the file isn't whole.
    """
    found = list(parts(memoryview(data), GRAPH))
    if not found:
        raise IndexError("no graph")
    return found[0]


def _text(data: memoryview) -> str:
    return bytes(data).decode("utf-8", "replace")


def _first(data: memoryview, number: int) -> str:
    return next((_text(value) for value in parts(data, number)), "")


def external_files(data: bytes) -> list[str]:
    """Names of the further files in which a model keeps weights, beside its own; IndexError as for `graph_of`."""
    names: dict[str, None] = {}
    for tensor in _tensors(graph_of(data), MOST_DEPTH):
        for entry in parts(tensor, _TENSOR_EXTERNAL):
            pair = {number: value for number, value in fields(entry) if isinstance(value, memoryview)}
            if 1 in pair and 2 in pair and _text(pair[1]) == "location":
                names[_text(pair[2])] = None
    return list(names)


def _tensors(graph: memoryview, depth: int) -> Iterator[memoryview]:
    if not depth:
        raise IndexError("too many graphs within graphs")
    yield from parts(graph, _GRAPH_TENSOR)
    for node in parts(graph, _GRAPH_NODE):
        for attribute in parts(node, _NODE_ATTRIBUTE):
            yield from parts(attribute, *_ATTRIBUTE_TENSORS)
            for inner in parts(attribute, *_ATTRIBUTE_GRAPHS):
                yield from _tensors(inner, depth - 1)


@dataclass(frozen=True, slots=True)
class _Node:
    op: str
    inputs: list[str]
    attributes: dict[str, memoryview] = field(default_factory=dict)


def output_bounds(data: bytes, output: str) -> Interval | None:
    """Between which numbers all values of an output lie, whatever goes in; None where the graph doesn't say.

    It is followed back to its last activation through what only moves or scales numbers.

    Parameters
    ----------
    data : of the file
    output : its name

    Raises
    ------
    IndexError
        The file isn't whole.
    """
    graph = graph_of(data)
    tensors = {_first(tensor, _TENSOR_NAME): tensor for tensor in parts(graph, _GRAPH_TENSOR)}
    nodes: dict[str, _Node] = {}
    for part in parts(graph, _GRAPH_NODE):
        attributes = {_first(value, _ATTRIBUTE_NAME): value for value in parts(part, _NODE_ATTRIBUTE)}
        node = _Node(_first(part, _NODE_OP), [_text(name) for name in parts(part, _NODE_INPUT)], attributes)
        for name in parts(part, _NODE_OUTPUT):
            nodes[_text(name)] = node
            if node.op == "Constant" and "value" in attributes:
                tensors |= {_text(name): value for value in parts(attributes["value"], *_ATTRIBUTE_TENSORS)}
    return _Followed(nodes, tensors).bounds(output, LONGEST_WAY)


@dataclass(frozen=True, slots=True)
class _Followed:
    """A graph by its names."""

    nodes: dict[str, _Node]
    tensors: dict[str, memoryview]

    def bounds(self, name: str, steps: int) -> Interval | None:
        """Only one input of a node is followed, the others have to be constants."""
        node = self.nodes.get(name)
        if node is None or not node.inputs or not steps:
            return None
        if node.op in _BOUNDED:
            return _BOUNDED[node.op]
        if node.op in _SAME:
            return self.bounds(node.inputs[0], steps - 1)
        if node.op == "Clip":
            low, high = self.bounds(node.inputs[0], steps - 1) or (-math.inf, math.inf)
            low = max(low, _limit(self._constant(node, 1), node, "min", -math.inf))
            high = min(high, _limit(self._constant(node, 2), node, "max", math.inf))
            return (low, high) if math.isfinite(low) and math.isfinite(high) else None
        if node.op in ("Add", "Sub", "Mul", "Div") and len(node.inputs) == 2:
            left, right = self._constant(node, 0), self._constant(node, 1)
            if right is not None:
                left = self.bounds(node.inputs[0], steps - 1)
            elif left is not None:
                right = self.bounds(node.inputs[1], steps - 1)
            return _combined(node.op, left, right) if left is not None and right is not None else None
        return None

    def _constant(self, node: _Node, index: int) -> Interval | None:
        tensor = self.tensors.get(node.inputs[index]) if index < len(node.inputs) else None
        return None if tensor is None else _extremes(tensor)


def _limit(bound: Interval | None, node: _Node, name: str, default: float) -> float:
    """A limit of Clip: an input of the graph's newer versions, an attribute of the older ones."""
    if bound is not None:
        return bound[0]
    for value in parts(node.attributes.get(name, memoryview(b"")), _ATTRIBUTE_FLOAT):
        return float(np.frombuffer(value, "<f4")[0])
    return default


def _combined(op: str, left: Interval, right: Interval) -> Interval | None:
    if op == "Div" and right[0] <= 0.0 <= right[1]:
        return None
    if op == "Add":
        return left[0] + right[0], left[1] + right[1]
    if op == "Sub":
        return left[0] - right[1], left[1] - right[0]
    ends = [a * b if op == "Mul" else a / b for a in left for b in right]
    return min(ends), max(ends)


def _extremes(tensor: memoryview) -> Interval | None:
    kinds = [value for number, value in fields(tensor) if number == _TENSOR_TYPE and isinstance(value, int)]
    packed = list(parts(tensor, _TENSOR_RAW, _TENSOR_FLOATS, _TENSOR_DOUBLES))
    if len(kinds) != 1 or kinds[0] not in _NUMBERS or len(packed) != 1:
        return None
    dtype = np.dtype(_NUMBERS[kinds[0]])
    if not len(packed[0]) or len(packed[0]) % dtype.itemsize:
        return None
    values = np.frombuffer(packed[0], dtype).astype(np.float64)
    return (float(values.min()), float(values.max())) if np.isfinite(values).all() else None
