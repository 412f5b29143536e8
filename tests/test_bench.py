"""``artgen bench``: what is counted, how it is measured, and the shape of the answer. Never how fast it is."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from artgen_osc.cli import main
from artgen_osc.commands import bench_effects, bench_finisher
from artgen_osc.commands import bench_figures as bench
from artgen_osc.commands.bench_figures import Contender, alternate, lines
from artgen_osc.errors import ModelError
from artgen_osc.inference import modelfile, workload
from tests.test_generator import write_model

pytestmark = pytest.mark.slow


def save(path: Path, nodes: list[Any], weights: dict[str, tuple[int, ...]], shape: list[Any]) -> Path:
    """A graph from ``x`` to ``y`` with weights of these shapes."""
    draw = np.random.default_rng(0)
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(draw.normal(size=size).astype(np.float32), name) for name, size in weights.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


@pytest.mark.parametrize(
    ("node", "weights", "shape", "wanted"),
    [
        # outputs 5 x 8 x 8, each of 3 x 3 x 3 products
        (helper.make_node("Conv", ["x", "w"], ["y"], pads=[1] * 4), (5, 3, 3, 3), [1, 3, 8, 8], 2 * 5 * 64 * 27),
        # stride 2: a quarter of the outputs
        (
            helper.make_node("Conv", ["x", "w"], ["y"], pads=[1] * 4, strides=[2, 2]),
            (5, 3, 3, 3),
            [1, 3, 8, 8],
            2 * 5 * 16 * 27,
        ),
        # two groups: each output sees half of the inputs
        (helper.make_node("Conv", ["x", "w"], ["y"], group=2), (6, 2, 1, 1), [1, 4, 8, 8], 2 * 6 * 64 * 2),
        # each input 3 x 8 x 8 goes to 5 x 4 x 4 outputs, the border too
        (
            helper.make_node("ConvTranspose", ["x", "w"], ["y"], strides=[2, 2], pads=[1] * 4),
            (3, 5, 4, 4),
            [1, 3, 8, 8],
            2 * 3 * 64 * 5 * 16,
        ),
        (helper.make_node("MatMul", ["x", "w"], ["y"]), (7, 11), [4, 7], 2 * 4 * 7 * 11),
        (helper.make_node("Gemm", ["x", "w"], ["y"], transA=1), (4, 11), [4, 7], 2 * 4 * 7 * 11),
        (helper.make_node("MatMul", ["x", "w"], ["y"]), (7, 11), ["n", 7], 2 * 7 * 11),
        (helper.make_node("Add", ["x", "w"], ["y"]), (4, 7), [4, 7], 0),
    ],
    ids=["conv", "stride", "groups", "transposed", "matmul", "gemm", "any batch", "add"],
)
def test_flops_of_a_node(tmp_path: Path, node: Any, weights: tuple[int, ...], shape: list[Any], wanted: int) -> None:
    assert workload.flops(save(tmp_path / "m.onnx", [node], {"w": weights}, shape)) == wanted


def test_what_depends_on_weights_only_is_not_counted(tmp_path: Path) -> None:
    nodes = [helper.make_node("MatMul", ["v", "w"], ["vw"]), helper.make_node("MatMul", ["x", "vw"], ["y"])]
    path = save(tmp_path / "m.onnx", nodes, {"v": (7, 20), "w": (20, 11)}, [4, 7])
    assert workload.flops(path) == 2 * 4 * 7 * 11


def test_flops_of_what_is_no_graph(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(b"not a graph")
    with pytest.raises(ModelError, match="can't be counted"):
        workload.flops(path)


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
def test_the_matrix_product(tmp_path: Path, engine: str) -> None:
    pytest.importorskip(engine)
    path = tmp_path / "product.onnx"
    work = workload.write_product(path, side=200, repeats=3)
    onnx.checker.check_model(str(path), full_check=True)
    assert work == workload.flops(path) == 3 * 2 * 200**3 + 2 * 200**2
    square, column = (numpy_helper.to_array(entry) for entry in onnx.load(path).graph.initializer)
    run = modelfile.Engine(modelfile.ModelFile(path, {}), exact=True, engine=engine)
    (got,) = run(np.array([[0.25]], np.float32))
    wanted = (square.astype(float) + 0.25) @ np.linalg.matrix_power(square.astype(float), 3) @ column
    np.testing.assert_allclose(got, wanted, rtol=1e-3, atol=1e-3 * np.abs(wanted).max())


def test_contenders_take_turns_and_the_first_runs_do_not_count() -> None:
    turns: list[str] = []

    def contender(name: str, seconds: float) -> Contender:
        def run() -> float:
            turns.append(name)
            return seconds

        return Contender(run)

    slow, fast = contender("slow", 1.0), contender("fast", bench.ROUND_S / 4)
    alternate([slow, fast], 0.0)
    warm = ["slow"] * 2 + ["fast"] * 2
    assert turns == warm + (["slow"] + ["fast"] * 4) * bench.LEAST_ROUNDS
    assert (len(slow.seconds), len(fast.seconds)) == (bench.LEAST_ROUNDS, 4 * bench.LEAST_ROUNDS)


def test_median_and_p99() -> None:
    contender = Contender(lambda: 0.0, [float(i) for i in range(101)])
    assert (contender.median, contender.p99) == (50.0, 99.0)


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """So little work that the figures mean nothing."""
    monkeypatch.setattr(bench, "SIDE", 64)
    monkeypatch.setattr(bench, "STARTS", 1)
    monkeypatch.setattr(bench, "LEAST_ROUNDS", 1)
    monkeypatch.setattr(bench_effects, "SIZE", (64, 36))


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
def test_a_generator_of_another_kind(tmp_path: Path, brief: None, engine: str) -> None:
    pytest.importorskip(engine)
    figures = bench.generator(write_model(tmp_path / "tiny.onnx"), engine, 0.0)
    assert (figures["model"], figures["size"], figures["engine"]) == ("tiny.onnx", 8, engine)
    assert figures["gflop"] == pytest.approx(2 * 18 * 3 / 1e9)
    assert figures["runs"][0]["threads"] == 1
    for row in figures["runs"]:
        assert 0.0 < row["median_ms"] <= row["p99_ms"]
        assert row["cores_used"] > 0.0
        assert row["pictures_per_s"] == pytest.approx(1e3 / row["median_ms"])
        assert row["gflop_per_s"] == pytest.approx(figures["gflop"] * row["pictures_per_s"])
        assert row["of_matrix_rate"] == pytest.approx(row["gflop_per_s"] / row["matrix_gflop_per_s"])
    assert set(figures["torch_eager"]) == {"left_out"}
    assert "tiny.onnx" in figures["torch_eager"]["left_out"] or "torch" in figures["torch_eager"]["left_out"]


def test_a_foreign_generator(tmp_path: Path, brief: None) -> None:
    node = helper.make_node("Conv", ["x", "w"], ["y"], pads=[1] * 4)
    foreign = save(tmp_path / "foreign.onnx", [node], {"w": (3, 3, 3, 3)}, [1, 3, 8, 8])
    assert bench.generator(foreign, "openvino", 0.0)["gflop"] == pytest.approx(2 * 3 * 64 * 27 / 1e9)


def test_the_same_network_in_torch_takes_turns(tmp_path: Path, brief: None) -> None:
    pytest.importorskip("torch")
    from training.export import export_generator
    from training.gan import Generator

    card = {"kind": "generator", "size": 64, "width": 8, "z_dim": 8, "n_mood": 2, "trained_on": "-", "licence": "-"}
    path = tmp_path / "new.onnx"
    export_generator(Generator(64, 8, 8), path, card)
    figures = bench.generator(path, "auto", 0.0)
    beside = figures["torch_eager"]
    assert beside["pictures"] >= 1
    assert beside["times_faster"] == pytest.approx(beside["median_ms"] / figures["runs"][-1]["median_ms"])


def test_the_whole_answer(brief: None, gl_context: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--json", "--seconds=0.1"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert set(figures) == {"machine", "generators", "finisher", "effects", "first_picture", "daemon"}
    assert figures["machine"]["cores"] >= 1
    (paint,) = figures["generators"]
    assert (paint["model"], paint["size"]) == ("generator.onnx", 256)
    assert 0.0 < figures["first_picture"]["median_s"] <= figures["first_picture"]["longest_s"]
    heard = figures["daemon"]
    assert 0.0 < heard["hop_median_ms"] <= heard["hop_p99_ms"]
    assert min(heard["mood_network_ms"], heard["times_real_time"]) > 0.0
    finisher = figures["finisher"]
    assert (finisher["model"], finisher["from"], finisher["to"]) == ("finisher.onnx", 256, 1024)
    assert 2.0 < finisher["gflop"] < 7.0
    for row in finisher["runs"]:
        assert 0.0 < row["median_ms"] <= row["p99_ms"]
        assert row["times_faster_than_open"] == pytest.approx(row["open_sides_ms"] / row["median_ms"])
    effects = figures["effects"]
    assert effects["size"] == [64, 36] and effects["without_ms"] > 0.0 and effects["rounds"] >= 3
    assert {"bloom", "flow", "strobe"} < set(effects["effects_ms"]) and "ink" in effects["transitions_ms"]
    assert len(effects["chain"]) == 3 and isinstance(effects["chain_ms"], float)
    text = "\n".join(lines(figures))
    for words in (
        "a frame of 64x36",
        " in a chain: ",
        "256 pixels to 1024",
        "left open",
        "256 pixels",
        "pictures/s",
        "of a matrix product",
        "first picture",
        "times real time",
    ):
        assert words in text


def test_what_is_left_out_is_said(brief: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_finisher, "installed_generator", lambda: tmp_path / "generator.onnx")
    row = dict.fromkeys(
        ("threads", "cores_used", "pictures", "median_ms", "p99_ms", "pictures_per_s", "of_matrix_rate"), 1.0
    )
    figures = {
        "machine": {"processor": "P", "cores": 1, "system": "S", "load_average": 3.0},
        "generators": [
            {
                "model": "m",
                "size": 8,
                "width": 8,
                "gflop": 1.0,
                "about": "A",
                "runs": [{**row, "matrix_gflop_per_s": 1.0}],
                "torch_eager": {"left_out": "no torch"},
            }
        ],
        "finisher": bench_finisher.finisher_or_reason("openvino", 0.1),
        "effects": {"left_out": "no EGL"},
        "first_picture": {"left_out": "no OpenGL"},
        "daemon": dict.fromkeys(("hop_median_ms", "hop_p99_ms", "times_real_time", "mood_network_ms"), 1.0),
    }
    text = "\n".join(lines(figures))
    for words in (
        "load 3.0",
        "left out: no torch",
        "finisher is left out: ",
        "left out: no EGL",
        "left out: no OpenGL",
    ):
        assert words in text


def test_a_renderer_that_does_not_start(brief: None, tmp_path: Path) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"no")
    assert "broken.onnx: is damaged" in bench.first_picture(path, "auto")["left_out"]


def test_bench_of_a_missing_model(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--model=no.onnx"]) == 2
    assert "no.onnx: can't be read" in capsys.readouterr().err
