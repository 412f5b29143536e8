"""The page as an output: the picture live in a browser, while somebody watches."""

from time import monotonic
from typing import TYPE_CHECKING

from visuals.outputs.kind import OutputHost

if TYPE_CHECKING:
    from visuals.generators.generator import Frame


class PageOutput:
    """Sends small frames; see `visuals.outputs.view.LiveView`.

    Parameters
    ----------
    settings : it has none of its own
    host : OutputHost

    Raises
    ------
    ConfigError
        The address of the page isn't one.
    """

    direct = True

    def __init__(self, settings: None, host: OutputHost) -> None:
        from visuals.outputs.view import WIDTH, LiveView, address_of

        self.settings = settings
        self._view = LiveView(address_of(host.config.view))
        self._showing, self._width = host.showing, WIDTH

    def prepare(self, time: float) -> None:
        """Nothing to do before a frame."""

    def wants(self, time: float) -> tuple[int, int] | None:
        """See `visuals.outputs.kind.Output`."""
        if not self._view.due(monotonic()):
            return None
        width, height = self._showing.size
        scale = min(1.0, self._width / width)
        return max(1, round(width * scale)), max(1, round(height * scale))

    def take(self, frame: "Frame", time: float) -> None:
        """See `visuals.outputs.kind.Output`."""
        self._view.show(frame)

    def close(self) -> None:
        """End the connection."""
        self._view.close()
