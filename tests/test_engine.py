"""Engines: which one is chosen, what is passed over, and that they agree."""

import dataclasses
import logging
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from artgen_osc.errors import EngineError, ModelError
from artgen_osc.inference import engine, modelfile
from artgen_osc.inference.canvas import Canvas
from artgen_osc.inference.engine import PROVIDERS, Unusable, open_runner
from artgen_osc.runtime.throttle import Throttle
from tests.test_modelfile import write
from visuals.generators.opening import SHIPPED

AZURE = "AzureExecutionProvider"
"""A provider that plain ONNX Runtime lists and that runs no node of a usual graph."""


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return write(tmp_path / "twice.onnx")


@pytest.fixture(autouse=True)
def fresh_warnings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_warned", Throttle(every=math.inf))


def pretend(monkeypatch: pytest.MonkeyPatch, installed: tuple[str, ...], broken: dict[str, str]) -> list[str]:
    """Make `installed` the engines of this machine, with those that fail; returns what is tried."""
    tried: list[str] = []

    def fake_open(name: str, *rest: object) -> SimpleNamespace:
        tried.append(name)
        if name in broken:
            raise Unusable(broken[name])
        return SimpleNamespace(engine=name)

    monkeypatch.setattr(engine, "absent", lambda name: "" if name in installed else "isn't here")
    monkeypatch.setattr(engine, "_open", fake_open)
    return tried


@pytest.mark.parametrize(
    ("installed", "broken", "chosen"),
    [
        (("openvino",), {}, "openvino"),
        (("openvino", "onnxruntime"), {}, "openvino"),
        (("openvino", "onnxruntime", "cuda"), {}, "cuda"),
        (("openvino", "onnxruntime", "directml"), {}, "directml"),
        (("openvino", "onnxruntime", "coreml"), {}, "coreml"),
        (("openvino", "onnxruntime", "cuda"), {"cuda": "no driver"}, "openvino"),
        (("openvino", "onnxruntime"), {"openvino": "no such operator"}, "onnxruntime"),
    ],
)
def test_the_best_that_works_is_chosen(
    installed: tuple[str, ...], broken: dict[str, str], chosen: str, monkeypatch: pytest.MonkeyPatch, tiny: Path
) -> None:
    pretend(monkeypatch, installed, broken)
    assert open_runner("auto", tiny, 1).engine == chosen


def test_what_is_passed_over_is_said_once(
    monkeypatch: pytest.MonkeyPatch, tiny: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tried = pretend(monkeypatch, ("cuda", "openvino"), {"cuda": "no driver"})
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            open_runner("auto", tiny, 1)
    assert tried == ["cuda", "openvino"] * 2
    assert [record.getMessage() for record in caplog.records] == ["cuda: no driver; openvino is used instead"]


def test_nothing_else_is_tried_where_one_is_forced(monkeypatch: pytest.MonkeyPatch, tiny: Path) -> None:
    tried = pretend(monkeypatch, ("cuda", "openvino"), {"cuda": "no driver"})
    with pytest.raises(EngineError, match=r"cuda: no driver; .*; mend that, or leave the choice to --engine auto"):
        open_runner("cuda", tiny, 1)
    assert tried == ["cuda"]


def test_a_graph_that_nothing_can_run(monkeypatch: pytest.MonkeyPatch, tiny: Path) -> None:
    pretend(monkeypatch, ("cuda", "openvino"), {"cuda": "no driver", "openvino": "no such operator"})
    with pytest.raises(ModelError, match=r"no such operator.*; export it again with ONNX opset 17"):
        open_runner("auto", tiny, 1)


@pytest.mark.parametrize(
    ("name", "system", "words"),
    [
        (
            "cuda",
            "linux",
            "has no CUDAExecutionProvider.*pip uninstall onnxruntime, then pip install 'artgen-osc.cuda.'",
        ),
        ("coreml", "darwin", "pip install 'artgen-osc.coreml.'"),
        ("directml", "win32", "pip install 'artgen-osc.directml.'"),
        ("directml", "linux", "needs Windows.*leave the choice to --engine auto"),
    ],
)
def test_a_forced_one_that_is_absent(
    name: str, system: str, words: str, monkeypatch: pytest.MonkeyPatch, tiny: Path
) -> None:
    pytest.importorskip("onnxruntime")
    monkeypatch.setattr(engine.sys, "platform", system)
    if PROVIDERS[name].name in __import__("onnxruntime").get_available_providers():
        pytest.skip("it is there")
    with pytest.raises(EngineError, match=words) as caught:
        open_runner(name, tiny, 1)
    assert "choose from auto, openvino, onnxruntime" in str(caught.value)


def test_without_onnxruntime(monkeypatch: pytest.MonkeyPatch) -> None:
    find = engine.importlib.util.find_spec
    monkeypatch.setattr(engine.importlib.util, "find_spec", lambda name: None if name == "onnxruntime" else find(name))
    assert engine.absent("onnxruntime") == "ONNX Runtime isn't installed"
    assert engine.how_to_get("onnxruntime") == "pip install onnxruntime"
    assert not engine.absent("openvino")


@pytest.mark.parametrize("threads", [1, 2])
def test_the_engines_agree_on_the_installed_generator(threads: int) -> None:
    pytest.importorskip("onnxruntime")
    model = modelfile.load(SHIPPED, "generator")
    one, other = (modelfile.Engine(model, threads, exact=True, engine=name) for name in ("openvino", "onnxruntime"))
    assert (one.engine, other.engine) == ("openvino", "onnxruntime")
    assert (one.inputs, one.outputs) == (other.inputs, other.outputs)
    z, mood = numbers(1, model.card["z_dim"]), np.array([[0.3, 0.8]], np.float32)
    inputs = z, mood, *Canvas.of(model.card).inputs()
    (wanted,), (got,) = one(*inputs), other(*inputs)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, wanted, atol=1e-3)


