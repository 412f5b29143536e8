"""``artgen bench``: how fast everything is on the machine at hand.

What is compared takes turns in one run, so that the ratios hold where the absolute times don't.
The figures count only where nothing else keeps the processor busy.
"""

import os
import platform
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, perf_counter, process_time
from typing import Any

import numpy as np

from artgen_osc.errors import ModelError
from artgen_osc.inference.canvas import usual_window
from artgen_osc.inference.modelfile import Engine, ModelFile, check_parts, has_card, installed_generator, load
from artgen_osc.inference.onnx_session import Shapes
from artgen_osc.inference.workload import flops, write_product
from artgen_osc.runtime.child import python_module

ON_CPU = ("openvino", "onnxruntime")
ROUND_S = 0.25
"""In each round, each contender runs until it has had about this long."""

LEAST_ROUNDS = 3
STARTS = 3
SIDE, SIDE_ON_CARD, REPEATS = 1024, 4096, 8
"""Of the matrix product: large enough to be as fast as they come."""

PATIENCE_S = 60.0
BUSY = 0.5
"""Processes that wait for a processor, on average over the last minute, with which figures stop counting."""


@dataclass
class Contender:
    """Something that is timed by turns with others.

    Attributes
    ----------
    run : does it once and returns the seconds it took
    seconds : of each run that counts
    processor : s that this process has computed meanwhile, on all cores together
    """

    run: Callable[[], float]
    seconds: list[float] = field(default_factory=list)
    processor: float = 0.0

    def time(self, times: int) -> None:
        before = process_time()
        self.seconds.extend(self.run() for _ in range(times))
        self.processor += process_time() - before

    @property
    def median(self) -> float:
        return float(np.median(self.seconds))

    @property
    def p99(self) -> float:
        return float(np.percentile(self.seconds, 99))


def alternate(contenders: list[Contender], seconds: float) -> None:
    """Time some things by turns, three rounds at the least; the first runs don't count.

    Parameters
    ----------
    contenders : each gets the times of its runs
    seconds : for about how long
    """
    repeats = []
    for contender in contenders:
        contender.run()
        repeats.append(max(1, min(50, round(ROUND_S / max(contender.run(), 1e-6)))))
    end = monotonic() + seconds
    rounds = 0
    while rounds < LEAST_ROUNDS or monotonic() < end:
        for contender, times in zip(contenders, repeats, strict=True):
            contender.time(times)
        rounds += 1


def engine_run(engine: Engine, shapes: Shapes | None = None) -> Callable[[], float]:
    """A run of a network on fixed inputs.

    Parameters
    ----------
    engine : opened
    shapes : of the inputs, where the graph leaves them open

    Returns
    -------
    Runs it once and returns the s that it took.
    """
    draw = np.random.default_rng(0)
    shapes = shapes or [[max(1, side) for side in port.shape] for port in engine.inputs]
    inputs = [
        draw.integers(0, 256, shape, np.uint8) if port.dtype == "uint8" else draw.normal(size=shape).astype(port.dtype)
        for port, shape in zip(engine.inputs, shapes, strict=True)
    ]

    def run() -> float:
        start = perf_counter()
        engine(*inputs)
        return perf_counter() - start

    return run


