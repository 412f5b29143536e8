"""One film of a show that goes on, as the show sees it: frames and sound go to a process that writes it."""

import contextlib
import json
import logging
import math
import subprocess
import threading
from collections import deque
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from artgen_osc.runtime.child import python_module
from artgen_osc.runtime.pipes import widen, write_all
from artgen_osc.runtime.text import printable
from visuals.outputs.cadence import Cadence
from visuals.outputs.recorder import BEGIN, END, FRAME, HEAD, SOUND, Wish

if TYPE_CHECKING:
    from artgen_osc.schema.sound import Sound
    from visuals.generators.generator import Frame
    from visuals.outputs.ear import Ear

log = logging.getLogger(__name__)

WAITING = 6
"""Frames that may wait to be encoded; the oldest is dropped."""

LOOK_S = 0.1
LAST_SOUND_S = 0.3
"""So long is waited for the sound of the last frames."""


class Recording:
    """A film that is being written. It begins with the first frame that is wanted once its process is ready.

    Parameters
    ----------
    wish : what it is to be like
    began : s, monotonic; when the show began
    ear : where the sound is to be had; None: there is none

    Attributes
    ----------
    wish : as given
    film : name of what is written; empty before
    error : why it has ended early; empty: it hasn't
    seconds, size : that are written; bytes of the file
    ending : whether it takes no more frames
    """

    def __init__(self, wish: Wish, began: float, ear: "Ear | None") -> None:
        self.wish, self.film, self.error = wish, "", ""
        self.seconds, self.size, self.ending = 0.0, 0, False
        self._lost = self._late = 0
        self._show_began, self._ear = began, ear
        self._cadence = Cadence(wish.rate)
        self._start: float | None = None
        self._index = 0
        self._sound: deque[Sound] = deque()
        self._frames: deque[tuple[Frame, int]] = deque()
        self._ended, self._gone = math.inf, False
        self._process: subprocess.Popen[bytes] | None = None
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="recording", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        """Frames that were lost."""
        return self._lost + self._late

    @property
    def over(self) -> bool:
        """Whether nothing is written any more."""
        return not self._thread.is_alive()

    def wants(self, time: float) -> bool:
        """Whether the show's frame of this moment is one of the film's.

        Parameters
        ----------
        time : s since the show began
        """
        if not self.film or self.ending:
            return False
        if self._start is None:
            if self._ear:
                self._sound = self._ear.listen()
            self._start = time
        index = self._cadence.due(time - self._start)
        if index is None:
            return False
        self._index = index
        return True

    def put(self, frame: "Frame") -> None:
        """Hand the frame over that was wanted last; returns at once.

        Parameters
        ----------
        frame : uint8 ``(height, width, 3)`` or ``(height, width, 4)``; not to be written to
        """
        with self._changed:
            if len(self._frames) == WAITING:
                self._frames.popleft()
                self._lost += 1
            self._frames.append((frame, self._index))
            self._changed.notify()

    def end(self) -> None:
        """Write what waits, and finish the file; returns at once."""
        with self._changed:
            self._ended, self.ending = min(self._ended, monotonic()), True
            self._changed.notify()

    def give_up(self, reason: str) -> None:
        """End at once, whatever its process waits for.

        Parameters
        ----------
        reason : why
        """
        self.error = self.error or reason
        self.end()
        if self._process is not None:
            self._process.kill()

    def join(self, seconds: float) -> bool:
        """Wait for the end; whether it has come.

        Parameters
        ----------
        seconds : to wait at most
        """
        self._thread.join(seconds)
        return self.over

    def _run(self) -> None:
        command = python_module("visuals.outputs.recorder")
        try:
            # Ctrl-C is for the show, which ends it: hence a session of its own.
            with subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, start_new_session=True
            ) as process:
                self._process = process
                if self.error:
                    process.kill()  # it was given up meanwhile
                following = threading.Thread(
                    target=self._follow, args=(process.stdout,), name="recording told", daemon=True
                )
                following.start()
                with contextlib.suppress(OSError):  # else it has ended, and has said why
                    self._feed(process.stdin)
                following.join()
            if process.returncode and not self.error:
                self.error = f"{self.film or self.wish.name}: its encoder has crashed; choose another one"
        except OSError as error:
            self.error = f"{self.wish.name}: can't be recorded ({error.strerror}); try again"
        finally:
            self._frames.clear()
            if self._ear:
                self._ear.forget(self._sound)
        if self.error and not self.wish.address:
            after = f"; {self.seconds:.0f} s of it are there" if self.size else ""
            log.warning("%s%s; the show goes on", self.error, after)

    def _feed(self, pipe: Any) -> None:
        """Hand on what comes, until the end."""
        with pipe:
            widen(pipe)
            write_all(pipe, self.wish.to_line())
            began = 0.0
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: self._frames or self.ending or self._gone, LOOK_S)
                    item = self._frames.popleft() if self._frames else None
                    over = item is None and (self.ending or self._gone)
                if self._start is not None and not began:
                    began = self._show_began + self._start
                    write_all(pipe, HEAD.pack(BEGIN, began, 0))
                if began:
                    self._feed_sound(pipe)
                if item:
                    frame, index = item
                    write_all(pipe, HEAD.pack(FRAME, index, frame.nbytes))
                    write_all(pipe, frame.data.cast("B"))
                if over:
                    break
            if began and not self._gone:
                self._feed_the_last_sound(pipe)
                write_all(pipe, HEAD.pack(END, self._ended - began, 0))

    def _feed_sound(self, pipe: Any) -> float:
        """Hand the sound on that has come; when it ends, s, monotonic."""
        end = 0.0
        while self._sound:
            piece = self._sound.popleft()
            end = piece.end
            if piece.time < self._ended:
                data = piece.pack()
                write_all(pipe, HEAD.pack(SOUND, piece.time, len(data)) + data)
        return end

    def _feed_the_last_sound(self, pipe: Any) -> None:
        """That of the last frames is still on its way."""
        patience = monotonic() + LAST_SOUND_S
        while self._ear and self._feed_sound(pipe) < self._ended and monotonic() < patience:
            sleep(LAST_SOUND_S / 10)

    def _follow(self, pipe: Any) -> None:
        """Take what the process tells, until it ends."""
        with pipe:
            for line in pipe:
                told = json.loads(line)
                self.film = told.get("ready", self.film)
                self.seconds, self.size = told.get("seconds", self.seconds), told.get("size", self.size)
                self._late = told.get("late", self._late)
                self.error = told.get("error", self.error)
                if "warning" in told:
                    log.warning("%s", printable(told["warning"]))
        with self._changed:
            self._gone = True
            self._changed.notify()
