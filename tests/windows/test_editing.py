"""What keys and the mouse do to a window that is edited."""

from typing import Any

import pytest

from tests.windows.settings import window
from visuals.outputs.editing import Editing, changed

FRAME = WINDOW = (1000, 500)
MESH = {"mesh_columns": 3, "mesh_rows": 3}


class Hand:
    """Somebody who edits."""

    def __init__(self, **given: Any) -> None:
        self.settings = window(**given)
        self.editing = Editing()

    def press(self, name: str, shift: bool = False) -> Any:
        changes = self.editing.press(name, shift, self.settings, FRAME, WINDOW)
        self.settings = changed(self.settings, changes or {})
        return changes

    def drag(self, start: tuple[float, float], *ways: tuple[float, float]) -> None:
        self.editing.grab(start, self.settings, FRAME, WINDOW)
        for way in ways:
            self.settings = changed(self.settings, self.editing.drag(way, self.settings, FRAME, WINDOW))
        self.editing.let_go()

    @property
    def points(self) -> list[tuple[float, float]]:
        return list(self.editing.marks(self.settings, FRAME, WINDOW).points)


def test_the_mouse_drags_the_nearest_corner_and_nothing_once_it_is_let_go() -> None:
    hand = Hand()
    hand.drag((5, 3), (100, 50), (200, 100))
    assert (hand.settings.bottom_left_x, hand.settings.bottom_left_y) == (0.2, 0.2)
    assert hand.points[0] == pytest.approx((200, 100))
    assert hand.editing.drag((1, 1), hand.settings, FRAME, WINDOW) == {}
    hand.drag((500, 250), (0, 0))
    assert hand.points[0] == pytest.approx((200, 100)), "too far away"
    hand.drag((1000, 500), (5000, -9000))
    assert (hand.settings.top_right_x, hand.settings.top_right_y) == (1.0, -1.0)
    hand.drag((1000, 0), (990, 10))
    assert hand.editing.chosen == 1, "the mouse comes to the edge of the window at most"


def test_arrows_move_by_a_pixel_or_ten() -> None:
    hand = Hand()
    assert hand.press("right") == {"bottom_left_x": 0.001, "bottom_left_y": 0.0}
    hand.press("up", shift=True)
    assert hand.points[0] == pytest.approx((1, 10))
    hand.press("left")
    hand.press("down")
    assert hand.points[0] == pytest.approx((0, 9))
    assert hand.press("f11") is None


def test_tab_goes_round_all_points() -> None:
    hand = Hand(**MESH)
    assert len(hand.points) == 4 + 5
    for _ in range(9):
        assert hand.press("tab") == {}
    assert hand.editing.chosen == 0
    hand.press("tab", shift=True)
    assert hand.editing.chosen == 8


def test_a_point_of_the_mesh_is_moved_through_the_perspective() -> None:
    hand = Hand(**MESH, top_left_x=0.2, top_right_x=-0.2, bottom_right_y=0.1)
    for number in range(4, 9):
        x, y = hand.points[number]
        hand.drag((x, y), (x + 30, y - 20))
        assert hand.editing.chosen == number
        assert hand.points[number] == pytest.approx((x + 30, y - 20), abs=0.05)
    assert len(hand.settings.mesh.split()) == 5


def test_r_puts_the_point_back_and_with_shift_all_of_them() -> None:
    hand = Hand(**MESH, bottom_left_x=0.1, top_left_y=-0.1, mesh="2,2:0.1,0.1 2,1:0.05,0")
    hand.press("r")
    assert hand.settings.bottom_left_x == 0.0 and hand.settings.top_left_y == -0.1
    for _ in range(6):
        hand.press("tab")
    hand.press("r")
    assert hand.settings.mesh == "2,1:0.05,0"
    hand.press("r", shift=True)
    assert hand.settings == window(**MESH)


def test_a_mesh_that_got_smaller_leaves_no_point_behind() -> None:
    hand = Hand(**MESH)
    hand.press("tab", shift=True)
    assert hand.editing.chosen == 8
    hand.settings = window()
    assert hand.editing.marks(hand.settings, FRAME, WINDOW).chosen == 3
    hand.press("right")
    hand.press("r")
    assert hand.settings == window()


def test_corners_that_lie_on_each_other_can_be_pulled_apart() -> None:
    moved = {"bottom_right_x": -1.0, "top_left_y": -1.0, "top_right_x": -1.0, "top_right_y": -1.0}
    hand = Hand(**MESH, **moved)
    hand.drag((0, 0), (10, 10))
    assert hand.points[0] == pytest.approx((10, 10))
    for _ in range(6):
        hand.press("tab")
    assert hand.press("right") == {}, "no place of the picture can be said"
