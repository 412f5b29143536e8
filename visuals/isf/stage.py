"""A stage off screen for ISF files: a picture, music that is the same every time, and a frame to read."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from artgen_osc.errors import PluginError
from visuals.compositor.gl import Pass, Target, texture_of
from visuals.compositor.kind import Moment
from visuals.isf.shader import Instant, Shader
from visuals.isf.sound import followed, sounds

if TYPE_CHECKING:
    import numpy as np

FPS = 30
TEMPO_BPM = 120.0
DAY = datetime(2026, 5, 1, 20, 15, 30)
"""Of the clock on the wall, so that each picture is the same every time."""

_MOVING = """#version 330 core
uniform sampler2D picture;
uniform sampler2D after;
uniform float time;
in vec2 uv;
out vec4 colour;
void main() {
    vec2 at = 0.5 + (uv - 0.5) * (0.86 - 0.06 * sin(time * 0.7)) + 0.05 * vec2(sin(time * 0.9), cos(time * 0.6) - 1.0);
    colour = vec4(mix(texture(picture, at), texture(after, at), 0.5 - 0.5 * cos(time * 0.5)).rgb, 1.0);
}
"""


def music(frame: int, size: tuple[int, int]) -> Moment:
    """What is heard at a frame: kicks on the beat, a melody, hats between.

    Parameters
    ----------
    frame : its number, from 0, `FPS` a second
    size : (width, height), pixels
    """
    time = frame / FPS
    beat = time * TEMPO_BPM / 60.0
    phase = beat % 1.0
    low = math.exp(-5.0 * phase)
    mid = 0.45 + 0.3 * math.sin(2.0 * math.pi * time / 3.7)
    high = 0.7 * math.exp(-8.0 * ((2.0 * beat) % 1.0))
    return Moment(
        time,
        1.0 / FPS,
        size,
        0.6,
        0.7,
        level=min(1.0, 0.4 + 0.5 * low),
        low=low,
        mid=mid,
        high=high,
        onsets=int(2.0 * beat),
        beats=int(beat),
        beat_phase=phase,
        bar_phase=(beat / 4.0) % 1.0,
        tempo_bpm=TEMPO_BPM,
    )


class Stage:
    """A stage.

    Parameters
    ----------
    context : moderngl context
    size : (width, height), pixels
    pictures : uint8 ``(height, width, 3)``, top row first: a filter is given the one as it becomes the other before
        a moving camera, a transition goes from the one to the other
    """

    def __init__(self, context: Any, size: tuple[int, int], pictures: "tuple[np.ndarray, np.ndarray]") -> None:
        self.size = size
        self._context = context
        self._pictures = [self._texture(pixels) for pixels in pictures]
        self._camera = Pass(context, _MOVING)
        self._moving = Target(context, size)
        self._shown = context.texture(size, 4)
        self._target = context.framebuffer([self._shown])

    def _texture(self, pixels: "np.ndarray") -> Any:
        import numpy as np
        from PIL import Image, ImageOps

        fitted = ImageOps.fit(Image.fromarray(pixels), self.size, Image.Resampling.BICUBIC)
        return texture_of(self._context, np.asarray(fitted)[::-1], repeat=False)

    def draw(self, shader: Shader, frames: int, values: Mapping[str, tuple[float, ...]] | None = None) -> "np.ndarray":
        """The last of so many frames, uint8 ``(height, width, 3)``, top row first.

        Parameters
        ----------
        shader : of a context that this one's is
        frames : at least one
        values : of inputs by name that aren't as the file has them; a transition is half done

        Raises
        ------
        PluginError
            It can't be drawn.
        """
        import numpy as np

        head = shader.file.head
        heard = sounds(self._context, head)
        images = {one.name: self._moving.texture for one in head.inputs if one.type == "image"}
        images |= {name: sound.texture for name, sound in heard.items()}
        if head.kind == "transition":
            images |= {"startImage": self._pictures[0], "endImage": self._pictures[1]}
        black = Target(self._context, self.size, "f1")
        under = self._moving.texture if head.kind == "filter" else black.texture
        try:
            for frame in range(frames):
                moment = music(frame, self.size)
                for sound in heard.values():
                    sound.hear(moment)
                instant = Instant(moment.time, moment.dt, frame, DAY)
                given = {"progress": (0.5,), **followed(head, moment), **(values or {})}
                self._move(moment.time)
                shader.draw(self._target, given, images, instant, under)
            data = self._target.read(components=3, alignment=1)
            if self._context.error != "GL_NO_ERROR":
                raise PluginError(f"{shader.file.path.name}: leaves an error of OpenGL")
        finally:
            for sound in heard.values():
                sound.release()
            black.release()
        width, height = self.size
        return np.ascontiguousarray(np.frombuffer(data, np.uint8).reshape(height, width, 3)[::-1])

    def _move(self, time: float) -> None:
        self._moving.target.use()
        self._camera["time"] = time
        self._pictures[0].use(0)
        self._pictures[1].use(1)
        self._camera.render()

    def release(self) -> None:
        """Give everything back."""
        self._context.detect_framebuffer(0).use()
        for item in (self._target, self._shown, self._camera, self._moving, *self._pictures):
            item.release()