@pytest.mark.parametrize("name", ["openvino", "onnxruntime"])
def test_outputs_are_copies(name: str, tiny: Path) -> None:
    pytest.importorskip("onnxruntime")
    run = modelfile.Engine(modelfile.load(tiny, "mood"), engine=name)
    x = numbers(1, 3)
    (first,) = run(x)
    run(x * 5)
    np.testing.assert_allclose(first, 2 * x, rtol=1e-6)


@pytest.mark.parametrize("name", ["openvino", "onnxruntime"])
def test_other_types_of_numbers_are_converted(name: str, tiny: Path) -> None:
    pytest.importorskip("onnxruntime")
    (twice,) = modelfile.Engine(modelfile.load(tiny, "mood"), engine=name)(np.array([[1, 2, 3]]))
    np.testing.assert_allclose(twice, [[2, 4, 6]])


def replace_provider(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Let the engine ``cuda`` use another provider of ONNX Runtime, one that is here."""
    onnxruntime = pytest.importorskip("onnxruntime")
    if name not in onnxruntime.get_available_providers():
        pytest.skip(f"this ONNX Runtime has no {name}")
    provider = dataclasses.replace(PROVIDERS["cuda"], name=name, systems=(), options={}, exact={})
    monkeypatch.setitem(engine.PROVIDERS, "cuda", provider)


def test_a_provider_that_runs_no_node_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tiny: Path
) -> None:
    replace_provider(monkeypatch, AZURE)
    with caplog.at_level(logging.WARNING):
        assert open_runner("auto", tiny, 1).engine == "openvino"
    (line,) = caplog.messages
    assert line == f"cuda: {AZURE} runs none of the network's 1 nodes; openvino is used instead"


def test_a_provider_proves_itself(monkeypatch: pytest.MonkeyPatch, tiny: Path) -> None:
    replace_provider(monkeypatch, "CPUExecutionProvider")
    run = open_runner("auto", tiny, 1)
    assert run.engine == "cuda"
    assert run.about.endswith("CPUExecutionProvider, 1 of 1 nodes on it")
    np.testing.assert_allclose(run(np.ones((1, 3), np.float32))[0], [[2, 2, 2]])


def test_a_provider_that_gives_no_numbers_is_passed_over(monkeypatch: pytest.MonkeyPatch, tiny: Path) -> None:
    replace_provider(monkeypatch, "CPUExecutionProvider")
    run = engine.OnnxRuntime.__call__
    monkeypatch.setattr(engine.OnnxRuntime, "__call__", lambda self, *x: [y * np.nan for y in run(self, *x)])
    with pytest.raises(EngineError, match="aren't finite"):
        open_runner("cuda", tiny, 1)


def test_a_provider_that_does_not_start_is_passed_over(monkeypatch: pytest.MonkeyPatch, tiny: Path) -> None:
    """ONNX Runtime goes on with the CPU then, and only the session's own list tells."""
    replace_provider(monkeypatch, AZURE)
    onnxruntime = pytest.importorskip("onnxruntime")
    monkeypatch.setattr(onnxruntime.InferenceSession, "get_providers", lambda self: ["CPUExecutionProvider"])
    with pytest.raises(EngineError, match=f"{AZURE} doesn't start here"):
        open_runner("cuda", tiny, 1)


INSTALLED_FINISHER = SHIPPED.with_name("finisher.onnx")
PICTURE = np.random.default_rng(2).integers(0, 256, (1, 20, 12, 3), dtype=np.uint8)


@pytest.mark.parametrize("name", ["openvino", "onnxruntime"])
def test_sides_that_are_known_are_fixed_before_the_graph_is_compiled(name: str) -> None:
    if engine.absent(name):
        pytest.skip(f"{name} isn't here")
    model = modelfile.load(INSTALLED_FINISHER, "finisher")
    opened = modelfile.Engine(model, engine=name, exact=True)
    fixed = modelfile.Engine(model, engine=name, exact=True, shapes=[PICTURE.shape])
    assert -1 in opened.inputs[0].shape
    assert fixed.inputs[0].shape == (1, 20, 12, 3)
    assert fixed.outputs[0].shape == (1, 80, 48, 3)
    apart = np.abs(opened(PICTURE)[0].astype(int) - fixed(PICTURE)[0])
    assert apart.max() <= 1


@pytest.mark.parametrize("shapes", [[(1, 20, 12, 5)], [(1, 20, 12)], [], [(1, 20, 12, 3), (1, 1)]])
@pytest.mark.parametrize("name", ["openvino", "onnxruntime"])
def test_shapes_that_do_not_fit_the_graph(name: str, shapes: list[tuple[int, ...]]) -> None:
    if engine.absent(name):
        pytest.skip(f"{name} isn't here")
    with pytest.raises(ModelError, match=r"finisher.onnx: can't be run"):
        modelfile.Engine(modelfile.load(INSTALLED_FINISHER, "finisher"), engine=name, shapes=shapes)
