"""Settings and other words of the command line: how they are parsed, and how a mistake in them is told."""

import argparse
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from artgen_osc.config.plugins import KINDS, own_contract
from artgen_osc.config.settings import WORDS, ConfigFile
from artgen_osc.plugins import hung
from artgen_osc.plugins.registry import Registry, of_show
from artgen_osc.runtime.files import is_folder
from artgen_osc.runtime.text import complain, nearest, short

SHORT = {
    "audio.input": ("--input", "-i"),
    "audio.mute": ("--mute",),
    "osc.targets": ("--osc",),
    "visuals.fullscreen": ("--fullscreen",),
    "visuals.display": ("--display",),
    "visuals.headless": ("--headless",),
    "visuals.engine": ("--engine",),
    "visuals.gallery": ("--gallery",),
    "visuals.scene": ("--scene",),
}
"""Settings that most shows give; they have a short flag beside ``--table-key``."""

SHOW = ("audio", "mood", "osc", "web", "visuals", "plugins")

Run = Callable[[argparse.Namespace], int]
Command = Callable[..., "Parser"]


class Parser(argparse.ArgumentParser):
    """Tells a mistake in a line, without the usage."""

    def error(self, message: str) -> NoReturn:
        """See `argparse.ArgumentParser.error`."""
        text = re.sub(r"^argument ", "", message)
        complain(f"{text}; {self.prog} --help shows what can be given")
        self.exit(2)

    def refuse(self, words: Sequence[str]) -> NoReturn:
        """Tell of words that nothing takes, and exit."""
        flags = [word.split("=")[0] for word in words if re.match(r"--?[^\d-]", word)]
        if not flags:
            self.error(f"{short(words[0])}: is more than {self.prog} takes")
        known = [name for name in self._option_string_actions if name.startswith("--")]
        for flag in flags:
            hint = nearest(flag, known)
            hint = "" if hint.startswith("choose") else f"; {hint}"
            complain(f"{flag}: no such flag{hint}; {self.prog} --help shows them all")
        self.exit(2)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            raise argparse.ArgumentError(action, f"{short(value)} isn't known; {nearest(value, action.choices)}")


def add_settings(parser: argparse.ArgumentParser, tables: Sequence[str]) -> None:
    """One flag for each setting of some tables: ``--table-key``; and ``--set`` and ``--config``.

    Parameters
    ----------
    parser : gets the flags, in a group for each table
    tables : ``table`` for all its settings, or ``table.key`` for one
    """
    groups: dict[str, Any] = {}
    known = own_contract().settings
    for wanted in tables:
        table = wanted.split(".")[0]
        if table not in groups:
            groups[table] = parser.add_argument_group(f"settings of [{table}]")
        for key, item in known.items():
            if wanted not in (key, key.split(".")[0]):
                continue
            names = (*SHORT.get(key, ()), "--" + key.replace(".", "-").replace("_", "-"))
            options: dict[str, Any] = {"dest": key, "default": None, "help": item.help}
            if isinstance(item.default, bool):
                options["action"] = argparse.BooleanOptionalAction
            elif isinstance(item.default, tuple):
                options |= {"action": "append", "metavar": item.item}
            else:
                kinds: dict[type, Callable[[str], object]] = {int: whole, float: number, str: str}
                options |= {"type": kinds[type(item.default)], "metavar": item.name.upper()}
            groups[table].add_argument(*names, **options)
    parser.add_argument("--set", action="append", metavar="KEY=VALUE", help="any setting, such as one of a plugin")
    parser.add_argument("--config", metavar="show.toml", help="settings of a show; flags win over it")


def flags(given: argparse.Namespace) -> dict[str, object]:
    """Settings as they were given by flags, by ``table.key``; None: not given. What ``--set`` was given as `WORDS`."""
    return {key: value for key, value in vars(given).items() if "." in key or key == WORDS}


def settings(given: argparse.Namespace, every: bool = False) -> ConfigFile:
    """The settings of the show file and the flags.

    Parameters
    ----------
    given : what was parsed
    every : with plugins that have stood a show still, too

    Raises
    ------
    ConfigError
    """
    folder = Path(given.config).parent if given.config else Path()
    registry = Registry(KINDS, of_show(folder))
    if not every:
        hung.leave_out(registry)
    return ConfigFile(given.config, flags(given), registry)


def add_kept(parser: Parser) -> None:
    """The flags for what a show leaves: a strip of its pictures, a film."""
    parser.add_argument("--strip", type=Path, metavar="FILE.png", help="leave a strip of pictures of the show")
    parser.add_argument(
        "--record",
        action=_Record,
        dest=WORDS,
        metavar="FILE",
        help="record the show with its sound: .mp4, .mov, .mkv or .webm; a name in use gets a number",
    )


class _Record(argparse.Action):
    """Two settings of the output ``record``."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, value: Any, option: str | None = None
    ) -> None:
        try:
            own_contract().check("plugin.record.file", value)
        except ValueError as error:
            raise argparse.ArgumentError(self, str(error)) from None
        folder = Path(value).parent
        if "%" not in str(folder) and not is_folder(folder):  # else it is known with the date
            raise argparse.ArgumentError(self, f"there is no folder {folder}; make it, or choose another one")
        words = (f"plugin.record.file={value}", "plugin.record.on=true")
        setattr(namespace, self.dest, [*(getattr(namespace, self.dest) or ()), *words])


def number(text: str) -> float:
    """Parse a number."""
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{short(text)} is not a number") from None


def positive(text: str) -> float:
    """Parse a number above 0."""
    value = number(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{short(text)} is not a number above 0")
    return value


def whole(text: str) -> int:
    """Parse a whole number."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{short(text)} is not a whole number") from None


def whole_from(low: int, high: int) -> Callable[[str], int]:
    """Make a parser of whole numbers in a closed range.

    Parameters
    ----------
    low, high : the closed range
    """

    def parse(text: str) -> int:
        value = whole(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(
                f"{short(text)} is out of range; choose a whole number from {low} to {high}"
            )
        return value

    return parse


port = whole_from(0, 65535)
