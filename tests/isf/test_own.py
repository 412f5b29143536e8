"""The effects that come with artgen."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.isf.files import IMAGE, PLAIN
from visuals.isf.file import File, read
from visuals.isf.head import read_head
from visuals.isf.shader import Instant, Shader
from visuals.isf.source import OURS, files_in
from visuals.isf.stage import Stage
from visuals.testing.flashes import MOST, light_of, most_flashes

DOCS = Path(__file__).parents[2] / "docs"
FILES = files_in(OURS)
SIZE = (96, 54)
RATE = 24
KICKS = 3.7
"""A second, as loud as can be: 220 to the minute."""


@pytest.fixture
def stage(gl_context: Any) -> Iterator[Stage]:
    y, x = np.mgrid[:54, :96]
    picture = np.stack((255 * x // 95, 255 * y // 53, 128 + 100 * np.sin(x / 5.0) * np.cos(y / 7.0)), axis=2)
    made = Stage(gl_context, SIZE, (picture.astype(np.uint8), picture[::-1].astype(np.uint8)))
    yield made
    made.release()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_is_described(path: Path) -> None:
    file, docs = read(path), (DOCS / "effects.md").read_text(encoding="utf-8")
    assert file.head.kind == "filter" and file.head.about.endswith(".") and file.head.credit
    (row,) = re.findall(rf"^\| !\[{path.stem}\]\(effects/{path.stem}\.jpg\) \| (.*) \|$", docs, re.MULTILINE)
    assert row.startswith(f"**`{path.stem}`**: {file.head.about} Set: ")
    assert all(f"`{one.name}`" in row for one in file.head.numbers if not one.follows)
    assert (DOCS / "effects" / f"{path.stem}.jpg").is_file()


def test_there_are_enough_of_them_and_no_others_are_described() -> None:
    assert len(FILES) >= 16
    pictured = re.findall(r"effects/([\w-]+)\.jpg", (DOCS / "effects.md").read_text(encoding="utf-8"))
    assert pictured == [path.stem for path in FILES]


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_changes_the_picture_moves_and_can_be_told_to_rest(path: Path, gl_context: Any, stage: Stage) -> None:
    shader = Shader(gl_context, read(path))
    still = Shader(gl_context, plain())
    before = stage.draw(still, 10).astype(float)
    early, late = (stage.draw(shader, frames).astype(float) for frames in (10, 31))
    assert np.abs(early - before).mean() > 1.5
    assert np.abs(late - early).mean() > 0.5
    assert 8.0 < late.mean() < 247.0 and late.std() > 5.0
    shader.release()
    still.release()


def plain() -> File:
    text = f"/*{json.dumps({'INPUTS': [IMAGE]})}*/ {PLAIN}"
    return File(Path("plain.fs"), read_head(text), text, "")


@pytest.mark.slow
@pytest.mark.parametrize(("name", "speed"), [("kaleidoscope", "spin"), ("tunnel", "speed"), ("strobe", "rate")])
def test_a_speed_that_changes_makes_no_leap_late_in_the_evening(
    name: str, speed: str, gl_context: Any, stage: Stage
) -> None:
    shader = Shader(gl_context, read(OURS / f"{name}.fs"))
    y, x = np.mgrid[:54, :96]
    smooth = np.stack((255 * x // 95, 255 * y // 53, 128 + 0 * x), axis=2).astype(np.uint8)
    picture = gl_context.texture((96, 54), 3, np.ascontiguousarray(smooth).tobytes(), alignment=1)
    shown = gl_context.texture(SIZE, 4)
    target = gl_context.framebuffer([shown])
    changes, before = [], None
    for frame in range(40):
        values = {one.name: one.default for one in shader.file.head.numbers}
        values |= {speed: (0.5 + 0.01 * frame,), "level": (0.5,)}
        instant = Instant(7213.7 + frame / 60, 1 / 60, frame)
        shader.draw(target, values, {"inputImage": picture}, instant)
        now = np.frombuffer(target.read(components=3, alignment=1), np.uint8).astype(float)
        changes += [] if before is None else [np.abs(now - before).mean()]
        before = now
    # The flash of the strobe is a leap that is meant; one at most in two thirds of a second at this rate.
    assert sum(change > 8.0 for change in changes) <= (name == "strobe")
    assert max(changes) > 0.0
    gl_context.detect_framebuffer(0).use()
    for item in (shader, target, shown, picture):
        item.release()


@pytest.mark.slow
def test_the_strobe_flashes_three_times_a_second_at_most_unless_it_is_unlocked(gl_context: Any) -> None:
    shader = Shader(gl_context, read(OURS / "strobe.fs"))
    black = gl_context.texture((8, 8), 4, bytes(256))
    shown = gl_context.texture((8, 8), 4)
    target = gl_context.framebuffer([shown])

    def flashes(**values: float) -> int:
        light = []
        for frame in range(120):
            given = {"level": 1.0, "flash": 1.0, "rate": 12.0} | values
            numbers = {name: (value,) for name, value in given.items()}
            shader.draw(target, numbers, {"inputImage": black}, Instant(frame / 120.0, 1 / 120, frame))
            light.append(target.read(components=1)[36])
        return int(np.sum(np.diff(np.array(light, int)) > 30)) + int(light[0] > 100)

    assert flashes() == 3 and flashes(unlock=1.0) == 12 and flashes(rate=1.0) == 1
    gl_context.detect_framebuffer(0).use()
    for item in (shader, target, shown, black):
        item.release()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "given"),
    [*((path.stem, {}) for path in FILES), ("poster", {"steps": (2.0,)}), ("glass", {"light": (1.0,)})],
)
@pytest.mark.parametrize("fine", [False, True], ids=["broad", "fine"])
def test_none_flashes_over_a_still_picture_however_hard_the_music_hits(
    name: str, given: dict[str, tuple[float]], fine: bool, gl_context: Any
) -> None:
    """Over broad areas, each of one light, and over one that is full of contours."""
    shader = Shader(gl_context, read(OURS / f"{name}.fs"))
    areas = np.repeat(np.repeat(np.linspace(40, 220, 12).reshape(3, 4), 18, axis=0), 24, axis=1)
    tones = (np.stack((areas, areas[:, ::-1], areas[::-1]), axis=2) * 1.0).astype(np.uint8)
    if fine:
        tones = np.random.default_rng(3).integers(40, 220, (9, 16, 3), np.uint8).repeat(6, axis=0).repeat(6, axis=1)
    picture = gl_context.texture((96, 54), 3, tones.tobytes(), alignment=1)
    shown = gl_context.texture(SIZE, 4)
    target = gl_context.framebuffer([shown])
    lights = []
    for frame in range(5 * RATE):
        time = frame / RATE
        kick = float(np.exp(-6.0 * (time * KICKS % 1.0)))
        values = {one.name: one.default for one in shader.file.head.numbers} | given
        for one in shader.file.head.numbers:
            if one.follows:
                values[one.name] = (0.8 if one.follows in ("valence", "energy") else kick,)
        shader.draw(target, values, {"inputImage": picture}, Instant(time, 1 / RATE, frame))
        data = np.frombuffer(target.read(components=3, alignment=1), np.uint8)
        lights.append(light_of(data.reshape(54, 96, 3)))
    assert most_flashes(lights[RATE:], RATE) <= MOST
    gl_context.detect_framebuffer(0).use()
    for item in (shader, target, shown, picture):
        item.release()
