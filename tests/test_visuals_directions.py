"""Directions and keyframes in a whole show: smooth, kept by the gallery, and over real datagrams."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from artgen_osc.osc.receiver import capture
from artgen_osc.schema.keyframes import from_text, to_text
from artgen_osc.schema.values import Value
from tests import show_table
from tests.gallery.test_repaint import Stage as GalleryStage
from tests.test_scenes import perform, small
from tests.test_visuals_show import Stage, change
from visuals.control.scenes.file import held_by, read
from visuals.gallery import repaint
from visuals.generators.opening import open_generator
from visuals.generators.sphere import direction

pytestmark = pytest.mark.slow


@pytest.fixture
def make_stage(gl_context: Any) -> Iterator[Any]:
    stages: list[Stage] = []

    def make(**settings: Any) -> Stage:
        stages.append(Stage(gl_context, show_table.config(speed=0.0, grain=0.0, **settings)))
        return stages[-1]

    yield make
    for stage in stages:
        stage.close()


def z_of(stage: Any) -> np.ndarray:
    painted = stage.show.scene.painted
    assert painted is not None
    return np.asarray(painted.strokes[0].z)


def moved(stage: Stage, seconds: float) -> list[float]:
    """How far z moves, in radians, from picture to picture."""
    found = [z_of(stage)]
    for _ in range(round(seconds * 20)):
        stage.run(1 / 20)
        found.append(z_of(stage))
    return [float(np.linalg.norm(b - a) / np.linalg.norm(a)) for a, b in pairwise(found)]


def test_a_sudden_value_glides_and_0_is_where_it_was(make_stage: Any) -> None:
    stage = make_stage()
    stage.run(1.0)
    rest, picture = z_of(stage), stage.picture()
    stage.send(("/visuals/direction/1", 1.0), ("/visuals/direction/4", -0.5))
    steps = moved(stage, 2.0)
    assert sum(steps) > 0.05 and max(steps) < 0.25 * sum(steps)
    assert change(picture, stage.picture()) > 3.0
    assert np.linalg.norm(z_of(stage)) == pytest.approx(np.linalg.norm(rest), rel=1e-5)
    stage.send(("/visuals/direction/1", 0.0), ("/visuals/direction/4", 0.0))
    steps = moved(stage, 3.0)
    assert max(steps) < 0.25 * sum(steps)
    np.testing.assert_allclose(z_of(stage), rest, atol=1e-5)


def test_a_model_that_comes_has_directions_of_its_own(make_stage: Any) -> None:
    stage = make_stage(direction_2=1.0, model_fade=0.0)
    stage.run(1.5)
    assert stage.show.scene.worker.steerable == (True, False)
    stage.send(("/visuals/model", "small"))
    stage.run(1.5)
    plain = direction(0, 32) * np.sqrt(32)
    assert z_of(stage).shape == (32,)
    assert np.linalg.norm(z_of(stage) - plain) > 0.5


def test_a_second_model_that_comes_leaves_the_first_where_it_is(make_stage: Any) -> None:
    stage = make_stage(direction_2=1.0)
    stage.run(2.5)
    rest = z_of(stage)
    stage.send(("/visuals/model/second", "small"))
    assert max(moved(stage, 1.0)) < 1e-4
    np.testing.assert_array_equal(z_of(stage), rest)
    assert stage.show.scene.worker.steerable == (True, True), "known before it is seen"
    stage.send(("/visuals/model/mix", 0.5))
    stage.run(2.0)
    painted = stage.show.scene.painted
    assert painted is not None
    first, second = painted.strokes
    assert np.linalg.norm(second.z - direction(0, 32) * np.sqrt(32)) > 0.5
    np.testing.assert_array_equal(first.z, rest)


def test_frozen_nothing_glides(make_stage: Any) -> None:
    stage = make_stage()
    stage.run(1.0)
    stage.send(("/visuals/freeze", 1))
    stage.run(0.5)
    rest = z_of(stage)
    stage.send(("/visuals/direction/1", 1.0))
    stage.run(1.0)
    np.testing.assert_array_equal(z_of(stage), rest)


def test_a_snapshot_is_painted_again_just_as_it_was(gl_context: Any, tmp_path: Path) -> None:
    stage = GalleryStage(gl_context, tmp_path, direction_1=0.8, direction_3=-0.6)
    stage.run(2.0)
    _, about = stage.keep()
    painted = stage.show.scene.painted
    assert painted is not None
    again = repaint.paint(about, lambda stroke: open_generator("idle"))
    np.testing.assert_array_equal(again, painted.pixels)
    assert np.linalg.norm(about.strokes[0].z - direction(0, 64) * 8.0) > 0.5
    stage.show.close()
    stage.screen.release()


def test_keyframes_of_another_model_are_kept_and_told_once(make_stage: Any, caplog: pytest.LogCaptureFixture) -> None:
    listed = to_text([tuple(direction(seed, 32).tolist()) for seed in range(2)])
    stage = make_stage(path_keyframes=listed, path_play=True, path_beats=0)
    stage.run(2.0)
    assert (stage.show.scene.keyframes, stage.show.scene.keyframe) == (2, 0)
    stage.send(("/visuals/model", "small"))
    stage.run(1.0)
    assert stage.show.scene.keyframe == 2
    assert "picture\tto keyframe 2 of 2" in stage.lines()
    (told,) = [record.getMessage() for record in caplog.records if "keyframes" in record.getMessage()]
    assert told == "path: 2 keyframes are of another model than idle and not played, but kept"


def test_a_performer_marks_plays_and_saves(gl_context: Any, tmp_path: Path) -> None:
    folder = tmp_path / "scenes"
    with capture() as listener:
        script: list[list[tuple[str, Value]]] = [
            [("/visuals/subscribe", f"127.0.0.1:{listener.port},echo"), ("/visuals/path/undo", 1)],
            [("/visuals/path/mark", 1)],
            [("/visuals/path/mark", 0), ("/visuals/seed", 40)],
            *([] for _ in range(4)),
            [("/visuals/path/mark", 1), ("/visuals/scene/save", "loop")],
            [("/visuals/path/clear", 1)],
            [("/visuals/path/keyframes", "no keyframe")],
            [("/visuals/scene/fade", 0.0), ("/visuals/scene", "loop"), ("/visuals/path/play", 1)],
            *([] for _ in range(5)),
            [("/visuals/quit", 1)],
        ]
        seen = perform(small(folder), script, 20, 60.0)
        heard = [(message.path, message.arguments[0]) for _, message in listener.read(0.3)]
    kept = read(folder / "loop.toml", held_by(show_table.CONTRACT)).values["path_keyframes"]
    assert len(from_text(kept)) == 2
    assert (seen[-1].settings.path_keyframes, seen[-1].settings.path_play) == (kept, True)
    counts = [value for path, value in heard if path == "/visuals/status/keyframes"]
    assert counts[-1] == 2
    assert [value for path, value in heard if path == "/visuals/status/keyframe"][-1] in (1, 2)
    refused = [str(value) for path, value in heard if path == "/visuals/status/refusal"]
    assert any(text.startswith("/visuals/path/undo: there are no keyframes") for text in refused)
    assert any("keyframe 1 isn't whole" in text for text in refused), refused
