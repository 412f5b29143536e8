"""The walk through the latent space.

Picture number `seed` is a direction drawn from that seed. The path travels from picture
to picture along great circles at a steady angular speed. Where it would turn a corner or
leap to another seed, or to the keyframes and back, the difference goes into an offset that a critically damped follower
takes back to zero, so position and velocity stay continuous (inertialisation: D. Bollo,
"Inertialization", GDC 2018).
"""

from dataclasses import dataclass

import numpy as np

from artgen_osc.config.tables import VisualsConfig
from artgen_osc.schema.keyframes import from_text
from artgen_osc.schema.values import COUNT_MAX
from visuals.control.controls import Control
from visuals.generators.sphere import FloatArray, Vector, direction, slerp
from visuals.modulation.beat_clock import BeatClock
from visuals.modulation.follow import Follower
from visuals.painting.keyframes import Loop

GLIDE_S = 1.6
"""Lag of the glide to another seed, and the roundness of the corners."""

PACE_S = 0.3
"""Lag of the pace at which keyframes are played."""

LOCK_S = 0.7
"""Time constant with which they are drawn to the beats."""

STALE_GLIDE_S = 6.0
"""Lag of the mood's way back to neutral when the daemon is gone."""

SMALLEST_S = 0.05
"""Even with smoothing at 0 the mood takes this long, so that no frame jumps."""

PUSH = 0.12
"""Radians per second that an onset adds, sideways to the path."""


@dataclass(frozen=True, slots=True)
class Latent:
    """What the generator is asked for.

    Attributes
    ----------
    z : float32 ``(z_dim,)`` of length ``sqrt(z_dim)``
    mood : float32 ``(2,)``, valence and energy in 0..1
    truncation : 0..1
    cuts : how often the path was left with a cut so far
    """

    z: FloatArray
    mood: FloatArray
    truncation: float
    cuts: int = 0


