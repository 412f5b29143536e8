"""The numbered layers of a show at work: what each shows, where it lies, and how it mixes with what is below."""

import dataclasses
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from artgen_osc.errors import BORNE, PluginError
from artgen_osc.plugins.registry import Registry, State
from artgen_osc.runtime.text import nearest, short, unexpected
from visuals.compositor.chain import Used, takes
from visuals.compositor.gl import SHADERS, Pass, PingPong, Target, shader
from visuals.compositor.kind import Moment, PictureEffects
from visuals.compositor.slot import BLENDS, INVERTED_MASKS, MASKS, TITLE, Slot, SlotSettings

SMALLEST = 1e-3
"""Of a side in pixels: what is smaller isn't drawn."""

Matrix = tuple[float, ...]
"""Of 3 by 3, by columns: from a place in the frame to one in the layer, both 0..1."""


WHOLE: Matrix = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
WHOLE_PICTURE = 0.0, 0.0, 1.0, 1.0


@dataclass(frozen=True, slots=True)
class Placed:
    """A layer as it lies in a frame.

    Attributes
    ----------
    texture : its picture
    straight : whether its alpha isn't multiplied into the colours
    place : Matrix
    opacity : 0..1
    settings : of its slot
    level : 0..1, how far it has come; a mask that goes fades too
    part : left, bottom, right and top of what isn't transparent, 0..1 of the picture
    """

    texture: Any
    straight: bool
    place: Matrix
    opacity: float
    settings: Any
    level: float = 1.0
    part: tuple[float, float, float, float] = WHOLE_PICTURE


Stacked = tuple[Placed, Placed | None]
"""A layer, and the one that masks it."""


def place(frame: tuple[int, int], layer: tuple[int, int], settings: Any, slide: float = 0.0) -> Matrix | None:
    """Where in a layer each place of the frame is; None where it is too small to be seen.

    Parameters
    ----------
    frame, layer : (width, height), pixels
    settings : x, y, scale, rotation and fit; see `visuals.compositor.slot.SlotSettings`
    slide : half frames that it is moved upwards
    """
    (across, up), width, height = frame, float(layer[0]), float(layer[1])
    if settings.fit == "stretch":
        width, height = frame
    else:
        fit = (min if settings.fit == "contain" else max)(across / width, up / height)
        width, height = width * fit, height * fit
    width, height = width * settings.scale, height * settings.scale
    if min(width, height) < SMALLEST:
        return None
    angle = math.radians(settings.rotation)
    cos, sin = math.cos(angle), math.sin(angle)
    x, y = 0.5 * across * (1.0 + settings.x), 0.5 * up * (1.0 + settings.y + slide)
    return (
        across * cos / width,
        across * sin / height,
        0.0,
        -up * sin / width,
        up * cos / height,
        0.0,
        (y * sin - x * cos) / width + 0.5,
        (-x * sin - y * cos) / height + 0.5,
        1.0,
    )


def whole(texture: Any, straight: bool, opacity: float) -> Placed:
    """A layer over all of the frame.

    Parameters
    ----------
    texture : its picture
    straight : whether its alpha isn't multiplied into the colours
    opacity : 0..1
    """
    return Placed(texture, straight, WHOLE, opacity, SlotSettings())


def straight(used: Used) -> bool:
    """Whether the alpha of a layer's texture isn't multiplied into the colours."""
    return not getattr(used.instance, "premultiplied", False)


class _Opened:
    """A source that a slot has for itself."""

    fills = False

    def __init__(self, used: Used, bound: Any) -> None:
        self._used, self._bound = used, bound

    @property
    def part(self) -> tuple[float, float, float, float]:
        return getattr(self._used.instance, "part", WHOLE_PICTURE) if self._used.plugin.own else WHOLE_PICTURE

    @property
    def trouble(self) -> str:
        plugin = self._used.plugin
        if plugin.state is not State.READY:
            return f"{plugin.name}: {plugin.state} ({plugin.reason})"
        return getattr(self._used.instance, "trouble", "")

    @property
    def straight(self) -> bool:
        return straight(self._used)

    def frame(self, size: tuple[int, int], settings: Any, moment: Moment) -> Any:
        if self._used.plugin.state is not State.READY:
            return None
        return self._used.call("frame", size, settings, moment, self._bound)

    def release(self) -> None:
        self._used.close()


