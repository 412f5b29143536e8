"""Where frames go: films by PyAV, or pictures."""

import contextlib
import importlib.util
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from artgen_osc.errors import RenderError
from artgen_osc.runtime.files import make_folder, whole
from visuals.generators.generator import Frame
from visuals.outputs.film import FilmFile, Video

if TYPE_CHECKING:
    from soundfile import SoundFile


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of film.

    Attributes
    ----------
    container : as FFmpeg calls it
    video, video_options : encoder of the picture, and how
    audio : encoder of the sound
    rates : Hz, that it takes; any other sound is brought to the first
    """

    container: str
    video: str
    video_options: dict[str, str]
    audio: str
    rates: tuple[int, ...]


# The number of threads is given, since another one may write other bits. With its tree of macroblocks x264 doesn't
# write the same bits twice, whatever the number.
_H264 = (
    "libx264",
    {"preset": "veryfast", "crf": "18", "threads": "4", "x264-params": "mbtree=0"},
    "aac",
    (48000, 44100),
)
_VP9 = (
    "libvpx-vp9",
    {"crf": "24", "b": "0", "deadline": "good", "cpu-used": "5", "row-mt": "1", "threads": "4"},
    "libopus",
    (48000,),
)
FILMS = {
    ".mp4": Kind("mp4", *_H264),
    ".mov": Kind("mov", *_H264),
    ".mkv": Kind("matroska", *_H264),
    ".webm": Kind("webm", *_VP9),
}
"""By the ending of the file's name."""

PICTURE = ".png"
_NUMBER = re.compile(r"%0?\d*d")


class Sink(Protocol):
    """Takes frames, on any one thread."""

    def take(self, frame: Frame, index: int) -> None:
        """Take the next frame.

        Parameters
        ----------
        frame : uint8 ``(height, width, 3)``, top row first
        index : its number in the show
        """


def check(output: Path, size: tuple[int, int], still: bool) -> None:
    """See whether something can be written there, before any work.

    Parameters
    ----------
    output : a film, a picture, or with ``%06d`` in its name pictures
    size : (width, height), pixels
    still : whether it is to be one picture

    Raises
    ------
    RenderError
        It can't.
    """
    suffix = output.suffix.lower()
    numbered = "%" in output.name
    if suffix != PICTURE and (suffix not in FILMS or still):
        wanted = PICTURE if still else f"{', '.join(FILMS)} or %06d{PICTURE}"
        raise RenderError(f"-o: {output} can't be written as what its name says; end it in {wanted}")
    if suffix == PICTURE and (numbered is still or (numbered and not _numbers(output.name))):
        how = "a plain name, such as still.png" if still else "a number in the name, such as frames/%06d.png"
        raise RenderError(f"-o: {output} doesn't fit {'one picture' if still else 'many pictures'}; give it {how}")
    if suffix in FILMS:
        if importlib.util.find_spec("av") is None:
            raise RenderError(
                "PyAV: isn't installed; it is needed for films; pip install 'artgen-osc[stream]', or write pictures "
                "with -o frames/%06d.png"
            )
        if size[0] % 2 or size[1] % 2:
            even = f"{size[0] // 2 * 2}x{size[1] // 2 * 2}"
            raise RenderError(f"--size: {size[0]}x{size[1]}: the sides of a film are even; choose {even}")
        kind = FILMS[suffix]
        import av

        for codec in (kind.video, kind.audio):
            if codec not in av.codecs_available:
                raise RenderError(f"-o: {output}: this PyAV has no {codec}; pip install --force-reinstall av")
    try:
        make_folder(output.parent)
    except OSError as error:
        raise _unwritten(output, error) from None


def _numbers(name: str) -> bool:
    return len(_NUMBER.findall(name)) == 1 and name.count("%") == 1


def _unwritten(output: Path, error: Exception) -> RenderError:
    reason = getattr(error, "strerror", None) or error
    return RenderError(f"{output}: can't be written ({reason}); a folder with room is needed; choose another by -o")


@contextlib.contextmanager
def sink(output: Path, size: tuple[int, int], fps: Fraction, sound: Path, first: int) -> Iterator[Sink]:
    """Where frames go. A film gets its name when the block ends; an exception leaves none.

    Parameters
    ----------
    output : as `check` has found it good
    size : (width, height), pixels
    fps : frames a second
    sound : a sound file in stereo that goes with them
    first : number of the first frame, with which the sound begins

    Raises
    ------
    RenderError
        It can't be written.
    """
    import soundfile

    if output.suffix.lower() == PICTURE:
        yield Pictures(output)
        return
    from av.error import FFmpegError

    try:
        with whole(output, shared=True) as part, soundfile.SoundFile(sound) as opened:
            film = Film(part, FILMS[output.suffix.lower()], size, fps, opened, first)
            try:
                yield film
                film.finish()
            finally:
                film.close()
    except (OSError, FFmpegError) as error:
        raise _unwritten(output, error) from None


class Pictures:
    """A file for each frame.

    Parameters
    ----------
    output : its name; where there is ``%06d`` in it, the number of the frame is put there
    """

    def __init__(self, output: Path) -> None:
        self._output = output

    def take(self, frame: Frame, index: int) -> None:
        """See `Sink`.

        Raises
        ------
        RenderError
            It can't be written.
        """
        from PIL import Image

        name = self._output.name
        path = self._output.with_name(name % index) if "%" in name else self._output
        try:
            with whole(path) as part:
                Image.fromarray(frame).save(part, "PNG", compress_level=2)
        except OSError as error:
            raise _unwritten(path, error) from None


class Film:
    """A film with sound.

    Parameters
    ----------
    path : the file to write
    kind : of film
    size : (width, height), even, pixels
    fps : frames a second
    sound : stereo, open
    first : number of the frame with which the sound begins
    """

    def __init__(
        self, path: Path, kind: Kind, size: tuple[int, int], fps: Fraction, sound: "SoundFile", first: int
    ) -> None:
        self._fps, self._frames = fps, 0
        self._sound, self._rate = sound, int(sound.samplerate)
        self._start = self._at = self._sample(first)
        sound.seek(min(self._start, sound.frames))
        options = {"fflags": "+bitexact"}  # else there are random numbers in Matroska's head
        if kind.container in ("mp4", "mov"):
            options["movflags"] = "+faststart"
        rate = self._rate if self._rate in kind.rates else kind.rates[0]
        video = Video(kind.video, kind.video_options)
        self._file = FilmFile(str(path), kind.container, options, video, size, fps, kind.audio, self._rate, rate)

    def _sample(self, index: int) -> int:
        """The sample with which a frame begins."""
        return round(index * self._rate / self._fps)

    def take(self, frame: Frame, index: int) -> None:
        """See `Sink`."""
        self._file.picture(frame, self._frames)
        self._frames += 1
        self._hear(self._sample(index + 1))

    def _hear(self, end: int) -> None:
        """Take the sound on, up to a sample."""
        samples = self._sound.read(end - self._at, "float32", always_2d=True)
        if len(samples):
            self._file.sound(samples, self._at - self._start)
            self._at += len(samples)

    def finish(self) -> None:
        """Write what the encoders hold."""
        self._file.finish()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
