from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import show_table
from visuals.compositor.effects.brush import brush_sides
from visuals.compositor.overlay import text_image
from visuals.compositor.screen import Screen
from visuals.modulation.motion import Look

pytestmark = pytest.mark.slow

PLAIN = Look(zoom=1.0)
SIZE = (160, 90)


def filled(red: int, green: int, blue: int, size: int = 64) -> np.ndarray:
    return np.full((size, size, 3), (red, green, blue), np.uint8)


def picture(size: int = 64) -> np.ndarray:
    """Soft shapes that are different in every corner."""
    y, x = np.mgrid[0:size, 0:size] / size
    waves = [np.sin(5 * x + 2 * y), np.cos(4 * y - x), np.sin(3 * x * y + 1)]
    return np.stack([127.5 + 100 * wave for wave in waves], axis=2).astype(np.uint8)


def drawn(screen: Screen, mix: float = 1.0, look: Look = PLAIN, **effects: float) -> np.ndarray:
    screen.draw(mix, look, show_table.drawn(**effects))
    return screen.read_frame().astype(int)


def close(frame: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool(np.abs(frame - np.array(colour)).max() <= 2)


@pytest.fixture
def screen(gl_context: Any) -> Any:
    screen = Screen(gl_context, SIZE)
    yield screen
    screen.release()


def test_starts_black(screen: Screen) -> None:
    assert close(drawn(screen), (0, 0, 0))


def test_a_colour_comes_through(screen: Screen) -> None:
    screen.take(filled(200, 100, 50), 1.0)
    frame = drawn(screen)
    assert frame.shape == (90, 160, 3)
    assert close(frame, (200, 100, 50))


def test_a_frame_that_windows_show_is_left_in_a_texture(screen: Screen) -> None:
    screen.take(picture(), 1.0)
    plain = drawn(screen)
    assert screen.shown is None
    screen.apart = True
    screen.overlay(np.full((4, 4, 4), 255, np.uint8))
    screen.draw(1.0, PLAIN, show_table.drawn())
    shown = screen.shown
    assert shown is not None and shown.size == SIZE and shown.text is not None
    seen = np.frombuffer(shown.texture.read(alignment=1), np.float16).reshape(90, 160, 4)[::-1, :, :3]
    assert np.abs(seen.astype(float) * 255 - plain).max() <= 2
    screen.apart = False
    screen.overlay(None)
    assert np.abs(drawn(screen) - plain).max() <= 1 and screen.shown is None


def test_top_stays_on_top_and_left_stays_left(gl_context: Any) -> None:
    screen = Screen(gl_context, (64, 64))
    corners = filled(0, 0, 0)
    corners[:32, :32] = (255, 0, 0)
    corners[:32, 32:] = (0, 255, 0)
    corners[32:, :32] = (0, 0, 255)
    screen.take(corners, 1.0)
    frame = drawn(screen)
    assert close(frame[16, 16], (255, 0, 0))
    assert close(frame[16, 48], (0, 255, 0))
    assert close(frame[48, 16], (0, 0, 255))
    assert close(frame[48, 48], (0, 0, 0))
    screen.release()


@pytest.mark.parametrize("size", [(160, 90), (90, 160), (100, 100)])
def test_covers_any_window_without_stretching(gl_context: Any, size: tuple[int, int]) -> None:
    screen = Screen(gl_context, size)
    y, x = np.mgrid[0:128, 0:128] - 63.5
    disc = np.where((x * x + y * y < 30 * 30)[..., None], 255, 60).astype(np.uint8)
    screen.take(np.repeat(disc, 3, axis=2), 1.0)
    bright = drawn(screen)[..., 0] > 150
    rows, columns = np.flatnonzero(bright.any(axis=1)), np.flatnonzero(bright.any(axis=0))
    assert abs(len(rows) - len(columns)) <= 2
    assert len(rows) == pytest.approx(60 / 128 * max(size), abs=2)
    assert drawn(screen).min() > 40, "no border"
    screen.release()


def test_arrivals_do_not_jump(screen: Screen) -> None:
    screen.take(filled(200, 0, 0), 1.0)
    assert close(drawn(screen, 1.0), (200, 0, 0))
    screen.take(filled(0, 200, 0), 1.0)
    assert close(drawn(screen, 0.0), (200, 0, 0))
    assert close(drawn(screen, 0.5), (100, 100, 0))
    screen.take(filled(0, 0, 200), 0.5)
    assert close(drawn(screen, 0.0), (100, 100, 0)), "starts from what was on screen"
    assert close(drawn(screen, 1.0), (0, 0, 200))


def test_pictures_of_another_size_fade_too(screen: Screen) -> None:
    screen.take(filled(200, 0, 0, 64), 1.0)
    screen.take(filled(0, 0, 200, 128), 1.0)
    assert close(drawn(screen, 0.0), (200, 0, 0))
    assert close(drawn(screen, 1.0), (0, 0, 200))


def test_enlarging_shows_no_blocks(gl_context: Any) -> None:
    screen = Screen(gl_context, (640, 640))
    ramp = np.repeat(np.linspace(0, 255, 16, dtype=np.uint8)[None, :, None], 16, axis=0).repeat(3, axis=2)
    screen.take(np.ascontiguousarray(ramp), 1.0)
    row = drawn(screen)[320, 40:-40, 0].astype(float)
    smooth = np.convolve(row, np.ones(9) / 9, "valid")
    assert np.diff(smooth).min() > 0.0, "no plateaus: a ramp of 16 pixels stays a ramp over 640"
    assert np.diff(smooth).max() < 1.0
    screen.release()


def test_enlarging_keeps_detail(gl_context: Any) -> None:
    screen = Screen(gl_context, (256, 256))
    original = picture(64)
    screen.take(original, 1.0)
    small = drawn(screen).reshape(64, 4, 64, 4, 3).mean(axis=(1, 3))
    assert np.abs(small - original)[2:-2, 2:-2].mean() < 2.0
    screen.release()


def test_zoom_and_drift_move_the_picture(screen: Screen) -> None:
    screen.take(picture(), 1.0)
    still = drawn(screen)
    np.testing.assert_array_equal(still, drawn(screen))
    for look in (Look(zoom=1.2), Look(zoom=1.0, drift=(0.05, 0.0)), Look(zoom=1.0, drift=(0.0, 0.05))):
        assert np.abs(drawn(screen, look=look) - still).mean() > 0.5


def test_drift_past_the_edge_mirrors(screen: Screen) -> None:
    screen.take(filled(120, 130, 140), 1.0)
    assert close(drawn(screen, look=Look(zoom=1.0, drift=(0.4, -0.4))), (120, 130, 140))


def test_finish(screen: Screen) -> None:
    screen.take(filled(128, 128, 128), 1.0)
    vignette = drawn(screen, vignette=1.0)
    assert vignette[45, 80].min() > 120 > 100 > vignette[0, 0].max()
    grainy = drawn(screen, grain=1.0)
    assert grainy.std() > 5.0
    assert abs(grainy.mean() - 128) < 3.0
    assert np.abs(drawn(screen, look=Look(zoom=1.0, time=0.5), grain=1.0) - grainy).mean() > 1.0, "grain moves"
    assert drawn(screen, look=Look(zoom=1.0, brightness=0.0)).max() == 0
    assert close(drawn(screen, look=Look(zoom=1.0, brightness=0.5)), (64, 64, 64))


STROKES = {"brush": 1.0}


def noisy_halves(size: int = 128) -> np.ndarray:
    """Dark on the left, light on the right, with noise over both."""
    noise = np.random.default_rng(1).normal(0.0, 25.0, (size, size, 3))
    return np.clip(np.where(np.arange(size) < size // 2, 80.0, 170.0)[None, :, None] + noise, 0, 255).astype(np.uint8)


def test_the_brush_takes_the_noise_and_leaves_the_contours(gl_context: Any) -> None:
    screen = Screen(gl_context, (128, 128))
    screen.take(noisy_halves(), 1.0)
    raw, brushed = drawn(screen), drawn(screen, **STROKES)
    for side in (slice(10, 54), slice(74, 118)):
        assert brushed[10:118, side].std() < raw[10:118, side].std() / 2.5
        assert abs(brushed[10:118, side].mean() - raw[10:118, side].mean()) < 3
    columns = brushed[10:118].mean(axis=(0, 2))
    assert columns[59] < 95 and columns[68] > 155
    half = drawn(screen, brush=0.5)
    assert np.abs(half - (raw + brushed) / 2).max() <= 3
    screen.release()


def test_the_brush_leaves_a_plain_colour_alone(screen: Screen) -> None:
    screen.take(filled(200, 100, 50), 1.0)
    assert close(drawn(screen, **STROKES), (200, 100, 50))


def test_a_larger_picture_has_a_larger_brush(gl_context: Any) -> None:
    screen = Screen(gl_context, (128, 128))
    small = noisy_halves(256)
    screen.take(small, 1.0)
    strokes = drawn(screen, **STROKES)
    screen.take(small.repeat(2, axis=0).repeat(2, axis=1), 1.0)
    assert np.abs(drawn(screen, **STROKES) - strokes).mean() < 4
    screen.release()


def test_a_finished_picture_stands_a_finer_brush(gl_context: Any) -> None:
    screen = Screen(gl_context, (128, 128))
    screen.take(noisy_halves(512), 1.0)
    wide = drawn(screen, **STROKES)
    screen.take(noisy_halves(512), 1.0, fine=True)
    fine = drawn(screen, **STROKES)
    assert fine[10:118, 10:54].std() > wide[10:118, 10:54].std() + 1
    screen.release()


@pytest.mark.parametrize(
    ("look", "effects"), [(PLAIN, {}), (PLAIN, STROKES), (Look(zoom=1.2, drift=(0.05, -0.03)), {"vignette": 0.5})]
)
def test_a_picture_as_large_as_the_target_goes_there_at_once(
    gl_context: Any, look: Look, effects: dict[str, float]
) -> None:
    """The same as by the enlargement, which is there for smaller ones: at full size both are nearly the picture."""
    size = (640, 360)
    near, far = (Screen(gl_context, size, enlarge=enlarge) for enlarge in (2, 4))
    for screen, rows in ((near, 512), (far, 508)):
        for part in (picture(512), picture(512)[::-1, ::-1]):
            screen.take(part[:rows, :rows], 1.0)
    for mix in (0.0, 0.4, 1.0):
        frames = [drawn(screen, mix, look, **effects) for screen in (near, far)]
        assert np.abs(frames[0] - frames[1]).mean() < 2.5
    assert np.abs(near.read((160, 90))().astype(int) - far.read((160, 90))()).mean() < 2.5
    for screen in (near, far):
        screen.release()


def test_a_camera_that_leaves_what_was_kept_sees_the_picture_still(gl_context: Any) -> None:
    """Of a large picture only the rows that may be seen go through the brush; another target may show more."""
    screen = Screen(gl_context, (640, 160))
    screen.take(filled(200, 100, 50, 512), 1.0)
    assert close(drawn(screen, **STROKES), (200, 100, 50))
    screen.resize((320, 320))
    assert close(drawn(screen, **STROKES), (200, 100, 50))
    screen.release()


def test_the_brush_follows_its_setting_and_each_picture(screen: Screen) -> None:
    screen.take(noisy_halves(), 1.0)
    raw, brushed = drawn(screen), drawn(screen, **STROKES)
    assert np.abs(raw - brushed).mean() > 4
    assert (drawn(screen) == raw).all()
    assert (drawn(screen, **STROKES) == brushed).all()
    screen.take(filled(200, 100, 50, 128), 1.0)
    screen.take(noisy_halves(), 1.0)  # before anything was drawn
    assert (drawn(screen, **STROKES) == brushed).all()


def test_strokes_fade_evenly_from_picture_to_picture(screen: Screen) -> None:
    screen.take(filled(40, 80, 120, 128), 1.0)
    first = drawn(screen, **STROKES)
    screen.take(noisy_halves(), 1.0)
    last = drawn(screen, **STROKES)
    for mix in (0.25, 0.5, 0.75):
        assert np.abs(drawn(screen, mix, **STROKES) - (first + mix * (last - first))).max() <= 3


def test_sides_of_the_brush_are_each_whole_and_mirror_each_other() -> None:
    sides = np.array(brush_sides()).reshape(5, 5, 4)
    assert np.allclose(sides.sum(axis=(0, 1)), 1.0)
    right_up, left_up, left_down, right_down = np.moveaxis(sides, 2, 0)
    assert np.allclose(right_up, left_up[:, ::-1]) and np.allclose(right_up, right_down[::-1])
    assert np.allclose(right_up, left_down[::-1, ::-1])
    assert right_up[3, 3] > right_up[2, 2] > right_up[1, 1] == 0.0 == right_up[0, 0]


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux tells its memory this way")
def test_pictures_that_are_read_back_leave_nothing_behind(gl_context: Any) -> None:
    """With OpenGL in software its memory is the process's own; 100 frames left 360 MB once."""
    screen = Screen(gl_context, (1280, 720))
    screen.take(picture(), 1.0)

    def memory_after(times: int) -> float:
        for _ in range(times):
            drawn(screen)
            screen.read((640, 360))()
            screen.picture(1.0, PLAIN)
            screen.resize((1280, 720))
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20

    before = memory_after(10)
    assert memory_after(100) < before + 60
    screen.release()


def test_overlay(screen: Screen) -> None:
    screen.take(filled(0, 100, 0), 1.0)
    panel = np.zeros((20, 30, 4), np.uint8)
    panel[..., 0], panel[..., 3] = 255, 255
    screen.overlay(panel)
    frame = drawn(screen)
    assert close(frame[:20, :30], (255, 0, 0))
    assert close(frame[20:], (0, 100, 0))
    assert close(frame[:, 30:], (0, 100, 0))
    assert close(screen.picture(1.0, PLAIN).astype(int), (0, 100, 0)), "a snapshot shows no overlay"
    screen.overlay(None)
    assert close(drawn(screen), (0, 100, 0))


def test_resize(screen: Screen) -> None:
    screen.take(filled(10, 20, 30), 1.0)
    screen.resize((64, 200))
    frame = drawn(screen)
    assert frame.shape == (200, 64, 3)
    assert close(frame, (10, 20, 30))


def test_text_image() -> None:
    image = text_image(["title", "", "key\twhat it does"], 720)
    assert image.dtype == np.uint8
    assert image.shape[2] == 4
    assert image[..., :3].max() == 255
    assert 0 < image[0, 0, 3] < 255
