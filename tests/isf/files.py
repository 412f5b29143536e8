"""Small ISF files for tests, and what draws them."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from visuals.isf.file import File, read
from visuals.isf.shader import Instant, Shader

SIZE = (8, 4)
START = Instant()
IMAGE = {"NAME": "inputImage", "TYPE": "image"}
PLAIN = "void main() { gl_FragColor = IMG_THIS_PIXEL(inputImage); }"
"""Gives its picture back."""


def write(path: Path, body: str, head: dict[str, Any] | str | None = None, vertex: str = "") -> Path:
    """An ISF file; without a head that of a filter."""
    if head is None:
        head = {"INPUTS": [IMAGE]}
    text = head if isinstance(head, str) else json.dumps(head)
    path.write_text(f"/*{text}*/\n{body}\n", encoding="utf-8")
    if vertex:
        path.with_suffix(".vs").write_text(vertex, encoding="utf-8")
    return path


def made(folder: Path, body: str, head: dict[str, Any] | str | None = None, vertex: str = "") -> File:
    """The same, read."""
    return read(write(folder / "mine.fs", body, head, vertex))


class Bench:
    """Draws shaders into 32 bits a channel, from a picture whose red goes from left to right, green from below."""

    def __init__(self, context: Any, size: tuple[int, int] = SIZE) -> None:
        self.context, self.size = context, size
        width, height = size
        red, green = np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height)
        pixels = np.stack([red, green, np.zeros_like(red), np.ones_like(red)], axis=2).astype(np.float32)
        self.picture = self._texture(pixels)
        self._result = self._texture(np.zeros_like(pixels))
        self.target = context.framebuffer([self._result])
        self.pixels = pixels

    def _texture(self, pixels: np.ndarray) -> Any:
        texture = self.context.texture(self.size, 4, np.ascontiguousarray(pixels), dtype="f4")
        texture.repeat_x = texture.repeat_y = False
        return texture

    def draw(
        self,
        shader: Shader | File,
        values: dict[str, tuple[float, ...]] | None = None,
        instant: Instant = START,
        frames: int = 1,
        under: Any = None,
        amount: float = 1.0,
        images: dict[str, Any] | None = None,
    ) -> np.ndarray:
        """The last of some frames: float32 ``(height, width, 4)``, bottom row first."""
        used = Shader(self.context, shader) if isinstance(shader, File) else shader
        given = {one.name: self.picture for one in used.file.head.inputs if one.type == "image"} | (images or {})
        for _ in range(frames):
            used.draw(self.target, values or {}, given, instant, under, amount)
        data = np.frombuffer(self.target.read(components=4, dtype="f4"), np.float32)
        if used is not shader:
            used.release()
        return data.reshape(self.size[1], self.size[0], 4)

    def release(self) -> None:
        """Give everything back."""
        self.context.detect_framebuffer(0).use()
        for item in (self.target, self._result, self.picture):
            item.release()
