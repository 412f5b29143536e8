"""Which frames of a show a film is made of."""

from fractions import Fraction


def frame_rate(fps: float) -> Fraction:
    """A rate as films and programs have it, such as 24000/1001.

    Parameters
    ----------
    fps : frames a second
    """
    return Fraction(fps).limit_denominator(1001)


class Cadence:
    """Which frames of a show become frames of a film: of each, the one nearest to the middle of the time it is seen.

    Parameters
    ----------
    fps : frames a second, of the film
    """

    def __init__(self, fps: Fraction) -> None:
        self._fps = fps
        self._next, self._before = 0, 0.0

    def due(self, time: float) -> int | None:
        """The number of the film's frame that the show's is to be; None: it isn't one.

        Parameters
        ----------
        time : s since the film began
        """
        lasts, self._before = time - self._before, time
        if self._next and (time + lasts / 2) * self._fps < self._next + 0.5:
            return None
        index = max(self._next, int(time * self._fps))
        self._next = index + 1
        return index
