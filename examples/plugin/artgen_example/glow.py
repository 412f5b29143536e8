"""A layer: a colour over the whole frame that lights up with the beat and fades until the next."""

from dataclasses import dataclass
from typing import Any

from artgen_osc.schema.setting import setting
from visuals.compositor.kind import Moment


class Glow:
    """A texture of one pixel is enough: it is stretched over the frame."""

    @dataclass(frozen=True, slots=True)
    class Settings:
        """[plugin.glow] in a show file."""

        amount: float = setting(0.0, "how much of it is seen")
        strength: float = setting(0.3, "how bright it is on the beat")

    def __init__(self, context: Any) -> None:
        self._texture = context.texture((1, 1), 4)

    def frame(self, size: tuple[int, int], settings: Any, moment: Moment) -> Any:
        """Warm for happy music, cold for sad."""
        light = settings.strength * (1.0 - moment.beat_phase) ** 2
        warm = moment.valence
        colour = (warm, 0.4, 1.0 - warm, light)
        self._texture.write(bytes(round(255 * part) for part in colour))
        return self._texture

    def release(self) -> None:
        """Give it back."""
        self._texture.release()
