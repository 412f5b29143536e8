"""OpenGL: generated pictures in, a full frame out. To be used on one thread only.

Each picture goes through the effects at ``picture`` once. For each frame there is a pass at the size of the picture
(mix of last and next), the enlargement, and one pass at the size of the target: the camera and what finishes; then the
overlay. A picture that is nearly as large as the target needs no enlargement: the last pass alone mixes and draws it.
Layers and effects at ``frame`` are drawn at the size of the target between the camera and the finish.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from artgen_osc.config.plugins import own_registry
from artgen_osc.plugins.registry import Registry
from visuals.compositor.chain import Chain, in_use
from visuals.compositor.crossing import Crossing
from visuals.compositor.final import DITHER, Camera, Seen
from visuals.compositor.gl import SHADERS, Pass, PingPong, Target, shader, target_of, texture_of
from visuals.compositor.kind import PLACES, Moment, Place
from visuals.compositor.mapped import Shown
from visuals.compositor.readback import Readable, ReadBack, Reading
from visuals.compositor.shared import SharedTargets
from visuals.compositor.stack import Stack, Stacked, straight, whole
from visuals.generators.generator import Frame
from visuals.modulation.motion import Look

ENLARGE = 2


@dataclass(frozen=True, slots=True)
class _Last:
    """What the last pass draws; `framed`: a frame of its own, and no picture that a camera sees."""

    seen: Seen
    camera: Camera
    brightness: float = 1.0
    framed: bool = False


class Screen:
    """Draws the show.

    Parameters
    ----------
    context : moderngl context, core 3.3
    size : (width, height) of the target, pixels
    window : whether to draw into the context's window instead of a picture in memory
    enlarge : how many times an enlargement makes of each side; more is smoother on a large target, and slower
    registry : of the plugins; None: ours alone
    folder : where the files that layers show are looked for

    Attributes
    ----------
    size : as given
    plugins : names of the effects and layers that could be made
    order : of the effects; see `visuals.compositor.chain.Chain.begin`
    detail : of the target's sides, 0..1, at which layers and effects at ``frame`` are drawn before they are enlarged
    composed : whether there were any in the last frame
    crossing : from the look before to the one that is set
    apart : whether `draw` leaves the frame in a texture, for windows that show it each in its own way; see `shown`
    """

    def __init__(
        self,
        context: Any,
        size: tuple[int, int],
        window: bool = False,
        enlarge: int = ENLARGE,
        registry: Registry | None = None,
        folder: Path = Path(),
    ) -> None:
        self._context = context
        self._window = context.detect_framebuffer(0) if window else None
        self._overlay_pass = Pass(context, shader(SHADERS / "overlay.frag"))
        self._black = Target(context, (4, 4))
        self._nothing = _Last(self._black.texture, Camera())
        registry = registry or own_registry()
        self.order = ""
        self.detail, self.composed = 1.0, False
        self.crossing = Crossing(context)
        self._shown: tuple[Mapping[str, Any], str] | None = None
        """The settings and the order of the last frame."""
        self._chain = Chain(context, registry)
        layers = in_use(context, registry, "layer")
        # The one that shows what the models paint is ours, whatever else may call itself so.
        self._pictures = [used for used in layers if not used.added and hasattr(used.instance, "take")]
        others = [used for used in layers if used not in self._pictures]
        self._stack = Stack(context, registry, others, self._black.target, folder, self._chain)
        self._layers = [used for used in others if used not in self._stack.slots.values()]
        for used in self._pictures:
            used.instance.effects, used.instance.enlarge = self._chain, enlarge
        self.plugins = (*(n for place in PLACES for n in self._chain.at(place)), *(used.plugin.name for used in layers))
        self.apart = False
        self._whole: Target | None = None
        self._frames: PingPong | None = None
        self._last = self._nothing
        self._read_back = ReadBack(context)
        self._reads: dict[tuple[tuple[int, int], bool], Reading] = {}
        self._shared = SharedTargets(context)
        self._text: Any = None
        self._memory: Readable | None = None
        self.resize(size)

    def resize(self, size: tuple[int, int]) -> None:
        """Draw to a target of another size (width, height)."""
        self.size = (max(1, size[0]), max(1, size[1]))
        self._last = self._nothing
        for old in (self._memory, self._frames):
            if old is not None:
                self._give_back(old)
        self._memory = self._frames = None
        if self._window is None:
            self._memory = Readable(self._context, self.size)

    def take(
        self, pixels: Frame, mix: float, fine: bool = False, flow: np.ndarray | None = None, follows: bool = False
    ) -> None:
        """A new picture to go to.

        Parameters
        ----------
        pixels : uint8 ``(height, width, 3)``, top row first
        mix : as for `draw`, before this picture
        fine : whether it went through the finisher
        flow : as `visuals.painting.flow.Flow` has it, from the picture before to this one; None: it fades
        follows : whether it takes its place behind those before; else the way to it starts from what is on screen now
        """
        self._last = self._nothing
        for used in self._pictures:
            used.instance.take(pixels, mix, flow, follows)
        self._chain.moment = replace(self._chain.moment, fine=fine)

    def at(self, place: Place) -> tuple[str, ...]:
        """Names of the effects at a place."""
        return self._chain.at(place)

    def overlay(self, image: np.ndarray | None) -> None:
        """Show an image, uint8 ``(height, width, 4)``, in the upper left corner; None takes it away."""
        if self._text is not None and (image is None or self._text.size != (image.shape[1], image.shape[0])):
            self._text.release()
            self._text = None
        if image is None:
            return
        if self._text is None:
            self._text = texture_of(self._context, image)
        else:
            self._text.write(np.ascontiguousarray(image))

    def draw(
        self, mix: float, look: Look, settings: Mapping[str, Any] | None = None, moment: Moment | None = None
    ) -> None:
        """Draw a frame into the target.

        Parameters
        ----------
        mix : 1 at the newest picture, 0 at the one before, -1 at the one before that, and so on
        look : Look
        settings : of effects and layers, by the plugin's name; one that has settings and isn't in there isn't drawn
        moment : what effects and layers know of the frame, but for its size
        """
        self._reads.clear()
        if self.crossing.over:
            self._give_back(self.crossing)
        if self.crossing.begins:
            self._hold(mix, look, replace(moment or Moment(look.time), dt=0.0))
        self._compose(mix, look, settings, self.order, moment)
        self._shown = settings or {}, self.order
        self._cross()
        if self.apart:
            self._whole = target_of(self._context, self._whole, self.size)
            self._whole.target.use()
            self._draw_last(self.size, dither=0.0)
            return
        if self._whole is not None:
            self._give_back(self._whole)
            self._whole = None
        self._draw_to(self._target())
        if self._text is not None:
            self._overlay_pass["target"] = self.size
            self._text.use(0)
            self._context.enable(self._context.BLEND)
            self._overlay_pass.render()
            self._context.disable(self._context.BLEND)

    @property
    def shown(self) -> Shown | None:
        """The frame that `draw` has left in a texture, with the overlay; None where it drew into its target."""
        if not self.apart or self._whole is None:
            return None
        return Shown(self._whole.texture, self.size, self._text)

    def read_frame(self) -> Frame:
        """What `draw` has drawn into memory: uint8 ``(height, width, 3)``, top row first."""
        return self._read(self._target(), self.size)

    def picture(
        self, mix: float, look: Look, settings: Mapping[str, Any] | None = None, moment: Moment | None = None
    ) -> Frame:
        """The frame that `draw` would draw, without the overlay and a crossing, as `read_frame` gives it.

        Parameters
        ----------
        mix, look, settings, moment : as for `draw`
        """
        readable = Readable(self._context, self.size)
        try:
            self._compose(mix, look, settings, self.order, moment)
            self._draw_to(readable.target)
            return self._read(readable.target, self.size)
        finally:
            self._give_back(readable)

    def read(self, size: tuple[int, int], alpha: bool = False) -> Reading:
        """What `draw` has just drawn, without the overlay, stretched to (width, height).

        Each size is read once a frame.

        Parameters
        ----------
        size : (width, height), pixels
        alpha : whether to give four channels, the last of them alpha, which is multiplied into the others

        Returns
        -------
        What gives the frame; who waits until after the next turn of the loop with that holds nothing up
        """
        if (size, alpha) not in self._reads:
            self._reads[size, alpha] = self._read_small(size, alpha)
        return self._reads[size, alpha]

    def _read_small(self, size: tuple[int, int], alpha: bool) -> Reading:
        if size == self.size and not alpha and self._text is None and self._whole is None:
            return self._read_back.begin(self._target(), size, 3)  # it is there already
        readable = Readable(self._context, size, 4 if alpha else 3)
        try:
            readable.target.use()
            self._draw_last(size)
            return self._read_back.begin(readable.target, size, 4 if alpha else 3)
        finally:
            self._give_back(readable)

    def shared(self, size: tuple[int, int]) -> Any:
        """What `draw` has just drawn, without the overlay, stretched, for other programs on this graphics card.

        Parameters
        ----------
        size : (width, height), pixels

        Returns
        -------
        A texture with its bottom row first, alpha multiplied into the colours; it is drawn anew by each call
        """
        drawn = self._shared.target(size)
        drawn.target.use()
        self._context.viewport = (0, 0, *size)
        self._draw_last(size)
        return drawn.texture

    def release(self) -> None:
        """Give everything back to the driver."""
        self.overlay(None)
        self._context.detect_framebuffer(0).use()  # whatever else is bound is gone soon
        self._stack.release()
        for used in (*self._pictures, *self._layers):
            used.release()
        items = (
            self._read_back,
            self._chain,
            self.crossing,
            self._black,
            self._overlay_pass,
            self._frames,
            self._memory,
            self._whole,
            self._shared,
        )
        for item in items:
            if item is not None:
                item.release()

    @property
    def _inner(self) -> tuple[int, int]:
        """Size at which layers and effects are drawn."""
        return max(1, round(self.detail * self.size[0])), max(1, round(self.detail * self.size[1]))

    def _target(self) -> Any:
        return self._window if self._memory is None else self._memory.target

    def _read(self, target: Any, size: tuple[int, int]) -> Frame:
        width, height = size
        data = target.read(viewport=(0, 0, width, height), components=3, alignment=1)
        return np.ascontiguousarray(np.frombuffer(data, np.uint8).reshape(height, width, 3)[::-1])

    def _compose(
        self, mix: float, look: Look, settings: Mapping[str, Any] | None, order: str, moment: Moment | None
    ) -> None:
        """Draw all but the last pass."""
        fine = self._chain.moment.fine
        moment = replace(moment or Moment(look.time), size=self._inner, fine=fine)
        self._chain.begin(settings or {}, moment, order)
        seen, camera = self._pictured(mix, look)
        stacked = self._stack.placed(settings or {}, self._chain.moment)
        stacked = self._layers_over(settings or {}) + stacked
        opacity = self._opacity(settings or {})
        self.composed = bool(stacked) or opacity < 1.0 or self._chain.active("frame")
        if self.composed:
            seen, camera = self._composed(seen, camera, opacity, stacked), Camera()
        if self.detail < 1.0:
            self._chain.moment = replace(self._chain.moment, size=self.size)
        self._last = _Last(seen, camera, look.brightness, self.composed)
        self._chain.set_final()

    def _hold(self, mix: float, look: Look, moment: Moment) -> None:
        """Draw the look of the frame before once more, for a crossing to lead from."""
        settings, order = self._shown or ({}, "")
        self._compose(mix, look, settings, order, moment)
        self._cross()
        self.crossing.hold(self._inner, self._draw_lit)

    def _cross(self) -> None:
        """What has been composed is what a crossing leads to, if there is one."""
        if self.crossing.on:
            texture = self.crossing.draw(self._inner, self._draw_lit, self._chain.moment)
            self._chain.final.set({})
            self._last = _Last(texture, Camera(), self._last.brightness, framed=True)

    def _draw_to(self, target: Any) -> None:
        target.use()
        self._context.viewport = (0, 0, *self.size)
        self._draw_last(self.size)

    def _draw_last(self, size: tuple[int, int], dither: float = DITHER) -> None:
        """The last pass, into whatever is in use, of a size."""
        last, moment = self._last, self._chain.moment
        self._chain.final.draw(
            last.seen, last.camera, moment, last.brightness, dither, size=size if last.framed else None
        )

    def _draw_lit(self) -> None:
        """The last pass as it is without the light of the show, into a texture."""
        last = self._last
        self._chain.final.draw(
            last.seen, last.camera, self._chain.moment, dither=0.0, size=self._inner if last.framed else None
        )

    def _pictured(self, mix: float, look: Look) -> tuple[Seen, Camera]:
        """What the models paint, and what of it is seen."""
        for used in self._pictures:
            layer = used.instance
            layer.fade, layer.zoom, layer.drift = mix, look.zoom, look.drift
            seen = used.call("seen", self.size)
            if seen is not None:
                return seen, layer.camera(self.size)
        return self._black.texture, Camera()

    def _layers_over(self, settings: Mapping[str, Any]) -> list[Stacked]:
        """The added layers that there are in this frame, but for those that a numbered one shows."""
        over: list[Stacked] = []
        in_slots = self._stack.borrowed
        for used in self._layers:
            own = settings.get(used.plugin.name)
            if not used.rests(settings) and used.plugin.name not in in_slots:
                texture = used.call("frame", self._inner, own, self._chain.moment, self._black.target)
                if texture is not None:
                    over.append((whole(texture, straight(used), float(getattr(own, "amount", 1.0))), None))
        return over

    def _opacity(self, settings: Mapping[str, Any]) -> float:
        """How much there is of what the models paint."""
        for used in self._pictures:
            return float(getattr(settings.get(used.plugin.name), "opacity", 1.0))
        return 1.0

    def _composed(self, seen: Seen, camera: Camera, opacity: float, stacked: list[Stacked]) -> Any:
        """A texture: what is seen, the layers over it, and the effects on all."""
        if self._frames is not None and self._frames.size != self._inner:
            self._give_back(self._frames)
            self._frames = None
        if self._frames is None:
            self._frames = PingPong(self._context, self._inner)
        frame = self._frames.other_than(None)
        frame.target.use()
        self._chain.final.set({})
        self._chain.final.draw(seen, camera, self._chain.moment, dither=0.0)
        if opacity < 1.0:
            frame = self._stack.faded(frame, opacity, self._frames)
        frame = self._stack.compose(stacked, frame, self._frames)
        return self._chain.apply("frame", frame.texture, self._frames)

    def _give_back(self, item: Any) -> None:
        self._black.target.use()  # moderngl would come back to what was drawn into last, and that is gone then
        item.release()
