"""``artgen directions``; what it does is in `visuals.generators.sheet`."""

import argparse
from pathlib import Path

from artgen_osc.config.arguments import Command, settings, whole_from
from artgen_osc.schema.address import COUNT_MAX


def add(command: Command) -> None:
    """Add the command."""
    parser = command(
        "directions",
        _run,
        "Paint a sheet of what each direction of a generator does.",
        "artgen directions -o sheet.jpg --visuals-model mine.onnx",
        ("visuals.model", "visuals.engine", "visuals.truncation", "visuals.valence", "visuals.energy"),
    )
    parser.add_argument("-o", "--output", type=Path, metavar="PICTURE", required=True, help="a .png or .jpg file")
    seed = whole_from(0, COUNT_MAX)
    parser.add_argument("--seed", type=seed, default=1, help="number of the first picture (1)")


def _run(given: argparse.Namespace) -> int:
    from visuals.generators.sheet import run

    return run(given, settings(given))
