"""The plugins of a show, and the contract that they and we make together."""

import functools

from artgen_osc.config.contract import PREFIXES, Contract, Declared
from artgen_osc.errors import PluginError
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
    declared: list[Declared] = []
    unusable: list[str] = []
    # Ours first: what an added one declares is checked against what there is.
    for plugin in sorted(registry.plugins(), key=lambda one: not one.own):
        one = _declared(registry, plugin, declared) if plugin.state is State.READY else None
        if one is None:
            unusable.append(plugin.name)
        else:
            declared.append(one)
    return Contract(declared, unusable)


def _declared(registry: Registry, plugin: Plugin, before: list[Declared]) -> Declared | None:
    """What a plugin declares; None where that can't be used."""
    try:
        loaded = registry.load(plugin.kind, plugin.name)
        one = Declared(
            plugin.kind,
            plugin.name,
            getattr(loaded, "Settings", None),
            tuple(getattr(loaded, "outputs", ())) if plugin.kind == "extractor" else (),
            plugin.own,
        )
        if not one.own:
            Contract([*before, one])
    except PluginError:
        return None  # the registry has noted it
    except Exception as error:  # a stranger's declaration may be anything
        plugin.fail(State.MISCONFIGURED, str(error) if isinstance(error, ValueError) else unexpected(error))
        return None
    return one


def own_registry() -> Registry:
    """Our own plugins alone, which are small to load."""
    return Registry(KINDS, own)


@functools.cache
def own_contract() -> Contract:
    """What can be set and said without added plugins; made once, since every command asks for it."""
    return contract_of(own_registry())
