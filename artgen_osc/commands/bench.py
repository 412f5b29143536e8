"""``artgen bench``."""

import argparse
import json
from pathlib import Path

from artgen_osc.config.arguments import Command, positive, settings
from artgen_osc.runtime.text import say


def add(command: Command) -> None:
    """Add the command."""
    sub = command(
        "bench", run, "Measure how fast everything is on this machine.", "artgen bench --json", ("visuals.engine",)
    )
    sub.add_argument(
        "--model", action="append", type=Path, default=[], metavar="FILE.onnx", help="a generator; can be given again"
    )
    sub.add_argument("--seconds", type=positive, default=20.0, help="about how long, for each generator (20)")
    sub.add_argument("--json", action="store_true", help="one JSON object")


def run(given: argparse.Namespace) -> int:
    """Run it."""
    from artgen_osc.commands.bench_figures import lines, measure

    figures = measure(given.model, settings(given).config.visuals.engine, given.seconds)
    say(json.dumps(figures) if given.json else "\n".join(lines(figures)))
    return 0
