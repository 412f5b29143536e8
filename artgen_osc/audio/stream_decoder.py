"""Decodes one stream for `artgen_osc.audio.stream`, as a process of its own.

What comes from the network is decoded by a large body of C code, which damaged or hostile data can crash or
hang. In a thread that would take the show with it; a process can be killed and started again, at any time.

It reads one line of JSON, ``{"address": …, "start": s}``, and ends when its input closes, so that none is left
behind. The address comes that way because every user of the machine can read a command line. It writes records:
a letter, the length of what follows as uint32, and that.

==== =======================================================================================
`O`  opened: JSON, ``finite`` for a file that has an end, ``patient`` where the sender waits for us, ``unsure`` where
     it may be a file or a live stream
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
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from artgen_osc.audio import sound_av, station_list
from artgen_osc.audio.sound_av import NoSound, Samples, Steady
from artgen_osc.audio.sound_bytes import Chain
from artgen_osc.audio.titles import guess, title_of
from artgen_osc.dsp.core import FloatArray
from artgen_osc.runtime.child import end_with_parent

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

FORMATS = f"{sound_av.FORMATS},hls,rtp,rtsp,sdp,webvtt"
"""Containers that are looked into; FFmpeg knows others that name further files."""

CHECK_SECONDS = 5.0
"""How long it may take to find out why a host can't be reached."""

_SHORT = 2.0
"""Seconds that may be missing of what a file says that it has, when a server has closed the connection."""

MOST_BAD = 500
"""So many packets in a row that can't be decoded are the end of a live stream."""

ENDED = "the stream ended"
"""Why there is no more sound, where neither an error nor a known length says it."""

_EARLY, _NO_LENGTH = "Stream ends prematurely", f"should be {(1 << 64) - 1}"
_TITLE = "Metadata update for StreamTitle:"


class Log(logging.Handler):
    """Finds in FFmpeg's log what PyAV doesn't tell: Icecast's titles after the first, and how a connection ended.

    Attributes
    ----------
    title : the newest, or None before there is one
    closed : whether the server closed the connection without having said how much would come. FFmpeg takes that for
        an error; it is all that such a server has to say at the end
    """

    title: str | None = None
    closed = False

    def emit(self, record: logging.LogRecord) -> None:
        """Take one line of FFmpeg's log."""
        text = record.getMessage()
        if text.startswith(_TITLE):
            # Bytes that are no UTF-8 come as \xe9.
            data = re.sub(
                rb"\\x([0-9a-f]{2})",
                lambda found: bytes.fromhex(found[1].decode()),
                text[len(_TITLE) :].encode(errors="replace"),
            )
            self.title = guess(data).strip()
        elif text.startswith(_EARLY) and text.rstrip().endswith(_NO_LENGTH):
            self.closed = True


def _new_tags(packet: Any) -> dict[str, str]:
    """Tags that change with this packet, as they do between the songs of an Ogg stream."""
    if not packet.has_sidedata("strings_metadata"):
        return {}
    words = bytes(packet.get_sidedata("strings_metadata")).decode(errors="surrogateescape").split("\0")
    return dict(zip(words[::2], words[1::2], strict=False))


class Sound:
    """Brings whatever is decoded to `RATE`, stereo and ±1."""

    def __init__(self) -> None:
        self._samples = Samples()
        self._steady = Steady(RATE, 2)

    def push(self, frame: Any) -> FloatArray:
        """Take one decoded frame, of any form: float32 ``(frames, 2)``.

        Raises
        ------
        ValueError
            Its rate can't be converted.
        """
        return np.clip(self._steady.push(self._samples.of(frame), frame.sample_rate), -1.0, 1.0)


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
    log = Log()
    libav, level = logging.getLogger("libav"), av.logging.get_level()
    libav.addHandler(log)
    libav.propagate = False
    libav.setLevel(logging.DEBUG)
    av.logging.set_level(av.logging.VERBOSE)
    try:
        try:
            container = _open(address)
        except av.error.FFmpegError as error:
            # Nothing known, or a format left out of `FORMATS`.
            if not isinstance(error, (av.error.InvalidDataError, av.error.ArgumentError)) and not log.closed:
                raise
            log.closed = False
            address, container = _open_station(address)
        with container:
            yield from _decode(container, address, start, log)
    except NoSound as error:
        yield b"E", str(error).encode()
    except (av.error.FFmpegError, OSError, ValueError) as error:
        yield b"E", _reason(error, address).encode()
    finally:
        av.logging.set_level(level)
        libav.removeHandler(log)
        libav.setLevel(logging.NOTSET)
        libav.propagate = True


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
    return av.open(_by_http(address), options=options, metadata_errors="surrogateescape")


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
    """The address as FFmpeg wants it: with a scheme of its own, in small letters."""
    scheme, colon, rest = address.partition(":")
    return {"icecast": "http"}.get(scheme.lower(), scheme.lower()) + colon + rest


