"""The effects and layers of a show at work: found by the registry, in their order, each kept from harming the rest."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from artgen_osc.config.order import names_in
from artgen_osc.errors import PluginError
from artgen_osc.plugins.factory import classes, make
from artgen_osc.plugins.isolation import IsolatedPlugin
from artgen_osc.plugins.registry import Plugin, Registry
from visuals.compositor.checked import Checked
from visuals.compositor.final import Final
from visuals.compositor.gl import PingPong
from visuals.compositor.kind import PLACES, Moment, Place
from visuals.compositor.pixel import PixelEffect


class Used:
    """One effect or layer that is in use.

    Parameters
    ----------
    context : moderngl context
    plugin : what is registered
    made : its class

    Attributes
    ----------
    plugin : as given
    instance : what was made of the class
    added : whether it isn't one of ours

    Raises
    ------
    PluginError
        An effect's place isn't one, or what was added leaves an error of OpenGL.
    """

    def __init__(self, context: Any, plugin: Plugin, made: Any) -> None:
        if plugin.kind == "effect" and _place(made) not in PLACES:
            raise PluginError(f"its place is {_place(made)!r}; there are: {', '.join(PLACES)}")
        self.plugin = plugin
        self.added = not plugin.own
        # What a file is drawn by is ours too; a package can't say so of itself.
        self._hosted = getattr(made, "hosted", False) and (plugin.own or not plugin.package)
        with plugin.called():
            checked = Checked(context, made, watched=self.added and not self._hosted)
        self.instance = checked.plugin
        self._checked, self._running = checked, IsolatedPlugin(plugin, checked)
        self._has_settings = getattr(made, "Settings", None) is not None

    def rests(self, settings: Mapping[str, Any]) -> bool:
        """Whether it needn't be called with these settings of all plugins, by name."""
        if not self._running.alive:
            return True
        own = settings.get(self.plugin.name)
        return self._has_settings and (own is None or getattr(own, "amount", 1.0) == 0.0)

    def call(self, method: str, *given: Any) -> Any:
        """What a call returns; None where it fails, which is counted.

        Parameters
        ----------
        method : its name
        *given : what it takes
        """
        before = self._running.failures
        value = self._running.call(method, *given)
        if self._checked.too_slow and self._running.alive:
            self._running.end(self._checked.too_slow)
            return None
        if self._hosted and self._running.alive:
            self.plugin.reason = self.instance.trouble
        return value if self._running.failures == before else None

    def try_in(self, final: Final) -> None:
        """See whether a `PixelEffect` fits into the last pass; raises where it doesn't."""
        self._checked.trial = final.trial(self.instance)

    def release(self) -> None:
        """Let it give back what it holds; one that has ended has done so."""
        if self._running.alive:
            self.close()

    def close(self) -> None:
        """As `release`, though its plugin may have ended, as by another one that was made of it."""
        self._running.close()


def in_use(context: Any, registry: Registry, kind: str) -> list[Used]:
    """All of a kind that can be used: added effects, by name, before ours; added layers over ours.

    What can't be made becomes a state with a reason. What is made for each slot that shows it isn't made here.

    Parameters
    ----------
    context : moderngl context
    registry : Registry
    kind : ``effect`` or ``layer``
    """
    made = [
        make(plugin, Used, context, plugin, loaded) for plugin, loaded in classes(registry, kind) if not takes(loaded)
    ]
    found = [used for used in made if used is not None]
    return sorted(found, key=lambda used: (used.added == (kind == "layer"), used.plugin.name))


def takes(loaded: Any) -> str:
    """What a layer's class takes behind its name in a slot's source, such as ``FILE``; empty: nothing."""
    found = getattr(loaded, "takes", "")
    return found if isinstance(found, str) else ""


def _place(effect: Any) -> Place:
    place: Place = getattr(effect, "place", "frame")
    return place


