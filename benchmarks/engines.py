"""Which engine runs the generator fastest here: ``python benchmarks/engines.py [MODEL.onnx]``.

Compares OpenVINO, in float32 and in bfloat16 where the processor has it, with ONNX Runtime
(``pip install onnxruntime``) on one and two threads, alternating in one run, and prints the
median time of a picture and its ratio to the first row.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openvino

DEFAULT = Path(__file__).parents[1] / "visuals" / "models" / "generator.onnx"


def openvino_runner(path: Path, threads: int, precision: str) -> Callable[[dict[str, np.ndarray]], object]:
    """Compile with OpenVINO."""
    options = {
        "INFERENCE_NUM_THREADS": threads,
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": precision,
        "ENABLE_CPU_PINNING": False,
    }
    return openvino.Core().compile_model(str(path), "CPU", options)


def onnxruntime_runner(path: Path, threads: int) -> Callable[[dict[str, np.ndarray]], object]:
    """Compile with ONNX Runtime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda inputs: session.run(None, inputs)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", type=Path, default=DEFAULT)
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    precisions = ["f32"]
    if "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        precisions.append("bf16")
    runners: dict[str, Callable[[dict[str, np.ndarray]], object]] = {}
    for threads in (1, 2):
        for precision in precisions:
            runners[f"OpenVINO {precision}, {threads} threads"] = openvino_runner(given.model, threads, precision)
        try:
            runners[f"ONNX Runtime f32, {threads} threads"] = onnxruntime_runner(given.model, threads)
        except ImportError:
            print("ONNX Runtime is not installed and is left out")
    draw = np.random.default_rng(0)
    inputs = {"z": draw.normal(size=(1, 128)).astype(np.float32), "mood": np.full((1, 2), 0.5, np.float32)}
    times: dict[str, list[float]] = {name: [] for name in runners}
    for turn in range(given.rounds + 2):
        for name, run in runners.items():
            start = time.perf_counter()
            run(inputs)
            if turn >= 2:
                times[name].append(time.perf_counter() - start)
    first = statistics.median(next(iter(times.values())))
    for name, values in times.items():
        median = statistics.median(values)
        print(f"{name:32} {median * 1000:7.1f} ms   x{median / first:.2f}")


if __name__ == "__main__":
    main()
