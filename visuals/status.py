"""What the renderer tells others: its state once a second, and to monitors what comes in."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from artgen_osc.errors import OscError
from artgen_osc.osc.receiver import OscReceiver
from artgen_osc.osc.sender import OscSender
from artgen_osc.oscquery.server import OscQuery
from artgen_osc.runtime.guard import Guard
from artgen_osc.schema.address_table import Rows
from artgen_osc.schema.values import (
    COUNT_MAX,
    LEVELS,
    MODULATION,
    VISUALS_REFUSAL,
    VISUALS_STATUS,
    Address,
    Painting,
    Value,
    values_of,
)
from visuals.clock import Tick
from visuals.control.connections import shown, told
from visuals.control.controls import Controls
from visuals.control.scenes.folder import Library
from visuals.scene import Scene

EVERY_S = 1.0

LEVELS_EVERY_S = 0.1
"""Between two looks at how far connections are up: bars that move."""

PLUGINS = next(row for row in VISUALS_STATUS if row.path == "/visuals/status/plugins")

MOST_SHOWN = 100
"""Connections that are told one by one."""


@dataclass(frozen=True, slots=True)
class Losses:
    """What the rest of the renderer tells.

    Attributes
    ----------
    lost : frames, snapshots and the like that were lost so far
    plugins : those that can't be used or have ended, and why; empty: none
    values : of addresses of its own, such as what an added output has dropped
    """

    lost: int = 0
    plugins: str = ""
    values: Sequence[tuple[Address, Value]] = ()


class Report:
    """Answers those who subscribe, and tells OSCQuery how all is set.

    Parameters
    ----------
    receiver : whose refused messages are told
    query : is told the state too, or None
    library : whose scenes are told
    controls : how all is set
    rows : what the renderer understands beside the daemon's stream, by path
    losses : asked once a second
    """

    def __init__(
        self,
        receiver: OscReceiver,
        query: OscQuery | None,
        library: Library,
        controls: Controls,
        rows: Rows,
        losses: Callable[[], Losses] = Losses,
    ) -> None:
        self._receiver, self._query, self._library = receiver, query, library
        self._controls, self._rows, self._losses = controls, rows, losses
        self._published: Mapping[str, Value] = {}
        self._failures = 0
        self._sender, self._sending = OscSender(), threading.Lock()
        self._guard = Guard(lambda what, reason: receiver.refuse(what, reason, ""))
        self._heartbeat = 0
        self._next = self._told = self._next_levels = 0.0
        self._connected: tuple[object, ...] = ()
        self._levels = ""

    def receive(self, messages: Iterable[tuple[Address, Value]]) -> list[tuple[Address, Value]]:
        """Take subscriptions out of what has come in; the rest is echoed to those who asked for it, and returned.

        Parameters
        ----------
        messages : as from the receiver
        """
        others: list[tuple[Address, Value]] = []
        for row, value in messages:
            with self._guard(row.path), self._sending:
                try:
                    if row.path == "/visuals/subscribe":
                        self._sender.subscribe(str(value))
                    elif row.path == "/visuals/unsubscribe":
                        self._sender.unsubscribe(str(value))
                    else:
                        others.append((row, value))
                except OscError as error:
                    self._receiver.refuse(row.path, str(error), "")
        with self._sending:
            self._sender.echo([(row, value) for row, value in others if row.path.startswith("/visuals/")])
        return others

    def tell(self, scene: Scene, tick: Tick) -> None:
        """Tell what has changed, and once a second the state.

        Parameters
        ----------
        scene : as it is shown
        tick : of the loop
        """
        self._tell_failures(scene.worker.failures, scene.worker.error)
        values = self._controls.values()
        if self._query and values is not self._published:
            self._published = values
            self._query.publish([(self._rows[path], value) for path, value in values.items()])
        self._tell_connections(scene, tick.now)
        self._tell_state(scene, tick.now)

    def _tell_connections(self, scene: Scene, now: float) -> None:
        """What drives what, whenever that changes, and a few times a second how far it is up."""
        if not self._query or now < self._next_levels:
            return
        self._next_levels = now + LEVELS_EVERY_S
        rows = self._controls.connections.rows
        values: list[tuple[Address, Value]] = []
        if (rows, scene.missed) != self._connected:
            self._connected = rows, scene.missed
            values += [(MODULATION, shown(rows[:MOST_SHOWN], len(rows), scene.missed))]
            values += [(row, value) for row, value in told(rows) if row.path in self._query.rows]
        levels = ",".join(f"{100 * level:.0f}" for level in np.nan_to_num(scene.levels[:MOST_SHOWN]).tolist())
        if levels != self._levels:
            self._levels = levels
            values.append((LEVELS, levels))
        if values:
            self._query.publish(values)

    def _tell_failures(self, failures: int, error: str) -> None:
        """Whoever asked for a model hears that it can't be used, as of anything else that is refused."""
        if failures != self._failures:
            self._receiver.refuse("/visuals/model", error, "", failures - self._failures, logged=True)
            self._failures = failures

    def _tell_state(self, scene: Scene, now: float) -> None:
        if now < self._next:
            return
        self._next = now + EVERY_S
        self._heartbeat += 1
        losses = self._losses()
        state = Painting(
            heartbeat=self._heartbeat,
            fps=min(scene.fps, 10000.0),
            pictures=min(scene.worker.fps, 10000.0),
            valence=scene.mood[0],
            energy=scene.mood[1],
            model=scene.worker.name,
            finish=scene.scale,
            quality=scene.quality.name,
            keyframes=scene.keyframes,
            keyframe=scene.keyframe,
            plugins=losses.plugins,
            scene=scene.name,
            scenes=self._library.listed(),
            refused=self._receiver.refused % COUNT_MAX,
            dropped=(losses.lost + self._sender.dropped + (self._query.dropped if self._query else 0)) % COUNT_MAX,
            overtaken=scene.worker.dropped % COUNT_MAX,
        )
        values = [*values_of(VISUALS_STATUS, state), *losses.values]
        values += [(VISUALS_REFUSAL, text) for text in self._receiver.refused_since(self._told)]
        self._told = now
        self._send(values)

    def tell_plugins(self, troubles: str) -> None:
        """Tell at once what is wrong with plugins, from any thread: the loop may be standing still.

        Parameters
        ----------
        troubles : as `Losses.plugins`
        """
        self._send([(PLUGINS, troubles)])

    def _send(self, values: Sequence[tuple[Address, Value]]) -> None:
        with self._sending:
            self._sender.send(values)
        if self._query:
            self._query.publish(values)

    def close(self) -> None:
        """Send nothing any more."""
        self._sender.close()
