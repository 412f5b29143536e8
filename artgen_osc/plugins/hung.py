"""Which plugins have stood a show still: a note is there as long as one doesn't come back, so it outlives the show that
was ended then, and the next one leaves the plugin out. Another version of its package is tried again.
"""

import contextlib
import logging
from pathlib import Path
from urllib.parse import quote

from artgen_osc.plugins.registry import Plugin, Registry, State
from artgen_osc.runtime.files import is_folder
from artgen_osc.runtime.text import unexpected

log = logging.getLogger("artgen.plugins")


def _folder() -> Path:
    from platformdirs import user_state_path

    return user_state_path("artgen-osc", appauthor=False) / "hung"


def _name(plugin: Plugin) -> str:
    return quote(f"{plugin.kind} {plugin.name}", safe=" ")


def _package(plugin: Plugin) -> str:
    return f"{plugin.package} {plugin.version}"


def note(plugin: Plugin) -> None:
    """It doesn't come back."""
    try:
        _folder().mkdir(parents=True, exist_ok=True)
        (_folder() / _name(plugin)).write_text(_package(plugin), encoding="utf-8")
    except OSError as error:
        log.warning("%s %s: the next show won't know of it (%s)", plugin.kind, plugin.name, unexpected(error))


def forget(plugin: Plugin) -> None:
    """It has come back, or somebody has seen that it does."""
    with contextlib.suppress(OSError):
        (_folder() / _name(plugin)).unlink(missing_ok=True)


def leave_out(registry: Registry) -> None:
    """Use none of those in whose call a show was ended.

    Parameters
    ----------
    registry : before any of it is loaded
    """
    folder = _folder()
    if not is_folder(folder):
        return
    for plugin in registry.plugins():
        with contextlib.suppress(OSError, ValueError):
            if (folder / _name(plugin)).read_text(encoding="utf-8") == _package(plugin):
                how = f"artgen plugins check {plugin.name} takes it in again"
                plugin.fail(State.BLOCKED, f"a show ended while it didn't come back; {how}")
