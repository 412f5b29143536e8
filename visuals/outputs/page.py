"""The page as an output: the picture live in a browser, while somebody watches."""

from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from artgen_osc.schema.setting import setting
from visuals.outputs.kind import OutputHost

if TYPE_CHECKING:
    from visuals.generators.generator import Frame


@dataclass(frozen=True, slots=True)
class PageSettings:
    """Where the page is."""

    address: str = setting(
        "",
        "web page that shows the picture live, such as ws://10.0.0.2:9103/view/renderer; empty: that of artgen live",
        key="visuals.view",
    )


class PageOutput:
    """Sends small frames; see `visuals.outputs.view.LiveView`.

    Parameters
    ----------
    settings : PageSettings
    host : OutputHost

    Raises
    ------
    ConfigError
        The address of the page isn't one.
    """

    Settings = PageSettings
    direct = True

    def __init__(self, settings: PageSettings, host: OutputHost) -> None:
        from visuals.outputs.view import WIDTH, LiveView, address_of

        self.settings = settings
        self._view = LiveView(address_of(settings.address))
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
