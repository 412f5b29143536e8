"""Odd things that a name may mean, and models that are a trap."""

import os
from pathlib import Path

import numpy as np
import pytest


def odd_names(folder: Path) -> dict[str, str]:
    """By what is odd. Devices and pipes only where the system has them."""
    (folder / "folder.onnx").mkdir()
    (folder / "loop").symlink_to("loop")
    (folder / "dead").symlink_to("nowhere")
    (folder / "closed").touch()
    (folder / "closed").chmod(0)
    (folder / "empty.onnx").touch()
    names = {
        "long": "x" * 300,
        "longer": "y/" * 2500,
        "NUL": "nul\0byte",
        "newline": "new\nline",
        "surrogate": "\ud800",
        "bytes": os.fsdecode(b"caf\xe9.onnx"),
        "escape": "\x1b[2J",
        "space": " ",
        "parent": "..",
        "here": ".",
        "root": "/",
        "tilde": "~",
        "folder": str(folder / "folder.onnx"),
        "below a file": str(folder / "empty.onnx" / "x"),
        "loop": str(folder / "loop"),
        "dead link": str(folder / "dead"),
        "closed": str(folder / "closed"),
        "empty": str(folder / "empty.onnx"),
    }
    if os.name == "posix":
        os.mkfifo(folder / "pipe")
        names |= {"pipe": str(folder / "pipe"), "zero": "/dev/zero", "random": "/dev/random", "null": "/dev/null"}
    return names


def write_trap(path: Path, kind: str) -> Path:
    """A generator of no use: its graph is right, but it never ends (``endless``) or takes all memory (``vast``)."""
    onnx = pytest.importorskip("onnx", reason="writing a model takes onnx")
    helper, floats = onnx.helper, onnx.TensorProto.FLOAT
    constants = {"pic": np.array([1, 1, 4, 4]), "times": np.array([1, 3, 2, 2])}
    if kind == "endless":
        body = helper.make_graph(
            [
                helper.make_node("Identity", ["on"], ["on_still"]),
                helper.make_node("Sin", ["state"], ["turned"]),
                helper.make_node("Add", ["turned", "state"], ["state_out"]),
            ],
            "body",
            [
                helper.make_tensor_value_info("count", onnx.TensorProto.INT64, []),
                helper.make_tensor_value_info("on", onnx.TensorProto.BOOL, []),
                helper.make_tensor_value_info("state", floats, [1, 16]),
            ],
            [
                helper.make_tensor_value_info("on_still", onnx.TensorProto.BOOL, []),
                helper.make_tensor_value_info("state_out", floats, [1, 16]),
            ],
        )
        constants |= {"most": np.array(2**62), "yes": np.array(True)}
        nodes = [helper.make_node("Loop", ["most", "yes", "z"], ["values"], body=body)]
    else:
        constants |= {"side": np.array([1, 3, 30000, 30000])}
        nodes = [
            helper.make_node("ReduceSum", ["z"], ["sum"], keepdims=0),
            helper.make_node("Expand", ["sum", "side"], ["field"]),
            helper.make_node("Sin", ["field"], ["turned"]),
            helper.make_node("ReduceSum", ["turned"], ["total"], keepdims=0),
            helper.make_node("Add", ["z", "total"], ["values"]),
        ]
    nodes += [
        helper.make_node("Reshape", ["values", "pic"], ["small"]),
        helper.make_node("Tile", ["small", "times"], ["picture"]),
    ]
    graph = helper.make_graph(
        nodes,
        kind,
        [helper.make_tensor_value_info("z", floats, [1, 16])],
        [helper.make_tensor_value_info("picture", floats, [1, 3, 8, 8])],
        [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path
