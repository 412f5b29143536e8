"""Decodes one stream for `artgen_osc.stream`, as a process of its own: ``python -m artgen_osc.stream_decoder``.

What comes from the network is decoded by a large body of C code, which damaged or hostile data can crash or
hang. In a thread that would take the show with it; a process can be killed and started again, at any time.

It reads one line of JSON, ``{"address": …, "start": s}``, and ends when its input closes, so that none is left
behind. The address comes that way because every user of the machine can read a command line. It writes records:
a letter, the length of what follows as uint32, and that.

==== =======================================================================================
`O`  opened: JSON, ``finite`` for a file that has an end, ``patient`` where the sender waits for us
`S`  sound: float32 ``(frames, 2)`` at `RATE`, in ±1
`T`  the title, UTF-8
`E`  the end: why, UTF-8; empty where a file is over
==== =======================================================================================
"""

import contextlib
import json
import logging
import os
import re
import signal
import socket
import ssl
import struct
import sys
import threading
from collections.abc import Iterator
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import numpy as np

from artgen_osc import station_list
from artgen_osc.audio import title_of

RATE = 44100
"""Hz, of all sound that leaves: a stream may change its own at any time."""

HEAD = struct.Struct("<cI")

_HTTP = "http,https,httpproxy,tcp,tls,crypto"
_RTSP = "rtp,rtcp,srtp,udp,tcp,tls"
_RTMP = "rtmp,rtmps,rtmpt,rtmpe,ffrtmphttp,ffrtmpcrypt,http,https,tcp,tls"
PROTOCOLS = {
    **dict.fromkeys(("http", "https", "icecast"), _HTTP),
    **dict.fromkeys(("rtsp", "rtsps"), _RTSP),
    **dict.fromkeys(("rtmp", "rtmps"), _RTMP),
}
"""Schemes that an address may have, and FFmpeg's protocols that may be used for it and for whatever it names:
a playlist may come from a stranger, and must not open a file of this machine."""

FORMATS = (
    "aac,ac3,aiff,amr,asf,caf,eac3,flac,flv,hls,live_flv,loas,matroska,mov,mp3,mpeg,mpegts,ogg,rtp,rtsp,sdp,tta,wav,"
    "webvtt,wv"
)
"""Containers that are looked into; FFmpeg knows others that name further files."""

CHECK_SECONDS = 5.0
"""How long it may take to find out why a host can't be reached."""

MOST_BAD = 500
"""So many packets in a row that can't be decoded are the end of a live stream."""

_TITLE = "Metadata update for StreamTitle:"


