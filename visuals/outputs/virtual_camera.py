"""The virtual camera as an output: other programs see the picture as that of a camera."""

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from artgen_osc.errors import OutputError
from artgen_osc.runtime.text import printable
from artgen_osc.schema.address import Address
from artgen_osc.schema.setting import setting
from visuals.outputs.kind import OutputHost
from visuals.outputs.sent import DROPPED, STATE, SentOutput

if TYPE_CHECKING:
    from visuals.outputs.sending import Wish

INSTALL = (
    "apt install v4l2loopback-dkms and load it by modprobe v4l2loopback exclusive_caps=1"
    if sys.platform == "linux"
    else "install OBS, and start and stop its virtual camera once"
)


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """Which camera, and what is seen there."""

    on: bool = setting(False, "be a virtual camera", scene=False)
    device: str = setting(
        "", "which one, such as /dev/video2 or OBS Virtual Camera; empty: the first that is free", scene=False
    )
    width: int = setting(1280, "width of its picture; 0: that of the show", 0, 8192, "pixels", scene=False)
    height: int = setting(720, "height of its picture; 0: that of the show", 0, 8192, "pixels", scene=False)
    fps: float = setting(30.0, "frames a second", 1.0, 120.0, "fps", scene=False)


class VirtualCameraOutput(SentOutput):
    """Writes into a virtual camera. See `SentOutput`.

    Parameters
    ----------
    settings : CameraSettings
    host : OutputHost

    Attributes
    ----------
    source : the device; empty before there is one
    """

    Settings = CameraSettings
    module = "pyvirtualcam"
    missing = (
        "pyvirtualcam: isn't installed; it is needed for a virtual camera; pip install 'artgen-osc[virtual-camera]'"
    )
    tells = (STATE, Address("source", "string", "the device that is used"), DROPPED)

    def __init__(self, settings: CameraSettings, host: OutputHost) -> None:
        super().__init__(settings, host)
        self.source = ""

    @classmethod
    def here(cls) -> str:
        """What it works with; see `visuals.outputs.kind.Output`.

        Raises
        ------
        OutputError
            What is missing.
        """
        cls.need()
        import pyvirtualcam

        try:
            with pyvirtualcam.Camera(64, 64, 30) as camera:
                return str(camera.device)
        except RuntimeError as error:
            raise OutputError(cls._explained(str(error))) from error

    def wish(self, size: tuple[int, int]) -> "Wish":
        """See `SentOutput`."""
        from visuals.outputs.sending import Wish

        given = self.settings
        return Wish("camera", given.device, size, given.fps, False)

    def explained(self, reason: str) -> str:
        """See `SentOutput`."""
        return self._explained(reason)

    @staticmethod
    def _explained(reason: str) -> str:
        return f"virtual camera: {' '.join(reason.split()).rstrip('.')}; {INSTALL}"

    def look(self, told: dict[str, Any]) -> None:
        """See `SentOutput`."""
        self.source = printable(told.get("name", ""))
