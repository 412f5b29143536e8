"""Plugins at work: ours on the thread of their caller, those that were added each on one of its own, on which it is
made too: whatever such a one waits for, nobody waits for it.
"""

import logging
import threading
from collections.abc import Callable
from typing import Any

from artgen_osc.errors import ArtgenError
from artgen_osc.plugins.factory import make
from artgen_osc.plugins.isolation import IsolatedPlugin
from artgen_osc.plugins.registry import Plugin, State
from artgen_osc.runtime.guard import Guard
from artgen_osc.runtime.text import unexpected

log = logging.getLogger("artgen.plugins")

MAKING_S = 0.5
"""So long does a start wait for a plugin that is being made; it joins the show later then."""

CLOSE_S = 0.5
"""So long is waited at the end of a show for each."""

Call = tuple[Any, ...]
"""The name of a method, and what it is given."""


class Checked:
    """A plugin's instance whose answers are looked at before anybody else sees them, and kept; a base.

    Parameters
    ----------
    instance : somebody's; what isn't looked at is passed on to it
    settings : it was made with
    """

    def __init__(self, instance: Any, settings: Any) -> None:
        self._instance, self._settings = instance, settings

    def __getattr__(self, name: str) -> Any:
        return getattr(self._instance, name)

    def news(self, settings: Any) -> list[Call]:
        """What is to be called where these settings are others than those that count."""
        return [] if settings is self._settings else [("follow", settings)]

    def follow(self, settings: Any) -> None:
        """These settings count from now on."""
        self._settings = settings
        self._instance.settings = settings


class Guarded:
    """One of ours that is called on whatever it raises: the show can't be without it.

    Parameters
    ----------
    plugin : what is registered
    instance : what is called
    guard : bears what it raises
    """

    failures = 0

    def __init__(self, plugin: Plugin, instance: Any, guard: Guard) -> None:
        self.plugin, self.instance, self._guard = plugin, instance, guard

    def call(self, method: str, *given: Any) -> None:
        """Call one of its methods.

        Parameters
        ----------
        method : its name
        given : what it is called with
        """
        with self._guard(f"{self.plugin.kind} {self.plugin.name}"), self.plugin.called():
            getattr(self.instance, method)(*given)

    def close(self) -> None:
        """End it. It may take a while, such as to finish a film: nothing stands still any more."""
        with self._guard(f"{self.plugin.kind} {self.plugin.name}"):
            self.instance.close()


class Inline:
    """A plugin on the thread of its caller.

    Parameters
    ----------
    running : the plugin

    Attributes
    ----------
    running : as given
    """

    idle = True

    def __init__(self, running: IsolatedPlugin | Guarded) -> None:
        self.running = running

    def start(self, *calls: Call) -> None:
        """Do calls, one after the other."""
        for method, *given in calls:
            self.running.call(method, *given)

    def wait(self, seconds: float) -> None:
        """They are done already."""

    def close(self) -> None:
        """End the plugin."""
        self.running.close()


class PluginThread:
    """A plugin on a thread of its own.

    Parameters
    ----------
    plugin : what is registered
    build : makes what is called, on that thread
    budget : s that one call may take

    Attributes
    ----------
    plugin : as given
    running : what is called; None: it isn't made yet, or can't be
    """

    def __init__(self, plugin: Plugin, build: Callable[[], Any], budget: float) -> None:
        self.plugin = plugin
        self.running: IsolatedPlugin | None = None
        self._build, self._budget = build, budget
        self._calls: tuple[Call, ...] = ()
        self._busy, self._closed = True, False
        self._changed = threading.Condition()
        plugin.beside = True
        self._thread = threading.Thread(target=self._run, name=f"{plugin.kind} {plugin.name}", daemon=True)
        self._thread.start()
        with self._changed:
            self._changed.wait_for(lambda: not self._busy, MAKING_S)

    @property
    def idle(self) -> bool:
        """Whether it takes calls now; one that has ended never does again."""
        return not self._busy and not self._closed and self.running is not None and self.running.alive

    def start(self, *calls: Call) -> None:
        """Have calls done, one after the other; only while it is `idle`. Returns at once."""
        with self._changed:
            self._calls, self._busy = calls, True
            self._changed.notify_all()

    def wait(self, seconds: float) -> None:
        """Wait until they are done, but no longer than so many s."""
        with self._changed:
            self._changed.wait_for(lambda: not self._busy, seconds)

    def close(self) -> None:
        """End the plugin after what it does now; one that doesn't come back is left alone."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(CLOSE_S)

    def _run(self) -> None:
        running = self._made()
        with self._changed:
            self.running, self._busy = running, False
            if running is not None and self.plugin.state is State.BLOCKED:  # it was given up too early
                self.plugin.state, self.plugin.reason = State.READY, ""
                log.warning("%s %s: has been made now; the show goes on with it", self.plugin.kind, self.plugin.name)
            self._changed.notify_all()
        while running is not None:
            with self._changed:
                self._changed.wait_for(lambda: self._busy or self._closed)
                calls, self._calls = self._calls, ()
            for method, *given in calls:
                try:
                    running.call(method, *given)
                except KeyboardInterrupt as error:  # no user's: those reach the main thread
                    running.fail(unexpected(error), method)
            with self._changed:
                self._busy = False
                self._changed.notify_all()
            if self._closed:
                if running.alive:  # else it is closed already, or was given up
                    running.close()
                return

    def _made(self) -> IsolatedPlugin | None:
        try:
            with self.plugin.called():
                made = make(self.plugin, self._build)
        except (ArtgenError, KeyboardInterrupt) as error:
            made = None
            reason = str(error) if isinstance(error, ArtgenError) else unexpected(error)
            self.plugin.fail(State.UNLOADABLE, reason)
        return None if made is None else IsolatedPlugin(self.plugin, made, self._budget)


Worker = Inline | PluginThread


def at_work(plugin: Plugin, loaded: Any, build: Callable[[], Any], budget: float, guard: Guard) -> Worker | None:
    """A plugin at work; None where it is one of ours that can't be made.

    One of ours with an attribute ``direct`` that is true is made and called on the thread of its caller.

    Parameters
    ----------
    plugin : what is registered
    loaded : what its entry point names
    build : makes what is called
    budget : s that one call may take, on a thread of its own
    guard : bears what one on the caller's thread raises

    Raises
    ------
    ArtgenError
        As `make`.
    """
    if not (plugin.own and getattr(loaded, "direct", False) is True):
        return PluginThread(plugin, build, budget)
    made = make(plugin, build)
    return None if made is None else Inline(Guarded(plugin, made, guard))
