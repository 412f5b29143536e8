from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from artgen_osc.config.tables import Config
from artgen_osc.errors import ModelError
from artgen_osc.schema.values import Value
from tests import show_table
from visuals.clock import Tick
from visuals.compositor.overlay import text_image
from visuals.compositor.screen import Screen
from visuals.control.controls import Controls
from visuals.generators.idle import IdleGenerator
from visuals.help import Around, Overlay, help_lines
from visuals.painting.worker import SyncWorker
from visuals.show import Show

pytestmark = pytest.mark.slow

ROWS = show_table.by_path(show_table.SENT, show_table.VISUALS)
SIZE = (160, 90)
RATE = 60


class Small(IdleGenerator):
    """Another model, which takes another z."""

    name = "small"
    z_dim = 32


def opener(model: str) -> IdleGenerator:
    if model == "bad":
        raise ModelError("bad: is damaged; export it again")
    return Small(96) if model == "small" else IdleGenerator(64)


class Stage:
    """A show on a clock of its own."""

    def __init__(self, context: Any, config: Config, generator_fps: float = 20.0) -> None:
        self.controls = Controls(config, show_table.CONTRACT)
        self.screen = Screen(context, SIZE)
        self.worker = SyncWorker(config.visuals.model, opener, generator_fps)
        self.show = Show(self.screen, self.controls.now(0.0), self.worker)
        self.scenes: list[str] = []
        self.overlay = Overlay(self.screen, lambda: self.around(), lambda: self.screen.size[1])
        self.time = 0.0

    def around(self, **given: Any) -> Around:
        return Around(SIZE, scenes=self.scenes, **given)

    def lines(self, **given: Any) -> list[str]:
        return help_lines(self.controls.now(self.time), self.show.scene, self.around(**given))

    def send(self, *pairs: tuple[str, Value]) -> None:
        self.controls.receive([(ROWS[path], value) for path, value in pairs], self.time)

    def run(self, seconds: float, rate: int = RATE) -> np.ndarray:
        for _ in range(round(seconds * rate)):
            self.time += 1.0 / rate
            tick = Tick(self.time, self.time, 1.0 / rate)
            control = self.controls.now(self.time)
            scene = self.show.step(control, tick)
            self.overlay.step(control, scene, tick)
            self.screen.draw(scene.mix, scene.look, scene.effects, scene.moment)
        return self.screen.read_frame().astype(int)

    def picture(self) -> np.ndarray:
        """Without the overlay."""
        scene = self.show.scene
        return self.screen.picture(scene.mix, scene.look, scene.effects, scene.moment).astype(int)

    def close(self) -> None:
        self.show.close()
        self.screen.release()


@pytest.fixture
def make_stage(gl_context: Any) -> Iterator[Any]:
    stages: list[Stage] = []

    def make(generator_fps: float = 20.0, **settings: Any) -> Stage:
        stages.append(Stage(gl_context, show_table.config(**settings), generator_fps))
        return stages[-1]

    yield make
    for stage in stages:
        stage.close()


def change(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a - b).mean())


def changes(stage: Stage, seconds: float) -> list[float]:
    """From frame to frame."""
    frames = [stage.run(0.0), *(stage.run(1 / RATE) for _ in range(round(seconds * RATE)))]
    return [change(a, b) for a, b in pairwise(frames)]


def test_fades_in_and_moves(make_stage: Any) -> None:
    stage = make_stage()
    assert stage.run(1 / RATE).mean() < 2.0
    first = stage.run(2.0)
    assert first.mean() > 20.0
    assert change(first, stage.run(2.0)) > 3.0


def test_freeze_really_freezes(make_stage: Any) -> None:
    stage = make_stage()
    stage.run(1.5)
    stage.send(("/visuals/freeze", 1))
    frozen = stage.run(0.5)
    stage.send(("/artgen/valence", 1.0), ("/artgen/energy", 1.0), ("/artgen/onset/count", 9), ("/visuals/seed", 77))
    for _ in range(5):
        np.testing.assert_array_equal(frozen, stage.run(0.4))
    stage.send(("/visuals/freeze", 0))
    assert change(frozen, stage.run(0.05)) < 5.0, "thaws without a jump"
    assert change(frozen, stage.run(2.0)) > 3.0


def test_frozen_from_the_start_still_shows_a_picture(make_stage: Any) -> None:
    stage = make_stage(freeze=True)
    assert stage.run(2.5).mean() > 20.0


def test_blackout(make_stage: Any) -> None:
    stage = make_stage(freeze=True)
    stage.run(2.5)
    stage.send(("/visuals/blackout", 1))
    assert stage.run(3.0).max() == 0
    stage.send(("/visuals/blackout", 0))
    assert stage.run(3.0).mean() > 20.0


