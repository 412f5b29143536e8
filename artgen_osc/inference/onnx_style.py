"""The part of an ONNX graph that turns z into styles, cut out of it so that it can be run alone.

Styles are what its learned layers make of z before anything is painted: a mapping network, and the layers that scale
and shift the channels of each block.
"""

from collections.abc import Iterator

from artgen_osc.inference.onnx_file import GRAPH, METADATA, fields, graph_of, parts

_NODE, _TENSOR, _INPUT, _OUTPUT, _VALUE_INFO = 1, 5, 11, 12, 13
_NODE_INPUT, _NODE_OUTPUT, _NODE_OP, _NODE_ATTRIBUTE, _ATTRIBUTE_GRAPHS = 1, 2, 4, 5, (6, 11)
_TENSOR_NAME, _INPUT_NAME, _OUTPUT_NAME = 8, 1, 1
_LEARNED = (b"Gemm", b"MatMul")
_PAINTING = (b"Conv", b"ConvTranspose")


def style_layers(data: bytes, z: str) -> list[str]:
    """Names of what the learned layers give that z reaches, with no convolution between; in the graph's order.

    Parameters
    ----------
    data : of the file
    z : name of the input

    Raises
    ------
    IndexError
        The file isn't whole.
    """
    reached, found = {z.encode()}, list[bytes]()
    for node in parts(graph_of(data), _NODE):
        op = _first(node, _NODE_OP)
        # What a convolution has made of z is part of the picture, and so is all that comes of it.
        if op in _PAINTING or reached.isdisjoint(_taken(node)):
            continue
        given = [bytes(name) for name in parts(node, _NODE_OUTPUT)]
        reached.update(given)
        found += given if op in _LEARNED else []
    return [name.decode("utf-8", "replace") for name in found]


def part_of_model(data: bytes, outputs: list[str]) -> bytes:
    """A model that takes the same inputs, gives these values of the graph, and computes nothing else.

    Parameters
    ----------
    data : of the file
    outputs : names within the graph

    Raises
    ------
    IndexError
        The file isn't whole.
    """
    graph = graph_of(data)
    needed = {name.encode() for name in outputs}
    nodes: list[memoryview] = []
    for node in reversed(list(parts(graph, _NODE))):
        if not needed.isdisjoint(bytes(name) for name in parts(node, _NODE_OUTPUT)):
            needed.update(_taken(node))
            nodes.append(node)
    # Older files list their weights among the inputs too.
    spared = {name for tensor in parts(graph, _TENSOR) if (name := _first(tensor, _TENSOR_NAME)) not in needed}
    kept = [_field(_NODE, node) for node in reversed(nodes)]
    for number, value in fields(graph):
        named = {_TENSOR: _TENSOR_NAME, _INPUT: _INPUT_NAME}.get(number)
        unused = named is not None and isinstance(value, memoryview) and _first(value, named) in spared
        if not unused and number not in (_NODE, _OUTPUT, _VALUE_INFO):
            kept.append(_field(number, value))
    kept += [_field(_OUTPUT, _field(_OUTPUT_NAME, name.encode())) for name in outputs]
    head = [_field(*part) for part in fields(memoryview(data)) if part[0] not in (GRAPH, METADATA)]
    return b"".join([*head, _field(GRAPH, b"".join(kept))])


def _first(data: memoryview, number: int) -> bytes:
    return next((bytes(value) for value in parts(data, number)), b"")


def _taken(node: memoryview) -> Iterator[bytes]:
    """Names of what a node takes, and of what the graphs within it take from around them."""
    for name in parts(node, _NODE_INPUT):
        yield bytes(name)
    for attribute in parts(node, _NODE_ATTRIBUTE):
        for inner in parts(attribute, *_ATTRIBUTE_GRAPHS):
            for each in parts(inner, _NODE):
                yield from _taken(each)


def _field(number: int, value: int | memoryview | bytes) -> bytes:
    """A field of a protobuf message."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    return _varint(number << 3 | 2) + _varint(len(value)) + bytes(value)


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)
