"""What a window that maps its picture costs a frame: ``python -m benchmarks.windows``.

With ``-o FOLDER`` it draws what two projectors with a soft edge show, and both on one wall: docs/windows.jpg.
"""

import argparse
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from PIL import Image

from visuals.compositor.gl import Target, standalone_context
from visuals.compositor.mapped import Mapped
from visuals.outputs.further import Window2

FRAMES = 100
GAMMA = 2.2

MESH = "2,2:0.02,-0.01 5,5:-0.02,0.03 8,3:0.01,0.02"
WINDOWS: dict[str, dict[str, Any]] = {
    "plain": {},
    "corners": {"top_left_x": 0.1, "bottom_right_y": 0.1},
    "mesh 16x16": {"mesh_columns": 16, "mesh_rows": 16, "mesh": MESH},
    "soft edges": {"edge_left": 0.2, "edge_right": 0.2, "black_level": 0.05},
    "colours": {"gamma": 1.1, "red": 0.9},
    "all of it": {
        "top_left_x": 0.1,
        "mesh_columns": 16,
        "mesh_rows": 16,
        "mesh": MESH,
        "edge_left": 0.2,
        "black_level": 0.05,
        "gamma": 1.1,
        "red": 0.9,
    },
}


def measure(size: tuple[int, int]) -> None:
    """Print the shortest time of the pass of a window, by what it does.

    Parameters
    ----------
    size : (width, height) of the frame and of the window, pixels
    """
    context = standalone_context()
    frame, window = Target(context, size), Target(context, size, "f1")
    mapped = Mapped(context)
    for name, given in WINDOWS.items():
        settings, taken = Window2.Settings(**given), []
        for _ in range(FRAMES):
            window.target.use()
            begin = perf_counter()
            mapped.draw(frame.texture, size, settings, size)
            context.finish()
            taken.append(perf_counter() - begin)
        print(f"{size[0]}x{size[1]} {name:12} {1000 * min(taken):6.2f} ms")


def main() -> None:
    """Measure, or draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", type=Path, metavar="FILE.jpg", help="draw the picture of docs/windows.md instead")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="the frame of that picture")
    given = parser.parse_args()
    if given.o and given.picture:
        draw(given.picture, given.o)
    else:
        measure((1280, 720))
        measure((1920, 1080))


def draw(picture: Path, out: Path) -> None:
    """What two windows show, above, and their light on one wall, below.

    Parameters
    ----------
    picture : the frame
    out : the file to write
    """
    with Image.open(picture) as opened:
        pixels = np.asarray(opened.convert("RGB").resize((1760, 540), Image.Resampling.LANCZOS))
    context = standalone_context()
    flat = np.dstack([pixels[::-1], np.full((540, 1760), 255, np.uint8)])
    frame = context.texture((1760, 540), 4, np.ascontiguousarray(flat))
    mapped, window = Mapped(context), Target(context, (960, 540), "f1")
    cut = 800 / 1760
    shown = []
    for settings in (
        Window2.Settings(crop_right=cut, edge_right=1 / 6),
        Window2.Settings(crop_left=cut, edge_left=1 / 6),
    ):
        window.target.use()
        mapped.draw(frame, (1760, 540), settings, (960, 540))
        data = window.target.read(components=3, alignment=1)
        shown.append(np.frombuffer(data, np.uint8).reshape(540, 960, 3)[::-1])
    light = np.zeros((540, 1760, 3))
    light[:, :960] += (shown[0] / 255) ** GAMMA
    light[:, 800:] += (shown[1] / 255) ** GAMMA
    wall = np.uint8(255 * np.minimum(light, 1) ** (1 / GAMMA) + 0.5)
    sheet = np.full((1110, 1960, 3), 18, np.uint8)
    sheet[:540, :960], sheet[:540, 1000:], sheet[570:, 100:1860] = *shown, wall
    Image.fromarray(sheet).resize((980, 555), Image.Resampling.LANCZOS).save(out, quality=88)


if __name__ == "__main__":
    main()
