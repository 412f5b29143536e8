"""The last pass: the camera, and all effects that finish, in one shader."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from visuals.compositor.gl import SHADERS, Pass, shader
from visuals.compositor.kind import Moment
from visuals.compositor.pixel import Noise, PixelEffect, fused

DITHER = 1.0 / 255.0
"""Of what has 8 bits a channel."""

_SEEN = "#define SEEN(at) texture(picture, at)"
_SEEN_AS_IT_IS = "#define SEEN(at) texelFetch(picture, ivec2(gl_FragCoord.xy), 0)"
_SEEN_LARGER = """
// Catmull-Rom from five linear fetches (without the corners): sharper than a linear enlargement.
vec4 larger(sampler2D frame, vec2 at) {
    vec2 size = vec2(textureSize(frame, 0)), p = at * size, base = floor(p - 0.5) + 0.5, f = p - base;
    vec2 w0 = f * (f * (1.0 - 0.5 * f) - 0.5), w3 = f * f * (0.5 * f - 0.5);
    vec2 both = 1.0 - w0 - w3, middle = (base + f * (0.5 + f * (2.0 - 1.5 * f)) / both) / size;
    vec2 before = (base - 1.0) / size, after = (base + 2.0) / size;
    vec4 sum = texture(frame, middle) * both.x * both.y;
    sum += texture(frame, vec2(before.x, middle.y)) * w0.x * both.y;
    sum += texture(frame, vec2(after.x, middle.y)) * w3.x * both.y;
    sum += texture(frame, vec2(middle.x, before.y)) * both.x * w0.y;
    sum += texture(frame, vec2(middle.x, after.y)) * both.x * w3.y;
    return max(sum / (both.x * both.y + (w0.x + w3.x) * both.y + both.x * (w0.y + w3.y)), 0.0);
}
#define SEEN(at) larger(picture, at)
"""
_SEEN_BETWEEN = "#define SEEN(at) vec4(between(vec2((at).x, 1.0 - (at).y)), 1.0)"
_BETWEEN = """
uniform sampler2D before;
uniform sampler2D after;
uniform sampler2D motion;
uniform float amount;

// Two pictures, each moved to where things are between them; both have their top row first.
vec3 between(vec2 at) {
#ifdef MOVING
    vec2 way = texture(motion, at).xy;
    return mix(texture(before, at - amount * way).rgb, texture(after, at + (1.0 - amount) * way).rgb, amount);
#else
    return mix(texture(before, at).rgb, texture(after, at).rgb, amount);
#endif
}
"""


@dataclass(frozen=True, slots=True)
class Mix:
    """A picture that is between two textures.

    Attributes
    ----------
    before, after : textures of one size, with their top row first
    amount : 0 (before) to 1 (after)
    motion : texture of how far things are from `before` to `after`, halfway there; None: they stay where they are
    """

    before: Any
    after: Any
    amount: float
    motion: Any = None

    def use(self, used: Pass) -> None:
        """Give them to a pass that has `between_glsl` in it."""
        used["amount"] = self.amount
        self.before.use(0)
        self.after.use(1)
        if self.motion is not None:
            self.motion.use(3)


def between_glsl(moving: bool) -> str:
    """A function ``vec3 between(vec2 at)``: what a `Mix` is at a place, 0..1 from its first row down.

    Parameters
    ----------
    moving : whether it has a motion
    """
    return "#define MOVING\n" * moving + _BETWEEN


Seen = Any
"""A texture, or a `Mix`."""


@dataclass(frozen=True, slots=True)
class Camera:
    """What of a picture is seen.

    Attributes
    ----------
    cover : its part, per axis, that the frame shows
    zoom : at least 1
    drift : (2,), in heights of the picture, right and up
    """

    cover: tuple[float, float] = (1.0, 1.0)
    zoom: float = 1.0
    drift: tuple[float, float] = (0.0, 0.0)

    @property
    def shown(self) -> tuple[float, float]:
        """Part of the picture that the frame shows, per axis, zoom included."""
        return self.cover[0] / self.zoom, self.cover[1] / self.zoom

    @property
    def middle(self) -> tuple[float, float]:
        """Where in the picture the frame's middle is."""
        return 0.5 + self.drift[0], 0.5 + self.drift[1]


class Final:
    """Draws what is seen into what is bound.

    For each set of effects that are at work there is a shader of its own, so those at rest cost nothing; it is made
    when it is first needed.

    Parameters
    ----------
    context : moderngl context
    """

    def __init__(self, context: Any) -> None:
        self._context = context
        self._effects: list[PixelEffect] = []
        self._passes: dict[tuple[str, tuple[int, ...]], Pass] = {}
        self._noise = Noise(context)
        self._values: Mapping[int, Mapping[str, Any]] = {}

    def join(self, effect: PixelEffect) -> None:
        """Take one more effect; it is numbered from 0."""
        self._effects.append(effect)

    def trial(self, effect: PixelEffect) -> Pass:
        """The shader with all that have joined and one more.

        Raises
        ------
        moderngl.Error
            It can't be made.
        """
        return self._made([*self._effects, effect], _SEEN)

    def set(self, values: Mapping[int, Mapping[str, Any]]) -> None:
        """Say what is at work from now on, in order: the values of uniforms by name, by the number of the effect."""
        self._values = values

    def draw(
        self,
        seen: Seen,
        camera: Camera,
        moment: Moment,
        brightness: float = 1.0,
        dither: float = DITHER,
        size: tuple[int, int] | None = None,
    ) -> None:
        """Draw.

        Parameters
        ----------
        seen : texture or Mix
        camera : Camera
        moment : Moment
        brightness : 0 (black) to 1
        dither : the smallest step of what is drawn into, 0 where it has none
        size : (width, height) of what is drawn into, where `seen` is a frame of its own; None: it is a picture
        """
        between = isinstance(seen, Mix)
        glsl = between_glsl(seen.motion is not None) + _SEEN_BETWEEN if between else _SEEN
        if size is not None and not between:
            glsl = _SEEN_AS_IT_IS if seen.size == size else _SEEN_LARGER if seen.size[0] < size[0] else _SEEN
        used = self._pass(glsl)
        for values in self._values.values():
            for name, value in values.items():
                used[name] = value
        if glsl != _SEEN_AS_IT_IS:
            used["shown"], used["middle"] = camera.shown, camera.middle
        used["brightness"], used["dither"] = brightness, dither
        self._noise.use(used, moment)
        if between:
            seen.use(used)
        else:
            seen.use(0)
        used.render()

    def release(self) -> None:
        """Give everything back."""
        for used in self._passes.values():
            used.release()
        self._noise.release()

    def _pass(self, glsl: str) -> Pass:
        key = glsl, tuple(self._values)
        if key not in self._passes:
            self._passes[key] = self._made([self._effects[index] for index in self._values], glsl)
        return self._passes[key]

    def _made(self, effects: Sequence[PixelEffect], glsl: str) -> Pass:
        return Pass(self._context, shader(SHADERS / "final.frag"), f"{fused(effects)}\n{glsl}")
