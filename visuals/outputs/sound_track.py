"""The sound of a film on the film's own clock, whatever the clocks of what is heard do."""

from fractions import Fraction
from typing import Any

import numpy as np

from artgen_osc.schema.sound import Samples, Sound

RATE = 48000
"""Hz, of what it gives."""

FASTER = 0.004
"""So much faster or slower sound is played to keep in step: 7 cents, which nobody hears."""

LOST_S = 0.015
"""Where it is further off than this, silence is put in or sound is left out."""


class SoundTrack:
    """Places sound by its time stamps: it is resampled to keep up with the clock, and silence fills what is missing.

    A device's clock differs from the computer's by up to some hundred millionths, which is a second in an hour.
    FFmpeg's ``aresample`` with ``async`` does the work. Times are s since the film began.

    Attributes
    ----------
    until : when what has been pushed ends
    """

    def __init__(self) -> None:
        self.until = 0.0
        self._graph: Any = None
        self._rate = 0
        self._frames = 0

    def push(self, sound: Sound) -> list[Samples]:
        """Take a piece of what was heard.

        Parameters
        ----------
        sound : newer than the one before; its time is that of the film

        Returns
        -------
        What is ready, float32 ``(frames, 2)`` each
        """
        return self._push(sound) if sound.end > 0.0 else []

    def fill(self, until: float) -> list[Samples]:
        """Nothing has come so far: put silence in.

        Parameters
        ----------
        until : the time up to which there should be some

        Returns
        -------
        What is ready, float32 ``(frames, 2)`` each
        """
        rate = self._rate or RATE
        missing = int((until - self.until) * rate)
        if missing <= 0:
            return []
        return self._push(Sound(np.zeros((missing, 2), np.float32), rate, self.until))

    def _push(self, sound: Sound) -> list[Samples]:
        from av import AudioFrame

        ready: list[Samples] = []
        if sound.sample_rate != self._rate:
            ready = self.end()
            self._open(sound.sample_rate)
        # FFmpeg would make one channel 3 dB softer on its way to two.
        stereo = np.broadcast_to(sound.samples, (len(sound.samples), 2))
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(stereo.T), "fltp", "stereo")
        frame.sample_rate, frame.time_base = sound.sample_rate, Fraction(1, sound.sample_rate)
        frame.pts = round(sound.time * sound.sample_rate)
        self._graph.push(frame)
        self.until = max(self.until, sound.end)
        return ready + self._ready()

    def end(self) -> list[Samples]:
        """What is still inside, float32 ``(frames, 2)`` each; more may follow."""
        if self._graph is None:
            return []
        self._graph.push(None)
        ready = self._ready()
        self._graph, self._rate = None, 0
        return ready

    def _open(self, rate: int) -> None:
        from av.filter import Graph

        self._rate, self._graph = rate, Graph()
        source = self._graph.add_abuffer(
            sample_rate=rate, format="fltp", layout="stereo", time_base=Fraction(1, rate), name="heard"
        )
        follow = f"{RATE}:async={round(FASTER * RATE)}:min_hard_comp={LOST_S}:first_pts={self._frames}"
        steps = self._graph.add("aresample", follow), self._graph.add("aformat", "fltp")
        self._graph.link_nodes(source, *steps, self._graph.add("abuffersink")).configure()

    def _ready(self) -> list[Samples]:
        from av.error import BlockingIOError, EOFError

        found: list[Samples] = []
        while True:
            try:
                frame = self._graph.pull()
            except (BlockingIOError, EOFError):
                return found
            samples = np.ascontiguousarray(frame.to_ndarray().T)
            self._frames += len(samples)
            found.append(samples)
