"""A film that is written frame by frame, with its sound, by PyAV."""

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from visuals.generators.generator import Frame

if TYPE_CHECKING:
    from artgen_osc.schema.sound import Samples

AUDIO_RATE = 256_000
"""Bits a second."""

BT709, LIMITED = 1, 1
"""As ISO/IEC 23091-2 and FFmpeg number them."""


@dataclass(frozen=True, slots=True)
class Video:
    """An encoder of pictures, and how it is used.

    Attributes
    ----------
    name : as FFmpeg calls it
    options : of it
    pixels : what it takes, likewise
    bit_rate : bits a second; 0: as its options say
    device : the kind of hardware that frames are sent to first, such as ``vaapi``; empty: none
    """

    name: str
    options: dict[str, str]
    pixels: str = "yuv420p"
    bit_rate: int = 0
    device: str = ""

    @property
    def alpha(self) -> bool:
        """Whether it keeps what is transparent."""
        return self.pixels in ("yuva420p", "yuva444p10le", "argb")

    def open(self, context: Any, size: tuple[int, int], fps: Fraction, key_frames_s: float) -> None:
        """Set a codec context up.

        Parameters
        ----------
        context : PyAV's ``VideoCodecContext``
        size : (width, height), even, pixels
        fps : frames a second
        key_frames_s : s between two of them
        """
        context.width, context.height = size
        context.pix_fmt = self.pixels
        context.time_base = 1 / fps
        context.framerate = fps
        context.gop_size = round(key_frames_s * fps)
        context.color_primaries = context.color_trc = context.colorspace = BT709
        context.color_range = LIMITED
        if self.bit_rate:
            context.bit_rate = self.bit_rate

    def hardware(self) -> Any:
        """What PyAV sends frames to hardware with; None: it needn't.

        Raises
        ------
        RuntimeError
            There is no such hardware.
        """
        if not self.device:
            return None
        from av.codec.hwaccel import HWAccel

        return HWAccel(self.device)


class FilmFile:
    """A film with sound, or without, that is being written.

    Parameters
    ----------
    file : a path, or a file to write to
    container : as FFmpeg calls it
    options : of the container
    video : encoder of the picture
    size : (width, height), even, pixels
    fps : frames a second
    audio : encoder of the sound; empty: there is none
    sound_rate : Hz, of the sound that is given
    audio_rate : Hz, of the sound in the film
    key_frames_s : s between two pictures that need none before them

    Attributes
    ----------
    count : bytes that the encoders have made

    Raises
    ------
    OSError, av.FFmpegError
        It can't be opened; from every method: it can't be written.
    """

    def __init__(
        self,
        file: Any,
        container: str,
        options: dict[str, str],
        video: Video,
        size: tuple[int, int],
        fps: Fraction,
        audio: str,
        sound_rate: int,
        audio_rate: int,
        key_frames_s: float = 2.0,
    ) -> None:
        import av

        self._fps, self._pixels, self._sound_rate = fps, video.pixels, sound_rate
        self._straight: Any = None
        self._alpha = video.alpha
        self._container: Any = av.open(file, "w", format=container, options=options)
        self._video: Any = self._container.add_stream(video.name, fps, options=video.options, hwaccel=video.hardware())
        video.open(self._video.codec_context, size, fps, key_frames_s)
        self._audio: Any = None
        if audio:
            self._audio = self._container.add_stream(audio, audio_rate, layout="stereo")
            self._audio.codec_context.bit_rate = AUDIO_RATE
        self._last: Any = None
        self.count = 0

    def begin(self) -> None:
        """Write the head: of a stream, connect."""
        self._container.start_encoding()

    def _mux(self, packets: list[Any]) -> None:
        self.count += sum(packet.size for packet in packets)
        self._container.mux(packets)

    def picture(self, frame: Frame, index: int) -> None:
        """Write a picture.

        Parameters
        ----------
        frame : uint8 ``(height, width, 3)``, or with alpha ``(height, width, 4)``, multiplied into the colours
        index : its number, larger than the one before
        """
        from av import VideoFrame

        form = "rgba" if frame.shape[2] == 4 else "rgb24"
        picture = VideoFrame.from_numpy_buffer(np.ascontiguousarray(frame), form)
        if self._alpha and self._pixels != "argb":
            picture = self._straightened(picture)
        self._last = self._converted(picture)
        self.again(index)

    def again(self, index: int) -> None:
        """Write the last picture once more.

        Parameters
        ----------
        index : its number now
        """
        self._last.pts, self._last.time_base = index, 1 / self._fps
        self._mux(self._video.encode(self._last))

    def _converted(self, picture: Any) -> Any:
        from av.video.reformatter import ColorRange, Colorspace, Interpolation

        if self._pixels == "argb":
            return picture.reformat(format="argb")
        return picture.reformat(
            format=self._pixels,
            dst_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
            interpolation=Interpolation.BICUBIC,
        )

    def _straightened(self, picture: Any) -> Any:
        """Films hold colours as they are beside their alpha, our frames hold them multiplied by it."""
        from av.filter import Graph

        if self._straight is None:
            self._straight = Graph()
            source = self._straight.add_buffer(
                width=picture.width, height=picture.height, format=picture.format, time_base=1 / self._fps
            )
            steps = (
                ("setparams", "alpha_mode=premultiplied"),  # else there is nothing to undo
                ("format", "gbrap"),
                ("unpremultiply", "inplace=1"),
            )
            self._straight.link_nodes(
                source, *(self._straight.add(*step) for step in steps), self._straight.add("buffersink")
            ).configure()
        self._straight.vpush(picture)
        return self._straight.vpull()

    def sound(self, samples: "Samples", first: int) -> None:
        """Write sound on.

        Parameters
        ----------
        samples : float32 ``(frames, 2)``
        first : number of its first frame since the beginning
        """
        from av import AudioFrame

        heard = AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), "fltp", "stereo")
        heard.sample_rate = self._sound_rate
        heard.pts, heard.time_base = first, Fraction(1, self._sound_rate)
        self._mux(self._audio.encode(heard))

    def finish(self) -> None:
        """Write what the encoders hold."""
        self._mux(self._video.encode(None))
        if self._audio is not None:
            self._mux(self._audio.encode(None))

    def close(self) -> None:
        """Close the file."""
        self._container.close()
