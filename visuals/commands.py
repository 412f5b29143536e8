"""``artgen visuals``: the half of the show that paints."""

import argparse
import signal

from artgen_osc.config.arguments import Command, add_kept, positive, settings
from artgen_osc.runtime.child import end_with_parent

TABLES = ("visuals", "plugins", "osc.time_tags")
CLOSE_S = 10.0
"""So long may a child take to end after its parent."""


def add(command: Command) -> None:
    """Add the command."""
    visuals = command("visuals", _run, "Paint, steered by OSC from any program.", "artgen visuals --fullscreen", TABLES)
    visuals.add_argument("--seconds", type=positive, help="end the show after so many seconds")
    visuals.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    add_kept(visuals)


def _run(given: argparse.Namespace) -> int:
    from visuals.outputs.ear import Ear

    ear = Ear() if given.child else None
    if ear:
        # As when somebody ends it, so that nothing of the show is lost.
        end_with_parent(lambda: signal.raise_signal(signal.SIGTERM), CLOSE_S, ear.feed)
    from visuals.app import run

    return run(settings(given), seconds=given.seconds, strip=given.strip, child=given.child, ear=ear)
