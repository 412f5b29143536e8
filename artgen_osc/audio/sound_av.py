"""Sound by FFmpeg, through PyAV: what the decoder of streams, songs, files and training have in common.

PyAV comes with the extra ``stream``; without it, libsndfile's kinds of files are all that is read.
"""

import importlib.util
from collections.abc import Iterator
from typing import Any

import numpy as np

from artgen_osc.dsp.core import FloatArray
from artgen_osc.dsp.downmix import Stereo
from artgen_osc.dsp.resample import Resampler

FORMATS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dsf,eac3,flac,flv,live_flv,loas,matroska,mov,mp3,mpeg,mpegts,mpc,mpc8,ogg,"
    "tta,voc,w64,wav,wv"
)
"""Containers that are looked into: none of them is a playlist or names other files."""

TAGS = (b"ID3", b"TAG", b"APETAG")
"""What a packet of mp3 begins with that is a tag in its middle, and no damage; the next one may be cut off."""

_FULL_SCALE = {"u8": 128.0, "s16": 32768.0, "s32": 2147483648.0, "s64": 9223372036854775808.0}


class NoSound(Exception):
    """A container holds no sound that can be decoded; the text is the reason, a few words."""


def has_pyav() -> bool:
    """Whether PyAV is there, without importing it."""
    return importlib.util.find_spec("av") is not None


def open_file(file: Any) -> Any:
    """Open what has a ``read``, and perhaps a ``seek``, as PyAV's container; it can't lead to any other file.

    Raises
    ------
    av.error.FFmpegError
    """
    import av

    options = {"protocol_whitelist": "none", "format_whitelist": FORMATS}
    return av.open(file, options=options, metadata_errors="surrogateescape")


def select(container: Any) -> Any:
    """The first stream of sound whose codec is known. Of the others (pictures, variants) no packet is fetched.

    Raises
    ------
    NoSound
        There is none.
    """
    from av.stream import Discard

    if not container.streams.audio:
        raise NoSound("there is no sound in it, only other things")
    stream = next((stream for stream in container.streams.audio if stream.codec_context), None)
    if stream is None:
        raise NoSound("the codec of its sound is not known")
    for other in container.streams:
        if other is not stream:
            other.discard = Discard.all
    stream.codec_context.thread_count = 1
    return stream


def tags_of(container: Any, stream: Any) -> dict[str, str]:
    """Tags of a container and its sound, where what isn't UTF-8 is escaped as by ``surrogateescape``.

    Parameters
    ----------
    container, stream : PyAV's, open
    """
    return {**container.metadata, **stream.metadata}


def frames(packet: Any) -> list[Any] | None:
    """What a packet decodes to; None where it is damaged. A tag in the middle of the sound is nothing."""
    import av

    try:
        return list(packet.decode())
    except av.error.FFmpegError:
        return [] if bytes(packet).startswith(TAGS) else None


class Samples:
    """Decoded frames as float32 ``(frames, 1 or 2)``, finite: the down-mix of their channels."""

    def __init__(self) -> None:
        self._form: tuple[str, int] | None = None
        self._stereo = Stereo(1)

    def of(self, frame: Any) -> FloatArray:
        """The samples of the next frame, of any form."""
        channels = frame.layout.nb_channels
        if self._form != (frame.layout.name, channels):
            self._form = (frame.layout.name, channels)
            self._stereo = Stereo(channels, [channel.name for channel in frame.layout.channels])
        values = frame.to_ndarray()
        rows = values.T if frame.format.is_planar else values.reshape(-1, channels)
        kind = frame.format.name.removesuffix("p")
        if kind in _FULL_SCALE:
            rows = rows.astype(np.float64 if kind in ("s32", "s64") else np.float32)
            rows = (rows - (128.0 if kind == "u8" else 0.0)) / _FULL_SCALE[kind]
        with np.errstate(over="ignore"):
            return self._stereo.push(rows.astype(np.float32))


class Steady:
    """Brings mono or stereo sound of changing rates to one rate.

    Where the rate changes, the last 1.5 ms before are left out.

    Parameters
    ----------
    rate : int > 0, Hz
    channels : 1 or 2, of what comes out; None: as many as come in
    """

    def __init__(self, rate: int, channels: int | None = None) -> None:
        self._rate, self._channels = rate, channels
        self._form: tuple[int, int] | None = None
        self._sides: list[Resampler] = []

    def push(self, samples: FloatArray, rate: int) -> FloatArray:
        """Take the next sound.

        Parameters
        ----------
        samples : float32 ``(frames, 1 or 2)``
        rate : Hz

        Returns
        -------
        float32 ``(frames, channels)`` at the rate that is wanted

        Raises
        ------
        ValueError
            The rate can't be converted.
        """
        if self._channels and samples.shape[1] != self._channels:
            samples = np.repeat(samples, 2, axis=1) if self._channels == 2 else samples.mean(axis=1, keepdims=True)
        if rate == self._rate:
            self._form = None
            return samples
        if self._form != (rate, samples.shape[1]):
            self._form = (rate, samples.shape[1])
            self._sides = [Resampler(rate, self._rate) for _ in range(samples.shape[1])]
        made = [side.push(np.ascontiguousarray(samples[:, at])) for at, side in enumerate(self._sides)]
        return np.stack(made, axis=1)


def heard(container: Any, stream: Any) -> Iterator[tuple[int, FloatArray, bool]]:
    """Decode to the end.

    Parameters
    ----------
    container : PyAV's, open
    stream : its sound

    Returns
    -------
    rate : Hz
    samples : float32 ``(frames, 1 or 2)``
    hurt : whether something before was damaged

    Raises
    ------
    av.error.FFmpegError
        It breaks off.
    """
    samples, hurt, spared = Samples(), False, 0
    for packet in container.demux(stream):
        decoded = frames(packet)
        if decoded is None:
            hurt |= not spared
            spared = max(0, spared - 1)
            continue
        if not decoded and bytes(packet).startswith(TAGS):
            spared = 2
        for frame in decoded:
            yield frame.sample_rate, samples.of(frame), hurt
            hurt = False
    if hurt:
        yield 0, np.zeros((0, 1), np.float32), True
