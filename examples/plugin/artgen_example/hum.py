"""An input: a steady tone, ``--input hum`` or ``--input hum:220``."""

from dataclasses import dataclass
from typing import Any

from artgen_osc.audio.kind import InputHost
from artgen_osc.audio.sources import AudioSource, PacedSource, array_blocks
from artgen_osc.errors import AudioError
from artgen_osc.schema.setting import setting

RATE = 48000


class Hum:
    """What follows the name is its frequency in Hz."""

    @dataclass(frozen=True, slots=True)
    class Settings:
        """[plugin.hum] in a show file."""

        level: float = setting(0.3, "how loud the tone is")

    @staticmethod
    def open(rest: str, settings: Any, host: InputHost) -> AudioSource:
        """Make ten seconds of it, and repeat them."""
        import numpy as np

        try:
            hz = float(rest or 440)
        except ValueError:
            raise AudioError(f"hum: {rest!r} is not a frequency; write a number of Hz, such as hum:220") from None
        time = np.arange(10 * RATE) / RATE
        sound = (settings.level * np.sin(2 * np.pi * hz * time)).astype(np.float32)
        return PacedSource(f"hum:{hz:.0f}", RATE, array_blocks(sound[:, None], RATE, loop=True), realtime=host.realtime)
