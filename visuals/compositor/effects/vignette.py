"""Darker corners."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from artgen_osc.schema.setting import setting
from visuals.compositor.kind import Moment
from visuals.compositor.pixel import PixelEffect


class Vignette(PixelEffect):
    """Light falls off with the square of the distance, from a clear middle on."""

    @dataclass(frozen=True, slots=True)
    class Settings:
        """How much of it."""

        amount: float = setting(0.2, "darker corners", key="visuals.vignette", address="/visuals/effect/vignette")

    function = "vignette"
    glsl = """
uniform float vignette_amount;
vec3 vignette(vec3 rgb) {
    vec2 from_centre = (uv - 0.5) * aspect;
    return rgb * (1.0 - vignette_amount * clamp(dot(from_centre, from_centre) * 0.9 - 0.15, 0.0, 1.0));
}
"""

    def uniforms(self, settings: Settings, moment: Moment) -> Mapping[str, Any] | None:
        """See `PixelEffect`."""
        return {"vignette_amount": settings.amount} if settings.amount > 0.0 else None