def _decode(container: Any, address: str, start: float, log: Log) -> Iterator[tuple[bytes, bytes]]:
    import av

    stream = sound_av.select(container)
    tags = sound_av.tags_of(container, stream)
    radio = any(key.lower().startswith("icy-") for key in tags)
    finite = container.duration is not None and not radio
    by_http = urlsplit(_by_http(address)).scheme in ("http", "https")
    # What isn't a radio and has no length may be a file all the same; that shows when it is opened again.
    patient = finite or container.format.name == "hls" or (by_http and not radio)
    yield b"O", json.dumps({"finite": finite, "patient": patient, "unsure": by_http and not radio}).encode()
    if start and finite:
        with contextlib.suppress(av.error.FFmpegError):  # better heard again than not at all
            container.seek(round(start * av.time_base))
    sound, title, bad, frames = Sound(), "", 0, round(start * RATE) if finite else 0
    try:
        for packet in container.demux(stream):
            tags = _new_tags(packet) or tags
            now = title_of(tags) if log.title is None else log.title
            if now != title:
                title = now
                yield b"T", title.encode(errors="replace")
            decoded = sound_av.frames(packet)
            bad = bad + 1 if decoded is None else 0
            if bad > MOST_BAD and not finite:
                raise av.error.InvalidDataError(0, "nothing but damage")  # a new start may help a live stream
            for frame in decoded or ():
                samples = sound.push(frame)
                frames += len(samples)
                yield b"S", samples.tobytes()
    except av.error.PatchWelcomeError:
        # Songs of different forms in one Ogg file are more than FFmpeg can do.
        if radio or not by_http or container.format.name != "ogg":
            raise
        yield from _chained(address, frames)
    except av.error.InvalidDataError:
        # Behind such damage nothing can be found: a file is over; a new start may help a live stream.
        if radio or not by_http:
            raise
    except av.error.FFmpegError:
        if not log.closed or (finite and frames / RATE < container.duration / av.time_base - _SHORT):
            raise
    yield b"E", b"" if finite else ENDED.encode()


def _chained(address: str, skip: int) -> Iterator[tuple[bytes, bytes]]:
    """The songs of an Ogg file, one by one, without so many frames at its beginning."""
    import av

    trusted = ssl.create_default_context(cafile=_authorities())
    sound = Sound()
    with station_list.answer(_by_http(address), trusted) as file:
        for song in Chain(file):
            with contextlib.suppress(av.error.FFmpegError, NoSound), sound_av.open_file(song) as container:
                stream = sound_av.select(container)
                title = title_of(sound_av.tags_of(container, stream))
                told = False
                for packet in container.demux(stream):
                    for frame in sound_av.frames(packet) or ():
                        samples = sound.push(frame)
                        skipped = min(skip, len(samples))
                        skip -= skipped
                        if skipped == len(samples):
                            continue
                        if not told:
                            told = True
                            yield b"T", title.encode(errors="replace")
                        yield b"S", samples[skipped:].tobytes()
            while song.read(1 << 16):  # what a damaged one has left
                continue


def main() -> None:
    """Decode until the end, or until nobody listens."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the show, which ends us
    request = json.loads(sys.stdin.buffer.readline())
    end_with_parent()
    try:
        for kind, content in records(request["address"], request["start"]):
            sys.stdout.buffer.write(HEAD.pack(kind, len(content)) + content)
            sys.stdout.buffer.flush()
    except BrokenPipeError:
        os._exit(0)


if __name__ == "__main__":
    main()
