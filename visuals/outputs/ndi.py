"""NDI as an output: the picture as a source in the network, with what is transparent."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from artgen_osc.runtime.text import printable
from artgen_osc.schema.address import Address
from artgen_osc.schema.setting import setting
from visuals.outputs.kind import OutputHost
from visuals.outputs.sent import DROPPED, STATE, SentOutput
from visuals.outputs.shared import name_setting

if TYPE_CHECKING:
    from visuals.outputs.sending import Wish


@dataclass(frozen=True, slots=True)
class NdiSettings:
    """What is sent, and under which name."""

    on: bool = setting(False, "send the picture as an NDI source", scene=False)
    name: str = name_setting("of the source; receivers see MACHINE (NAME)")
    width: int = setting(0, "width of the source; 0: that of the show", 0, 8192, "pixels", scene=False)
    height: int = setting(0, "height of the source; 0: that of the show", 0, 8192, "pixels", scene=False)
    fps: float = setting(30.0, "frames a second", 1.0, 120.0, "fps", scene=False)
    transparent: bool = setting(True, "carry what is transparent", scene=False)


class NdiOutput(SentOutput):
    """Sends to whoever receives in the network. See `SentOutput`.

    Parameters
    ----------
    settings : NdiSettings
    host : OutputHost

    Attributes
    ----------
    source : its name in the network; empty before there is one
    receivers : programs that take it in
    """

    Settings = NdiSettings
    alpha = True  # NDI has no frames of three channels
    module = "cyndilib"
    missing = "cyndilib: isn't installed; it is needed for NDI; pip install 'artgen-osc[ndi]'"
    tells = (
        STATE,
        Address("source", "string", "its name in the network"),
        Address("receivers", "int", "programs that take it in", 0, 10_000),
        DROPPED,
    )

    def __init__(self, settings: NdiSettings, host: OutputHost) -> None:
        super().__init__(settings, host)
        self.source, self.receivers = "", 0

    @classmethod
    def here(cls) -> str:
        """What it works with; see `visuals.outputs.kind.Output`.

        Raises
        ------
        OutputError
            What is missing.
        """
        cls.need()
        from importlib.metadata import version

        return f"cyndilib {version('cyndilib')}"

    def wish(self, size: tuple[int, int]) -> "Wish":
        """See `SentOutput`."""
        from visuals.outputs.sending import Wish

        given = self.settings
        return Wish("ndi", given.name, size, given.fps, given.transparent)

    def explained(self, reason: str) -> str:
        """See `SentOutput`."""
        return f"NDI source {self.settings.name}: {reason}"

    def look(self, told: dict[str, Any]) -> None:
        """See `SentOutput`."""
        self.source, self.receivers = printable(told.get("name", "")), int(told.get("receivers", 0))
