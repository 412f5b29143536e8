"""``artgen monitor``."""

import argparse
from pathlib import Path

from artgen_osc.config.arguments import Command, port, positive, settings


def add(command: Command) -> None:
    """Add the command."""
    sub = command(
        "monitor",
        run,
        "Show what goes out and comes in, of a running daemon and renderer.",
        "artgen monitor --filter '//beat*'",
        ("osc.host", "osc.port", "visuals.host", "visuals.port"),
    )
    sub.add_argument("--port", type=port, default=9110, help="where to receive (9110)")
    sub.add_argument("--seconds", type=positive, help="end after so many seconds")
    sub.add_argument("--values", action="store_true", help="list every address with its value and rate")
    sub.add_argument("--filter", default="", metavar="PATTERN", help="list, and record, only these addresses")
    sub.add_argument("--record", type=Path, metavar="show.osc", help="write it to a file for artgen replay")


def run(given: argparse.Namespace) -> int:
    """Run it."""
    from artgen_osc.commands.monitor_screen import monitor

    file = settings(given)
    return monitor(
        file.config, file.contract.addresses, given.port, given.seconds, given.values, given.filter, given.record
    )
