"""Where a picture lies: corners, perspective and mesh."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.windows.settings import window
from visuals.compositor.mapped import fit_of, in_window, seen_of
from visuals.compositor.mesh import check_mesh, mesh_text, parse_mesh
from visuals.compositor.warp import CORNERS, IN_PLACE, perspective, placed, seen_at, shape_of, smooth, vertices

ASKEW = IN_PLACE + np.array([(0.1, 0.05), (-0.2, 0.1), (0.05, -0.3), (-0.1, -0.02)])
ends = st.sampled_from([-1.0, -0.5, 0.0, 0.3, 1.0])


def flat(points: np.ndarray) -> np.ndarray:
    return points[:, :2] / points[:, 2:]


def test_what_was_moved_is_written_and_read() -> None:
    moved = {(2, 1): (0.02, -0.01), (16, 16): (-1.0, 1.0), (3, 4): (0.0, 0.0)}
    assert mesh_text(moved) == "2,1:0.02,-0.01 16,16:-1,1"
    assert parse_mesh(" 2,1:0.02,-0.01\n16,16:-1,1 ") == {(2, 1): (0.02, -0.01), (16, 16): (-1.0, 1.0)}
    assert parse_mesh("") == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2,1", "'2,1' is no point"),
        ("2,1:0.1", "is no point"),
        ("2,1:nan,0", "is no point"),
        ("2,1:1e9,0", "is no point"),
        ("0,1:0,0", "columns and rows from 1 to 16"),
        ("1,17:0,0", "columns and rows from 1 to 16"),
        ("1,1:1.5,0", "moved from -1 to 1"),
        ("x" * 5000, "is no point"),
    ],
)
def test_a_mesh_that_cant_be_read(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        check_mesh(text)
    assert len(str(caught.value)) < 200


def test_corners_are_met_and_lines_stay_straight() -> None:
    np.testing.assert_allclose(flat(placed(ASKEW, IN_PLACE)), ASKEW, atol=1e-12)
    line = np.column_stack([np.linspace(0, 1, 9), np.linspace(0.2, 0.9, 9)])
    at = flat(placed(ASKEW, line))
    along = at[-1] - at[0]
    np.testing.assert_allclose((at - at[0]) @ [-along[1], along[0]], 0.0, atol=1e-12)
    for place in ((0.2, 0.7), (0.9, 0.1)):
        there = flat(placed(ASKEW, np.array([place])))[0]
        assert seen_at(ASKEW, tuple(there)) == pytest.approx(place)


def test_perspective_is_that_of_a_square_seen_aslant() -> None:
    """The middle of a trapezium is where its diagonals cross, not half-way up."""
    trapezium = np.array([(0.0, 0.0), (1.0, 0.0), (0.25, 1.0), (0.75, 1.0)])
    (middle,) = flat(placed(trapezium, np.array([(0.5, 0.5)])))
    assert middle == pytest.approx((0.5, 2 / 3))


@pytest.mark.parametrize(
    "corners",
    [
        [(0.5, 0.5)] * 4,
        [(0.0, 0.0), (1.0, 1.0), (0.0, 1.0), (1.0, 0.0)],
        [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (0.2, 0.2)],
        [(0.0, 0.0), (0.5, 0.5), (0.0, 1.0), (1.0, 1.0)],
    ],
    ids=["a point", "crossed", "bent inwards", "a triangle"],
)
def test_corners_without_a_perspective_are_joined_by_straight_lines(corners: list[tuple[float, float]]) -> None:
    assert perspective(np.array(corners)) is None
    assert seen_at(np.array(corners), (0.5, 0.5)) is None
    at = placed(np.array(corners), IN_PLACE)
    np.testing.assert_allclose(at, np.column_stack([corners, np.ones(4)]))


@pytest.mark.parametrize("count", [2, 3, 16])
def test_a_smooth_side_goes_through_its_points_and_keeps_straight_ones_straight(count: int) -> None:
    weights = smooth(count, 5)
    np.testing.assert_allclose(weights[::5], np.eye(count), atol=1e-12)
    np.testing.assert_allclose(weights @ np.linspace(0, 1, count), np.linspace(0, 1, len(weights)), atol=1e-12)


def test_a_mesh_moves_its_points_and_what_is_between() -> None:
    shape = shape_of(window(mesh_columns=3, mesh_rows=4, mesh="2,1:0.1,-0.2 9,9:1,1"))
    assert shape.meshed and not shape.plain
    assert np.count_nonzero(shape.moved) == 2
    points, triangles = vertices(shape)
    by_place = {(round(float(s), 4), round(float(t), 4)): (x / w, y / w) for x, y, w, s, t in points.tolist()}
    assert by_place[0.5, 1.0] == pytest.approx((0.6, 0.8))
    assert by_place[0.5, 0.6667] == pytest.approx((0.5, 0.6667), abs=1e-4)
    assert 0.5 < by_place[0.5, round(1 - 1 / 39, 4)][0] < 0.61
    assert triangles.min() == 0 and triangles.max() == len(points) - 1


def test_what_is_as_it_was_is_one_rectangle() -> None:
    shape = shape_of(window(mesh_columns=16, mesh_rows=16))
    points, triangles = vertices(shape)
    assert shape.plain and len(points) == 4 and len(triangles) == 2


@given(st.lists(ends, min_size=8, max_size=8), st.sampled_from(["", "1,1:1,1 2,2:-1,-1", "16,16:1,-1"]))
def test_odd_corners_give_finite_triangles(moved: list[float], mesh: str) -> None:
    names = [f"{corner}_{axis}" for corner in CORNERS for axis in "xy"]
    settings = window(**dict(zip(names, moved, strict=True)), mesh=mesh, mesh_columns=3, mesh_rows=16)
    points, triangles = vertices(shape_of(settings))
    assert np.isfinite(points).all() and triangles.max() < len(points)
    assert np.isfinite(in_window(settings, shape_of(settings), (1280, 720), (640, 480))).all()


def test_what_is_seen_and_its_shape() -> None:
    assert seen_of(window(crop_left=0.5, crop_top=0.25)) == (0.5, 0.0, 0.5, 0.75)
    for crop in ({"crop_left": 1.0, "crop_right": 1.0}, {"crop_top": 1.0, "crop_bottom": 1.0}):
        assert min(seen_of(window(**crop))[2:]) == pytest.approx(1e-3)
    assert fit_of(window(), (1600, 900), (800, 450)) == (1.0, 1.0)
    assert fit_of(window(), (1600, 800), (800, 800)) == (1.0, 0.5)
    assert fit_of(window(rotation=90), (1600, 800), (800, 800)) == (0.5, 1.0)
    assert fit_of(window(crop_left=0.5), (1600, 800), (800, 800)) == (1.0, 1.0)
    assert fit_of(window(fit="stretch"), (1600, 800), (800, 800)) == (1.0, 1.0)
