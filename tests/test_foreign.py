from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from artgen_osc.errors import ModelError
from tests.support.texts import is_told
from tests.test_generator import write_model
from visuals.generators.foreign import ForeignGenerator, find_layout
from visuals.generators.generator import Generator, OnnxGenerator
from visuals.generators.opening import open_generator
from visuals.generators.sidecar import Sidecar, read_sidecar
from visuals.generators.sphere import direction

onnx = pytest.importorskip("onnx", reason="writing a model takes onnx")

DIM = 16
HEIGHT, WIDTH = 12, 20
SPREAD = 0.6
MIDDLE = np.full(2, 0.5, np.float32)


def write(
    path: Path,
    layout: str = "NCHW",
    channels: int = 3,
    black: float = -1.0,
    white: float = 1.0,
    z: tuple[str, tuple[Any, ...]] = ("z", (1, DIM)),
    others: dict[str, tuple[int, tuple[Any, ...]]] | None = None,
    dtype: int = 1,
    outputs: tuple[str, ...] = ("picture",),
    dead: bool = False,
) -> Path:
    """A network without a card. Channel c is sigmoid(z[c] + the sum of all other inputs), halved in the right half.

    `others`: name to ONNX type and shape; `dtype`: of the pictures; `dead`: z counts for nothing.
    """
    helper, number = onnx.helper, onnx.TensorProto.FLOAT
    weights = np.zeros((DIM, channels), np.float32)
    weights[np.arange(channels), np.arange(channels)] = 0.0 if dead else SPREAD
    axes = {"N": 1, "C": channels, "H": HEIGHT, "W": WIDTH}
    shape = [axes[axis] for axis in layout]
    fall = np.ones((HEIGHT, WIDTH), np.float32)
    fall[:, WIDTH // 2 :] = 0.5
    along = [axes[axis] if axis in "HW" else 1 for axis in layout]
    point = [channels if axis == "C" else 1 for axis in layout]
    nodes = [
        helper.make_node("Cast", [z[0]], ["z_float"], to=number),
        helper.make_node("Reshape", ["z_float", "row"], ["z_row"]),
        helper.make_node("MatMul", ["z_row", "weights"], ["sum"]),
    ]
    last = "sum"
    for name in others or {}:
        nodes += [
            helper.make_node("Cast", [name], [f"{name}_float"], to=number),
            helper.make_node("ReduceSum", [f"{name}_float"], [f"{name}_sum"], keepdims=0),
            helper.make_node("Add", [last, f"{name}_sum"], [f"{name}_added"]),
        ]
        last = f"{name}_added"
    nodes += [
        helper.make_node("Sigmoid", [last], ["colour"]),
        helper.make_node("Reshape", ["colour", "point"], ["pixel"]),
        helper.make_node("Mul", ["pixel", "fall"], ["unit"]),
        helper.make_node("Mul", ["unit", "gain"], ["wide"]),
        helper.make_node("Add", ["wide", "black"], ["values"]),
        *(helper.make_node("Cast", ["values"], [name], to=dtype) for name in outputs),
    ]
    constants = {
        "row": np.array([1, DIM]),
        "weights": weights,
        "point": np.array(point),
        "fall": fall.reshape(along),
        "gain": np.float32(white - black),
        "black": np.float32(black),
    }
    graph = helper.make_graph(
        nodes,
        "colours",
        [
            helper.make_tensor_value_info(z[0], number, z[1]),
            *(helper.make_tensor_value_info(name, *form) for name, form in (others or {}).items()),
        ],
        [helper.make_tensor_value_info(name, dtype, shape) for name in outputs],
        [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


def a_z(*values: float) -> np.ndarray:
    z = np.zeros(DIM, np.float32)
    z[: len(values)] = values
    return z


def sigmoid(x: float) -> float:
    return 255.0 / (1.0 + np.exp(-x))


def left(paint: Generator, z: np.ndarray, truncation: float = 1.0) -> np.ndarray:
    return paint(z, MIDDLE, truncation)[0, 0].astype(float)


FORMS: dict[str, dict[str, Any]] = {
    "channels first": {},
    "channels last": {"layout": "NHWC"},
    "no batch": {"layout": "CHW"},
    "no batch, channels last": {"layout": "HWC"},
    "0 to 1": {"black": 0.0},
    "0 to 255": {"black": 0.0, "white": 255.0},
    "uint8": {"black": 0.0, "white": 255.0, "dtype": 2, "layout": "NHWC"},
    "float16 pictures": {"dtype": 10},
    "z without a batch": {"z": ("z", (DIM,))},
    "z as a map": {"z": ("z", (1, DIM, 1, 1))},
    "open batch": {"z": ("z", ("batch", DIM))},
    "another name": {"z": ("Latents", (1, DIM))},
    "an only input": {"z": ("x.1", (1, DIM))},
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_any_form_gives_the_same_picture(tmp_path: Path, form: dict[str, Any]) -> None:
    paint = open_generator(str(write(tmp_path / "mine.onnx", **form)))
    assert isinstance(paint, ForeignGenerator)
    assert (paint.name, paint.z_dim, paint.size, paint.has_mood) == ("mine", DIM, (HEIGHT, WIDTH), False)
    picture = paint(a_z(3.0, -2.0, 0.5), MIDDLE, 1.0)
    assert (picture.shape, picture.dtype) == ((HEIGHT, WIDTH, 3), np.uint8)
    wanted = np.array([sigmoid(SPREAD * value) for value in (3.0, -2.0, 0.5)])
    np.testing.assert_allclose(picture[:, : WIDTH // 2], np.broadcast_to(wanted, (HEIGHT, WIDTH // 2, 3)), atol=1.01)
    np.testing.assert_allclose(
        picture[:, WIDTH // 2 :], np.broadcast_to(wanted / 2, (HEIGHT, WIDTH // 2, 3)), atol=1.01
    )


@pytest.mark.parametrize(("layout", "channels"), [("NCHW", 1), ("NHWC", 1), ("HW", 1)])
def test_grey(tmp_path: Path, layout: str, channels: int) -> None:
    paint = ForeignGenerator(write(tmp_path / "grey.onnx", layout, channels, black=0.0))
    np.testing.assert_allclose(left(paint, a_z(1.0)), [sigmoid(SPREAD)] * 3, atol=1.01)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_transparent_is_black(tmp_path: Path, layout: str) -> None:
    paint = ForeignGenerator(write(tmp_path / "rgba.onnx", layout, 4))
    np.testing.assert_allclose(left(paint, a_z(4.0, 4.0, 4.0, -20.0)), [0, 0, 0], atol=1.01)
    colour, alpha = sigmoid(4.0 * SPREAD), sigmoid(0.0)
    np.testing.assert_allclose(left(paint, a_z(4.0, 4.0, 4.0, 0.0)), [colour * alpha / 255] * 3, atol=2.0)


def test_truncation_turns_towards_home(tmp_path: Path) -> None:
    paint = ForeignGenerator(write(tmp_path / "m.onnx"))
    home = (direction(0, DIM) * 4.0).astype(np.float32)
    np.testing.assert_array_equal(left(paint, a_z(4.0), 0.0), left(paint, home))
    assert not np.array_equal(left(paint, a_z(4.0), 0.5), left(paint, a_z(4.0)))


def test_the_mood_goes_to_a_mood_input(tmp_path: Path) -> None:
    paint = ForeignGenerator(write(tmp_path / "m.onnx", others={"mood": (1, ("n", 2))}))
    assert paint.has_mood
    picture = paint(a_z(0.0), np.array([0.9, 0.4], np.float32), 1.0)
    np.testing.assert_allclose(picture[0, 0], [sigmoid(1.3)] * 3, atol=1.01)


def test_a_truncation_input_follows_the_show(tmp_path: Path) -> None:
    paint = ForeignGenerator(write(tmp_path / "m.onnx", others={"truncation_psi": (1, ()), "noise_mode": (7, (1,))}))
    for psi in (0.2, 0.7, 1.0):
        np.testing.assert_allclose(left(paint, a_z(1.0), psi)[0], sigmoid(SPREAD + psi), atol=1.01)


CLASSES: dict[str, tuple[tuple[int, tuple[Any, ...]], str, float]] = {
    "one-hot": ((1, (1, 5)), "", 1.0),
    "a number": ((7, (1,)), "class = 3\n", 3.0),
    "an open one-hot": ((1, ("n", "k")), "classes = 4\nclass = 2\n", 1.0),
}


@pytest.mark.parametrize(("form", "toml", "adds"), CLASSES.values(), ids=CLASSES)
def test_a_class(tmp_path: Path, form: tuple[int, tuple[Any, ...]], toml: str, adds: float) -> None:
    path = write(tmp_path / "m.onnx", black=0.0, others={"c": form})
    if toml:
        path.with_suffix(".toml").write_text(toml)
    np.testing.assert_allclose(left(ForeignGenerator(path), a_z(0.0)), [sigmoid(adds)] * 3, atol=1.01)


def test_every_line_of_the_toml_file(tmp_path: Path) -> None:
    path = write(
        tmp_path / "m.onnx",
        z=("w", ("n", "k")),
        others={"feeling": (1, (1, 2)), "kind": (1, (1, "k")), "noise": (1, (1, DIM)), "scale": (1, ())},
        outputs=("a", "b"),
        black=-3.0,
        white=5.0,
    )
    path.with_suffix(".toml").write_text(
        f'z = "w"\nz_dim = {DIM}\nmood = "feeling"\nlabel = "kind"\nclasses = 3\nclass = 1\npicture = "b"\n'
        "range = [-3, 5]\nbf16 = false\n[inputs]\nnoise = 0.125\nscale = -2\n"
    )
    picture = ForeignGenerator(path)(a_z(1.0), np.array([0.25, 0.5], np.float32), 1.0)
    np.testing.assert_allclose(picture[0, 0, 0], sigmoid(SPREAD + 0.75 + 1.0 + 0.125 * DIM - 2.0), atol=1.01)


TROUBLES: dict[str, tuple[dict[str, Any], str, str]] = {
    "no z": ({"z": ("w", (1, DIM)), "others": {"q": (1, (1, 3))}}, "", r"no input z, but w \(1, 16\), q .*z = \"w\""),
    "open z": ({"z": ("z", ("n", "k"))}, "", r"length of z .* is left open.*z_dim = 512"),
    "several at a time": ({"z": ("z", (4, DIM // 4))}, "", r"z is \(4, 4\), and only one side can be longer"),
    "an unknown map": ({"others": {"w": (1, (1, 7))}}, "", r"input w \(1, 7\).*\[inputs\] w = 0.0"),
    "mood of three": ({"others": {"mood": (1, (1, 3))}}, "", r"mood input mood \(1, 3\).*\[inputs\] mood"),
    "open classes": ({"others": {"c": (1, (1, "k"))}}, "", r"classes in c .* left open.*classes = 10"),
    "a class too high": ({"others": {"c": (1, (1, 5))}}, "class = 5", r"there is no class 5; choose from 0 to 4"),
    "odd range": ({"black": -3.0, "white": 5.0}, "", r"values lie between -1\.\d+ and 2\.\d+, .*range = \[-1, 1\]"),
    "two pictures": ({"outputs": ("a", "b")}, "", r"several of its outputs.*picture = \"a\""),
    "no picture": ({"channels": 2}, "", r"none of its outputs is a picture, but picture \(1, 2, 12, 20\)"),
    "two, each named": ({"outputs": ("a", "b")}, 'picture = "q"', r"no output q; choose from a \(1, 3, 12, 20\), b "),
    "z counts for nothing": ({"dead": True}, "", r"the same whatever z is.*z = \"latent\""),
    "infinite": ({"white": float("inf")}, "", "hold NaN or infinity"),
    "no such input": ({}, 'z = "w"', r"no input w; choose from z \(1, 16\)"),
    "an unknown key": ({}, "rang = [0, 1]", r"rang: no such key; did you mean range\?"),
    "wrong values": (
        {},
        'range = [1, 1]\nz_dim = 0\nclass = -1\nbf16 = 1\nz = ""',
        r"range: .*z_dim: .*class: .*bf16: .*z: ",
    ),
    "not TOML": ({}, "range =", r"m\.toml: is not valid TOML"),
    "no number": ({}, "[inputs]\nz = nan", r"inputs: .* is not a table of numbers"),
}


@pytest.mark.parametrize(("form", "toml", "says"), TROUBLES.values(), ids=TROUBLES)
def test_what_is_wrong_and_which_line_mends_it(tmp_path: Path, form: dict[str, Any], toml: str, says: str) -> None:
    path = write(tmp_path / "m.onnx", **form)
    if toml:
        path.with_suffix(".toml").write_text(toml)
    with pytest.raises(ModelError, match=says) as raised:
        ForeignGenerator(path)
    assert is_told(str(raised.value))


def test_the_range_is_not_needed_where_it_is_said(tmp_path: Path) -> None:
    path = write(tmp_path / "m.onnx", black=5.0, white=-3.0)
    path.with_suffix(".toml").write_text("range = [5, -3]")
    np.testing.assert_allclose(left(ForeignGenerator(path), a_z(2.0))[0], sigmoid(2.0 * SPREAD), atol=1.01)


@pytest.mark.parametrize(
    ("shape", "layout"),
    [
        ((1, 3, 64, 32), "CHW"),
        ((1, 64, 32, 4), "HWC"),
        ((1, 8, 8), "CHW"),
        ((8, 8, 1), "HWC"),
        ((64, 32), "HW"),
        ((1, 512), ""),
        ((2, 3, 64, 64), ""),
        ((1, 18, 512), "CHW"),
        ((1, 1, 3, 64, 64), ""),
        ((5,), ""),
    ],
)
def test_layouts(shape: tuple[int, ...], layout: str) -> None:
    assert find_layout(shape) == layout


def test_a_damaged_file_of_ours_is_never_a_foreign_one(tmp_path: Path) -> None:
    """Each byte of the card and around it turned over, and the file cut at each of them."""
    whole = write_model(tmp_path / "ours.onnx").read_bytes()
    assert isinstance(open_generator(str(tmp_path / "ours.onnx")), OnnxGenerator)
    begin = whole.index(b"\x0a\x06artgen") - 3
    broken = tmp_path / "broken.onnx"
    refused = 0
    for at in range(begin, len(whole)):
        for data in (whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1 :], whole[:at]):
            if at <= begin + 1 and data == whole[:at]:
                continue  # nothing of the card is left
            broken.write_bytes(data)
            try:
                assert isinstance(open_generator(str(broken)), OnnxGenerator)
            except ModelError:
                refused += 1
    assert refused > (len(whole) - begin) * 1.3
    broken.write_bytes(whole[: len(whole) // 3])
    with pytest.raises(ModelError, match="damaged or truncated"):
        open_generator(str(broken))


def test_what_is_no_onnx_file(tmp_path: Path) -> None:
    for data, word in (
        (b"PK\x03\x04", "zip archive"),
        (b"\x80\x02}", "a pickle"),
        (b"\x1f\x8b", "gzip"),
        (b"x", "damaged"),
    ):
        (tmp_path / "m.onnx").write_bytes(data + b" and what follows")
        with pytest.raises(ModelError, match=word):
            open_generator(str(tmp_path / "m.onnx"))


def test_the_manual_shows_every_line(tmp_path: Path) -> None:
    page = (Path(__file__).parents[1] / "docs" / "own-generator.md").read_text(encoding="utf-8")
    path = tmp_path / "example.toml"
    path.write_text(page.split("```toml\n")[1].split("```")[0], encoding="utf-8")
    sidecar = read_sidecar(path)
    assert all(getattr(sidecar, item.name) != item.default for item in fields(Sidecar) if item.name != "inputs")
    assert sidecar.inputs == {"truncation_psi": 0.7, "noise_mode": 0}
