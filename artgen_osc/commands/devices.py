"""``artgen devices``."""

import argparse
import dataclasses
import json

from artgen_osc.config.arguments import Command
from artgen_osc.errors import AudioError
from artgen_osc.runtime.text import printable, say


def add(command: Command) -> None:
    """Add the command."""
    parser = command("devices", run, "List the audio devices.", "artgen devices", ())
    help = "one JSON object: the devices, and whether what the computer plays can be heard"
    parser.add_argument("--json", action="store_true", help=help)


def run(given: argparse.Namespace) -> int:
    """Run it."""
    from artgen_osc.audio.devices import list_devices

    rows = list_devices()
    if given.json:
        say(json.dumps({"devices": [dataclasses.asdict(row) for row in rows], "loopback": _loopback()}))
        return 0
    for row in rows:
        marks = ("default input " if row.default_input else "") + ("default output" if row.default_output else "")
        name = printable(f"{row.name}  [{row.host}]")
        say(f"{name}  {row.inputs} in, {row.outputs} out, {row.sample_rate} Hz  {marks}".rstrip())
    if not rows:
        say("no audio devices; --input file:PATH and --input demo work without one")
    return 0


def _loopback() -> dict[str, str]:
    """The name of what the computer plays, or the reason why it can't be heard."""
    from artgen_osc.audio.loopback import find_loopback

    try:
        found = find_loopback()
    except AudioError as error:
        return {"name": "", "reason": str(error)}
    return {"name": found.name or found.device.name, "reason": ""}
