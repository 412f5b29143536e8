"""OSC as a surface: whatever any program sends to the renderer's port."""

from collections.abc import Collection, Mapping, Sequence

from artgen_osc.schema.address import Value
from visuals.control.kind import Message, SurfaceHost


class Osc:
    """Hands on what the receiver takes; what it refuses it has counted.

    Parameters
    ----------
    settings : it has none
    host : SurfaceHost
    """

    direct = True
    given: Collection[str] = ()

    def __init__(self, settings: None, host: SurfaceHost) -> None:
        self.settings = settings
        self._received = host.received

    def poll(self) -> Sequence[Message]:
        """What has come in; see `visuals.control.kind.Surface`."""
        return self._received()

    def show(self, values: Mapping[str, Value]) -> None:
        """Whoever wants to see values subscribes, or asks by OSCQuery."""

    def close(self) -> None:
        """The port belongs to the show."""
