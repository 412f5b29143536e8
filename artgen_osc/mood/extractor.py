"""The mood as an extractor of the show."""

from collections.abc import Sequence
from dataclasses import dataclass

from artgen_osc.analysis.hop import HOP_TIME, RATE, Hop
from artgen_osc.schema.address import Value
from artgen_osc.schema.setting import setting
from artgen_osc.schema.values import core_rows


@dataclass(frozen=True, slots=True)
class MoodSettings:
    """``[mood]``: how the music's mood is found."""

    model: str = setting("", "mood model file; empty: the one that is installed", key="mood.model", path=True)
    smoothing: float = setting(
        0.4,
        "time constant of the mood that is sent",
        0.0,
        30.0,
        "s",
        key="mood.smoothing",
        address="/artgen/control/smoothing",
    )
    manual: bool = setting(
        False,
        "send the valence and energy below instead of the music's",
        key="mood.manual",
        address="/artgen/control/mood/manual",
    )
    valence: float = setting(0.5, "the manual valence", key="mood.valence", address="/artgen/control/mood/valence")
    energy: float = setting(0.5, "the manual energy", key="mood.energy", address="/artgen/control/mood/energy")
    freeze: bool = setting(False, "hold the mood where it is", key="mood.freeze", address="/artgen/control/freeze")


class MoodExtractor:
    """How the music feels; see `artgen_osc.analysis.kind.Extractor`.

    Parameters
    ----------
    settings : with the model, which counts when it is made

    Raises
    ------
    ModelError
        The model can't be used.
    """

    Settings = MoodSettings
    outputs = core_rows("valence", "energy", "raw_valence", "raw_energy", "confidence")

    def __init__(self, settings: MoodSettings) -> None:
        from artgen_osc.mood.estimator import MoodEstimator

        self.settings = settings
        self._estimator = MoodEstimator(RATE, settings.model or None, settings.smoothing)

    @property
    def failures(self) -> int:
        """Judgements that failed so far."""
        return self._estimator.failures

    @property
    def overtaken(self) -> int:
        """Judgements that were not made, since newer sound had come."""
        return self._estimator.stale

    def live(self) -> None:
        """Judge on a thread of its own, so that no hop waits for it."""
        self._estimator.go_live()

    def reset(self) -> None:
        """See `Extractor`."""
        self._estimator.reset()

    def hop(self, hop: Hop) -> Sequence[Value]:
        """See `Extractor`."""
        estimator, settings = self._estimator, self.settings
        estimator.smoothing, estimator.freeze = settings.smoothing, settings.freeze
        estimator.manual = (settings.valence, settings.energy) if settings.manual else None
        estimator.push(hop.sound, hop.time - HOP_TIME)
        mood = estimator.mood(hop.time)
        return (mood.valence, mood.energy, mood.raw_valence, mood.raw_energy, mood.confidence)

    def close(self) -> None:
        """End the thread, if there is one."""
        self._estimator.close()
