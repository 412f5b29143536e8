"""What ``artgen gallery`` and its actions are called with; what they do is in `visuals.gallery.commands`."""

import argparse
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from artgen_osc.address import COUNT_MAX

FOLDER = ("visuals.gallery",)
PAINTING = (*FOLDER, "visuals.model", "visuals.models", "visuals.second_model", "visuals.engine")

Run = Callable[[argparse.Namespace], int]
Command = Callable[..., argparse.ArgumentParser]


def add_actions(command: Command, run: Run) -> None:
    """Add the actions.

    Parameters
    ----------
    command : makes a parser from name, `run`, what it does, an example and settings
    run : is called with the arguments
    """
    listing = command(
        "list", run, "List pictures, the newest first.", "artgen gallery list --near 0.8,0.9 --json", FOLDER
    )
    listing.add_argument("--json", action="store_true", help="one JSON object a line")
    listing.add_argument("--limit", type=_count, default=100, help="most of them (100)")
    listing.add_argument("--before", default="", metavar="ID", help="go on after this one, the last of the page before")
    show = command("show", run, "Show all that is known of a picture.", "artgen gallery show 0k2m9x4c7tqf", FOLDER)
    show.add_argument("--json", action="store_true", help="as it stands in the file")
    render = command(
        "render",
        run,
        "Paint a picture again by the model that it came from, and enlarge it; that adds no detail.",
        "artgen gallery render 0k2m9x4c7tqf --size 4096 -o large.png",
        PAINTING,
    )
    render.add_argument("--size", type=int, default=4096, help="pixels of the longer side, 64 to 16384 (4096)")
    render.add_argument("-o", "--output", type=Path, metavar="FILE.png", help="where to (ID-SIZE.png)")
    favourite = command(
        "favourite", run, "Make a picture a favourite.", "artgen gallery favourite 0k2m9x4c7tqf", FOLDER
    )
    favourite.add_argument("--no", action="store_true", help="make it one no longer")
    for sub in (show, render, favourite):
        sub.add_argument("id", metavar="ID", help="as artgen gallery list gives it")
    delete = command("delete", run, "Move pictures into the trash.", "artgen gallery delete 0k2m9x4c7tqf", FOLDER)
    delete.add_argument("ids", nargs="+", metavar="ID", help="as artgen gallery list gives it")
    command("undo", run, "Bring back what was deleted last.", "artgen gallery undo", FOLDER)
    paint = command(
        "paint",
        run,
        "Paint the mood of a whole song into the gallery; prints the picture's id.",
        "artgen gallery paint song.mp3",
        PAINTING,
    )
    paint.add_argument("file", type=Path, metavar="FILE", help="a wav, flac, ogg or mp3 file")
    paint.add_argument(
        "--seed", type=_seed, metavar="N", help="number of the picture (one that follows from the sound)"
    )
    paint.add_argument("--size", type=int, default=1024, help="pixels of the longer side, 64 to 16384 (1024)")
    paint.add_argument("--title", default="", help="of the song (the file's, or its name)")
    paint.add_argument(
        "--analysis", type=Path, metavar="FILE.json", help="what artgen analyze --json has printed: not done again"
    )
    export = command(
        "export",
        run,
        "Write a folder that opens in any browser, from disk or from a web host.",
        "artgen gallery export site --favourite",
        FOLDER,
    )
    export.add_argument("folder", type=Path, metavar="FOLDER", help="new, or empty")
    for sub in (listing, export):
        _add_filters(sub)
    serve = command("serve", run, "Show the gallery in the browser.", "artgen gallery serve --port 9105", FOLDER)
    serve.add_argument("--port", type=int, default=9105, help="where to listen on this machine; 0: any free one (9105)")
    serve.add_argument("--child", action="store_true", help=argparse.SUPPRESS)


def _add_filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--near", type=_mood, metavar="V,E", help="only near this valence and energy, such as 0.8,0.9")
    parser.add_argument("--within", type=float, default=0.15, metavar="R", help="how near (0.15)")
    parser.add_argument("--title", default="", help="only with this in the song's title")
    parser.add_argument("--since", type=_day, metavar="DATE", help="only from this day on, such as 2026-05-01")
    parser.add_argument("--until", type=_day, metavar="DATE", help="only up to this day")
    parser.add_argument("--favourite", action="store_true", help="only favourites")


def _mood(text: str) -> tuple[float, float]:
    valence, energy = (float(part) for part in text.split(","))
    if not (0 <= valence <= 1 and 0 <= energy <= 1):
        raise argparse.ArgumentTypeError(
            f"{text} is not a mood; valence and energy from 0 to 1 are allowed, as 0.8,0.9"
        )
    return valence, energy


def _day(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d")


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number of pictures")
    return value


def _seed(text: str) -> int:
    value = int(text)
    if not 0 <= value < COUNT_MAX:
        raise argparse.ArgumentTypeError(f"{text} is not the number of a picture; 0 to {COUNT_MAX - 1} is allowed")
    return value


_mood.__name__, _day.__name__, _count.__name__, _seed.__name__ = "mood V,E", "date YYYY-MM-DD", "number", "number"
