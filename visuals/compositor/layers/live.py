"""What cameras and NDI sources have in common as layers: the newest picture counts, and what is gone may come back."""

from typing import Any, ClassVar

from visuals.compositor.kind import Moment
from visuals.compositor.layers.decoded import Decoded


class LiveLayer(Decoded):
    """A layer of live pictures. See `Decoded`."""

    check: ClassVar[str] = "it is tried again until it is there"
    longest_wait: ClassVar[float] = 1.0

    _asked_for = 0.0

    def moved(self, settings: Any, moment: Moment) -> float:
        """See `Decoded`. Another number each time: the newest picture is wanted."""
        self._asked_for += 1.0
        return self._asked_for
