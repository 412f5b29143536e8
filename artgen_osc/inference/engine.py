"""What runs a network: OpenVINO on the CPU, or ONNX Runtime on a graphics card or the CPU.

OpenVINO comes with every installation and is the measured choice for a CPU. The others come as
extras of the package. ``auto`` takes the first of `CHOICE` that is installed and really works here:
ONNX Runtime lists a provider that it was built with, whether or not the machine has a card and a
driver for it, and runs on the CPU without a word what the provider doesn't know.
"""

import contextlib
import importlib.util
import io
import json
import logging
import math
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from artgen_osc.errors import EngineError, ModelError
from artgen_osc.inference.onnx_session import Shapes, open_sides, providers_of
from artgen_osc.runtime.throttle import Throttle

log = logging.getLogger(__name__)

CHOICE = ("cuda", "directml", "coreml", "openvino", "onnxruntime")
"""The engines, best first."""

NAMES = ("auto", *CHOICE)


@dataclass(frozen=True, slots=True)
class Port:
    """An input or an output of a graph.

    Attributes
    ----------
    name : str
    shape : -1 where any length fits
    dtype : numpy's name of the numbers' type
    """

    name: str
    shape: tuple[int, ...]
    dtype: str = "float32"


class Runner(Protocol):
    """A graph that is ready to run.

    Attributes
    ----------
    engine : one of `CHOICE`
    about : version, device and precision, for people
    inputs, outputs : in the order of the graph
    """

    engine: str
    about: str
    inputs: list[Port]
    outputs: list[Port]

    def __call__(self, *inputs: Any) -> list[Any]:
        """Run once; arrays in and out in the order of the graph. The outputs are copies."""
        ...


class Unusable(Exception):
    """An engine can't run a graph here; the text is the reason, a few words."""


@dataclass(frozen=True, slots=True)
class Provider:
    """An execution provider of ONNX Runtime.

    Attributes
    ----------
    name : as ONNX Runtime calls it
    install : the pip command
    needs : what must be there besides
    systems : values of `sys.platform` for which it exists; empty for all
    options : of the provider
    exact : further ones that keep it at float32
    """

    name: str
    install: str
    needs: str
    systems: tuple[str, ...] = ()
    options: dict[str, str] = field(default_factory=dict)
    exact: dict[str, str] = field(default_factory=dict)


PROVIDERS = {
    "cuda": Provider(
        "CUDAExecutionProvider",
        "pip install 'artgen-osc[cuda]'",
        "Linux or Windows, an NVIDIA card and its driver",
        ("linux", "win32"),
        # An exhaustive search, the default, would delay the first picture.
        {"cudnn_conv_algo_search": "HEURISTIC"},
        {"use_tf32": "0"},
    ),
    "directml": Provider(
        "DmlExecutionProvider", "pip install 'artgen-osc[directml]'", "Windows 10 or newer", ("win32",)
    ),
    "coreml": Provider(
        "CoreMLExecutionProvider",
        "pip install 'artgen-osc[coreml]'",
        "macOS 12 or newer",
        ("darwin",),
        # The older format, the default, has no transposed convolution.
        {"ModelFormat": "MLProgram"},
        {"MLComputeUnits": "CPUOnly"},
    ),
    "onnxruntime": Provider("CPUExecutionProvider", "pip install onnxruntime", "any processor"),
}


def absent(engine: str) -> str:
    """Why an engine can't be here, in a few words; empty if it is installed."""
    if engine == "openvino":
        return "" if importlib.util.find_spec("openvino") else "the package openvino isn't installed"
    provider = PROVIDERS[engine]
    if provider.systems and sys.platform not in provider.systems:
        return f"needs {provider.needs}"
    if importlib.util.find_spec("onnxruntime") is None:
        return "ONNX Runtime isn't installed"
    import onnxruntime

    if provider.name not in onnxruntime.get_available_providers():
        return f"the installed ONNX Runtime {onnxruntime.__version__} has no {provider.name}"
    return ""


def how_to_get(engine: str) -> str:
    """What to do to have an engine, in a few words."""
    if engine == "openvino":
        return "pip install openvino"
    provider = PROVIDERS[engine]
    if provider.systems and sys.platform not in provider.systems:
        return "leave the choice to --engine auto"
    # The kinds of ONNX Runtime share one folder, and the last one installed wins.
    first = "pip uninstall onnxruntime, then " if importlib.util.find_spec("onnxruntime") else ""
    return first + provider.install


