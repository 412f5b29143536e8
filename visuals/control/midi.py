"""MIDI as a surface: every controller and note becomes a value that connections may be driven by, and those that
``map`` names move an address themselves.
"""

import logging
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from artgen_osc.config.modulation_sources import MIDI
from artgen_osc.runtime.text import nearest, short
from artgen_osc.runtime.throttle import Throttle
from artgen_osc.schema.address import VALUES, Address, Value, extra
from artgen_osc.schema.address_table import Rows
from artgen_osc.schema.setting import setting
from visuals.control.kind import Message, SurfaceHost
from visuals.control.midi_port import GONE, Heard, MidiPort

log = logging.getLogger("artgen.midi")

HIGH = 0.5
"""From here on a controller is down: a switch is on, a trigger is pressed. A note is, however softly it is struck."""

MOST_LATER = 2000


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a controller or a note moves.

    Attributes
    ----------
    name : see `visuals.control.midi_port.Heard`
    path : the address
    fixed : what is sent when it is pressed; empty: where it is, within the range of the address
    """

    name: str
    path: str
    fixed: str = ""


def read_map(text: str) -> tuple[Mapped, ...]:
    """Which control moves which address: ``cc/7 /visuals/effect/grain, note/36 /visuals/scene calm``.

    Parameters
    ----------
    text : pairs with commas between; after an address may stand what a press sends

    Raises
    ------
    ValueError
        A part isn't one.
    """
    found = []
    for part in filter(str.strip, text.split(",")):
        name, path, fixed = (*part.split(maxsplit=2), "", "")[:3]
        if not MIDI.fullmatch(f"midi/{name}") or not path.startswith("/"):
            raise ValueError(
                f"{short(part.strip())} is no pair; write a control and an address: cc/7 /visuals/effect/grain"
            )
        found.append(Mapped(name, path, fixed.strip()))
    return tuple(found)


def _check_map(text: str) -> None:
    read_map(text)


@dataclass(frozen=True, slots=True)
class MidiSettings:
    """What is heard, and what it moves."""

    port: str = setting("", "part of the name of the MIDI port that is heard; empty: none", scene=False)
    channel: int = setting(0, "the MIDI channel that counts; 0: all", 0, 16, scene=False)
    map: str = setting(
        "",
        "controls and the addresses they move: cc/7 /visuals/effect/grain, note/36 /visuals/scene calm",
        check=_check_map,
        scene=False,
    )


class Midi:
    """Hears a port of MIDI.

    Parameters
    ----------
    settings : MidiSettings
    host : SurfaceHost
    """

    Settings = MidiSettings
    direct = True
    given: Collection[str] = ()

    def __init__(self, settings: MidiSettings, host: SurfaceHost) -> None:
        self.settings = settings
        self._rows = host.addresses.visuals
        self._port: MidiPort | None = None
        self._heard: tuple[str, int] = ("", 0)
        self._mapped: tuple[str, dict[str, list[tuple[Address, Mapped]]]] = ("", {})
        self._values: dict[str, float] = {}
        self._later: list[Heard] = []
        self._lost, self._throttle = 0, Throttle()

    def poll(self) -> list[Message]:
        """What has been touched since the last call; see `visuals.control.kind.Surface`."""
        settings = self.settings
        if (settings.port, settings.channel) != self._heard:
            self._open(settings)
        if settings.map != self._mapped[0]:
            self._mapped = settings.map, _by_name(settings.map, self._rows)
        told = [*self._later, *(self._port.take() if self._port else ())]
        if not told:
            return []
        messages: list[Message] = []
        for name, value in self._turned(told).items():
            before, self._values[name] = self._values.get(name, 0.0), value
            row = extra(f"{VALUES}midi/{name}")
            if row is not None:
                messages.append((row, value))
            for mapped, said in self._mapped[1].get(name, ()):
                messages += _moved(mapped, said, before, value)
        self._count()
        return messages

    def _open(self, settings: MidiSettings) -> None:
        if self._port:
            self._port.end()
        self._lost, self._later = 0, [GONE]
        self._heard = settings.port, settings.channel
        self._port = MidiPort(settings.port, settings.channel - 1) if settings.port else None

    def _turned(self, told: Sequence[Heard]) -> dict[str, float]:
        """Where each control is now. What was pressed and let go within a frame is let go in the next: it is seen."""
        turned: dict[str, float] = {}
        later: list[Heard] = []
        waits: set[str] = set()
        for name, value in told:
            if (name, value) == GONE:
                held = [one for one, last in {**self._values, **turned}.items() if one.startswith("note") and last]
                later += [(one, 0.0) for one in held]
                waits.update(held)
            elif name in waits or (name in turned and _down(name, turned[name]) != _down(name, value)):
                waits.add(name)
                later.append((name, value))
            else:
                turned[name] = value
        self._later = later[-MOST_LATER:]
        return turned

    def _count(self) -> None:
        dropped = self._port.dropped if self._port else 0
        if dropped > self._lost:
            self._lost = dropped
            if self._throttle.due():
                log.warning("midi: %d messages came too fast and were passed over", dropped)

    def show(self, values: Mapping[str, Value]) -> None:
        """Nothing lights up there yet."""

    def close(self) -> None:
        """Let the port go."""
        if self._port:
            self._port.close()


def _by_name(text: str, rows: Rows) -> dict[str, list[tuple[Address, Mapped]]]:
    """What each control moves; what can't be moved is told."""
    found: dict[str, list[tuple[Address, Mapped]]] = {}
    for one in read_map(text):
        row = rows.get(one.path) or (extra(one.path) if one.path.startswith("/visuals/") else None)
        try:
            if row is None:
                hint = nearest(one.path, rows)
                hint = "the README lists them all" if hint.startswith("choose") else hint
                raise ValueError(f"unknown address; {hint}")
            if one.fixed:
                _fixed(row, one.fixed)
            elif row.kind == "string":
                raise ValueError("is a text; write after it what a press sends")
            elif not math.isfinite(row.high - row.low):
                raise ValueError("has no range; write after it what a press sends")
        except ValueError as error:
            log.warning("midi: map: %s: %s", one.path, error)
            continue
        found.setdefault(one.name, []).append((row, one))
    return found


def _fixed(row: Address, text: str) -> Value:
    if row.kind == "string":
        return row.check((text,))
    try:
        number = float(text)
    except ValueError:
        raise ValueError(f"{short(text)} is not a number") from None
    return row.check((number,))


def _down(name: str, value: float) -> bool:
    return value > 0.0 if name.startswith("note") else value >= HIGH


def _moved(row: Address, mapped: Mapped, before: float, value: float) -> list[Message]:
    """What a control that went from `before` to `value` says to its address."""
    was, down = _down(mapped.name, before), _down(mapped.name, value)
    if mapped.fixed:
        return [(row, _fixed(row, mapped.fixed))] if down and not was else []
    if row.kind in ("trigger", "toggle"):
        return [(row, int(down))] if down != was else []
    place = row.low + value * (row.high - row.low)
    return [(row, round(place) if row.kind == "int" else place)]
