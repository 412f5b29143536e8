"""Other people's model files as they come: their metadata, ranges, second files, and what lies in their place."""

import itertools
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from artgen_osc.commands.bench_figures import generator_file
from artgen_osc.commands.doctor_checks import CHECKS
from artgen_osc.config.settings import load as load_config
from artgen_osc.errors import ModelError
from artgen_osc.inference import modelfile
from artgen_osc.inference.onnx_file import GRAPH, fields, output_bounds
from tests.odd import odd_names
from tests.test_foreign import write
from visuals.generators.foreign import ForeignGenerator, find_range
from visuals.generators.generator import OnnxGenerator
from visuals.generators.opening import open_generator
from visuals.generators.sidecar import read_sidecar
from visuals.generators.trial import Trials

onnx = pytest.importorskip("onnx", reason="writing a model takes onnx")


def last(path: Path, *nodes: Any, **constants: np.ndarray) -> Path:
    """Put nodes behind the picture of a model from `write`; they take ``values`` and give ``end``."""
    model = onnx.load(path)
    model.graph.node[-1].input[0] = "end"
    for node in nodes:
        model.graph.node.insert(len(model.graph.node) - 1, node)
    model.graph.initializer.extend(onnx.numpy_helper.from_array(value, name) for name, value in constants.items())
    path.write_bytes(model.SerializeToString())
    return path


def node(op: str, *inputs: str, to: str = "end", **attributes: object) -> Any:
    return onnx.helper.make_node(op, inputs, [to], **attributes)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("modelcard", '{"name": "x", "sha256": "abc"}'),
        ("modelcard", '{"kind": "generator", "sha256": "' + "0" * 64 + '", "trained_on": "faces", "licence": "MIT"}'),
        ("artgen-like", "{}"),
        ("sha256", "1" * 64),
    ],
)
def test_metadata_of_others_are_no_card_of_ours(tmp_path: Path, key: str, value: str) -> None:
    path = write(tmp_path / "m.onnx")
    model = onnx.load(path)
    onnx.helper.set_model_props(model, {key: value})
    path.write_bytes(model.SerializeToString())
    assert isinstance(open_generator(str(path)), ForeignGenerator)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"z_dim": ' + "9" * 600_000 + "}", "[1]", '"x"', "\ud7ff"])
def test_a_card_that_is_none_is_refused_at_once(tmp_path: Path, text: str) -> None:
    path = write(tmp_path / "m.onnx")
    model = onnx.load(path)
    onnx.helper.set_model_props(model, {modelfile.CARD_KEY: text})
    path.write_bytes(model.SerializeToString())
    start = time.monotonic()
    with pytest.raises(ModelError, match=r"m\.onnx: "):
        open_generator(str(path))
    assert time.monotonic() - start < 10.0


@pytest.mark.parametrize("entry", ["z_dim", "size"])
def test_a_card_with_a_vast_number_is_refused(tmp_path: Path, entry: str) -> None:
    from tests.test_generator import write_model

    path = write_model(tmp_path / "m.onnx")
    model = onnx.load(path)
    card = json.loads(model.metadata_props[0].value) | {entry: 10**12}
    onnx.helper.set_model_props(model, {modelfile.CARD_KEY: json.dumps(card)})
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match=f"no usable z_dim and size .{entry} is out"):
        OnnxGenerator(path)


@pytest.mark.parametrize(
    "data", [b"\xff" * 600_000, b"\x3a" + b"\x80" * 600_000, b"\0" * 1_000_000, b"\x08\1" * 600_000]
)
def test_a_number_or_a_file_without_end_is_refused_at_once(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "m.onnx").write_bytes(data)
    start = time.monotonic()
    with pytest.raises(ModelError, match=r"m\.onnx: is damaged or truncated"):
        open_generator(str(tmp_path / "m.onnx"))
    assert time.monotonic() - start < 10.0


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", "a pointer of Git LFS.*git lfs pull"),
        (b"/annex/objects/SHA256E-s9--00.onnx\n", "a pointer of git-annex.*git annex get"),
        (b"\n<!DOCTYPE html>\n<html></html>", "a web page.*download the file itself"),
    ],
)
@pytest.mark.parametrize("kind", ["generator", "mood"])
def test_what_lies_in_a_models_place_is_named(tmp_path: Path, data: bytes, what: str, kind: str) -> None:
    (tmp_path / "m.onnx").write_bytes(data)
    with pytest.raises(ModelError, match=rf"m\.onnx: is {what}"):
        open_generator(str(tmp_path / "m.onnx")) if kind == "generator" else modelfile.load(tmp_path / "m.onnx", kind)


def test_weights_in_a_second_file_are_found_or_named(tmp_path: Path) -> None:
    path = write(tmp_path / "m.onnx")
    model = onnx.load(path)
    onnx.save_model(model, path, save_as_external_data=True, location="m.data", size_threshold=0)
    assert ForeignGenerator(path).z_dim == 16
    (tmp_path / "m.data").rename(tmp_path / "elsewhere")
    with pytest.raises(ModelError, match=r"second file, m\.data, which isn't there; put it beside the model"):
        ForeignGenerator(path)
    (tmp_path / "m.data").mkdir()
    with pytest.raises(ModelError, match=r"second file, m\.data, which can't be read \(is a folder\)"):
        ForeignGenerator(path)
    model = onnx.load(path, load_external_data=False)
    for tensor in model.graph.initializer:
        for entry in tensor.external_data:
            entry.value = "../elsewhere" if entry.key == "location" else entry.value
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match="which is outside its folder"):
        ForeignGenerator(path)


