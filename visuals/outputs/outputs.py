"""The outputs of a show at work: ours on the loop's thread, those that were added each on one of its own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
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
from visuals.compositor.mapped import Shown
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
            made: Target | None = make(plugin, loaded, settings.get(plugin.name), replace(host, name=plugin.name))
            if made is not None:
                return made
    config = host.config
    frame = config.frame_width, config.frame_height
    return Memory(frame if all(frame) else (config.width, config.height))


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


class _Checked(Checked):
    """An output whose answers are looked at before anybody else sees them."""

    def __init__(self, output: Any, settings: Any) -> None:
        super().__init__(output, settings)
        self.size: Size | None = None

    @property
    def alpha(self) -> bool:
        """Whether its frames have a fourth channel; it may change."""
        return self.value("alpha") is True

    @property
    def dropped(self) -> int:
        dropped = self.value("dropped")
        return dropped if isinstance(dropped, int) else 0

    def value(self, name: str) -> Any:
        try:
            return getattr(self._instance, name, None)
        except BORNE:  # a stranger's property may do anything
            return None

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
        checked = self._checked if self._direct else None
        self._window: Any = checked if checked is not None and checked.value("shows") is True else None
        self._settings: Any = None
        self._taking = False
        self._missed = 0

    @property
    def _checked(self) -> _Checked | None:
        """None while it is being made."""
        running = self._worker.running
        return None if running is None else running.instance

    @property
    def alpha(self) -> bool:
        """Whether its frames have a fourth channel."""
        checked = self._checked
        return checked is not None and checked.alpha

    @property
    def dropped(self) -> int:
        """Frames that were lost so far: while it was busy, and as it says itself."""
        checked = self._checked
        return self._missed + (0 if checked is None else checked.dropped)

    def prepare(self, time: float) -> None:
        """See `visuals.outputs.kind.Direct`."""
        if self._direct:
            self._worker.start(("prepare", time))
        if self._window is not None:
            self._plugin.reason = self._window.trouble

    @property
    def shows(self) -> bool:
        """Whether it is a window."""
        return self._window is not None

    @property
    def apart(self) -> bool:
        """Whether it shows frames that it is given as textures."""
        return self._window is not None and self._window.apart

    def show(self, shown: Shown) -> None:
        """Show a frame.

        Parameters
        ----------
        shown : the frame
        """
        self._worker.start(("show", shown))

    def ask(self, settings: Any, time: float) -> Size | None:
        """What size it wants this frame in; None: it doesn't."""
        checked = self._checked
        if checked is None or not self._worker.idle:
            self._miss(self._taking)
            return None
        self._settings = settings
        size = checked.size
        if self._direct or size is None:
            self._worker.start(*checked.news(settings), ("wants", time))
            size = checked.size if self._direct else None
        self._taking = size is not None
        return size

    def take(self, frame: Frame, time: float) -> None:
        """Hand a frame over; it is lost where the one before still keeps it busy."""
        checked = self._checked
        if checked is None or not self._worker.idle:
            self._miss(True)
        elif self._direct:
            self._worker.start(("take", frame, time))
        else:
            self._worker.start(*checked.news(self._settings), ("take", frame, time), ("wants", time))

    def _miss(self, wanted: bool) -> None:
        self._missed += wanted and self._plugin.state is State.READY

    def tell(self, row: Address, name: str) -> list[tuple[Address, Value]]:
        """A value that it tells, if it can be used."""
        checked = self._checked
        value = self.dropped if name == "dropped" else None if checked is None else checked.value(name)
        return _checked_value(row, value)

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
        self._coming: list[tuple[_Output, Callable[[], Frame], float]] = []
        """Frames that are read back, for whom, and when they were drawn."""
        for plugin, loaded in classes(registry, "output"):
            if not _is_target(plugin, loaded):
                build = partial(_made, loaded, settings.get(plugin.name), replace(host, name=plugin.name))
                worker = at_work(plugin, loaded, build, BUDGET_S, guard)
                self._all += [_Output(plugin, worker)] if worker is not None else []
        self._windows = [output for output in self._all if output.shows]

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
            size = output.ask(settings.get(output.name), time)
            if size is not None:
                reading = read(size, alpha=True) if output.alpha else read(size)
                self._coming.append((output, reading, time))

    def _hand_over(self) -> None:
        coming, self._coming = self._coming, []
        for output, reading, time in coming:
            output.take(reading(), time)

    @property
    def apart(self) -> bool:
        """Whether the frame is wanted as a texture, by windows that show it each in its own way."""
        return self._target.apart or any(output.apart for output in self._windows)

    def show(self, shown: Shown | None) -> None:
        """Put the drawn frame on screen, last where it is waited for the display.

        Parameters
        ----------
        shown : as `visuals.compositor.screen.Screen.shown` has it
        """
        if shown is not None:
            for output in self._windows:
                output.show(shown)
        self._target.show(shown)

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
