"""Moving the corners and mesh points of a window: what keys and the mouse come to, as changes of its settings."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from visuals.compositor.mapped import Marks, Size, fit_of, in_window, mesh_points
from visuals.compositor.mesh import mesh_text, parse_mesh
from visuals.compositor.warp import CORNERS, IN_PLACE, seen_at, shape_of

Changes = Mapping[str, Any]
"""New values of settings by their fields."""

ARROWS = {"left": (-1, 0), "right": (1, 0), "up": (0, 1), "down": (0, -1)}

FAR = 10
"""Pixels that an arrow moves a point together with Shift."""

REACH = 60.0
"""Pixels between the mouse and a point that it takes."""

FURTHEST = 1.0
"""Windows that a corner can be moved, and sides of the picture that a point of the mesh can be."""

SHAPE = tuple(f"{corner}_{axis}" for corner in CORNERS for axis in "xy")


class Editing:
    """The point that is chosen, in one window at a time.

    Attributes
    ----------
    chosen : its number; see `visuals.compositor.mapped.in_window`
    """

    def __init__(self) -> None:
        self.chosen = 0
        self._held = False

    def begin(self) -> None:
        """Another window is edited."""
        self.chosen, self._held = 0, False

    def marks(self, settings: Any, frame: Size, window: Size) -> Marks:
        """What is to be drawn.

        Parameters
        ----------
        settings : of the window
        frame, window : (width, height), pixels
        """
        points = in_window(settings, shape_of(settings), frame, window)
        self.chosen = min(self.chosen, len(points) - 1)  # a mesh may have got smaller
        return Marks([(x * window[0], y * window[1]) for x, y in points], self.chosen)

    def press(self, name: str, shift: bool, settings: Any, frame: Size, window: Size) -> Changes | None:
        """What a key changes; None where it means nothing here.

        Parameters
        ----------
        name : as ``pygame.key.name`` gives it
        shift : whether Shift is held
        settings : of the window
        frame, window : (width, height), pixels
        """
        points = self.marks(settings, frame, window).points
        if name == "tab":
            self.chosen = (self.chosen + (-1 if shift else 1)) % len(points)
            return {}
        if name == "r":
            whole: Changes = {**dict.fromkeys(SHAPE, 0.0), "mesh": ""}
            return whole if shift else self._put_back(settings)
        if name not in ARROWS:
            return None
        x, y = points[self.chosen]
        across, up = ARROWS[name]
        step = FAR if shift else 1
        return self._move(settings, (x + step * across, y + step * up), frame, window)

    def grab(self, place: tuple[float, float], settings: Any, frame: Size, window: Size) -> None:
        """Choose the point that is nearest to the mouse, and hold it.

        Parameters
        ----------
        place : pixels of the window, from bottom left
        settings : of the window
        frame, window : (width, height), pixels
        """
        points = self.marks(settings, frame, window).points
        away = [math.dist(place, point) for point in points]
        nearest = min(range(len(points)), key=away.__getitem__)
        # The corners of a window can lie beyond its edges, where no mouse comes.
        inside = [min(max(x, 0), window[0]) for x, _ in points], [min(max(y, 0), window[1]) for _, y in points]
        reached = math.dist(place, (inside[0][nearest], inside[1][nearest])) <= REACH
        self._held = reached
        if reached:
            self.chosen = nearest

    def drag(self, place: tuple[float, float], settings: Any, frame: Size, window: Size) -> Changes:
        """What the mouse changes that holds a point.

        Parameters
        ----------
        place : pixels of the window, from bottom left
        settings : of the window
        frame, window : (width, height), pixels
        """
        self.marks(settings, frame, window)
        return self._move(settings, place, frame, window) if self._held else {}

    def let_go(self) -> None:
        """The mouse holds no point any more."""
        self._held = False

    def _move(self, settings: Any, place: tuple[float, float], frame: Size, window: Size) -> Changes:
        """Have the chosen point at a place in pixels."""
        fit = fit_of(settings, frame, window)
        x, y = ((at / side - 0.5) / part + 0.5 for at, side, part in zip(place, window, fit, strict=True))
        if self.chosen < len(CORNERS):
            corner, (left, bottom) = CORNERS[self.chosen], IN_PLACE[self.chosen]
            return {f"{corner}_x": _within(x - left), f"{corner}_y": _within(y - bottom)}
        shape = shape_of(settings)
        number, at = mesh_points(shape)[self.chosen - len(CORNERS)]
        seen = seen_at(shape.corners, (x, y))
        if seen is None:
            return {}
        base = shape.base().reshape(-1, 2)[number]
        moved = {**parse_mesh(settings.mesh), at: (_within(seen[0] - base[0]), _within(seen[1] - base[1]))}
        return {"mesh": mesh_text(moved)}

    def _put_back(self, settings: Any) -> Changes:
        if self.chosen < len(CORNERS):
            return {f"{CORNERS[self.chosen]}_{axis}": 0.0 for axis in "xy"}
        moved = parse_mesh(settings.mesh)
        moved.pop(mesh_points(shape_of(settings))[self.chosen - len(CORNERS)][1], None)
        return {"mesh": mesh_text(moved)}


def _within(distance: float) -> float:
    return round(min(FURTHEST, max(-FURTHEST, float(distance))), 6)


def changed(settings: Any, changes: Changes) -> Any:
    """The settings with some of them changed, as they will be when the show has heard of it.

    Parameters
    ----------
    settings : of the window
    changes : by their fields
    """
    return replace(settings, **changes) if changes else settings
