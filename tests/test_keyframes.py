"""Keyframes: how they are marked and kept, the way through them, and the show that travels it."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from artgen_osc.config.tables import VisualsConfig
from artgen_osc.schema.keyframes import LONGEST, MOST, from_text, to_text
from artgen_osc.schema.values import Value
from tests import show_table
from tests.test_latent import angle, speeds
from visuals.control.controls import Control
from visuals.control.keyframes import Keyframes
from visuals.control.scenes.file import Scene, held_by, read
from visuals.control.scenes.file import to_text as scene_text
from visuals.generators.sphere import direction
from visuals.modulation.beat_clock import BeatClock
from visuals.painting.keyframes import Loop
from visuals.painting.latent import PACE_S, Latent, LatentPath

DIM = 64
RATE = 60
ROWS = show_table.by_path(show_table.VISUALS)
PLACES = tuple(tuple(direction(seed, DIM).tolist()) for seed in (901, 902, 903, 904))
LISTED = to_text(PLACES[:3])
STILL = VisualsConfig(seed=3, speed=0.0, path_keyframes=LISTED, path_beats=0, path_seconds=2.0)
FREE = Control(STILL, age=0.0)
PLAYING = replace(FREE, settings=replace(STILL, path_play=True))


# As text.


def test_keyframes_survive_their_text() -> None:
    keyframes = [*PLACES, (1.0, -0.5)]
    text = to_text(keyframes)
    back = from_text(text)
    assert [len(z) for z in back] == [DIM] * 4 + [2]
    for z, found in zip(keyframes, back, strict=True):
        assert angle(np.array(z), np.array(found)) < 1e-3
    assert to_text(back) == text, "what has 16 bits keeps them"
    assert from_text("") == from_text(" \n") == []
    assert to_text([]) == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("%%%%", "keyframe 1 isn't whole"),
        (f"{to_text(PLACES[:1])} AAA", "keyframe 2 isn't whole"),
        ("AAAAAAAA", "keyframe 1 isn't whole"),
        ("AHwAfA==", "keyframe 1 isn't whole"),
        ("ADw=", "keyframe 1 isn't whole"),
        ("ÄÖÜß", "keyframe 1 isn't whole"),
        ("PAA8" * LONGEST, "keyframe 1 isn't whole"),
        (" ".join(["ADwAPA=="] * (MOST + 1)), "17 keyframes are too many; 16 are the most"),
    ],
    ids=["no base64", "cut short", "zero", "infinite", "one number", "no ASCII", "too long", "too many"],
)
def test_a_text_that_is_none_says_why(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        from_text(text)


def test_what_has_no_room_is_refused() -> None:
    with pytest.raises(ValueError, match="beyond 65,504"):
        to_text([(1e6, 1.0)])
    longest = (1.0,) * LONGEST
    assert from_text(to_text([longest] * MOST)) == [longest] * MOST
    with pytest.raises(ValueError, match="its z has 3,073 numbers, and 3,072 are the most"):
        to_text([(*longest, 1.0)])


# Marked.


class Desk:
    """Marks on a clock of its own."""

    def __init__(self) -> None:
        self.refused: list[str] = []
        self.keyframes = Keyframes(ROWS, lambda what, reason: self.refused.append(f"{what}: {reason}"))
        self.listed, self.time = "", 0.0
        self.stage: tuple[float, ...] | None = PLACES[0]

    def send(self, *pairs: tuple[str, Value], dt: float = 1.0) -> int:
        self.time += dt
        messages = [(ROWS[f"/visuals/{path}"], value) for path, value in pairs]
        for row, value in self.keyframes.receive(messages, self.listed, self.stage, self.time):
            self.listed = str(row.check((value,))) if row.path == "/visuals/path/keyframes" else self.listed
        return len(from_text(self.listed))


def test_what_is_on_stage_is_marked_and_taken_away_again() -> None:
    desk = Desk()
    assert desk.send(("path/mark", 1)) == 1
    desk.stage = PLACES[1]
    assert desk.send(("path/mark", 1)) == 2
    desk.stage = PLACES[2]
    assert desk.send(("path/mark", 1), ("speed", 2.0)) == 3
    assert desk.listed == LISTED
    assert desk.send(("path/remove", 2)) == 2
    assert desk.listed == to_text([PLACES[0], PLACES[2]])
    assert desk.send(("path/undo", 1)) == 1
    assert desk.listed == to_text(PLACES[:1])
    assert desk.send(("path/clear", 1)) == 0
    assert not desk.refused


def test_a_key_that_is_let_go_and_a_chop_that_repeats_mark_once() -> None:
    desk = Desk()
    for value in (1, 1, 1, 0, 0):
        desk.send(("path/mark", value), dt=1 / 60)
    assert desk.send(("path/remove", 0)) == 1
    assert desk.send(("path/mark", 1)) == 2
    assert not desk.refused


def test_what_can_t_be_done_is_told() -> None:
    desk = Desk()
    desk.stage = None
    desk.send(("path/mark", 1))
    desk.send(("path/undo", 1))
    desk.send(("path/remove", 3))
    desk.stage = PLACES[0]
    for _ in range(MOST + 1):
        desk.send(("path/mark", 1))
    desk.send(("path/remove", 16))
    assert desk.send(("path/remove", 16)) == MOST - 1
    assert (
        desk.refused
        == [
            "/visuals/path/mark: there is no picture yet; wait for the first one",
            "/visuals/path/undo: there are no keyframes; mark one first",
            "/visuals/path/remove: there are no keyframes; mark one first",
            f"/visuals/path/mark: there are {MOST} keyframes, the most that there can be; remove one first",
            "/visuals/path/remove: there is no keyframe 16; choose from 1 to 15",
        ][: len(desk.refused)]
    )
    assert len(desk.refused) == 5


def test_marks_of_one_frame_add_up() -> None:
    desk = Desk()
    earlier = [(ROWS["/visuals/path/keyframes"], LISTED)]
    (made,) = desk.keyframes.receive([(ROWS["/visuals/path/mark"], 1)], "", PLACES[3], 1.0, earlier)
    assert made[1] == to_text(PLACES)


def test_a_scene_keeps_them_on_one_line(tmp_path: Path) -> None:
    held = held_by(show_table.CONTRACT)
    scene = Scene("loop", {"path_keyframes": LISTED, "path_play": True, "path_beats": 4, "direction_3": -0.5})
    (tmp_path / "loop.toml").write_text(scene_text(scene))
    assert read(tmp_path / "loop.toml", held) == scene
    full = to_text([tuple(direction(seed, 1024).tolist()) for seed in range(MOST)])
    (tmp_path / "full.toml").write_text(text := scene_text(Scene("full", {"path_keyframes": full})))
    assert read(tmp_path / "full.toml", held).values == {"path_keyframes": full}
    assert len(text.splitlines()) == 2


# The curve.


@pytest.fixture(params=[3, 4, MOST])
def loop(request: pytest.FixtureRequest) -> Loop:
    return Loop([direction(seed, DIM).tolist() for seed in range(request.param)], range(1, request.param + 1))


def walk(loop: Loop, each: int = 100) -> np.ndarray:
    return np.array([loop.at(place / each) for place in range(-each, len(loop) * each + 1)])


def test_it_passes_through_each_and_closes(loop: Loop) -> None:
    for index in range(len(loop)):
        np.testing.assert_allclose(loop.at(index), direction(index, DIM), atol=1e-12)
    np.testing.assert_allclose(loop.at(len(loop) + 0.3), loop.at(0.3), atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(walk(loop), axis=1), 1.0, atol=1e-9)


def test_it_stops_nowhere_and_turns_no_corner(loop: Loop) -> None:
    steps = np.diff(walk(loop), axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    assert lengths.max() < 2.5 * lengths.min()
    assert max(angle(a, b) for a, b in pairwise(steps)) < 0.1


def test_its_velocity_is_how_it_moves(loop: Loop) -> None:
    np.testing.assert_allclose(loop.velocity(1.3), (loop.at(1.31) - loop.at(1.29)) / 0.02, atol=1e-2)


def test_it_says_what_comes_next() -> None:
    loop = Loop(PLACES[:3], (1, 2, 5))
    assert [loop.ahead(place) for place in (0.0, 0.9, 1.0, 2.5)] == [2, 2, 5, 1]


def test_one_stands_still_and_two_swing() -> None:
    one, two = Loop(PLACES[:1], (1,)), Loop(PLACES[:2], (1, 2))
    np.testing.assert_allclose(one.at(0.7), PLACES[0])
    lengths = np.linalg.norm(np.diff(walk(two), axis=0), axis=1)
    assert lengths.min() < 0.05 * lengths.max()
    np.testing.assert_allclose(two.at(0.3), two.at(1.7), atol=1e-9)


@pytest.mark.parametrize("signs", [(0, 0, 1), (0, 1, 0, 2), (0, 1, 1, 2)], ids=["twice", "to and fro", "in a row"])
def test_the_same_keyframe_may_come_again(signs: tuple[int, ...]) -> None:
    loop = Loop([PLACES[index] for index in signs], range(1, len(signs) + 1))
    points = walk(loop)
    assert np.isfinite(points).all()
    assert np.linalg.norm(np.diff(points, axis=0), axis=1).max() < 0.04


# The path.


class Path(LatentPath):
    """A path with a clock of its own, which a show has for all."""

    def __init__(self, z_dim: int, settings: VisualsConfig) -> None:
        self._own = BeatClock()
        super().__init__(z_dim, settings, self._own)

    def step(self, control: Control, dt: float) -> Latent:
        self._own.step(control.tempo_bpm, control.beat_phase, control.bar_phase, dt)
        return super().step(control, dt)


def go(path: Path, control: Control, seconds: float) -> list[Latent]:
    return [path.step(control, 1 / RATE) for _ in range(round(seconds * RATE))]


@pytest.fixture
def path() -> Path:
    return Path(DIM, STILL)


def without_jump(latents: list[Latent]) -> bool:
    speed = speeds(latents, RATE)
    return bool(speed.max() < 2.0 and np.abs(np.diff(speed)).max() < 0.1)


def test_it_glides_to_the_keyframes_and_back(path: Path) -> None:
    latents = go(path, FREE, 1.0)
    assert path.keyframe == 0
    latents += go(path, PLAYING, 18.0)
    assert path.keyframe == 1, "18 s are nine segments, and a little more"
    for seconds, at in ((12.0, 0), (14.0, 1), (16.0, 2)):
        assert angle(latents[round((1.0 + PACE_S + seconds) * RATE) - 1].z, np.array(PLACES[at])) < 0.02
    latents += go(path, FREE, 12.0)
    assert path.keyframe == 0
    assert angle(latents[-1].z, direction(3, DIM)) < 0.01
    assert without_jump(latents)


def test_marks_and_removals_on_the_way_don_t_jump(path: Path) -> None:
    latents = go(path, PLAYING, 5.1)
    for count in (4, 2, 1, 4):
        settings = replace(PLAYING.settings, path_keyframes=to_text(PLACES[:count]))
        latents += go(path, replace(PLAYING, settings=settings), 2.3)
    latents += go(path, replace(PLAYING, settings=replace(PLAYING.settings, path_keyframes="")), 2.0)
    assert path.keyframe == 0, "without keyframes it travels freely"
    assert without_jump(latents)


def test_travel_from_seed_to_seed_waits_meanwhile(path: Path) -> None:
    moving = replace(PLAYING, settings=replace(PLAYING.settings, speed=8.0, beat_next=1, beat_cut=True), beats=1)
    path.step(moving, 0.0)
    latents = [path.step(replace(moving, beats=1 + step // 30), 1 / RATE) for step in range(300)]
    assert path.seed == 3
    assert latents[-1].cuts == 0


def test_a_seed_that_is_asked_for_meanwhile_is_there_afterwards(path: Path) -> None:
    go(path, PLAYING, 5.0)
    cue = replace(PLAYING, cues=1, settings=replace(PLAYING.settings, seed=77))
    latents = go(path, cue, 5.0)
    latents += go(path, replace(cue, settings=replace(cue.settings, path_play=False)), 14.0)
    assert angle(latents[-1].z, direction(77, DIM)) < 0.01
    assert without_jump(latents)


def test_keyframes_of_another_model_wait(path: Path) -> None:
    mixed = to_text([(1.0, 0.5), *PLACES[:2]])
    settings = replace(PLAYING.settings, path_keyframes=mixed)
    go(path, replace(PLAYING, settings=settings), 1.0)
    assert (path.unused, path.keyframe) == (1, 3), "numbers are those of all"
    path.resize(32)
    path.step(replace(PLAYING, settings=settings), 1 / RATE)
    assert (path.unused, path.keyframe) == (3, 0)
    path.resize(DIM)
    path.step(replace(PLAYING, settings=settings), 1 / RATE)
    assert (path.unused, path.keyframe) == (1, 3)


def test_frozen_it_stands(path: Path) -> None:
    before = go(path, PLAYING, 3.0)[-1]
    np.testing.assert_allclose(path.step(PLAYING, 0.0).z, before.z, atol=1e-5)


# By beats.


def beating(bpm: float, seconds: float, phase: float = 0.0) -> Iterator[Control]:
    """Frames of a show that hears beats."""
    settings = replace(PLAYING.settings, path_beats=4)
    for frame in range(round(seconds * RATE)):
        beats = frame / RATE * bpm / 60.0 + phase
        yield replace(PLAYING, settings=settings, beats=int(beats), beat_phase=beats % 1.0, tempo_bpm=bpm)


@pytest.mark.parametrize("phase", [0.0, 0.4, 0.9])
def test_each_is_reached_on_a_beat(path: Path, phase: float) -> None:
    latents, heard = [], []
    for control in beating(120.0, 30.0, phase):
        latents.append(path.step(control, 1 / RATE))
        heard.append(control.beats)
    for place in PLACES[:3]:
        near = [angle(latent.z, np.array(place)) for latent in latents[-6 * RATE :]]
        frame = len(latents) - 6 * RATE + int(np.argmin(near))
        assert min(near) < 0.05
        beat = next(index for index, (a, b) in enumerate(pairwise(heard)) if a != b)
        assert (frame - beat + 3) % 30 <= 6, "of 30 frames from beat to beat"
    assert without_jump(latents)


def test_without_a_tempo_seconds_count(path: Path) -> None:
    settings = replace(PLAYING.settings, path_beats=4, path_seconds=1.0)
    silent = replace(PLAYING, settings=settings)
    assert angle(go(path, silent, 12.0 + PACE_S)[-1].z, np.array(PLACES[0])) < 0.02


def test_it_goes_on_at_the_tempo_known_last(path: Path) -> None:
    for control in beating(120.0, 12.0):
        path.step(control, 1 / RATE)
    lost = replace(control, tempo_bpm=0.0, beat_phase=0.0)
    before = path.step(lost, 1 / RATE).z
    latents = go(path, lost, 6.0)
    assert angle(latents[-1].z, before) < 0.1, "three segments of four beats, 6 s"
    assert without_jump(latents)


def test_the_way_is_the_same_at_every_frame_rate() -> None:
    def end(rate: int) -> Any:
        path = Path(DIM, STILL)
        return [path.step(PLAYING, 1 / rate) for _ in range(7 * rate)][-1].z

    assert angle(end(30), end(144)) < 0.02
