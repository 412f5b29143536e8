"""How much is drawn: less, step by step, where frames don't keep up, and more again later."""

import logging
from dataclasses import dataclass
from typing import Any

from artgen_osc.config.tables import AUTO, FULL, QUALITY_STEPS

log = logging.getLogger(__name__)

LEAST_FPS = 30.0
SLACK = 1.05
"""Times as long as that a frame may take."""

LEAST_PICTURES, MOST_PICTURES = 6.0, 30.0
"""A second: what there has to be time for with the finisher, and what there is no use for more of."""

FAIR = 0.25
"""Of a generator's own time, so much is always given to the finisher: a slow one gets no faster without it."""

START_S = 4.0
"""Models open and shaders are compiled then."""

WINDOW_S = 1.0
SETTLE_S = 0.8
"""After a change: what it takes once doesn't count, and the pictures before it have to pass."""

GAIN = 1.05
"""A step that makes frames less than so many times as fast is taken back."""

EASY = 0.8
"""Of the time that a frame may take: with less than that, a step back up is tried."""

AGAIN_S, LONGEST_S = 10.0, 320.0
"""So long after the last change; twice as long after each that failed, and at most."""

LASTS_S = 10.0
"""A step up that has to be taken back within that has failed."""


@dataclass(frozen=True, slots=True)
class Quality:
    """What is drawn.

    Attributes
    ----------
    pictures : that may be painted a second
    finisher : how many times the side it may make of pictures at most, 4, 2 or 1
    flow : whether things move from picture to picture; else one fades into the next
    size : of the frame's sides, at which layers and effects are drawn
    steps : what has been taken away, in the order of the setting; empty: nothing
    why : for people; empty: nothing was too slow
    """

    pictures: float = MOST_PICTURES
    finisher: int = 4
    flow: bool = True
    size: float = 1.0
    steps: tuple[str, ...] = ()
    why: str = ""

    @property
    def name(self) -> str:
        """As the status has it."""
        return ", ".join(self.steps) or FULL


