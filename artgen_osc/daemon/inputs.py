"""What the show hears: its input, another one that is asked for while it runs, and the way back to the one before."""

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np

from artgen_osc.audio.sources import AudioBlock, AudioSource, ClosesItself
from artgen_osc.daemon.hearing import public_name
from artgen_osc.errors import ArtgenError, AudioError
from artgen_osc.runtime.backoff import Backoff
from artgen_osc.runtime.guard import survived
from artgen_osc.runtime.throttle import Throttle

log = logging.getLogger("artgen.daemon")

AWAY_S = 5.0
"""So long may somebody who may go away, such as a page, send nothing before what was heard before is heard again."""
NEVER_S = 30.0
"""So long may it take until its first sound: somebody has to allow the microphone."""
FIRST_WAIT_S, LONGEST_WAIT_S = 2.0, 60.0
"""Between two tries to open again what was heard before, twice as long each time."""
MOST_OPENING = 4
"""A disk or a driver that hangs keeps a thread; so many may."""
MOST_LASTING = 8
QUIET_S = 0.1


class Opening:
    """An input that is being opened on a thread of its own: that may take seconds, and the show goes on.

    Parameters
    ----------
    spec : as ``--input`` takes it
    open : opens it

    Attributes
    ----------
    thread : ends once it is open, or can't be
    """

    def __init__(self, spec: str, open: Callable[[str], AudioSource]) -> None:
        self.spec = spec
        self._open = open
        self._lock = threading.Lock()
        self._unwanted = False
        self._result: AudioSource | ArtgenError | None = None
        self.thread = threading.Thread(target=self._run, name="open input", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            result: AudioSource | ArtgenError = self._open(self.spec)
        except ArtgenError as error:
            result = error
        except Exception as error:  # a driver or a decoder; the show would wait for ever
            log.debug("%s", self.spec, exc_info=error)
            result = AudioError(f"{public_name(self.spec)}: {survived(error)}")
        with self._lock:
            self._result = result
            if self._unwanted and not isinstance(result, ArtgenError):
                result.close()

    def result(self) -> AudioSource | None:
        """The source, or None while it is not open yet.

        Raises
        ------
        ArtgenError
            It can't be opened.
        """
        with self._lock:
            result = self._result
        if isinstance(result, ArtgenError):
            raise result
        return result

    def abandon(self) -> None:
        """Close it, now or as soon as it is open."""
        with self._lock:
            self._unwanted = True
            if self._result and not isinstance(self._result, ArtgenError):
                self._result.close()


class NoInput(ClosesItself):
    """Silence, while the input that is wanted isn't there; see `AudioSource`."""

    name = "nothing"
    sample_rate = 48000

    def __init__(self) -> None:
        self._closed = threading.Event()

    def blocks(self) -> Iterator[AudioBlock]:
        """See `AudioSource.blocks`."""
        start = time.monotonic()
        while not self._closed.wait(QUIET_S):
            yield AudioBlock(np.zeros((0, 1), np.float32), time.monotonic() - start)

    def close(self) -> None:
        """See `AudioSource.close`."""
        self._closed.set()


class Inputs:
    """The input that is heard, and how it changes.

    Parameters
    ----------
    spec : what to hear first, as ``--input`` takes it
    open : opens what ``--input`` names, or raises ArtgenError
    refuse : is told why an input that was asked for can't be had
    changed : is called when `source` is another one, or has another rate, before its next block; not for the first one

    Attributes
    ----------
    source : what is heard now
    spec : what that is, as ``--input`` takes it

    Raises
    ------
    ArtgenError
        The first input can't be opened.
    """

    def __init__(
        self,
        spec: str,
        open: Callable[[str], AudioSource],
        refuse: Callable[[str], None],
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._open, self._refuse, self._changed = open, refuse, changed
        self._opening: Opening | None = None
        self._threads: list[threading.Thread] = []
        self._returning = False
        self._reconnects = self._unplayed = 0
        self._before_guest: str | None = None
        self._failed: str | None = None
        self._lasting: list[str] = []
        self._since = time.monotonic()
        self._next_try, self._backoff = 0.0, Backoff(FIRST_WAIT_S, LONGEST_WAIT_S)
        self._throttle = Throttle()
        self.source = self._open(spec)
        self.spec = spec
        self._remember()

    def _remember(self) -> None:
        """Keep what may be gone back to when another input ends."""
        if self.source.lasts:
            self._lasting = [*(one for one in self._lasting if one != self.spec), self.spec][-MOST_LASTING:]

    def blocks(self) -> Iterator[AudioBlock]:
        """The sound of the show, whatever its input is; ends when there is nothing more to come."""
        while True:
            source, rate = self.source, self.source.sample_rate
            for block in source.blocks():
                if source.sample_rate != rate:  # a device has come back with another one
                    rate = source.sample_rate
                    self._changed()
                yield block
                if self.next(time.monotonic()):
                    break
            else:
                if not self.ended():
                    return
            self._changed()

    def want(self, spec: str) -> None:
        """Hear another input as soon as it is open; `next` tells of it.

        Raises
        ------
        AudioError
            Too many are being opened.
        """
        self._start(spec, returning=False)

    def _start(self, spec: str, returning: bool) -> None:
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        if len(self._threads) >= MOST_OPENING:
            raise AudioError(
                f"{_named(spec)}: comes too soon; {MOST_OPENING} inputs at once may be opened; send it again later"
            )
        if self._opening:
            self._opening.abandon()
        self._opening, self._returning = Opening(spec, self._open), returning
        self._threads.append(self._opening.thread)

    def next(self, now: float) -> bool:
        """See to what was asked for; call it often.

        Parameters
        ----------
        now : s, monotonic

        Returns
        -------
        Whether `source` is another one from here on.
        """
        if source := self._opened():
            assert self._opening
            self._change(source, self._opening.spec, now)
            return True
        if isinstance(self.source, NoInput):
            if not self._opening and now >= self._next_try:
                self._go_back(self._lasting[-1] if self._lasting else None, now)
        elif self._before_guest is not None:
            self._see_to_the_guest(self._before_guest, now)
        return False

    def _see_to_the_guest(self, before: str, now: float) -> None:
        """Go back to the input before that of a guest, such as a page, who sends nothing any more."""
        if not self._guest_is_gone(now):
            self._may_try_at_once()
            if self._opening and self._returning:
                self._opening.abandon()
                self._opening = None
        elif not self._opening and now >= self._next_try:
            if self._backoff.fresh:
                log.warning("%s: no sound comes any more; %s is heard again", _named(self.spec), _named(before))
            self._go_back(before, now)

    def _guest_is_gone(self, now: float) -> bool:
        sent_at = self.source.sent_at
        return now - max(sent_at, self._since) > (AWAY_S if sent_at >= self._since else NEVER_S)

    def _opened(self) -> AudioSource | None:
        """The input that was asked for, once it is open; a refused one is told and forgotten."""
        if not self._opening:
            return None
        try:
            return self._opening.result()
        except ArtgenError as error:
            if not self._returning:
                self._refuse(f"{error}; {_named(self.spec)} goes on")
            elif self._throttle.due():
                log.warning("%s; it is tried again", error)
            self._opening = None
        return None

    def _go_back(self, spec: str | None, now: float) -> None:
        if spec is None:
            self.source.close()  # so the show is over
            return
        self._next_try = now + self._backoff.next()
        try:
            self._start(spec, returning=True)
        except AudioError as error:
            log.debug("%s", error)

    def _change(self, source: AudioSource, spec: str, now: float) -> None:
        if math.isinf(source.sent_at):
            self._before_guest = None
        elif isinstance(self.source, NoInput):
            self._before_guest = self._lasting[-1] if self._lasting else None
        elif math.isinf(self.source.sent_at):
            self._before_guest = self.spec
        self._leave()
        self.source, self.spec, self._opening = source, spec, None
        self._since = now
        if spec != self._failed:
            self._may_try_at_once()
        self._remember()

    def ended(self) -> bool:
        """The input has ended by itself: hear the one before, if there was one that lasts; one that has failed is
        opened again.

        Returns
        -------
        Whether there is something to come; `source` is silent until then. Otherwise the show is over.
        """
        if self.source.failed:
            return self._wait_for_it()
        self._lasting = [spec for spec in self._lasting if spec != self.spec]
        if not self._lasting and not self._opening:
            return False
        if self._lasting and not self._opening:
            log.warning("%s has ended; %s is heard again", _named(self.spec), _named(self._lasting[-1]))
        self._leave()
        self.source = NoInput()
        self._may_try_at_once()
        return True

    def _wait_for_it(self) -> bool:
        """Be silent until the input before the one that has failed is open, or without one that itself."""
        if self.spec != self._failed or time.monotonic() - self._since > LONGEST_WAIT_S:
            self._may_try_at_once()
        self._failed = self.spec
        others = [spec for spec in self._lasting if spec != self.spec]
        self._lasting = others or [self.spec]
        self._leave()
        self.source = NoInput()
        if not others:
            self._next_try = time.monotonic() + self._backoff.next()
        return True

    def _leave(self) -> None:
        self.source.close()
        self._reconnects += self.source.reconnects
        self._unplayed += self.source.unplayed

    @property
    def reconnects(self) -> int:
        """Attempts to open an input again, so far."""
        return self._reconnects + self.source.reconnects

    @property
    def unplayed(self) -> int:
        """Frames that were to be heard here and weren't, so far."""
        return self._unplayed + self.source.unplayed

    def _may_try_at_once(self) -> None:
        self._next_try = 0.0
        self._backoff.reset()

    def close(self) -> None:
        """Close whatever is open, now or as soon as it is."""
        self.source.close()
        if self._opening:
            self._opening.abandon()


def _named(spec: str) -> str:
    return public_name(spec) or "the system's input"
