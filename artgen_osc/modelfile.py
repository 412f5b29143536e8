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

from artgen_osc.engine import Port as Port
from artgen_osc.engine import cpu_has_bfloat16 as cpu_has_bfloat16
from artgen_osc.engine import open_runner
from artgen_osc.errors import ModelError

CARD_KEY = "artgen"
_GRAPH_FIELD = 7
_METADATA_FIELD = 14
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


def _fields(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Length-delimited fields of a protobuf message: (number, bytes)."""
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    while at < len(data):
        key = varint()
        wire = key & 7
        if wire == 0:
            varint()
        elif wire == 2:
            length = varint()
            if at + length > len(data):
                raise IndexError("field runs past the end")
            yield key >> 3, data[at : at + length]
            at += length
        elif wire in (1, 5):
            at += 8 if wire == 1 else 4
        else:
            raise IndexError(f"wire type {wire}")


def graph_sha256(data: bytes) -> str:
    """SHA-256 of the graph inside a serialised ONNX model."""
    for number, value in _fields(memoryview(data)):
        if number == _GRAPH_FIELD:
            return hashlib.sha256(value).hexdigest()
    raise IndexError("no graph")


def _read_card(data: bytes) -> dict[str, Any]:
    for number, entry in _fields(memoryview(data)):
        if number == _METADATA_FIELD:
            pair = {key: bytes(value).decode() for key, value in _fields(entry)}
            if pair.get(1) == CARD_KEY:
                card = json.loads(pair[2])
                return card if isinstance(card, dict) else {}
    return {}


def has_card(path: str | Path) -> bool:
    """Whether artgen exported this ONNX file.

    It looks for two marks of a card anywhere in the file, so that a damaged card is a card still.

    Raises
    ------
    ModelError
        The file can't be read, or isn't a whole ONNX file.
    """
    path = Path(path)
    data = _read(path)
    try:
        if _GRAPH_FIELD not in {number for number, _ in _fields(memoryview(data))}:
            raise IndexError("no graph")
    except IndexError as error:
        raise _damaged(path, error, "generator") from None
    return _ENTRY_KEY in data or b'"sha256": "' in data


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
        with Path(path).open("rb") as file:
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
            card = json.loads((file.metadata() or {}).get(CARD_KEY, "{}"))
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, ValueError) as error:
        raise _damaged(path, error, kind) from None
    return ModelFile(path, _checked(path, card, weights_sha256(weights), kind, expected)), weights


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: str | Path, error: OSError) -> ModelError:
    return ModelError(f"{path}: can't be read ({error.strerror}); a model file is allowed; check the path")


def _retry(kind: str) -> str:
    return f"export it again from its training, or use the {kind} model that is installed"


def _damaged(path: Path, error: Exception, kind: str) -> ModelError:
    return ModelError(f"{path}: is damaged or truncated ({error}); a whole file is allowed; {_retry(kind)}")


def _checked(
    path: Path, card: dict[str, Any], digest: str, kind: str, expected: Mapping[str, object]
) -> dict[str, Any]:
    retry = _retry(kind)
    if not card:
        raise ModelError(f"{path}: carries no artgen card; only files exported by artgen are allowed; {retry}")
    if card.get("kind") != kind:
        raise ModelError(f"{path}: is a {card.get('kind')} model; a {kind} model is allowed; {retry}")
    if card.get("sha256") != digest:
        raise ModelError(f"{path}: its content doesn't match the card's sha256; an unchanged file is allowed; {retry}")
    for name, value in expected.items():
        if card.get(name) != value:
            raise ModelError(f"{path}: was made for {name} {card.get(name)}; {name} {value} is allowed; {retry}")
    return card


class Engine:
    """A model that is ready to run.

    bfloat16 is used where the processor has instructions for it and the card allows it.

    Parameters
    ----------
    model : ModelFile
    threads : how many cores it may use
    exact : always compute in float32
    engine : one of `artgen_osc.engine.NAMES`

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

    def __init__(self, model: ModelFile, threads: int = 1, exact: bool = False, engine: str = "openvino") -> None:
        self._run = open_runner(engine, model.path, threads, exact, model.card.get("bf16", False))
        self.inputs, self.outputs = self._run.inputs, self._run.outputs
        self.engine, self.about = self._run.engine, self._run.about

    def __call__(self, *inputs: np.ndarray) -> list[np.ndarray]:
        """Run once; inputs and outputs in the order of the graph. The outputs are copies."""
        return self._run(*inputs)
