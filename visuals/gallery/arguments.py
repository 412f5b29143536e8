"""``artgen gallery`` and its actions; what they do is in `visuals.gallery.commands`."""

import argparse
import functools
from datetime import datetime
from pathlib import Path

from artgen_osc.config.arguments import Command, Parser, Run, number, port, settings, whole, whole_from
from artgen_osc.config.settings import GALLERY, PAINTING
from artgen_osc.runtime.text import short
from artgen_osc.schema.address import COUNT_MAX

FIRST_DAY, LAST_DAY = datetime(1970, 1, 2), datetime(9998, 12, 31)
"""No picture is older or newer, and in every zone these are moments that a computer can count."""


def add(command: Command) -> None:
    """Add the command."""
    kept = "Pictures that the show has kept: list, paint again, export."
    parser: Parser = command("gallery", None, kept, "artgen gallery list --near 0.8,0.9")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    _add_actions(functools.partial(command, of=actions), _run)


def _run(given: argparse.Namespace) -> int:
    from visuals.gallery.commands import run

    return run(given, settings(given))


def _add_actions(command: Command, run: Run) -> None:
    listing = command(
        "list", run, "List pictures, the newest first.", "artgen gallery list --near 0.8,0.9 --json", GALLERY
    )
    listing.add_argument("--json", action="store_true", help="one JSON object a line")
    listing.add_argument("--limit", type=_count, default=100, help="most of them (100)")
    listing.add_argument("--before", default="", metavar="ID", help="go on after this one, the last of the page before")
    show = command("show", run, "Show all that is known of a picture.", "artgen gallery show 0k2m9x4c7tqf", GALLERY)
    show.add_argument("--json", action="store_true", help="as it stands in the file")
    render = command(
        "render",
        run,
        "Paint a picture again by the model that it came from, as large as a print.",
        "artgen gallery render 0k2m9x4c7tqf --size 4096 -o large.png",
        PAINTING,
    )
    render.add_argument("--size", type=whole, default=4096, help="pixels of the longer side, 64 to 16384 (4096)")
    render.add_argument("-o", "--output", type=Path, metavar="FILE.png", help="where to (ID-SIZE.png)")
    favourite = command(
        "favourite", run, "Make a picture a favourite.", "artgen gallery favourite 0k2m9x4c7tqf", GALLERY
    )
    favourite.add_argument("--no", action="store_true", help="make it one no longer")
    for sub in (show, render, favourite):
        sub.add_argument("id", metavar="ID", help="as artgen gallery list gives it")
    delete = command("delete", run, "Move pictures into the trash.", "artgen gallery delete 0k2m9x4c7tqf", GALLERY)
    delete.add_argument("ids", nargs="+", metavar="ID", help="as artgen gallery list gives it")
    command("undo", run, "Bring back what was deleted last.", "artgen gallery undo", GALLERY)
    paint = command(
        "paint",
        run,
        "Paint the mood of a whole song into the gallery; prints the picture's id.",
        "artgen gallery paint song.mp3",
        PAINTING,
    )
    paint.add_argument("file", type=Path, metavar="FILE", help="a wav, flac, ogg or mp3 file")
    paint.add_argument(
        "--seed",
        type=whole_from(0, COUNT_MAX - 1),
        metavar="N",
        help="number of the picture (one that follows from the sound)",
    )
    paint.add_argument("--size", type=whole, default=1024, help="pixels of the longer side, 64 to 16384 (1024)")
    paint.add_argument("--title", default="", help="of the song (the file's, or its name)")
    paint.add_argument(
        "--analysis", type=Path, metavar="FILE.json", help="what artgen analyze --json has printed: not done again"
    )
    export = command(
        "export",
        run,
        "Write a folder that opens in any browser, from disk or from a web host.",
        "artgen gallery export site --favourite",
        GALLERY,
    )
    export.add_argument("folder", type=Path, metavar="FOLDER", help="new, or empty")
    for sub in (listing, export):
        _add_filters(sub)
    serve = command("serve", run, "Show the gallery in the browser.", "artgen gallery serve --port 9105", GALLERY)
    serve.add_argument(
        "--port", type=port, default=9105, help="where to listen on this machine; 0: any free one (9105)"
    )
    serve.add_argument("--child", action="store_true", help=argparse.SUPPRESS)


def _add_filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--near", type=_mood, metavar="V,E", help="only near this valence and energy, such as 0.8,0.9")
    parser.add_argument("--within", type=_radius, default=0.15, metavar="R", help="how near (0.15)")
    parser.add_argument("--title", default="", help="only with this in the song's title")
    parser.add_argument("--since", type=_day, metavar="DATE", help="only from this day on, such as 2026-05-01")
    parser.add_argument("--until", type=_day, metavar="DATE", help="only up to this day")
    parser.add_argument("--favourite", action="store_true", help="only favourites")


def _mood(text: str) -> tuple[float, float]:
    try:
        valence, energy = (float(part) for part in text.split(","))
    except ValueError:
        valence = energy = float("nan")
    if not (0 <= valence <= 1 and 0 <= energy <= 1):
        raise argparse.ArgumentTypeError(
            f"{short(text)} is not a mood; give valence and energy from 0 to 1, as 0.8,0.9"
        )
    return valence, energy


def _radius(text: str) -> float:
    value = number(text)
    if not 0 <= value <= 2:
        raise argparse.ArgumentTypeError(f"{short(text)} is out of range; choose a number from 0 to 2")
    return value


def _day(text: str) -> datetime:
    try:
        day = datetime.strptime(text, "%Y-%m-%d")
    except ValueError:
        raise argparse.ArgumentTypeError(f"{short(text)} is not a day; give it as 2026-05-01") from None
    return min(max(day, FIRST_DAY), LAST_DAY)


def _count(text: str) -> int:
    value = whole(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{short(text)} is not a number of pictures; choose 1 or more")
    return min(value, COUNT_MAX)
