"""What the daemon hears: the analysis and the mood of any input, its name as it is told to others, and its silences."""

import ntpath
from pathlib import Path

import numpy as np

from artgen_osc.analysis.analyzer import Analyzer
from artgen_osc.audio.sources import AudioBlock, shown
from artgen_osc.audio.titles import LONGEST_TITLE
from artgen_osc.dsp.front_end import RATE, FrontEnd
from artgen_osc.mood.estimator import MoodEstimator
from artgen_osc.runtime.text import printable
from artgen_osc.schema.table import Features, Mood

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

    One front end brings every input to the same form; the analysis and the mood behind it stay as they are when the
    input changes. So no model is loaded again, and the tempo, the levels and the mood go on until the sound says
    otherwise.

    Parameters
    ----------
    sample_rate : int > 0, Hz, of the first input
    model : mood model file; None takes the installed one
    smoothing : s, time constant of the mood
    gain_db : applied before the analysis
    background : predict the mood on a thread of its own, so that no hop waits for it

    Attributes
    ----------
    analyzer, mood : to be steered
    sample_rate : Hz, of the input now

    Raises
    ------
    ModelError
        The mood model can't be used.
    ValueError
        The sample rate can't be resampled.
    """

    def __init__(
        self,
        sample_rate: int,
        model: str | Path | None = None,
        smoothing: float = 0.4,
        gain_db: float = 0.0,
        background: bool = False,
    ) -> None:
        self.analyzer = Analyzer(RATE, gain_db)
        self.mood = MoodEstimator(RATE, model, smoothing, background)
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

    def hear(self, block: AudioBlock) -> list[tuple[Features, Mood]]:
        """Take the next block; without frames it is silence, so that levels fall and the mood fades.

        Parameters
        ----------
        block : its time sets the show's clock: sound that was lost makes it jump on, and nothing makes it go back

        Returns
        -------
        Each hop that is complete by now, with the mood at its end; times are on the show's clock, strictly rising
        """
        samples = block.samples
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
        hops = self.analyzer.push(AudioBlock(sound, time))
        self.mood.push(sound, time)
        return [(features, self.mood.mood(features.time)) for features in hops]

    def close(self) -> None:
        """End the mood's thread, if there is one."""
        self.mood.close()


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
