"""Movement that is smooth and the same at every frame rate.

Both classes solve their differential equation exactly over a step, so two steps of
half the length end where one whole step does.
"""

import numpy as np

Vector = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


class Follower:
    """Critically damped pursuit of a target: no overshoot from rest, no jump of the velocity.

    Parameters
    ----------
    start : (n,), where it rests at first

    Attributes
    ----------
    value : (n,)
    velocity : (n,), per second
    """

    def __init__(self, start: np.ndarray | list[float]) -> None:
        self.value: Vector = np.array(start, dtype=np.float64)
        self.velocity: Vector = np.zeros_like(self.value)

    def step(self, target: np.ndarray | list[float], seconds: float, dt: float) -> Vector:
        """Move on by `dt` seconds towards a target that rests meanwhile.

        Parameters
        ----------
        target : (n,)
        seconds : float > 0
            How far it lags behind a steadily moving target.
        dt : s >= 0

        Returns
        -------
        (n,), the new `value`
        """
        if dt <= 0.0:
            return self.value
        goal = np.asarray(target, dtype=np.float64)
        omega = 2.0 / seconds
        offset = self.value - goal
        push = (self.velocity + omega * offset) * dt
        decay = np.exp(-omega * dt)
        self.value = goal + (offset + push) * decay
        self.velocity = (self.velocity - omega * push) * decay
        return self.value


class Envelope:
    """Impulses that rise within a few hundredths of a second and die away over seconds.

    A critically damped follower chases an exponential decay. An impulse raises only what
    is chased, so value and velocity stay continuous.

    Parameters
    ----------
    n : channels
    attack : s until an impulse has about peaked
    release : s in which it falls to 1/e; longer than `attack`
    """

    def __init__(self, n: int, attack: float = 0.08, release: float = 0.9) -> None:
        self.value: Vector = np.zeros(n)
        self._velocity: Vector = np.zeros(n)
        self._source: Vector = np.zeros(n)
        self._omega = 3.0 / attack
        self._fall = 1.0 / release
        self._gain = (self._omega / (self._omega - self._fall)) ** 2

    def kick(self, impulse: np.ndarray | list[float], most: float = 2.0) -> None:
        """Add an impulse.

        Parameters
        ----------
        impulse : ``(n,)``
        most : towards which the sum saturates
        """
        room = max(0.0, 1.0 - float(np.max(np.abs(self._source))) / most)
        self._source = self._source + np.asarray(impulse, dtype=np.float64) * room

    def step(self, dt: float) -> Vector:
        """Move on by `dt` seconds and return the new value `(n,)`."""
        if dt <= 0.0:
            return self.value
        driven = self._gain * self._source
        offset = self.value - driven
        push = (self._velocity + self._fall * driven + self._omega * offset) * dt
        decay = np.exp(-self._omega * dt)
        velocity = (self._velocity + self._fall * driven - self._omega * push) * decay
        self._source = self._source * np.exp(-self._fall * dt)
        driven = self._gain * self._source
        self.value = driven + (offset + push) * decay
        self._velocity = velocity - self._fall * driven
        return self.value
