"""What every training command shares: flags that are checked, and errors that are one line.

A command's ``main`` is `run_command` around its work, its parser a `Parser`, and each flag has a type from here.
"""

import argparse
import difflib
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Never

from artgen_osc.errors import ArtgenError, ConfigError
from artgen_osc.runtime.files import open_regular
from artgen_osc.runtime.text import make_streams_safe, printable, say

FULL = "the memory is too small for that; fewer or smaller files, or a smaller --batch, --size or --width, fit"
MOST_THREADS = 1024


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with a command, and ends with status 2."""

    def error(self, message: str) -> Never:
        """See `argparse.ArgumentParser.error`."""
        message = message.removeprefix("argument ")
        if message.startswith("unrecognized arguments: "):
            unknown = message.removeprefix("unrecognized arguments: ").split(" ")[0].partition("=")[0]
            flags = {flag for parser in (self, *self._below()) for flag in parser._option_string_actions}
            near = difflib.get_close_matches(unknown, flags, 1)
            message = f"{unknown}: isn't known" + (f"; did you mean {near[0]}?" if near else "")
        message += "" if message.endswith("?") else ";"
        say(f"{_short(self.prog)}: {message} {self.prog} --help lists all there is", sys.stderr)
        sys.exit(2)

    def _below(self) -> list[argparse.ArgumentParser]:
        found = [action for action in self._actions if isinstance(action, argparse._SubParsersAction)]
        return [parser for action in found for parser in action.choices.values()]


def _short(prog: str) -> str:
    return prog.removeprefix("python -m training.").partition(" ")[0]


def run_command(name: str, work: Callable[[], int | None]) -> int:
    """Do the work of a command; what the user can act on is one line on the standard error output.

    Parameters
    ----------
    name : of the command, which the line begins with
    work : reads the command line and does what it says; returns a status, or None for 0

    Returns
    -------
    The exit status: that of `work`, 2 after an error, 130 after Ctrl-C
    """
    make_streams_safe()
    try:
        return work() or 0
    except KeyboardInterrupt:
        say(f"{name}: stopped; what was kept so far stays", sys.stderr)
        return 130
    except MemoryError:
        reason = FULL
    except RuntimeError as error:
        # torch has no error of its own for the memory of the processor.
        if not any(word in str(error) for word in ("allocate memory", "out of memory", "overflow")):
            raise
        reason = FULL
    except OSError as error:
        reason = ": ".join(str(part) for part in (error.filename, error.strerror or error) if part)
    except (ArtgenError, ValueError, ImportError) as error:
        reason = str(error)
    say(f"{name}: " + "; ".join(filter(None, reason.splitlines())), sys.stderr)
    return 2


def say_skipped(lines: list[str] | tuple[str, ...]) -> None:
    """A line on each file or row that isn't used, or is used with a doubt."""
    for line in lines:
        say(f"note: {printable(line)}", sys.stderr)


def whole_number(least: int, most: int = 2**31 - 1) -> Callable[[str], int]:
    """Type of a flag: a whole number.

    Parameters
    ----------
    least, most : the closed range
    """

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} isn't a whole number") from None
        if not least <= value <= most:
            bound = f"{least} or more" if value < least else f"{most} or less"
            raise argparse.ArgumentTypeError(f"{value} is out of range; choose {bound}")
        return value

    return read


def number(least: float, most: float = math.inf, above: bool = False) -> Callable[[str], float]:
    """Type of a flag: a finite number.

    Parameters
    ----------
    least, most : the closed range
    above : `least` itself isn't in it
    """

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} isn't a number") from None
        if not (math.isfinite(value) and least <= value <= most) or (above and value == least):
            bounds = f"a number above {least:g}" if above else f"{least:g} or more"
            raise argparse.ArgumentTypeError(
                f"{text} is out of range; choose {f'{least:g} to {most:g}' if most < math.inf else bounds}"
            )
        return value

    return read


def named_path(text: str) -> Path:
    """Type of a flag that names a file or a folder.

    Raises
    ------
    argparse.ArgumentTypeError
        No file can have this name.
    """
    if not text or "\0" in text:
        raise argparse.ArgumentTypeError("no file can have this name" if text else "is empty; give a name")
    return Path(text)


def need_file(flag: str, named: str | Path) -> None:
    """Make sure that a file can be read before any work begins.

    Parameters
    ----------
    flag : that named it, or nothing
    named : the file

    Raises
    ------
    ConfigError
        It isn't there, or is something else than a file.
    """
    try:
        open_regular(named).close()
    except OSError as error:
        place = f"{flag}: {named}" if flag else str(named)
        raise ConfigError(f"{place}: can't be read ({error.strerror}); check the path") from None
