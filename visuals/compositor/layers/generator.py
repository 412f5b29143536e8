"""What the models paint, as a layer: it goes from picture to picture."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from artgen_osc.schema.setting import setting
from visuals.compositor.final import Camera, Mix, Seen, between_glsl
from visuals.compositor.gl import SHADERS, Pass, PingPong, Target, shader, target_of
from visuals.compositor.kind import Moment, PictureEffects
from visuals.compositor.pictures import Pictures

if TYPE_CHECKING:
    import numpy as np

LARGE_ROWS, NEAR = 512, 2.25
"""A picture of so many rows that is shown at no more than `NEAR` times its size goes to the frame at once."""

ROOM = 0.08
"""Heights of a large picture that are kept above and below what the frame shows, for the camera and contours to move
in."""


@dataclass(frozen=True, slots=True)
class GeneratorSettings:
    """``[layer.generator]``."""

    opacity: float = setting(
        1.0,
        "how much there is of what the generator paints; 0: the layers over nothing",
        key="layer.generator.opacity",
        address="/visuals/layer/generator/opacity",
    )


class GeneratorLayer:
    """The last pictures and the way from one to the next; effects at ``picture`` and ``enlarge`` are its own.

    Parameters
    ----------
    context : moderngl context

    Attributes
    ----------
    effects : the chain of the show; None: there are no effects
    enlarge : how many times the enlargement makes of each side; more is smoother on a large frame, and slower
    fade : where on that way the frame is: 1 at the newest picture, 0 at the one before, -1 at the one before that,
        and so on
    zoom, drift : of the camera, as in `visuals.modulation.motion.Look`
    """

    Settings = GeneratorSettings

    def __init__(self, context: Any) -> None:
        import numpy as np

        self.effects: PictureEffects | None = None
        self.enlarge = 2
        self.fade, self.zoom, self.drift = 1.0, 1.0, (0.0, 0.0)
        self._context = context
        text = shader(SHADERS / "mix.frag")
        self._mixes = {moving: Pass(context, text, between_glsl(moving)) for moving in (False, True)}
        self._pictures = Pictures(context, (4, 4))
        self._pictures.put(np.zeros((4, 4, 3), np.uint8))
        self._mixed: Target | None = None
        self._large: PingPong | None = None
        self._kept = 1.0

    def take(self, pixels: "np.ndarray", fade: float, flow: "np.ndarray | None" = None, follows: bool = False) -> None:
        """A new picture to go to.

        Parameters
        ----------
        pixels : uint8 ``(height, width, 3)``, top row first
        fade : where the frame is, as above, before this picture
        flow : as `visuals.painting.flow.Flow` has it, from the picture before to this one; None: it fades
        follows : whether it takes its place behind those before; else the way starts from what is on screen now
        """
        height, width = pixels.shape[:2]
        if self._pictures.size != (width, height):
            pictures = Pictures(self._context, (width, height))
            start = pictures.other_than(None)
            self._draw_mix(start, fade, top_first=True)
            pictures.begin_with(start)
            self._give_back()
            self._pictures, self._mixed, self._large = pictures, None, None
        elif not follows:
            start = self._pictures.other_than(None)
            self._draw_mix(start, fade, top_first=True)
            self._pictures.begin_with(start)
        self._pictures.put(pixels, flow)

    def frame(self, size: tuple[int, int], settings: GeneratorSettings | None, moment: Moment) -> Any:
        """See `Layer`."""
        seen = self.seen(size)
        return self._mix_now() if isinstance(seen, Mix) else seen

    def seen(self, size: tuple[int, int]) -> Seen:
        """As `frame`, but for a large picture the two between which it is: to mix them on the way costs no pass."""
        camera = self.camera(size)
        shown = camera.cover[1] / camera.zoom
        height = self._pictures.size[1]
        near = height >= LARGE_ROWS and size[1] <= NEAR * shown * height
        self._kept = min(1.0, camera.cover[1] + 2.0 * ROOM) if near else 1.0
        if near:
            return self._pair(self.fade)
        mixed = self._mix_now()
        return self._enlarged(mixed, shown) if self.effects else mixed

    def camera(self, size: tuple[int, int]) -> Camera:
        """How the picture lies in a frame of this size: it covers it, and isn't stretched."""
        width, height = self._pictures.size
        aspect = size[0] / size[1] * height / width
        return Camera((1.0, 1.0 / aspect) if aspect >= 1.0 else (aspect, 1.0), self.zoom, self.drift)

    def release(self) -> None:
        """See `Layer`."""
        self._give_back()
        for used in self._mixes.values():
            used.release()

    def _give_back(self) -> None:
        for item in (self._pictures, self._mixed, self._large):
            if item is not None:
                item.release()

    def _pair(self, fade: float) -> Mix:
        before, after, amount = self._pictures.between(fade)
        rows = self._kept_rows(self._pictures.size)
        first = self._pictures.touch(before, self.effects, rows, newer=False)
        return Mix(first, self._pictures.touch(after, self.effects, rows), amount, after.motion)

    def _mix_now(self) -> Any:
        self._mixed = target_of(self._context, self._mixed, self._pictures.size)
        self._draw_mix(self._mixed, self.fade)
        return self._mixed.texture

    def _draw_mix(self, target: Target, fade: float, top_first: bool = False) -> None:
        mix = self._pair(fade)
        used = self._mixes[mix.motion is not None]
        used["turned"] = 0.0 if top_first else 1.0
        mix.use(used)
        target.target.use()
        target.target.scissor = self._kept_rows(target.texture.size)
        used.render()

    def _kept_rows(self, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """The part of a picture that may be seen: x, y, width, height in pixels."""
        width, height = size
        rows = min(height, round(self._kept * height))
        return 0, (height - rows) // 2, width, rows

    def _enlarged(self, mixed: Any, shown: float) -> Any:
        """The rows that are seen, enlarged; `shown` is their part of the picture's height."""
        assert self.effects
        size = self.enlarge * self._pictures.size[0], self.enlarge * self._pictures.size[1]
        if self._large is None or self._large.size != size:
            if self._large is not None:
                self._large.release()
            self._large = PingPong(self._context, size)
        width, height = size
        bottom = 0.5 + self.drift[1] - shown / 2.0
        first, last = int(bottom * height) - 2, int((bottom + shown) * height) + 3
        if first < 0 or last > height:
            first, last = 0, height
        return self.effects.apply("enlarge", mixed, self._large, (0, first, width, last - first))
