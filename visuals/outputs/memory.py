"""A target off screen, where there is no window."""

from typing import Any

from visuals.compositor.gl import standalone_context
from visuals.generators.generator import Frame


class Memory:
    """Off screen, through EGL.

    Parameters
    ----------
    size : (width, height), pixels

    Raises
    ------
    DisplayError
    """

    direct = target = True
    window = apart = False
    settings = None

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = self.window_size = size
        self.context = standalone_context()

    def pressed(self) -> list[str]:
        """No keyboard."""
        return []

    def prepare(self, time: float) -> None:
        """No screen."""

    def wants(self, time: float) -> None:
        """Frames are drawn here."""

    def take(self, frame: Frame, time: float) -> None:
        """Frames are drawn here, and none is given to it. See `Output`."""

    def edited(self) -> list[Any]:
        """No mouse."""
        return []

    def show(self, shown: Any) -> None:
        """Wait for the frame, as a window would. See `visuals.outputs.kind.Target`."""
        self.context.finish()

    def close(self) -> None:
        """Give the context back."""
        self.context.release()
