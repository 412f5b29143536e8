"""Where frames go: films by PyAV, or pictures."""

import contextlib
import importlib.util
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from artgen_osc.errors import RenderError
from artgen_osc.runtime.files import make_folder, whole
from visuals.generators.generator import Frame

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
AUDIO_RATE = 256_000
"""Bits a second."""

BT709, LIMITED = 1, 1
"""As ISO/IEC 23091-2 and FFmpeg number them."""

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
        import av

        self._fps, self._first, self._frames = fps, first, 0
        self._sound, self._rate = sound, int(sound.samplerate)
        self._start = self._at = self._sample(first)
        sound.seek(min(self._start, sound.frames))
        options = {"fflags": "+bitexact"}  # else there are random numbers in Matroska's head
        if kind.container in ("mp4", "mov"):
            options["movflags"] = "+faststart"
        self._container: Any = av.open(str(path), "w", format=kind.container, options=options)
        self._video: Any = self._container.add_stream(kind.video, fps, options=kind.video_options)
        context: Any = self._video.codec_context
        context.width, context.height = size
        context.pix_fmt = "yuv420p"
        context.time_base = 1 / fps
        context.gop_size = round(2 * fps)
        context.color_primaries = context.color_trc = context.colorspace = BT709
        context.color_range = LIMITED
        rate = self._rate if self._rate in kind.rates else kind.rates[0]
        self._audio: Any = self._container.add_stream(kind.audio, rate, layout="stereo")
        self._audio.codec_context.bit_rate = AUDIO_RATE

    def _sample(self, index: int) -> int:
        """The sample with which a frame begins."""
        return round(index * self._rate / self._fps)

    def take(self, frame: Frame, index: int) -> None:
        """See `Sink`."""
        from av import VideoFrame
        from av.video.reformatter import ColorRange, Colorspace, Interpolation

        picture = VideoFrame.from_ndarray(frame, "rgb24").reformat(
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
            interpolation=Interpolation.BICUBIC,
        )
        picture.pts, picture.time_base = self._frames, 1 / self._fps
        self._frames += 1
        self._container.mux(self._video.encode(picture))
        self._hear(self._sample(index + 1))

    def _hear(self, end: int) -> None:
        """Take the sound on, up to a sample."""
        from av import AudioFrame

        samples = self._sound.read(end - self._at, "float32", always_2d=True)
        if len(samples):
            heard = AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), "fltp", "stereo")
            heard.sample_rate = self._rate
            heard.pts, heard.time_base = self._at - self._start, Fraction(1, self._rate)
            self._at += len(samples)
            self._container.mux(self._audio.encode(heard))

    def finish(self) -> None:
        """Write what the encoders hold."""
        self._container.mux(self._video.encode(None))
        self._container.mux(self._audio.encode(None))

    def close(self) -> None:
        """Close the file."""
        self._container.close()
