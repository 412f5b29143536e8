"""Frames and sound on a film's own clock: a constant rate, whatever the show's."""

from fractions import Fraction

from artgen_osc.schema.sound import Samples, Sound
from visuals.generators.generator import Frame
from visuals.outputs.film import FilmFile
from visuals.outputs.sound_track import RATE, SoundTrack

BEHIND_S = 1.0
"""Where the encoder is so far behind, frames that are missing aren't made up: the one before lasts longer."""


class Timeline:
    """Writes each frame of a film once; the one before stands for one that is missing.

    Times are s since the film began.

    Parameters
    ----------
    film : to write to
    fps : frames a second
    sound : whether there is any

    Attributes
    ----------
    seconds : that are written
    late : frames that came so late that another one stands for them
    """

    def __init__(self, film: FilmFile, fps: Fraction, sound: bool) -> None:
        self.seconds, self.late = 0.0, 0
        self._film, self._fps = film, fps
        self._track = SoundTrack() if sound else None
        self._next = self._heard = 0

    def picture(self, frame: Frame, index: int, now: float) -> None:
        """Write a frame, and the one before for each that is missing between them.

        Parameters
        ----------
        frame : uint8 ``(height, width, 3)`` or ``(height, width, 4)``
        index : its number, of `visuals.outputs.cadence.Cadence`
        now : the time
        """
        if index < self._next:
            self.late += 1
            return
        if now - index / self._fps < BEHIND_S:
            self._repeat(index)
        self._film.picture(frame, index)
        self._go_on(index + 1)

    def wait(self, until: float) -> None:
        """No frame has come: write the last one again.

        Parameters
        ----------
        until : the time up to which there should be some
        """
        self._repeat(int(until * self._fps))

    def _repeat(self, until: int) -> None:
        for index in range(self._next, until if self._next else 0):
            self._film.again(index)
            self._go_on(index + 1)

    def _go_on(self, index: int) -> None:
        self._next, self.seconds = index, float(index / self._fps)

    def hear(self, sound: Sound) -> None:
        """Write what was heard; see `visuals.outputs.sound_track.SoundTrack.push`."""
        if self._track:
            self._write(self._track.push(sound))

    @property
    def heard(self) -> float:
        """Until when sound has come."""
        return self._track.until if self._track else self.seconds

    def silence(self, until: float) -> None:
        """Write silence where no sound has come.

        Parameters
        ----------
        until : the time up to which there should be some
        """
        if self._track:
            self._write(self._track.fill(until))

    def _write(self, ready: list[Samples], most: int | None = None) -> None:
        for samples in ready:
            samples = samples if most is None else samples[: max(0, most - self._heard)]
            if len(samples):
                self._film.sound(samples, self._heard)
                self._heard += len(samples)

    def finish(self) -> None:
        """Let the sound end with the picture, and write what the encoders hold."""
        if self._track:
            self.silence(self.seconds)
            self._write(self._track.end(), round(self.seconds * RATE))
        self._film.finish()
