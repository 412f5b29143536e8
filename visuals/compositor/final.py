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

    def draw(self, seen: Seen, camera: Camera, moment: Moment, brightness: float = 1.0, dither: float = DITHER) -> None:
        """Draw.

        Parameters
        ----------
        seen : texture or Mix
        camera : Camera
        moment : Moment
        brightness : 0 (black) to 1
        dither : the smallest step of what is drawn into, 0 where it has none
        """
        between = isinstance(seen, Mix)
        used = self._pass(between_glsl(seen.motion is not None) + _SEEN_BETWEEN if between else _SEEN)
        for values in self._values.values():
            for name, value in values.items():
                used[name] = value
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
