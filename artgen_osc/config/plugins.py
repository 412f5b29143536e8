"""The plugins of a show, and the contract that they and we make together."""

import functools

from artgen_osc.config.contract import PREFIXES, Contract, Declared
from artgen_osc.errors import BORNE, PluginError
from artgen_osc.plugins.registry import Plugin, Registry, State, own
from artgen_osc.runtime.text import unexpected

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


def own_registry() -> Registry:
    """Our own plugins alone, which are small to load."""
    return Registry(KINDS, own)


@functools.cache
def own_contract() -> Contract:
    """What can be set and said without added plugins; made once, since every command asks for it."""
    return contract_of(own_registry())
