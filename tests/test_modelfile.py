"""Model files: what is refused, and why."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from artgen_osc.errors import ModelError
from artgen_osc.inference import modelfile


def write(path: Path, **card: object) -> Path:
    """A tiny model, twice its input, with a card."""
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "x"], ["y"])],
        "twice",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    digest = modelfile.graph_sha256(model.SerializeToString())
    helper.set_model_props(model, {modelfile.CARD_KEY: json.dumps({"kind": "mood", "sha256": digest, **card})})
    path.write_bytes(model.SerializeToString())
    return path


def test_a_good_file_runs(tmp_path: Path) -> None:
    model = modelfile.load(write(tmp_path / "m.onnx", sample_rate=22050), "mood", sample_rate=22050)
    (twice,) = modelfile.Engine(model)(np.array([[1.0, 2.0, 3.0]], np.float32))
    np.testing.assert_allclose(twice, [[2.0, 4.0, 6.0]])


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="can't be read"):
        modelfile.load(tmp_path / "no.onnx", "mood")


def test_another_kind(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is a mood model, not a generator model"):
        modelfile.load(write(tmp_path / "m.onnx"), "generator")


def test_another_sample_rate(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="was made for sample_rate 44100, not 22050"):
        modelfile.load(write(tmp_path / "m.onnx", sample_rate=44100), "mood", sample_rate=22050)


def test_every_truncation_is_refused(tmp_path: Path) -> None:
    data = write(tmp_path / "m.onnx").read_bytes()
    for length in range(len(data)):
        (tmp_path / "cut.onnx").write_bytes(data[:length])
        with pytest.raises(ModelError, match=r"cut\.onnx: "):
            modelfile.load(tmp_path / "cut.onnx", "mood")


def test_a_changed_graph_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "m.onnx")
    model = onnx.load(path)
    model.graph.node[0].op_type = "Mul"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match="has changed since it was exported"):
        modelfile.load(path, "mood")


@pytest.mark.parametrize("data", [b"", b"\x00" * 64, b"not a model at all", b"\xff" * 32])
def test_rubbish(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "m.onnx").write_bytes(data)
    with pytest.raises(ModelError, match=r"m\.onnx: "):
        modelfile.load(tmp_path / "m.onnx", "mood")


def test_a_graph_that_the_engine_cannot_run(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    model = onnx.load(write(path))
    model.graph.node[0].op_type = "NoSuchOperator"
    del model.metadata_props[:]
    digest = modelfile.graph_sha256(model.SerializeToString())
    helper.set_model_props(model, {modelfile.CARD_KEY: json.dumps({"kind": "mood", "sha256": digest})})
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match="can't be run"):
        modelfile.Engine(modelfile.load(path, "mood"))
