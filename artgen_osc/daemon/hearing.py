"""What the daemon hears, as it is told to others: a name that is safe to show, and for how long it has been silent."""

import ntpath

from artgen_osc.audio.sources import shown
from artgen_osc.audio.titles import LONGEST_TITLE
from artgen_osc.runtime.text import printable

SILENCE_DB = -72.0
"""dBFS; below it there is no music, only the noise of an input."""

LONGEST_SILENCE_S = 86400.0
"""No more is told of."""

TOLD_S = 10.0
"""After so much silence the log says so; shorter rests belong to the music."""


def public_name(name: str) -> str:
    r"""An input's name as it may be sent to anybody: without folders, passwords and queries, on one line.

    >>> public_name("file:/home/ann/song.mp3"), public_name("url:http://ann:secret@radio/live?key=1")
    ('file:song.mp3', 'url:http://…@radio/live?…')

    Parameters
    ----------
    name : of an `AudioSource`, or what ``--input`` takes
    """
    if name.startswith("file:"):
        name = f"file:{ntpath.basename(name.removeprefix('file:'))}"
    return printable(shown(name))[:LONGEST_TITLE]


class Silence:
    """For how long nothing has been heard.

    Attributes
    ----------
    seconds : 0 while something is
    """

    def __init__(self) -> None:
        self._heard_at: float | None = None
        self._told = False
        self.seconds = 0.0

    def step(self, time: float, level_db: float) -> None:
        """Take one hop.

        Parameters
        ----------
        time : s on the show's clock
        level_db : dBFS
        """
        if level_db >= SILENCE_DB or self._heard_at is None:
            self._heard_at = time
        self.seconds = min(max(0.0, time - self._heard_at), LONGEST_SILENCE_S)

    def is_news(self) -> bool:
        """Whether it is to be told now: once in each silence that is longer than `TOLD_S`."""
        before, self._told = self._told, self.seconds >= TOLD_S
        return self._told and not before
