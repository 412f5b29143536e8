"""What ONNX Runtime tells of a graph, and of a run of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

Shapes = Sequence[Sequence[int]]
"""One for each input of a graph, in its order."""


def open_sides(path: Path, shapes: Shapes) -> dict[str, int]:
    """How long the sides are that a graph names instead of giving their length, by ONNX Runtime's reading.

    Parameters
    ----------
    path : the ONNX file
    shapes : of its inputs

    Raises
    ------
    ValueError
        They don't fit the graph.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    ports = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"]).get_inputs()
    sides: dict[str, int] = {}
    for port, shape in zip(ports, shapes, strict=True):
        for side, length in zip(port.shape, shape, strict=True):
            if isinstance(side, str):
                sides[side] = length
            elif side not in (None, length):
                raise ValueError(f"{port.name} is {port.shape}, not {tuple(shape)}")
    return sides


def providers_of(events: list[dict[str, Any]]) -> list[str]:
    """The provider of each node that ran, from ONNX Runtime's profile."""
    found = (event.get("args", {}).get("provider") for event in events if event.get("cat") == "Node")
    return [provider for provider in found if provider]
