"""Syphon as an output (macOS): other programs take the picture from the graphics card."""

from typing import Any

from visuals.outputs.shared import SharedOutput


class SyphonOutput(SharedOutput):
    """A Syphon server. See `SharedOutput`."""

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
