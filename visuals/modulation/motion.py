"""What moves and fades on the way from the picture to the screen."""

from dataclasses import dataclass

import numpy as np

from visuals.control.controls import Control
from visuals.control.easing import ease
from visuals.modulation.follow import Envelope, Follower

SLACK = 1.09
"""Zoom at rest: the drift needs something to move into."""

KICK_ZOOM = 0.035
KICK_DRIFT = 0.018
PULSE_ZOOM = 0.03
GOLDEN_ANGLE = 2.399963


@dataclass(frozen=True, slots=True)
class Look:
    """The camera, and the light.

    Attributes
    ----------
    zoom : at least 1
    drift : (2,), in heights of the picture, right and up
    brightness : 0 (black) to 1
    time : s of show time
    """

    zoom: float = SLACK
    drift: tuple[float, float] = (0.0, 0.0)
    brightness: float = 1.0
    time: float = 0.0


class Motion:
    """The camera: a slow drift of its own, a push on each onset and a breath on each beat.

    Parameters
    ----------
    control : Control
        Where it starts; the screen fades in from black.
    """

    def __init__(self, control: Control) -> None:
        self._onsets, self._beats = control.onsets, control.beats
        self._push = Envelope(3)
        self._pulse = Envelope(1, attack=0.06, release=0.25)
        self._light = Follower([0.0])
        self._time = 0.0

    def step(self, control: Control, dt: float, real_dt: float, lit: bool = True) -> Look:
        """Move on.

        Parameters
        ----------
        control : Control
        dt : s of show time, 0 while frozen
        real_dt : s; blackout works while frozen too
        lit : whether there is a picture to fade in

        Returns
        -------
        Look
        """
        settings = control.settings
        if control.onsets != self._onsets and dt > 0.0:
            angle = GOLDEN_ANGLE * control.onsets
            kick = np.array([KICK_ZOOM, KICK_DRIFT * np.cos(angle), KICK_DRIFT * np.sin(angle)])
            self._push.kick(kick * settings.onset_effect, most=2.0 * KICK_ZOOM)
        if control.beats != self._beats and dt > 0.0:
            self._pulse.kick([PULSE_ZOOM * settings.beat_pulse], most=2.0 * PULSE_ZOOM)
        self._onsets, self._beats = control.onsets, control.beats
        push = self._push.step(dt)
        pulse = float(self._pulse.step(dt)[0])
        self._time += dt
        time = self._time
        light = self._light.step([1.0 if lit and not settings.blackout else 0.0], 0.4, real_dt)
        return Look(
            zoom=max(1.0, SLACK + 0.03 * np.sin(0.11 * time) + float(push[0]) + pulse),
            drift=(0.022 * np.sin(0.07 * time) + float(push[1]), 0.022 * np.sin(0.053 * time + 1.0) + float(push[2])),
            brightness=_settled(float(light[0])),
            time=time,
        )


def _settled(light: float) -> float:
    """Nothing is nothing in the end, black is black, not one step above it."""
    return 0.0 if light < 0.002 else 1.0 if light > 0.998 else light


class Pace:
    """Show time: runs with real time, and comes to a smooth halt when frozen."""

    def __init__(self, ramp: float = 0.3) -> None:
        self._ramp = ramp
        self._run = 1.0

    def step(self, freeze: bool, dt: float) -> float:
        """Seconds of show time in the next `dt` seconds of real time.

        Parameters
        ----------
        freeze : whether it is to stand still
        dt : s of real time since the last call
        """
        before = self._run
        change = dt / self._ramp
        self._run = max(0.0, before - change) if freeze else min(1.0, before + change)
        return dt * 0.5 * (ease(before) + ease(self._run))


class Crossfade:
    """How far the screen is from one generated picture to the next.

    Each arrival starts a linear fade from what is on screen to the new picture, as long as
    the pictures have lately been apart. Nothing jumps at an arrival, whatever its time.
    """

    SHORTEST = 0.03
    LONGEST = 1.5

    def __init__(self) -> None:
        self._interval = 0.1
        self._start = self._length = 0.0
        self._last: float | None = None
        self._change_until = 0.0

    def arrive(self, time: float, change: float = 0.0, cut: bool = False) -> None:
        """A picture came in.

        Parameters
        ----------
        time : s of show time
        change : s that the fade takes, where the picture is from another model; 0: it isn't
        cut : whether the picture is shown at once
        """
        if self._last is not None:
            apart = min(max(time - self._last, 0.0), self.LONGEST)
            self._interval += 0.2 * (apart - self._interval)
        if change and self._last is not None:
            self._change_until = time + change
        if cut:
            self._change_until = time
        self._last = time
        # A little longer than the mean, so that a late picture still finds things moving.
        usual = max(1.3 * self._interval, self.SHORTEST)
        self._start, self._length = time, 0.0 if cut else max(usual, self._change_until - time)

    def mix(self, time: float) -> float:
        """0 (what was on screen at the arrival) to 1 (the newest picture)."""
        if self._last is None or not self._length:
            return 1.0
        return min(max((time - self._start) / self._length, 0.0), 1.0)