def test_the_picture_follows_the_mood(make_stage: Any) -> None:
    def measure(valence: float, energy: float) -> tuple[float, float]:
        stage = make_stage(manual=True, valence=valence, energy=energy, grain=0.0, vignette=0.0)
        rgb = stage.run(3.0) / 255.0
        value = rgb.max(axis=2)
        return float(value.mean()), float(((value - rgb.min(axis=2)) / np.maximum(value, 1e-3)).mean())

    sad, happy, angry, wild = measure(0.1, 0.1), measure(0.9, 0.1), measure(0.1, 0.9), measure(0.9, 0.9)
    assert happy[0] > sad[0] + 0.1
    assert wild[0] > angry[0] + 0.1
    assert angry[1] > sad[1] + 0.2
    assert wild[1] > happy[1] + 0.2


@pytest.mark.parametrize(("generator_fps", "grain"), [(20.0, 0.15), (7.0, 0.0)])
def test_no_frame_jumps(make_stage: Any, generator_fps: float, grain: float) -> None:
    """The largest change between successive frames stays under five times the median."""
    stage = make_stage(generator_fps, grain=grain, seed=2)
    rng = np.random.default_rng(1)
    moods, rates = [(0.2, 0.2), (0.8, 0.25), (0.85, 0.9), (0.2, 0.9)], [0.8, 1.5, 4.0, 5.0]
    onsets, due, changes = 0, 1.0, []
    before = stage.run(2.5)
    for frame in range(12 * RATE):
        section = frame * 4 // (12 * RATE)
        if stage.time >= due:
            onsets += 1
            due = stage.time + rng.uniform(0.5, 1.5) / rates[section]
        valence, energy = moods[section]
        stage.send(("/artgen/valence", valence), ("/artgen/energy", energy), ("/artgen/onset/count", onsets))
        after = stage.run(1 / RATE)
        changes.append(change(before, after))
        before = after
    assert onsets > 20
    assert min(changes) > 0.0
    assert max(changes) < 5.0 * float(np.median(changes))


def test_onset_effect_off(make_stage: Any) -> None:
    def after(onsets: int, effect: float) -> np.ndarray:
        stage = make_stage(onset_effect=effect)
        stage.send(("/artgen/onset/count", 0))
        stage.run(1.0)
        stage.send(("/artgen/onset/count", onsets))
        return stage.run(0.15)

    np.testing.assert_array_equal(after(0, 0.0), after(3, 0.0))
    assert change(after(0, 1.0), after(3, 1.0)) > 1.0


def test_the_same_show_every_time(make_stage: Any) -> None:
    np.testing.assert_array_equal(make_stage().run(1.0), make_stage().run(1.0))


def test_another_model_fades_in_and_a_bad_one_changes_nothing(make_stage: Any) -> None:
    stage = make_stage()
    before = stage.run(2.0)
    stage.send(("/visuals/model", "bad"))
    assert change(before, stage.run(0.1)) < 6.0
    assert any("bad: is damaged" in line for line in stage.lines())
    stage.send(("/visuals/model", "small"))
    previous = stage.run(1 / RATE)
    for _ in range(10):
        frame = stage.run(1 / RATE)
        assert change(previous, frame) < 6.0
        previous = frame
    stage.run(2.0)
    lines = stage.lines()
    assert any("small" in line for line in lines)
    assert not any("damaged" in line for line in lines)


@pytest.mark.parametrize("fade", [0.5, 3.0])
def test_a_fade_between_models_has_its_length_and_no_jump(make_stage: Any, fade: float) -> None:
    """Models of another z and another size. The largest change of a frame stays near what a steady fade has."""
    stage = make_stage(model_fade=fade, speed=0.0, grain=0.0)
    stage.run(2.5)
    usual = max(changes(stage, 0.5))
    stage.send(("/visuals/model", "small"))
    before = stage.run(0.0)
    steps = changes(stage, fade)
    after = stage.run(0.2)
    assert change(before, after) > 10.0, "another picture"
    assert max(steps) < usual + 4.0 * change(before, after) / (fade * RATE)
    assert max(changes(stage, 0.5)) < 2.0 * usual + 0.5, "the fade is over"


def test_a_fade_of_0_cuts(make_stage: Any) -> None:
    stage = make_stage(model_fade=0.0, speed=0.0, grain=0.0)
    before = stage.run(2.5)
    stage.send(("/visuals/model", "small"))
    assert max(changes(stage, 0.2)) > 0.8 * change(before, stage.run(0.1))


