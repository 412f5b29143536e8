"""The surfaces of a show at work: ours on the loop's thread, those that were added each on one of its own."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from artgen_osc.errors import PluginError
from artgen_osc.plugins.factory import classes, make_beside
from artgen_osc.plugins.isolation import IsolatedPlugin
from artgen_osc.plugins.registry import Plugin, Registry
from artgen_osc.plugins.worker import PluginWorker
from artgen_osc.runtime.guard import Guard
from artgen_osc.runtime.text import short
from artgen_osc.schema.address import Value, extra
from artgen_osc.schema.address_table import Rows
from visuals.control.kind import Message, SurfaceHost

BUDGET_S = 0.002
MOST_A_POLL = 1000
"""Messages that count of one poll. More is a flood."""

Refuse = Callable[[str, str], None]


class _Checked:
    """A surface whose messages are looked at before anybody else sees them."""

    def __init__(self, surface: Any, rows: Rows) -> None:
        self._surface, self._rows = surface, rows
        self.polled: list[Message] = []
        self.refused: list[tuple[str, str]] = []

    def follow(self, settings: Any) -> None:
        self._surface.settings = settings

    def show(self, values: Mapping[str, Value]) -> None:
        self._surface.show(values)

    def poll(self) -> None:
        self.polled, self.refused = [], []
        given = self._surface.poll()
        if not isinstance(given, (list, tuple)):
            raise PluginError(f"poll gave {short(given)}, where a list of messages is expected")
        for one in given[:MOST_A_POLL]:
            what = "a message"
            try:
                row, value = one
                what = str(row.path)
                row = self._rows.get(what) or extra(what)
                if row is None:
                    raise ValueError("unknown address")
                # A number of NumPy's is one too.
                plain = value.item() if hasattr(value, "item") else value
                self.polled.append((row, row.check((plain,))))
            except (ValueError, TypeError, AttributeError) as error:
                self.refused.append((what, str(error)))
        if len(given) > MOST_A_POLL:
            self.refused.append(("messages", f"more than {MOST_A_POLL} at once"))

    def close(self) -> None:
        self._surface.close()


class _Added:
    """A surface that somebody has added."""

    given: Collection[str] = ()

    def __init__(self, plugin: Plugin, surface: Any, rows: Rows, refuse: Refuse) -> None:
        self._refuse = refuse
        self._checked = _Checked(surface, rows)
        self._running = IsolatedPlugin(plugin, self._checked, BUDGET_S)
        self._worker = PluginWorker(self._running)
        self._settings: Any = None
        self._shown: Mapping[str, Value] | None = None

    def poll(self, settings: Any, values: Mapping[str, Value]) -> list[Message]:
        """What it has wanted so far; has it asked again."""
        if not self._worker.idle:
            return []
        messages, refused = self._checked.polled, self._checked.refused
        self._checked.polled, self._checked.refused = [], []
        for what, reason in refused:
            self._refuse(what, f"{reason}, from the surface {self._running.name}")
        self._worker.start(lambda: self._work(settings, values))
        return messages

    def _work(self, settings: Any, values: Mapping[str, Value]) -> None:
        if settings is not self._settings:
            self._settings = settings
            self._running.call("follow", settings)
        if values is not self._shown:
            self._shown = values
            self._running.call("show", values)
        self._running.call("poll")

    def close(self) -> None:
        self._worker.close()


class _Direct:
    """A surface on the loop's thread."""

    def __init__(self, plugin: Plugin, surface: Any, guard: Guard) -> None:
        self._name, self._surface, self._guard = f"{plugin.kind} {plugin.name}", surface, guard
        self._shown: Mapping[str, Value] | None = None

    @property
    def given(self) -> Collection[str]:
        given: Collection[str] = getattr(self._surface, "given", ())
        return given

    def poll(self, settings: Any, values: Mapping[str, Value]) -> list[Message]:
        """What it wants."""
        with self._guard(self._name):
            if settings is not self._surface.settings:
                self._surface.settings = settings
            if values is not self._shown:
                self._shown = values
                self._surface.show(values)
            return list(self._surface.poll())
        return []

    def close(self) -> None:
        with self._guard(self._name):
            self._surface.close()


class Surfaces:
    """All surfaces of a show.

    Parameters
    ----------
    registry : of the plugins
    settings : those of each plugin, by its name
    host : what they may use
    rows : what may be said, by path
    refuse : is told an address and a reason
    """

    def __init__(
        self, registry: Registry, settings: Mapping[str, Any], host: SurfaceHost, rows: Rows, refuse: Refuse
    ) -> None:
        guard = Guard(refuse)
        self._all: dict[str, _Added | _Direct] = {}
        for plugin, loaded in classes(registry, "surface"):
            made = make_beside(plugin, loaded, settings.get(plugin.name), host)
            if made is not None:
                direct = plugin.own and getattr(made, "direct", False) is True
                self._all[plugin.name] = _Direct(plugin, made, guard) if direct else _Added(plugin, made, rows, refuse)

    def poll(
        self, settings: Mapping[str, Any], values: Mapping[str, Value]
    ) -> Sequence[tuple[list[Message], Collection[str]]]:
        """What each wants, and which settings the scenes that it recalls leave as they are.

        Parameters
        ----------
        settings : of each plugin, by its name
        values : how all is set, by path
        """
        polled = [(one.poll(settings.get(name), values), one) for name, one in self._all.items()]
        return [(messages, one.given) for messages, one in polled if messages]

    def close(self) -> None:
        """End them all."""
        for one in self._all.values():
            one.close()
