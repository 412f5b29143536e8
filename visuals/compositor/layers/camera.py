"""A camera as a layer: found by its name, and again after it was pulled out and plugged in."""

from pathlib import Path
from typing import Any, ClassVar

from visuals.compositor.kind import Moment
from visuals.compositor.layers import cameras
from visuals.compositor.layers.decoded import Decoded


class CameraLayer(Decoded):
    """A camera. See `visuals.compositor.kind.Layer`.

    Parameters
    ----------
    context : moderngl context
    rest : a part of its name, or its number
    folder : of no use
    """

    takes: ClassVar[str] = "NAME"
    check: ClassVar[str] = "it is tried again until it is there"
    longest_wait: ClassVar[float] = 1.0

    def __init__(self, context: Any, rest: str = "", folder: Path = Path()) -> None:
        super().__init__(context, "camera", rest)
        self._asked_for = 0.0

    def opening(self) -> tuple[str, str]:
        """See `Decoded`."""
        cameras.device(self.name)  # no process is started for one that isn't there
        return "camera", self.name

    def moved(self, settings: Any, moment: Moment) -> float:
        """See `Decoded`. Another number each time: the newest picture is wanted."""
        self._asked_for += 1.0
        return self._asked_for
