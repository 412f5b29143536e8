"""What presets look like: `python -m benchmarks.presets`, which `make presets` does.

The show runs over a song on a clock of its own, with every value that the daemon would have sent, and is drawn in the
seconds before each moment alone, so that trails and envelopes are as they would be. `--frames` leaves whole frames of
the moments too. Figures are printed, as JSON: how the light of the frames changes while they are drawn, how far the
moments of each preset are from those of the nearest other one, and what a frame takes.
"""

import argparse
import io
import json
import math
import tempfile
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from time import perf_counter

import numpy as np
from PIL import Image

from artgen_osc.config.settings import ConfigFile
from artgen_osc.osc.codec import Message
from artgen_osc.osc.recording import Recorded, read
from visuals.control.scenes.folder import SHIPPED
from visuals.outputs.strip import GAP
from visuals.render.song import Song
from visuals.render.stage import Stage

FPS = Fraction(20)
LEAD_S = 1.5
PICTURES_A_SECOND = 5.0
COLUMNS, WIDTH = 4, 400
SMALL = (32, 18)
MOST_BYTES = 118_000
COST_ROUNDS, COST_FRAMES = 3, 20
LOUD = ("level", "low", "mid", "high", "energy")


def settings(name: str, finish: float, folder: Path) -> ConfigFile:
    """Those of a show with a preset.

    Parameters
    ----------
    name : of the preset; empty: none
    finish : 0 to 1, how much of the finisher
    folder : without scenes: those of the current one would go before the presets
    """
    values = {"scene": name, "seed": 7, "finish": finish, "scenes": str(folder)}
    return ConfigFile(None, {f"visuals.{key}": value for key, value in values.items()})


class Played:
    """A preset, played up to the last of some moments.

    Parameters
    ----------
    file : settings
    size : of a frame, width and height in pixels
    stream : what is heard
    moments : s, rising

    Attributes
    ----------
    frames : those of the moments, uint8 ``(height, width, 3)``
    lights : mean of each frame that was drawn, NaN where some were left out
    seconds : that drawing and reading each took
    """

    def __init__(
        self, file: ConfigFile, size: tuple[int, int], stream: Iterable[Recorded], moments: Sequence[float]
    ) -> None:
        self.frames: list[np.ndarray] = []
        self.lights: list[float] = []
        self.seconds: list[float] = []
        wanted = [round(moment * FPS) for moment in moments]
        with Stage(file, size, FPS, stream, PICTURES_A_SECOND) as stage:
            for index in range(wanted[-1] + 1):
                stage.step()
                if index < wanted[len(self.frames)] - LEAD_S * FPS:
                    self.lights.append(math.nan)
                    continue
                start = perf_counter()
                stage.draw()
                frame = stage.read()
                self.seconds.append(perf_counter() - start)
                self.lights.append(float(frame.mean()))
                if index == wanted[len(self.frames)]:
                    self.frames.append(frame)


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


def costs(names: Sequence[str], size: tuple[int, int], folder: Path) -> dict[str, float]:
    """What a frame takes with each preset at full level, ms, reading it left out. The least of many counts.

    Parameters
    ----------
    names : of the presets; empty: none
    size : of a frame, width and height in pixels
    folder : as for `settings`
    """
    least = dict.fromkeys(names, math.inf)
    for _ in range(COST_ROUNDS):
        for name in names:
            loud = Recorded(0.0, [Message(f"/artgen/{one}", (0.7,)) for one in LOUD])
            with Stage(settings(name, 0.0, folder), size, Fraction(30), [loud], PICTURES_A_SECOND) as stage:
                for _ in range(COST_FRAMES):
                    stage.step()
                    start = perf_counter()
                    stage.draw()
                    stage.read()
                    drawn = perf_counter()
                    stage.read()
                    least[name] = min(least[name], 1000.0 * (2.0 * drawn - start - perf_counter()))
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
    names = given.names or sorted(path.stem for path in SHIPPED.glob("*.toml"))
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        if given.cost:
            found = costs(["", *names], (width, height), folder)
            print(json.dumps({name or "none": round(ms, 1) for name, ms in found.items()}))
            return
        song = Song(given.sound, settings("", 0.0, folder), folder, lambda seconds: None)
        seen: dict[str, np.ndarray] = {}
        for name in names:
            played = Played(settings(name, given.finish, folder), (width, height), read(song.stream), moments)
            for kept in filter(None, (given.strips, given.frames)):
                kept.mkdir(parents=True, exist_ok=True)
            if given.strips:
                (given.strips / f"{name}.jpg").write_bytes(small_jpeg(sheet(played.frames)))
            if given.frames:
                for moment, frame in zip(moments, played.frames, strict=True):
                    Image.fromarray(frame).save(given.frames / f"{name}-{moment:g}.png")
            seen[name] = _small(played.frames)
            steps = np.abs(np.diff(played.lights))
            figures = {
                "light": np.nanmean(played.lights),
                "step": np.nanmean(steps),
                "most": np.nanmax(steps),
                "frame_ms": 1000.0 * np.median(played.seconds),
            }
            print(json.dumps({"preset": name, **{key: round(value, 2) for key, value in figures.items()}}), flush=True)
    for name, frames in seen.items():
        others = {other: float(np.abs(frames - them).mean()) for other, them in seen.items() if other != name}
        if others:
            nearest = min(others, key=others.__getitem__)
            print(json.dumps({"preset": name, "nearest": nearest, "apart": round(others[nearest], 1)}))


if __name__ == "__main__":
    main()
