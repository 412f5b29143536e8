"""One moment of the show, as the compositor draws it and as it is told and kept."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from visuals.compositor.kind import Moment
from visuals.modulation.follow import Vector
from visuals.modulation.matrix import NOTHING
from visuals.modulation.motion import Look
from visuals.painting.painter import Picture
from visuals.painting.worker import WorkerState
from visuals.quality import Quality


@dataclass(frozen=True, slots=True)
class Scene:
    """What a step of the show has come to.

    Attributes
    ----------
    mix : 1 at the newest picture, 0 at the one before, -1 at the one before that, and so on
    look : camera and light
    effects : settings of the effects and layers on their way to what is set, by the plugin's name
    moment : what effects and layers know of the frame
    painted : the newest picture, None before the first
    pictures : generated pictures shown so far
    mood : valence and energy that are painted, 0..1
    seed : number of the picture that the path has come from
    keyframes : how many are marked
    keyframe : number of the one that the path goes to, from 1; 0: it goes to none
    name : of the scene that was recalled or saved last, or empty
    fps : frames per second, lately
    worker : state of what paints
    levels : how far each connection is up, 0..1, in their order; nan before anything was heard
    missed : what a connection misses, such as a beat; empty: nothing
    quality : how much is drawn
    """

    mix: float
    look: Look
    effects: Mapping[str, Any]
    moment: Moment
    painted: Picture | None
    pictures: int
    mood: tuple[float, float]
    seed: int
    keyframes: int
    keyframe: int
    name: str
    fps: float
    worker: WorkerState
    levels: Vector = field(default_factory=lambda: NOTHING)
    missed: str = ""
    quality: Quality = field(default_factory=Quality)

    @property
    def stage(self) -> Iterable[float] | None:
        """z of the newest picture, of the first model; None before there is one."""
        return self.painted.strokes[0].z if self.painted is not None else None

    @property
    def scale(self) -> int:
        """How many times the side the finisher has made of the newest picture, 4, 2, or 1 without it."""
        return self.painted.scale if self.painted is not None else 1