class TitleLog(logging.Handler):
    """Finds Icecast's titles in FFmpeg's log: PyAV reads a container's metadata once only, when it is opened.

    Attributes
    ----------
    title : the newest, or None before there is one
    """

    title: str | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Take one line of FFmpeg's log."""
        text = record.getMessage()
        if text.startswith(_TITLE):
            # Bytes that are no UTF-8 come as \xe9: such stations mean Latin-1.
            self.title = re.sub(r"\\x([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), text[len(_TITLE) :]).strip()


def _new_tags(packet: Any) -> dict[str, str]:
    """Tags that change with this packet, as they do between the songs of an Ogg stream."""
    if not packet.has_sidedata("strings_metadata"):
        return {}
    words = bytes(packet.get_sidedata("strings_metadata")).decode(errors="replace").split("\0")
    return dict(zip(words[::2], words[1::2], strict=False))


class Sound:
    """Brings whatever is decoded to `RATE`, stereo and ±1."""

    def __init__(self) -> None:
        self._resampler: Any = None
        self._form: tuple[int, str, str] | None = None

    def push(self, frame: Any) -> Iterator[bytes]:
        """Take one decoded frame, of any form; None for the end."""
        import av

        form = (frame.sample_rate, frame.layout.name, frame.format.name) if frame else None
        if form != self._form:
            if self._resampler:
                yield from self._out(None)
            self._form = form
            # FFmpeg would make mono softer on its way to stereo.
            layout = "mono" if frame and frame.layout.nb_channels == 1 else "stereo"
            self._resampler = av.AudioResampler(format="flt", layout=layout, rate=RATE) if form else None
        if frame:
            frame.pts = None  # gaps in the time stamps are the stream's affair
            yield from self._out(frame)

    def _out(self, frame: Any) -> Iterator[bytes]:
        for resampled in self._resampler.resample(frame):
            samples = np.nan_to_num(resampled.to_ndarray().astype(np.float32, copy=False)).ravel()
            if resampled.layout.nb_channels == 1:
                samples = np.repeat(samples, 2)
            yield np.clip(samples, -1.0, 1.0).tobytes()


def _authorities() -> str:
    """The file of the certificates that https is trusted by: the system's, or where it has none, Mozilla's."""
    import certifi

    return ssl.get_default_verify_paths().cafile or certifi.where()


def _reason(error: Exception, address: str) -> str:
    """Why it can't be opened or read on, in a few words and without the address."""
    import av

    if isinstance(error, (av.error.InvalidDataError, av.error.ArgumentError)):
        return "no sound that can be decoded is found there"
    text = str(getattr(error, "strerror", None) or type(error).__name__)
    if isinstance(error, av.error.OSError) and text == "Input/output error":
        parts = urlsplit(address)
        try:
            with socket.create_connection((parts.hostname, parts.port or 443), CHECK_SECONDS) as connection:
                if parts.scheme.lower() == "https":
                    trusted = ssl.create_default_context(cafile=_authorities())
                    trusted.wrap_socket(connection, server_hostname=parts.hostname).close()
        except socket.gaierror:
            return f"the host {parts.hostname} is not known"
        except ssl.SSLCertVerificationError as refusal:
            return f"the certificate of {parts.hostname} is not trusted: {refusal.verify_message}"
        except OSError:
            pass
        return "the connection broke"
    return text


def records(address: str, start: float) -> Iterator[tuple[bytes, bytes]]:
    """Open and decode: what `main` writes, as kind and content. The last one is the end.

    Parameters
    ----------
    address : with a scheme of `PROTOCOLS`
    start : s from the beginning of a file, to go on after a break
    """
    try:
        import av
    except ImportError as error:
        yield b"E", f"PyAV can't be imported: {error}".encode()
        return
    log = TitleLog()
    logging.getLogger("libav").addHandler(log)
    logging.getLogger("libav").propagate = False
    logging.getLogger("libav").setLevel(logging.DEBUG)
    av.logging.set_level(av.logging.VERBOSE)
    try:
        try:
            container = _open(address)
        except (av.error.InvalidDataError, av.error.ArgumentError):  # nothing known, or a format left out of `FORMATS`
            address, container = _open_station(address)
        with container:
            yield from _decode(container, start, log)
    except (av.error.FFmpegError, ValueError) as error:
        yield b"E", _reason(error, address).encode()
    finally:
        logging.getLogger("libav").removeHandler(log)


def _open(address: str) -> Any:
    import av

    options = {
        "protocol_whitelist": PROTOCOLS[urlsplit(address).scheme.lower()],
        "format_whitelist": FORMATS,
        "rtsp_flags": "prefer_tcp",
        "user_agent": station_list.AGENT,
        "tls_verify": "1",
        "ca_file": _authorities(),
    }
    return av.open(_by_http(address), options=options, metadata_errors="replace")


def _open_station(address: str) -> tuple[str, Any]:
    """The first that can be opened of a list of stations, and its address.

    Raises
    ------
    av.error.FFmpegError
        There is no such list, or none of them can be opened.
    """
    import av

    trusted = ssl.create_default_context(cafile=_authorities())
    failure: av.error.FFmpegError = av.error.InvalidDataError(0, "no list of stations")
    with contextlib.suppress(OSError, ValueError):
        for station in station_list.fetch(_by_http(address), trusted):
            try:
                return station, _open(station)
            except av.error.FFmpegError as error:
                failure = error
    raise failure


def _by_http(address: str) -> str:
    return re.sub(r"^icecast:", "http:", address, flags=re.IGNORECASE)


def _decode(container: Any, start: float, log: TitleLog) -> Iterator[tuple[bytes, bytes]]:
    import av

    if not container.streams.audio:
        yield b"E", b"there is no sound in it, only other things"
        return
    stream = container.streams.audio[0]
    if stream.codec_context is None:
        yield b"E", b"the codec of its sound is not known"
        return
    for other in container.streams:
        if other is not stream:
            other.discard = "all"  # of the variants of a playlist, only one is fetched
    stream.codec_context.thread_count = 1
    tags = container.metadata | stream.metadata
    finite = container.duration is not None and not any(key.lower().startswith("icy-") for key in tags)
    patient = finite or container.format.name == "hls"
    yield b"O", json.dumps({"finite": finite, "patient": patient}).encode()
    if start and finite:
        with contextlib.suppress(av.error.FFmpegError):  # better heard again than not at all
            container.seek(round(start * av.time_base))
    sound, title, bad = Sound(), "", 0
    for packet in container.demux(stream):
        tags = _new_tags(packet) or tags
        now = title_of(tags) if log.title is None else log.title
        if now != title:
            title = now
            yield b"T", title.encode(errors="replace")
        try:
            frames = packet.decode()
            bad = 0
        except av.error.FFmpegError:
            frames = []
            bad += 1
            if bad > MOST_BAD and not finite:
                raise  # a new start may help a live stream; a file is heard to its end
        for frame in frames:
            yield from ((b"S", each) for each in sound.push(frame))
    yield from ((b"S", each) for each in sound.push(None))
    yield b"E", b"" if finite else b"the stream ended"


def _leave_with_parent(pipe: BinaryIO) -> None:
    pipe.read()
    os._exit(0)


def main() -> None:
    """Decode until the end, or until nobody listens."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the show, which ends us
    request = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_leave_with_parent, args=(sys.stdin.buffer,), daemon=True).start()
    try:
        for kind, content in records(request["address"], request["start"]):
            sys.stdout.buffer.write(HEAD.pack(kind, len(content)) + content)
            sys.stdout.buffer.flush()
    except BrokenPipeError:
        os._exit(0)


if __name__ == "__main__":
    main()
