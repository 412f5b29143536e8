"""The last pass: the camera, and all effects that finish, in one shader."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from visuals.compositor.gl import SHADERS, Pass, shader
from visuals.compositor.kind import Moment
from visuals.compositor.pixel import Noise, PixelEffect, fused

DITHER = 1.0 / 255.0
"""Of what has 8 bits a channel."""

_SEEN = {
    False: "#define SEEN(at) texture(picture, at).rgb",
    True: """
uniform sampler2D before;
uniform sampler2D after;
uniform float amount;
// Generated pictures come with their top row first.
#define SEEN(at) mix(texture(before, at).rgb, texture(after, vec2((at).x, 1.0 - (at).y)).rgb, amount)
""",
}


@dataclass(frozen=True, slots=True)
class Mix:
    """A picture that is between two textures.

    Attributes
    ----------
    before, after : textures of one size; `after` has its top row first
    amount : 0 (before) to 1 (after)
    """

    before: Any
    after: Any
    amount: float


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
        self._passes: dict[tuple[bool, tuple[int, ...]], Pass] = {}
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
        return self._made([*self._effects, effect], False)

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
        used = self._pass(isinstance(seen, Mix))
        for values in self._values.values():
            for name, value in values.items():
                used[name] = value
        used["shown"], used["middle"] = camera.shown, camera.middle
        used["brightness"], used["dither"] = brightness, dither
        self._noise.use(used, moment)
        if isinstance(seen, Mix):
            used["amount"] = seen.amount
            seen.before.use(0)
            seen.after.use(1)
        else:
            seen.use(0)
        used.render()

    def release(self) -> None:
        """Give everything back."""
        for used in self._passes.values():
            used.release()
        self._noise.release()

    def _pass(self, mixed: bool) -> Pass:
        key = mixed, tuple(self._values)
        if key not in self._passes:
            self._passes[key] = self._made([self._effects[index] for index in self._values], mixed)
        return self._passes[key]

    def _made(self, effects: Sequence[PixelEffect], mixed: bool) -> Pass:
        return Pass(self._context, shader(SHADERS / "final.frag"), f"{fused(effects)}\n{_SEEN[mixed]}")
