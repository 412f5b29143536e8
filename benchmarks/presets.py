"""What presets look like: `python -m benchmarks.presets`, which `make presets` does.

The show runs over a song on a clock of its own, with every value that the daemon would have sent, and is drawn in the
seconds before each moment alone, so that trails and envelopes are as they would be. `--frames` leaves whole frames of
the moments too. Figures are printed, as JSON: how the light of the frames changes while they are drawn, how far the
moments of each preset are from those of the nearest other one, and what a frame takes.
"""

import argparse
import functools
import io
import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter

import moderngl
import numpy as np
from PIL import Image

from artgen_osc.analysis.extractors import Extractors
from artgen_osc.audio import demo
from artgen_osc.audio.sources import array_blocks, file_blocks, file_path, open_file
from artgen_osc.config.plugins import own_contract
from artgen_osc.daemon.hearing import Hearing
from artgen_osc.schema.address import Address, Value
from artgen_osc.schema.values import HOPS_PER_HARMONY
from visuals.clock import Tick
from visuals.compositor.budget import unhurried
from visuals.compositor.screen import Screen
from visuals.control.controls import Controls
from visuals.control.scenes.file import Scene, held_by, read
from visuals.control.scenes.folder import SHIPPED
from visuals.generators.finisher import Finisher
from visuals.outputs.strip import GAP
from visuals.painting.worker import SyncWorker
from visuals.show import Show

CONTRACT = own_contract()
RATE = 20
LEAD_S = 1.5
COARSE_S = 0.5
"""A step where nothing is drawn."""
PICTURES_A_SECOND = 5.0
COLUMNS, WIDTH = 4, 400
SMALL = (32, 18)
MOST_BYTES = 118_000
COST_TURNS = 12

Heard = list[tuple[float, list[tuple[Address, Value]]]]


def heard_in(sound: str) -> Heard:
    """Time and values of every hop.

    Parameters
    ----------
    sound : a file, or ``demo``
    """
    if sound == "demo":
        rate, blocks = demo.RATE, array_blocks(demo.compose(), demo.RATE)
    else:
        file = open_file(file_path(sound))
        rate, blocks = file.sample_rate, file_blocks(file)
    hearing, found = Hearing(rate, Extractors()), []
    for block in blocks:
        for hop in hearing.hear(block):
            outputs = CONTRACT.addresses.hop
            if len(found) % HOPS_PER_HARMONY == 0:
                outputs = (*outputs, *CONTRACT.addresses.harmony)
            values = [(output.address, output.read(hop.features, hop.mood)) for output in outputs]
            found.append((hop.features.time, values))
    return found


def ticks(moments: Sequence[float]) -> Iterator[tuple[float, float]]:
    """Time and length of each step: short ones before a moment, where frames are drawn.

    Parameters
    ----------
    moments : s, rising
    """
    time = 0.0
    for moment in moments:
        while time < moment - LEAD_S - COARSE_S:
            time += COARSE_S
            yield time, COARSE_S
        while time < moment:
            time += 1.0 / RATE
            yield time, 1.0 / RATE


class Preset:
    """A show with a preset.

    Parameters
    ----------
    context : moderngl context
    scene : the preset
    size : of a frame, width and height in pixels
    finish : 0 to 1, see `Request`
    """

    def __init__(self, context: moderngl.Context, scene: Scene, size: tuple[int, int], finish: float) -> None:
        values = {key if key.startswith("plugin.") else f"visuals.{key}": value for key, value in scene.values.items()}
        config = CONTRACT.config({**values, "visuals.seed": 7, "visuals.finish": finish}, modulate=scene.modulate)
        self.controls = Controls(config, CONTRACT)
        self.screen = Screen(context, size)
        worker = SyncWorker(config.visuals.model, fps=PICTURES_A_SECOND, finisher=functools.partial(Finisher, None, 1))
        self.show = Show(self.screen, self.controls.now(0.0), worker)
        self.lights: list[float] = []
        self.seconds: list[float] = []

    def play(self, heard: Heard, moments: Sequence[float]) -> list[np.ndarray]:
        """The frames of the moments.

        Parameters
        ----------
        heard : as of `heard_in`
        moments : s, rising
        """
        frames, at, wanted = [], 0, list(moments)
        for time, dt in ticks(moments):
            while at < len(heard) and heard[at][0] <= time:
                self.controls.receive(heard[at][1], time)
                at += 1
            scene = self.show.step(self.controls.now(time), Tick(time, time, dt))
            if dt >= COARSE_S:
                self.lights.append(np.nan)
            else:
                start = perf_counter()
                self.screen.draw(scene.mix, scene.look, scene.effects, scene.moment)
                small = self.screen.read(SMALL)
                self.seconds.append(perf_counter() - start)
                self.lights.append(float(small.mean()))
                if time >= wanted[0]:
                    frames.append(self.screen.read_frame())
                    wanted.pop(0)
                    if not wanted:
                        break
        return frames

    def close(self) -> None:
        """Give everything back."""
        self.show.close()
        self.screen.release()


