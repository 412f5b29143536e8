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

from artgen_osc.errors import ArtgenError
from training import evaluate_finisher, evaluate_gan, evaluate_mood

COMMANDS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None], Callable[..., dict[str, Any]]]] = {
    "mood": ("the mood network on labelled music", evaluate_mood.add_arguments, evaluate_mood.run),
    "gan": ("a generator against its pictures", evaluate_gan.add_arguments, evaluate_gan.run),
    "finisher": ("a finisher behind a generator", evaluate_finisher.add_arguments, evaluate_finisher.run),
}
"""Each command: its line of help, what adds its arguments, what measures."""


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description="Measure a trained model.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (line, add_arguments, _) in COMMANDS.items():
        command = commands.add_parser(name, help=line, description=f"Measure {line}.")
        add_arguments(command)
        command.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; errors are one line and status 2."""
    options = build_parser().parse_args(arguments)
    try:
        figures = COMMANDS[options.command][2](options)
    except ArtgenError as error:
        print(f"evaluate: {error}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(figures))
    else:
        for name, figure in figures.items():
            print(f"{name:24} {figure:.4f}" if isinstance(figure, float) else f"{name:24} {figure}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
