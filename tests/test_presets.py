"""The presets: what they hold, that each follows the music, that no two are alike, and that none flashes.

One painted picture stands still under all of them, so that what is seen is what the preset makes of it.
"""

import logging
import re
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from artgen_osc.schema.values import Value
from tests import show_table
from visuals.clock import Tick
from visuals.compositor.screen import Screen
from visuals.control.controls import Controls
from visuals.control.scenes.file import Scene, held_by, read
from visuals.control.scenes.folder import SHIPPED
from visuals.generators.idle import IdleGenerator
from visuals.generators.opening import open_generator
from visuals.isf.source import OURS
from visuals.painting.worker import SyncWorker
from visuals.show import Show
from visuals.testing.flashes import MOST, light_of, most_flashes

HELD = held_by(show_table.CONTRACT)
ROWS = show_table.by_path(show_table.SENT, show_table.VISUALS)
DOCS = Path(__file__).parents[1] / "docs"
PRESETS = [read(path, HELD) for path in sorted(SHIPPED.glob("*.toml"))]
SIZE = (96, 54)
RATE = 24
BPM = 220

each_preset = pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)


class Painting(IdleGenerator):
    """One picture of the model that paints the show, whatever is asked for: all that moves is the preset's."""

    def __init__(self) -> None:
        super().__init__(16)
        generator = open_generator("")
        z = np.random.default_rng(11).standard_normal(generator.z_dim).astype(np.float32)
        self.picture = generator(z, np.array([0.6, 0.7], np.float32), 1.0)

    def __call__(self, z: Any, mood: Any, truncation: float) -> Any:
        return self.picture


@pytest.fixture(scope="module")
def painting() -> Painting:
    return Painting()


Play = Callable[..., list[np.ndarray]]


@pytest.fixture
def play(gl_context: Any, painting: Painting) -> Iterator[Play]:
    screens = []

    def played(preset: Scene, seconds: float, loud: bool = True) -> list[np.ndarray]:
        """Frames of ``(height, width, 3)``, without the first second, in which it fades in."""
        values = {key if "." in key else f"visuals.{key}": value for key, value in preset.values.items()}
        config = show_table.CONTRACT.config(values, modulate=preset.modulate)
        controls, screen = Controls(config, show_table.CONTRACT), Screen(gl_context, SIZE)
        screens.append(screen)
        show = Show(screen, controls.now(0.0), SyncWorker("", lambda model: painting, 2.0))
        frames = []
        for number in range(round((seconds + 1.0) * RATE)):
            time = number / RATE
            controls.receive([(ROWS[path], value) for path, value in heard(time, loud)], time)
            scene = show.step(controls.now(time), Tick(time, time, 1 / RATE))
            screen.draw(scene.mix, scene.look, scene.effects, scene.moment)
            if time >= 1.0:
                frames.append(screen.read_frame())
        return frames

    yield played
    for screen in screens:
        screen.release()


def heard(time: float, loud: bool) -> list[tuple[str, Value]]:
    """Four to the floor at full level, or hardly anything."""
    beats = time * BPM / 60
    kick = np.exp(-6.0 * (beats % 1.0)) if loud else 0.02
    count = int(beats) + 1 if loud else 0
    hat = float(np.exp(-6.0 * (2 * beats % 1.0))) * loud
    bands = {"low": kick, "mid": 0.8 * hat, "high": hat}
    mood = {
        "valence": 0.7 if loud else 0.4,
        "energy": 0.9 if loud else 0.1,
        "level": 0.4 + 0.6 * kick if loud else 0.02,
    }
    rhythm: dict[str, Value] = {"tempo_bpm": float(BPM), "tempo/confidence": 1.0 * loud} if loud else {}
    rhythm |= {"beat/phase": beats % 1.0, "bar/phase": beats / 4 % 1.0} if loud else {}
    counts = {"onset/count": int(2 * beats) + 1 if loud else 0, "beat/count": count}
    return [(f"/artgen/{name}", value) for name, value in (bands | mood | rhythm | counts).items()]


def test_there_are_ten_and_each_is_described_with_a_strip() -> None:
    text = (DOCS / "scenes.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `([a-z]+)` \|", text, re.MULTILINE)[: len(PRESETS)] == [preset.name for preset in PRESETS]
    assert len(PRESETS) == 10
    for preset in PRESETS:
        assert f"![{preset.name}](scenes/{preset.name}.jpg)" in text
        assert 0 < (DOCS / f"scenes/{preset.name}.jpg").stat().st_size <= 120_000


@each_preset
def test_each_loads_without_a_complaint_and_is_whole(preset: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    assert read(SHIPPED / f"{preset.name}.toml", HELD) == preset
    assert not caplog.records
    assert preset.transition and (OURS.parent / f"transitions/{preset.transition}.fs").is_file()
    effects = {key.rpartition(".")[0] for key in preset.values if "." in key}
    assert 1 <= len(effects) <= 3 and "plugin.strobe" not in effects
    whole = {key for key in HELD if key.rpartition(".")[0] in effects}
    assert {key for key in preset.values if "." in key} == whole, "an effect keeps nothing of another scene's"
    assert 2 <= len(preset.modulate) <= 6


@pytest.mark.slow
@each_preset
def test_each_follows_the_music_and_none_flashes(preset: Scene, play: Play) -> None:
    loud, quiet = play(preset, 4.0), play(preset, 1.0, loud=False)
    assert np.mean([np.abs(a.astype(float) - b).mean() for a, b in zip(loud, quiet, strict=False)]) > 4.0
    assert most_flashes([light_of(frame) for frame in loud], RATE) <= MOST


@pytest.mark.slow
def test_no_two_are_alike(play: Play) -> None:
    seen = {preset.name: np.stack(play(preset, 1.0)[::10]).astype(float) for preset in PRESETS}
    apart = {pair: float(np.abs(seen[pair[0]] - seen[pair[1]]).mean()) for pair in combinations(seen, 2)}
    assert min(apart.values()) > 6.0, min(apart, key=apart.__getitem__)
