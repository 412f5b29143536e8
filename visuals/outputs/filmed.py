"""What recordings and streams have in common: frames and sound go to a process that makes a film of them."""

from collections import deque
from typing import TYPE_CHECKING, Any

from visuals.outputs.kind import OutputHost

if TYPE_CHECKING:
    from visuals.generators.generator import Frame
    from visuals.outputs.recording import Recording

ENCODERS = ("auto", "software", "nvenc", "videotoolbox", "qsv", "amf", "mf", "vaapi")
PYAV = "PyAV: isn't installed; it is needed for films; pip install 'artgen-osc[stream]'"
RATE_OVER = 11
"""Looks over which the bit rate is taken: 5 s."""

LOOK_S = 0.5
SMALLEST = 16
"""Pixels of a side."""


class FilmedOutput:
    """Makes one film after the other. It works beside the loop, which hands frames over and asks how it goes.

    Parameters
    ----------
    settings : with ``width``, ``height``, ``fps``, ``bit_rate`` and ``encoder``
    host : OutputHost

    Attributes
    ----------
    recording : the film that is being made; None: none is
    ending : those that take no more frames and aren't finished
    seconds, rate_mbit : of the newest: how long, bits a second
    """

    direct = True

    def __init__(self, settings: Any, host: OutputHost) -> None:
        self.settings = settings
        self.recording: Recording | None = None
        self.ending: list[Recording] = []
        self.seconds = self.rate_mbit = 0.0
        self._showing, self._ear = host.showing, host.ear
        self._lost = 0
        self._grown: deque[tuple[float, int]] = deque(maxlen=RATE_OVER)

    @property
    def dropped(self) -> int:
        """Frames that were lost since the show began."""
        alive = (*self.ending, self.recording) if self.recording else self.ending
        return self._lost + sum(one.dropped for one in alive)

    def wants(self, time: float) -> tuple[int, int] | None:
        """See `visuals.outputs.kind.Output`."""
        recording = self.recording
        return recording.wish.size if recording is not None and recording.wants(time) else None

    def take(self, frame: "Frame", time: float) -> None:
        """See `visuals.outputs.kind.Output`."""
        if self.recording is not None:
            self.recording.put(frame)

    def begin(self, name: str, sound: bool, alpha: bool = False, address: str = "") -> None:
        """Begin a film, as the settings say.

        Parameters
        ----------
        name, sound, alpha, address : as of `visuals.outputs.recorder.Wish`
        """
        from visuals.outputs.recorder import Wish
        from visuals.outputs.recording import Recording

        given, (width, height) = self.settings, self._showing.size
        size = even(given.width or width), even(given.height or height)
        wish = Wish(name, size, given.fps, round(given.bit_rate * 1e6), given.encoder, alpha, sound, address)
        self._grown.clear()
        self.recording = Recording(wish, self._showing.began, self._ear)

    def end(self) -> None:
        """End the film that is being made, if there is one; it is finished beside the loop."""
        if self.recording is not None:
            self.recording.end()
            self.ending.append(self.recording)
            self.recording = None

    def measure(self, film: "Recording", time: float) -> None:
        """See how long it is, and its bit rate.

        Parameters
        ----------
        film : the newest
        time : s since the show began
        """
        self._grown.append((time, film.size))
        (before, less), (now, more) = self._grown[0], self._grown[-1]
        self.seconds = film.seconds
        self.rate_mbit = 8e-6 * (more - less) / (now - before) if now > before else 0.0

    def let_go(self) -> None:
        """Keep of those that are finished what they have lost."""
        self._lost += sum(one.dropped for one in self.ending if one.over)
        self.ending = [one for one in self.ending if not one.over]


def even(side: int) -> int:
    """A side as films have it.

    Parameters
    ----------
    side : pixels
    """
    return max(SMALLEST, side // 2 * 2)
