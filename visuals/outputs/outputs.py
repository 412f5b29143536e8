"""The outputs of a show at work: ours on the loop's thread, those that were added each on one of its own."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from artgen_osc.config.contract import PREFIXES
from artgen_osc.errors import BORNE, PluginError
from artgen_osc.plugins.factory import classes, make, make_beside
from artgen_osc.plugins.isolation import IsolatedPlugin
from artgen_osc.plugins.registry import Plugin, Registry
from artgen_osc.plugins.worker import PluginWorker
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


def _checked_value(row: Address, value: Any) -> list[tuple[Address, Value]]:
    if row.counts and isinstance(value, int):
        value %= COUNT_MAX
    try:
        return [(row, row.check((value,)))]
    except ValueError:
        return []


def _has_alpha(output: Any) -> bool:
    return getattr(output, "alpha", False) is True


class _Checked:
    """An output whose answers are looked at before anybody else sees them."""

    def __init__(self, output: Any) -> None:
        self._output = output
        self.size: Size | None = None

    @property
    def dropped(self) -> int:
        try:
            return int(getattr(self._output, "dropped", 0))
        except BORNE:  # a stranger's counter may be anything
            return 0

    def value(self, name: str) -> Any:
        try:
            return getattr(self._output, name, None)
        except BORNE:
            return None

    def follow(self, settings: Any) -> None:
        self._output.settings = settings

    def wants(self, time: float) -> None:
        self.size = None
        self.size = _checked_size(self._output.wants(time))

    def take(self, frame: Frame, time: float) -> None:
        self._output.take(frame, time)

    def close(self) -> None:
        self._output.close()


class _Added:
    """An output that somebody has added. What it wants is asked for one frame ahead."""

    def __init__(self, plugin: Plugin, output: Any) -> None:
        self.name, self.alpha = plugin.name, _has_alpha(output)
        self.size: Size | None = None
        self._checked = _Checked(output)
        self._running = IsolatedPlugin(plugin, self._checked, BUDGET_S)
        self._worker = PluginWorker(self._running)
        self._settings: Any = None
        self._wanted: Any = None
        self._taking = False
        self._missed = 0

    @property
    def dropped(self) -> int:
        """Frames that were lost so far: while it was busy, and as it says itself."""
        return self._missed + self._checked.dropped

    def prepare(self, time: float) -> None:
        """It is asked beside the loop."""

    def ask(self, settings: Any, time: float) -> bool:
        """Whether this frame is for it."""
        if not self._worker.idle:
            self._missed += self._taking and self._running.alive
            return False
        self._taking = False
        self.size = self._checked.size
        if self.size is None:
            self._worker.start(lambda: self._work(settings, None, time))
            return False
        self._wanted = settings
        return True

    def take(self, frame: Frame, time: float) -> None:
        """Hand a frame over; it is lost where the one before still keeps it busy."""
        if not self._worker.idle:
            self._missed += self._running.alive
            return
        self._taking = True
        self._worker.start(lambda: self._work(self._wanted, frame, time))

    def tell(self, row: Address, name: str) -> list[tuple[Address, Value]]:
        """A value that it tells, if it can be used."""
        return _checked_value(row, self.dropped if name == "dropped" else self._checked.value(name))

    def _work(self, settings: Any, frame: Frame | None, time: float) -> None:
        if settings is not self._settings:
            self._settings = settings
            self._running.call("follow", settings)
        if frame is not None:
            self._running.call("take", frame, time)
        self._running.call("wants", time)

    def close(self) -> None:
        self._worker.close()


class _Direct:
    """An output on the loop's thread."""

    def __init__(self, plugin: Plugin, output: Any, guard: Guard) -> None:
        self.name = plugin.name
        self.size: Size | None = None
        self._what, self._output, self._guard = f"output {plugin.name}", output, guard

    @property
    def alpha(self) -> bool:
        """Whether its frames have a fourth channel; it may change."""
        return _has_alpha(self._output)

    @property
    def dropped(self) -> int:
        """What it has lost, if it counts that."""
        return int(getattr(self._output, "dropped", 0))

    def prepare(self, time: float) -> None:
        """See `visuals.outputs.kind.Direct`."""
        with self._guard(self._what):
            self._output.prepare(time)

    def ask(self, settings: Any, time: float) -> bool:
        """Whether this frame is for it."""
        self.size = None
        with self._guard(self._what):
            if settings is not self._output.settings:
                self._output.settings = settings
            self.size = _checked_size(self._output.wants(time))
        return self.size is not None

    def tell(self, row: Address, name: str) -> list[tuple[Address, Value]]:
        """A value that it tells."""
        return _checked_value(row, getattr(self._output, name, None))

    def take(self, frame: Frame, time: float) -> None:
        """Hand a frame over."""
        with self._guard(self._what):
            self._output.take(frame, time)

    def close(self) -> None:
        with self._guard(self._what):
            self._output.close()


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
        self._all: list[_Added | _Direct] = []
        self._coming: list[tuple[_Added | _Direct, Callable[[], Frame], float]] = []
        """Frames that are read back, for whom, and when they were drawn."""
        for plugin, loaded in classes(registry, "output"):
            if _is_target(plugin, loaded):
                continue
            made = make_beside(plugin, loaded, settings.get(plugin.name), host)
            if made is not None:
                direct = plugin.own and getattr(made, "direct", False) is True
                self._all.append(_Direct(plugin, made, guard) if direct else _Added(plugin, made))

    def prepare(self, time: float) -> Size:
        """Before a frame is drawn, `time` s after the show began: those who wanted the one before are given it.

        Returns
        -------
        (width, height) of the target, pixels
        """
        self._hand_over()
        self._target.prepare(time)
        self._showing.size = self._target.size
        for output in self._all:
            output.prepare(time)
        return self._target.size

    def publish(self, read: Callable[..., Callable[[], Frame]], time: float) -> None:
        """Have the frame that was drawn read back for those who want it.

        Parameters
        ----------
        read : begins to, at a size (width, height), and returns what gives the frame, uint8 ``(height, width, 3)``;
            with ``alpha=True`` four channels
        time : s since the show began
        """
        settings = self._showing.control.plugin
        for output in self._all:
            if output.ask(settings.get(output.name), time) and output.size is not None:
                reading = read(output.size, alpha=True) if output.alpha else read(output.size)
                self._coming.append((output, reading, time))

    def _hand_over(self) -> None:
        coming, self._coming = self._coming, []
        for output, reading, time in coming:
            output.take(reading(), time)

    def show(self) -> None:
        """Put the drawn frame on screen."""
        self._target.show()

    @property
    def dropped(self) -> int:
        """What all of them have lost so far."""
        return sum(output.dropped for output in self._all)

    def values(self, rows: Rows) -> Sequence[tuple[Address, Value]]:
        """What each tells.

        Parameters
        ----------
        rows : what the renderer sends, by path
        """
        told: list[tuple[Address, Value]] = []
        for output in self._all:
            prefix = f"{PREFIXES['output']}{output.name}/"
            for path, row in rows.items():
                if path.startswith(prefix):
                    told += output.tell(row, path.removeprefix(prefix))
        return told

    def close(self) -> None:
        """End all but the target."""
        self._hand_over()
        for output in self._all:
            output.close()