def open_runner(
    engine: str, path: Path, threads: int, exact: bool = False, bf16: bool = False, shapes: Shapes | None = None
) -> Runner:
    """Make a graph ready to run.

    Parameters
    ----------
    engine : one of `NAMES`
    path : the ONNX file
    threads : cores it may use
    exact : always compute in float32
    bf16 : whether the network stands bfloat16
    shapes : of the inputs, where they are known: a graph whose sides are open takes up to twice as long

    Raises
    ------
    EngineError
        `engine` was asked for by name and isn't installed or doesn't work here.
    ModelError
        The CPU can't run the graph.
    """
    if engine != "auto" and (reason := absent(engine)):
        here = ", ".join(name for name in NAMES if name == "auto" or not absent(name))
        raise EngineError(
            f"visuals.engine: {engine} isn't available ({reason}); choose from {here}, or {how_to_get(engine)}"
        )
    passed_over: list[str] = []
    for name in CHOICE if engine == "auto" else (engine,):
        if engine == "auto" and absent(name):
            continue
        try:
            runner = _open(name, path, threads, exact, bf16, shapes)
        except Unusable as error:
            passed_over.append(f"{name}: {error}")
            continue
        for text in passed_over:
            _warn_once(f"{text}; {name} is used instead")
        return runner
    reasons = ", ".join(text.removeprefix("openvino: ") for text in passed_over)
    if engine in ("cuda", "directml", "coreml"):
        raise EngineError(
            f"visuals.engine: can't run {path.name} with {reasons}; {PROVIDERS[engine].needs} are needed; "
            "mend that, or leave the choice to --engine auto"
        )
    raise ModelError(f"{path}: can't be run ({reasons}); export it again with ONNX opset 17")


def _open(engine: str, path: Path, threads: int, exact: bool, bf16: bool, shapes: Shapes | None) -> Runner:
    if engine == "openvino":
        return OpenVino(path, threads, bf16 and not exact, shapes)
    return OnnxRuntime(engine, path, threads, exact, shapes)


_warned = Throttle(every=math.inf)


def _warn_once(text: str) -> None:
    if _warned.due(text):
        log.warning("%s", text)


def _reason(error: Exception) -> str:
    """The last line of an engine's own words."""
    lines = str(error).strip().splitlines()
    return lines[-1].strip() if lines else type(error).__name__


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def cpu_has_bfloat16() -> bool:
    """Whether the processor computes in bfloat16 by instructions of its own."""
    import openvino

    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


class OpenVino:
    """OpenVINO on the CPU.

    Parameters
    ----------
    path : the ONNX file
    threads : cores it may use
    bf16 : compute in bfloat16 where the processor has instructions for it
    shapes : of the inputs, where they are known

    Raises
    ------
    Unusable
    """

    engine = "openvino"

    def __init__(self, path: Path, threads: int, bf16: bool, shapes: Shapes | None = None) -> None:
        import numpy as np
        import openvino

        core = openvino.Core()
        fast = bf16 and cpu_has_bfloat16()
        options = {
            "INFERENCE_NUM_THREADS": threads,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "bf16" if fast else "f32",
            "ENABLE_CPU_PINNING": False,
        }
        try:
            # It takes a name in UTF-8 only; a file may have any other.
            source = str(path) if _is_utf8(str(path)) else core.read_model(path.read_bytes())
            if shapes is not None:
                source = core.read_model(source) if isinstance(source, str) else source
                source.reshape({port: list(shape) for port, shape in zip(source.inputs, shapes, strict=True)})
            self._compiled = core.compile_model(source, "CPU", options)
        except (RuntimeError, OSError, ValueError) as error:
            raise Unusable(_reason(error)) from error
        self._request = self._compiled.create_infer_request()
        self.about = (
            f"OpenVINO {openvino.__version__.split('-')[0]} on {core.get_property('CPU', 'FULL_DEVICE_NAME')}, "
            f"{'bfloat16' if fast else 'float32'}"
        )
        self.inputs, self.outputs = (
            [
                Port(
                    port.any_name,
                    tuple(-1 if side.is_dynamic else side.get_length() for side in port.get_partial_shape()),
                    np.dtype(port.get_element_type().to_dtype()).name,
                )
                for port in ports
            ]
            for ports in (self._compiled.inputs, self._compiled.outputs)
        )

    def __call__(self, *inputs: Any) -> list[Any]:
        """Run once; see `Runner`."""
        self._request.infer(list(inputs))
        return [self._request.get_output_tensor(i).data.copy() for i in range(len(self.outputs))]


