"""``artgen config``."""

import argparse
import os
import sys
from importlib.metadata import entry_points
from pathlib import Path

from artgen_osc.config.arguments import Command, settings
from artgen_osc.config.contract import Contract
from artgen_osc.config.settings import ConfigFile
from artgen_osc.config.show_paths import beside
from artgen_osc.config.tables import Config
from artgen_osc.runtime.text import printable, say
from artgen_osc.runtime.toml import toml_value

SCENES = "artgen.scenes"
"""The entry points of what knows the settings of a scene."""


def add(command: Command) -> None:
    """Add the command."""
    command(
        "config", run, "Print the effective settings as TOML, and where each came from.", "artgen config > show.toml"
    )


def run(given: argparse.Namespace) -> int:
    """Run it."""
    file = settings(given)
    effective, origins = _with_scene(file)
    # A shell may write it in an encoding of its own, as Windows' does: letters of ASCII survive that.
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    say(dump(file.contract, effective, origins, ascii_only=not utf8 or (os.name == "nt" and not sys.stdout.isatty())))
    return 0


def _with_scene(file: ConfigFile) -> tuple[Config, dict[str, str]]:
    """The settings and their origins, with those that the scene to start with gives."""
    if not file.config.visuals.scene:
        return file.config, file.origins
    effective, origins = file.config, dict(file.origins)
    for entry in entry_points(group=SCENES):
        for key, value in entry.load()(file).items():
            effective = file.contract.replace(effective, key, value)
            origins[key] = f"scene {file.config.visuals.scene}"
    return effective, origins


def dump(contract: Contract, effective: Config, origins: dict[str, str], ascii_only: bool) -> str:
    """A show file with these settings; what isn't set by a file or a flag is a comment there.

    So a scene that is chosen later still counts for all that nobody has set. Names of files are given in full, since
    nobody knows where it will be saved.

    Parameters
    ----------
    contract : what can be set
    effective : the settings
    origins : by ``table.key``: ``default``, ``scene NAME``, or who has set it
    ascii_only : write other letters as escapes
    """
    lines: list[str] = []
    table = ""
    for key, item in contract.settings.items():
        name, _, short = key.rpartition(".")
        if name != table:
            lines += [""] * bool(table) + [f"[{name}]"]
            table = name
        origin, value = origins[key], contract.get(effective, key)
        left_open = origin == "default" or origin.startswith("scene ")
        note = ""
        try:
            text = toml_value(value if left_open else beside(item, value, Path.cwd()), ascii_only)
        except ValueError as error:
            left_open, text, note = True, f'"{printable(value)}"', f" ({error}; give it by a flag)"
        about = printable(f"{origin}{note}: {item.doc}{f' ({item.unit})' if item.unit else ''}")
        if ascii_only:
            about = about.encode("ascii", "backslashreplace").decode()
        setting = f"{'# ' if left_open else ''}{short} = {text}"
        lines.append(f"{setting:<36} # {about}")
    for text in (row.toml(ascii_only) for rows in (effective.map, effective.modulate) for row in rows):
        lines += ["", text]
    return "\n".join(lines)
