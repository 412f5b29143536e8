"""What is on screen between two painted pictures."""

import threading
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests import show_table
from tests.support.waiting import wait_for
from visuals.clock import Tick
from visuals.compositor.screen import Screen
from visuals.control.controls import Controls
from visuals.generators.directions import Directions
from visuals.generators.idle import IdleGenerator
from visuals.modulation.motion import LINE, Look
from visuals.painting.finishing import Finishing
from visuals.painting.flow import LONGEST, Flow
from visuals.painting.latent import Latent
from visuals.painting.painter import Painter, Request
from visuals.painting.worker import SyncWorker, ThreadWorker
from visuals.show import Show

PLAIN = Look(zoom=1.0)


def pattern(right: float = 0.0, down: float = 0.0, size: tuple[int, int] = (448, 256), seed: int = 0) -> np.ndarray:
    """Stains with contours, that have moved by so many pixels."""
    width, height = size
    columns = round(12 * width / height)
    stains = np.random.default_rng(seed).integers(0, 256, (16, columns + 22, 3), dtype=np.uint8)
    left, top = 20 - right * columns / width, 2 - down * 12 / height
    soft = Image.fromarray(stains).resize(size, Image.Resampling.BICUBIC, (left, top, left + columns, top + 12))
    return np.clip((np.asarray(soft, np.float32) - 128.0) * 4.0 + 128.0, 20.0, 235.0).astype(np.uint8)


def flow_between(before: np.ndarray, after: np.ndarray) -> np.ndarray | None:
    follow = Flow()
    assert follow(before, None) is None
    return follow(after, None)


@pytest.mark.parametrize("size", [(256, 256), (448, 256), (600, 256), (144, 256), (512, 512), (1792, 1024), (100, 70)])
def test_a_pattern_that_moves_is_followed(size: tuple[int, int]) -> None:
    width, height = size
    flow = flow_between(pattern(size=size), pattern(0.02 * height, -0.01 * height, size=size))
    assert flow is not None and flow.dtype == np.float32
    right, down = flow[..., 0] * width / height, flow[..., 1]
    assert np.median(right) == pytest.approx(0.02, abs=0.001)
    assert np.median(down) == pytest.approx(-0.01, abs=0.001)
    assert (np.abs(right - 0.02) < 0.003).mean() > 0.65


def test_what_stays_and_what_has_nothing_to_do_with_each_other_fades() -> None:
    still = pattern()
    assert flow_between(still, still.copy()) is None
    assert flow_between(still, (still * 0.8).astype(np.uint8)) is None, "darker, where it is"
    flat = np.full((256, 448, 3), 90, np.uint8)
    assert flow_between(flat, flat + np.uint8(60)) is None
    for seed in range(1, 6):
        assert flow_between(still, pattern(seed=seed)) is None


def test_only_what_moves_is_moved() -> None:
    before, after = pattern(), pattern(6.0)
    after[:, 224:] = before[:, 224:]
    flow = flow_between(before, after)
    assert flow is not None
    assert np.median(flow[:, :20, 0]) * 448 == pytest.approx(6.0, abs=0.6)
    assert np.abs(flow[:, 36:]).max() == 0.0


def test_noise_of_any_kind_gives_a_usable_flow() -> None:
    rng = np.random.default_rng(0)
    kinds = [rng.integers(0, 256, (64, 96, 3), dtype=np.uint8) for _ in range(4)]
    kinds += [np.zeros((64, 96, 3), np.uint8), np.full((64, 96, 3), 255, np.uint8)]
    for before in kinds:
        for after in kinds:
            flow = flow_between(before, after)
            assert flow is None or (np.isfinite(flow).all() and np.abs(flow).max() < 2 * LONGEST)


def test_a_walk_is_followed_as_long_as_it_is_one() -> None:
    follow = Flow()
    assert follow(pattern(), "walk") is None, "the first"
    assert follow(pattern(6.0), "walk") is not None
    assert follow(pattern(12.0), "other") is None, "a cut, or another model"
    assert follow(pattern(18.0), "other") is not None
    assert follow(pattern(size=(256, 256)), "other") is None, "another size"
    for side in (1, 3, 4, 15, 31):
        assert follow(np.zeros((side, 400, 3), np.uint8), "other") is None
        assert follow(np.full((side, 400, 3), 9, np.uint8), "other") is None, "too small to see anything"


@pytest.fixture(params=[(448, 256), (896, 512)], ids=["enlarged", "at once"])
def screen(gl_context: Any, request: pytest.FixtureRequest) -> Any:
    """As large as the picture; from 512 rows on pictures go to the frame at once."""
    screen = Screen(gl_context, request.param)
    yield screen
    screen.release()


def drawn(screen: Screen, place: float) -> np.ndarray:
    return screen.picture(place, PLAIN).astype(int)


def error(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a - b)[20:-20, 20:-20].mean())