@pytest.mark.skipif(sys.platform != "linux", reason="names are text there")
def test_a_file_whose_name_is_no_utf8_paints(tmp_path: Path) -> None:
    path = write(tmp_path / os.fsdecode(b"caf\xe9.onnx"))
    assert Trials().open(str(path)).z_dim == 16


def test_bench_and_doctor_name_a_lost_second_file_too(tmp_path: Path) -> None:
    path = write(tmp_path / "m.onnx")
    onnx.save_model(onnx.load(path), path, save_as_external_data=True, location="m.data", size_threshold=0)
    assert generator_file(path).path == path
    (tmp_path / "m.data").unlink()
    config = load_config(flags={"visuals.model": str(path)})[0]
    (check,) = [check for name, check, _ in CHECKS if name == "generator model"]
    for ask in (lambda: generator_file(path), lambda: check(config)):
        with pytest.raises(ModelError, match=r"second file, m\.data, which isn't there"):
            ask()


def scaled(gain: float, middle: float) -> dict[str, np.ndarray]:
    return {"times": np.float32([gain]), "plus": np.float32([middle])}


TANH = node("Tanh", "values", to="t")
ENDS: dict[str, tuple[list[Any], dict[str, np.ndarray], tuple[float, float]]] = {
    "tanh": ([node("Tanh", "values")], {}, (-1.0, 1.0)),
    "sigmoid": ([node("Sigmoid", "values")], {}, (0.0, 1.0)),
    "tanh to 0..1": ([TANH, node("Mul", "t", "times", to="u"), node("Add", "plus", "u")], scaled(0.5, 0.5), (0.0, 1.0)),
    "tanh to 0..255": (
        [TANH, node("Mul", "times", "t", to="u"), node("Add", "u", "plus")],
        scaled(127.5, 127.5),
        (0.0, 255.0),
    ),
    "little of tanh": ([TANH, node("Mul", "t", "times")], {"times": np.float32([0.05])}, (-1.0, 1.0)),
    "clipped": (
        [node("Mul", "values", "values", to="t"), node("Clip", "t", "lo", "hi")],
        {"lo": np.float32(0.0), "hi": np.float32(255.0)},
        (0.0, 255.0),
    ),
}


@pytest.mark.parametrize(("nodes", "constants", "found"), ENDS.values(), ids=ENDS)
def test_the_last_activation_tells_the_range(
    tmp_path: Path, nodes: list[Any], constants: dict[str, np.ndarray], found: tuple[float, float]
) -> None:
    """The values themselves have so little contrast that they would tell another one."""
    path = last(write(tmp_path / "m.onnx", black=0.0, white=0.04), *nodes, **constants)
    paint = ForeignGenerator(path)
    assert (paint._black, paint._white) == found
    path.with_suffix(".toml").write_text("range = [0, 0.05]")
    assert (ForeignGenerator(path)._black, ForeignGenerator(path)._white) == (0.0, 0.05)


@pytest.mark.parametrize(
    ("low", "high", "bounds", "found"),
    [
        (-0.034, 0.035, None, (-1.0, 1.0)),
        (0.02, 0.08, None, (-1.0, 1.0)),
        (-0.2, -0.1, None, (-1.0, 1.0)),
        (-0.04, 1.05, None, (0.0, 1.0)),
        (0.1, 0.6, None, (0.0, 1.0)),
        (0.0, 0.05, (0.0, 1.0), (0.0, 1.0)),
        (-0.9, 0.9, None, (-1.0, 1.0)),
        (-2.0, 2.2, None, (-1.0, 1.0)),
        (100.0, 140.0, None, (0.0, 255.0)),
        (-1.5, 2.9, None, None),
        (0.0, 9.0, None, None),
        (0.3, 0.4, (-0.95, 1.05), (-1.0, 1.0)),
        (0.2, 0.8, (-3.0, 5.0), (0.0, 1.0)),
    ],
)
def test_ranges(low: float, high: float, bounds: tuple[float, float] | None, found: tuple[float, float] | None) -> None:
    assert find_range(low, high, bounds) == found


def test_a_long_way_back_and_two_ways_are_not_followed_for_ever(tmp_path: Path) -> None:
    """Each node adds its input to itself: 2**60 ways."""
    names = ["values", *(f"n{index}" for index in range(59)), "end"]
    nodes = [node("Add", a, a, to=b) for a, b in itertools.pairwise(names)]
    path = last(write(tmp_path / "m.onnx"), *nodes)
    assert output_bounds(path.read_bytes(), "picture") is None


def test_every_field_of_a_real_file_is_walked(tmp_path: Path) -> None:
    data = write(tmp_path / "m.onnx").read_bytes()
    assert [number for number, _ in fields(memoryview(data))].count(GRAPH) == 1
    assert output_bounds(data, "picture") == pytest.approx((-1.0, 1.0))
    assert output_bounds(data, "no such output") is None


def test_odd_things_beside_a_model(tmp_path: Path) -> None:
    """The sidecar may be anything too."""
    for name in odd_names(tmp_path).values():
        try:
            beside = Path(name).with_suffix(".toml")
        except ValueError:
            continue
        try:
            read_sidecar(beside)
        except ModelError as error:
            assert str(error).count("\n") == 0 or "\n" in name
    for text in (
        "z_dim = " + "9" * 5000,
        "z_dim = 0x" + "f" * 600_000,
        "a = " + "[" * 5000,
        "[inputs]\nq = 1e999",
        "class = 70000",
    ):
        (tmp_path / "n.toml").write_text(text)
        with pytest.raises(ModelError, match=r"n\.toml"):
            read_sidecar(tmp_path / "n.toml")
