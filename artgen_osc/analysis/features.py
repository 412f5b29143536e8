"""Our extractors whose values are `artgen_osc.schema.values.Features`.

They are light to import; what computes is imported when an instance is made.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from artgen_osc.analysis.hop import HOP_TIME, RATE, Hop
from artgen_osc.schema.address import Value
from artgen_osc.schema.setting import setting
from artgen_osc.schema.values import HOPS_PER_HARMONY, core_rows


class Level:
    """Level, bands and centroid; see `artgen_osc.analysis.kind.Extractor`."""

    outputs = core_rows("level_db", "level", "low", "mid", "high", "bands", "centroid_hz")

    def __init__(self, settings: Any = None) -> None:
        from artgen_osc.analysis.level import LevelMeter

        self.settings = settings
        self._meter = LevelMeter()

    def reset(self) -> None:
        """See `Extractor`."""
        self._meter.reset()

    def hop(self, hop: Hop) -> Sequence[Value]:
        """See `Extractor`."""
        return self._meter.hop(hop)


class Onsets:
    """Spectral change and onsets; see `artgen_osc.analysis.kind.Extractor`."""

    outputs = core_rows("flux", "onset", "onset_count")

    def __init__(self, settings: Any = None) -> None:
        from artgen_osc.analysis.onsets import OnsetDetector

        self.settings = settings
        self._detector = OnsetDetector()

    def reset(self) -> None:
        """See `Extractor`."""
        self._detector.reset()

    def hop(self, hop: Hop) -> Sequence[Value]:
        """See `Extractor`."""
        return self._detector.hop(hop)


@dataclass(frozen=True, slots=True)
class RhythmSettings:
    """``[rhythm]``: how beats are sent."""

    lead: float = setting(
        0.02, "announce beats early by so much", 0.0, 0.5, "s", key="rhythm.lead", address="/artgen/control/beat/lead"
    )
    octave: int = setting(
        0,
        "-1: beats half as fast as heard, 0: as heard, 1: twice as fast",
        -1,
        1,
        key="rhythm.octave",
        address="/artgen/control/beat/octave",
    )


class Rhythm:
    """Tempo, beats and bars; see `artgen_osc.analysis.kind.Extractor`."""

    Settings = RhythmSettings
    outputs = core_rows("beat", "beat_count", "beat_time", "beat_phase", "bar_phase", "tempo_bpm", "tempo_confidence")

    def __init__(self, settings: RhythmSettings) -> None:
        from artgen_osc.analysis.rhythm.tracker import Rhythm as Tracker

        self.settings = settings
        self._tracker = Tracker()
        self._count = 0

    def reset(self) -> None:
        """See `Extractor`."""
        self._tracker.reset()
        self._count = 0

    def hop(self, hop: Hop) -> Sequence[Value]:
        """See `Extractor`."""
        self._tracker.lead, self._tracker.octave = self.settings.lead, self.settings.octave
        beat = self._tracker.hop(hop.sound, hop.time)
        announced, self._count = float(beat.count != self._count), beat.count
        return (announced, beat.count, beat.time, beat.phase, beat.bar_phase, beat.tempo_bpm, beat.confidence)

    def tap(self, time: float) -> None:
        """Somebody taps the beat at `time`, s on the stream's clock; the second tap sets the tempo."""
        self._tracker.tap(time)


class Pitch:
    """The fundamental frequency; see `artgen_osc.analysis.kind.Extractor`."""

    outputs = core_rows("pitch_hz", "pitch_confidence")

    EVERY = 2
    """Hops."""

    def __init__(self, settings: Any = None) -> None:
        from artgen_osc.analysis.pitch import PitchTracker

        self.settings = settings
        self._tracker = PitchTracker(RATE)
        self._hops = 0

    def reset(self) -> None:
        """See `Extractor`."""
        self._tracker.reset()
        self._hops = 0

    def hop(self, hop: Hop) -> Sequence[Value]:
        """See `Extractor`."""
        self._hops += 1
        if self._hops % self.EVERY == 0:
            self._tracker.step(hop.window[-self._tracker.length :])
        return (self._tracker.hz, self._tracker.confidence)


class Harmony:
    """Pitch classes and key; see `artgen_osc.analysis.kind.Extractor`."""

    outputs = core_rows("chroma", "key", "key_confidence")

    def __init__(self, settings: Any = None) -> None:
        from artgen_osc.analysis.pitch import Harmony as Listener

        self.settings = settings
        self._listener = Listener(RATE, HOPS_PER_HARMONY * HOP_TIME)
        self._values: tuple[Value, ...] = ()

    def reset(self) -> None:
        """See `Extractor`."""
        self._listener.reset()
        self._values = ()

    def hop(self, hop: Hop) -> Sequence[Value]:
        """See `Extractor`."""
        if self._listener.hop(hop.window, HOPS_PER_HARMONY) or not self._values:
            self._values = (*self._listener.chroma.tolist(), self._listener.key, self._listener.confidence)
        return self._values
