"""Makes the plugins of a show, each for itself."""

import logging
from collections.abc import Iterator
from typing import Any

from artgen_osc.errors import BORNE, ArtgenError, PluginError
from artgen_osc.plugins.registry import Plugin, Registry, State
from artgen_osc.runtime.text import unexpected

log = logging.getLogger("artgen.plugins")


def classes(registry: Registry, kind: str) -> Iterator[tuple[Plugin, Any]]:
    """The plugins of a kind that can be used, by name, with what their entry points name.

    Parameters
    ----------
    registry : of the show
    kind : such as ``effect``
    """
    for plugin in registry.plugins(kind):
        if plugin.state is State.READY:
            try:
                loaded = registry.load(kind, plugin.name)
            except PluginError:
                continue  # the registry has noted it
            yield plugin, loaded


def make(plugin: Plugin, loaded: Any, *given: Any) -> Any | None:
    """What `loaded` makes; None where it can't be made, which becomes the plugin's state.

    Parameters
    ----------
    plugin : what is registered
    loaded : the class that its entry point names, or what makes something of it
    given : what it is called with

    Raises
    ------
    ArtgenError
        One of ours can't be made, such as a window without a display: whoever starts the show wants to know.
    """
    try:
        return loaded(*given)
    except BORNE as error:  # a stranger's code may raise anything
        foreseen = isinstance(error, ArtgenError)
        if foreseen and plugin.own:
            raise
        log.debug("%s %s", plugin.kind, plugin.name, exc_info=error)
        state = State.UNFIT if isinstance(error, PluginError) else State.UNLOADABLE
        plugin.fail(state, str(error) if foreseen else unexpected(error))
        return None
