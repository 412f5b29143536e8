import json
from pathlib import Path

import numpy as np
import pytest

from artgen_osc.errors import ModelError
from artgen_osc.inference import modelfile
from visuals.generators import opening
from visuals.generators.generator import OnnxGenerator
from visuals.generators.idle import IdleGenerator, colour_of
from visuals.generators.opening import open_generator
from visuals.generators.sphere import direction

DIM = 16
SIZE = 8


def write_model(
    path: Path, kind: str = "generator", says_dim: int = DIM, says_size: int = SIZE, gain: float = 1.0
) -> Path:
    """A network whose red is z[0], green is z[1] and blue is valence - energy, all times `gain`."""
    onnx = pytest.importorskip("onnx", reason="writing a model takes onnx")
    helper, number = onnx.helper, onnx.TensorProto.FLOAT
    weights = np.zeros((DIM + 2, 3), np.float32)
    weights[0, 0] = weights[1, 1] = weights[DIM, 2] = gain
    weights[DIM + 1, 2] = -gain
    graph = helper.make_graph(
        [
            helper.make_node("Concat", ["z", "mood"], ["both"], axis=1),
            helper.make_node("MatMul", ["both", "weights"], ["colour"]),
            helper.make_node("Reshape", ["colour", "point"], ["pixel"]),
            helper.make_node("Expand", ["pixel", "shape"], ["picture"]),
        ],
        "colour",
        [helper.make_tensor_value_info("z", number, [1, DIM]), helper.make_tensor_value_info("mood", number, [1, 2])],
        [helper.make_tensor_value_info("picture", number, [1, 3, SIZE, SIZE])],
        [
            onnx.numpy_helper.from_array(weights, "weights"),
            onnx.numpy_helper.from_array(np.array([1, 3, 1, 1]), "point"),
            onnx.numpy_helper.from_array(np.array([1, 3, SIZE, SIZE]), "shape"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    card = {
        "kind": kind,
        "sha256": modelfile.graph_sha256(model.SerializeToString()),
        "trained_on": "nothing",
        "licence": "MIT",
        "z_dim": says_dim,
        "size": says_size,
        "n_mood": 2,
    }
    entry = model.metadata_props.add()
    entry.key, entry.value = modelfile.CARD_KEY, json.dumps(card)
    path.write_bytes(model.SerializeToString())
    return path


def z_of(seed: int, dim: int) -> np.ndarray:
    return (direction(seed, dim) * np.sqrt(dim)).astype(np.float32)


def mood(valence: float, energy: float) -> np.ndarray:
    return np.array([valence, energy], np.float32)


def test_onnx_picture(tmp_path: Path) -> None:
    paint = OnnxGenerator(write_model(tmp_path / "tiny.onnx"))
    assert (paint.name, paint.z_dim, paint.size) == ("tiny", DIM, SIZE)
    z = np.zeros(DIM, np.float32)
    z[0], z[1] = 0.5, -3.0
    picture = paint(z, mood(0.75, 0.25), 1.0)
    assert picture.shape == (SIZE, SIZE, 3)
    assert picture.dtype == np.uint8
    np.testing.assert_allclose(picture[0, 0], [191, 0, 191], atol=1)
    assert np.all(picture == picture[0, 0])


def test_onnx_truncation_turns_towards_home(tmp_path: Path) -> None:
    paint = OnnxGenerator(write_model(tmp_path / "tiny.onnx", gain=0.2))
    home, there = paint(z_of(0, DIM), mood(0.5, 0.5), 1.0), paint(z_of(5, DIM), mood(0.5, 0.5), 1.0)
    np.testing.assert_array_equal(paint(z_of(5, DIM), mood(0.5, 0.5), 0.0), home)
    half = paint(z_of(5, DIM), mood(0.5, 0.5), 0.5)
    assert not np.array_equal(half, home)
    assert not np.array_equal(half, there)


def test_onnx_of_another_kind(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is a mood model"):
        OnnxGenerator(write_model(tmp_path / "m.onnx", kind="mood"))


@pytest.mark.parametrize("lie", [{"says_dim": 12}, {"says_size": 16}])
def test_onnx_that_is_not_what_its_card_says(tmp_path: Path, lie: dict[str, int]) -> None:
    with pytest.raises(ModelError, match="doesn't take z"):
        OnnxGenerator(write_model(tmp_path / "m.onnx", **lie))


def test_which_generator_a_setting_means(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "SHIPPED", tmp_path / "none.onnx")
    assert open_generator("").name == "idle"
    monkeypatch.setattr(opening, "SHIPPED", write_model(tmp_path / "shipped.onnx"))
    assert open_generator("").name == "shipped"
    assert open_generator("idle").name == "idle"
    with pytest.raises(ModelError, match="can't be read"):
        open_generator(str(tmp_path / "no.onnx"))


@pytest.fixture(scope="module")
def idle() -> IdleGenerator:
    return IdleGenerator(96)


def brightness_and_saturation(picture: np.ndarray) -> tuple[float, float]:
    rgb = picture.astype(float) / 255.0
    value = rgb.max(axis=2)
    return float(value.mean()), float(((value - rgb.min(axis=2)) / np.maximum(value, 1e-3)).mean())


def test_idle_picture(idle: IdleGenerator) -> None:
    picture = idle(z_of(1, idle.z_dim), mood(0.5, 0.5), 0.8)
    assert picture.shape == (96, 96, 3)
    assert picture.dtype == np.uint8
    np.testing.assert_array_equal(picture, IdleGenerator(96)(z_of(1, idle.z_dim), mood(0.5, 0.5), 0.8))


def test_idle_pictures_differ_and_have_something_in_them(idle: IdleGenerator) -> None:
    pictures = [idle(z_of(seed, idle.z_dim), mood(0.5, 0.5), 1.0).astype(float) for seed in range(8)]
    for index, picture in enumerate(pictures):
        assert picture.std() > 15.0
        for other in pictures[:index]:
            assert np.abs(picture - other).mean() > 15.0


def test_idle_obeys_the_mood(idle: IdleGenerator) -> None:
    asked, seen = [], []
    for seed in range(4):
        for valence in (0.0, 0.5, 1.0):
            for energy in (0.0, 0.5, 1.0):
                b, s = brightness_and_saturation(idle(z_of(seed, idle.z_dim), mood(valence, energy), 0.8))
                asked.append((valence, energy))
                seen.append((0.69 * b + 0.22 * s, -0.31 * b + 0.60 * s))
    for axis in range(2):
        correlation = np.corrcoef(np.array(asked)[:, axis], np.array(seen)[:, axis])[0, 1]
        assert correlation > 0.9


def test_idle_is_smooth(idle: IdleGenerator) -> None:
    z, other = z_of(1, idle.z_dim), z_of(2, idle.z_dim)
    here = idle(z, mood(0.4, 0.6), 0.8).astype(float)
    step = idle((z + 0.002 * other).astype(np.float32), mood(0.4, 0.6), 0.8).astype(float)
    assert 0.0 < np.abs(here - step).mean() < 2.0
    step = idle(z, mood(0.401, 0.601), 0.8).astype(float)
    assert np.abs(here - step).mean() < 2.0


def test_colour_of_mood() -> None:
    bright, _ = colour_of(1.0, 0.0)
    dark, vivid = colour_of(0.0, 1.0)
    _, grey = colour_of(0.0, 0.0)
    assert bright > 0.8 > 0.3 > dark
    assert vivid > 0.5 > 0.1 > grey
