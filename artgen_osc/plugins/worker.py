"""A plugin on a thread of its own: whatever it waits for, nobody waits for it."""

import logging
import threading
from collections.abc import Callable
from time import monotonic

from artgen_osc.plugins.isolation import IsolatedPlugin
from artgen_osc.plugins.registry import State

log = logging.getLogger("artgen.plugins")

MOST_BLOCKED_S = 2.0
"""A plugin that hasn't come back for so long is ended."""

CLOSE_S = 0.5
"""So long is waited at the end of a show for each."""


class PluginWorker:
    """Does one job of a plugin at a time on a thread.

    Parameters
    ----------
    running : the plugin
    """

    def __init__(self, running: IsolatedPlugin) -> None:
        self._running = running
        self._job: Callable[[], None] | None = None
        self._since = 0.0
        self._closed = False
        self._changed = threading.Condition()
        name = f"{running.plugin.kind} {running.name}"
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)
        self._thread.start()

    @property
    def idle(self) -> bool:
        """Whether it takes a job; one that has blocked for `MOST_BLOCKED_S` is ended and never does again."""
        if not self._running.alive or self._closed:
            return False
        job, since = self._job, self._since
        if job is None:
            return True
        if monotonic() - since > MOST_BLOCKED_S:
            self._running.plugin.fail(State.ENDED, f"hasn't come back for {MOST_BLOCKED_S:.0f} s")
        return False

    def start(self, job: Callable[[], None]) -> None:
        """Have a job done; only while it is `idle`. Returns at once."""
        with self._changed:
            self._job, self._since = job, monotonic()
            self._changed.notify_all()

    def close(self) -> None:
        """End the plugin after what it does now; one that doesn't come back is left alone."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(CLOSE_S)

    def _loop(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._job is not None)
                job = self._job
            if job is not None:
                job()  # which calls the plugin by `IsolatedPlugin`, and that raises nothing
                with self._changed:
                    self._job = None
            if self._closed:
                if self._running.alive:  # else it is closed already, or was given up
                    self._running.close()
                return
