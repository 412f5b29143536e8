"""Effects and layers of strangers: good ones, and broken ones of each sort."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from artgen_osc.schema.setting import setting
from visuals.compositor.gl import Pass, standalone_context, texture_of
from visuals.compositor.kind import Moment
from visuals.compositor.pixel import PixelEffect


@dataclass(frozen=True, slots=True)
class Amount:
    amount: float = setting(1.0, "how much")


INVERT = """#version 330 core
uniform sampler2D picture;
uniform float amount;
in vec2 uv;
out vec4 colour;
void main() {
    vec3 rgb = texture(picture, uv).rgb;
    colour = vec4(mix(rgb, 1.0 - rgb, amount), 1.0);
}
"""


class Invert:
    Settings = Amount

    def __init__(self, context: Any) -> None:
        self.context, self.calls = context, 0
        self.shader = Pass(context, INVERT)

    def draw(self, source: Any, target: Any, settings: Amount, moment: Moment) -> bool:
        self.calls += 1
        source.use(0)
        target.use()
        self.shader["amount"] = settings.amount
        self.shader.render()
        return True

    def release(self) -> None:
        self.shader.release()


class Negative(PixelEffect):
    """The same in the last pass."""

    Settings = Amount
    function = "negative"
    glsl = "uniform float negative_amount; vec3 negative(vec3 rgb) { return mix(rgb, 1.0 - rgb, negative_amount); }"

    def uniforms(self, settings: Amount, moment: Moment) -> Mapping[str, Any] | None:
        return {"negative_amount": settings.amount}


class Field:
    """A layer of one colour, red in its lower half and nothing above."""

    Settings = Amount

    def __init__(self, context: Any) -> None:
        self.texture = texture_of(context, np.array([[[255, 0, 0, 255]], [[0, 0, 255, 0]]], np.uint8), repeat=False)
        self.texture.filter = (context.NEAREST, context.NEAREST)

    def frame(self, size: tuple[int, int], settings: Amount, moment: Moment) -> Any:
        return self.texture

    def release(self) -> None:
        self.texture.release()


class Raises(Invert):
    def draw(self, source: Any, target: Any, settings: Amount, moment: Moment) -> bool:
        super().draw(source, target, settings, moment)
        self.context.enable(self.context.BLEND)
        target.scissor = (0, 0, 1, 1)
        raise ZeroDivisionError("by nothing")


class LeavesErrors(Invert):
    def draw(self, source: Any, target: Any, settings: Amount, moment: Moment) -> bool:
        super().draw(source, target, settings, moment)
        self.shader.render_as(99)
        return True

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        triangle = context.vertex_array(self.shader.program, [])
        self.shader.render_as = lambda mode: triangle.render(mode, vertices=3)  # type: ignore[attr-defined]


class Leaks(Invert):
    def draw(self, source: Any, target: Any, settings: Amount, moment: Moment) -> bool:
        self.context.texture((8, 8), 4)
        return super().draw(source, target, settings, moment)


class Wanders(Invert):
    """Leaves another OpenGL context current."""

    def draw(self, source: Any, target: Any, settings: Amount, moment: Moment) -> bool:
        if self.calls == 0:
            self.other = standalone_context()
        self.calls += 1
        self.other.__enter__()
        raise RuntimeError("lost in a context of its own")


class ReleasesTheContext(Invert):
    def draw(self, source: Any, target: Any, settings: Amount, moment: Moment) -> bool:
        self.context.release()
        return True


class DrawsNothing(Invert):
    def draw(self, source: Any, target: Any, settings: Amount, moment: Moment) -> bool:
        return True


class StopsDrawing(Invert):
    def draw(self, source: Any, target: Any, settings: Amount, moment: Moment) -> bool:
        if moment.time < 1.0:
            return super().draw(source, target, settings, moment)
        return True


class NoTexture(Field):
    def frame(self, size: tuple[int, int], settings: Amount, moment: Moment) -> Any:
        return "a texture"


class Released(Field):
    def frame(self, size: tuple[int, int], settings: Amount, moment: Moment) -> Any:
        self.texture.release()
        return self.texture


class WrongUniform(Negative):
    def uniforms(self, settings: Amount, moment: Moment) -> Mapping[str, Any] | None:
        return {"negative_amount": "much"}


class CantBeMade(Invert):
    def __init__(self, context: Any) -> None:
        raise OSError("no such file")


class BadShader(Invert):
    def __init__(self, context: Any) -> None:
        Pass(context, "#version 330 core\nnot GLSL")


class BadSnippet(Negative):
    glsl = "vec3 negative(vec3 rgb) { return 1; } }"


class NoPlace(Invert):
    place = "everywhere"


class FinishesAlone(Invert):
    place = "finish"
