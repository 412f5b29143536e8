"""What numbered layers cost a frame, and with ``-o`` the picture of docs/layers.md: ``python -m benchmarks.layers``.

The times are of drawing and reading a frame, without what decodes a video or sets words: those run beside the show.
"""

import argparse
import dataclasses
import subprocess
import tempfile
from fractions import Fraction
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from artgen_osc.config.plugins import contract_of, own_registry
from artgen_osc.runtime.child import python_module
from visuals.compositor.gl import standalone_context
from visuals.compositor.kind import Moment
from visuals.compositor.screen import Screen
from visuals.modulation.motion import Look

FRAMES = 60
SHOW = """
[layer.1]
source = "video:clip.mp4"
blend = "screen"
fit = "cover"
opacity = 0.7

[layer.2]
source = "text:GOOD EVENING\\\\nمساء الخير"
size = 0.17
y = 0.05

[layer.3]
source = "picture:logo.png"
scale = 0.22
x = 0.84
y = 0.72
rotation = 12.0
"""


def logo(path: Path) -> None:
    """A ring with a dot, the rest transparent."""
    image = Image.new("RGBA", (800, 800))
    draw = ImageDraw.Draw(image)
    draw.ellipse((20, 20, 780, 780), outline="#ffffff", width=70)
    draw.pieslice((150, 150, 650, 650), 200, 340, fill="#ffd24a")
    draw.rectangle((370, 400, 430, 690), fill="#ffffff")
    image.resize((400, 400), Image.Resampling.LANCZOS).save(path)


def clip(path: Path, size: tuple[int, int] = (1280, 720), frames: int = 60) -> None:
    """Stripes of light that drift."""
    import av

    x, y = np.meshgrid(np.linspace(0, 1, size[0]), np.linspace(0, 1, size[1]))
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("mpeg4", rate=30, bit_rate=8_000_000)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number in range(frames):
            turn = 2 * np.pi * number / frames
            light = np.clip(np.sin(18 * (x + 0.4 * y) + turn + 2 * np.sin(5 * y + turn)), 0, 1) ** 6
            pixels = (light[..., None] * np.array([90, 190, 255])).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 30)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def draw_picture(out: Path) -> None:
    """A frame of a show with four layers."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        logo(folder / "logo.png")
        clip(folder / "clip.mp4")
        (folder / "show.toml").write_text(SHOW, encoding="utf-8")
        words = ["live", "--config", str(folder / "show.toml"), "--input", "demo", "--mute", "--headless"]
        words += ["--visuals-width", "1920", "--visuals-height", "1080", "--web-port", "0", "--seconds", "24"]
        words += ["--visuals-snapshot-every", "11", "--gallery", str(folder / "gallery")]
        subprocess.run(python_module("artgen_osc", *words), check=True)
        taken = sorted((folder / "gallery").rglob("*.png"))
        with Image.open(taken[-1]) as picture:
            picture.convert("RGB").resize((1280, 720), Image.Resampling.LANCZOS).save(out, quality=88)


def measure(size: tuple[int, int]) -> None:
    """Print the shortest time of a frame, and how much each number of layers adds."""
    context = standalone_context()
    tables = contract_of(own_registry()).tables
    with tempfile.TemporaryDirectory() as made:
        logo(Path(made) / "logo.png")
        screen = Screen(context, size, folder=Path(made))
        screen.take(np.full((256, 448, 3), 90, np.uint8), 1.0)

        def frame(settings: dict[str, Any]) -> float:
            begin = perf_counter()
            screen.draw(1.0, Look(), settings, Moment(dt=1.0))
            context.finish()
            return perf_counter() - begin

        base = 0.0
        for blend, count in (("normal", 0), ("normal", 1), ("normal", 6), ("soft-light", 1), ("soft-light", 6)):
            settings: dict[str, Any] = {}
            for number in range(1, 7):
                own = tables[f"plugin.{number}"]()
                shown = {"source": "picture:logo.png", "blend": blend, "fit": "stretch"} if number <= count else {}
                settings[str(number)] = dataclasses.replace(own, **shown)
            for _ in range(20):  # until the pictures have come
                frame(settings)
                sleep(0.05)
            took = min(frame(settings) for _ in range(FRAMES))
            base = base or took
            print(f"{size[0]}x{size[1]} {count} {blend:10} {1000 * took:6.2f} ms, +{1000 * (took - base):.2f}")
        screen.release()


def main() -> None:
    """Measure, or draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", type=Path, metavar="FILE.jpg", help="draw the picture of docs/layers.md instead")
    given = parser.parse_args()
    if given.o:
        draw_picture(given.o)
    else:
        measure((1280, 720))


if __name__ == "__main__":
    main()
