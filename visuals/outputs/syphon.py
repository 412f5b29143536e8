"""Syphon as an output (macOS): other programs take the picture from the graphics card."""

from dataclasses import dataclass
from typing import Any

from artgen_osc.schema.setting import setting
from visuals.outputs.shared import SharedOutput, name_setting


@dataclass(frozen=True, slots=True)
class SyphonSettings:
    """What is shared, and under which name."""

    on: bool = setting(False, "share the picture by Syphon (macOS)", scene=False)
    name: str = name_setting("under which other programs see it")
    width: int = setting(0, "width of what is shared; 0: that of the show", 0, 8192, "pixels", scene=False)
    height: int = setting(0, "height of what is shared; 0: that of the show", 0, 8192, "pixels", scene=False)
    fps: float = setting(60.0, "frames a second", 1.0, 120.0, "fps", scene=False)


class SyphonOutput(SharedOutput):
    """A Syphon server. See `SharedOutput`."""

    Settings = SyphonSettings
    module, platform = "syphon", "darwin"
    missing = "syphon-python: isn't installed; it is needed for Syphon; pip install 'artgen-osc[syphon]'"
    elsewhere = "Syphon: is there on macOS alone; NDI and Spout are its likes"

    def open(self, name: str) -> Any:
        """See `SharedOutput`. The context of the thread is the show's."""
        from syphon import SyphonOpenGLServer

        return SyphonOpenGLServer(name)

    def publish(self, sharing: Any, texture: Any, size: tuple[int, int]) -> None:
        """See `SharedOutput`."""
        sharing.publish_frame_texture(texture.glo, size=size)

    def end(self, sharing: Any) -> None:
        """See `SharedOutput`."""
        sharing.stop()
