"""An NDI source of the network as a layer: found by its name, and again after it was gone."""

from pathlib import Path
from typing import Any, ClassVar

from visuals.compositor.layers.live import LiveLayer


class NdiLayer(LiveLayer):
    """An NDI source. See `visuals.compositor.kind.Layer`.

    Parameters
    ----------
    context : moderngl context
    rest : a part of its name
    folder : of no use
    """

    takes: ClassVar[str] = "NAME"
    needs: ClassVar[dict[str, str]] = {
        module: f"{module} isn't installed; pip install 'artgen-osc[ndi]'" for module in ("cyndilib", "av")
    }

    def __init__(self, context: Any, rest: str = "", folder: Path = Path()) -> None:
        super().__init__(context, "ndi", rest)

    def opening(self) -> tuple[str, str]:
        """See `Decoded`."""
        return "ndi", self.name
