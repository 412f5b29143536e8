"""Grain, as of film, and contours as on rough paper."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from artgen_osc.schema.setting import setting
from visuals.compositor.kind import Moment
from visuals.compositor.pixel import PixelEffect

RAGGED = 3.0
"""How far contours are moved at full grain, in pixels of the picture."""


class Grain(PixelEffect):
    """Strongest in the middle tones."""

    @dataclass(frozen=True, slots=True)
    class Settings:
        """How much of it."""

        amount: float = setting(
            0.15, "fine grain over the upscaled picture", key="visuals.grain", address="/visuals/effect/grain"
        )

    function = "grain"
    glsl = """
uniform float grain_amount;
vec3 grain(vec3 rgb) {
    return rgb + speck * grain_amount * 0.45 * rgb.g * (1.2 - rgb.g);
}
"""

    def uniforms(self, settings: Settings, moment: Moment) -> Mapping[str, Any] | None:
        """See `PixelEffect`."""
        return {"grain_amount": settings.amount} if settings.amount > 0.0 else None

    def fray(self, settings: Settings) -> float:
        """See `Effect`."""
        return RAGGED * settings.amount
