"""The surfaces of a show at work: ours on the loop's thread, those that were added each on one of its own."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

from artgen_osc.errors import PluginError
from artgen_osc.plugins.factory import classes
from artgen_osc.plugins.registry import Plugin, Registry
from artgen_osc.plugins.worker import Call, Checked, Inline, Worker, at_work
from artgen_osc.runtime.guard import Guard
from artgen_osc.runtime.text import short
from artgen_osc.schema.address import Value, extra
from artgen_osc.schema.address_table import Rows
from visuals.control.kind import Message, SurfaceHost

BUDGET_S = 0.002
MOST_A_POLL = 1000
"""Messages that count of one poll. More is a flood."""

Refuse = Callable[[str, str], None]


class _Checked(Checked):
    """A surface whose messages are looked at before anybody else sees them; ours are trusted."""

    def __init__(self, surface: Any, settings: Any, rows: Rows | None) -> None:
        super().__init__(surface, settings)
        self._rows = rows
        self._polled: list[Message] = []
        self._refused: list[tuple[str, str]] = []
        self._shown: Mapping[str, Value] | None = None

    def changed(self, values: Mapping[str, Value]) -> list[Call]:
        """What is to be called where these values are others than those that it was shown last."""
        return [] if values is self._shown else [("show", values)]

    def show(self, values: Mapping[str, Value]) -> None:
        self._shown = values
        self._instance.show(values)

    def poll(self) -> None:
        given = self._instance.poll()
        if self._rows is None:
            self._polled += given
            return
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
                self._polled.append((row, row.check((plain,))))
            except (ValueError, TypeError, AttributeError) as error:
                self._refused.append((what, str(error)))
        if len(given) > MOST_A_POLL:
            self._refused.append(("messages", f"more than {MOST_A_POLL} at once"))

    def taken(self) -> tuple[list[Message], list[tuple[str, str]]]:
        """What it has wanted since the last call, and what of that was refused, and why."""
        taken, self._polled, self._refused = (self._polled, self._refused), [], []
        return taken


def _made(loaded: Any, settings: Any, host: SurfaceHost, rows: Rows | None) -> _Checked:
    return _Checked(loaded(settings, host), settings, rows)


class _Surface:
    """A surface at work. One with a thread of its own says in a frame what it was asked for in one before."""

    def __init__(self, plugin: Plugin, worker: Worker, refuse: Refuse) -> None:
        self._name, self._worker, self._refuse = plugin.name, worker, refuse
        self._direct = isinstance(worker, Inline)

    @property
    def given(self) -> Collection[str]:
        """See `visuals.control.kind.Direct`."""
        running = self._worker.running
        given: Collection[str] = getattr(running.instance, "given", ()) if self._direct and running else ()
        return given

    def poll(self, settings: Any, values: Mapping[str, Value]) -> list[Message]:
        """What it wants; see `Surfaces.poll`."""
        running = self._worker.running
        if running is None or not self._worker.idle:
            return []
        checked: _Checked = running.instance
        calls = *checked.news(settings), *checked.changed(values), ("poll",)
        if self._direct:
            self._worker.start(*calls)
        messages, refused = checked.taken()
        if not self._direct:
            self._worker.start(*calls)
        for what, reason in refused:
            self._refuse(what, f"{reason}, from the surface {self._name}")
        return messages

    def close(self) -> None:
        """End it."""
        self._worker.close()


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
        self._all: dict[str, _Surface] = {}
        for plugin, loaded in classes(registry, "surface"):
            build = partial(_made, loaded, settings.get(plugin.name), host, None if plugin.own else rows)
            worker = at_work(plugin, loaded, build, BUDGET_S, guard)
            if worker is not None:
                self._all[plugin.name] = _Surface(plugin, worker, refuse)

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
