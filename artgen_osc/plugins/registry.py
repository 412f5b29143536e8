"""What plugins there are, by Python entry points: ours are registered by the same groups as everybody's.

A plugin of the kind ``effect`` is an entry point of the group ``artgen.effects``. To list plugins imports none of
them; one that can't be used becomes a state with a reason, and the show starts without it.
"""

import functools
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import Distribution, EntryPoint, entry_points
from pathlib import Path
from time import perf_counter
from typing import Any

from artgen_osc.errors import BORNE, PluginError
from artgen_osc.runtime.deadline import NotBack, within
from artgen_osc.runtime.text import printable, shortened

log = logging.getLogger("artgen.plugins")

OWN_PACKAGE = "artgen-osc"

SOURCES = "artgen.sources"
"""The group of what finds plugins that are no entry points of a package, such as files. Each names a function
``(group, folder)`` that gives entry points of a group: with a folder those of a show, without one those that come with
its package."""

IMPORT_S = 5.0
"""So long may importing an added plugin's module take; a light one takes a tenth of a second."""

LONGEST_TROUBLES = 280
"""Letters of what a status address says of plugins."""


class State(StrEnum):
    """What is known of a plugin."""

    READY = "ready"
    OFF = "off"
    SHADOWED = "not used"
    UNLOADABLE = "can't be loaded"
    MISCONFIGURED = "has wrong settings"
    UNFIT = "failed its check"
    ENDED = "ended after too many failures"
    BLOCKED = "blocks"


@dataclass(slots=True)
class Plugin:
    """One registered plugin.

    Attributes
    ----------
    kind : such as ``effect``
    name : unique within its kind
    package, version : of the distribution that brings it; empty where it is not known
    state : State
    reason : why it can't be used, or what is wrong with it although it is, on one line; empty where all is well
    beside : whether it is called on a thread of its own, so that nothing stands still while it blocks
    called_at : s, when the call of it began that goes on now; 0: there is none
    """

    kind: str
    name: str
    package: str
    version: str
    state: State = State.READY
    reason: str = ""
    beside: bool = False
    called_at: float = 0.0

    @property
    def own(self) -> bool:
        """Whether it is one of ours."""
        return self.package == OWN_PACKAGE

    def fail(self, state: State, reason: str) -> None:
        """Note that it can't be used, and log it.

        Parameters
        ----------
        state : what it is from now on
        reason : why, on one line
        """
        if (self.state, self.reason) != (state, reason):
            self.state, self.reason = state, reason
            log.warning("%s %s: %s (%s); the show goes on without it", self.kind, self.name, state, reason)

    @contextmanager
    def called(self) -> Iterator[None]:
        """It is called in the block under it; see `artgen_osc.plugins.watch.PluginWatch`."""
        before, self.called_at = self.called_at, perf_counter()
        try:
            yield
        finally:
            self.called_at = before


def group_of(kind: str) -> str:
    """The entry point group of a kind.

    >>> group_of("effect")
    'artgen.effects'
    """
    return f"artgen.{kind}s"


@functools.cache
def _every() -> Any:
    """Read once, for all groups: a look goes through the metadata of every package."""
    return entry_points()


def _installed(group: str) -> tuple[EntryPoint, ...]:
    return (*_every().select(group=group), *_found(group, None))


def of_show(folder: Path) -> Callable[[str], Iterable[EntryPoint]]:
    """The plugins of the installed packages and those that lie in the folder of a show, by their group.

    Parameters
    ----------
    folder : of the show file; the current one where there is none
    """
    return lambda group: (*_installed(group), *_found(group, folder))


def _found(group: str, folder: Path | None) -> Iterable[EntryPoint]:
    """What the sources find, each for itself: one that fails leaves the others."""
    for source in _every().select(group=SOURCES):
        try:
            found = _look(source, group, folder)
        except BORNE as error:  # a stranger's source may raise anything
            log.warning("plugins of %s: can't be looked for (%s: %s)", source.name, type(error).__name__, error)
            continue
        for entry in found:
            vars(entry)["dist"] = source.dist if folder is None else None  # what a package brings along is its own
            yield entry


def _look(source: EntryPoint, group: str, folder: Path | None) -> list[EntryPoint]:
    def look() -> list[EntryPoint]:
        return list(source.load()(group, folder))

    own = source.dist is not None and _described(source.dist)[0] == OWN_PACKAGE
    return look() if own else within(IMPORT_S, look, f"plugins of {source.name}")


@functools.cache
def _described(package: Distribution) -> tuple[str, str]:
    """Name and version; read once, since every look parses the metadata."""
    return package.name, package.version


@functools.cache
def own(group: str) -> tuple[EntryPoint, ...]:
    """The entry points of a group that are ours."""
    return tuple(entry for entry in _installed(group) if entry.dist and _described(entry.dist)[0] == OWN_PACKAGE)


