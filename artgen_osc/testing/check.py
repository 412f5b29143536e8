"""A check is a function that is given a `Case` and raises where the plugin doesn't keep what its kind promises.

The checks of a kind are a tuple, found by the entry point of the group ``artgen.checks`` that has the kind's name.
``artgen plugins check`` and the fixture ``conforms`` run the same ones.
"""

import dataclasses
import functools
import math
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any, Literal

from artgen_osc.errors import ArtgenError
from artgen_osc.runtime.text import unexpected
from artgen_osc.schema.setting import check_declared, settings_of

GROUP = "artgen.checks"

HEAVY = ("aiohttp", "av", "moderngl", "onnxruntime", "openvino", "PIL", "pygame", "scipy", "sounddevice", "torch")
"""What takes long to import; the command line loads every plugin to know its settings."""

IMPORT_S = 60.0
QUICK_IMPORT_S = 1.0


class CheckFailed(AssertionError):
    """A plugin doesn't keep what its kind promises; the text says what."""


class NotHere(Exception):
    """A check can't be made here, such as one of a microphone where there is none; the text says why."""


@dataclass(frozen=True, slots=True)
class Case:
    """A plugin to be checked.

    Attributes
    ----------
    plugin : the class that its entry point names
    settings : an instance of its ``Settings``, None where it has none
    rest : what follows ``NAME:``, for an input or a layer that takes something; the model, for a generator
    host : what an input, an output or a surface is made with; None: a host of a show in which nothing goes on
    """

    plugin: Any
    settings: Any = None
    rest: str = ""
    host: Any = None

    def with_settings(self, **changed: Any) -> "Case":
        """The same with other settings."""
        return dataclasses.replace(self, settings=dataclasses.replace(self.settings, **changed))


Check = Callable[[Case], None]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one check.

    Attributes
    ----------
    check : its name, as words
    result : ``passed``, ``failed``, or ``skipped`` where it can't be made here
    reason : why it failed or was skipped; empty otherwise
    """

    check: str
    result: Literal["passed", "failed", "skipped"]
    reason: str = ""


def case_of(plugin: Any, rest: str = "", host: Any = None, **settings: Any) -> Case:
    """A case of a plugin.

    Parameters
    ----------
    plugin : the class
    rest, host : see `Case`
    settings : those that aren't as declared
    """
    declared = getattr(plugin, "Settings", None)
    return Case(plugin, None if declared is None else declared(**settings), rest, host)


def require(kept: object, otherwise: str) -> None:
    """Fail a check unless something is so.

    Parameters
    ----------
    kept : true or false, as of `bool`
    otherwise : what is wrong

    Raises
    ------
    CheckFailed
        With the text `otherwise`.
    """
    if not kept:
        raise CheckFailed(otherwise)


def settings_are_declared(case: Case) -> None:
    """``Settings`` is a frozen dataclass of fields that are made by `setting`, and each default passes its check."""
    declared = getattr(case.plugin, "Settings", None)
    if declared is None:
        return
    try:
        check_declared(declared)
    except ValueError as error:
        raise CheckFailed(str(error)) from None
    for setting in settings_of("plugin.NAME", declared, "/NAME/").values():
        require(setting.doc, f"Settings.{setting.field} has no doc; say in a line what it does")


def import_is_light(case: Case) -> None:
    """Its module imports nothing heavy and takes no time: every command that loads plugins waits for it."""
    module = case.plugin.__module__
    if module == "__main__" or module not in sys.modules:
        raise NotHere(f"{module} can't be imported by its name")
    path = [word for word in sys.path if word]
    code = (
        f"import sys, time; sys.path[:0] = {path!r}; import artgen_osc.schema.setting; start = time.perf_counter(); "
        f"import {module}; print(); print(time.perf_counter() - start, *sys.modules)"
    )
    least = math.inf
    for _ in range(3):  # a busy machine makes one slow
        done = subprocess.run(
            [sys.executable, "-P", "-c", code],
            capture_output=True,
            text=True,
            timeout=IMPORT_S,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode:
            raise NotHere(f"{module} can't be imported by itself ({''.join(done.stderr.splitlines()[-1:])})")
        took, *modules = done.stdout.splitlines()[-1].split()
        least = min(least, float(took))
        if least <= QUICK_IMPORT_S:
            break
    found = [name for name in HEAVY if name in modules]
    require(not found, f"importing {module} imports {', '.join(found)} too; import them in the functions that use them")
    most = f"{QUICK_IMPORT_S:g} s is the most"
    require(least <= QUICK_IMPORT_S, f"importing {module} takes {least:.1f} s, where {most}")


COMMON: tuple[Check, ...] = (settings_are_declared, import_is_light)
"""The checks of every kind."""


def settings_at_their_ends(case: Case) -> Iterator[Case]:
    """The case as it is, and with every number at its lowest, and at its highest; switches are off, and on."""
    yield case
    if case.settings is None:
        return
    found = settings_of("plugin.NAME", type(case.settings), "/NAME/").values()
    for end in ("low", "high"):
        changed: dict[str, Any] = {}
        for setting in found:
            kind = type(setting.default)
            if kind is bool:
                changed[setting.field] = end == "high"
            elif kind in (int, float):
                changed[setting.field] = kind(getattr(setting, end))
        yield case.with_settings(**changed)


def at_rest(case: Case) -> Case:
    """The case with every number at its lowest and every switch off."""
    return list(settings_at_their_ends(case))[-2 if case.settings is not None else 0]


def require_quick(seconds: Sequence[float], median: float, longest: float, what: str) -> None:
    """Raise `CheckFailed` unless calls were quick.

    Parameters
    ----------
    seconds : s that each call took
    median, longest : s that the median and the longest may be
    what : what was called, for the text
    """
    middle, most = statistics.median(seconds), max(seconds)
    require(middle <= median, f"{what} takes {1000 * middle:.1f} ms; {1000 * median:.0f} ms is the most")
    require(most <= longest, f"{what} took {1000 * most:.1f} ms once; {1000 * longest:.0f} ms is the most")


def run_check(check: Check, case: Case) -> Result:
    """Run one check; whatever the plugin raises is a failure of it.

    Parameters
    ----------
    check : the check
    case : what is checked
    """
    name = name_of(check)
    try:
        check(case)
    except NotHere as reason:
        return Result(name, "skipped", str(reason))
    except CheckFailed as reason:
        return Result(name, "failed", str(reason))
    except ArtgenError as error:
        return Result(name, "failed", str(error))
    except Exception as error:  # a stranger's code may raise anything
        return Result(name, "failed", unexpected(error))
    return Result(name, "passed")


def name_of(check: Check) -> str:
    """Its name as words.

    >>> name_of(settings_are_declared)
    'settings are declared'
    """
    return getattr(check, "__name__", repr(check)).replace("_", " ")


@functools.cache
def checks_of(kind: str) -> tuple[Check, ...]:
    """The checks of a kind of plugin.

    Raises
    ------
    KeyError
        Nobody has any for this kind.
    """
    for entry in entry_points(group=GROUP, name=kind):
        return (*COMMON, *entry.load())
    raise KeyError(kind)
