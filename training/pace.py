"""How long a training takes, in words, from the steps that it has made."""

from collections import deque

WARMING = 2
"""Steps that are slower than all others: memory is taken, kernels are chosen."""
MEASURED = 5
"""Steps from which the first word is said."""
LATEST = 50


def spoken(seconds: float) -> str:
    """A duration as people say it: ``40 s``, ``12 min``, ``7 h 30 min``, ``3 days 4 h``."""
    if seconds < 100:
        return f"{max(seconds, 1):.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours + (minutes >= 30), 24)
    return f"{days} day{'s' if days > 1 else ''}" + (f" {hours} h" if hours else "")


class Pace:
    """Watches the steps of a run.

    Parameters
    ----------
    total : steps in all
    done : steps that were made before
    """

    def __init__(self, total: int, done: int) -> None:
        self._total, self.done = total, done
        self._seconds: deque[float] = deque(maxlen=LATEST)
        self._made = 0

    def add(self, seconds: float) -> bool:
        """Count a step that took so long; True once: when enough is known for a word on the whole."""
        self.done += 1
        self._made += 1
        if self._made > WARMING or self._total - self.done < MEASURED:
            self._seconds.append(seconds)
        return self._made == WARMING + MEASURED and self.done < self._total

    @property
    def step(self) -> float:
        """Seconds that a step takes of late."""
        return sum(self._seconds) / len(self._seconds) if self._seconds else 0.0

    @property
    def left(self) -> float:
        """Seconds that the rest will take."""
        return (self._total - self.done) * self.step

    def line(self) -> str:
        """How far the run is; below 80 letters for any number of steps that somebody lives to see."""
        line = f"step {self.done:,} of {self._total:,}"
        if self._seconds:
            line += f", {self.step:.2g} s each" if self.step < 10 else f", {self.step:.0f} s each"
            if self.done < self._total:
                line += f", about {spoken(self.left)} to go"
        return line

    def foretell(self, first_sheet: float, samples: object) -> tuple[str, str]:
        """What is to be expected, in two lines.

        Parameters
        ----------
        first_sheet : seconds after which samples are due
        samples : the folder where they will be
        """
        steps = self._total - self.done
        return (
            f"{steps:,} steps will take about {spoken(self.left)} here; Ctrl-C stops, the same command goes on",
            f"the first pictures can be seen in about {spoken(min(first_sheet, self.left))}: {samples}",
        )
