"""``artgen replay``: sends a recorded stream again, with its timing."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from artgen_osc.osc.codec import Message
from artgen_osc.osc.recording import read
from artgen_osc.osc.sender import OscSender
from artgen_osc.runtime.text import printable, say
from artgen_osc.schema.address import Address, Value
from artgen_osc.schema.address_table import AddressTable, Rows

LONGEST_SLEEP = 0.5
"""s; so the end that the user asks for comes soon, even within a long pause of the recording."""

PAUSE = 0.012
"""s between the last bundle and the first again."""


def replay(
    path: Path, targets: Sequence[str], seconds: float | None, speed: float, loop: bool, table: AddressTable
) -> int:
    """Play a recording until its end, or again and again.

    Parameters
    ----------
    path : what ``artgen monitor --record`` has written
    targets : where to send
    seconds : end by itself after so long, or None
    speed : 2: twice as fast
    loop : begin anew at the end
    table : of what may be played

    Returns
    -------
    Exit status

    Raises
    ------
    OscError
        The file is no recording, or a target can't be understood.
    """
    # What a renderer understands: the music, and what was asked of the picture. Of the rest of a recording, the control
    # of a daemon needs the daemon, and the state of the renderer is its own to tell.
    rows = {**table.sent, **table.visuals}
    sender = OscSender(targets)
    start = time.monotonic()
    end = float("inf") if seconds is None else start + seconds
    bundles, length = 0, 0.0
    try:
        while True:
            for recorded in read(path):
                if not bundles:
                    say(printable(f"playing {path} to {', '.join(targets)}"))
                length = recorded.time / speed
                due = start + length
                while (left := min(due, end) - time.monotonic()) > 0:
                    time.sleep(min(left, LONGEST_SLEEP))
                if time.monotonic() >= end:
                    return 0
                sender.send([*_values(recorded.messages, rows)])
                bundles += 1
            if not loop:
                return 0
            start += length + PAUSE / speed
    finally:
        sender.close()
        if bundles:
            say(f"{bundles} bundles played, {sender.dropped} not sent")


def _values(messages: Sequence[Message], rows: Rows) -> Iterator[tuple[Address, Value]]:
    """Messages with their rows; what isn't there, or not known to this version, is left out."""
    for message in messages:
        row = rows.get(message.path)
        if row is not None:
            with contextlib.suppress(ValueError):  # out of a range that was another one then
                yield row, row.check(message.arguments)
