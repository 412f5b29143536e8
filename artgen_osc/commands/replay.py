"""``artgen replay``."""

import argparse
from pathlib import Path

from artgen_osc.config.arguments import Command, positive, settings


def add(command: Command) -> None:
    """Add the command."""
    sub = command(
        "replay",
        run,
        "Play a recording of artgen monitor --record: to --osc, or to the renderer.",
        "artgen replay show.osc --osc touchdesigner --loop",
        ("osc.targets", "visuals.host", "visuals.port"),
    )
    sub.add_argument("file", type=Path, metavar="show.osc", help="what artgen monitor --record has written")
    sub.add_argument("--seconds", type=positive, help="end after so many seconds")
    sub.add_argument("--speed", type=positive, default=1.0, help="2: twice as fast (1)")
    sub.add_argument("--loop", action="store_true", help="begin anew at the end, until Ctrl-C")


def run(given: argparse.Namespace) -> int:
    """Run it."""
    from artgen_osc.commands.replay_player import replay
    from artgen_osc.osc.targets import local_target

    file = settings(given)
    config = file.config
    targets = config.osc.targets or (local_target(config.visuals.host, config.visuals.port),)
    return replay(given.file, targets, given.seconds, given.speed, given.loop, file.contract.addresses)
