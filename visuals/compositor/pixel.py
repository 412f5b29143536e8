"""Effects that look at one pixel at a time: a function of GLSL each, all in the compositor's own last pass."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from visuals.compositor.gl import Pass, texture_of
from visuals.compositor.kind import Moment, Place

if TYPE_CHECKING:
    import numpy as np

_NOISE_SIZE = 256

HEADER = """
uniform sampler2D noise;
uniform vec2 noise_shift;
uniform vec2 aspect;
in vec2 uv;
out vec4 colour;
float speck;
#define SPECK texture(noise, gl_FragCoord.xy / 256.0 + noise_shift).r - 0.5
"""
"""What a function may use: ``uv``, 0..1 from bottom left to top right; ``aspect``, (width / height, 1) of the frame;
``speck``, white noise from -0.5 to 0.5, another one 60 times a second. It is looked up once for all."""

_ALONE = """#version 330 core
uniform sampler2D picture;
{header}{glsl}
void main() {{
    speck = SPECK;
    colour = vec4({function}(texture(picture, uv).rgb), 1.0);
}}
"""


class PixelEffect:
    """Base of an effect that changes each pixel by what it is and where it is.

    A class of its own has ``function`` and ``glsl``, and `uniforms`. It costs no pass: the compositor puts its function
    into the last one.

    Attributes
    ----------
    function : name of the function ``vec3 NAME(vec3 rgb)``; uniforms and all else in `glsl` begin with it too
    glsl : its text, with its uniforms; see `HEADER` for what it may use

    Parameters
    ----------
    context : moderngl context
    """

    place: ClassVar[Place] = "finish"
    function: ClassVar[str]
    glsl: ClassVar[str]

    def __init__(self, context: Any) -> None:
        self._context = context
        self._alone: tuple[Pass, Noise] | None = None

    def uniforms(self, settings: Any, moment: Moment) -> Mapping[str, Any] | None:
        """Values of the uniforms for one frame, by name; None: there is nothing to do.

        Parameters
        ----------
        settings : instance of ``Settings``, or None
        moment : what is known of the frame
        """
        return {}

    def draw(self, source: Any, target: Any, settings: Any, moment: Moment) -> bool:
        """The effect by itself, in a pass of its own. See `Effect`."""
        values = self.uniforms(settings, moment)
        if values is None:
            return False
        if self._alone is None:
            text = _ALONE.format(header=HEADER, glsl=self.glsl, function=self.function)
            self._alone = Pass(self._context, text), Noise(self._context)
        alone, noise = self._alone
        for name, value in values.items():
            alone[name] = value
        source.use(0)
        noise.use(alone, moment)
        target.use()
        alone.render()
        return True

    def release(self) -> None:
        """Give back what it took to draw by itself."""
        for item in self._alone or ():
            item.release()
        self._alone = None


class Noise:
    """White noise that is another one 60 times a second.

    Parameters
    ----------
    context : moderngl context
    """

    def __init__(self, context: Any) -> None:
        self._texture = texture_of(context, white_noise(_NOISE_SIZE))
        self._texture.filter = (context.NEAREST, context.NEAREST)

    def use(self, drawn: Pass, moment: Moment) -> None:
        """Give a pass that has `HEADER` in it what that needs.

        Parameters
        ----------
        drawn : the pass
        moment : what is known of the frame
        """
        step = int(moment.time * 60.0)
        values = {
            "noise_shift": (step * 97 % _NOISE_SIZE / _NOISE_SIZE, step * 61 % _NOISE_SIZE / _NOISE_SIZE),
            "aspect": (moment.size[0] / moment.size[1], 1.0),
        }
        for name, value in values.items():
            if name in drawn.program:
                drawn[name] = value
        self._texture.use(2)

    def release(self) -> None:
        """Give the texture back."""
        self._texture.release()


def white_noise(size: int) -> "np.ndarray":
    """Uint8 ``(size, size, 1)``."""
    import numpy as np

    return np.random.default_rng(3).integers(0, 256, (size, size, 1), dtype=np.uint8)


def fused(effects: Sequence[PixelEffect]) -> str:
    """GLSL of several, with a function ``vec3 finish(vec3 rgb)`` that does what they do, one after the other.

    Parameters
    ----------
    effects : in their order
    """
    calls = [f"    rgb = {effect.function}(rgb);" for effect in effects]
    texts = [effect.glsl for effect in effects]
    return "\n".join([HEADER, *texts, "vec3 finish(vec3 rgb) {", *calls, "    return rgb;", "}", ""])
