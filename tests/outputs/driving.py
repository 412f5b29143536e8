"""A show without a screen, for tests of one output."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from tests.support.waiting import wait_for
from visuals.outputs.kind import OutputHost
from visuals.testing.outputs import default_host

SIZE = (64, 48)


class Driven:
    """Gives an output the frames that it wants, at the pace of the clock, while something is waited for.

    Parameters
    ----------
    made : the class of the output
    settings : it begins with
    paint : gives the frame of a moment, uint8 ``(height, width, 4)``, by its size and time; alpha is cut off where
        none is wanted
    host : what the output may use
    """

    def __init__(
        self,
        made: Any,
        settings: Any,
        paint: Callable[[tuple[int, int], float], np.ndarray] | None = None,
        host: OutputHost | None = None,
    ) -> None:
        self.host = host or default_host()
        self.host.showing.size = SIZE
        self.host.showing.began = self._began = time.monotonic()
        self.output = made(settings, self.host)
        self._paint = paint or (lambda size, at: np.full((size[1], size[0], 4), 255, np.uint8))
        self.longest = 0.0
        self.states: list[str] = []

    def set(self, **changed: Any) -> None:
        self.output.settings = replace(self.output.settings, **changed)

    def frame(self) -> None:
        now = time.monotonic() - self._began
        self.output.prepare(now)
        size = self.output.wants(now)
        if size is not None:
            frame = self._paint(size, now)
            if not getattr(self.output, "alpha", False):
                frame = np.ascontiguousarray(frame[..., :3])
            frame.flags.writeable = False
            self.output.take(frame, now)
        self.longest = max(self.longest, time.monotonic() - self._began - now)
        if self.states[-1:] != [self.output.state]:
            self.states.append(self.output.state)

    def until(self, condition: Callable[[], Any], what: str, seconds: float = 120.0) -> Any:
        return wait_for(lambda: (self.frame(), condition())[1], seconds, what, lambda: self.states)
