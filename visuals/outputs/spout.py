"""Spout as an output (Windows): other programs take the picture from the graphics card."""

from typing import Any

from artgen_osc.errors import OutputError
from visuals.outputs.shared import SharedOutput

TEXTURE_2D = 0x0DE1
"""As OpenGL numbers it."""


class SpoutOutput(SharedOutput):
    """A Spout sender. See `SharedOutput`."""

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
