"""What the daemon hears in any input, that input's name as it is told to others, and its silences."""

import ntpath
from collections.abc import Mapping
from typing import Any

import numpy as np

from artgen_osc.analysis.analyzer import Analyzer
from artgen_osc.analysis.extractors import Extractors, Heard
from artgen_osc.audio.sources import AudioBlock, shown
from artgen_osc.audio.titles import LONGEST_TITLE
from artgen_osc.dsp.front_end import RATE, FrontEnd
from artgen_osc.runtime.text import printable

SILENCE_DB = -72.0
"""dBFS; below it there is no music, only the noise of an input."""

LONGEST_SILENCE_S = 86400.0
"""No more is told of."""

TOLD_S = 10.0
"""After so much silence the log says so; shorter rests belong to the music."""


QUIET_S = 0.1
"""What a block without frames stands for: about as long as its source has waited."""

GAP_S = 0.002
"""A block that comes later by so much says that sound was lost before it."""


class Hearing:
    """Hears a show, whatever its inputs are.

    One front end brings every input to the same form; the extractors behind it stay as they are when the input
    changes. So no model is loaded again, and the tempo, the levels and the mood go on until the sound says otherwise.

    Parameters
    ----------
    sample_rate : int > 0, Hz, of the first input
    extractors : what hears each hop; None: ours
    gain_db : applied before the analysis

    Attributes
    ----------
    extractors : as given
    sample_rate : Hz, of the input now
    time : s on the show's clock, the end of the last hop
    silence : for how long there has been none
    lost : blocks that didn't come, so far

    Raises
    ------
    ValueError
        The sample rate can't be resampled.
    """

    def __init__(
        self,
        sample_rate: int,
        extractors: Extractors | None = None,
        gain_db: float = 0.0,
    ) -> None:
        self.extractors = extractors or Extractors()
        self._analyzer = Analyzer(RATE, gain_db, extractors=self.extractors)
        self.time, self.lost = 0.0, 0
        self._ends = 0.0
        self._start, self._frames = 0.0, 0
        self.tune(sample_rate)

    def tune(self, sample_rate: int) -> None:
        """Hear another input from the next block on, or a device that has come back with another rate.

        Parameters
        ----------
        sample_rate : int > 0, Hz

        Raises
        ------
        ValueError
            It can't be resampled; the input before stays.
        """
        self._front = FrontEnd(sample_rate)
        self.sample_rate = sample_rate
        self._ahead: float | None = None
        self.silence = Silence()

    def steer(self, settings: Mapping[str, Any], gain_db: float) -> None:
        """Hand on other settings.

        Parameters
        ----------
        settings : of the extractors, by their names
        gain_db : applied before the analysis
        """
        self._analyzer.gain_db = gain_db
        self.extractors.steer(settings)

    def hear(self, block: AudioBlock) -> list[Heard]:
        """Take the next block; without frames it is silence, so that levels fall and the mood fades.

        Parameters
        ----------
        block : its time sets the show's clock: sound that was lost makes it jump on, and nothing makes it go back

        Returns
        -------
        Each hop that is complete by now; times are on the show's clock, strictly rising
        """
        samples = block.samples
        self.lost += -(-block.dropped // max(1, len(samples)))
        if not len(samples):
            samples = np.zeros((round(self.sample_rate * QUIET_S), 1), np.float32)
        elif self._ahead is None:
            self._ahead = self._ends - block.time
        else:
            lost = block.time + self._ahead - self._ends
            if lost > GAP_S:
                self._start, self._ends = self._start + lost, self._ends + lost
            elif lost < 0.0:
                self._ahead -= lost
        self._ends += len(samples) / self.sample_rate
        sound = self._front.push(samples)
        time = self._start + self._frames / RATE
        self._frames += len(sound)
        hops = self._analyzer.hear(AudioBlock(sound, time))
        for hop in hops:
            self.time = hop.features.time
            self.silence.step(self.time, hop.features.level_db)
        return hops

    def close(self) -> None:
        """End what the extractors started."""
        self.extractors.close()


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