@contextmanager
def eager(path: Path, threads: int) -> Iterator[Callable[[], float]]:
    """A run of the same network in plain torch, in a process of its own.

    Parameters
    ----------
    path : of a generator's file
    threads : of the processor

    Raises
    ------
    ModelError
        There is no torch, no package `training`, or it can't rebuild this network.
    """
    command = [sys.executable, "-m", "training.eager", str(path.resolve()), f"--threads={threads}"]
    checkout = Path(__file__).parents[2]
    with subprocess.Popen(
        command, cwd=checkout, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin and process.stdout and process.stderr
        try:
            if process.stdout.readline() != "ready\n":
                raise ModelError((process.stderr.read().strip().splitlines() or ["it didn't start"])[-1])

            def run() -> float:
                assert process.stdin and process.stdout
                process.stdin.write("\n")
                process.stdin.flush()
                return float(process.stdout.readline())

            yield run
        finally:
            process.kill()


def generator_file(path: Path) -> ModelFile:
    """Verified if it is one of ours; any other ONNX file as it is.

    Raises
    ------
    ModelError
        It is missing or damaged, or a further file of it is.
    """
    if has_card(path):
        return load(path, "generator")
    check_parts(path)
    return ModelFile(path, {})


def generator(path: Path, engine: str, seconds: float) -> dict[str, Any]:
    """A generator on one core, on two and on all, beside a matrix product and plain torch.

    Parameters
    ----------
    path : the model file
    engine : as in the settings
    seconds : for about how long

    Raises
    ------
    EngineError, ModelError
    """
    model = generator_file(path)
    usual = usual_window(model)
    shapes = usual[0] if usual else None
    first = Engine(model, engine=engine, shapes=shapes)
    cores = os.cpu_count() or 1
    counts = sorted({1, min(2, cores), cores}) if first.engine in ON_CPU else [cores]
    work = flops(path, shapes)
    with tempfile.TemporaryDirectory(prefix="artgen", ignore_cleanup_errors=True) as folder:
        product = ModelFile(Path(folder) / "product.onnx", model.card)
        product_work = write_product(product.path, SIDE if first.engine in ON_CPU else SIDE_ON_CARD, REPEATS)
        pictures, products = (
            [Contender(engine_run(Engine(file, threads, engine=first.engine, shapes=given))) for threads in counts]
            for file, given in ((model, shapes), (product, None))
        )
        contenders = [*pictures, *products]
        torch_run: Contender | None = None
        left_out = ""
        try:
            with eager(path, cores) as run:
                torch_run = Contender(run)
                alternate([*contenders, torch_run], seconds)
        except ModelError as error:
            left_out = str(error)
            alternate(contenders, seconds)
    side = usual[1] if usual else (max(first.outputs[0].shape),) * 2
    rows = []
    for threads, picture, matrix in zip(counts, pictures, products, strict=True):
        rate, most = work / picture.median / 1e9, product_work / matrix.median / 1e9
        rows.append(
            {
                "threads": threads,
                "cores_used": picture.processor / sum(picture.seconds),
                "pictures": len(picture.seconds),
                "median_ms": picture.median * 1e3,
                "p99_ms": picture.p99 * 1e3,
                "pictures_per_s": 1.0 / picture.median,
                "gflop_per_s": rate,
                "matrix_gflop_per_s": most,
                "of_matrix_rate": rate / most,
            }
        )
    compared: dict[str, Any] = {"left_out": left_out}
    if torch_run is not None:
        compared = {
            "threads": cores,
            "pictures": len(torch_run.seconds),
            "median_ms": torch_run.median * 1e3,
            "times_faster": torch_run.median / pictures[-1].median,
        }
    return {
        "model": path.name,
        "size": side[1],
        "width": side[0],
        "engine": first.engine,
        "about": first.about,
        "gflop": work / 1e9,
        "runs": rows,
        "torch_eager": compared,
    }


def first_picture(path: Path, engine: str) -> dict[str, Any]:
    """How long the renderer takes from the start of its process to the first picture, off screen, in s.

    Parameters
    ----------
    path : of a generator's file
    engine : as in the settings

    Returns
    -------
    Starts, median and longest, or why it was left out; for ``artgen bench --json``.
    """
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = python_module("artgen_osc", "visuals", "--headless", "-v", f"--visuals-port={port}")
    command += [f"--engine={engine}", f"--visuals-model={path.resolve()}", f"--seconds={PATIENCE_S}"]
    seconds = []
    for _ in range(STARTS):
        start = perf_counter()
        with subprocess.Popen(command, text=True, stderr=subprocess.PIPE) as process:
            assert process.stderr
            line = ""
            for line in process.stderr:
                if "first picture" in line:
                    seconds.append(perf_counter() - start)
                    break
            process.terminate()
            process.stderr.read()
        if not seconds:
            return {"left_out": line.strip() or "the renderer showed no picture"}
    return {"starts": len(seconds), "median_s": float(np.median(seconds)), "longest_s": max(seconds)}


def daemon(seconds: float) -> dict[str, Any]:
    """What a hop of the analysis and a judgement of the mood network cost on one core, on the demo's music.

    Raises
    ------
    ModelError
        The mood network can't be used.
    """
    from artgen_osc.analysis.analyzer import Analyzer
    from artgen_osc.analysis.hop import HOP_LENGTH, HOP_TIME, RATE
    from artgen_osc.audio.demo import compose
    from artgen_osc.audio.sources import AudioBlock
    from artgen_osc.mood.estimator import SHIPPED_MODEL

    music = compose(RATE)
    analyzer = Analyzer(RATE)
    place = 0

    def hop() -> float:
        nonlocal place
        begin = place * HOP_LENGTH % (len(music) - HOP_LENGTH)
        block = AudioBlock(music[begin : begin + HOP_LENGTH], place * HOP_TIME, 0)
        place += 1
        start = perf_counter()
        analyzer.push(block)
        return perf_counter() - start

    hops = Contender(hop)
    moods = Contender(engine_run(Engine(load(SHIPPED_MODEL, "mood"))))
    alternate([hops, moods], seconds)
    return {
        "hops": len(hops.seconds),
        "hop_median_ms": hops.median * 1e3,
        "hop_p99_ms": hops.p99 * 1e3,
        "times_real_time": HOP_TIME / float(np.mean(hops.seconds)),
        "mood_network_ms": moods.median * 1e3,
    }


def measure(models: list[Path], engine: str, seconds: float) -> dict[str, Any]:
    """Every figure, with its unit in its name.

    Parameters
    ----------
    models : generators; empty for the installed one
    engine : as in the settings
    seconds : for about how long each generator is measured

    Raises
    ------
    ArtgenError
        A model or the engine can't be used.
    """
    from artgen_osc.commands.bench_effects import effects
    from artgen_osc.commands.bench_finisher import finisher_or_reason

    models = models or [installed_generator()]
    return {
        "machine": {
            "processor": Engine(generator_file(models[0])).about.split(" on ")[-1].rsplit(", ", 1)[0],
            "load_average": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
            "cores": os.cpu_count() or 1,
            "system": platform.platform(),
            "python": platform.python_version(),
        },
        "generators": [generator(path, engine, seconds) for path in models],
        "finisher": finisher_or_reason(engine, min(seconds, 10.0)),
        "effects": effects(min(seconds, 10.0)),
        "first_picture": first_picture(models[0], engine),
        "daemon": daemon(min(seconds, 5.0)),
    }


def lines(figures: dict[str, Any]) -> Iterator[str]:
    """The same for people."""
    from artgen_osc.commands.bench_effects import lines as effects_lines
    from artgen_osc.commands.bench_finisher import lines as finisher_lines

    machine = figures["machine"]
    yield f"{machine['processor']}, {machine['cores']} cores, {machine['system']}"
    if (machine["load_average"] or 0.0) > BUSY:
        yield f"other programs keep it busy (load {machine['load_average']:.1f}): every time is too long"
    for paint in figures["generators"]:
        size = f"{paint['width']}x{paint['size']}"
        yield f"\n{paint['model']}, {size} pixels, {paint['gflop']:.2f} GFLOP a picture, {paint['about']}"
        for row in paint["runs"]:
            yield (
                f"  {row['threads']} threads, {row['cores_used']:.1f} cores busy   {row['median_ms']:7.1f} ms, "
                f"p99 {row['p99_ms']:.1f} of {row['pictures']}   {row['pictures_per_s']:.1f} pictures/s   "
                f"{row['of_matrix_rate']:.0%} of the "
                f"{row['matrix_gflop_per_s']:.0f} GFLOP/s of a matrix product"
            )
        torch = paint["torch_eager"]
        if "left_out" in torch:
            yield f"  plain torch is left out: {torch['left_out']}"
        else:
            yield (
                f"  plain torch {torch['median_ms']:7.1f} ms on {torch['threads']} threads, eager, float32: "
                f"{torch['times_faster']:.1f} times as long"
            )
    yield from finisher_lines(figures["finisher"])
    yield from effects_lines(figures["effects"])
    start = figures["first_picture"]
    if "left_out" in start:
        yield f"\nfirst picture is left out: {start['left_out']}"
    else:
        yield f"\nfirst picture {start['median_s']:.2f} s after the start, at most {start['longest_s']:.2f}"
    heard = figures["daemon"]
    yield (
        f"daemon: a hop {heard['hop_median_ms']:.2f} ms, p99 {heard['hop_p99_ms']:.2f}, "
        f"{heard['times_real_time']:.0f} times real time; the mood network {heard['mood_network_ms']:.1f} ms"
    )
