"""The recording as an output: a film of the show, with its sound."""

import importlib.util
import logging
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from artgen_osc.runtime.text import printable
from artgen_osc.schema.address import COUNT_MAX, Address
from artgen_osc.schema.setting import setting
from visuals.outputs.filmed import ENCODERS, LOOK_S, PYAV, FilmedOutput
from visuals.outputs.kind import OutputHost

log = logging.getLogger(__name__)

ENDINGS = (".mp4", ".mov", ".mkv", ".webm")
CLOSE_S = 4.0
"""So long may a film take to be finished at the end of a show."""


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


class RecordOutput(FilmedOutput):
    """Writes one film after the other. See `FilmedOutput`.

    Parameters
    ----------
    settings : RecordSettings
    host : OutputHost

    Attributes
    ----------
    state : ``off``, ``starting``, ``recording``, ``finishing``, or why it has failed
    film : name of the file that is written, or was written last
    seconds, size_mb, rate_mbit : of it: how long, how large, bits a second
    """

    Settings = RecordSettings
    tells = (
        Address("state", "string", "off, starting, recording, finishing, or why it has failed"),
        Address("film", "string", "name of the film that is written, or was written last"),
        Address("seconds", "float", "of it that are written", 0.0, 1e9, "s"),
        Address("size_mb", "float", "its size", 0.0, 1e9, "MB"),
        Address("rate_mbit", "float", "its bit rate, of the last seconds", 0.0, 1e6, "Mbit/s"),
        Address("dropped", "int", "frames that were lost so far", 0, COUNT_MAX),
    )

    def __init__(self, settings: RecordSettings, host: OutputHost) -> None:
        super().__init__(settings, host)
        self._on, self._next_look = False, 0.0
        self.state, self.film, self.size_mb = "off", "", 0.0

    @property
    def alpha(self) -> bool:
        """Whether the film that is written keeps what is transparent."""
        return self.recording is not None and self.recording.wish.alpha

    def prepare(self, time: float) -> None:
        """Begin and end films, and look how they are; see `visuals.outputs.kind.Direct`."""
        if self.settings.on != self._on:
            self._on = self.settings.on
            self.end()
            if self._on:
                self._begin()
            self._next_look = time
        if time >= self._next_look:
            self._next_look = time + LOOK_S
            self._look(time)

    def close(self) -> None:
        """Finish the film."""
        self.end()
        until = monotonic() + CLOSE_S
        for one in self.ending:
            if not one.join(max(0.0, until - monotonic())):
                log.warning("%s: isn't finished, since the disk or the encoder hangs; what is there plays", one.film)

    def _begin(self) -> None:
        if importlib.util.find_spec("av") is None:
            self.state = PYAV
            log.warning("%s; the show goes on without it", PYAV)
            return
        self.begin(self.settings.file, sound=self._ear is not None, alpha=self.settings.alpha)

    def _look(self, time: float) -> None:
        """How the newest film is."""
        newest = self.recording or (self.ending[-1] if self.ending else None)
        if newest is None:
            return
        self.measure(newest, time)
        self.film, self.size_mb = printable(newest.film), newest.size / 1e6
        self.state = newest.error or (
            "off" if newest.over else "finishing" if newest.ending else "recording" if newest.film else "starting"
        )
        if self.recording is not None and self.recording.over:
            self.end()
        self.let_go()
