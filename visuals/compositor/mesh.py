"""A mesh as a setting writes it: the points that were moved, and how far. Without numpy: every command reads it."""

import re
from collections.abc import Mapping

MOST = 16
"""Points along a side."""

Moved = dict[tuple[int, int], tuple[float, float]]
"""How far points were moved, to the right and upwards in sides of the picture, by column and row, from 1; row 1 is the
top one."""

_NUMBER = r"[-+]?(?:\d{1,9}(?:\.\d{0,9})?|\.\d{1,9})"
_POINT = re.compile(rf"(\d{{1,2}}),(\d{{1,2}}):({_NUMBER}),({_NUMBER})")


def parse_mesh(text: str) -> Moved:
    """The points of a setting such as ``2,1:0.02,-0.01 3,4:0,0.1``.

    Parameters
    ----------
    text : column, row and how far each was moved, with blanks between

    Raises
    ------
    ValueError
        Which of them can't be used.
    """
    moved: Moved = {}
    for word in text.split():
        found = _POINT.fullmatch(word)
        if found is None:
            raise ValueError(f"{word[:40]!r} is no point; write COLUMN,ROW:X,Y such as 2,1:0.02,-0.01")
        column, row, x, y = int(found[1]), int(found[2]), float(found[3]), float(found[4])
        if not (1 <= column <= MOST and 1 <= row <= MOST):
            raise ValueError(f"{word!r}: there are columns and rows from 1 to {MOST}")
        if max(abs(x), abs(y)) > 1.0:
            raise ValueError(f"{word!r}: a point can be moved from -1 to 1")
        moved[column, row] = x, y
    return moved


def check_mesh(text: str) -> None:
    """See whether it can be used.

    Parameters
    ----------
    text : as for `parse_mesh`

    Raises
    ------
    ValueError
        As `parse_mesh`.
    """
    parse_mesh(text)


def mesh_text(moved: Mapping[tuple[int, int], tuple[float, float]]) -> str:
    """What `parse_mesh` reads; points that are in their places are left out.

    Parameters
    ----------
    moved : see `Moved`
    """
    rounded = {at: (round(x, 5) + 0.0, round(y, 5) + 0.0) for at, (x, y) in sorted(moved.items())}
    return " ".join(f"{at[0]},{at[1]}:{_plain(x)},{_plain(y)}" for at, (x, y) in rounded.items() if x or y)


def _plain(number: float) -> str:
    return f"{number:.5f}".rstrip("0").rstrip(".")
