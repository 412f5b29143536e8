"""The directions along which a generator's pictures change most: found in styles, or in pictures; and the way along."""

import logging
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from artgen_osc.cli import main
from artgen_osc.errors import ModelError
from artgen_osc.inference.onnx_style import part_of_model, style_layers
from tests.support.waiting import wait_for
from tests.test_foreign import DIM, write
from tests.test_generator import write_model
from visuals.generators.directions import CHANGE, COUNT, FURTHEST, LONGEST, Directions, Response, turned
from visuals.generators.foreign import ForeignGenerator
from visuals.generators.generator import OnnxGenerator
from visuals.generators.idle import IdleGenerator
from visuals.generators.opening import SHIPPED

onnx = pytest.importorskip("onnx", reason="writing a model takes onnx")


def planted(z_dim: int, held: np.ndarray | None = None) -> Response:
    """Something that z[5] moves most, z[2] the other way round next, and then z[0]."""
    response = Response(z_dim, held)
    for _ in range(4 * z_dim):
        z = response.point()
        response.add(z, [np.array([3.0 * z[5], -2.0 * z[2], 1.0 * z[0]], np.float32)])
    return response


def test_the_strongest_comes_first_and_has_a_sign() -> None:
    found = planted(32).directions()
    assert found.shape == (COUNT, 32) and found.dtype == np.float32
    for row, at, share in zip(found, (5, 2, 0), (9 / 14, 4 / 14, 1 / 14), strict=False):
        assert np.abs(row).argmax() == at
        assert row[at] == pytest.approx(min(CHANGE / np.sqrt(share * 32), FURTHEST), rel=0.1)
        assert np.abs(np.delete(row, at)).max() < 0.1 * row[at]
    assert not found[3:].any(), "there are no more"
    np.testing.assert_array_equal(found, planted(32).directions())


def test_no_direction_goes_where_the_mood_steers() -> None:
    slopes = np.zeros((2, 32))
    slopes[0, 5], slopes[1, 7] = 0.1, 0.2
    found = planted(32, slopes).directions()
    assert np.abs(found @ slopes.T).max() < 1e-6
    assert np.abs(found[0]).argmax() == 2


def test_a_short_z_has_fewer() -> None:
    response = Response(2)
    for _ in range(64):
        z = response.point()
        response.add(z, [z, np.ones(3, np.float32)])
    found = response.directions()
    assert found[:2].any(1).all() and not found[2:].any()


def test_z_is_turned_and_keeps_its_length() -> None:
    directions = planted(32).directions()
    z = Response(32).point()
    assert turned(z, directions, np.zeros(COUNT)) is z
    moved = turned(z, directions, np.eye(COUNT)[0])
    assert moved.dtype == np.float32
    assert np.linalg.norm(moved) == pytest.approx(np.linalg.norm(z), rel=1e-5)
    assert moved[5] - z[5] > 1.0
    assert np.isfinite(turned(z, directions, np.full(COUNT, -1.0))).all()


