"""Whether frames keep up while pictures are finished."""

from artgen_osc.config.tables import VisualsConfig

LEAST_FPS = 24.0
"""Of film: so few are smooth still."""

SLOWER = 1.25
"""So many times as long as without the finisher a frame may take, however slow the machine is."""

WINDOW_S = 1.0
SETTLE_S = 0.3
"""After a change: what it takes once doesn't count."""


class KeepingUp:
    """Watches the time from frame to frame, in windows of a second.

    Parameters
    ----------
    settings : VisualsConfig
    """

    def __init__(self, settings: VisualsConfig) -> None:
        self._most = max(1.1 / settings.fps, 1.0 / LEAST_FPS)
        self._plain = 0.0
        self._scale = 1
        self._slow = 0
        self._begin(SETTLE_S)

    def step(self, scale: int, dt: float) -> str:
        """One frame; why the finisher should do less, or empty.

        Parameters
        ----------
        scale : how many times the side the newest picture has that the finisher made, 4, 2 or 1
        dt : s since the last frame
        """
        if scale != self._scale:
            if self._scale == 1 and self._frames > 1:
                self._learn()
            self._scale, self._slow = scale, 0
            self._begin(SETTLE_S)
        if self._settling > 0.0:
            self._settling -= dt
            return ""
        self._time += dt
        self._frames += 1
        if self._time < WINDOW_S or self._frames < 2:
            return ""
        taken = self._time / self._frames
        if scale == 1:
            self._learn()
        too_long = scale > 1 and taken > max(self._most, SLOWER * self._plain)
        self._slow = self._slow + 1 if too_long else 0
        self._begin(0.0)
        if self._slow < 2:
            return ""
        self._slow = 0
        without = f", {1.0 / self._plain:.0f} without" if self._plain else ""
        return f"only {1.0 / taken:.0f} frames a second with it{without}"

    def _learn(self) -> None:
        self._plain = self._time / self._frames

    def _begin(self, settle: float) -> None:
        self._time, self._frames, self._settling = 0.0, 0, settle
