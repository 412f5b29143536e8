"""What drives what in the show now: the rows of the show file, and those of the scene, which come and go with it."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from artgen_osc.config.modulation import MOST_ROWS, Connection, parse_connection, targets_of
from artgen_osc.config.modulation_sources import Heard
from artgen_osc.runtime.text import nearest, short
from artgen_osc.schema.address import CONNECTIONS, Value, extra
from artgen_osc.schema.setting import Setting
from visuals.control.kind import Message

ADD, REMOVE = f"{CONNECTIONS}add", f"{CONNECTIONS}remove"

MOST_A_FRAME = 50
"""Rows that are added in one frame. More is a flood."""

Refuse = Callable[[str, str], None]


class Connections:
    """Holds the rows, each under a name of its own.

    A row of the scene that has the name of one of the show file stands in its place.

    Parameters
    ----------
    settings : of the show
    shown : the rows of its file
    refuse : is told an address and a reason

    Attributes
    ----------
    rows : all of them; another tuple whenever something has changed
    """

    def __init__(self, settings: Iterable[Setting], shown: Sequence[Connection], refuse: Refuse) -> None:
        self._targets = targets_of(settings)
        self._refuse = refuse
        self._added = 0
        self._show = _named(shown)
        self._scene: dict[str, Connection] = {}
        self.rows: tuple[Connection, ...] = ()
        self._merge()

    @property
    def scene(self) -> tuple[Connection, ...]:
        """The rows that belong to the scene, as it is saved."""
        return tuple(self._scene.values())

    def begin(self) -> None:
        """A frame begins: as much as a frame may ask for may be asked for again."""
        self._added = 0

    def recall(self, rows: Sequence[Connection]) -> None:
        """Take those of a scene in place of those of the one before.

        Parameters
        ----------
        rows : may be none
        """
        self._scene = _named(rows, self._show)
        self._merge()

    def follow(self, rows: Sequence[Connection]) -> None:
        """Take those of the show file, which was saved.

        Parameters
        ----------
        rows : all that are in it
        """
        self._show = _named(rows)
        self._merge()

    def obey(self, path: str, value: Value) -> None:
        """Do what a message says, or refuse it.

        Parameters
        ----------
        path : its address, which begins with `CONNECTIONS`
        value : as its row takes it
        """
        try:
            if path == ADD:
                self._add(str(value))
            elif path == REMOVE:
                self._remove(str(value))
            else:
                name, _, field = path.removeprefix(CONNECTIONS).rpartition("/")
                changed = {"on": bool(value)} if field == "on" else {"amount": float(value)}
                self._put(replace(self._found(name), **changed))
        except ValueError as error:
            self._refuse(path, str(error))

    def _found(self, name: str) -> Connection:
        row = self._scene.get(name) or self._show.get(name)
        if row is None:
            known = [one.name for one in self.rows]
            raise ValueError(f"no connection is called {short(name)}; " + (nearest(name, known) if known else "add it"))
        return row

    def _add(self, text: str) -> None:
        self._added += 1
        if self._added > MOST_A_FRAME:
            raise ValueError(f"more than {MOST_A_FRAME} in one frame; send less")
        row = parse_connection(text, self._targets)
        if not row.name:
            # Once more the same source on the same target: a patch that repeats itself, or another amount.
            same = (one.name for one in self.rows if (one.source, one.target) == (row.source, row.target))
            row = replace(row, name=next(same, "") or _free(row, {one.name for one in self.rows}))
        if len(self.rows) >= MOST_ROWS and all(one.name != row.name for one in self.rows):
            raise ValueError(f"there are {MOST_ROWS} connections, which is the most; remove one")
        if row.name in self._show and row.name not in self._scene:
            self._show[row.name] = row
        else:
            self._scene[row.name] = row
        self._merge()

    def _remove(self, name: str) -> None:
        self._found(name)
        if self._scene.pop(name, None) is None:
            del self._show[name]
        self._merge()

    def _put(self, row: Connection) -> None:
        held = self._scene if row.name in self._scene else self._show
        if held[row.name] != row:
            held[row.name] = row
            self._merge()

    def _merge(self) -> None:
        self.rows = tuple({**self._show, **self._scene}.values())


def _named(rows: Sequence[Connection], others: Mapping[str, Connection] | None = None) -> dict[str, Connection]:
    """Rows by name; one without gets one that nobody has."""
    taken = {row.name for row in rows if row.name} | set(others or {})
    found: dict[str, Connection] = {}
    for row in rows:
        name = row.name or _free(row, taken)
        taken.add(name)
        found[name] = replace(row, name=name)
    return found


def _free(row: Connection, taken: set[str]) -> str:
    """A name after what is driven, and by what."""
    source = row.source.path.rpartition("/")[2] if isinstance(row.source, Heard) else next(iter(row.source.given))
    name = f"{row.target.key.removeprefix('plugin.').removeprefix('visuals.')}.{source}"[:60]
    name = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "._-") else "-" for letter in name)
    count = 1
    while (numbered := f"{name}-{count}" if count > 1 else name) in taken:
        count += 1
    return numbered


def told(rows: Iterable[Connection]) -> list[Message]:
    """The addresses of rows, each with its value.

    Parameters
    ----------
    rows : each with its name
    """
    found: list[Message] = []
    for row in rows:
        for field, value in (("amount", row.amount), ("on", int(row.on))):
            address = extra(f"{CONNECTIONS}{row.name}/{field}")
            if address is not None:
                found.append((address, value))
    return found


def shown(rows: Sequence[Connection], count: int, missed: str) -> str:
    """Rows as JSON, for a page.

    Parameters
    ----------
    rows : each with its name
    count : how many there are in all
    missed : what one misses; empty: nothing
    """
    listed = [
        {
            "name": row.name,
            "source": row.source.label,
            "target": row.target.key,
            "address": row.target.address,
            "amount": round(row.amount, 4),
            "bipolar": row.bipolar,
            "on": row.on,
        }
        for row in rows
    ]
    return json.dumps({"rows": listed, "count": count, "missed": missed}, separators=(",", ":"))
