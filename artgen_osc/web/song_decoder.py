"""Makes a WAV file of whatever a browser has sent: ``python -m artgen_osc.web.song_decoder FILE OUT.wav SECONDS``.

A process of its own, as `artgen_osc.stream_decoder` is and for the same reason: damaged or hostile data can crash
or hang the C code that decodes. It says how far it is on stderr, ``progress S`` in seconds of sound, and what is
wrong, ``artgen: …``; on stdout, a JSON object with ``title`` and ``duration``.
"""

import contextlib
import importlib.util
import json
import sys
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from artgen_osc.audio import file_title, read_file, title_of
from artgen_osc.dsp import FloatArray
from artgen_osc.errors import ArtgenError, AudioError
from artgen_osc.resample import Resampler
from artgen_osc.stream_decoder import RATE, Sound

MEMORY = 2 << 30
"""Bytes of address space. A file may ask the decoder for any amount."""

PROCESSOR_S = 1800
"""Seconds of a core, should it hang when nobody is left to end it."""

FORMATS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dsf,eac3,flac,flv,matroska,mov,mp3,mpeg,mpegts,mpc,mpc8,ogg,tta,w64,wav,wv"
)
"""Containers that are looked into: none of them is a playlist, which names other files."""

ALLOWED = "a sound file is allowed, such as wav, mp3, flac, ogg, m4a or webm"
TELL_EVERY = 5.0


def _limit_itself() -> None:
    """Where the system can."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_S, PROCESSOR_S))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def has_pyav() -> bool:
    """Whether PyAV is there; without it, libsndfile's kinds of files are all that is read."""
    return importlib.util.find_spec("av") is not None


class Song:
    """A file that is being decoded.

    Attributes
    ----------
    title : by its tags, or empty; known with the first sound
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.title = ""

    def pieces(self) -> Iterator[bytes]:
        """Its sound: float32 ``(frames, 2)`` at `RATE`, in ±1."""
        return self._by_pyav() if has_pyav() else self._by_soundfile()

    def _by_pyav(self) -> Iterator[bytes]:
        import av

        options = {"protocol_whitelist": "file", "format_whitelist": FORMATS}
        try:
            with av.open(f"file:{self.path.absolute()}", options=options, metadata_errors="replace") as container:
                if not container.streams.audio:
                    raise AudioError(f"song: has no sound in it, only other things; {ALLOWED}; choose another")
                stream = container.streams.audio[0]
                if stream.codec_context is None:
                    return  # a kind of sound that FFmpeg doesn't know
                other: Any
                for other in container.streams:
                    if other is not stream:
                        other.discard = "all"
                stream.codec_context.thread_count = 1
                self.title = title_of(container.metadata | stream.metadata)
                sound = Sound()
                for packet in container.demux(stream):
                    frames: list[Any] = []
                    with contextlib.suppress(av.error.FFmpegError):  # what is damaged is left out
                        frames = packet.decode()
                    for frame in frames:
                        yield from sound.push(frame)
                yield from sound.push(None)
        except (av.error.FFmpegError, ValueError):
            # Of a file that breaks off, what there is counts; `convert` refuses one without any sound.
            return

    def _by_soundfile(self) -> Iterator[bytes]:
        sides: list[Resampler] = []
        try:
            rate, blocks = read_file(self.path)
            self.title = file_title(self.path)
            for block in blocks:
                stereo = block.samples[:, [0, min(1, block.samples.shape[1] - 1)]]
                sides = sides or [Resampler(rate, RATE), Resampler(rate, RATE)]
                made = [side.push(stereo[:, number]) for number, side in enumerate(sides)]
                yield np.clip(np.nan_to_num(np.stack(made, axis=1)), -1.0, 1.0).astype(np.float32).tobytes()
        except AudioError:
            return  # as above


def convert(path: Path, output: Path, seconds: float) -> dict[str, Any]:
    """Write a WAV file of 44.1 kHz, 16 bit, stereo.

    Parameters
    ----------
    path : any sound file
    output : the WAV file; it is not whole when this raises
    seconds : longest sound that is taken

    Returns
    -------
    ``title``, ``duration`` in s

    Raises
    ------
    AudioError
        There is no sound, or too much.
    """
    song = Song(path)
    frames, told = 0, 0.0
    with wave.open(str(output), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        for piece in song.pieces():
            samples: FloatArray = np.frombuffer(piece, np.float32)
            file.writeframes(np.clip(np.rint(samples * 32768.0), -32768, 32767).astype("<i2").tobytes())
            frames += len(samples) // 2
            if frames > seconds * RATE:
                raise AudioError(
                    f"song: is longer than {seconds / 60:g} minutes; as much is allowed; cut it, or choose another"
                )
            if frames >= told * RATE:
                told += TELL_EVERY
                print(f"progress {frames / RATE:.1f}", file=sys.stderr, flush=True)
    if not frames:
        step = "choose another" if has_pyav() else "choose another, or pip install 'artgen-osc[stream]' for more kinds"
        raise AudioError(f"song: no sound that can be decoded is found in it; {ALLOWED}; {step}")
    return {"title": song.title, "duration": round(frames / RATE, 3)}


def main() -> int:
    """Convert; returns the exit status."""
    path, output, seconds = sys.argv[1:]
    _limit_itself()
    try:
        print(json.dumps(convert(Path(path), Path(output), float(seconds))))
    except ArtgenError as error:
        print(f"artgen: {error}", file=sys.stderr)
        return 2
    except MemoryError:
        print(
            "artgen: song: needs too much memory to be decoded; convert it to wav, or choose another", file=sys.stderr
        )
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
