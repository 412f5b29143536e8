"""An effect: few colours instead of many, as on a poster."""

from dataclasses import dataclass
from typing import Any

from artgen_osc.schema.setting import setting
from visuals.compositor.kind import Moment

CORNERS = """#version 330
out vec2 uv;
void main() {
    uv = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0;
    gl_Position = vec4(uv * 2.0 - 1.0, 0.0, 1.0);
}"""
COLOURS = """#version 330
uniform sampler2D picture;
uniform float steps, amount;
in vec2 uv;
out vec4 colour;
void main() {
    colour = texture(picture, uv);
    colour.rgb = mix(colour.rgb, floor(colour.rgb * steps + 0.5) / steps, amount);
}"""


class Posterise:
    """Draws a triangle over the whole target; the shader does the rest."""

    @dataclass(frozen=True, slots=True)
    class Settings:
        """[plugin.posterise] in a show file."""

        amount: float = setting(0.0, "how much of the poster is seen")
        steps: int = setting(4, "shades of each colour", 1, 16)

    def __init__(self, context: Any) -> None:
        self._program = context.program(vertex_shader=CORNERS, fragment_shader=COLOURS)
        self._triangle = context.vertex_array(self._program, [])

    def draw(self, source: Any, target: Any, settings: Any, moment: Moment) -> bool:
        """Louder music, fewer colours."""
        if settings.amount == 0.0:
            return False
        source.use(0)
        self._program["steps"] = float(max(1, round(settings.steps * (1.0 - 0.5 * moment.level))))
        self._program["amount"] = settings.amount
        target.use()
        self._triangle.render(vertices=3)
        return True

    def release(self) -> None:
        """Give both back."""
        self._triangle.release()
        self._program.release()
