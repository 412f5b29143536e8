"""Names the plugin that doesn't come back, from a thread of its own: who called it can't."""

import logging
import threading
from collections.abc import Callable

from artgen_osc.plugins import hung
from artgen_osc.plugins.registry import Plugin, Registry, State
from artgen_osc.runtime.guard import Guard

log = logging.getLogger("artgen.plugins")

EVERY_S = 0.25
"""Between two looks. They are counted, so that a process that was stopped meanwhile accuses nobody."""

LOOKS = 8
"""A call that goes on at so many looks doesn't come back."""

GENERATOR_LOOKS = 80
"""A large model may need seconds for a picture."""


class PluginWatch:
    """Looks who is called, and for how long.

    One that has a thread of its own is ended. One that stands the whole show still is named, and noted for the next
    show; see `artgen_osc.plugins.hung`.

    Parameters
    ----------
    registry : of the plugins

    Attributes
    ----------
    tell : called on the thread that looks, when one stands the show still: nobody else can tell that then
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self.tell: Callable[[], None] = lambda: None
        self._seen: dict[tuple[int, float], int] = {}
        self._standing: Plugin | None = None
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Look no more."""
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closed.wait(EVERY_S):
            self.look()

    def look(self) -> None:
        """See who is called now; the thread does."""
        called = [(plugin.called_at, plugin) for plugin in self._registry.plugins()]
        beside = [(at, plugin) for at, plugin in called if at and plugin.beside]
        waited_for = [(at, plugin) for at, plugin in called if at and not plugin.beside]
        # Of those that call each other the innermost is the one.
        innermost = [max(waited_for, key=lambda one: one[0])] if waited_for else []
        before, self._seen = self._seen, {}
        standing = None
        for at, plugin in (*beside, *innermost):
            looks = self._seen[id(plugin), at] = before.get((id(plugin), at), 0) + 1
            most = GENERATOR_LOOKS if plugin.kind == "generator" else LOOKS
            if looks >= most and not plugin.beside:
                standing = plugin
            elif looks == most:
                plugin.fail(State.BLOCKED, f"hasn't come back for {most * EVERY_S:.0f} s")
        if standing is not self._standing:
            if self._standing is not None:
                self._is_back(self._standing)
            if standing is not None:
                self._stands(standing)
        self._standing = standing

    def _stands(self, plugin: Plugin) -> None:
        plugin.reason = f"hasn't come back for {LOOKS * EVERY_S:.0f} s"
        what = "the show stands still until it does"
        if not plugin.own:
            hung.note(plugin)
            what += ", and the next one leaves it out"
        log.warning("%s %s: %s; %s", plugin.kind, plugin.name, plugin.reason, what)
        with Guard(lambda what, reason: log.warning("%s: %s", what, reason))("watch"):
            self.tell()

    def _is_back(self, plugin: Plugin) -> None:
        plugin.reason = ""
        hung.forget(plugin)
        log.warning("%s %s: has come back; the show goes on", plugin.kind, plugin.name)
