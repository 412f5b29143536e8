"""The outputs of a show at work: ours on the loop's thread, those that were added each on one of its own."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from artgen_osc.config.contract import PREFIXES
from artgen_osc.errors import BORNE, PluginError
from artgen_osc.plugins.factory import classes, make
from artgen_osc.plugins.registry import Plugin, Registry, State
from artgen_osc.plugins.worker import Checked, Inline, Worker, at_work
from artgen_osc.runtime.guard import Guard
from artgen_osc.runtime.text import short
from artgen_osc.schema.address import COUNT_MAX, Address, Value
from artgen_osc.schema.address_table import Rows
from visuals.generators.generator import Frame
from visuals.outputs.kind import OutputHost, Target
from visuals.outputs.memory import Memory

BUDGET_S = 0.002
MOST_SIDE = 8192
"""Pixels of a frame's side that an output may want."""

Size = tuple[int, int]


def open_target(registry: Registry, settings: Mapping[str, Any], host: OutputHost) -> Target:
    """Where frames are drawn: the first output that is a target; memory where there is none, or no screen is wanted.

    Parameters
    ----------
    registry : of the plugins
    settings : those of each plugin, by its name
    host : what it may use

    Raises
    ------
    DisplayError
        There is no display or no OpenGL.
    """
    for plugin, loaded in classes(registry, "output") if not host.config.headless else ():
        if _is_target(plugin, loaded):
            made: Target | None = make(plugin, loaded, settings.get(plugin.name), host)
            if made is not None:
                return made
    return Memory((host.config.width, host.config.height))


def _is_target(plugin: Plugin, loaded: Any) -> bool:
    return plugin.own and getattr(loaded, "target", False) is True


def _checked_size(size: Any) -> Size | None:
    if size is None:
        return None
    try:
        width, height = size
        whole = int(width) == width and int(height) == height
    except (TypeError, ValueError, OverflowError):
        whole = False
    if not whole or not (1 <= width <= MOST_SIDE and 1 <= height <= MOST_SIDE):
        raise PluginError(f"wants gave {short(size)}; (width, height) from 1 to {MOST_SIDE} pixels or None is expected")
    return int(width), int(height)


class _Checked(Checked):
    """An output whose answers are looked at before anybody else sees them."""

    def __init__(self, output: Any, settings: Any) -> None:
        super().__init__(output, settings)
        self.alpha = getattr(output, "alpha", False) is True
        self.size: Size | None = None

    @property
    def dropped(self) -> int:
        try:
            return int(getattr(self._instance, "dropped", 0))
        except BORNE:  # a stranger's counter may be anything
            return 0

    def wants(self, time: float) -> None:
        self.size = None
        self.size = _checked_size(self._instance.wants(time))


def _made(loaded: Any, settings: Any, host: OutputHost) -> _Checked:
    return _Checked(loaded(settings, host), settings)


class _Output:
    """An output at work. One with a thread of its own is asked one frame ahead."""

    def __init__(self, plugin: Plugin, worker: Worker) -> None:
        self.name = plugin.name
        self._plugin, self._worker = plugin, worker
        self._direct = isinstance(worker, Inline)
        self._taking = False
        self._missed = 0

    @property
    def _checked(self) -> _Checked | None:
        """None while it is being made."""
        running = self._worker.running
        return None if running is None else running.instance

    @property
    def dropped(self) -> int:
        """Frames that were lost so far: while it was busy, and as it says itself."""
        checked = self._checked
        return self._missed + (0 if checked is None else checked.dropped)

    def prepare(self, time: float) -> None:
        """See `visuals.outputs.kind.Direct`."""
        if self._direct:
            self._worker.start(("prepare", time))

    def publish(self, read: Callable[..., Frame], settings: Any, time: float) -> None:
        """Give it this frame if it wants it; see `Outputs.publish`."""
        checked = self._checked
        if checked is None or not self._worker.idle:
            self._missed += self._taking and self._plugin.state is State.READY
            return
        if self._direct:
            self._worker.start(*checked.news(settings), ("wants", time))
        size, taken = checked.size, []
        self._taking = size is not None
        if size is not None:
            taken.append(("take", read(size, alpha=True) if checked.alpha else read(size), time))
        if self._direct:
            self._worker.start(*taken)
        else:
            self._worker.start(*checked.news(settings), *taken, ("wants", time))

    def close(self) -> None:
        """End it."""
        self._worker.close()


class Outputs:
    """The target and all other outputs of a show.

    Parameters
    ----------
    registry : of the plugins
    settings : those of each plugin, by its name
    host : what they may use
    target : where frames are drawn; it stays open
    refuse : is told what has failed and why, of what is on the loop's thread
    """

    def __init__(
        self,
        registry: Registry,
        settings: Mapping[str, Any],
        host: OutputHost,
        target: Target,
        refuse: Callable[[str, str], None],
    ) -> None:
        guard = Guard(refuse)
        self._target, self._showing = target, host.showing
        self._all: list[_Output] = []
        for plugin, loaded in classes(registry, "output"):
            if not _is_target(plugin, loaded):
                build = partial(_made, loaded, settings.get(plugin.name), host)
                worker = at_work(plugin, loaded, build, BUDGET_S, guard)
                self._all += [_Output(plugin, worker)] if worker is not None else []

    def prepare(self, time: float) -> Size:
        """Before a frame is drawn, `time` s after the show began.

        Returns
        -------
        (width, height) of the target, pixels
        """
        self._target.prepare(time)
        self._showing.size = self._target.size
        for output in self._all:
            output.prepare(time)
        return self._target.size

    def publish(self, read: Callable[..., Frame], time: float) -> None:
        """Give the frame that was drawn to those who want it.

        Parameters
        ----------
        read : the frame at a size (width, height), uint8 ``(height, width, 3)``; with ``alpha=True`` four channels
        time : s since the show began
        """
        settings = self._showing.control.plugin
        for output in self._all:
            output.publish(read, settings.get(output.name), time)

    def show(self) -> None:
        """Put the drawn frame on screen."""
        self._target.show()

    @property
    def dropped(self) -> int:
        """What all of them have lost so far."""
        return sum(output.dropped for output in self._all)

    def values(self, rows: Rows) -> Sequence[tuple[Address, Value]]:
        """What each has lost so far, of those that have an address for it.

        Parameters
        ----------
        rows : what the renderer sends, by path
        """
        paths = {f"{PREFIXES['output']}{output.name}/dropped": output for output in self._all}
        return [(rows[path], output.dropped % COUNT_MAX) for path, output in paths.items() if path in rows]

    def close(self) -> None:
        """End all but the target."""
        for output in self._all:
            output.close()
