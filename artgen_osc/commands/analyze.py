"""``artgen analyze``."""

import argparse
import json
import logging
import os
import sys
from pathlib import Path

from artgen_osc.config.arguments import Command, settings
from artgen_osc.errors import ArtgenError, AudioError
from artgen_osc.runtime.text import complain, printable, say, unexpected

log = logging.getLogger("artgen.analyze")


def add(command: Command) -> None:
    """Add the command."""
    sub = command(
        "analyze",
        run,
        "Analyse files with the code that runs live, hop by hop.",
        "artgen analyze song.mp3 --json",
        ("mood",),
    )
    sub.add_argument("files", nargs="+", metavar="FILE", help="a sound file, a folder with some, or demo")
    sub.add_argument("--json", action="store_true", help="one JSON object a line")
    sub.add_argument("--record", type=Path, metavar="SONG.osc", help="keep its OSC stream, for artgen replay")
    sub.add_argument("--sound", type=Path, metavar="SONG.flac", help="keep its sound as it was heard")
    sub.add_argument("--progress", action="store_true", help="say on stderr how many seconds of sound are done")


def run(given: argparse.Namespace) -> int:
    """Run it; 2 where a file can't be read, 1 where that had a reason that nobody has foreseen."""
    from artgen_osc.daemon.keeping import Keeping
    from artgen_osc.daemon.offline import analyze, sound_files

    file = settings(given)
    plugin = file.config.plugin
    status = 0

    def tell(seconds: float) -> None:
        print(f"progress {seconds:.1f}", file=sys.stderr, flush=True)

    names: list[str] = []
    for name in given.files:
        if os.path.isdir(name):  # noqa: PTH112 (Path.is_dir raises for names that no file can have)
            found, others = sound_files(name)
            complain(f"{name}: {len(found)} files of sound, {others} others passed over")
            names += found or [name]
        else:
            names.append(name)
    keeps = given.record or given.sound
    if keeps and len(names) != 1:
        raise AudioError(f"--record, --sound: take one file of sound, not {len(names)}; name one")
    for name in names:
        keeping = Keeping(file, given.record, given.sound) if keeps else None
        try:
            result = analyze(name, plugin, tell if given.progress else None, keeping)
        except AudioError as error:
            result = {"file": name, "error": str(error)}
            status = status or 2
            complain(error)
        except ArtgenError:
            raise
        except Exception as error:  # a codec may raise anything, and the files after it are still wanted
            result = {"file": name, "error": unexpected(error)}
            status = 1
            log.debug("%s", name, exc_info=True)
            complain(f"{name}: {unexpected(error)}; please report it")
        finally:
            if keeping:
                keeping.close()
        if given.json:
            say(json.dumps(result))
        elif "error" not in result:
            say(
                f"{printable(name)}: {result['duration']:.1f} s, "
                f"valence {result['valence']:.2f}, energy {result['energy']:.2f}, "
                f"confidence {result['confidence']:.2f}, {result['tempo_bpm']:.1f} bpm, {result['key'] or 'no key'}, "
                f"{len(result['beats'])} beats, {len(result['onsets'])} onsets"
            )
    return status
