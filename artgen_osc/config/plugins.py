"""The plugins of a show, and the contract that they and we make together."""

import functools
from collections.abc import Iterable
from dataclasses import fields

from artgen_osc.config.contract import PREFIXES, Contract, Declared
from artgen_osc.config.tables import check_copies
from artgen_osc.errors import BORNE, PluginError
from artgen_osc.plugins.registry import Plugin, Registry, State, own
from artgen_osc.runtime.text import nearest, unexpected

KINDS = tuple(PREFIXES)
"""Every kind of plugin."""


def contract_of(registry: Registry) -> Contract:
    """What can be set and said with all plugins that can be used; what can't becomes a state with a reason.

    Parameters
    ----------
    registry : of all kinds
    """
    declared: list[tuple[Plugin, Declared]] = []
    unusable: list[str] = []
    # Ours first: what an added one declares harms none of them.
    for plugin in sorted(registry.plugins(), key=lambda one: not one.own):
        # What is ours is known when it is switched off too: its settings may stand in any show file and scene.
        known = plugin.state is State.READY or (plugin.own and plugin.state is State.OFF)
        one = _declared(registry, plugin) if known else None
        if one is None:
            unusable.append(plugin.name)
        else:
            declared.append((plugin, one))
    try:
        return Contract([one for _, one in declared], unusable)
    except BORNE:  # a stranger's declaration may be anything; we look whose it is
        return _without_the_wrong(declared, unusable)


def _declared(registry: Registry, plugin: Plugin) -> Declared | None:
    """What a plugin declares; None where that can't be used."""
    try:
        loaded = registry.load(plugin.kind, plugin.name)
        return Declared(
            plugin.kind,
            plugin.name,
            getattr(loaded, "Settings", None),
            tuple(getattr(loaded, "outputs", ())) if plugin.kind == "extractor" else (),
            tuple(getattr(loaded, "tells", ())) if plugin.kind == "output" else (),
            plugin.own,
        )
    except PluginError:
        return None  # the registry has noted it
    except BORNE as error:
        _misconfigured(plugin, error)
        return None


def _without_the_wrong(declared: list[tuple[Plugin, Declared]], unusable: list[str]) -> Contract:
    """The contract with those that it can be made with, each tried beside those before it."""
    right: list[Declared] = []
    for plugin, one in declared:
        try:
            if not one.own:
                Contract([*right, one])
            right.append(one)
        except BORNE as error:
            _misconfigured(plugin, error)
            unusable.append(plugin.name)
    return Contract(right, unusable)


def _misconfigured(plugin: Plugin, error: BaseException) -> None:
    plugin.fail(State.MISCONFIGURED, str(error) if isinstance(error, ValueError) else unexpected(error))


def add_copies(registry: Registry, wanted: Iterable[str]) -> list[str]:
    """Register outputs once more, so that each may be on several times.

    Parameters
    ----------
    registry : of all kinds
    wanted : ``NAME=OUTPUT`` each

    Returns
    -------
    What is wrong with those that can't be had
    """
    mistakes: list[str] = []
    for copy in wanted:
        try:
            check_copies((copy,))
        except ValueError as error:
            mistakes.append(f"plugins.copies: {error}")
            continue
        name, _, of = copy.partition("=")
        able = [one for one in registry.names("output") if _may_be_twice(registry, one)]
        if of not in able:
            mistakes.append(
                f"plugins.copies: {name}={of}: {of} is no output that can be there twice; {nearest(of, able)}"
            )
        elif any(name in registry.names(kind) for kind in KINDS):
            mistakes.append(f"plugins.copies: {name}={of}: {name} is the name of a plugin; choose another one")
        else:
            registry.copy("output", name, of)
    return mistakes


def _may_be_twice(registry: Registry, name: str) -> bool:
    """Whether all settings of an output are in its own table: then a copy has its own."""
    try:
        loaded = registry.load("output", name)
        declared = loaded.Settings
        return not getattr(loaded, "target", False) and not any(one.metadata["key"] for one in fields(declared))
    except BORNE:  # a stranger's declaration may be anything
        return False


def own_registry() -> Registry:
    """Our own plugins alone, which are small to load."""
    return Registry(KINDS, own)


@functools.cache
def own_contract() -> Contract:
    """What can be set and said without added plugins; made once, since every command asks for it."""
    return contract_of(own_registry())