class Registry:
    """The plugins of some kinds.

    Where two packages register the same name, ours counts, else that of the package whose name comes first; the
    other is listed with the reason.

    Parameters
    ----------
    kinds : such as ``("effect", "output")``
    found : the entry points of a group; by default those of the installed packages
    """

    def __init__(self, kinds: Sequence[str], found: Callable[[str], Iterable[EntryPoint]] = _installed) -> None:
        self._entries: dict[tuple[str, str], EntryPoint] = {}
        self._plugins: dict[tuple[str, str], Plugin] = {}
        self._shadowed: list[Plugin] = []
        self._loaded: dict[tuple[str, str], Any] = {}
        self._stuck: set[str] = set()
        for kind in kinds:
            listed = [(self._describe(kind, entry), entry) for entry in found(group_of(kind))]
            for plugin, entry in sorted(listed, key=lambda one: (not one[0].own, one[0].package)):
                key = (kind, plugin.name)
                first = self._plugins.setdefault(key, plugin)
                if first is plugin:
                    self._entries[key] = entry
                elif (first.package, self._entries[key].value) != (plugin.package, entry.value):
                    plugin.fail(State.SHADOWED, f"shadowed by {first.package or 'another file'}")
                    self._shadowed.append(plugin)

    @staticmethod
    def _describe(kind: str, entry: EntryPoint) -> Plugin:
        package, version = _described(entry.dist) if entry.dist else ("", "")
        return Plugin(kind, entry.name, package, version)

    def plugins(self, kind: str | None = None) -> list[Plugin]:
        """All that are registered, by kind and name, those that can't be used too; imports none.

        Of those with one name the one in use comes first.

        Parameters
        ----------
        kind : one only; None: all
        """
        listed = [*self._plugins.values(), *self._shadowed]
        return sorted((p for p in listed if kind in (None, p.kind)), key=lambda p: (p.kind, p.name))

    def troubles(self, kinds: Collection[str]) -> str:
        """The plugins of some kinds with which something is wrong, and what, on one line; empty where all is well.

        Where that is too long, their names alone.
        """
        wrong = [one for one in self.plugins() if one.kind in kinds and one.reason and one.state is not State.OFF]
        told = "; ".join(f"{one.kind} {one.name}: {printable(one.reason)}" for one in wrong)
        if len(told) > LONGEST_TROUBLES:  # whose they are says more than all about the first
            told = "; ".join(f"{one.kind} {one.name}" for one in wrong)
        return shortened(told, LONGEST_TROUBLES)

    def switch_off(self, names: Collection[str]) -> list[str]:
        """Use no plugin of these names.

        Returns
        -------
        Those of them that no plugin has
        """
        known: set[str] = set()
        for plugin in self._plugins.values():
            if plugin.name in names:
                known.add(plugin.name)
                if plugin.state is State.READY:
                    plugin.state, plugin.reason = State.OFF, "plugins.off names it"
        return sorted(set(names) - known)

    def copy(self, kind: str, name: str, of: str) -> None:
        """Register a plugin once more, under another name.

        Parameters
        ----------
        kind : such as ``output``
        name : of the copy; no plugin of this kind has it
        of : name of the plugin

        Raises
        ------
        PluginError
            No package registers it.
        """
        first = self.plugin(kind, of)
        self._plugins[kind, name] = Plugin(kind, name, first.package, first.version, first.state, first.reason)
        self._entries[kind, name] = self._entries[kind, of]

    def names(self, kind: str) -> list[str]:
        """Names of a kind, sorted."""
        return sorted(name for of, name in self._plugins if of == kind)

    def plugin(self, kind: str, name: str) -> Plugin:
        """One plugin.

        Parameters
        ----------
        kind : such as ``input``
        name : of its entry point

        Raises
        ------
        PluginError
            No package registers it.
        """
        try:
            return self._plugins[kind, name]
        except KeyError:
            known = ", ".join(self.names(kind)) or "none is installed"
            raise PluginError(f"{name!r}: no {kind} has this name; there are: {known}") from None

    def load(self, kind: str, name: str) -> Any:
        """What the entry point names: imported once, at the first call.

        Parameters
        ----------
        kind : such as ``input``
        name : of its entry point

        Raises
        ------
        PluginError
            No package registers it, or importing it fails; its state says so from then on.
        """
        plugin = self.plugin(kind, name)
        if (kind, name) not in self._loaded:
            entry = self._entries[kind, name]
            try:
                self._loaded[kind, name] = entry.load() if plugin.own else self._import(entry)
            except BORNE as error:  # importing a stranger's module may raise anything
                blocks = isinstance(error, NotBack)
                reason = str(error) if blocks or isinstance(error, PluginError) else f"{type(error).__name__}: {error}"
                plugin.fail(State.BLOCKED if blocks else State.UNLOADABLE, reason)
                log.debug("%s %s", kind, name, exc_info=True)
                raise PluginError(f"{kind} {name}: can't be loaded ({reason})") from error
        return self._loaded[kind, name]

    def _import(self, entry: EntryPoint) -> Any:
        """Once for each package: while one import of it goes on, all others wait for that."""
        package = entry.value.partition(":")[0].partition(".")[0]
        if package in self._stuck:
            raise NotBack(f"importing {package} doesn't come back")
        try:
            return within(IMPORT_S, entry.load, f"import {entry.name}")
        except NotBack as error:
            self._stuck.add(package)
            raise NotBack(f"importing it {error}") from error
