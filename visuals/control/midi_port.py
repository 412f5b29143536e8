"""A MIDI port that is heard as long as it is there, and found again when it is plugged in again."""

import logging
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from artgen_osc.runtime.backoff import Backoff
from artgen_osc.runtime.text import printable, unexpected

log = logging.getLogger("artgen.midi")

LOOK_S, LONGEST_S = 1.0, 60.0
"""Between two looks at the ports, at first and where there is no MIDI at all."""

MOST = 2000
"""Messages that wait. Older ones make room."""

CLOSE_S = 2.0

ALL = -1
"""Every channel."""

SEQUENCER = "/dev/snd/seq"
"""What ALSA is spoken to by."""

Heard = tuple[str, float]
"""What a message says: ``cc/7``, ``note/60``, ``bend`` or ``pressure``, and 0..1."""

GONE: Heard = ("", 0.0)
"""The port has vanished, and whoever held a note of it."""


class _NoMidi(Exception):
    """The system has none; the text says why."""


def heard(message: Any) -> Heard | None:
    """What a message of mido's says; None: nothing that is a number.

    Parameters
    ----------
    message : ``mido.Message``
    """
    match message.type:
        case "control_change":
            return f"cc/{message.control}", message.value / 127.0
        case "note_on":
            return f"note/{message.note}", message.velocity / 127.0
        case "note_off":
            return f"note/{message.note}", 0.0
        case "pitchwheel":  # its middle is 0, and its ends aren't as far away
            return "bend", 0.5 + message.pitch / (16382.0 if message.pitch > 0 else 16384.0)
        case "aftertouch":
            return "pressure", message.value / 127.0
    return None


class MidiPort:
    """Hears one port, on threads of its own.

    Parameters
    ----------
    name : part of the port's; capital and small letters are the same
    channel : 0..15, or `ALL`

    Attributes
    ----------
    dropped : messages that nobody has taken in time
    """

    def __init__(self, name: str, channel: int = ALL) -> None:
        self._name, self._channel = name, channel
        self._backend: Any = None
        self._waiting: deque[Heard] = deque(maxlen=MOST)
        self._told, self._found = "", False
        self._closed = threading.Event()
        self.dropped = 0
        self._thread = threading.Thread(target=self._run, name="midi", daemon=True)
        self._thread.start()

    def take(self) -> list[Heard]:
        """What has come since the last call, oldest first."""
        return [self._waiting.popleft() for _ in range(len(self._waiting))]

    def end(self) -> None:
        """Have the port let go, without waiting for its driver."""
        self._closed.set()

    def close(self) -> None:
        """Let the port go; a driver that doesn't come back is left alone."""
        self.end()
        self._thread.join(CLOSE_S)

    def _hear(self, message: Any) -> None:
        said = heard(message)
        if said and self._channel in (ALL, message.channel):
            self.dropped += len(self._waiting) == MOST
            self._waiting.append(said)

    def _run(self) -> None:
        port, wait = None, Backoff(LOOK_S, LONGEST_S)
        while True:
            try:
                port = self._kept(port)
                wait.reset()
                pause = LOOK_S
            except ImportError:
                self._tell("needs mido and python-rtmidi; pip install 'artgen-osc[midi]', and start again")
                return
            except _NoMidi as error:
                self._tell(f"{error}; it is waited for")
                pause = wait.next()
            except Exception as error:  # of a driver
                self._tell(f"can't be used ({error or type(error).__name__}); it is tried again")
                self._let_go(port)
                port, pause = None, wait.next()
            if self._closed.wait(pause):
                self._let_go(port)
                return

    def _kept(self, port: Any) -> Any:
        """The port, opened when it has come; None: it isn't there."""
        if self._backend is None:
            if not os.environ.get("MIDO_BACKEND") and sys.platform == "linux" and not Path(SEQUENCER).exists():
                # The library would write lines of its own, and no word of what to do.
                raise _NoMidi(f"{SEQUENCER} isn't there, the system's MIDI; load it by modprobe snd-seq")
            from mido.backends.backend import Backend

            self._backend = Backend()  # what MIDO_BACKEND says, or RtMidi
        names: Sequence[str] = self._backend.get_input_names()
        if port is not None and port.name in names:
            return port
        if port is not None:
            self._tell(f"{port.name} is gone; it is heard again when it is back")
            self._let_go(port)
        found = next((name for name in names if self._name.casefold() in name.casefold()), None)
        if found is None:
            if not self._found:
                there = ", ".join(names) or "none"
                self._tell(f"no port's name has {self._name!r} in it; there are: {there}; it is waited for")
            return None
        opened = self._backend.open_input(found, callback=self._hear)
        self._found = True
        self._tell(f"hears {found}", log.info)
        return opened

    def _let_go(self, port: Any) -> None:
        if port is None:
            return
        try:
            port.close()
        except Exception as error:  # it may be gone
            log.debug("midi: %s", unexpected(error))
        self._waiting.append(GONE)

    def _tell(self, what: str, how: Callable[..., None] = log.warning) -> None:
        """Say what has changed, once."""
        if what != self._told:
            self._told = what
            how("midi: %s", printable(what))
