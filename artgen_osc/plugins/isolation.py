"""A plugin at work: what it raises, and what it takes too long for, harms nothing else."""

import logging
from collections import Counter
from time import perf_counter
from typing import Any

from artgen_osc.errors import BORNE, PluginError
from artgen_osc.plugins.registry import Plugin, State
from artgen_osc.runtime.text import unexpected
from artgen_osc.runtime.throttle import Throttle

log = logging.getLogger("artgen.plugins")

MOST_IN_A_ROW = 50
"""Failures one after another that end a plugin; the show goes on without it."""

MOST_LOST_S = 1.0
"""So much time may calls that took too long have cost, one after another, before they end it too."""


class IsolatedPlugin:
    """One plugin that is in use. Every call of it goes through here.

    A call that raises, or takes longer than its budget, is counted and told, once and then once a minute. One that
    raises gives what the last good one gave. After `MOST_IN_A_ROW` of them in a row, or `MOST_LOST_S` lost, the plugin
    ends.

    Parameters
    ----------
    plugin : what is registered
    instance : what is called
    budget : s that one call may take; infinite: any time

    Attributes
    ----------
    plugin, instance : as given
    failures : calls that failed so far
    """

    def __init__(self, plugin: Plugin, instance: Any, budget: float = float("inf")) -> None:
        self.plugin = plugin
        self.failures = 0
        self.instance, self._budget = instance, budget
        self._last: dict[str, Any] = {}
        self._in_a_row: Counter[str] = Counter()
        self._lost: dict[str, float] = {}
        self._throttle = Throttle()

    @property
    def name(self) -> str:
        """The plugin's."""
        return self.plugin.name

    @property
    def alive(self) -> bool:
        """Whether it is called at all."""
        return self.plugin.state is State.READY

    def call(self, method: str, *given: Any) -> Any:
        """Call one of its methods.

        Parameters
        ----------
        method : its name
        given : what it is called with

        Returns
        -------
        What it returns; what the last good call returned where it fails or has ended, None before there was one.
        """
        if not self.alive:
            return self._last.get(method)
        start = perf_counter()
        try:
            with self.plugin.called():
                value = getattr(self.instance, method)(*given)
        except BORNE as error:  # a stranger's code may raise anything
            log.debug("%s %s", self.plugin.kind, self.name, exc_info=error)
            self.fail(str(error) if isinstance(error, PluginError) else unexpected(error), method)
            return self._last.get(method)
        taken = perf_counter() - start
        self._last[method] = value
        if taken > self._budget:
            self._lost[method] = self._lost.get(method, 0.0) + taken
            self.fail(f"took {1000 * taken:.1f} ms, where {1000 * self._budget:.0f} ms is the most", method)
        else:
            self._in_a_row[method], self._lost[method] = 0, 0.0
        return value

    def fail(self, reason: str, method: str = "") -> None:
        """Count a failure; many in a row end the plugin.

        Parameters
        ----------
        reason : on one line
        method : what failed; each has a row of its own, so that one that works hides none that doesn't
        """
        self.failures += 1
        self._in_a_row[method] += 1
        if self._in_a_row[method] >= MOST_IN_A_ROW or self._lost.get(method, 0.0) > MOST_LOST_S:
            self.end(reason)
        elif self._throttle.due():
            log.warning("%s %s: %s; the show goes on", self.plugin.kind, self.name, reason)

    def end(self, reason: str) -> None:
        """Call it no more.

        Parameters
        ----------
        reason : on one line
        """
        self.plugin.fail(State.ENDED, reason)
        self.close()

    def close(self) -> None:
        """Let it free what it holds, if it has a ``close``; whatever that raises."""
        try:
            close = getattr(self.instance, "close", None)
            if close is not None:
                with self.plugin.called():
                    close()
        except BORNE as error:
            log.debug("%s %s", self.plugin.kind, self.name, exc_info=error)
