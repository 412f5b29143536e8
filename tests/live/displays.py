"""The program on a screen that counts as several displays: a file has a line for each, NAME X Y WIDTH HEIGHT."""

import sys
from pathlib import Path

from artgen_osc.cli import main
from artgen_osc.runtime.sdl import Display, Sdl

FILE = Path(sys.argv[1])


def displays(self: Sdl) -> list[Display]:
    """What the file says now."""
    lines = [line.split() for line in FILE.read_text().splitlines()]
    return [Display(number, name, *map(int, place)) for number, (name, *place) in enumerate(lines)]


if __name__ == "__main__":
    Sdl.displays = displays  # type: ignore[method-assign]
    sys.exit(main(sys.argv[2:]))
