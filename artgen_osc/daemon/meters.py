"""Meters for the terminal, drawn from received or sent values."""

import shutil
import sys
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import TextIO

from artgen_osc.runtime.terminal import cells, fit, redraws
from artgen_osc.runtime.text import can_write, printable
from artgen_osc.runtime.text_writer import TextWriter
from artgen_osc.schema.values import N_BANDS, Value

BAR = 12


@dataclass(frozen=True, slots=True)
class Glyphs:
    """What is drawn with: the steps of a band from 0 to 1, a bar and its rest, an onset or none, a beat or none."""

    steps: str
    bar: str
    onset: str
    beat: str


DRAWN = Glyphs(" ▁▂▃▄▅▆▇█", "█·", "●○", "◆◇")
TYPED = Glyphs(" .:-=+*%#", "#.", "O.", "X-")
"""For encodings that have no blocks, such as that of a log on Windows."""


def glyphs(stream: TextIO) -> Glyphs:
    """Those that the stream's encoding has."""
    return DRAWN if can_write("".join(astuple(DRAWN)), stream) else TYPED


def bar(value: float, width: int = BAR, drawn: Glyphs = DRAWN) -> str:
    """A horizontal bar.

    Parameters
    ----------
    value : 0..1; beyond that it counts as the nearer end
    width : characters, > 0
    drawn : what it is made of
    """
    filled = round(min(max(value, 0.0), 1.0) * width)
    return drawn.bar[0] * filled + drawn.bar[1] * (width - filled)


def line(values: Mapping[str, Value], drawn: Glyphs = DRAWN) -> str:
    """One line of meters.

    Parameters
    ----------
    values : by address; what is missing counts as 0
    drawn : what the meters are made of
    """

    def number(path: str) -> float:
        return float(values.get(f"/artgen/{path}", 0.0))

    top = len(drawn.steps) - 1
    bands = "".join(drawn.steps[round(min(max(number(f"bands/{i}"), 0.0), 1.0) * top)] for i in range(N_BANDS))
    flash = drawn.onset[not number("onset")]
    beat = drawn.beat[not (number("beat/phase") < 0.25 and number("tempo/confidence") > 0.1)]
    return (
        f"valence {bar(number('valence'), BAR, drawn)} {number('valence'):.2f}  "
        f"energy {bar(number('energy'), BAR, drawn)} {number('energy'):.2f}  "
        f"sure {number('mood/confidence'):.1f}  "
        f"level {bar(number('level'), 6, drawn)} {number('level_db'):6.1f} dB  "
        f"{bands} {flash}{int(number('onset/count')):5d}  "
        f"{beat} {number('tempo_bpm'):5.1f} bpm  {printable(values.get('/artgen/key', ''))}"
    )


class Meters:
    """Writes the line in place on a terminal, and once a second into a pipe or file.

    Parameters
    ----------
    stream : where to write; None: the standard output. A reader that is too slow misses lines
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._writer = TextWriter(self._stream)
        self._live = self._stream.isatty()
        self._clears = redraws(self._stream)
        self._glyphs = glyphs(self._stream)
        self._next = 0.0
        self._drawn = 0

    def show(self, values: Mapping[str, Value], now: float) -> None:
        """Draw, if it is time to. A closed pipe is not an error here.

        Parameters
        ----------
        values : by address
        now : s, monotonic
        """
        if now < self._next or not self._writer.idle:
            return
        self._next = now + (0.05 if self._live else 1.0)
        text = line(values, self._glyphs)
        if self._live:
            text = fit(text, shutil.get_terminal_size().columns - 1)
            # Where a line can't be cleared, spaces hide what a longer one has left.
            rest = "\x1b[K" if self._clears else " " * max(0, self._drawn - cells(text))
            self._drawn = cells(text)
            text = f"\r{text}{rest}"
        else:
            text += "\n"
        self._writer.write(text)

    def close(self) -> None:
        """Leave the cursor on a line of its own."""
        if self._live:
            self._writer.write("\n")
        self._writer.drain()
