"""Spout as an output (Windows): other programs take the picture from the graphics card."""

from dataclasses import dataclass
from typing import Any

from artgen_osc.errors import OutputError
from artgen_osc.schema.setting import setting
from visuals.outputs.shared import SharedOutput, name_setting

TEXTURE_2D = 0x0DE1
"""As OpenGL numbers it."""


@dataclass(frozen=True, slots=True)
class SpoutSettings:
    """What is shared, and under which name."""

    on: bool = setting(False, "share the picture by Spout (Windows)", scene=False)
    name: str = name_setting("under which other programs see it")
    width: int = setting(0, "width of what is shared; 0: that of the show", 0, 8192, "pixels", scene=False)
    height: int = setting(0, "height of what is shared; 0: that of the show", 0, 8192, "pixels", scene=False)
    fps: float = setting(60.0, "frames a second", 1.0, 120.0, "fps", scene=False)


class SpoutOutput(SharedOutput):
    """A Spout sender. See `SharedOutput`."""

    Settings = SpoutSettings
    module, platform = "SpoutGL", "win32"
    missing = "SpoutGL: isn't installed; it is needed for Spout; pip install 'artgen-osc[spout]'"
    elsewhere = "Spout: is there on Windows alone; NDI and Syphon are its likes"

    def open(self, name: str) -> Any:
        """See `SharedOutput`."""
        import SpoutGL

        sender = SpoutGL.SpoutSender()
        sender.setSenderName(name)
        return sender

    def publish(self, sharing: Any, texture: Any, size: tuple[int, int]) -> None:
        """See `SharedOutput`. DirectX has the top row first, so it is turned over.

        Raises
        ------
        OutputError
            Spout doesn't take it.
        """
        if not sharing.sendTexture(texture.glo, TEXTURE_2D, *size, True, 0):
            raise OutputError("Spout: doesn't take the picture; let artgen and the receiver use one graphics card")

    def end(self, sharing: Any) -> None:
        """See `SharedOutput`."""
        sharing.releaseSender()
