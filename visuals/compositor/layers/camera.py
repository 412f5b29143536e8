"""A camera as a layer: found by its name, and again after it was pulled out and plugged in."""

from pathlib import Path
from typing import Any, ClassVar

from visuals.compositor.layers import cameras
from visuals.compositor.layers.live import LiveLayer


class CameraLayer(LiveLayer):
    """A camera. See `visuals.compositor.kind.Layer`.

    Parameters
    ----------
    context : moderngl context
    rest : a part of its name, or its number
    folder : of no use
    """

    takes: ClassVar[str] = "NAME"

    def __init__(self, context: Any, rest: str = "", folder: Path = Path()) -> None:
        super().__init__(context, "camera", rest)

    def opening(self) -> tuple[str, str]:
        """See `Decoded`."""
        cameras.device(self.name)  # no process is started for one that isn't there
        return "camera", self.name
