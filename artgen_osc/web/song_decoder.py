"""Makes a WAV file of whatever a browser has sent: ``python -m artgen_osc.web.song_decoder FILE OUT.wav SECONDS``.

A process of its own, as `artgen_osc.audio.stream_decoder` is and for the same reason: damaged or hostile data can crash
or hang the C code that decodes. It says how far it is on stderr, ``progress S`` in seconds of sound, and what is
wrong, ``artgen: …``; on stdout, a JSON object with ``title`` and ``duration``.
"""

import contextlib
import json
import sys
import wave
from pathlib import Path
from typing import Any

import numpy as np

from artgen_osc.audio.sound_av import Steady, has_pyav
from artgen_osc.audio.sound_file import SoundFile, Unreadable
from artgen_osc.audio.stream_decoder import RATE
from artgen_osc.errors import ArtgenError, AudioError

MEMORY = 2 << 30
"""Bytes of address space. A file may ask the decoder for any amount."""

PROCESSOR_S = 1800
"""Seconds of a core, should it hang when nobody is left to end it."""

TELL_EVERY = 5.0


def _limit_itself() -> None:
    """Where the system can."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_S, PROCESSOR_S))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


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
    try:
        song = SoundFile(path, has_pyav())
    except Unreadable as error:
        step = "choose a sound file such as wav, mp3, flac, ogg, m4a or webm"
        if not has_pyav():
            step = "choose a wav, mp3, flac or ogg file, or pip install 'artgen-osc[stream]' for more kinds"
        raise AudioError(f"song: no sound that can be decoded is found in it ({error}); {step}") from error
    frames, told, steady = 0, 0.0, Steady(RATE, 2)
    with wave.open(str(output), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        for block in song.blocks():
            samples = steady.push(block, song.sample_rate)
            file.writeframes(np.clip(np.rint(samples * 32768.0), -32768, 32767).astype("<i2").tobytes())
            frames += len(samples)
            if frames > seconds * RATE:
                raise AudioError(f"song: is longer than {seconds / 60:g} minutes; cut it, or choose another")
            if frames >= told * RATE:
                told += TELL_EVERY
                print(f"progress {frames / RATE:.1f}", file=sys.stderr, flush=True)
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
