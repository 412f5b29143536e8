"""One step of the analysis: what every extractor is given."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from artgen_osc.dsp.core import FloatArray

RATE = 22050
"""Rate of the analysis, Hz."""
HOP_LENGTH = 256
"""Samples from one hop to the next."""
N_FFT = 1024
"""Samples of a window."""
HOP_TIME = HOP_LENGTH / RATE
"""Seconds from one hop to the next: 11.6 ms."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One step, mono at `RATE`; nothing of it may be changed, since all extractors see the same arrays.

    Attributes
    ----------
    time : s on the stream's clock, the end of the hop
    sound : float32 ``(256,)``, the new samples, finite; ±1 unless the gain lifts them above
    window : float32 ``(1024,)``, the last samples, whose end is `sound`
    power : float32 ``(513,)``, power spectrum of the window under Hann, without its mean; a sine of amplitude 1 has a
        peak of 1
    level_db : RMS of the window without its mean, dBFS, -120 or more; above 0 only where sound is beyond ±1
    """

    time: float
    sound: "FloatArray"
    window: "FloatArray"
    power: "FloatArray"
    level_db: float
