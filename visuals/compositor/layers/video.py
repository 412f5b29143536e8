"""A video file as a layer: in a loop, faster and slower, or led by the beat."""

from pathlib import Path
from typing import Any, ClassVar

from artgen_osc.runtime.files import is_regular
from visuals.compositor.kind import Moment
from visuals.compositor.layers.decoded import Decoded


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
        self._played: float = 0.0

    def opening(self) -> tuple[str, str]:
        """See `Decoded`."""
        if not is_regular(self._path):
            raise OSError("is no file")
        return "file", str(self._path.absolute())

    def moved(self, settings: Any, moment: Moment) -> float:
        """See `Decoded`."""
        duration = self.duration
        if settings.beats and moment.passed and duration:
            self._played = moment.passed / settings.beats % 1.0 * duration
            return self._played
        self._played += moment.dt * settings.speed
        if duration and self._played >= duration:
            self._played = self._played % duration if settings.loop else duration
        return self._played