_PARTS: dict[str, dict[str, Any]] = {
    "pictures-5": {"pictures": 5.0},
    "finisher-x2": {"finisher": 2},
    "size-75": {"size": 0.75},
    "finisher-off": {"finisher": 1},
    "no-flow": {"flow": False},
    "size-50": {"size": 0.5},
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What a frame was made of.

    Attributes
    ----------
    scene : name of the scene that is on; with another one all is tried anew
    pictures : that are painted a second
    scale : how many times the side the finisher has made of the newest picture
    flow : whether it moves along a flow
    composed : whether there are layers or effects that are drawn at the size of the frame
    painting, finishing : s that the newest picture has taken, without the finisher and in it
    """

    scene: str = ""
    pictures: float = 0.0
    scale: int = 1
    flow: bool = False
    composed: bool = False
    painting: float = 0.0
    finishing: float = 0.0

    def has(self, step: str) -> bool:
        """Whether a step would change anything."""
        wants = {
            "pictures-5": self.pictures > 1.1 * _PARTS["pictures-5"]["pictures"],
            "finisher-x2": self.scale == 4,
            "size-75": self.composed,
            "finisher-off": self.scale > 1,
            "no-flow": self.flow,
            "size-50": self.composed,
        }
        return bool(wants[step])


def made_of(steps: tuple[str, ...], why: str = "") -> Quality:
    """What is drawn after some steps.

    Parameters
    ----------
    steps : in the order of the setting
    why : for people
    """
    parts: dict[str, Any] = {}
    for step in steps:
        parts |= _PARTS[step]
    return Quality(**parts, steps=steps, why=why)


class Watch:
    """Watches the time from frame to frame, in windows of a second, and takes steps.

    Parameters
    ----------
    fps : most frames a second

    Attributes
    ----------
    now : Quality
    """

    def __init__(self, fps: float) -> None:
        self._most = max(1.1 / fps, SLACK / LEAST_FPS)
        self._easy = max(EASY * self._most, 1.02 / fps)
        self._taken: list[str] = []
        self._vain: set[str] = set()
        self._scene, self._scale = "", 1
        self._wait, self._since = AGAIN_S, 0.0
        self._slow = self._late = 0
        self._before = 0.0
        """s a frame took before the step that is judged; 0: none is."""
        self._failing = ""
        """The step that is tried without."""
        self._begin(START_S)
        self.now = Quality()

    def step(self, wanted: str, seen: Seen, dt: float) -> Quality:
        """One frame.

        Parameters
        ----------
        wanted : the setting
        seen : what the frame was made of
        dt : s since the last frame
        """
        if wanted != AUTO:
            steps = () if wanted == FULL else QUALITY_STEPS[: QUALITY_STEPS.index(wanted) + 1]
            if self.now.steps != steps or self.now.why:
                self._taken = list(steps)
                self._vain.clear()
                self.now = made_of(steps)
                self._begin(SETTLE_S)
            return self.now
        if seen.scene != self._scene:
            self._scene, self._wait = seen.scene, AGAIN_S
            self._vain.clear()
        if seen.scale > self._scale:
            self._begin(SETTLE_S)  # the finisher has come
        self._scale = seen.scale
        self._since += dt
        if self._settling > 0.0:
            self._settling -= dt
            return self.now
        self._time += dt
        self._frames += 1
        if self._time >= WINDOW_S and self._frames > 1:
            taken = self._time / self._frames
            self._begin(0.0)
            self._judge(taken, seen)
        return self.now

    def _judge(self, taken: float, seen: Seen) -> None:
        """A window is over, in which a frame has taken so many s."""
        self._late = self._late + 1 if too_slow(seen.painting, seen.finishing) else 0
        self._slow = self._slow + 1 if taken > self._most else 0
        before, self._before = self._before, 0.0
        in_vain = bool(self._slow) and 0.0 < before < GAIN * taken
        if in_vain:
            self._vain.add(self._taken.pop())
        if self._slow and before:
            self._slow = 2  # known to be slow for longer
        if self._slow >= 2:
            steps = [one for one in QUALITY_STEPS if one not in {*self._taken, *self._vain} and seen.has(one)]
            why = f"only {1.0 / taken:.0f} frames a second"
            if steps or in_vain:
                self._down(steps[:1], why, taken)
        elif self._late >= 2 and "finisher-off" not in self._taken:
            self._down(["finisher-off"], f"fewer than {LEAST_PICTURES:g} pictures a second with the finisher", 0.0)
        elif self._taken and taken <= self._easy and self._since > self._wait:
            self._failing = self._taken.pop()
            self._change(self.now.why if self._taken else "", "tried again")
        elif self._since > LASTS_S:
            self._failing = ""

    def _down(self, steps: list[str], why: str, taken: float) -> None:
        if self._failing and self._since < LASTS_S:
            self._wait = min(2.0 * self._wait, LONGEST_S)
        self._before = taken if steps and steps[0] != self._failing else 0.0
        self._failing = ""
        self._taken += steps
        self._change(why, why)

    def _change(self, why: str, told: str) -> None:
        self.now = made_of(tuple(one for one in QUALITY_STEPS if one in self._taken), why if self._taken else "")
        self._slow = self._late = 0
        self._since = 0.0
        self._begin(SETTLE_S)
        log.info("quality: %s (%s)", self.now.name, told)

    def _begin(self, settle: float) -> None:
        self._time, self._frames, self._settling = 0.0, 0, settle


def too_slow(painting: float, finishing: float) -> bool:
    """Whether the finisher takes too much of the time that a picture has.

    Parameters
    ----------
    painting : s that painting it takes
    finishing : s that finishing it takes
    """
    return painting + finishing > 1.0 / LEAST_PICTURES and finishing > FAIR * painting