@pytest.mark.slow
def test_at_the_ends_it_is_what_was_painted_and_between_it_has_moved(screen: Screen) -> None:
    size, step = screen.size, screen.size[1] / 40
    walk = [pattern(step * part, size=size) for part in (0.0, 0.25, 0.5, 0.75, 1.0)]
    true = []
    for painted in walk:
        screen.take(painted, 1.0)
        true.append(drawn(screen, 1.0))
    screen.take(walk[0], 1.0)
    screen.take(walk[-1], 1.0, follows=True)
    fades = [drawn(screen, place) for place in (0.0, 0.25, 0.5, 0.75, 1.0)]
    screen.take(walk[0], 1.0)
    screen.take(walk[-1], 1.0, flow=flow_between(walk[0], walk[-1]), follows=True)
    flows = [drawn(screen, place) for place in (0.0, 0.25, 0.5, 0.75, 1.0)]
    for end in (0, -1):
        assert np.abs(flows[end] - true[end]).max() <= 1
    for part in (1, 2, 3):
        assert error(fades[part], true[part]) > 3.0
        assert error(flows[part], true[part]) < 0.25 * error(fades[part], true[part])


@pytest.mark.slow
def test_every_picture_of_the_line_is_passed_and_what_does_not_follow_starts_from_the_screen(screen: Screen) -> None:
    colours = (40, 80, 120, 160, 200, 240)
    for index, colour in enumerate(colours):
        screen.take(np.full((screen.size[1], screen.size[0], 3), colour, np.uint8), 1.0, follows=index > 0)
        for back in range(min(index, LINE - 1)):
            assert np.abs(drawn(screen, 1.0 - back) - colours[index - back]).max() <= 1
            assert np.abs(drawn(screen, 0.5 - back) - (colours[index - back] - 20)).max() <= 1
    assert np.abs(drawn(screen, -9.0) - colours[-LINE]).max() <= 1
    screen.take(np.full((screen.size[1], screen.size[0], 3), 20, np.uint8), -0.5)
    assert np.abs(drawn(screen, 0.0) - 180).max() <= 1
    assert np.abs(drawn(screen, 0.5) - 100).max() <= 1
    assert np.abs(drawn(screen, 1.0) - 20).max() <= 1


class Sliding(IdleGenerator):
    """Stains that slide, a picture a step."""

    def __init__(self) -> None:
        super().__init__(64)
        self.right = 0.0

    def __call__(self, z: Any, mood: Any, truncation: float) -> np.ndarray:
        self.right += 6.0
        return pattern(self.right)


def contrast(frame: np.ndarray) -> float:
    return float((np.diff(frame.astype(int), axis=1) ** 2).mean())


@pytest.mark.slow
def test_in_a_show_contours_that_slide_are_seen_once(gl_context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def least_contrast() -> float:
        controls = Controls(show_table.config(grain=0.0, brush=0.0, vignette=0.0), show_table.CONTRACT)
        screen = Screen(gl_context, (448, 252))
        show = Show(screen, controls.now(0.0), SyncWorker("sliding", lambda name: Sliding(), fps=10.0))
        found = []
        for frame in range(1, 150):
            time = frame / 60.0
            scene = show.step(controls.now(time), Tick(time, time, 1.0 / 60.0))
            screen.draw(scene.mix, scene.look, scene.effects, scene.moment)
            if frame > 120:
                found.append(contrast(screen.read_frame()))
        screen.release()
        return min(found)

    moved = least_contrast()
    monkeypatch.setattr(Flow, "__call__", lambda *given: None)
    assert moved > 1.2 * least_contrast()


def request(time: float = 0.0, cuts: int = 0) -> Request:
    latent = Latent(np.ones(IdleGenerator.z_dim, np.float32), np.full(2, 0.5, np.float32), 1.0, cuts)
    return Request(latent, latent, time=time)


def test_the_painter_tells_the_flow_but_not_over_cuts_and_models() -> None:
    painter = Painter("sliding", lambda name: Sliding(), Finishing(None), Directions())
    pictures = [painter.paint(request(0.1 * number, cuts)) for number, cuts in enumerate((0, 0, 1, 1))]
    assert [picture is not None and picture.flow is not None for picture in pictures] == [False, True, False, True]
    assert [picture.number for picture in pictures if picture] == [1, 2, 3, 4]
    assert [picture.time for picture in pictures if picture] == pytest.approx([0.0, 0.1, 0.2, 0.3])
    painter.show(Sliding(), second=False)
    picture = painter.paint(request())
    assert picture is not None and picture.flow is None


def test_the_loop_waits_for_no_flow(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []

    def followed(self: Flow, *given: Any) -> None:
        threads.append(threading.current_thread().name)

    monkeypatch.setattr(Flow, "__call__", followed)
    worker = ThreadWorker("sliding", lambda name: Sliding())
    worker.request(request(), 0.1)
    wait_for(lambda: worker.poll() is not None)
    worker.close()
    assert threads == ["generator"]
