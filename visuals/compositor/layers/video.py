"""A video file as a layer: in a loop, faster and slower, or led by the beat."""

from pathlib import Path
from typing import Any, ClassVar

from artgen_osc.runtime.files import is_regular
from visuals.compositor.kind import Moment
from visuals.compositor.layers.decoded import Decoded

WAVERS = 1.0
"""Beats by which their count may fall back for a moment, as where the phase begins anew before the beat is counted."""


class Beats:
    """The beats so far as a number that doesn't waver."""

    def __init__(self) -> None:
        self._now = 0.0

    def at(self, moment: Moment) -> float:
        """The number at a moment, its phase included."""
        now = moment.beats + moment.beat_phase
        if not self._now - WAVERS < now < self._now:
            self._now = now
        return self._now


class VideoLayer(Decoded):
    """A video. See `visuals.compositor.kind.Layer`.

    Parameters
    ----------
    context : moderngl context
    rest : the file
    folder : where a relative path begins
    """

    takes: ClassVar[str] = "FILE"

    def __init__(self, context: Any, rest: str = "", folder: Path = Path()) -> None:
        super().__init__(context, "video", rest)
        self._path = folder / rest
        self._beats = Beats()
        self._played: float = 0.0

    def opening(self) -> tuple[str, str]:
        """See `Decoded`."""
        if not is_regular(self._path):
            raise OSError("is no file")
        return "file", str(self._path.absolute())

    def moved(self, settings: Any, moment: Moment) -> float:
        """See `Decoded`."""
        duration = self.duration
        beats = self._beats.at(moment)
        if settings.beats and moment.tempo_bpm > 0.0 and duration:
            return float(beats / settings.beats % 1.0) * duration
        self._played += moment.dt * settings.speed
        if duration and self._played >= duration:
            self._played = self._played % duration if settings.loop else duration
        return self._played
