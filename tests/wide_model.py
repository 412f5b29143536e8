"""A generator of many shapes that needs no training: what lies where on its canvas is known."""

import json
from pathlib import Path

import numpy as np
import pytest

from artgen_osc.inference import modelfile

SIZE, DIM, CANVAS = 32, 16, 40


def write_wide(path: Path, **card: object) -> Path:
    """A network whose red grows from -1 to 1 over the canvas, green over the height; blue is z[0].

    Parameters
    ----------
    path : of the file
    **card : entries of the card that are to be others
    """
    onnx = pytest.importorskip("onnx", reason="writing a model takes onnx")
    helper, number, whole = onnx.helper, onnx.TensorProto.FLOAT, onnx.TensorProto.INT64
    across, down = np.linspace(-1, 1, CANVAS, dtype=np.float32), np.linspace(-1, 1, SIZE, dtype=np.float32)
    canvas = np.zeros((1, 3, SIZE, CANVAS), np.float32)
    canvas[0, 0], canvas[0, 1] = across, down[:, None]
    blue = np.array([0, 0, 1], np.float32).reshape(1, 3, 1, 1)
    constants = {
        "canvas": canvas,
        "blue": blue,
        "scales": np.array([1, 1, 1, SIZE / 16], np.float32),
        "first": np.array([0]),
        "point": np.array([1, 1, 1, 1]),
        "mood_none": np.zeros((2, 1), np.float32),
    }
    nodes = [
        helper.make_node("Gather", ["z", "first"], ["one"], axis=1),
        helper.make_node("MatMul", ["mood", "mood_none"], ["none"]),
        helper.make_node("Add", ["one", "none"], ["asked"]),
        helper.make_node("Reshape", ["asked", "point"], ["pixel"]),
        helper.make_node("Mul", ["pixel", "blue"], ["tint"]),
        helper.make_node("Add", ["canvas", "tint"], ["whole"]),
        helper.make_node("Gather", ["whole", "places"], ["window"], axis=3),
        helper.make_node("Resize", ["window", "", "scales"], ["picture"], mode="nearest"),
    ]
    ports = [("z", number, [1, DIM]), ("mood", number, [1, 2]), ("places", whole, ["columns"])]
    graph = helper.make_graph(
        nodes,
        "canvas",
        [helper.make_tensor_value_info(*port) for port in ports],
        [helper.make_tensor_value_info("picture", number, [1, 3, SIZE, "width"])],
        [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    told = {
        "kind": "generator",
        "sha256": modelfile.graph_sha256(model.SerializeToString()),
        "trained_on": "nothing",
        "licence": "MIT",
        "z_dim": DIM,
        "size": SIZE,
        "widest": 2.5,
        "n_mood": 2,
    }
    entry = model.metadata_props.add()
    entry.key, entry.value = modelfile.CARD_KEY, json.dumps({**told, **card})
    path.write_bytes(model.SerializeToString())
    return path