def network(path: Path, gemm: bool = True) -> Path:
    """z to a style of four numbers, which a convolution's channels are scaled by; a MatMul comes after, too."""
    helper, number = onnx.helper, onnx.TensorProto.FLOAT
    draw = np.random.default_rng(3)
    weights = np.zeros((DIM, 4), np.float32)
    weights[[1, 4, 6, 9], range(4)] = 3.0, 2.0, 1.0, 0.5
    constants = {
        "map": weights,
        "mood_map": np.ones((2, 4), np.float32),
        "point": np.array([1, 4, 1, 1]),
        "canvas": draw.standard_normal((1, 4, 8, 8)).astype(np.float32),
        "kernel": draw.standard_normal((3, 4, 3, 3)).astype(np.float32),
        "side": np.eye(8, dtype=np.float32),
    }
    node = helper.make_node
    nodes = [
        node("Gemm", ["z", "map"], ["style"]) if gemm else node("Slice", ["z", "from", "to", "axis"], ["style"]),
        node("MatMul", ["mood", "mood_map"], ["tone"]),
        node("Add", ["style", "tone"], ["asked"]),
        node("Reshape", ["asked", "point"], ["gain"]),
        node("Mul", ["canvas", "gain"], ["scaled"]),
        node("Conv", ["scaled", "kernel"], ["painted"], pads=[1, 1, 1, 1]),
        node("MatMul", ["painted", "side"], ["turned"]),
        node("Tanh", ["turned"], ["picture"]),
    ]
    if not gemm:
        constants |= {"from": np.array([0]), "to": np.array([4]), "axis": np.array([1])}
    graph = helper.make_graph(
        nodes,
        "styled",
        [helper.make_tensor_value_info("z", number, [1, DIM]), helper.make_tensor_value_info("mood", number, [1, 2])],
        [helper.make_tensor_value_info("picture", number, [1, 3, 8, 8])],
        [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


def test_style_layers_are_what_z_reaches_before_anything_is_painted(tmp_path: Path) -> None:
    data = network(tmp_path / "x.onnx").read_bytes()
    assert style_layers(data, "z") == ["style"]
    assert style_layers(data, "mood") == ["tone"]
    assert style_layers(data, "nobody") == []
    with pytest.raises(IndexError):
        style_layers(data[:-40], "z")
    part = onnx.load_from_string(part_of_model(data, ["style"]))
    assert [item.name for item in part.graph.input] == ["z", "mood"]
    assert [item.name for item in part.graph.initializer] == ["map"]
    assert [item.op_type for item in part.graph.node] == ["Gemm"]


def test_what_a_graph_within_takes_from_around_it_stays() -> None:
    helper, number = onnx.helper, onnx.TensorProto.FLOAT
    inner = helper.make_graph(
        [helper.make_node("MatMul", ["z", "outer"], ["made"])],
        "x",
        [],
        [helper.make_tensor_value_info("made", 1, None)],
    )
    nodes = [
        helper.make_node("If", ["yes"], ["chosen"], then_branch=inner, else_branch=inner),
        helper.make_node("MatMul", ["chosen", "outer"], ["style"]),
    ]
    values = {"yes": np.array(True), "outer": np.eye(4, dtype=np.float32), "spare": np.eye(9, dtype=np.float32)}
    graph = helper.make_graph(
        nodes,
        "nested",
        # As older files have it: weights are inputs too.
        [helper.make_tensor_value_info("z", number, [1, 4]), helper.make_tensor_value_info("spare", number, [9, 9])],
        [helper.make_tensor_value_info("style", number, [1, 4])],
        [onnx.numpy_helper.from_array(value, name) for name, value in values.items()],
    )
    data = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()
    assert style_layers(data, "z") == ["style"]
    part = onnx.load_from_string(part_of_model(data, ["style"]))
    assert [item.name for item in part.graph.initializer] == ["yes", "outer"]
    assert [item.name for item in part.graph.input] == ["z"]


def test_a_foreign_network_s_styles_tell_its_directions(tmp_path: Path) -> None:
    generator = ForeignGenerator(network(tmp_path / "x.onnx"))
    styles = generator.styles()
    assert styles is not None
    z = Response(DIM).point()
    np.testing.assert_allclose(styles(z)[0], z[[1, 4, 6, 9]] * [3.0, 2.0, 1.0, 0.5], rtol=1e-5)
    found = Directions(beside=False).of(generator)
    assert found is not None
    assert [int(np.abs(row).argmax()) for row in found[:4]] == [1, 4, 6, 9]


def test_the_mood_and_the_truncation_of_the_moment_count_for_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "x.onnx", others={"psi": (1, ()), "mood": (1, (1, 2))})
    found = []
    for mood, truncation in ((0.1, 0.0), (0.9, 0.7)):
        generator = ForeignGenerator(path)
        generator(Response(DIM).point(), np.full(2, mood, np.float32), truncation)
        found.append(Directions(beside=False).of(generator))
    assert found[0] is not None and found[1] is not None
    np.testing.assert_array_equal(found[0], found[1])


def test_where_there_are_no_styles_pictures_tell(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    generator = ForeignGenerator(network(tmp_path / "x.onnx", gemm=False))
    assert generator.styles() is None
    found = Directions(beside=False).of(generator)
    assert found is not None and np.abs(found[0, :4]).max() > 5.0 * np.abs(found[0, 4:]).max()
    assert "x: 256 pictures are painted" in caplog.text


class Counted(IdleGenerator):
    """Counts what it paints."""

    painted = 0

    def __call__(self, z: Any, mood: Any, truncation: float) -> Any:
        self.painted += 1
        return super().__call__(z, mood, truncation)


def test_beside_the_show_one_picture_more_is_painted_for_each() -> None:
    generator, directions = Counted(64), Directions()
    calls = 0
    while directions.of(generator) is None:
        calls += 1
        assert generator.painted <= calls
        assert not directions.ready(generator)
    assert generator.painted == 256
    assert directions.ready(generator)
    np.testing.assert_array_equal(directions.of(generator), Directions(beside=False).of(Counted(64)))


def test_beside_the_show_styles_are_looked_at_on_a_thread(tmp_path: Path) -> None:
    generator, directions = OnnxGenerator(write_model(tmp_path / "x.onnx")), Directions()
    wait_for(lambda: directions.of(generator) is not None, what="the directions")
    found = directions.of(generator)
    assert found is not None and set(np.abs(found[:2]).argmax(1)) == {0, 1}


class Broken(IdleGenerator):
    def __call__(self, z: Any, mood: Any, truncation: float) -> Any:
        raise ModelError("broken: is broken")


class Long(IdleGenerator):
    name = "long"
    z_dim = LONGEST + 1


@pytest.mark.parametrize(("generator", "why"), [(Broken(64), "broken: is broken"), (Long(64), "2048 are the most")])
def test_where_none_are_found_that_is_told_once(
    generator: IdleGenerator, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    directions = Directions(beside=False)
    for _ in range(3):
        found = directions.of(generator)
        assert found is not None and not found.any()
    (record,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert why in record.getMessage()


@pytest.mark.skipif(not SHIPPED.exists(), reason="the generator isn't installed")
def test_ours_has_eight_that_differ_and_are_steady() -> None:
    generator = OnnxGenerator(SHIPPED)
    found = Directions(beside=False).of(generator)
    assert found is not None
    lengths = np.linalg.norm(found, axis=1)
    assert (lengths > 0.1).all() and (lengths <= FURTHEST + 1e-6).all() and lengths[0] == lengths.min()
    across = (found / lengths[:, None]) @ (found / lengths[:, None]).T
    assert np.abs(across - np.eye(COUNT)).max() < 1e-4
    z, mood = Response(generator.z_dim).point(), np.full(2, 0.5, np.float32)
    for row in range(COUNT):
        away, there, near = (
            generator(turned(z, found, np.eye(COUNT)[row] * amount), mood, 0.8).astype(int) for amount in (-1, 1, 0.98)
        )
        assert np.abs(away - there).mean() > 15.0, "each does something"
        assert np.abs(near - there).mean() < 5.0, "without a leap"


def test_a_sheet_shows_what_each_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, sheet = network(tmp_path / "mine.onnx"), tmp_path / "sheet.png"
    given = ["directions", "--visuals-model", str(model), "-o"]
    assert main([*given, str(sheet)]) == 0
    assert "mine, each direction at -1, 0 and 1" in capsys.readouterr().out
    with Image.open(sheet) as opened:
        pixels = np.asarray(opened.convert("RGB")).astype(int)
    groups = [pixels[40:140, left : left + 120] for left in (50, 210, 370)]
    assert min(np.abs(a - b).mean() for a, b in pairwise(groups)) > 3.0
    assert main([*given, str(tmp_path / "sheet.txt")]) == 2
    assert "end its name in .png or .jpg" in capsys.readouterr().err
    assert main([*given, str(tmp_path / "no" / "sheet.png")]) == 2
    assert "can't be written" in capsys.readouterr().err
    dead = write(tmp_path / "dead.onnx", dead=True)
    assert main(["directions", "--visuals-model", str(dead), "-o", str(sheet)]) == 2
