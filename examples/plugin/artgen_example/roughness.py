"""An extractor: how often the wave crosses zero. A flute has little of it, a cymbal a lot."""

from dataclasses import dataclass
from typing import Any

from artgen_osc.analysis.hop import Hop
from artgen_osc.schema.address import Address
from artgen_osc.schema.setting import setting


class Roughness:
    """Sends one number, 0..1, with each hop of 256 samples."""

    outputs = (Address("/artgen/x/roughness/value", "float", "how often the wave crosses zero"),)

    @dataclass(frozen=True, slots=True)
    class Settings:
        """[plugin.roughness] in a show file."""

        smooth: float = setting(0.8, "how much of the last value is kept", 0.0, 0.99)

    def __init__(self, settings: Any) -> None:
        self.settings = settings
        self.reset()

    def reset(self) -> None:
        """Begin anew."""
        self._value = 0.0

    def hop(self, hop: Hop) -> tuple[float]:
        """Count the changes of sign."""
        signs = hop.sound > 0
        crossings = float((signs[1:] != signs[:-1]).mean())
        self._value += (1.0 - self.settings.smooth) * (crossings - self._value)
        return (self._value,)
