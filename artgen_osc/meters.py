"""Meters for the terminal, drawn from received or sent values."""

import shutil
import sys
from collections.abc import Mapping
from typing import TextIO

from artgen_osc.schema import N_BANDS, Value

STEPS = " ▁▂▃▄▅▆▇█"
BAR = 12


def bar(value: float, width: int = BAR) -> str:
    """A horizontal bar of `width` characters for 0..1."""
    filled = round(min(max(value, 0.0), 1.0) * width)
    return "█" * filled + "·" * (width - filled)


def line(values: Mapping[str, Value]) -> str:
    """One line of meters from values by address; what is missing counts as 0."""

    def number(path: str) -> float:
        return float(values.get(f"/artgen/{path}", 0.0))

    bands = "".join(STEPS[round(min(max(number(f"bands/{i}"), 0.0), 1.0) * (len(STEPS) - 1))] for i in range(N_BANDS))
    flash = "●" if number("onset") else "○"
    beat = "◆" if number("beat/phase") < 0.25 and number("tempo/confidence") > 0.1 else "◇"
    return (
        f"valence {bar(number('valence'))} {number('valence'):.2f}  "
        f"energy {bar(number('energy'))} {number('energy'):.2f}  "
        f"sure {number('mood/confidence'):.1f}  "
        f"level {bar(number('level'), 6)} {number('level_db'):6.1f} dB  "
        f"{bands} {flash}{int(number('onset/count')):5d}  "
        f"{beat} {number('tempo_bpm'):5.1f} bpm  {values.get('/artgen/key', '')}"
    )


class Meters:
    """Writes the line in place on a terminal, and once a second into a pipe or file.

    Parameters
    ----------
    stream : where to write
    """

    def __init__(self, stream: TextIO = sys.stdout) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._next = 0.0

    def show(self, values: Mapping[str, Value], now: float) -> None:
        """Draw, if it is time to; `now` in s, monotonic. A closed pipe is not an error here."""
        if now < self._next:
            return
        self._next = now + (0.05 if self._live else 1.0)
        text = line(values)
        if self._live:
            width = shutil.get_terminal_size().columns
            text = "\r" + text[: width - 1] + "\x1b[K"
        else:
            text += "\n"
        try:
            self._stream.write(text)
            self._stream.flush()
        except (BrokenPipeError, UnicodeEncodeError):
            self._next = float("inf")

    def close(self) -> None:
        """Leave the cursor on a line of its own."""
        if self._live:
            self._stream.write("\n")
            self._stream.flush()
