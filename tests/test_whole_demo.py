"""The demo through the whole program, offline: analysis, mood, picture."""

from typing import Any

import numpy as np
import pytest

from artgen_osc.analysis.analyzer import Analyzer
from artgen_osc.audio import demo
from artgen_osc.audio.sources import array_blocks
from artgen_osc.mood.estimator import MoodEstimator
from artgen_osc.schema import values as schema
from artgen_osc.schema.values import Address, Value
from tests import show_table
from visuals.clock import Tick
from visuals.compositor.screen import Screen
from visuals.control.controls import Controls
from visuals.generators.opening import open_generator
from visuals.painting.worker import SyncWorker
from visuals.show import Show

pytestmark = pytest.mark.slow

RATE = 60
GENERATOR_FPS = 10.0
SIZE = (160, 90)
SETTLED = 6.0
"""Seconds after which a section's mood is that of the section: the window of the network has filled."""

Bundle = list[tuple[Address, Value]]


@pytest.fixture(scope="module")
def bundles() -> list[tuple[float, Bundle]]:
    """Everything that the daemon would send, with its stream time."""
    analyzer, estimator = Analyzer(demo.RATE), MoodEstimator(demo.RATE)
    sent = []
    for block in array_blocks(demo.compose(demo.RATE), demo.RATE):
        hops = analyzer.push(block)
        estimator.push(block.samples)
        for features in hops:
            mood = estimator.mood(features.time)
            sent.append((features.time, [(o.address, o.read(features, mood)) for o in schema.OUTPUTS]))
    return sent


def test_the_four_sections_are_told_apart(bundles: list[tuple[float, Bundle]]) -> None:
    means = {}
    for start, end, name, _ in demo.SECTIONS:
        moods = [bundle[:2] for time, bundle in bundles if start + SETTLED < time < end]
        means[name] = np.mean([[value for _, value in mood] for mood in moods], axis=0)
    (sad, happy, wild, angry) = means.values()
    assert min(wild[1], angry[1]) > max(sad[1], happy[1]) + 0.15, means
    assert min(happy[0], wild[0]) > max(sad[0], angry[0]), means


@pytest.mark.parametrize("model", ["", "idle"])
def test_no_frame_jumps(gl_context: Any, bundles: list[tuple[float, Bundle]], model: str) -> None:
    """The largest change between successive frames stays under five times the median."""
    controls = Controls(show_table.config(model=model), show_table.CONTRACT)
    screen = Screen(gl_context, SIZE)
    show = Show(screen, controls.now(0.0), SyncWorker(model, open_generator, GENERATOR_FPS))
    changes, waiting, before = [], iter(bundles), None
    due = next(waiting)
    for frame in range(1, 60 * RATE):
        now = frame / RATE
        while due and due[0] <= now:
            controls.receive(due[1], now)
            due = next(waiting, None)
        scene = show.step(controls.now(now), Tick(now, now, 1 / RATE))
        screen.draw(scene.mix, scene.look, scene.effects, scene.moment)
        after = screen.read_frame().astype(int)
        if before is not None and now > 2.0:
            changes.append(np.abs(after - before).mean())
        before = after
    show.close()
    screen.release()
    assert min(changes) > 0.0
    assert max(changes) < 5.0 * float(np.median(changes))