_TYPES = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
    "tensor(int32)": "int32",
    "tensor(int64)": "int64",
    "tensor(bool)": "bool",
    "tensor(uint8)": "uint8",
}


class OnnxRuntime:
    """ONNX Runtime with one of its providers, and the CPU for what that doesn't know.

    A provider other than the CPU proves itself first: one run on the spot, whose nodes are counted.

    Parameters
    ----------
    engine : a key of `PROVIDERS`
    path : the ONNX file
    threads : cores it may use
    exact : always compute in float32
    shapes : of the inputs, where they are known

    Raises
    ------
    Unusable
        The provider doesn't start, fails, or leaves the whole graph to the CPU.
    """

    def __init__(
        self, engine: str, path: Path, threads: int, exact: bool = False, shapes: Shapes | None = None
    ) -> None:
        import onnxruntime

        self.engine = engine
        provider = PROVIDERS[engine]
        # Its own lines would go to the terminal, several for each thing that is missing.
        onnxruntime.set_default_logger_severity(2 if log.isEnabledFor(logging.DEBUG) else 4)
        if engine == "cuda":
            # CUDA and cuDNN may have come through pip; what can't be found is printed.
            with contextlib.redirect_stdout(io.StringIO()):
                onnxruntime.preload_dlls()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 2 if log.isEnabledFor(logging.DEBUG) else 4
        if engine == "directml":  # it knows neither
            options.enable_mem_pattern = False
            options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        chain = [(provider.name, provider.options | (provider.exact if exact else {}))]
        self.about = f"ONNX Runtime {onnxruntime.__version__}, {provider.name}"
        with tempfile.TemporaryDirectory(prefix="artgen", ignore_cleanup_errors=True) as folder:
            if engine != "onnxruntime":
                options.enable_profiling = True
                options.profile_file_prefix = str(Path(folder) / "nodes")
            try:
                for name, length in ({} if shapes is None else open_sides(path, shapes)).items():
                    options.add_free_dimension_override_by_name(name, length)
                self._session = onnxruntime.InferenceSession(str(path), options, providers=chain, enable_fallback=0)
                self._describe()
                if provider.name not in self._session.get_providers():
                    raise Unusable(f"{provider.name} doesn't start here")
                if engine != "onnxruntime":
                    self._prove(provider.name)
            except Unusable:
                raise
            except Exception as error:  # each of its errors has a class of its own
                raise Unusable(_reason(error)) from error

    def _describe(self) -> None:
        self.inputs, self.outputs = (
            [
                Port(
                    port.name,
                    tuple(side if isinstance(side, int) else -1 for side in port.shape),
                    _TYPES.get(port.type, "float32"),
                )
                for port in ports
            ]
            for ports in (self._session.get_inputs(), self._session.get_outputs())
        )

    def _prove(self, provider: str) -> None:
        """Run once and count the nodes that ran on `provider`."""
        import numpy as np

        outputs = self(*(np.ones([max(1, side) for side in port.shape]) for port in self.inputs))
        events = json.loads(Path(self._session.end_profiling()).read_text(encoding="utf-8"))
        ran = providers_of(events)
        if provider not in ran:
            raise Unusable(f"{provider} runs none of the network's {len(ran)} nodes")
        if not all(np.isfinite(output).all() for output in outputs):
            raise Unusable(f"{provider} gives numbers that aren't finite")
        self.about += f", {ran.count(provider)} of {len(ran)} nodes on it"

    def __call__(self, *inputs: Any) -> list[Any]:
        """Run once; see `Runner`."""
        feeds = {
            port.name: value.astype(port.dtype, copy=False) for port, value in zip(self.inputs, inputs, strict=True)
        }
        return list(self._session.run(None, feeds))
