"""``artgen effects`` and its actions; what they do is in `visuals.isf.commands`."""

import argparse
import functools
from pathlib import Path

from artgen_osc.config.arguments import Command, Parser, positive, settings
from artgen_osc.runtime.text import short

SMALLEST, LARGEST = 16, 4096
"""Pixels of a side of a preview."""


def add(command: Command) -> None:
    """Add the command."""
    what = "Effects and layers, ISF files among them: list them, check them, draw a picture of one."
    parser: Parser = command("effects", None, what, "artgen effects check mine.fs")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    command = functools.partial(command, of=actions)
    listing = command("list", _run, "List effects and layers.", "artgen effects list --config show.toml", ())
    check = command(
        "check",
        _run,
        "Draw three frames of ISF files off screen, at two sizes, and say what is wrong.",
        "artgen effects check effects/*.fs --json",
        (),
    )
    check.add_argument("files", nargs="+", type=Path, metavar="FILE", help="ISF files")
    cost = command(
        "cost",
        _run,
        "Measure what each effect and transition costs a frame here, and a chain of three.",
        "artgen effects cost --size 1920x1080",
        (),
    )
    cost.add_argument("names", nargs="*", metavar="NAME", help="of effects and transitions (all)")
    cost.add_argument("--size", type=_size, default=(1280, 720), metavar="WxH", help="in pixels (1280x720)")
    cost.add_argument("--seconds", type=positive, default=10.0, metavar="S", help="about how long (10)")
    for each in (listing, check, cost):
        each.add_argument("--json", action="store_true", help="one JSON object a line")
    preview = command(
        "preview",
        _run,
        "Draw what an ISF file makes of a picture, while music plays.",
        "artgen effects preview mine.fs -o mine.png",
        (),
    )
    preview.add_argument("file", type=Path, metavar="FILE", help="an ISF file, or the name of one that is listed")
    preview.add_argument("-o", "--output", type=Path, metavar="PICTURE", required=True, help="a .png or .jpg file")
    preview.add_argument("--size", type=_size, default=(640, 360), metavar="WxH", help="in pixels (640x360)")
    preview.add_argument("--at", type=positive, default=2.0, metavar="S", help="so long after it began (2)")
    preview.add_argument("--picture", type=Path, metavar="FILE", help="what it is made of (one that artgen paints)")
    preview.add_argument("--value", action="append", default=[], metavar="INPUT=NUMBERS", help="as speed=2 or at=0.5,1")


def _run(given: argparse.Namespace) -> int:
    from visuals.isf.commands import run

    return run(given, settings(given))


def _size(text: str) -> tuple[int, int]:
    try:
        width, height = (int(part) for part in text.lower().split("x"))
    except ValueError:
        width = height = 0
    if not (SMALLEST <= width <= LARGEST and SMALLEST <= height <= LARGEST):
        raise argparse.ArgumentTypeError(
            f"{short(text)} is not a size; write one as 640x360, with sides from {SMALLEST} to {LARGEST}"
        )
    return width, height
