"""What is shown between two painted pictures against what the generator paints there: ``python -m benchmarks.between``.

Short walks of a generator, finished: two pictures, and the true ones a quarter, half and three quarters of the way. The
screen draws the same moments, once by a fade and once along the flow, at the size of the picture.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from PIL import Image

from artgen_osc.config.settings import ConfigFile
from visuals.compositor.gl import standalone_context
from visuals.compositor.screen import Screen
from visuals.generators.finisher import Finisher
from visuals.generators.generator import Frame, OnnxGenerator, paint
from visuals.generators.opening import SHIPPED
from visuals.generators.sphere import direction, slerp
from visuals.modulation.motion import Look
from visuals.painting.flow import Flow

WALKS = {"slow": 0.01, "quick": 0.03, "fast": 0.08, "wild": 0.2}
"""Pictures of the path from one painted picture to the next; at the speed as delivered and 10 a second: slow, and
quick where the music surges."""

MOOD = np.array([0.08, 0.05])
"""What the mood turns by meanwhile, on a walk of its own."""

PLACES = (0.25, 0.5, 0.75)
SQUARE = 32
WORST = 0.01
"""Of the squares, those where the fade is furthest from the truth: there contours are seen twice."""

SHOWN = 160
"""Pixels of a side of what a strip shows."""


def walks(generator: OnnxGenerator, count: int) -> Iterator[tuple[str, list[Frame]]]:
    """Names of walks, and five pictures of each, a quarter of the way from one to the next."""
    rng = np.random.default_rng(1)
    width = generator.width_for(16 / 9)
    for name in (*WALKS, "mood"):
        for number in range(count):
            start, end = (direction(10 + number + one, generator.z_dim) for one in (0, 1))
            mood, place, pictures = rng.uniform(0.2, 0.8, 2), rng.uniform(0.2, 0.6), []
            for part in (0.0, *PLACES, 1.0):
                z = slerp(start, end, place + WALKS.get(name, 0.0) * part).astype(np.float32)
                turned = np.clip(mood + MOOD * part * (name == "mood"), 0.0, 1.0).astype(np.float32)
                pictures.append(paint(generator, z, turned, 1.0, width))
            yield name, pictures


class Stage:
    """A screen as large as the picture, where a pixel is a pixel.

    Parameters
    ----------
    context : moderngl context
    size : (width, height), pixels
    effects : whether to draw those of the show, as they are delivered
    """

    def __init__(self, context: Any, size: tuple[int, int], effects: bool) -> None:
        self.screen = Screen(context, size)
        tables = ConfigFile(None, {}).contract.tables
        names = [name for name in ("brush", "impasto") if effects]
        self.settings = {name: tables[f"plugin.{name}"]() for name in names}

    def take(self, before: Frame, after: Frame, flow: Any) -> None:
        """Show two pictures, one after the other."""
        self.screen.take(before, 1.0, fine=True)
        self.screen.take(after, 1.0, fine=True, flow=flow, follows=True)

    def drawn(self, place: float) -> np.ndarray:
        """What is on screen: float32 ``(height, width, 3)``."""
        return self.screen.picture(place, Look(zoom=1.0), self.settings).astype(np.float32)


def squares(values: np.ndarray) -> np.ndarray:
    """Means of squares of `SQUARE` pixels."""
    height, width = (side // SQUARE * SQUARE for side in values.shape)
    return values[:height, :width].reshape(height // SQUARE, SQUARE, width // SQUARE, SQUARE).mean(axis=(1, 3))


def contrast(frame: np.ndarray) -> np.ndarray:
    """Squared slope of brightness, by squares: contours that are seen twice have half of it."""
    down, across = np.gradient(frame.mean(axis=2))
    return squares(down**2 + across**2)


def compared(stage: Stage, finished: list[Frame], flow: Any) -> tuple[list[list[float]], list[np.ndarray]]:
    """Figures of the fade and of the flow at each place, and a strip of where the fade is worst."""
    rows: dict[str, list[np.ndarray]] = {"true": [], "fade": [], "flow": []}
    ends = finished[0], finished[-1]
    for name, way in (("fade", None), ("flow", flow)):
        stage.take(*ends, way)
        rows[name] = [stage.drawn(place) for place in (0.0, *PLACES, 1.0)]
    for picture in finished:
        stage.screen.take(picture, 1.0, fine=True)
        rows["true"].append(stage.drawn(1.0))
    figures = []
    for index in range(1, len(PLACES) + 1):
        true, line = rows["true"][index], []
        errors = [squares(np.abs(rows[name][index] - true).mean(axis=2)) for name in ("fade", "flow")]
        worst = errors[0] >= np.quantile(errors[0], 1.0 - WORST)
        for name, error in zip(("fade", "flow"), errors, strict=True):
            slopes = contrast(rows[name][index])[worst].sum() / contrast(true)[worst].sum()
            line += [float(error.mean()), float(error[worst].mean()), float(slopes)]
        figures.append(line)
    middle = squares(np.abs(rows["fade"][2] - rows["true"][2]).mean(axis=2))
    y, x = (int(place) * SQUARE + SQUARE // 2 for place in np.unravel_index(middle.argmax(), middle.shape))
    height, width = finished[0].shape[:2]
    top = min(max(y - SHOWN // 2, 0), height - SHOWN)
    left = min(max(x - SHOWN // 2, 0), width - SHOWN)
    cut = np.s_[top : top + SHOWN, left : left + SHOWN]
    return figures, [np.hstack([frame[cut] for frame in rows[name]]) for name in ("fade", "flow", "true")]


def milliseconds(stage: Stage, ends: tuple[Frame, Frame]) -> tuple[float, float]:
    """Medians of a frame of 1280x720, fading and along a flow, by turns."""
    flow = np.full((32, 56, 2), 0.01, np.float32)
    times: dict[bool, list[float]] = {False: [], True: []}
    stage.screen.resize((1280, 720))
    for _ in range(5):
        for moving, taken in times.items():
            stage.take(*ends, flow if moving else None)
            for _ in range(12):
                start = perf_counter()
                stage.screen.draw(0.5, Look(), stage.settings)
                stage.screen.read_frame()
                taken.append(perf_counter() - start)
    fade, along = (float(np.median(taken)) * 1e3 for taken in times.values())
    return fade, along


def main() -> None:
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=6, help="walks of each kind")
    parser.add_argument("--effects", action="store_true", help="with the brush and the impasto of the show")
    parser.add_argument("--strips", type=Path, help="folder for a picture of each walk, where the fade is worst")
    given = parser.parse_args()
    generator, finisher = OnnxGenerator(SHIPPED), Finisher()
    figures: dict[str, list[list[float]]] = {}
    taken, stage, context = [], None, standalone_context()
    print("| walk | mean error: fade | flow | of the worst: fade | flow | their contrast: fade | flow | moved |")
    print("|---|---|---|---|---|---|---|---|")
    for number, (name, pictures) in enumerate(walks(generator, given.count)):
        following = Flow()
        following(pictures[0], None)
        start = perf_counter()
        flow = following(pictures[-1], None)
        taken.append(perf_counter() - start)
        finished = [finisher(picture) for picture in pictures]
        stage = stage or Stage(context, (finished[0].shape[1], finished[0].shape[0]), given.effects)
        lines, strip = compared(stage, finished, flow)
        moved = 0.0 if flow is None else float((np.abs(flow).max(axis=2) > 0.0).mean())
        figures.setdefault(name, []).extend([[*line, moved] for line in lines])
        if given.strips:
            given.strips.mkdir(parents=True, exist_ok=True)
            sheet = np.clip(np.vstack(strip), 0.0, 255.0).astype(np.uint8)
            Image.fromarray(sheet).save(given.strips / f"{name}-{number % given.count}.png")
    for name, lines in figures.items():
        e0, w0, c0, e1, w1, c1, moved = np.mean(lines, axis=0)
        print(f"| {name} | {e0:.2f} | {e1:.2f} | {w0:.1f} | {w1:.1f} | {c0:.2f} | {c1:.2f} | {moved:.0%} |")
    print(f"\nthe flow of a picture takes {np.median(taken) * 1e3:.1f} ms", end="")
    if stage is not None:
        ends = finished[0], finished[-1]
        fade, along = milliseconds(stage, ends)
        print(f"; a frame of 1280x720 {fade:.1f} ms while it fades, {along:.1f} along a flow")
        stage.screen.release()


if __name__ == "__main__":
    main()
