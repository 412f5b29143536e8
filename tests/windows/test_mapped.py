"""What a window shows, against references made by NumPy."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.support.waiting import wait_for
from tests.windows.settings import window
from visuals.compositor.gl import Target, texture_of
from visuals.compositor.mapped import Mapped, Marks, Shown, plain
from visuals.compositor.testcard import test_picture as picture_of_a_test
from visuals.compositor.warp import perspective, shape_of
from visuals.compositor.window_picture import Mask, WindowPicture
from visuals.outputs.mapping import MappingSettings

pytestmark = pytest.mark.slow

SIZE = (96, 64)
CORNERS = {"bottom_left_x": 0.1, "top_right_x": -0.2, "top_right_y": -0.15, "top_left_y": -0.05}


def soft(size: tuple[int, int] = SIZE) -> np.ndarray:
    """A frame with soft shapes, different in every corner: float ``(height, width, 3)``, bottom row first."""
    y, x = np.mgrid[0 : size[1], 0 : size[0]] / max(size)
    waves = [np.sin(5 * x + 2 * y), np.cos(4 * y - x), np.sin(3 * x * y + 1)]
    return np.stack([0.5 + 0.4 * wave for wave in waves], axis=2)


class Wall:
    """A window's picture in memory."""

    def __init__(self, context: Any) -> None:
        self.context = context
        self.mapped = Mapped(context)
        self.held: list[Any] = [self.mapped]

    def frame(self, values: np.ndarray) -> Any:
        """A texture from floats."""
        height, width = values.shape[:2]
        alpha = np.ones((height, width, 1))
        texture = self.context.texture((width, height), 4, np.dstack([values, alpha]).astype("f2"), dtype="f2")
        texture.repeat_x = texture.repeat_y = False
        self.held.append(texture)
        return texture

    def show(
        self,
        values: np.ndarray,
        size: tuple[int, int] = SIZE,
        mask: Any = None,
        marks: Marks | None = None,
        **given: Any,
    ) -> np.ndarray:
        """The window's pixels, 0..1, bottom row first."""
        target = Target(self.context, size, "f4")
        self.mapped.draw(self.frame(values), (values.shape[1], values.shape[0]), window(**given), size, mask, marks)
        data = target.target.read(components=3, dtype="f4", alignment=1)
        self.context.detect_framebuffer(0)
        self.held.append(target)
        return np.frombuffer(data, np.float32).reshape(size[1], size[0], 3).astype(float)


@pytest.fixture
def wall(gl_context: Any) -> Iterator[Wall]:
    made = Wall(gl_context)
    yield made
    for item in made.held:
        item.release()


def near(one: np.ndarray, other: np.ndarray, most: float = 1.5 / 255) -> bool:
    return bool(np.abs(one - other).max() <= most)


def sampled(values: np.ndarray, s: np.ndarray, t: np.ndarray) -> np.ndarray:
    """A frame at places, between its pixels too."""
    height, width = values.shape[:2]
    x, y = np.clip(s * width - 0.5, 0, width - 1), np.clip(t * height - 0.5, 0, height - 1)
    left, low = np.minimum(x.astype(int), width - 2), np.minimum(y.astype(int), height - 2)
    fx, fy = (x - left)[..., None], (y - low)[..., None]
    below = values[low, left] * (1 - fx) + values[low, left + 1] * fx
    above = values[low + 1, left] * (1 - fx) + values[low + 1, left + 1] * fx
    return below * (1 - fy) + above * fy


def places(size: tuple[int, int] = SIZE) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[0 : size[1], 0 : size[0]] + 0.5
    return x / size[0], y / size[1]