class Chain:
    """The effects of a show.

    Parameters
    ----------
    context : moderngl context
    registry : Registry

    Attributes
    ----------
    moment : of the frame that is being drawn
    final : the last pass, with all effects that finish
    """

    def __init__(self, context: Any, registry: Registry) -> None:
        self.moment = Moment()
        self.final = Final(context)
        self._settings: Mapping[str, Any] = {}
        self._frays: dict[str, tuple[Any, float]] = {}
        self._order = ""
        self._at: dict[Place, list[Used]] = {place: [] for place in PLACES}
        for used in in_use(context, registry, "effect"):
            place = _place(used.instance)
            if place != "finish" or make(used.plugin, self._joined, used):
                self._at[place].append(used)
        self._usual = {place: tuple(effects) for place, effects in self._at.items()}

    def _joined(self, used: Used) -> bool:
        """Put an effect into the last pass; raises where it doesn't fit there."""
        try:
            if not isinstance(used.instance, PixelEffect):
                raise PluginError(
                    f"finishes, and {type(used.instance).__name__} is not a PixelEffect; derive it from that"
                )
            if used.added:
                used.try_in(self.final)
            self.final.join(used.instance)
        except Exception:
            used.release()
            raise
        return True

    def at(self, place: Place) -> tuple[str, ...]:
        """Names of the effects at a place that could be made, in their order."""
        return tuple(used.plugin.name for used in self._at[place])

    def begin(self, settings: Mapping[str, Any], moment: Moment, order: str = "") -> None:
        """A frame begins.

        Parameters
        ----------
        settings : of the plugins, by name
        moment : Moment, but for its `fray`
        order : names of effects with commas between; each is before those that it doesn't name, at its own place
        """
        self._settings = settings
        if order != self._order:
            self._order = order
            ranks = {name: rank for rank, name in enumerate(names_in(order))}
            for place, effects in self._usual.items():
                self._at[place] = sorted(effects, key=lambda used: ranks.get(used.plugin.name, len(ranks)))
        fray = sum(self._fray(used) for effects in self._at.values() for used in effects)
        self.moment = replace(moment, fray=fray)

    def _fray(self, used: Used) -> float:
        if not hasattr(used.instance, "fray") or used.rests(self._settings):
            return 0.0
        own = self._settings.get(used.plugin.name)
        known = self._frays.get(used.plugin.name)
        if known is None or known[0] != own:
            value = used.call("fray", own)
            usable = isinstance(value, (int, float)) and math.isfinite(value)
            known = self._frays[used.plugin.name] = own, float(value) if usable else 0.0
        return known[1]

    def key(self, place: Place) -> tuple[Any, ...]:
        """See `visuals.compositor.kind.PictureEffects`."""
        used = [one for one in self._at[place] if not one.rests(self._settings)]
        return tuple((one.plugin.name, self._settings.get(one.plugin.name)) for one in used)

    def active(self, place: Place) -> bool:
        """Whether there may be something to do at a place."""
        return any(not used.rests(self._settings) for used in self._at[place])

    def apply(self, place: Place, source: Any, targets: PingPong, rows: tuple[int, int, int, int] | None = None) -> Any:
        """See `visuals.compositor.kind.PictureEffects`."""
        for used in self._at[place]:
            if used.rests(self._settings):
                continue
            target = targets.other_than(source)
            target.target.scissor = rows
            if used.call("draw", source, target.target, self._settings.get(used.plugin.name), self.moment):
                source = target.texture
                if place == "enlarge":
                    break
        return source

    def set_final(self) -> None:
        """Set the last pass to what finishes the frame."""
        values = {}
        for used in self._at["finish"]:
            if not used.rests(self._settings):
                found = used.call("uniforms", self._settings.get(used.plugin.name), self.moment)
                if found is not None:
                    values[self._usual["finish"].index(used)] = found
        self.final.set(values)

    def release(self) -> None:
        """Give everything back."""
        for effects in self._at.values():
            for used in effects:
                used.release()
        self.final.release()
