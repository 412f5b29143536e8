"""``artgen doctor``."""

import argparse

from artgen_osc.config.arguments import Command, settings


def add(command: Command) -> None:
    """Add the command."""
    command("doctor", run, "Say what is missing on this machine and how to get it.", "artgen doctor")


def run(given: argparse.Namespace) -> int:
    """Run it; 2 where something is missing that every show needs."""
    from artgen_osc.commands.doctor_checks import examine

    return examine(settings(given).config)
