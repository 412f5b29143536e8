"""Which encoder a recording is written with: the graphics card's where there is one that works, else FFmpeg's own."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from artgen_osc.errors import OutputError
from visuals.outputs.film import Video

HARDWARE: dict[str, tuple[str, str, dict[str, str], str]] = {
    "nvenc": ("h264_nvenc", "yuv420p", {"preset": "p4", "rc": "vbr"}, ""),
    "videotoolbox": ("h264_videotoolbox", "nv12", {"realtime": "1"}, ""),
    "qsv": ("h264_qsv", "nv12", {"preset": "veryfast"}, ""),
    "amf": ("h264_amf", "nv12", {"quality": "speed"}, ""),
    "mf": ("h264_mf", "nv12", {"hw_encoding": "1"}, ""),
    "vaapi": ("h264_vaapi", "nv12", {}, "vaapi"),
}
"""By what a setting calls them, in the order in which they are tried: encoder, what it takes, options, device."""

SOFTWARE = "software"
BITS_A_PIXEL = 0.2
"""Of a hardware encoder that isn't told how many bits it may use: it has no measure of quality that all share."""

FRAGMENT_US = 500_000
"""So often what has been written is made playable; less is lost when the renderer is killed."""

# Without B-frames the first picture is at 0 in every container, also in one whose head is written before it is known.
_X264 = {"preset": "superfast", "bf": "0"}
_MP4 = {
    "movflags": "+hybrid_fragmented+frag_keyframe+default_base_moof+delay_moov",
    "frag_duration": str(FRAGMENT_US),
    "flush_packets": "1",
}
_MKV = {"cluster_time_limit": str(FRAGMENT_US // 1000), "flush_packets": "1"}


@dataclass(frozen=True, slots=True)
class Form:
    """What the ending of a name says.

    Attributes
    ----------
    container : as FFmpeg calls it
    options : of the container
    audio : encoder of the sound
    alpha : whether it can keep what is transparent
    """

    container: str
    options: dict[str, str]
    audio: str
    alpha: bool


FORMS = {
    ".mp4": Form("mp4", _MP4, "aac", False),
    ".mov": Form("mov", _MP4, "aac", True),
    ".mkv": Form("matroska", _MKV, "aac", False),
    ".webm": Form("webm", _MKV, "libopus", True),
}
"""By the ending of the file's name."""

LIVE = {
    "rtmp": Form("flv", {"flvflags": "no_duration_filesize"}, "aac", False),
    "rtmps": Form("flv", {"flvflags": "no_duration_filesize"}, "aac", False),
    "srt": Form("mpegts", {}, "aac", False),
    "udp": Form("mpegts", {}, "aac", False),
}
"""By the beginning of a server's address."""

LIVE_KEY_FRAMES_S = 2.0
"""What streaming platforms ask for."""


def form_of(path: Path) -> Form:
    """What a name says.

    Raises
    ------
    OutputError
        It says nothing that is known.
    """
    try:
        return FORMS[path.suffix.lower()]
    except KeyError:
        raise OutputError(f"{path.name}: isn't the name of a film; end it in {', '.join(FORMS)}") from None


def chosen(
    path: Path, alpha: bool, encoder: str, bit_rate: int, size: tuple[int, int], fps: Fraction
) -> tuple[Video, str]:
    """The encoder to use: the first that can be opened.

    Parameters
    ----------
    path : of the film
    alpha : whether to keep what is transparent
    encoder : one of `visuals.outputs.record.ENCODERS`
    bit_rate : bits a second; 0: by quality
    size : (width, height), even, pixels
    fps : frames a second

    Returns
    -------
    The encoder, and why it isn't the one that was named; empty where it is

    Raises
    ------
    OutputError
        There is none.
    """
    form = form_of(path)
    if alpha and not form.alpha:
        able = ", ".join(ending for ending, one in FORMS.items() if one.alpha)
        raise OutputError(f"{path.name}: can't keep what is transparent; end it in {able}")
    if path.suffix.lower() == ".webm":
        wanted = [_vp9(alpha, bit_rate)]
    elif alpha:
        wanted = [Video("prores_ks", {"profile": "4444", "vendor": "apl0"}, "yuva444p10le")]
    else:
        wanted = [*_cards(encoder, bit_rate, size, fps), _x264(bit_rate)]
    return _first(path.name, wanted, encoder, size, fps)


def chosen_live(name: str, encoder: str, bit_rate: int, size: tuple[int, int], fps: Fraction) -> tuple[Video, str]:
    """The encoder to use for a stream: the first that can be opened.

    Parameters
    ----------
    name : of the stream, in texts
    encoder : one of `CHOICES`
    bit_rate : bits a second
    size : (width, height), even, pixels
    fps : frames a second

    Returns
    -------
    As of `chosen`

    Raises
    ------
    OutputError
        There is none.
    """
    held = {"preset": "superfast", "bf": "0", "maxrate": str(bit_rate), "bufsize": str(bit_rate)}
    wanted = [*_cards(encoder, bit_rate, size, fps), Video("libx264", held, bit_rate=bit_rate)]
    return _first(name, wanted, encoder, size, fps)


def _cards(encoder: str, bit_rate: int, size: tuple[int, int], fps: Fraction) -> list[Video]:
    names = {"auto": list(HARDWARE), SOFTWARE: []}.get(encoder, [encoder])
    return [_hardware(name, bit_rate, size, fps) for name in names]


def _first(name: str, wanted: list[Video], encoder: str, size: tuple[int, int], fps: Fraction) -> tuple[Video, str]:
    """The first that can be opened; see `chosen`."""
    reasons: list[str] = []
    for video in wanted:
        reason = refusal(video, size, fps)
        if not reason:
            return video, "; ".join(reasons) if encoder in HARDWARE else ""
        reasons.append(f"{video.name} {reason}")
    raise OutputError(f"{name}: can't be encoded here ({'; '.join(reasons)}); choose another form")


def _x264(bit_rate: int) -> Video:
    by_quality = {} if bit_rate else {"crf": "20"}
    return Video("libx264", _X264 | by_quality, bit_rate=bit_rate)


def _vp9(alpha: bool, bit_rate: int) -> Video:
    options = {"deadline": "realtime", "cpu-used": "8", "row-mt": "1", "lag-in-frames": "0"}
    if not bit_rate:
        options |= {"crf": "30", "b": "0"}
    if alpha:
        options["auto-alt-ref"] = "0"  # the encoder of alpha has none
    return Video("libvpx-vp9", options, "yuva420p" if alpha else "yuv420p", bit_rate)


def _hardware(name: str, bit_rate: int, size: tuple[int, int], fps: Fraction) -> Video:
    encoder, pixels, options, device = HARDWARE[name]
    return Video(encoder, options, pixels, bit_rate or round(BITS_A_PIXEL * size[0] * size[1] * fps), device)


def refusal(video: Video, size: tuple[int, int], fps: Fraction) -> str:
    """Why an encoder can't be used here; empty: it can.

    Parameters
    ----------
    video : the encoder
    size : (width, height), even, pixels
    fps : frames a second
    """
    import av
    from av.codec import CodecContext
    from av.error import FFmpegError

    if video.name not in av.codecs_available:
        return "isn't in this PyAV"
    try:
        context: Any = CodecContext.create(video.name, "w", hwaccel=video.hardware())
        context.options = video.options
        video.open(context, size, fps, 1.0)
        context.open()
    except (FFmpegError, OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None)
        return reason.lower() if reason and reason != "Unknown error occurred" else "doesn't work here"
    return ""


def main() -> None:
    """Print what works here, for ``artgen doctor``."""
    found = here()
    with_alpha = [ending for ending, form in FORMS.items() if form.alpha]
    alpha = [ending for ending in with_alpha if not _refused(Path(f"film{ending}"))]
    print(f"H.264 by {', '.join(found) or 'nothing'}; with alpha: {', '.join(alpha) or 'nothing'}")


def _refused(path: Path) -> str:
    try:
        chosen(path, True, SOFTWARE, 0, (1280, 720), Fraction(30))
    except OutputError as error:
        return str(error)
    return ""


def protocols(wanted: Iterable[str]) -> list[str]:
    """Those of some protocols that this FFmpeg can send by.

    Parameters
    ----------
    wanted : keys of `LIVE`
    """
    import av
    from av.error import FFmpegError

    found: list[str] = []
    for name in wanted:
        try:
            av.open(f"{name}:", "w", format=LIVE[name].container).start_encoding()
        except (FFmpegError, OSError, ValueError) as error:
            if not isinstance(error, av.error.ProtocolNotFoundError):
                found.append(name)
    return found


def here(size: tuple[int, int] = (1280, 720)) -> list[str]:
    """What FFmpeg can encode H.264 with here, those of the graphics card first.

    Parameters
    ----------
    size : (width, height), even, pixels
    """
    wanted = {name: _hardware(name, 0, size, Fraction(30)) for name in HARDWARE} | {SOFTWARE: _x264(0)}
    return [name for name, video in wanted.items() if not refusal(video, size, Fraction(30))]


if __name__ == "__main__":
    main()
