"""Load and verify a model file: ONNX, or plain weights as safetensors, with a card of its own inside.

The card is JSON under the key ``artgen`` in the file's metadata. It names the
kind of model, the form of its input, what it was trained on, and the SHA-256 of the
graph or the weights, so that a damaged or foreign file is refused before anything runs it.
"""

import hashlib
import importlib.util
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from artgen_osc.errors import ModelError
from artgen_osc.inference import onnx_file
from artgen_osc.inference.engine import Port as Port
from artgen_osc.inference.engine import cpu_has_bfloat16 as cpu_has_bfloat16
from artgen_osc.inference.engine import open_runner
from artgen_osc.inference.onnx_session import Shapes
from artgen_osc.runtime.files import open_regular, read_regular

CARD_KEY = "artgen"

LARGEST = 1 << 30
"""Bytes of a model file. A network beyond that keeps its weights in a second file."""

_POINTERS = (
    (b"version https://git-lfs.github.com/spec/", "a pointer of Git LFS", "run git lfs pull in its folder"),
    (b"/annex/objects/", "a pointer of git-annex", "run git annex get on it"),
    (b"<!doctype html", "a web page", "download the file itself"),
    (b"<html", "a web page", "download the file itself"),
    (b"pk\x03\x04", "a zip archive, as PyTorch's files are", "torch.onnx.export makes an ONNX file of a network"),
    *(
        (bytes((0x80, number)), "a pickle of Python", "its own program makes an ONNX file of it")
        for number in range(2, 6)
    ),
    (b"\x1f\x8b", "packed by gzip", "unpack it"),
    (b"riff", "a file of sound or video", "an ONNX file is needed"),
)
"""What lies in a model's place where a download was only half done, or another file was taken for it."""

_ENTRY_KEY = b"\x0a" + bytes([len(CARD_KEY)]) + CARD_KEY.encode()


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A verified file: its path and its card.

    Attributes
    ----------
    path : Path
    card : dict with at least ``kind``, ``sha256``, ``trained_on`` and ``licence``
    """

    path: Path
    card: dict[str, Any]


def graph_sha256(data: bytes) -> str:
    """SHA-256 of the graph inside a serialised ONNX model."""
    return hashlib.sha256(onnx_file.graph_of(data)).hexdigest()


def _entries(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a model's metadata."""
    for entry in onnx_file.parts(memoryview(data), onnx_file.METADATA):
        pair = {number: bytes(value) for number, value in onnx_file.fields(entry) if isinstance(value, memoryview)}
        yield pair.get(1, b""), pair.get(2, b"")


def _read_card(data: bytes) -> dict[str, Any]:
    return next((_card(value) for key, value in _entries(data) if key.decode() == CARD_KEY), {})


def _card(text: str | bytes) -> dict[str, Any]:
    try:
        card = json.loads(text)
    except RecursionError:
        raise ValueError("its card is no card") from None
    return card if isinstance(card, dict) else {}


def has_card(path: str | Path) -> bool:
    """Whether artgen exported this ONNX file.

    It looks for two marks of a card, so that one with a dent is a card still: its key, and the SHA-256 of this very
    graph. Other people's metadata may speak of a sha256 too, but not of that one.

    Raises
    ------
    ModelError
        The file can't be read, or isn't a whole ONNX file.
    """
    path = Path(path)
    data = _read(path)
    try:
        digest = graph_sha256(data).encode()
        rest = b"".join(
            bytes(value)
            for number, value in onnx_file.fields(memoryview(data))
            if number != onnx_file.GRAPH and isinstance(value, memoryview)
        )
    except IndexError as error:
        raise _damaged(path, error, "generator") from None
    return _ENTRY_KEY in rest or digest in rest


def picture_bounds(path: str | Path, output: str) -> tuple[float, float] | None:
    """Between which numbers the graph keeps an output; see `artgen_osc.inference.onnx_file.output_bounds`.

    Parameters
    ----------
    path : of an ONNX file
    output : its name

    Returns
    -------
    the lowest and the highest number; None where nothing in the graph keeps it

    Raises
    ------
    ModelError
        The file can't be read, or isn't a whole ONNX file.
    """
    try:
        return onnx_file.output_bounds(_read(Path(path)), output)
    except IndexError as error:
        raise _damaged(Path(path), error, "generator") from None


def check_parts(path: str | Path) -> None:
    """Make sure that the further files in which a model keeps weights are there.

    Raises
    ------
    ModelError
        One isn't, or isn't a file in the model's folder; or the model's own can't be read or isn't whole.
    """
    path = Path(path)
    try:
        names = onnx_file.external_files(_read(path))
    except IndexError as error:
        raise _damaged(path, error, "generator") from None
    for name in names:
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise ModelError(
                f"{path}: keeps weights in {name}, which is outside its folder; "
                "save the model again with its weights in one file"
            )
        try:
            open_regular(path.parent / name).close()
        except FileNotFoundError:
            raise ModelError(
                f"{path}: keeps its weights in a second file, {name}, which isn't there; put it beside the model"
            ) from None
        except OSError as error:
            raise ModelError(
                f"{path}: keeps its weights in a second file, {name}, which can't be read ({error.strerror}); "
                "put the right one beside the model"
            ) from None