def test_two_models_mix_by_hand_without_a_jump(make_stage: Any) -> None:
    def still(**settings: Any) -> np.ndarray:
        return make_stage(speed=0.0, grain=0.0, **settings).run(3.0)

    first, second = still(), still(model="small")
    half = still(second_model="small", model_mix=0.5)
    assert change(half, first) < 0.75 * change(first, second)
    assert change(half, second) < 0.75 * change(first, second)
    assert change(still(second_model="small", model_mix=1.0), second) < 1.0
    stage = make_stage(speed=0.0, grain=0.0, second_model="small")
    stage.run(2.5)
    usual = max(changes(stage, 0.5))
    stage.send(("/visuals/model/mix", 1.0))
    steps = changes(stage, 1.5)
    assert max(steps) < usual + 0.2 * change(first, second), "the hand may be quick"
    assert change(stage.run(0.1), second) < 5.0
    lines = stage.lines()
    assert any("idle and small 100%" in line for line in lines)


def test_models_are_listed_over_osc_up_to_a_few(make_stage: Any) -> None:
    stage = make_stage(models=("small",))
    stage.send(*(("/visuals/model/load", f"m{index}") for index in range(7)), ("/visuals/model/load", "m4"))
    assert stage.controls.now(0.0).settings.models == tuple(f"m{index}" for index in range(1, 7))
    stage.run(0.1)
    stage.send(("/visuals/model/load", "bad"))
    stage.run(0.5)
    lines = stage.lines()
    assert any("bad: is damaged" in line for line in lines)
    assert any("generator\tidle" in line for line in lines)


def test_help_overlay(make_stage: Any) -> None:
    stage = make_stage(freeze=True)
    plain = stage.run(2.5)
    stage.send(("/visuals/help", 1))
    assert change(plain, stage.run(0.5)) > 5.0
    np.testing.assert_array_equal(plain, stage.picture())
    stage.send(("/visuals/help", 0))
    np.testing.assert_array_equal(plain, stage.run(0.5))


def test_a_note_shows_for_its_time_without_the_help(make_stage: Any) -> None:
    stage = make_stage(freeze=True)
    plain = stage.run(2.5)
    stage.overlay.note("snapshot", 1.5)
    with_note = stage.run(1.3)
    assert 0.05 < change(plain, with_note) < 5.0
    np.testing.assert_array_equal(plain, stage.picture())
    np.testing.assert_array_equal(plain, stage.run(0.3))
    stage.overlay.note("odd \0 \ud800 \n note", 0.5)
    assert change(plain, stage.run(0.3)) > 0.05


def test_help_tells_what_the_daemon_says(make_stage: Any) -> None:
    stage = make_stage(scene="club")
    stage.scenes = ["calm", "club", *(f"song {number}" for number in range(10))]
    stage.send(
        ("/artgen/valence", 0.5), ("/artgen/level", 0.62), ("/artgen/tempo_bpm", 127.6), ("/artgen/key", "A minor")
    )
    stage.send(("/artgen/title", "Bach \x1b[2J"), ("/artgen/status/input", "device:Scarlett"))
    stage.send(("/artgen/status/page", "http://10.0.0.2:9103/"), ("/artgen/status/silent", 0.0))
    stage.run(0.1)
    lines = stage.lines()
    assert "input\tdevice:Scarlett, level 0.62" in lines
    assert "music\t128 bpm, A minor, Bach \x1b[2J" in lines
    assert "page\thttp://10.0.0.2:9103/" in lines
    (scenes,) = [line for line in lines if line.startswith("scenes")]
    assert scenes.startswith("scenes\t1 calm   2 [club]   3 song 0")
    assert "9 song 6" in "".join(lines) and "song 7" not in "".join(lines)
    stage.send(("/artgen/status/silent", 12.0))
    assert "input\tdevice:Scarlett, nothing heard for 12 s" in stage.lines()
    stage.time += 60.0
    assert not [line for line in stage.lines() if line.startswith("input")]


def test_the_overlay_fits_into_a_small_window() -> None:
    for count in (1, 5, 25, 40):
        assert text_image(["label\tvalue"] * count, 720).shape[0] <= 720
    assert text_image(["note"], 720).shape[0] < 70


def test_letters_of_europe_are_not_the_box_for_what_is_missing() -> None:
    box, *letters = (text_image([letter], 720) for letter in ("\uffff夜", "Ü夜", "ł夜", "д夜"))
    assert not any(letter.shape == box.shape and (letter == box).all() for letter in letters)


def test_help_says_what_matters(make_stage: Any) -> None:
    stage = make_stage()
    stage.run(0.5)
    text = "\n".join(stage.lines(refused=4))
    for part in ("fps", "generator", "valence", "no music", "4 messages", "F11", "Space", "Esc", "Arrows"):
        assert part in text
    stage.send(("/artgen/valence", 0.5))
    assert "from the music" in "\n".join(stage.lines())
    stage.send(("/visuals/mood/manual", 1))
    assert "by hand" in "\n".join(stage.lines())
