"""What a network from a file makes of z before it paints: its styles."""

import math
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from artgen_osc.errors import EngineError, ModelError
from artgen_osc.inference.modelfile import LARGEST, Engine, ModelFile
from artgen_osc.inference.onnx_style import part_of_model, style_layers
from artgen_osc.runtime.files import read_regular

FloatArray = np.ndarray[tuple[int, ...], np.dtype[np.float32]]

Styles = Callable[[FloatArray], list[FloatArray]]
"""What each style layer makes of a z, float32 ``(z_dim,)``: as many numbers as it has."""

LARGEST_LAYER = 4096
"""Numbers of a style. A larger layer lays the picture out."""


def styles_of(path: Path, z: str, inputs: Sequence[np.ndarray], at: int) -> Styles | None:
    """The style layers of a network, ready to run; None where it has none, or where they can't run alone.

    Parameters
    ----------
    path : the ONNX file
    z : name of the input
    inputs : one value for each input, in the order of the graph
    at : which of them is z
    """
    values = [value.copy() for value in inputs]
    try:
        data = read_regular(path, LARGEST)
        names = style_layers(data, z)
        if not names:
            return None
        ports = _opened(data, names, values).outputs
        small = [name for name, port in zip(names, ports, strict=True) if 0 < math.prod(port.shape) <= LARGEST_LAYER]
        engine = _opened(data, small, values) if small else None
    except (OSError, IndexError, ModelError, EngineError):
        return None

    def styles(point: FloatArray) -> list[FloatArray]:
        assert engine is not None
        values[at][...] = point.reshape(values[at].shape)
        return [style.astype(np.float32).ravel() for style in engine(*values)]

    return styles if engine is not None else None


def _opened(data: bytes, outputs: list[str], inputs: Sequence[np.ndarray]) -> Engine:
    # In float32 on the processor: the same styles on every machine.
    with tempfile.TemporaryDirectory(prefix="artgen-") as folder:
        path = Path(folder) / "styles.onnx"
        path.write_bytes(part_of_model(data, outputs))
        return Engine(ModelFile(path, {}), exact=True, shapes=[value.shape for value in inputs])
