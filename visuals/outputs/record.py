"""The recording as an output: a film of the show, with its sound."""

import importlib.util
import logging
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from artgen_osc.runtime.text import printable
from artgen_osc.schema.address import COUNT_MAX, Address
from artgen_osc.schema.setting import setting
from visuals.outputs.kind import OutputHost

if TYPE_CHECKING:
    from visuals.generators.generator import Frame
    from visuals.outputs.recording import Recording

log = logging.getLogger(__name__)

ENDINGS = (".mp4", ".mov", ".mkv", ".webm")
ENCODERS = ("auto", "software", "nvenc", "videotoolbox", "qsv", "amf", "mf", "vaapi")
PYAV = "PyAV: isn't installed; it is needed for films; pip install 'artgen-osc[stream]'"
CLOSE_S = 4.0
"""So long may a film take to be finished at the end of a show."""

LOOK_S = 0.5
RATE_OVER = 11
"""Looks over which the bit rate is taken: 5 s."""

SMALLEST = 16
"""Pixels of a side."""


def _film(value: str) -> None:
    if "\0" in value or Path(value).suffix.lower() not in ENDINGS:
        raise ValueError(f"{value!r} can't be the name of a film; end it in {', '.join(ENDINGS)}")


@dataclass(frozen=True, slots=True)
class RecordSettings:
    """What is written, and when."""

    on: bool = setting(False, "record the show", scene=False)
    file: str = setting(
        "artgen-%Y-%m-%d-%H%M%S.mp4",
        "name of the next film, ending in .mp4, .mov, .mkv or .webm, with %Y %m %d %H %M %S for date and time; "
        "a name in use gets a number",
        path=True,
        scene=False,
        check=_film,
    )
    width: int = setting(0, "width of the next film; 0: that of the show", 0, 8192, "pixels", scene=False)
    height: int = setting(0, "height of the next film; 0: that of the show", 0, 8192, "pixels", scene=False)
    fps: float = setting(30.0, "frames a second of the next film, whatever the show's", 1.0, 120.0, "fps", scene=False)
    bit_rate: float = setting(0.0, "of the next film's picture; 0: by quality", 0.0, 500.0, "Mbit/s", scene=False)
    encoder: str = setting(
        "auto",
        f"of the next film, in H.264: {', '.join(ENCODERS)}; auto: the graphics card's where one works",
        choices=ENCODERS,
        scene=False,
    )
    alpha: bool = setting(
        False, "keep what is transparent in the next film: ProRes 4444 in .mov, VP9 in .webm", scene=False
    )


class RecordOutput:
    """Writes one film after the other. It works beside the loop, which hands frames over and asks how it goes.

    Parameters
    ----------
    settings : RecordSettings
    host : OutputHost

    Attributes
    ----------
    state : ``off``, ``starting``, ``recording``, ``finishing``, or why it has failed
    film : name of the file that is written, or was written last
    seconds, size_mb, rate_mbit : of it: how long, how large, bits a second
    dropped : frames that were lost since the show began
    """

    Settings = RecordSettings
    direct = True
    tells = (
        Address("state", "string", "off, starting, recording, finishing, or why it has failed"),
        Address("film", "string", "name of the film that is written, or was written last"),
        Address("seconds", "float", "of it that are written", 0.0, 1e9, "s"),
        Address("size_mb", "float", "its size", 0.0, 1e9, "MB"),
        Address("rate_mbit", "float", "its bit rate, of the last seconds", 0.0, 1e6, "Mbit/s"),
        Address("dropped", "int", "frames that were lost so far", 0, COUNT_MAX),
    )

    def __init__(self, settings: RecordSettings, host: OutputHost) -> None:
        self.settings = settings
        self._showing, self._ear = host.showing, host.ear
        self._on = False
        self._recording: Recording | None = None
        self._ending: list[Recording] = []
        self._lost = 0
        self._next_look = 0.0
        self._grown: deque[tuple[float, int]] = deque(maxlen=RATE_OVER)
        self.state, self.film = "off", ""
        self.seconds = self.size_mb = self.rate_mbit = 0.0

    @property
    def alpha(self) -> bool:
        """Whether the film that is written keeps what is transparent."""
        return self._recording is not None and self._recording.wish.alpha

    @property
    def dropped(self) -> int:
        """Frames that were lost since the show began."""
        alive = (*self._ending, self._recording) if self._recording else self._ending
        return self._lost + sum(one.dropped for one in alive)

    def prepare(self, time: float) -> None:
        """Begin and end films, and look how they are; see `visuals.outputs.kind.Direct`."""
        if self.settings.on != self._on:
            self._on = self.settings.on
            self._end()
            if self._on:
                self._begin()
            self._next_look = time
        if time >= self._next_look:
            self._next_look = time + LOOK_S
            self._look(time)

    def wants(self, time: float) -> tuple[int, int] | None:
        """See `visuals.outputs.kind.Output`."""
        recording = self._recording
        return recording.wish.size if recording is not None and recording.wants(time) else None

    def take(self, frame: "Frame", time: float) -> None:
        """See `visuals.outputs.kind.Output`."""
        if self._recording is not None:
            self._recording.put(frame)

    def close(self) -> None:
        """Finish the film."""
        self._end()
        until = monotonic() + CLOSE_S
        for one in self._ending:
            if not one.join(max(0.0, until - monotonic())):
                log.warning("%s: isn't finished, since the disk or the encoder hangs; what is there plays", one.film)

    def _begin(self) -> None:
        if importlib.util.find_spec("av") is None:
            self.state = PYAV
            log.warning("%s; the show goes on without it", PYAV)
            return
        from visuals.outputs.recorder import Wish
        from visuals.outputs.recording import Recording

        given, (width, height) = self.settings, self._showing.size
        wish = Wish(
            name=given.file,
            size=(even(given.width or width), even(given.height or height)),
            fps=given.fps,
            bit_rate=round(given.bit_rate * 1e6),
            encoder=given.encoder,
            alpha=given.alpha,
            sound=self._ear is not None,
        )
        self._grown.clear()
        self._recording = Recording(wish, self._showing.began, self._ear)

    def _end(self) -> None:
        if self._recording is not None:
            self._recording.end()
            self._ending.append(self._recording)
            self._recording = None

    def _look(self, time: float) -> None:
        """How the newest film is."""
        newest = self._recording or (self._ending[-1] if self._ending else None)
        if newest is None:
            return
        self._grown.append((time, newest.size))
        (before, less), (now, more) = self._grown[0], self._grown[-1]
        self.film, self.seconds, self.size_mb = printable(newest.film), newest.seconds, newest.size / 1e6
        self.rate_mbit = 8e-6 * (more - less) / (now - before) if now > before else 0.0
        self.state = newest.error or (
            "off" if newest.over else "finishing" if newest.ending else "recording" if newest.film else "starting"
        )
        if self._recording is not None and self._recording.over:
            self._end()
        self._ending = [one for one in self._ending if not self._gone(one)]

    def _gone(self, one: "Recording") -> bool:
        """Whether a film is written; what it has lost stays counted."""
        self._lost += one.dropped if one.over else 0
        return one.over


def even(side: int) -> int:
    """A side as films have it.

    Parameters
    ----------
    side : pixels
    """
    return max(SMALLEST, side // 2 * 2)