def sheet(frames: Sequence[np.ndarray]) -> Image.Image:
    """Frames side by side.

    Parameters
    ----------
    frames : uint8 ``(height, width, 3)`` each
    """
    height = round(frames[0].shape[0] * WIDTH / frames[0].shape[1])
    rows = -(-len(frames) // COLUMNS)
    whole = Image.new("RGB", (COLUMNS * (WIDTH + GAP) - GAP, rows * (height + GAP) - GAP))
    for index, frame in enumerate(frames):
        place = index % COLUMNS * (WIDTH + GAP), index // COLUMNS * (height + GAP)
        whole.paste(Image.fromarray(frame).resize((WIDTH, height), Image.Resampling.LANCZOS), place)
    return whole


def small_jpeg(image: Image.Image) -> bytes:
    """As good as goes into `MOST_BYTES`.

    Parameters
    ----------
    image : in RGB
    """
    for quality in range(85, 10, -5):
        data = io.BytesIO()
        image.save(data, "JPEG", quality=quality, optimize=True, progressive=True)
        if data.tell() <= MOST_BYTES:
            break
    return data.getvalue()


def _small(frames: Sequence[np.ndarray]) -> np.ndarray:
    return np.stack([np.asarray(Image.fromarray(frame).resize(SMALL, Image.Resampling.BOX), float) for frame in frames])


def costs(context: moderngl.Context, scenes: Sequence[Scene], size: tuple[int, int]) -> dict[str, float]:
    """What a frame takes with each preset, ms, by turns; the picture stands still. The least of many counts.

    Parameters
    ----------
    context : moderngl context
    scenes : the presets
    size : of a frame, width and height in pixels
    """
    shows = {scene.name: Preset(context, scene, size, 0.0) for scene in scenes}
    least = dict.fromkeys(shows, math.inf)
    loud = [(CONTRACT.addresses.sent[f"/artgen/{name}"], 0.7) for name in ("level", "low", "mid", "high", "energy")]
    for turn in range(COST_TURNS):
        for name, preset in shows.items():
            for frame in range(3):
                time = (3 * turn + frame) / 30
                preset.controls.receive(loud, time)
                scene = preset.show.step(preset.controls.now(time), Tick(time, time, 1 / 30))
                start = perf_counter()
                preset.screen.draw(scene.mix, scene.look, scene.effects, scene.moment)
                context.finish()
                # The first of a turn may have a new picture.
                if frame and turn:
                    least[name] = min(least[name], 1000.0 * (perf_counter() - start))
    for preset in shows.values():
        preset.close()
    return least


def main() -> None:
    """Draw and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="of presets; all, if none is given")
    parser.add_argument("--sound", default="demo")
    parser.add_argument("--moments", default="4,10.5,20,26.5,36,42,50,58", help="seconds, with commas between")
    parser.add_argument("--size", default="640x360")
    parser.add_argument("--finish", type=float, default=0.0, help="at 400 pixels nothing is seen of it")
    parser.add_argument("--strips", type=Path, help="folder")
    parser.add_argument("--frames", type=Path, help="folder")
    parser.add_argument("--cost", action="store_true", help="say what a frame takes, and nothing else")
    given = parser.parse_args()
    width, height = map(int, given.size.split("x"))
    moments = [float(moment) for moment in given.moments.split(",")]
    held, context = held_by(CONTRACT), moderngl.create_context(standalone=True, backend="egl")
    if given.cost:
        presets = [read(path, held) for path in sorted(SHIPPED.glob("*.toml"))]
        found = costs(context, [Scene("", {}), *presets], (width, height))
        print(json.dumps({name or "none": round(ms, 1) for name, ms in found.items()}))
        return
    heard = heard_in(given.sound)
    seen: dict[str, np.ndarray] = {}
    for name in given.names or sorted(path.stem for path in SHIPPED.glob("*.toml")):
        preset = Preset(context, read(SHIPPED / f"{name}.toml", held), (width, height), given.finish)
        frames = preset.play(heard, moments)
        preset.close()
        for folder in filter(None, (given.strips, given.frames)):
            folder.mkdir(parents=True, exist_ok=True)
        if given.strips:
            (given.strips / f"{name}.jpg").write_bytes(small_jpeg(sheet(frames)))
        if given.frames:
            for moment, frame in zip(moments, frames, strict=True):
                Image.fromarray(frame).save(given.frames / f"{name}-{moment:g}.png")
        seen[name] = _small(frames)
        steps = np.abs(np.diff(preset.lights))
        figures = {
            "preset": name,
            "light": np.nanmean(preset.lights),
            "step": np.nanmean(steps),
            "most": np.nanmax(steps),
        }
        figures["frame_ms"] = 1000.0 * np.median(preset.seconds)
        print(
            json.dumps({key: value if key == "preset" else round(value, 2) for key, value in figures.items()}),
            flush=True,
        )
    for name, frames in seen.items():
        others = {other: float(np.abs(frames - them).mean()) for other, them in seen.items() if other != name}
        if others:
            nearest = min(others, key=others.__getitem__)
            print(json.dumps({"preset": name, "nearest": nearest, "apart": round(others[nearest], 1)}))


if __name__ == "__main__":
    with unhurried():  # there is no show to hold up
        main()
