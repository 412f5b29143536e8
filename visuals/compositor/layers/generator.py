"""What the models paint, as a layer: it fades from picture to picture."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from artgen_osc.schema.setting import setting
from visuals.compositor.final import Camera, Mix, Seen
from visuals.compositor.gl import SHADERS, Pass, PingPong, Target, shader, texture_of
from visuals.compositor.kind import Moment, PictureEffects

if TYPE_CHECKING:
    import numpy as np

LARGE_ROWS, NEAR = 512, 2.25
"""A picture of so many rows that is shown at no more than `NEAR` times its size goes to the frame at once."""

ROOM = 0.06
"""Heights of a large picture that are kept above and below what the frame shows, for the camera to move in."""


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
    """Two pictures and the fade between them; effects at ``picture`` and ``enlarge`` are its own.

    Parameters
    ----------
    context : moderngl context

    Attributes
    ----------
    effects : the chain of the show; None: there are no effects
    enlarge : how many times the enlargement makes of each side; more is smoother on a large frame, and slower
    fade : 0..1, from the picture before to the newest
    zoom, drift : of the camera, as in `visuals.modulation.motion.Look`
    """

    Settings = GeneratorSettings

    def __init__(self, context: Any) -> None:
        import numpy as np

        self.effects: PictureEffects | None = None
        self.enlarge = 2
        self.fade, self.zoom, self.drift = 1.0, 1.0, (0.0, 0.0)
        self._context = context
        self._mix = Pass(context, shader(SHADERS / "mix.frag"))
        self._after = texture_of(context, np.zeros((4, 4, 3), np.uint8), repeat=False)
        self._before, self._mixed = (Target(context, self._after.size) for _ in range(2))
        self._strokes = PingPong(context, self._after.size)
        self._large: PingPong | None = None
        self._touched: Any = self._after
        """The newest picture, out of the effects at ``picture``."""
        self._key: Any = ()
        self._fresh = True
        self._kept = 1.0

    def take(self, pixels: "np.ndarray", fade: float) -> None:
        """A new picture to fade to.

        Parameters
        ----------
        pixels : uint8 ``(height, width, 3)``, top row first
        fade : 0..1, how far the fade to the last picture has come; that is what the next one starts from
        """
        import numpy as np

        height, width = pixels.shape[:2]
        if self._after.size == (width, height):
            self._draw_mix(self._mixed, fade)
            self._before, self._mixed = self._mixed, self._before
            self._after.write(np.ascontiguousarray(pixels))
        else:
            before, mixed = (Target(self._context, (width, height)) for _ in range(2))
            self._draw_mix(before, fade)
            self._give_back()
            self._before, self._mixed = before, mixed
            self._strokes, self._large = PingPong(self._context, (width, height)), None
            self._after = texture_of(self._context, pixels, repeat=False)
        self._fresh = True

    def frame(self, size: tuple[int, int], settings: GeneratorSettings | None, moment: Moment) -> Any:
        """See `Layer`."""
        seen = self.seen(size)
        if isinstance(seen, Mix):
            self._draw_mix(self._mixed, self.fade)
            return self._mixed.texture
        return seen

    def seen(self, size: tuple[int, int]) -> Seen:
        """As `frame`, but for a large picture the two between which it is: to mix them on the way costs no pass."""
        camera = self.camera(size)
        shown = camera.cover[1] / camera.zoom
        height = self._after.height
        near = height >= LARGE_ROWS and size[1] <= NEAR * shown * height
        kept = min(1.0, camera.cover[1] + 2.0 * ROOM) if near else 1.0
        self._kept, self._fresh = kept, self._fresh or kept > self._kept
        if near:
            return Mix(self._before.texture, self._touch(), self.fade)
        self._draw_mix(self._mixed, self.fade)
        return self._enlarged(shown) if self.effects else self._mixed.texture

    def camera(self, size: tuple[int, int]) -> Camera:
        """How the picture lies in a frame of this size: it covers it, and isn't stretched."""
        aspect = size[0] / size[1] * self._after.height / self._after.width
        return Camera((1.0, 1.0 / aspect) if aspect >= 1.0 else (aspect, 1.0), self.zoom, self.drift)

    def release(self) -> None:
        """See `Layer`."""
        self._give_back()
        self._mix.release()

    def _give_back(self) -> None:
        for item in (self._before, self._mixed, self._strokes, self._large, self._after):
            if item is not None:
                item.release()

    def _draw_mix(self, target: Target, fade: float) -> None:
        after = self._touch()
        self._mix["amount"] = fade
        self._before.texture.use(0)
        after.use(1)
        target.target.use()
        target.target.scissor = self._kept_rows(target.texture.size)
        self._mix.render()

    def _kept_rows(self, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """The part of a picture that may be seen: x, y, width, height in pixels."""
        width, height = size
        rows = min(height, round(self._kept * height))
        return 0, (height - rows) // 2, width, rows

    def _touch(self) -> Any:
        """The newest picture out of the effects at ``picture``: drawn once for each picture, not for each frame."""
        key = self.effects.key("picture") if self.effects else ()
        if self._fresh or key != self._key:
            self._fresh, self._key = False, key
            self._touched = self._after
            if self.effects:
                self._touched = self.effects.apply(
                    "picture", self._after, self._strokes, self._kept_rows(self._after.size)
                )
        return self._touched

    def _enlarged(self, shown: float) -> Any:
        """The rows that are seen, enlarged; `shown` is their part of the picture's height."""
        assert self.effects
        if self._large is None or self._large.size != self._large_size():
            if self._large is not None:
                self._large.release()
            self._large = PingPong(self._context, self._large_size())
        width, height = self._large.size
        bottom = 0.5 + self.drift[1] - shown / 2.0
        first, last = int(bottom * height) - 2, int((bottom + shown) * height) + 3
        if first < 0 or last > height:
            first, last = 0, height
        return self.effects.apply("enlarge", self._mixed.texture, self._large, (0, first, width, last - first))

    def _large_size(self) -> tuple[int, int]:
        return self.enlarge * self._after.width, self.enlarge * self._after.height
