"""Measure a trained model.

python -m training.evaluate mood music/emotify --json
python -m training.evaluate gan visuals/models/generator.onnx --images pictures --json
python -m training.evaluate finisher runs/finisher/finisher.onnx --generator visuals/models/generator.onnx \
    --material material --json
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

from artgen_osc.runtime.text import say
from training import evaluate_finisher, evaluate_gan, evaluate_mood
from training.command import Parser, run_command
from training.mood_report import LEARNT

COMMANDS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None], Callable[..., dict[str, Any]]]] = {
    "mood": ("the mood network on labelled music", evaluate_mood.add_arguments, evaluate_mood.run),
    "gan": ("a generator against its pictures", evaluate_gan.add_arguments, evaluate_gan.run),
    "finisher": ("a finisher behind a generator", evaluate_finisher.add_arguments, evaluate_finisher.run),
}
"""Each command: its line of help, what adds its arguments, what measures."""


def build_parser() -> Parser:
    """The command line."""
    parser = Parser(prog="python -m training.evaluate", description="Measure a trained model.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (line, add_arguments, _) in COMMANDS.items():
        command = commands.add_parser(name, help=line, description=f"Measure {line}.")
        add_arguments(command)
        command.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point."""
    return run_command("evaluate", lambda: _measure(build_parser().parse_args(arguments)))


def _measure(options: argparse.Namespace) -> None:
    figures = COMMANDS[options.command][2](options)
    if options.json:
        print(json.dumps(figures))
        return
    for name, figure in figures.items():
        say(f"{name:24} {figure:.4f}" if isinstance(figure, float) else f"{name:24} {figure}")
    if options.command == "mood":
        for value in ("valence", "energy"):
            figure = figures[f"r2_{value}"]
            if figure is not None and figure < LEARNT:
                say(f"{value}: on these clips the model does no better than always saying their mean")


if __name__ == "__main__":
    sys.exit(main())
