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


LINE = 5
"""Pictures that are kept: the newest, and those that the screen has yet to pass."""


class Playhead:
    """Where the screen is on its way from one generated picture to the next.

    It follows the moments that the pictures are of, at their own pace and a little behind: so late that the next
    picture is there before it is needed, as a rule. What moves, moves evenly then, whenever pictures arrive. Nothing
    ever jumps.
    """

    SHORTEST = 0.03
    LONGEST = 1.5
    SPARE = 1.15
    """Times as far behind as would just have done lately."""

    CATCH_UP_S = 0.5
    LEAST_PACE = 0.3

    def __init__(self) -> None:
        self._line = [0.0]
        self._time = self._at = 0.0
        self._pace = 1.0
        self._lag = 0.2
        self._change_until = 0.0

    def arrive(
        self, time: float, of: float | None = None, change: float = 0.0, cut: bool = False, follows: bool = True
    ) -> bool:
        """A picture came in.

        Parameters
        ----------
        time : s of show time
        of : s, the moment that it is of; None: just now
        change : s that the way to it takes, where the picture is from another model; 0: it isn't
        cut : whether the picture is shown at once
        follows : whether there is a way to it along the pictures before

        Returns
        -------
        Whether it is that way; else one straight from what is on screen, which counts as the picture before
        """
        of, first = time if of is None else of, len(self._line) == 1
        place, self._at = self.mix(time), self._now(time)
        if not first:
            needed = min(self.SPARE * (time - self._line[-1]), self.LONGEST)
            self._lag += (0.3 if needed > self._lag else 0.05) * (needed - self._lag)
        if change and not first:
            self._change_until = time + change
        if cut:
            self._change_until = time
        follows = follows and not cut and self._change_until <= time and place >= 3.0 - LINE and of > self._line[-1]
        if follows:
            self._line = [*self._line, of][-LINE:]
            self._pace = max(1.0 + (time - self._at - self._lag) / self.CATCH_UP_S, self.LEAST_PACE)
        else:
            length = max(self._lag, self._change_until - time, self.SHORTEST)
            self._line = [of - length, of]
            self._at = of if cut or first else of - length
            self._pace = 1.0
        self._time = time
        return follows

    def mix(self, time: float) -> float:
        """1 at the newest picture, 0 at the one before, -1 at the one before that, and so on.

        Parameters
        ----------
        time : s of show time
        """
        at, place = self._now(time), 1.0
        for after, before in zip(self._line[:0:-1], self._line[-2::-1], strict=True):
            if at >= before:
                return place - (after - at) / (after - before)
            place -= 1.0
        return place

    def _now(self, time: float) -> float:
        """The moment that is on screen."""
        return min(self._at + self._pace * (time - self._time), self._line[-1])
