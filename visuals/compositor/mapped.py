"""A frame as a window shows it: one pass with all that the window's settings say, in one draw call."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from visuals.compositor.gl import SHADERS, shader
from visuals.compositor.warp import CORNERS, IN_PLACE, Shape, placed, shape_of, vertices

Size = tuple[int, int]

TURNS = {0: (1.0, 0.0, 0.0, 1.0), 90: (0.0, 1.0, -1.0, 0.0), 180: (-1.0, 0.0, 0.0, -1.0), 270: (0.0, -1.0, 1.0, 0.0)}
"""By columns: from a place in a window to one in the picture, which is turned clockwise."""

NARROWEST = 1e-3
"""Part of a frame that is seen at least."""

MARK = 7.0
"""Pixels from a point's middle to its corners; the chosen one is twice as large."""

DARK, LIGHT, CHOSEN = (0.0, 0.0, 0.0), (1.0, 0.84, 0.55), (0.3, 0.9, 1.0)


@dataclass(frozen=True, slots=True)
class Shown:
    """A frame that windows show.

    Attributes
    ----------
    texture : of it, bottom row first
    size : (width, height) in pixels
    text : texture of the overlay, top row first; None: there is none
    """

    texture: Any
    size: Size
    text: Any = None


@dataclass(frozen=True, slots=True)
class Marks:
    """What is drawn over a picture that is edited.

    Attributes
    ----------
    points : in pixels of the window, from bottom left
    chosen : number of the one that keys move
    """

    points: Sequence[tuple[float, float]]
    chosen: int


def seen_of(settings: Any) -> tuple[float, float, float, float]:
    """Left, bottom, width and height of what a window shows of the frame, 0..1.

    Parameters
    ----------
    settings : see `visuals.outputs.mapping.MappingSettings`
    """
    left, bottom = min(settings.crop_left, 1.0 - NARROWEST), min(settings.crop_bottom, 1.0 - NARROWEST)
    width = max(NARROWEST, 1.0 - left - settings.crop_right)
    return left, bottom, width, max(NARROWEST, 1.0 - bottom - settings.crop_top)


def fit_of(settings: Any, frame: Size, window: Size) -> tuple[float, float]:
    """Part of a window that the picture fills before its corners are moved, per axis.

    Parameters
    ----------
    settings : see `visuals.outputs.mapping.MappingSettings`
    frame, window : (width, height), pixels
    """
    if settings.fit == "stretch":
        return 1.0, 1.0
    _, _, width, height = seen_of(settings)
    shape = frame[0] * width / (frame[1] * height)
    if settings.rotation in (90, 270):
        shape = 1.0 / shape
    shape *= window[1] / window[0]
    return min(1.0, shape), min(1.0, 1.0 / shape)


def in_window(settings: Any, shape: Shape, frame: Size, window: Size) -> list[tuple[float, float]]:
    """Where the points are that can be moved, 0..1 of the window: its four corners, then those of the mesh.

    Parameters
    ----------
    settings : see `visuals.outputs.mapping.MappingSettings`
    shape : that of the settings
    frame, window : (width, height), pixels
    """
    meshed = (shape.base() + shape.moved).reshape(-1, 2)[[number for number, _ in mesh_points(shape)]]
    found = placed(shape.corners, np.vstack([IN_PLACE, meshed]))
    places = found[:, :2] / np.maximum(np.abs(found[:, 2:]), 1e-6)
    places[:4] = shape.corners  # where a corner of the mesh was moved too
    fitted = (places - 0.5) * fit_of(settings, frame, window) + 0.5
    return [(float(x), float(y)) for x, y in fitted]


