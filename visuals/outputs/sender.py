"""Frames on their way to a process that sends them on: the newest only, and nobody waits."""

import contextlib
import json
import math
import subprocess
import threading
from time import monotonic
from typing import TYPE_CHECKING, Any

from artgen_osc.runtime.child import python_module
from artgen_osc.runtime.pipes import widen, write_all
from visuals.outputs.sending import HEAD, Wish

if TYPE_CHECKING:
    from visuals.generators.generator import Frame


PATIENCE_S = 5.0
"""So long may one take that has been told to end."""


class Sender:
    """One process at work, see `visuals.outputs.sending`.

    Parameters
    ----------
    wish : what it is to send, and where to

    Attributes
    ----------
    wish : as given
    ready : whether it sends
    told : what it has told last, by name
    error : why it has ended; empty: it hasn't, or was told to
    dropped : frames that were overtaken by newer ones
    """

    def __init__(self, wish: Wish) -> None:
        self.wish, self.ready, self.error, self.dropped = wish, False, "", 0
        self.told: dict[str, Any] = {}
        self._frame: Frame | None = None
        self._ended, self._gone, self._until = False, False, math.inf
        self._process: subprocess.Popen[bytes] | None = None
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)
        self._thread.start()

    @property
    def over(self) -> bool:
        """Whether nothing is sent any more."""
        return not self._thread.is_alive()

    def put(self, frame: "Frame") -> None:
        """Hand a frame over; returns at once.

        Parameters
        ----------
        frame : uint8 ``(height, width, 3)`` or ``(height, width, 4)``; not to be written to
        """
        with self._changed:
            self.dropped += self._frame is not None
            self._frame = frame
            self._changed.notify_all()

    def end(self) -> None:
        """Send nothing more; returns at once."""
        with self._changed:
            self._ended, self._frame = True, None
            self._until = min(self._until, monotonic() + PATIENCE_S)
            self._changed.notify_all()

    @property
    def overdue(self) -> bool:
        """Whether it should have ended long ago."""
        return monotonic() > self._until

    def join(self, seconds: float) -> None:
        """Wait for the end; after that time there is one.

        Parameters
        ----------
        seconds : to wait at most
        """
        self._thread.join(seconds)
        if self._process is not None and not self.over:
            self._process.kill()

    def _run(self) -> None:
        command = python_module("visuals.outputs.sending")
        try:
            # Ctrl-C is for the show, which ends it: hence a session of its own.
            with subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, start_new_session=True
            ) as process:
                self._process = process
                following = threading.Thread(
                    target=self._follow, args=(process.stdout,), name="sender told", daemon=True
                )
                following.start()
                with contextlib.suppress(OSError):  # else it has ended, and has said why
                    self._feed(process.stdin)
                following.join()
            if process.returncode and not self._ended:
                self.error = self.error or "its process has crashed"
        except OSError as error:
            self.error = f"no process can be started ({error.strerror})"
        finally:
            self.ready, self._frame = False, None

    def _feed(self, pipe: Any) -> None:
        with pipe:
            widen(pipe)
            write_all(pipe, self.wish.to_line())
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: self._frame is not None or self._ended or self._gone)
                    frame, self._frame = self._frame, None
                if frame is None or self._ended or self._gone:
                    return
                write_all(pipe, HEAD.pack(frame.nbytes))
                write_all(pipe, frame.data.cast("B"))

    def _follow(self, pipe: Any) -> None:
        with pipe:
            for line in pipe:
                told = json.loads(line)
                self.ready = told.pop("ready", self.ready)
                self.error = told.pop("error", self.error)
                self.told |= told
        with self._changed:
            self._gone = True
            self._changed.notify_all()
