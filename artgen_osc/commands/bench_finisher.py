"""The finisher's figures for ``artgen bench``: behind a generator, on its own size of picture."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from artgen_osc.commands.bench_figures import ON_CPU, REPEATS, SIDE, SIDE_ON_CARD, Contender, alternate, engine_run
from artgen_osc.errors import ModelError
from artgen_osc.inference.canvas import USUAL, painted_for
from artgen_osc.inference.modelfile import Engine, ModelFile, installed_generator, load
from artgen_osc.inference.workload import flops, write_product


def finisher_or_reason(engine: str, seconds: float) -> dict[str, Any]:
    """As `finisher`; where there is none that can be used, why.

    Parameters
    ----------
    engine : as in the settings
    seconds : for about how long
    """
    try:
        return finisher(engine, seconds)
    except ModelError as error:
        return {"left_out": str(error)}


def finisher(engine: str, seconds: float) -> dict[str, Any]:
    """The installed finisher on one core, on two and on all, with its sides fixed and with open ones.

    It is given what the installed generator paints for most screens.

    Parameters
    ----------
    engine : as in the settings
    seconds : for about how long

    Raises
    ------
    EngineError, ModelError
    """
    model = load(installed_generator().with_name("finisher.onnx"), "finisher")
    height, width = painted_for(USUAL)
    shape = (1, height, width, 3)
    first = Engine(model, engine=engine, shapes=[shape])
    cores = os.cpu_count() or 1
    counts = sorted({1, min(2, cores), cores}) if first.engine in ON_CPU else [cores]
    work = flops(model.path, [shape])
    with tempfile.TemporaryDirectory(prefix="artgen", ignore_cleanup_errors=True) as folder:
        product = ModelFile(Path(folder) / "product.onnx", model.card)
        product_work = write_product(product.path, SIDE if first.engine in ON_CPU else SIDE_ON_CARD, REPEATS)
        fixed, opened, products = (
            [
                Contender(engine_run(Engine(file, threads, engine=first.engine, shapes=shapes), inputs))
                for threads in counts
            ]
            for file, shapes, inputs in ((model, [shape], None), (model, None, [shape]), (product, None, None))
        )
        alternate([*fixed, *opened, *products], seconds)
    rows = []
    for threads, told, untold, matrix in zip(counts, fixed, opened, products, strict=True):
        rate, most = work / told.median / 1e9, product_work / matrix.median / 1e9
        rows.append(
            {
                "threads": threads,
                "pictures": len(told.seconds),
                "median_ms": told.median * 1e3,
                "p99_ms": told.p99 * 1e3,
                "pictures_per_s": 1.0 / told.median,
                "gflop_per_s": rate,
                "of_matrix_rate": rate / most,
                "open_sides_ms": untold.median * 1e3,
                "times_faster_than_open": untold.median / told.median,
            }
        )
    return {
        "model": model.path.name,
        "from": height,
        "to": height * model.card["scale"],
        "width": width,
        "engine": first.engine,
        "about": first.about,
        "gflop": work / 1e9,
        "runs": rows,
    }


def lines(figures: dict[str, Any]) -> Iterator[str]:
    """The same for people."""
    if "left_out" in figures:
        yield f"\nfinisher is left out: {figures['left_out']}"
        return
    size = f"{figures['width']}x{figures['from']}"
    yield f"\n{figures['model']}, {size} pixels to {figures['to']}, {figures['gflop']:.2f} GFLOP a picture"
    for row in figures["runs"]:
        yield (
            f"  {row['threads']} threads   {row['median_ms']:7.1f} ms, p99 {row['p99_ms']:.1f} of {row['pictures']}   "
            f"{row['of_matrix_rate']:.0%} of a matrix product's rate   "
            f"{row['times_faster_than_open']:.1f} times as fast as with its sides left open"
        )
