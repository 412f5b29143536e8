"""How a window shows the frame: what can be set for each."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from artgen_osc.schema.setting import setting
from visuals.compositor.mesh import MOST, check_mesh


def _quarter(value: int) -> None:
    if value % 90:
        raise ValueError(f"{value} is no quarter turn; choose 0, 90, 180 or 270")


def _crop(side: str) -> Any:
    return setting(0.0, f"part of the frame that is cut off at its {side}")


def _corner(name: str, axis: str) -> Any:
    way = "to the right, in widths" if axis == "x" else "upwards, in heights"
    return setting(0.0, f"how far the {name} corner is moved {way} of the window", -1.0, 1.0)


def _points(what: str) -> Any:
    return setting(2, f"points of the mesh {what}; 2 both ways: none but the corners", 2, MOST)


def _edge(side: str) -> Any:
    return setting(0.0, f"part of the picture over which it fades out to the {side}, where another window's begins")


@dataclass(frozen=True, slots=True)
class MappingSettings:
    """What a window does with the frame."""

    crop_left: float = _crop("left")
    crop_right: float = _crop("right")
    crop_top: float = _crop("top")
    crop_bottom: float = _crop("bottom")
    rotation: int = setting(0, "how far the picture is turned clockwise: 0, 90, 180, 270", 0, 270, check=_quarter)
    fit: str = setting(
        "contain",
        "contain: the picture keeps its shape, stretch: it fills the window",
        choices=("contain", "stretch"),
    )
    top_left_x: float = _corner("upper left", "x")
    top_left_y: float = _corner("upper left", "y")
    top_right_x: float = _corner("upper right", "x")
    top_right_y: float = _corner("upper right", "y")
    bottom_left_x: float = _corner("lower left", "x")
    bottom_left_y: float = _corner("lower left", "y")
    bottom_right_x: float = _corner("lower right", "x")
    bottom_right_y: float = _corner("lower right", "y")
    mesh_columns: int = _points("from left to right")
    mesh_rows: int = _points("from top to bottom")
    mesh: str = setting(
        "",
        "points of the mesh that were moved, as COLUMN,ROW:X,Y in sides of the picture, with blanks between",
        check=check_mesh,
    )
    edge_left: float = _edge("left")
    edge_right: float = _edge("right")
    edge_top: float = _edge("top")
    edge_bottom: float = _edge("bottom")
    edge_gamma: float = setting(2.2, "the display's gamma, by which two soft edges add up", 1.0, 4.0)
    black_level: float = setting(0.0, "how light black is made where no edge is soft", 0.0, 0.5)
    brightness: float = setting(0.0, "added to the colours", -1.0, 1.0)
    contrast: float = setting(1.0, "how far colours are from grey", 0.0, 4.0)
    gamma: float = setting(1.0, "above 1: middle tones are lighter", 0.1, 4.0)
    red: float = setting(1.0, "how much red there is", 0.0, 2.0)
    green: float = setting(1.0, "how much green there is", 0.0, 2.0)
    blue: float = setting(1.0, "how much blue there is", 0.0, 2.0)
    mask: str = setting("", "picture file over the window: where it is dark, there is no light; empty: none", path=True)
    test: bool = setting(False, "show a test picture: grid, circles, colour bars, the display's name")
    edit: bool = setting(False, "move corners and points of the mesh by mouse and keys in the window")


def of_window(*declared: type, **defaults: Any) -> Any:
    """The settings of a window: no scene holds them, since they belong to the room.

    Parameters
    ----------
    declared : dataclasses whose fields they are
    defaults : other defaults than declared, by field
    """
    fields = []
    for one in (one for each in declared for one in dataclasses.fields(each)):
        default, told = defaults.get(one.name, one.default), {**one.metadata, "scene": False}
        fields.append((one.name, one.type, dataclasses.field(default=default, metadata=told)))
    return dataclasses.make_dataclass("Settings", fields, frozen=True, slots=True)
