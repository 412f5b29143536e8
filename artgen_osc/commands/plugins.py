"""``artgen plugins``."""

import argparse
import contextlib
import dataclasses
import json
import logging
from collections.abc import Iterator

from artgen_osc.config.arguments import Command, settings
from artgen_osc.config.settings import ConfigFile
from artgen_osc.errors import PluginError
from artgen_osc.plugins import hung
from artgen_osc.plugins.registry import Plugin, State
from artgen_osc.runtime.text import nearest, printable, say

TOLD = ("kind", "name", "package", "version", "state", "reason")
"""What JSON tells of a plugin."""


def add(command: Command) -> None:
    """Add the command and its action."""
    what = "List the plugins: what they are, whose they are, and whether they can be used."
    parser = command("plugins", run, what, "artgen plugins --config show.toml", ())
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", parser_class=type(parser))
    what = "Check that a plugin keeps what its kind promises; with its settings as --set and --config say."
    check = command("check", run_check, what, "artgen plugins check vignette", (), of=actions)
    check.add_argument("name", metavar="NAME", help="its name, or NAME:REST, as for --input")
    check.add_argument("--json", action="store_true", help="one JSON object a line")


@contextlib.contextmanager
def _show(given: argparse.Namespace, every: bool = False) -> Iterator[ConfigFile]:
    """The show, which has loaded all plugins: each has its state, so the log says it only to who asked for more."""
    log = logging.getLogger("artgen.plugins")
    before = log.level
    if not given.verbose:
        log.setLevel(logging.CRITICAL)
    try:
        yield settings(given, every)
    finally:
        log.setLevel(before)


def run(given: argparse.Namespace) -> int:
    """List them."""
    with _show(given) as show:
        plugins = show.registry.plugins()
    if given.json:
        for plugin in plugins:
            say(json.dumps({key: getattr(plugin, key) for key in TOLD}))
        return 0
    rows = [[printable(word) for word in _words(plugin)] for plugin in plugins]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        say("  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip())
    if not rows:
        say("no plugins; docs/plugins.md leads to one of your own")
    return 0


def _words(plugin: Plugin) -> tuple[str, ...]:
    package = f"{plugin.package} {plugin.version}".strip()
    state = f"{plugin.state}: {plugin.reason}" if plugin.reason else str(plugin.state)
    return plugin.kind, plugin.name, package, state


def run_check(given: argparse.Namespace) -> int:
    """Check one; 1 where a check fails."""
    with _show(given, every=True) as show:
        return _check(given, show)


def _check(given: argparse.Namespace, show: ConfigFile) -> int:
    from artgen_osc.testing.check import case_of, checks_of, run_check

    registry = show.registry
    name, _, rest = given.name.partition(":")
    found = [plugin for plugin in registry.plugins() if plugin.name == name]
    if not found:
        known = sorted({plugin.name for plugin in registry.plugins()})
        choice = nearest(name, known) if known else "none is installed"
        raise PluginError(f"{name!r}: no plugin has this name; {choice}")
    failed = False
    for plugin in found:
        if plugin.state not in (State.READY, State.OFF):
            _tell(given, plugin, "can be used", "failed", f"{plugin.state}: {plugin.reason}")
            failed = True
            continue
        case = case_of(registry.load(plugin.kind, plugin.name), rest)
        if case.settings is not None:
            case = dataclasses.replace(case, settings=show.config.plugin[name])
        for check in checks_of(plugin.kind):
            result = run_check(check, case)
            _tell(given, plugin, *dataclasses.astuple(result))
            failed = failed or result.result == "failed"
    if not failed:
        for plugin in found:
            hung.forget(plugin)
    return 1 if failed else 0


def _tell(given: argparse.Namespace, plugin: Plugin, check: str, result: str, reason: str) -> None:
    if given.json:
        told = {"kind": plugin.kind, "name": plugin.name, "check": check, "result": result, "reason": reason}
        say(json.dumps(told))
    else:
        say(f"{plugin.kind} {plugin.name}: {check}: {result}{f' ({printable(reason)})' if reason else ''}")
