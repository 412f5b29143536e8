"""``artgen devices``."""

import argparse

from artgen_osc.config.arguments import Command
from artgen_osc.runtime.text import printable, say


def add(command: Command) -> None:
    """Add the command."""
    command("devices", run, "List the audio devices.", "artgen devices", ())


def run(given: argparse.Namespace) -> int:
    """Run it."""
    from artgen_osc.audio.devices import list_devices

    rows = list_devices()
    for row in rows:
        marks = ("default input " if row.default_input else "") + ("default output" if row.default_output else "")
        name = printable(f"{row.name}  [{row.host}]")
        say(f"{name}  {row.inputs} in, {row.outputs} out, {row.sample_rate} Hz  {marks}".rstrip())
    if not rows:
        say("no audio devices; --input file:PATH and --input demo work without one")
    return 0
