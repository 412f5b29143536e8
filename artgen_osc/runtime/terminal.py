"""How wide text is on a terminal, and what a terminal can do: rich knows both.

It doesn't draw: its `Live` takes thirty times as long for a line of meters as making the line does, and would wait
for a terminal that nobody drains. What is drawn goes through `artgen_osc.runtime.text_writer`.
"""

from typing import TextIO


def cells(text: str) -> int:
    """Columns that a line of text takes: two for most East Asian letters and emojis."""
    from rich.cells import cell_len

    return cell_len(text)


def fit(text: str, width: int) -> str:
    """A line cut so that it has room; half a wide letter becomes a space.

    Parameters
    ----------
    text : one line
    width : columns of the terminal that it takes at most, >= 0
    """
    from rich.cells import set_cell_size

    return text if cells(text) <= width else set_cell_size(text, width)


def padded(text: str, width: int) -> str:
    """A line with spaces before it, so that it ends where others do.

    Parameters
    ----------
    text : one line
    width : columns of the terminal that it takes at least
    """
    return " " * max(0, width - cells(text)) + text


def redraws(stream: TextIO) -> bool:
    """Whether what is written to a stream can be drawn over by control sequences.

    Not in a pipe or a file, a terminal that calls itself dumb, or a Windows console of old.
    """
    if not stream.isatty():
        return False
    from rich.console import Console

    console = Console(file=stream)
    return not (console.legacy_windows or console.is_dumb_terminal)