class _Borrowed(_Opened):
    """A layer that there is once, with settings of its own, drawn once a frame for all slots that show it."""

    fills = True

    def __init__(self, used: Used, bound: Any, stack: "Stack") -> None:
        super().__init__(used, bound)
        self.name, self._stack = used.plugin.name, stack

    def frame(self, size: tuple[int, int], settings: Any, moment: Moment) -> Any:
        name, drawn = self.name, self._stack.drawn
        if name not in drawn:
            own: Any = self._stack.settings.get(name)
            if hasattr(own, "amount"):  # the slot's opacity counts instead
                own = dataclasses.replace(own, amount=1.0)
            drawn[name] = super().frame(size, own, moment)
        return drawn[name]

    def release(self) -> None:
        """It is used on."""


class Stack:
    """The slots, from the lowest.

    Parameters
    ----------
    context : moderngl context
    registry : of the plugins
    layers : all that could be made
    bound : framebuffer to be bound after each call of a plugin
    folder : where files are looked for
    effects : the chain of the show, for sources that paint; None: there is none

    Attributes
    ----------
    settings : of all plugins in this frame, by name
    drawn : textures of layers that slots show, and that are there once, in this frame, by name
    """

    def __init__(
        self,
        context: Any,
        registry: Registry,
        layers: Sequence[Used],
        bound: Any,
        folder: Path = Path(),
        effects: PictureEffects | None = None,
    ) -> None:
        self.settings: Mapping[str, Any] = {}
        self.drawn: dict[str, Any] = {}
        self._context, self._registry, self._bound, self._folder = context, registry, bound, folder
        self._effects = effects
        self.slots = {used.instance.number: used for used in layers if isinstance(used.instance, Slot)}
        self._layers = {used.plugin.name: used for used in layers if used not in self.slots.values()}
        self._passes: dict[str, Pass] = {}
        for used in self.slots.values():
            used.instance.open = self._open

    def _open(self, name: str, rest: str) -> _Opened:
        known = {plugin.name: plugin for plugin in self._registry.plugins("layer") if plugin.state is State.READY}
        plugin = known.get(name)
        if name in self._layers and plugin is not None:
            return _Borrowed(self._layers[name], self._bound, self)
        made: Any = self._made(name) if plugin is not None else None
        if plugin is None or not takes(made):
            names = [*self._layers, TITLE, *(one for one in known if takes(self._made(one)))]
            raise PluginError(f"{short(name)}: no such source; {nearest(name, sorted(names))}")
        if not rest:
            raise PluginError(f"{name}: says not what to show; write {name}:{takes(made)}")
        try:
            used = Used(self._context, plugin, partial(made, rest=rest, folder=self._folder))
        except PluginError:
            raise
        except BORNE as error:  # a stranger's code may raise anything
            raise PluginError(f"{name}: can't be opened ({unexpected(error)})") from error
        if plugin.own and hasattr(used.instance, "made"):
            used.instance.made = self._pictures
        return _Opened(used, self._bound)

    def _pictures(self, context: Any) -> Any:
        """What fades between pictures that a generator paints, as below all layers."""
        layer = self._registry.load("layer", "generator")(context)
        layer.effects = self._effects
        return layer

    def _made(self, name: str) -> Any:
        try:
            return self._registry.load("layer", name)
        except PluginError:
            return None

    @property
    def borrowed(self) -> Collection[str]:
        """Names of layers that a slot shows, so that they aren't shown by themselves."""
        sources = (used.instance.source for used in self.slots.values())
        return {source.name for source in sources if isinstance(source, _Borrowed)}

    def placed(self, settings: Mapping[str, Any], moment: Moment) -> list[Stacked]:
        """What is to be drawn in this frame, from the lowest: each layer, and the one that masks it.

        Parameters
        ----------
        settings : of all plugins, by name
        moment : Moment
        """
        self.settings = settings
        self.drawn.clear()
        used = {number: (one, settings.get(one.plugin.name)) for number, one in self.slots.items()}
        wanted = {n: (one, own) for n, (one, own) in used.items() if own and (own.source or one.instance.said)}
        if not wanted:
            return []
        masks = {own.mask for _, own in wanted.values() if own.opacity > 0.0}
        found: dict[int, Placed] = {}
        for number, (one, own) in wanted.items():
            one.instance.needed = number in masks
            texture = one.call("frame", moment.size, own, moment, self._bound)
            source = one.instance.source
            if texture is None or source is None:
                continue
            size = moment.size if source.fills else texture.size
            where = place(moment.size, size, own, one.instance.slide)
            if where is not None:
                level = one.instance.level
                found[number] = Placed(texture, source.straight, where, own.opacity * level, own, level, source.part)
        # A mask that is still to come hides as an empty one does; what is named wrongly shouldn't take a layer away.
        empty = {n for n, (one, _) in wanted.items() if n not in found and not one.instance.trouble}
        seen = [(one, one.settings.mask) for one in found.values() if one.opacity > 0.0]
        return [
            (one, found.get(mask)) for one, mask in seen if mask not in empty or one.settings.mask_by in INVERTED_MASKS
        ]

    def compose(self, layers: Sequence[Stacked], below: Target, targets: PingPong) -> Target:
        """Draw layers over what is there.

        Parameters
        ----------
        layers : as `placed` gives them
        below : of `targets`; what is there, its alpha multiplied into its colours
        targets : of the size of the frame

        Returns
        -------
        The one of them in which it is
        """
        for layer, mask in layers:
            mode = BLENDS.index(layer.settings.blend)
            used = self._pass(mode, layer, mask)
            used["place"], used["opacity"] = layer.place, layer.opacity
            layer.texture.use(0)
            if mask is not None:
                by = MASKS.index(layer.settings.mask_by)
                used["mask_place"], used["mask_level"], used["mask_by"] = mask.place, mask.level, (by % 2, by // 2)
                mask.texture.use(2)
            if mode:
                below.texture.use(1)
                below = targets.other_than(below.texture)
                below.target.use()
                used.render()
            else:
                below.target.use()
                below.target.scissor = self._bounds(layer, targets.size)
                self._context.enable(self._context.BLEND)
                self._context.blend_func = self._context.ONE, self._context.ONE_MINUS_SRC_ALPHA
                used.render()
                self._context.blend_func = self._context.DEFAULT_BLENDING
                self._context.disable(self._context.BLEND)
                below.target.scissor = None
        return below

    def faded(self, below: Target, opacity: float, targets: PingPong) -> Target:
        """What is there, less of it, over nothing.

        Parameters
        ----------
        below : of `targets`; its alpha multiplied into its colours
        opacity : 0..1
        targets : of the size of the frame

        Returns
        -------
        The one of them in which it is
        """
        faded = targets.other_than(below.texture)
        faded.target.use()
        faded.target.clear()
        layer = Placed(below.texture, False, WHOLE, opacity, None)
        used = self._pass(0, layer)
        used["place"], used["opacity"] = layer.place, layer.opacity
        below.texture.use(0)
        used.render()
        return faded

    def _pass(self, mode: int, layer: Placed, mask: Placed | None = None) -> Pass:
        told = [f"MODE {mode}"]
        told += ["STRAIGHT"] * layer.straight
        told += ["MASKED"] * (mask is not None)
        told += ["MASK_STRAIGHT"] * (mask is not None and mask.straight)
        defined = "\n".join(f"#define {one}" for one in told)
        if defined not in self._passes:
            self._passes[defined] = Pass(self._context, shader(SHADERS / "blend.frag"), defined)
        return self._passes[defined]

    @staticmethod
    def _bounds(layer: Placed, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """The part of a frame that a layer may cover: x, y, width, height in pixels."""
        a, b, _, c, d, _, e, f, _ = layer.place
        area = a * d - b * c
        left, bottom, right, top = layer.part
        corners = [(u - e, v - f) for u in (left, right) for v in (bottom, top)]
        xs = [(d * u - c * v) / area * size[0] for u, v in corners]
        ys = [(a * v - b * u) / area * size[1] for u, v in corners]
        x, y = max(0, math.floor(min(xs)) - 1), max(0, math.floor(min(ys)) - 1)
        width, height = min(size[0], math.ceil(max(xs)) + 1) - x, min(size[1], math.ceil(max(ys)) + 1) - y
        return x, y, max(0, width), max(0, height)

    def release(self) -> None:
        """Give everything back."""
        for slot in self.slots.values():
            slot.release()
        for used in self._passes.values():
            used.release()