def mesh_points(shape: Shape) -> list[tuple[int, tuple[int, int]]]:
    """The points of a mesh but for its corners: each one's number, and its column and row as `mesh_text` has them."""
    last = {0, shape.columns - 1, (shape.rows - 1) * shape.columns, shape.rows * shape.columns - 1}
    numbers = [number for number in range(shape.rows * shape.columns) if number not in last]
    return [(n, (n % shape.columns + 1, shape.rows - n // shape.columns)) for n in numbers]


class Mapped:
    """Draws a frame into what is bound.

    Parameters
    ----------
    context : moderngl context
    """

    def __init__(self, context: Any) -> None:
        self._context = context
        self._programs: dict[tuple[str, ...], Any] = {}
        self._arrays: dict[tuple[str, ...], Any] = {}
        self._marks: Any = None
        self._points = self._triangles = None
        self._told: tuple[Any, ...] = ()
        self._shape: Shape | None = None

    def shape(self, settings: Any) -> Shape:
        """How the picture lies; worked out anew only where it has changed.

        Parameters
        ----------
        settings : see `visuals.outputs.mapping.MappingSettings`
        """
        told = tuple(getattr(settings, name) for name in _SHAPING)
        if self._shape is None or told != self._told:
            self._told, self._shape = told, shape_of(settings)
            self._free()
        return self._shape

    def draw(
        self, texture: Any, frame: Size, settings: Any, window: Size, mask: Any = None, marks: Marks | None = None
    ) -> None:
        """Draw; what the picture doesn't reach is black.

        Parameters
        ----------
        texture : of the frame
        frame : (width, height) of it as it counts for its shape, pixels
        settings : see `visuals.outputs.mapping.MappingSettings`
        window : (width, height) of what is drawn into, pixels
        mask : texture over the window, by whose brightness there is light; None: everywhere
        marks : points to be drawn over it, where it is edited
        """
        shape = self.shape(settings)
        defined = _defined(settings, shape, mask, marks)
        program, array = self._program(defined), self._array(defined, shape)
        self._context.viewport = (0, 0, *window)
        self._context.clear()
        program["fit"] = fit_of(settings, frame, window)
        program["crop"], program["turn"] = seen_of(settings), TURNS[settings.rotation]
        if "COLOURED" in defined:
            for name in ("brightness", "contrast", "gamma"):
                program[name] = getattr(settings, name)
            program["gain"] = settings.red, settings.green, settings.blue
        if "EDGED" in defined:
            program["edges"] = settings.edge_left, settings.edge_bottom, settings.edge_right, settings.edge_top
            program["edge_gamma"], program["black"] = settings.edge_gamma, settings.black_level
        if mask is not None:
            program["window"] = window
            mask.use(2)
        if marks is not None:
            program["cells"] = shape.columns - 1, shape.rows - 1
        texture.use(0)
        array.render()
        if marks is not None:
            self._mark(marks, window)

    def release(self) -> None:
        """Give everything back."""
        self._free()
        for program in self._programs.values():
            program.release()
        self._programs.clear()
        if self._marks is not None:
            self._marks.release()
            self._marks = None

    def _program(self, defined: tuple[str, ...]) -> Any:
        if defined not in self._programs:
            version, _, rest = shader(SHADERS / "mapped.frag").partition("\n")
            program = self._context.program(
                vertex_shader=shader(SHADERS / "mapped.vert"),
                fragment_shader="\n".join([version, *(f"#define {name}" for name in defined), rest]),
            )
            program["picture"] = 0
            if "MASKED" in defined:
                program["mask"] = 2
            self._programs[defined] = program
        return self._programs[defined]

    def _array(self, defined: tuple[str, ...], shape: Shape) -> Any:
        if self._points is None:
            points, triangles = vertices(shape)
            self._points, self._triangles = self._context.buffer(points), self._context.buffer(triangles)
        if defined not in self._arrays:
            content = [(self._points, "3f 2f", "at", "place")]
            self._arrays[defined] = self._context.vertex_array(self._programs[defined], content, self._triangles)
        return self._arrays[defined]

    def _mark(self, marks: Marks, window: Size) -> None:
        if self._marks is None:
            self._marks = self._context.program(
                vertex_shader=shader(SHADERS / "marks.vert"), fragment_shader=shader(SHADERS / "marks.frag")
            )
        self._marks["window"] = window
        buffer = self._context.buffer(_drawn(marks, window))
        array = self._context.vertex_array(self._marks, [(buffer, "2f 3f", "at", "tint")])
        array.render()
        array.release()
        buffer.release()

    def _free(self) -> None:
        for item in (*self._arrays.values(), self._points, self._triangles):
            if item is not None:
                item.release()
        self._arrays.clear()
        self._points = self._triangles = None


_SHAPING = ("mesh", "mesh_columns", "mesh_rows", *(f"{name}_{axis}" for name in CORNERS for axis in "xy"))


def _defined(settings: Any, shape: Shape, mask: Any, marks: Marks | None) -> tuple[str, ...]:
    """What the shader has to do, and nothing else."""
    colours = settings.brightness, settings.contrast, settings.gamma, settings.red, settings.green, settings.blue
    edges = settings.edge_left, settings.edge_bottom, settings.edge_right, settings.edge_top, settings.black_level
    said = {
        "COLOURED": colours != (0.0, 1.0, 1.0, 1.0, 1.0, 1.0),
        "EDGED": any(edges),
        "MASKED": mask is not None,
        "EDITED": marks is not None,
        "WARPED": not shape.plain,
    }
    return tuple(name for name, on in said.items() if on)


def _drawn(marks: Marks, window: Size) -> np.ndarray:
    """Triangles of all points, as small squares on their tips, and a cross through the chosen one: ``(n, 5)``."""
    parts = []
    for number, (x, y) in enumerate(marks.points):
        chosen = number == marks.chosen
        side = MARK * (1 + chosen)
        if chosen:
            parts += [_bar(x - 1, 0, x + 1, window[1]), _bar(0, y - 1, window[0], y + 1)]
        parts += [_tip(x, y, side + 3.0, DARK), _tip(x, y, side, CHOSEN if chosen else LIGHT)]
    return np.concatenate(parts).astype(np.float32) if parts else np.zeros((0, 5), np.float32)


def _tip(x: float, y: float, side: float, tint: tuple[float, float, float]) -> np.ndarray:
    around = [(x - side, y), (x, y - side), (x + side, y), (x, y + side)]
    return np.array([(*around[corner], *tint) for corner in (0, 1, 2, 0, 2, 3)])


def _bar(left: float, bottom: float, right: float, top: float) -> np.ndarray:
    around = [(left, bottom), (right, bottom), (right, top), (left, top)]
    return np.array([(*around[corner], *CHOSEN) for corner in (0, 1, 2, 0, 2, 3)])


def plain(settings: Any, declared: Any) -> bool:
    """Whether a window shows the frame as it is.

    Parameters
    ----------
    settings : of the window
    declared : the dataclass of all that changes what it shows
    """
    return all(getattr(settings, one.name) == one.default for one in dataclasses.fields(declared))
