"""PortAudio, of which a process has one: who opens a stream and who starts it again take turns."""

import contextlib
import ctypes
import sys
import threading
from collections.abc import Iterator
from typing import Any

from artgen_osc.errors import AudioError

PATIENCE = 5.0
"""Seconds to wait for a turn: a dead audio server can keep a stream from opening for ever."""

_turn = threading.RLock()
_streams: list[Any] = []
_hush: list[Any] = []


def sounddevice() -> Any:
    """The module `sounddevice`, imported on first use.

    Raises
    ------
    AudioError
        It, or the PortAudio library below it, is not installed.
    """
    try:
        if sys.platform == "linux" and not _hush:
            _silence_probing()
        import sounddevice
    except ImportError as error:
        raise AudioError(
            f"sounddevice: can't be imported ({error}); it is needed for devices and playback; pip install sounddevice"
        ) from error
    except OSError as error:
        raise AudioError(
            f"PortAudio: can't be loaded ({error}); its library is needed for devices and playback; "
            "apt install libportaudio2 (macOS and Windows: pip install --force-reinstall sounddevice)"
        ) from error
    return sounddevice


def _silence_probing() -> None:
    """Keep ALSA and JACK from writing to the terminal while PortAudio probes for devices."""
    quiet = ctypes.CFUNCTYPE(None)(lambda: None)
    _hush.append(quiet)
    for library, setter in (
        ("libasound.so.2", "snd_lib_error_set_handler"),
        ("libjack.so.0", "jack_set_error_function"),
    ):
        with contextlib.suppress(OSError, AttributeError):
            getattr(ctypes.CDLL(library), setter)(quiet)


@contextlib.contextmanager
def turn() -> Iterator[Any]:
    """PortAudio for oneself, for as long as a stream is looked for and opened: ``with turn() as sd``.

    Raises
    ------
    AudioError
        It can't be loaded, or somebody else has had it for `PATIENCE` seconds.
    """
    sd = sounddevice()
    if not _turn.acquire(timeout=PATIENCE):
        raise AudioError(
            f"PortAudio: doesn't answer; it has been opening another device for {PATIENCE:.0f} s; "
            "start the audio server again"
        )
    try:
        yield sd
    finally:
        _turn.release()


def opened(stream: Any) -> None:
    """Note a stream of PortAudio's that is open; `close` forgets it."""
    _streams.append(stream)


def look_again() -> None:
    """Have PortAudio find the devices of today: it knows only those that were there when it started.

    It is started again for that, which would end every open stream, so while there is one it stays as it is. Only in
    one's `turn`.
    """
    if not _streams:
        sd = sounddevice()
        sd._terminate()
        sd._initialize()


def close(stream: Any) -> None:
    """Close a stream, however long that takes."""
    stream.close(ignore_errors=True)
    with contextlib.suppress(ValueError):
        _streams.remove(stream)


def close_soon(stream: Any) -> None:
    """Close a stream, and wait at most a second for it: a dead audio server can keep it from closing for ever."""
    closing = threading.Thread(target=close, args=(stream,), name="close", daemon=True)
    closing.start()
    closing.join(1.0)
