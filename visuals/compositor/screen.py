"""OpenGL: generated pictures in, a full frame out. To be used on one thread only.

Each picture goes through the brush once. For each frame there are two passes at the size of the picture (mix of last
and next, prefilter), one at twice its size (cubic enlargement) and one at the size of the target (camera, grain,
vignette), then the overlay. A picture that is nearly as large as the target needs no enlargement: the last pass alone
mixes and draws it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from artgen_osc.errors import DisplayError
from visuals.compositor.brush import brush_taps
from visuals.generators.generator import Frame
from visuals.modulation.motion import Look

SHADERS = Path(__file__).parent / "shaders"
_NOISE_SIZE = 256
ENLARGE = 2
_RAGGED = 3.0
"""How far contours are moved at full grain, in pixels of the picture."""

BRUSHED_SIDE = 256
"""Pixels of a picture whose brush reaches `brush.REACH` of them; a larger picture has a larger brush."""

FINE_SIDE = 512
"""The same for a finished picture: its contours are lines, and stand a brush of half the width."""

LARGE_ROWS, NEAR = 512, 2.25
"""A picture of so many rows that is shown at no more than `NEAR` times its size goes to the target at once."""

ROOM = 0.06
"""Heights of a large picture that are kept above and below what the target shows, for the camera to move in."""

_SEEN_NEAR = """
uniform sampler2D before;
uniform sampler2D after;
uniform float amount;
// Generated pictures come with their top row first.
#define SEEN(at) mix(texture(before, at).rgb, texture(after, vec2((at).x, 1.0 - (at).y)).rgb, amount)
"""
_BLACK: Frame = np.zeros((4, 4, 3), np.uint8)


def standalone_context() -> Any:
    """An OpenGL 3.3 context without a window.

    Raises
    ------
    DisplayError
        There is no such OpenGL here.
    """
    import moderngl

    try:
        options: dict[str, Any] = {"standalone": True, "backend": "egl"}
        return moderngl.create_context(require=330, **options)
    except Exception as error:  # the loader raises many kinds; each means the same to the user
        egl_error = error
    try:
        return moderngl.create_context(require=330, standalone=True)
    except Exception:
        raise DisplayError(
            f"OpenGL: can't draw off screen ({egl_error}); OpenGL 3.3 through EGL is needed; "
            "install a driver, on Debian: apt install libegl1 libgl1-mesa-dri"
        ) from egl_error


@dataclass(frozen=True, slots=True)
class _Layer:
    """What is drawn into: a half-float texture, or a renderbuffer of 8 bits to be read back."""

    texture: Any
    target: Any

    def release(self) -> None:
        self.target.release()
        self.texture.release()


class Screen:
    """Draws the show.

    Parameters
    ----------
    context : moderngl context, core 3.3
    size : (width, height) of the target, pixels
    window : whether to draw into the context's window instead of a picture in memory
    enlarge : how many times the cubic enlargement makes of each side; more is smoother on a large target, and slower
    """

    def __init__(self, context: Any, size: tuple[int, int], window: bool = False, enlarge: int = ENLARGE) -> None:
        self._context = context
        self._enlarge = enlarge
        self._window = context.detect_framebuffer(0) if window else None
        self._mix_pass = self._pass("mix")
        self._brush_pass = self._pass("brush", brush_taps())
        self._sharpen_pass = self._pass("sharpen")
        self._enlarge_pass = self._pass("enlarge")
        self._final_pass = self._pass("final", "#define SEEN(at) texture(picture, at).rgb")
        self._near_pass = self._pass("final", _SEEN_NEAR)
        self._overlay_pass = self._pass("overlay")
        self._grain = self._texture(white_noise(_NOISE_SIZE))
        self._grain.filter = (context.NEAREST, context.NEAREST)
        self._offsets = self._texture(smooth_noise(_NOISE_SIZE))
        self._after = self._texture(_BLACK, repeat=False)
        self._before, self._mixed, self._strokes = (self._layer(*_BLACK.shape[:2]) for _ in range(3))
        self._enlarged: tuple[_Layer, _Layer] | None = None
        self._brush = 0.0
        self._fresh = True
        self._fine = False
        self._near = False
        self._kept = 1.0
        self._reads: dict[tuple[int, int], Frame] = {}
        self._text: Any = None
        self._memory: Any = None
        self.resize(size)

    def resize(self, size: tuple[int, int]) -> None:
        """Draw to a target of another size (width, height)."""
        self.size = (max(1, size[0]), max(1, size[1]))
        if self._memory is not None:
            self._give_back(self._memory)
            self._memory = None
        if self._window is None:
            self._memory = self._readable(self.size)

    def take(self, pixels: Frame, mix: float, fine: bool = False) -> None:
        """A new picture to fade to.

        Parameters
        ----------
        pixels : uint8 ``(height, width, 3)``, top row first
        mix : 0..1, how far the fade to the last picture has come; that is what the next one starts from
        fine : whether it went through the finisher, and stands a finer brush
        """
        height, width = pixels.shape[:2]
        if self._after.size == (width, height):
            self._draw_mix(self._mixed, mix)
            self._before, self._mixed = self._mixed, self._before
            self._after.write(np.ascontiguousarray(pixels))
            self._fresh, self._fine = True, fine
            return
        layers = [self._layer(height, width) for _ in range(3)]
        self._draw_mix(layers[0], mix)
        for old in (self._before, self._mixed, self._strokes, self._after, *(self._enlarged or ())):
            old.release()
        self._before, self._mixed, self._strokes = layers
        self._enlarged = None
        self._after = self._texture(pixels, repeat=False)
        self._fresh, self._fine = True, fine

    def overlay(self, image: np.ndarray | None) -> None:
        """Show an image, uint8 ``(height, width, 4)``, in the upper left corner; None takes it away."""
        if self._text is not None and (image is None or self._text.size != (image.shape[1], image.shape[0])):
            self._text.release()
            self._text = None
        if image is None:
            return
        data = np.ascontiguousarray(image)
        if self._text is None:
            self._text = self._context.texture((image.shape[1], image.shape[0]), 4, data, alignment=1)
        else:
            self._text.write(data)

    def draw(self, mix: float, look: Look) -> None:
        """Draw a frame into the target.

        Parameters
        ----------
        mix : 0..1, from the picture before to the newest
        look : Look
        """
        self._reads.clear()
        self._draw_to(self._window if self._memory is None else self._memory.target, mix, look)
        if self._text is not None:
            program, triangle = self._overlay_pass
            program["target"] = self.size
            self._text.use(0)
            self._context.enable(self._context.BLEND)
            triangle.render(vertices=3)
            self._context.disable(self._context.BLEND)

    def finish(self) -> None:
        """Wait until everything is drawn."""
        self._context.finish()

    def read_frame(self) -> Frame:
        """What `draw` has drawn into memory: uint8 ``(height, width, 3)``, top row first."""
        return self._read(self._window if self._memory is None else self._memory.target, self.size)

    def picture(self, mix: float, look: Look) -> Frame:
        """The frame that `draw` would draw, without the overlay, as `read_frame` gives it."""
        layer = self._readable(self.size)
        try:
            self._draw_to(layer.target, mix, look)
            return self._read(layer.target, self.size)
        finally:
            self._give_back(layer)

    def read(self, size: tuple[int, int]) -> Frame:
        """What `draw` has just drawn, without the overlay, stretched to (width, height), as `read_frame` gives it.

        Each size is read once a frame; the frame can't be written to.
        """
        if size not in self._reads:
            self._reads[size] = self._read_small(size)
            self._reads[size].flags.writeable = False
        return self._reads[size]

    def _read_small(self, size: tuple[int, int]) -> Frame:
        layer = self._readable(size)
        try:
            layer.target.use()
            self._draw_last()
            return self._read(layer.target, size)
        finally:
            self._give_back(layer)

    def release(self) -> None:
        """Give everything back to the driver."""
        self.overlay(None)
        layers = (self._before, self._mixed, self._strokes, *(self._enlarged or ()))
        for item in (*layers, self._after, self._grain, self._offsets, self._memory):
            if item is not None:
                item.release()
        passes = [self._mix_pass, self._brush_pass, self._sharpen_pass, self._enlarge_pass, self._final_pass]
        passes += [self._near_pass, self._overlay_pass]
        for program, triangle in passes:
            triangle.release()
            program.release()

    def _read(self, target: Any, size: tuple[int, int]) -> Frame:
        width, height = size
        data = target.read(viewport=(0, 0, width, height), components=3, alignment=1)
        return np.ascontiguousarray(np.frombuffer(data, np.uint8).reshape(height, width, 3)[::-1])

    def _draw_mix(self, layer: _Layer, mix: float) -> None:
        program, triangle = self._mix_pass
        program["amount"] = mix
        self._use_both()
        layer.target.use()
        layer.target.scissor = self._kept_rows(layer)
        triangle.render(vertices=3)

    def _kept_rows(self, layer: _Layer) -> tuple[int, int, int, int]:
        """The part of a layer that may be seen: x, y, width, height in pixels."""
        width, height = layer.texture.size
        rows = min(height, round(self._kept * height))
        return 0, (height - rows) // 2, width, rows

    def _use_both(self) -> None:
        """What was on screen, and the newest picture."""
        if self._fresh and self._brush > 0.0:
            self._draw_strokes()
        self._fresh = False
        self._before.texture.use(0)
        (self._strokes.texture if self._brush > 0.0 else self._after).use(1)

    def _draw_strokes(self) -> None:
        """Once for each picture, not for each frame."""
        program, triangle = self._brush_pass
        program["brush"] = self._brush
        side = FINE_SIDE if self._fine else BRUSHED_SIDE
        program["stride"] = max(1, round(max(self._after.size) / side))
        self._after.use(0)
        self._strokes.target.use()
        self._strokes.target.scissor = self._kept_rows(self._strokes)
        triangle.render(vertices=3)

    def _draw_to(self, target: Any, mix: float, look: Look) -> None:
        aspect = self.size[0] / self.size[1] * self._after.height / self._after.width
        cover = (1.0, 1.0 / aspect) if aspect >= 1.0 else (aspect, 1.0)
        if look.brush != self._brush:
            self._brush, self._fresh = look.brush, True
        seen = cover[1] / look.zoom
        height = self._after.height
        self._near = height >= LARGE_ROWS and self.size[1] <= NEAR * seen * height
        kept = min(1.0, cover[1] + 2.0 * ROOM) if self._near else 1.0
        self._kept, self._fresh = kept, self._fresh or kept > self._kept
        if self._near:
            program = self._near_pass[0]
            program["amount"] = mix
        else:
            program = self._final_pass[0]
            self._draw_mix(self._mixed, mix)
            self._draw_large(seen, look)
        program["cover"], program["zoom"], program["drift"] = cover, look.zoom, look.drift
        program["aspect"] = (self.size[0] / self.size[1], 1.0)
        program["brightness"], program["grain"], program["vignette"] = look.brightness, look.grain, look.vignette
        step = int(look.time * 60.0)
        program["grain_shift"] = (step * 97 % _NOISE_SIZE / _NOISE_SIZE, step * 61 % _NOISE_SIZE / _NOISE_SIZE)
        if self._near:
            self._use_both()  # before the target: it may have to draw strokes
        target.use()
        self._context.viewport = (0, 0, *self.size)
        self._draw_last()

    def _draw_last(self) -> None:
        """The last pass, into whatever is in use."""
        if self._near:
            self._use_both()
        else:
            self._layers()[1].texture.use(0)
        self._grain.use(2)
        (self._near_pass if self._near else self._final_pass)[1].render(vertices=3)

    def _draw_large(self, shown: float, look: Look) -> None:
        """Enlarge the rows that are seen; `shown` is their part of the picture's height."""
        sharp, large = self._layers()
        sharp.target.use()
        self._mixed.texture.use(0)
        self._sharpen_pass[1].render(vertices=3)
        program, triangle = self._enlarge_pass
        program["ragged"] = _RAGGED * look.grain
        width, height = large.texture.size
        bottom = 0.5 + look.drift[1] - shown / 2.0
        first, last = int(bottom * height) - 2, int((bottom + shown) * height) + 3
        if first < 0 or last > height:
            first, last = 0, height
        large.target.use()
        large.target.scissor = (0, first, width, last - first)
        sharp.texture.use(0)
        self._offsets.use(2)
        triangle.render(vertices=3)

    def _layers(self) -> tuple[_Layer, _Layer]:
        """The mix prefiltered, and enlarged; they take room, and a large picture needs neither."""
        if self._enlarged is None:
            width, height = self._after.size
            self._enlarged = self._layer(height, width), self._layer(self._enlarge * height, self._enlarge * width)
        return self._enlarged

    def _pass(self, name: str, defined: str = "") -> tuple[Any, Any]:
        """A shader of `SHADERS`; `defined` goes behind its first line."""
        version, _, rest = (SHADERS / f"{name}.frag").read_text(encoding="utf-8").partition("\n")
        program = self._context.program(
            vertex_shader=(SHADERS / "screen.vert").read_text(encoding="utf-8"),
            fragment_shader="\n".join(filter(None, (version, defined, rest))),
        )
        for sampler, unit in (("before", 0), ("picture", 0), ("text", 0), ("after", 1), ("noise", 2)):
            if sampler in program:
                program[sampler] = unit
        return program, self._context.vertex_array(program, [])

    def _layer(self, height: int, width: int) -> _Layer:
        texture = self._context.texture((width, height), 4, dtype="f2")
        texture.repeat_x = texture.repeat_y = False
        target = self._context.framebuffer([texture])
        target.clear()
        return _Layer(texture, target)

    def _readable(self, size: tuple[int, int]) -> _Layer:
        # Not by moderngl's simple_framebuffer, whose buffers would stay behind when it is released.
        buffer = self._context.renderbuffer(size, 3)
        return _Layer(buffer, self._context.framebuffer([buffer]))

    def _give_back(self, layer: _Layer) -> None:
        self._mixed.target.use()  # moderngl would come back to what was drawn into last, and that is gone then
        layer.release()

    def _texture(self, pixels: np.ndarray, repeat: bool = True) -> Any:
        """From uint8 ``(height, width, channels)``."""
        height, width, channels = pixels.shape
        texture = self._context.texture((width, height), channels, np.ascontiguousarray(pixels), alignment=1)
        texture.repeat_x = texture.repeat_y = repeat
        return texture


def white_noise(size: int) -> np.ndarray:
    """Uint8 ``(size, size, 1)``."""
    return np.random.default_rng(3).integers(0, 256, (size, size, 1), dtype=np.uint8)


def smooth_noise(size: int) -> np.ndarray:
    """Two channels that repeat without a seam around 128, uint8 ``(size, size, 2)``."""
    rng = np.random.default_rng(4)
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(size), np.fft.rfftfreq(size), indexing="ij"))
    channels = []
    for _ in range(2):
        spectrum = np.fft.rfft2(rng.standard_normal((size, size))) * np.exp(-((frequency / 0.16) ** 2))
        smooth = np.fft.irfft2(spectrum, (size, size))
        channels.append(0.5 + smooth / (6.0 * smooth.std()))
    return np.asarray(np.clip(np.stack(channels, axis=2), 0.0, 1.0) * 255.0).astype(np.uint8)
