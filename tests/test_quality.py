"""How much is drawn where frames don't keep up: which steps, in which order, when they are taken back, how it looks."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from artgen_osc.config.tables import AUTO, FULL, QUALITY_STEPS
from tests import show_table
from visuals.clock import Tick
from visuals.compositor.kind import Moment
from visuals.compositor.screen import Screen
from visuals.control.controls import Controls
from visuals.generators.idle import IdleGenerator
from visuals.help import Around, help_lines
from visuals.modulation.motion import Look
from visuals.painting.worker import SyncWorker
from visuals.quality import AGAIN_S, LONGEST_S, START_S, Quality, Seen, Watch, made_of, too_slow
from visuals.show import Show


@dataclass
class Machine:
    """What draws at a rate that depends on what is drawn."""

    base: float = 1 / 60
    costs: dict[str, float] = field(default_factory=dict)
    """s more of a frame, until a step is taken."""
    finisher: bool = True
    composed: bool = True
    scene: str = ""
    pictures: tuple[float, float] = (0.02, 0.02)
    watch: Watch = field(default_factory=lambda: Watch(60.0))
    names: list[str] = field(default_factory=list)

    def run(self, seconds: float, wanted: str = AUTO) -> Quality:
        passed, now = 0.0, self.watch.now
        while passed < seconds:
            gone = {"pictures-5"} if now.pictures < 30.0 else set()
            gone |= {"finisher-x2"} if now.finisher == 2 else set()
            gone |= {"finisher-x2", "finisher-off"} if now.finisher == 1 else set()
            gone |= set() if now.flow else {"no-flow"}
            gone |= {"size-75"} if now.size < 1.0 else set()
            gone |= {"size-50"} if now.size < 0.75 else set()
            dt = self.base + sum(cost for name, cost in self.costs.items() if name not in gone)
            scale = now.finisher if self.finisher else 1
            painting, finishing = self.pictures
            seen = Seen(
                self.scene,
                min(now.pictures, 12.0),
                scale,
                now.flow,
                self.composed,
                painting,
                finishing if scale > 1 else 0.0,
            )
            now = self.watch.step(wanted, seen, dt)
            passed += dt
            if not self.names or self.names[-1] != now.name:
                self.names.append(now.name)
        return now


def test_frames_that_keep_up_cost_nothing() -> None:
    for base in (1 / 60, 1 / 30, 1 / 29):
        machine = Machine(base)
        assert machine.run(60.0) == Quality() and machine.names == [FULL]


def test_steps_come_in_their_order_and_end_where_frames_keep_up() -> None:
    machine = Machine(costs=dict.fromkeys(QUALITY_STEPS, 0.012))
    machine.run(START_S + 30.0)
    assert machine.names[:5] == [", ".join(QUALITY_STEPS[:count]) or FULL for count in range(5)]
    everything = Machine(1 / 20, dict.fromkeys(QUALITY_STEPS, 0.02))
    assert everything.run(60.0) == made_of(QUALITY_STEPS, everything.watch.now.why)
    assert everything.watch.now.why.startswith("only ")
    assert everything.watch.now.name == ", ".join(QUALITY_STEPS)


def test_what_there_is_not_is_no_step() -> None:
    machine = Machine(costs={"size-50": 0.03}, finisher=False)
    assert machine.run(START_S + 15.0).steps == ("size-50",)
    assert not any(name.startswith("finisher") for name in machine.names)
    plain = Machine(1 / 10, finisher=False, composed=False)
    assert plain.run(60.0).steps == () and set(plain.names) == {FULL, "pictures-5", "no-flow"}


def test_a_step_in_vain_is_taken_back() -> None:
    machine = Machine(costs={"size-75": 0.025})
    assert machine.run(START_S + 12.0).steps == ("size-75",)
    assert machine.names[:4] == [FULL, "pictures-5", "finisher-x2", "size-75"]
    hopeless = Machine(1 / 12)
    assert hopeless.run(60.0) == Quality(), "a slow machine loses nothing for nothing"


def test_when_it_gets_easier_steps_are_taken_back_and_each_failure_makes_it_wait_longer() -> None:
    machine = Machine(costs={"finisher-x2": 0.03})
    assert machine.run(START_S + 5.0).steps == ("finisher-x2",)
    machine.costs = {}
    assert machine.run(AGAIN_S + 5.0).steps == ()
    machine.costs = {"finisher-x2": 0.03}
    machine.names.clear()
    machine.run(600.0)
    tries = machine.names.count(FULL)
    assert 3 <= tries <= 8, "it waits longer each time"
    assert machine.run(1.0).steps in {(), ("finisher-x2",)}
    assert LONGEST_S < 600.0


def test_another_scene_is_another_try() -> None:
    machine = Machine(costs={"size-75": 0.025})
    machine.run(START_S + 20.0)
    machine.costs, machine.scene = {"finisher-x2": 0.025}, "calm"
    assert "finisher-x2" in machine.run(10.0).steps


def test_one_stall_changes_nothing() -> None:
    machine = Machine()
    machine.run(START_S + 3.0)
    machine.base = 0.1
    machine.run(1.0)
    machine.base = 1 / 60
    assert machine.run(10.0) == Quality() and machine.names == [FULL]


def test_too_few_pictures_end_the_finisher() -> None:
    machine = Machine(pictures=(0.05, 0.3))
    assert machine.run(START_S + 5.0).steps == ("finisher-off",)
    assert "fewer than 6 pictures a second" in machine.watch.now.why


def test_what_is_too_slow() -> None:
    assert not too_slow(0.02, 0.01)
    assert too_slow(0.02, 0.2)
    assert not too_slow(0.5, 0.05), "a slow generator gets no faster without it"
    assert too_slow(0.5, 0.5)


@pytest.mark.parametrize("wanted", [FULL, *QUALITY_STEPS])
def test_it_can_be_fixed(wanted: str) -> None:
    machine = Machine(1 / 10, dict.fromkeys(QUALITY_STEPS, 0.05))
    steps = () if wanted == FULL else QUALITY_STEPS[: QUALITY_STEPS.index(wanted) + 1]
    assert machine.run(20.0, wanted) == made_of(steps)
    assert machine.names[-1] == (", ".join(steps) or FULL)
    machine.base, machine.costs = 1 / 60, {}
    assert machine.run(8 * AGAIN_S).steps == (), "left to itself it finds its way back"


def test_it_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    machine = Machine(costs={"finisher-x2": 0.03})
    machine.run(START_S + 5.0)
    assert caplog.messages == [
        "quality: pictures-5 (only 21 frames a second)",
        "quality: finisher-x2 (only 21 frames a second)",
    ]


SIZE = (96, 54)


class Painting(SyncWorker):
    """Keeps what it was told."""

    def __init__(self) -> None:
        super().__init__("idle", lambda model: IdleGenerator(64))
        self.limits: list[tuple[float, int, bool]] = []

    def limit(self, pictures: float, finisher: int, flow: bool) -> None:
        self.limits.append((pictures, finisher, flow))
        super().limit(pictures, finisher, flow)


@pytest.fixture
def screen(gl_context: Any) -> Iterator[Screen]:
    made = Screen(gl_context, SIZE)
    yield made
    made.release()


def on(name: str, **values: Any) -> dict[str, Any]:
    return {name: show_table.CONTRACT.tables[f"plugin.{name}"](amount=1.0, **values)}


@pytest.mark.slow
def test_a_show_that_is_slow_draws_less_and_says_so(screen: Screen) -> None:
    worker, row = Painting(), show_table.by_path(show_table.VISUALS)
    controls = Controls(show_table.config(model="idle"), show_table.CONTRACT)
    controls.receive([(row["/visuals/effect/bloom/amount"], 1.0)], 0.0)
    show = Show(screen, controls.now(0.0), worker)
    for frame in range(200):
        time = frame / 10
        scene = show.step(controls.now(time), Tick(time, time, 0.1))
        screen.draw(scene.mix, scene.look, scene.effects, scene.moment)
    told = [line for line in help_lines(controls.now(20.0), scene, Around(SIZE)) if line.startswith("quality\t")]
    assert scene.quality == Quality() and told == ["quality\tfull"], "in vain: frames came no faster"
    assert {(5.0, 4, True), (30.0, 4, True)} <= set(worker.limits)
    controls.receive([(row["/visuals/quality"], "size-50")], 20.0)
    scene = [show.step(controls.now(20.1), Tick(20.1, 20.1, 0.1)) for _ in range(2)][-1]
    assert screen.detail == 0.5 and worker.limits[-1] == (5.0, 1, False)
    told = [line for line in help_lines(controls.now(20.1), scene, Around(SIZE)) if line.startswith(("quality", "\t"))]
    assert told[0] == "quality\t" + ", ".join(QUALITY_STEPS) + ": by"
    show.close()


@pytest.mark.slow
def test_a_film_is_drawn_in_full(screen: Screen) -> None:
    worker = Painting()
    controls = Controls(show_table.config(model="idle", quality="size-50"), show_table.CONTRACT)
    show = Show(screen, controls.now(0.0), worker, live=False)
    for frame in range(100):
        show.step(controls.now(frame / 10), Tick(frame / 10, frame / 10, 0.1))
    assert screen.detail == 1.0 and not worker.limits
    show.close()


def picture() -> np.ndarray:
    y, x = np.mgrid[0:54, 0:96]
    waves = [np.sin(x / 9 + y / 13), np.cos(y / 8 - x / 11), np.sin(x * y / 600)]
    return np.stack([127.5 + 90 * wave for wave in waves], axis=2).astype(np.uint8)


@pytest.mark.slow
@pytest.mark.parametrize("effect", ["flow", "feedback", "slit-scan", "pixel-sort", "bloom", "kaleidoscope", "displace"])
def test_a_smaller_size_is_no_flash(screen: Screen, effect: str) -> None:
    """What buffers hold goes on, and the frame is the same, but for what is finer than its pixels."""
    screen.take(picture(), 1.0)

    def drawn(number: int) -> np.ndarray:
        moment = Moment(number / 60, 1 / 60, level=0.5, low=0.5, mid=0.5, high=0.5)
        screen.draw(1.0, Look(zoom=1.0, time=moment.time), on(effect), moment)
        return screen.read_frame().astype(float)

    before = [drawn(number) for number in range(40)][-1]
    for number, detail in enumerate((0.75, 0.5, 1.0), 40):
        screen.detail = detail
        now = drawn(number)
        assert now.shape == before.shape
        assert abs(now.mean() - before.mean()) < 4.0
        assert np.abs(now - before).mean() < 16.0
        before = now


@pytest.mark.slow
def test_a_smaller_size_costs_nothing_where_nothing_is_composed(screen: Screen) -> None:
    screen.take(picture(), 1.0)
    screen.draw(1.0, Look(zoom=1.0), {}, Moment())
    whole = screen.read_frame()
    screen.detail = 0.5
    screen.draw(1.0, Look(zoom=1.0), {}, Moment())
    assert not screen.composed and np.array_equal(screen.read_frame(), whole)
    screen.draw(1.0, Look(zoom=1.0), on("mirror"), Moment())
    assert screen.composed
