"""Thick paint: the hair of a brush, drawn along the contours of a finished picture, in light from the top left."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from artgen_osc.schema.setting import setting
from visuals.compositor.gl import Pass, Target, shader, target_of, texture_of
from visuals.compositor.kind import Moment, Place

if TYPE_CHECKING:
    import numpy as np

_HERE = Path(__file__).parent

STEPS = 8
"""Looks at the noise to each side."""
STRIDE = 2.0
"""Pixels between them."""
ROWS = 1024
"""Of a picture on whose pixels the noise lies one to one; a larger picture has longer and wider hairs."""
FINE_ENOUGH = 0.5
"""Pixels of the map of hairs for one of the noise, at the most: more show nothing more, and take longer."""
RELIEF = 6.0
LOST = 1.21
"""A coarse map keeps that much less of the hairs: it is given back."""
COARSE = 4
"""Pixels of the picture for one of the map of directions."""


class Impasto:
    """What the network leaves smooth gets the relief of paint; see ``impasto.frag``.

    A line integral convolution (Cabral & Leedom, 1993) of noise along the structure tensor's directions (Brox et al.,
    2006), lit as a relief.

    Parameters
    ----------
    context : moderngl context
    """

    place: ClassVar[Place] = "picture"

    @dataclass(frozen=True, slots=True)
    class Settings:
        """How much of it."""

        amount: float = setting(
            0.4,
            "relief of thick paint on finished pictures, along their contours; 0: off",
            key="visuals.impasto",
            address="/visuals/effect/impasto",
        )

    def __init__(self, context: Any) -> None:
        self._context = context
        self._gradient = Pass(context, shader(_HERE / "gradient.frag"))
        self._smooth = Pass(context, shader(_HERE / "directions.frag"))
        self._draw_hairs = Pass(context, shader(_HERE / "hairs.frag"), _looks())
        self._paint = Pass(context, shader(_HERE / "impasto.frag"))
        self._paint["hairs"] = 1
        self._noise = texture_of(context, hairs(256))
        self._maps: list[Target | None] = [None, None]
        self._hairs: Target | None = None

    def draw(self, source: Any, target: Any, settings: Settings, moment: Moment) -> bool:
        """See `Effect`."""
        if settings.amount <= 0.0 or not moment.fine:
            return False
        scale = max(FINE_ENOUGH, min(source.size) / ROWS)
        hairs = self._map_of_hairs(source, scale)
        self._paint["amount"] = RELIEF * settings.amount * (LOST if scale > FINE_ENOUGH else 1.0)
        target.use()
        source.use(0)
        hairs.use(1)
        self._paint.render()
        return True

    def _map_of_hairs(self, source: Any, scale: float) -> Any:
        """Heights and light of the hairs; `scale`: pixels of the picture for one of the noise."""
        directions = self._directions(source)
        coarse = scale / FINE_ENOUGH
        size = tuple(max(1, round(side / coarse)) for side in source.size)
        self._hairs = target_of(self._context, self._hairs, (size[0], size[1]))
        self._draw_hairs["size"], self._draw_hairs["scale"] = source.size, scale
        self._hairs.target.use()
        directions.use(0)
        self._noise.use(2)
        self._draw_hairs.render()
        return self._hairs.texture

    def _directions(self, source: Any) -> Any:
        """The map of where contours lead, a quarter of the picture's side."""
        size = tuple(max(1, side // COARSE) for side in source.size)
        first, second = (target_of(self._context, one, size) for one in self._maps)
        self._maps = [first, second]
        first.target.use()
        source.use(0)
        self._gradient.render()
        for last, given, drawn in ((False, first, second), (True, second, first)):
            self._smooth["along"] = (0, 1) if last else (1, 0)
            self._smooth["last"] = last
            drawn.target.use()
            given.texture.use(0)
            self._smooth.render()
        return first.texture

    def release(self) -> None:
        """Give shaders and textures back."""
        for item in (
            self._gradient,
            self._smooth,
            self._draw_hairs,
            self._paint,
            self._noise,
            self._hairs,
            *self._maps,
        ):
            if item is not None:
                item.release()


def _looks() -> str:
    """The looks at the noise, written out: a driver without a graphics card takes loops badly.

    Their sum has the spread of a single look.
    """
    weights = [1.0 - (step / (STEPS + 1)) ** 2 for step in range(STEPS + 1)]  # from the middle on
    lines = ["#define LOOKS", f"    sum = {weights[0]:.6g} * look(vec2(0.0));"]
    for sign, side in (("", "ahead"), ("-", "behind")):
        for step, weight in enumerate(weights[1:], 1):
            far = step * STRIDE
            lines.append(f"    sum += {weight:.6g} * look({far:.6g} * ({sign}start + {far:.6g} * {side}));")
    spread = math.sqrt(weights[0] ** 2 + 2.0 * sum(weight**2 for weight in weights[1:]))
    lines.append(f"    sum *= {1.0 / spread:.6g};")
    reach = f"#define REACH {STEPS * STRIDE:.6g}"
    return f"{reach}\n" + " \\\n".join(lines)


def hairs(size: int) -> "np.ndarray":
    """Noise that repeats without a seam around 128, uint8 ``(size, size, 2)``: heights, and how they are lit from the
    top left.
    """
    import numpy as np

    rng = np.random.default_rng(11)
    across, down = np.meshgrid(np.fft.rfftfreq(size), np.fft.fftfreq(size))
    spectrum = np.fft.rfft2(rng.standard_normal((size, size))) * np.exp(-0.5 * (np.hypot(across, down) / 0.125) ** 2)
    light = spectrum * 2j * np.pi * (across + down)  # the slope towards the bottom right
    channels = [np.fft.irfft2(each, (size, size)) for each in (spectrum, light)]
    scaled = [0.5 + channel / (6.0 * channel.std()) for channel in channels]
    return np.asarray(np.clip(np.stack(scaled, axis=2), 0.0, 1.0) * 255.0).astype(np.uint8)
