"""``artgen analyze``."""

import argparse
import json
import sys
from pathlib import Path

from artgen_osc.commands.arguments import Command, settings
from artgen_osc.errors import AudioError
from artgen_osc.runtime.text import say


def add(command: Command) -> None:
    """Add the command."""
    sub = command(
        "analyze",
        run,
        "Analyse files with the code that runs live, hop by hop.",
        "artgen analyze song.mp3 --json",
        ("mood",),
    )
    sub.add_argument("files", nargs="+", metavar="FILE", help="a sound file, or demo")
    sub.add_argument("--json", action="store_true", help="one JSON object a line")
    sub.add_argument("--progress", action="store_true", help="say on stderr how many seconds of sound are done")


def run(given: argparse.Namespace) -> int:
    """Run it; 2 where a file can't be read."""
    from artgen_osc.offline import analyze

    mood = settings(given).config.mood
    model = Path(mood.model) if mood.model else None
    status = 0

    def tell(seconds: float) -> None:
        print(f"progress {seconds:.1f}", file=sys.stderr, flush=True)

    for name in given.files:
        try:
            result = analyze(name, model, mood.smoothing, tell if given.progress else None)
        except AudioError as error:
            result = {"file": name, "error": str(error)}
            status = 2
            say(f"artgen: {error}", sys.stderr)
        if given.json:
            print(json.dumps(result), flush=True)
        elif "error" not in result:
            say(
                f"{name}: {result['duration']:.1f} s, valence {result['valence']:.2f}, energy {result['energy']:.2f}, "
                f"confidence {result['confidence']:.2f}, {result['tempo_bpm']:.1f} bpm, {result['key'] or 'no key'}, "
                f"{len(result['beats'])} beats, {len(result['onsets'])} onsets"
            )
    return status
