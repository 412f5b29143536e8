"""``artgen visuals``: the half of the show that paints."""

import argparse

from artgen_osc.config.arguments import Command, add_strip, positive, settings

TABLES = ("visuals", "osc.time_tags")


def add(command: Command) -> None:
    """Add the command."""
    visuals = command("visuals", _run, "Paint, steered by OSC from any program.", "artgen visuals --fullscreen", TABLES)
    visuals.add_argument("--seconds", type=positive, help="end the show after so many seconds")
    visuals.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    add_strip(visuals)


def _run(given: argparse.Namespace) -> int:
    from visuals.app import run

    return run(settings(given), seconds=given.seconds, strip=given.strip, child=given.child)