def load(path: str | Path, kind: str, **expected: object) -> ModelFile:
    """Verify a model file.

    Parameters
    ----------
    path : the ONNX file
    kind : ``mood`` or ``generator``
    **expected : entries of the card that must have just these values,
        such as ``sample_rate=22050``

    Raises
    ------
    ModelError
        The file is missing, truncated, changed, of another kind or made for another input.
    """
    path = Path(path)
    data = _read(path)
    try:
        card = _read_card(data)
        digest = graph_sha256(data)
    except (IndexError, ValueError) as error:
        raise _damaged(path, error, kind) from None
    return ModelFile(path, _checked(path, card, digest, kind, expected))


def installed_generator() -> Path:
    """Where the generator that comes with artgen is, or would be.

    Raises
    ------
    ModelError
        The package ``visuals`` isn't installed.
    """
    package = importlib.util.find_spec("visuals")
    if package is None or not package.submodule_search_locations:
        raise ModelError("visuals: the package isn't installed; it comes with artgen-osc; pip install artgen-osc")
    return Path(package.submodule_search_locations[0]) / "models" / "generator.onnx"


def file_sha256(path: str | Path) -> str:
    """SHA-256 of a whole file, in hexadecimal digits.

    Raises
    ------
    ModelError
        The file can't be read.
    """
    try:
        with open_regular(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(path, error) from error


def weights_sha256(weights: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of named arrays, whatever their order."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        digest.update(f"{name} {weights[name].dtype} {weights[name].shape}".encode())
        digest.update(np.ascontiguousarray(weights[name]).tobytes())
    return digest.hexdigest()


def load_weights(path: str | Path, kind: str, **expected: object) -> tuple[ModelFile, dict[str, np.ndarray]]:
    """Verify a file of plain weights and read them.

    Parameters
    ----------
    path : the safetensors file
    kind : ``beat``
    **expected : as for `load`

    Raises
    ------
    ModelError
        As `load`.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    _read(path)
    try:
        with safe_open(path, framework="numpy") as file:
            card = _card((file.metadata() or {}).get(CARD_KEY, "{}"))
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, ValueError) as error:
        raise _damaged(path, error, kind) from None
    return ModelFile(path, _checked(path, card, weights_sha256(weights), kind, expected)), weights


def _read(path: Path) -> bytes:
    """The whole of a model file.

    Raises
    ------
    ModelError
        It can't be read, or something else lies there in its place.
    """
    try:
        data = read_regular(path, LARGEST)
    except OSError as error:
        raise _unreadable(path, error) from error
    begin = data[:64].lstrip().lower()
    for mark, what, how in _POINTERS:
        if begin.startswith(mark):
            raise ModelError(f"{path}: is {what}, not the model itself; {how}")
    return data


def _unreadable(path: str | Path, error: OSError) -> ModelError:
    return ModelError(f"{path}: can't be read ({error.strerror or error}); check the path")


def _retry(kind: str) -> str:
    return f"export it again from its training, or use the {kind} model that is installed"


def _damaged(path: Path, error: Exception, kind: str) -> ModelError:
    return ModelError(f"{path}: is damaged or truncated ({error}); {_retry(kind)}")


def _checked(
    path: Path, card: dict[str, Any], digest: str, kind: str, expected: Mapping[str, object]
) -> dict[str, Any]:
    retry = _retry(kind)
    if not card:
        raise ModelError(f"{path}: carries no card, so it wasn't exported by artgen; {retry}")
    if card.get("kind") != kind:
        raise ModelError(f"{path}: is a {card.get('kind')} model, not a {kind} model; {retry}")
    if card.get("sha256") != digest:
        raise ModelError(f"{path}: has changed since it was exported (its card has another sha256); {retry}")
    for name, value in expected.items():
        if card.get(name) != value:
            raise ModelError(f"{path}: was made for {name} {card.get(name)}, not {value}; {retry}")
    return card


class Engine:
    """A model that is ready to run.

    bfloat16 is used where the processor has instructions for it and the card allows it.

    Parameters
    ----------
    model : ModelFile
    threads : how many cores it may use
    exact : always compute in float32
    engine : one of `artgen_osc.inference.engine.NAMES`
    shapes : of the inputs, in the order of the graph, where it leaves sides open and they are known: twice as fast

    Attributes
    ----------
    inputs, outputs : its ports, in the order of the graph
    engine : which engine it is
    about : version, device and precision, for people

    Raises
    ------
    EngineError
        `engine` was asked for by name and isn't available here.
    ModelError
        The engine can't compile the graph.
    """

    def __init__(
        self,
        model: ModelFile,
        threads: int = 1,
        exact: bool = False,
        engine: str = "openvino",
        shapes: Shapes | None = None,
    ) -> None:
        self._run = open_runner(engine, model.path, threads, exact, model.card.get("bf16", False), shapes)
        self.inputs, self.outputs = self._run.inputs, self._run.outputs
        self.engine, self.about = self._run.engine, self._run.about

    def __call__(self, *inputs: np.ndarray) -> list[np.ndarray]:
        """Run once; inputs and outputs in the order of the graph. The outputs are copies."""
        return self._run(*inputs)