def test_what_is_as_it_was_comes_through(wall: Wall) -> None:
    assert near(wall.show(soft()), soft())


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_quarter_turns_are_clockwise(wall: Wall, degrees: int) -> None:
    size = SIZE if degrees == 180 else SIZE[::-1]
    turned = np.rot90(soft()[::-1], -degrees // 90)[::-1]
    assert near(wall.show(soft(), size, rotation=degrees), turned)


def test_a_crop_is_a_part(wall: Wall) -> None:
    seen = wall.show(soft(), (48, 48), crop_left=0.5, crop_bottom=0.25)
    assert near(seen, soft()[16:, 48:])


def test_a_frame_keeps_its_shape_or_fills_the_window(wall: Wall) -> None:
    seen = wall.show(np.full((64, 96, 3), 0.8), (96, 96))
    assert near(seen[16:80], np.full((64, 96, 3), 0.8)) and near(seen[:15], np.zeros((15, 96, 3)))
    assert near(wall.show(np.full((64, 96, 3), 0.8), (96, 96), fit="stretch"), np.full((96, 96, 3), 0.8))


def test_pinned_corners_are_those_of_a_perspective(wall: Wall) -> None:
    seen = wall.show(soft(), **CORNERS)
    matrix = perspective(shape_of(window(**CORNERS)).corners)
    assert matrix is not None
    x, y = places()
    back = np.stack([x, y, np.ones_like(x)], axis=2) @ np.linalg.inv(matrix).T
    s, t = back[..., 0] / back[..., 2], back[..., 1] / back[..., 2]
    beside = np.minimum.reduce([s, t, 1 - s, 1 - t])
    assert near(seen[beside > 0.05], sampled(soft(), s, t)[beside > 0.05], 3 / 255)
    assert near(seen[beside < -0.05], np.zeros_like(seen)[beside < -0.05])


def test_a_mesh_bends_what_is_between_its_points(wall: Wall) -> None:
    seen = wall.show(soft(), mesh_columns=3, mesh_rows=3, mesh="2,2:0.1,0.1")
    s, t = places()
    there = sampled(soft(), np.array([0.5]), np.array([0.5]))[0]
    assert near(sampled(seen, np.array([0.6]), np.array([0.6]))[0], there, 3 / 255)
    rim = np.minimum.reduce([s, t, 1 - s, 1 - t]) < 0.012
    assert near(seen[rim], soft()[rim], 6 / 255)
    assert near(wall.show(soft(), mesh_columns=3, mesh_rows=3), soft())


@pytest.mark.parametrize("gamma", [1.0, 1.8, 2.2, 2.6])
def test_two_soft_edges_add_up_to_one_light(wall: Wall, gamma: float) -> None:
    """Two windows that overlap by a quarter, on displays of this gamma."""
    values = np.full((32, 112, 3), 0.75)
    share = {"edge_gamma": gamma, "fit": "stretch"}
    left = wall.show(values, (64, 32), crop_right=48 / 112, edge_right=0.25, **share)
    right = wall.show(values, (64, 32), crop_left=48 / 112, edge_left=0.25, **share)
    light = np.zeros((32, 112, 3))
    light[:, :64] += left**gamma
    light[:, 48:] += right**gamma
    assert left[:, 40].min() > 0.74 and left[:, 63].max() < 0.25
    assert np.abs(light / 0.75**gamma - 1.0).max() < 0.012


def test_soft_edges_of_all_four_sides(wall: Wall) -> None:
    edges = {f"edge_{side}": 0.5 for side in ("left", "right", "top", "bottom")}
    seen = wall.show(np.ones((64, 64, 3)), (64, 64), **edges, edge_gamma=1.0)[..., 0]
    assert np.abs(seen - seen[::-1]).max() < 2 / 255 and np.abs(seen - seen.T).max() < 2 / 255
    assert seen[32, 32] > 0.98 and seen[0, 32] < 0.01 and (np.diff(seen[32, :32]) > 0).all()


def test_black_is_as_light_as_where_two_overlap(wall: Wall) -> None:
    seen = wall.show(np.zeros((32, 64, 3)), (64, 32), edge_right=0.25, black_level=0.1)
    assert near(seen[:, :47], np.full((32, 47, 3), 0.1)) and near(seen[:, 49:], np.zeros((32, 15, 3)))
    white = wall.show(np.ones((32, 64, 3)), (64, 32), black_level=0.1)
    assert near(white, np.ones_like(white))


def test_colours_are_corrected(wall: Wall) -> None:
    given = {"brightness": 0.05, "contrast": 1.2, "gamma": 1.5, "red": 0.9, "green": 1.0, "blue": 0.5}
    right = ((soft() - 0.5) * 1.2 + 0.55) * [0.9, 1.0, 0.5]
    assert near(wall.show(soft(), **given), np.minimum(np.maximum(right, 0) ** (1 / 1.5), 1), 2 / 255)


def test_a_mask_says_where_there_is_light(wall: Wall, tmp_path: Any) -> None:
    pixels = np.zeros((64, 96, 4), np.uint8)
    pixels[..., 3] = 255
    pixels[:32, :48, :3] = 255
    Image.fromarray(pixels).save(tmp_path / "mask.png")
    mask = Mask(wall.context)
    wall.held.append(mask)
    assert mask.texture("") is None
    wait_for(lambda: mask.texture(str(tmp_path / "mask.png")) is not None, 10, "the mask")
    seen = wall.show(soft(), mask=mask.texture(str(tmp_path / "mask.png")))
    right = np.zeros_like(soft())
    right[32:, :48] = soft()[32:, :48]
    assert near(seen[34:, :46], right[34:, :46]) and near(seen[:30], right[:30]) and near(seen[:, 50:], right[:, 50:])


def test_a_mask_that_cant_be_read_is_told_and_the_last_one_stays(wall: Wall, tmp_path: Any) -> None:
    mask = Mask(wall.context)
    wall.held.append(mask)
    Image.new("L", (8, 8), 255).save(tmp_path / "good.png")
    wait_for(lambda: mask.texture(str(tmp_path / "good.png")) is not None, 10, "the mask")
    wait_for(lambda: mask.texture(str(tmp_path / "none.png")) and mask.trouble, 10, "what is wrong")
    assert mask.trouble == "mask none.png: can't be read (No such file or directory); check the path"
    assert mask.texture("") is None and mask.trouble == ""


def test_what_is_edited_is_darker_with_a_grid_and_marks(wall: Wall) -> None:
    values = np.full((128, 128, 3), 0.5)
    seen = wall.show(values, (128, 128), marks=Marks([(0, 0), (32, 96)], 1), mesh_columns=3, mesh_rows=3)
    assert near(seen[24, 40], np.full(3, 0.3))
    assert seen[20, 64, 0] > 0.9, "a line of the grid"
    assert seen[96, 32, 2] > 0.95 and seen[96, 32, 0] < 0.35, "the chosen point"
    assert seen[2, 2, 0] > 0.95, "another one"


def ends() -> Iterator[dict[str, Any]]:
    """Every setting at its ends, by itself and all at once."""
    extremes: list[dict[str, Any]] = [{}, {}]
    for one in dataclasses.fields(MappingSettings):
        low, high = one.metadata["low"], one.metadata["high"]
        if isinstance(one.default, float):
            pair: tuple[Any, ...] = (0.0 if low is None else low, 1.0 if high is None else high)
        elif one.name == "rotation":
            pair = 0, 270
        elif isinstance(one.default, int) and not isinstance(one.default, bool):
            pair = low, high
        else:
            continue
        for at, value in enumerate(pair):
            extremes[at][one.name] = value
            yield {one.name: value}
    yield from extremes
    yield {"mesh": "1,1:1,1 16,16:-1,-1 8,8:1,-1", "mesh_columns": 16, "mesh_rows": 16, **CORNERS}


def test_odd_values_draw_something_finite(wall: Wall) -> None:
    for given in ends():
        seen = wall.show(soft(), (40, 24), **given)
        assert np.isfinite(seen).all() and seen.min() > -0.01 and seen.max() < 1.01, given
        assert wall.context.error == "GL_NO_ERROR", given


def test_the_test_pictures_of_two_windows_lie_on_each_other() -> None:
    left = picture_of_a_test((640, 360), (1120, 360), (0.0, 0.0, 640 / 1120, 1.0), "left")
    right = picture_of_a_test((640, 360), (1120, 360), (480 / 1120, 0.0, 640 / 1120, 1.0), "right")
    both = left[4:-4, 480:632] == right[4:-4, :152]
    assert both[:, 8:-8].mean() > 0.97
    assert not np.array_equal(left, right)
    for name in ("", "Ü" * 200, "投影機", "\x1b[31m\n"):
        assert picture_of_a_test((64, 48), (64, 48), (0, 0, 1, 1), name).shape == (48, 64, 3)
    assert picture_of_a_test((1, 1), (16384, 1), (0.5, 0.5, 0.001, 0.001), "x").shape == (1, 1, 3)


def test_a_window_shows_a_test_picture_and_the_overlay_where_it_is_wanted(gl_context: Any) -> None:
    picture = WindowPicture(gl_context)
    target = Target(gl_context, (320, 180), "f1")
    frame = texture_of(gl_context, np.full((18, 32, 4), 200, np.uint8))
    text = texture_of(gl_context, np.full((20, 30, 4), 255, np.uint8))

    def shown(**given: Any) -> np.ndarray:
        target.target.use()
        picture.draw(Shown(frame, (320, 180), text), window(**given), (320, 180), "Beamer")
        data = target.target.read(components=3, alignment=1)
        return np.frombuffer(data, np.uint8).reshape(180, 320, 3)[::-1].astype(int)

    assert np.abs(shown() - 200).max() <= 1
    assert (shown(overlay=True)[:20, :30] == 255).all() and abs(shown(overlay=True)[30, 40] - 200).max() <= 1
    upright = shown(test=True)
    assert len(np.unique(upright.reshape(-1, 3), axis=0)) > 20
    turned = shown(test=True, rotation=90, fit="stretch")
    assert not np.array_equal(upright, turned) and turned.std() > 20
    part = shown(test=True, crop_left=0.5)
    assert not np.array_equal(upright, part)
    assert np.abs(shown() - 200).max() <= 1
    for item in (picture, target, frame, text):
        item.release()


def test_only_what_is_set_counts_as_changed() -> None:
    assert plain(window(), MappingSettings) and plain(window(on=True, overlay=True, width=5), MappingSettings)
    assert not plain(window(rotation=90), MappingSettings) and not plain(window(edit=True), MappingSettings)