class LatentPath:
    """Position on the path, and the mood on its way to the music's.

    While it plays keyframes, travel from seed to seed waits where it is.

    Parameters
    ----------
    z_dim : length of `z`, at least 2
    settings : VisualsConfig
        Where to start.
    clock : where the music is; the show moves it on

    Attributes
    ----------
    seed : number of the picture that free travel has come from
    unused : keyframes that can't be played, since they are of a generator with another `z_dim`
    """

    def __init__(self, z_dim: int, settings: VisualsConfig, clock: BeatClock) -> None:
        self.seed = settings.seed
        start = [settings.valence, settings.energy] if settings.manual else [0.5, 0.5]
        self._mood = Follower(start)
        self._truncation = Follower([settings.truncation])
        self._rate = Follower([settings.speed / 10.0])
        self._cues = self._nexts = self._onsets = self._beats = self._cuts = 0
        self._clock = clock
        self._place, self._pace = 0.0, Follower([0.0])
        self.resize(z_dim)

    def resize(self, z_dim: int) -> None:
        """Start again at the current seed for a generator with another `z_dim`."""
        self.z_dim = z_dim
        self._offset = Follower(np.zeros(z_dim))
        self._phase = 0.0
        self._loop: Loop | None = None
        self._played = False, ""
        self.unused = 0
        self._aim(self.seed)

    @property
    def keyframe(self) -> int:
        """Number of the keyframe that the path goes to, from 1; 0: it goes to none."""
        return self._loop.ahead(self._place) if self._loop is not None else 0

    def step(self, control: Control, dt: float) -> Latent:
        """Move on by `dt` seconds.

        Parameters
        ----------
        control : Control
        dt : s >= 0; with 0 nothing moves

        Returns
        -------
        Latent
        """
        settings = control.settings
        smoothing = max(settings.smoothing, SMALLEST_S)
        if control.stale:
            smoothing = max(smoothing, STALE_GLIDE_S)
        mood = self._mood.step([control.valence, control.energy], smoothing, dt)
        truncation = self._truncation.step([settings.truncation], 0.5, dt)
        self._choose(settings)
        self._listen(control, dt)
        surge = settings.beat_surge * control.tempo_confidence * np.cos(2.0 * np.pi * control.bar_phase)
        if self._loop is None:
            self._travel(settings.speed / 10.0 * 2.0 ** (float(mood[1]) - 0.5) * (1.0 + float(surge)), dt)
        elif dt > 0.0:
            self._play(settings, dt)
        asked = float(np.clip(truncation[0], 0.0, 1.0))
        return Latent(self._z(), np.clip(mood, 0.0, 1.0).astype(np.float32), asked, self._cuts)

    def _choose(self, settings: VisualsConfig) -> None:
        """Keyframes or free travel; where that changes, the path glides from the one to the other."""
        if (played := (settings.path_play, settings.path_keyframes)) == self._played:
            return
        self._played = played
        position, velocity = self._on_path()
        keyframes = list(enumerate(from_text(settings.path_keyframes) if settings.path_play else [], 1))
        fitting = [(number, z) for number, z in keyframes if len(z) == self.z_dim]
        self.unused = len(keyframes) - len(fitting)
        if self._loop is None:
            self._place, self._pace = 0.0, Follower([0.0])
        self._loop = Loop([z for _, z in fitting], [number for number, _ in fitting]) if fitting else None
        self._carry(position, velocity)

    def _play(self, settings: VisualsConfig, dt: float) -> None:
        """On through the keyframes, each on a beat where there are beats."""
        assert self._loop is not None
        pace = 1.0 / settings.path_seconds
        if settings.path_beats and self._clock.known:
            off = self._clock.beats - self._place * settings.path_beats
            pace = (self._clock.tempo_bpm / 60.0 + (off - round(off)) / LOCK_S) / settings.path_beats
        before = float(self._pace.value[0])
        mean = max(0.0, (before + float(self._pace.step([pace], PACE_S, dt)[0])) / 2.0)
        self._place = (self._place + mean * dt) % len(self._loop)
        self._offset.step(np.zeros(self.z_dim), GLIDE_S, dt)

    def _listen(self, control: Control, dt: float) -> None:
        """Turn new cues into a leap of the path and an equal, opposite offset."""
        goal, cut = self.seed, False
        every = control.settings.beat_next
        if control.cues != self._cues:
            goal = control.settings.seed
        elif control.nexts != self._nexts:
            goal = (self.seed + control.nexts - self._nexts) % COUNT_MAX
        elif every and dt > 0.0 and self._loop is None and control.beats // every != self._beats // every:
            goal, cut = (self.seed + 1) % COUNT_MAX, control.settings.beat_cut
        if goal != self.seed or control.cues != self._cues:
            position, velocity = self._on_path()
            self._phase = 0.0
            self._aim(goal)
            if cut:
                self._offset = Follower(np.zeros(self.z_dim))
                self._cuts += 1
            else:
                self._carry(position, velocity)
        if control.onsets != self._onsets and dt > 0.0:
            sideways = direction(control.onsets, self.z_dim)
            self._offset.velocity = self._offset.velocity + PUSH * control.settings.onset_effect * sideways
        self._cues, self._nexts = control.cues, control.nexts
        self._onsets, self._beats = control.onsets, control.beats

    def _travel(self, rate: float, dt: float) -> None:
        before = float(self._rate.value[0])
        self._rate.step([rate], 1.0, dt)
        mean = max(0.0, (before + float(self._rate.value[0])) / 2.0)
        left = dt
        while mean > 0.0 and self._phase + mean * left >= 1.0:
            until = (1.0 - self._phase) / mean
            self._offset.step(np.zeros(self.z_dim), GLIDE_S, until)
            left -= until
            self._phase = 1.0
            position, velocity = self._on_path()
            self._phase = 0.0
            self._aim((self.seed + 1) % COUNT_MAX)
            self._carry(position, velocity)
        self._phase += mean * left
        self._offset.step(np.zeros(self.z_dim), GLIDE_S, left)

    def _aim(self, seed: int) -> None:
        self.seed = seed
        self._start = direction(seed, self.z_dim)
        self._end = direction((seed + 1) % COUNT_MAX, self.z_dim)

    def _carry(self, position: Vector, velocity: Vector) -> None:
        """Keep position and velocity over a change of the path."""
        new_position, new_velocity = self._on_path()
        self._offset.value = self._offset.value + position - new_position
        self._offset.velocity = self._offset.velocity + velocity - new_velocity

    def _on_path(self) -> tuple[Vector, Vector]:
        """Position and velocity per second on the path, without the offset."""
        if self._loop is not None:
            return self._loop.at(self._place), self._loop.velocity(self._place) * float(self._pace.value[0])
        here = slerp(self._start, self._end, self._phase)
        angle = float(np.arccos(np.clip(self._start @ self._end, -1.0, 1.0)))
        ahead = (
            self._end - (self._end @ here) * here if self._phase < 0.5 else (self._start @ here) * here - self._start
        )
        length = float(np.linalg.norm(ahead))
        speed = float(self._rate.value[0]) * angle
        return here, ahead * (speed / length if length > 1e-9 else 0.0)

    def _z(self) -> FloatArray:
        here = self._loop.at(self._place) if self._loop else slerp(self._start, self._end, self._phase)
        point = here + self._offset.value
        length = max(float(np.linalg.norm(point)), 1e-9)
        return np.asarray(point * (np.sqrt(self.z_dim) / length)).astype(np.float32)
