"""The inputs of a file as settings, one a number: with a key in the show file, an address, a card on the page."""

import dataclasses
import keyword
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from artgen_osc.errors import PluginError
from artgen_osc.runtime.text import shortened
from artgen_osc.schema.setting import setting
from visuals.isf.head import PARTS, Head, Input

MOST_SETTINGS = 256
AMOUNT = "amount"
_PARTS = {"r": "red", "g": "green", "b": "blue", "a": "alpha", "x": "across", "y": "up"}


@dataclass(frozen=True, slots=True)
class Knob:
    """One number of an input.

    Attributes
    ----------
    field : what it is called among the settings
    input : whose it is
    at : which of its numbers
    """

    field: str
    input: Input
    at: int

    @property
    def ends(self) -> tuple[float, float, float]:
        """Default, low and high."""
        one = self.input
        return one.default[self.at], one.low[self.at], one.high[self.at]


def knobs(head: Head) -> tuple[Knob, ...]:
    """The numbers of all inputs that somebody can set, in order.

    An input is called as the shader calls it; one that would be called as Python or the host calls something gets a
    ``_`` at its end, and one of several numbers their letters.
    """
    found: dict[str, Knob] = {}
    for one in head.numbers:
        if one.follows:
            continue
        for at, part in enumerate(PARTS[one.type]):
            field = f"{one.name}_{part}" if part else one.name
            while field in found or field == AMOUNT or keyword.iskeyword(field) or field.startswith("__"):
                field = f"{field.lstrip('_') or 'input'}_"
            found[field] = Knob(field, one, at)
    return tuple(found.values())


def declared(head: Head, name: str, address: str, amount: float = 0.0) -> type:
    """The frozen dataclass of a file's settings.

    Parameters
    ----------
    head : of the file
    name : of the plugin
    address : that its settings' begin with
    amount : the default of how much of it there is

    Raises
    ------
    PluginError
        It has too many.
    """
    all_of_them = knobs(head)
    if len(all_of_them) > MOST_SETTINGS:
        raise PluginError(f"INPUTS: are {len(all_of_them)} numbers; {MOST_SETTINGS} at most")
    about = shortened(head.about or name, 160)
    fields: list[tuple[str, type, Any]] = [(AMOUNT, float, setting(amount, f"how much of it; 0: off. {about}"))]
    for knob in all_of_them:
        one, (default, low, high) = knob.input, knob.ends
        part = PARTS[one.type][knob.at]
        doc = shortened(one.label + (f", {_PARTS[part]}" if part else ""), 200)
        path = f"{address}{one.name}/{part}" if part else f"{address}{knob.field}"
        options: dict[str, Any] = {"address": path}
        if one.type in ("bool", "event"):
            what = "; each 1 after a 0 is one event" if one.type == "event" else ""
            field = setting(default >= 0.5, f"{doc}{what}", scene=one.type != "event", **options)
            fields.append((knob.field, bool, field))
        elif one.type == "long":
            named = ", ".join(f"{value} {label}" for value, label in zip(one.values, one.labels, strict=False))
            doc = shortened(f"{doc}: {named}" if named else doc, 300)
            fields.append((knob.field, int, setting(int(default), doc, int(low), int(high), **options)))
        else:
            fields.append((knob.field, float, setting(default, doc, low, high, **options)))
    return dataclasses.make_dataclass("Settings", fields, frozen=True, slots=True)


class Hand:
    """What is set, as the values that a shader takes; the file may have been changed since its settings were declared.

    Parameters
    ----------
    settings : the dataclass as it was declared
    """

    def __init__(self, settings: type) -> None:
        self._declared = {one.name: one.default for one in dataclasses.fields(settings)}
        self._pressed: dict[str, bool] = {}
        self._known: tuple[Head | None, tuple[Knob, ...]] = None, ()

    def new_in(self, head: Head) -> list[str]:
        """Names of numbers that no setting is for: nothing can change them before the next start."""
        return [knob.field for knob in knobs(head) if knob.field not in self._declared]

    def values(self, head: Head, settings: Any) -> Mapping[str, tuple[float, ...]]:
        """The values of the inputs by name.

        A number that is as it was declared is as the file has it now; an event is one for a single call.

        Parameters
        ----------
        head : of the file as it is now
        settings : instance of the dataclass
        """
        found: dict[str, tuple[float, ...]] = {}
        if self._known[0] is not head:
            self._known = head, knobs(head)
        for knob in self._known[1]:
            default = knob.ends[0]
            value = getattr(settings, knob.field, None)
            if not isinstance(value, (int, float)) or value == self._declared.get(knob.field):
                value = default
            if knob.input.type == "event":
                down = bool(value)
                value = down and not self._pressed.get(knob.field, False)
                self._pressed[knob.field] = down
            found[knob.input.name] = (*found.get(knob.input.name, ()), float(value))
        return found
