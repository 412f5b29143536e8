"""An input that somebody has added: whatever it does, the show goes on."""

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from artgen_osc.audio.sound_file import HIGHEST_RATE, LOWEST_RATE
from artgen_osc.audio.sources import AudioBlock, AudioSource, ClosesItself, shown
from artgen_osc.audio.titles import one_line
from artgen_osc.errors import BORNE, ArtgenError, AudioError
from artgen_osc.plugins.registry import Plugin
from artgen_osc.runtime.deadline import NotBack, within
from artgen_osc.runtime.text import unexpected

log = logging.getLogger("artgen.plugins")

QUIET_S = 0.1
"""After so long without sound, a block without frames is given."""
MOST_WAITING = 64
"""Blocks that may wait before the oldest is dropped."""
AHEAD_S = 1.0
"""So much may it deliver before its time; then it waits."""
OPENING_S = 10.0
CLOSING_S = 1.0
MOST_CHANNELS = 256
LOUDEST = 32.0
"""Times full scale, which no mixer gives; whole numbers that nobody has divided do."""


def open_isolated(spec: str, open: Callable[[], AudioSource], plugin: Plugin) -> "IsolatedSource":
    """Open an input that somebody has added.

    Parameters
    ----------
    spec : as ``--input`` takes it
    open : opens it
    plugin : whose it is

    Raises
    ------
    AudioError
        It hasn't been opened within `OPENING_S`, or isn't a source.
    """
    given_up = threading.Event()

    def opened() -> IsolatedSource:
        source = IsolatedSource(spec, open(), plugin)
        if given_up.is_set():
            source.close()
        return source

    try:
        return within(OPENING_S, opened, f"input {plugin.name}")
    except NotBack:
        given_up.set()
        raise AudioError(f"{shown(spec)}: hasn't been opened within {OPENING_S:.0f} s; choose another input") from None


class IsolatedSource(ClosesItself):
    """Takes the sound of a source in on a thread of its own, and looks at it before anybody else does.

    A source that delivers nothing is silence, one that delivers too fast is kept waiting, one that raises or delivers
    what is no sound has failed: it ends, and may be opened again.

    Parameters
    ----------
    spec : as ``--input`` takes it
    source : somebody's
    plugin : whose it is; told there, too, why it has failed

    Raises
    ------
    AudioError
        It has no sample rate that is one.
    """

    def __init__(self, spec: str, source: AudioSource, plugin: Plugin) -> None:
        self._source, self._plugin = source, plugin
        self.name = self._text("name") or spec
        self.sample_rate = self._rate()
        self.lasts = bool(self._ask("lasts", True))
        self._look()
        self._change = threading.Condition()
        self._waiting: deque[tuple[int, AudioBlock]] = deque()
        self._lost = 0
        self._over = False
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="input", daemon=True)

    def _ask(self, attribute: str, default: Any) -> Any:
        """One of its attributes, as far as it has it and can say it."""
        try:
            return getattr(self._source, attribute, default)
        except BORNE as error:  # a property of a stranger
            log.debug("%s", attribute, exc_info=error)
            return default

    def _text(self, attribute: str) -> str:
        value = self._ask(attribute, "")
        return one_line(value) if isinstance(value, str) else ""

    def _number(self, attribute: str, default: float) -> float:
        value = self._ask(attribute, default)
        return value if isinstance(value, (int, float)) and value == value else default

    def _look(self) -> None:
        """See what it says of itself, on a thread that nobody waits for: a property may ask somebody else for it."""
        self.title = self._text("title")
        self.sent_at = self._number("sent_at", math.inf)
        self.reconnects = int(self._number("reconnects", 0))
        self._unplayed = int(self._number("unplayed", 0))

    @property
    def unplayed(self) -> int:
        """See `AudioSource`."""
        return self._unplayed

    def _rate(self) -> int:
        rate = self._number("sample_rate", 0)
        if not LOWEST_RATE <= rate <= HIGHEST_RATE:
            raise AudioError(f"{self.name}: {rate!r} Hz is no sample rate; {LOWEST_RATE} to {HIGHEST_RATE} Hz are")
        return round(rate)

    def blocks(self) -> Iterator[AudioBlock]:
        """See `AudioSource.blocks`."""
        if not self._closed.is_set():
            self._thread.start()
        clock, channels = 0.0, 1
        while not self._closed.is_set():
            with self._change:
                self._change.wait_for(lambda: self._waiting or self._over, QUIET_S)
                rate, block = self._waiting.popleft() if self._waiting else (0, None)
            if block is None:
                if self._over:
                    return
                yield AudioBlock(np.zeros((0, channels), np.float32), clock)
                continue
            self.sample_rate, channels = rate, block.samples.shape[1]
            clock = block.time + len(block.samples) / rate
            yield block

    def _follow(self) -> None:
        start, given = time.monotonic(), 0.0
        try:
            for block in self._source.blocks():
                rate = self._rate()
                self._look()
                self._put(rate, self._checked(block))
                now = time.monotonic()
                given = max(given, now - start) + len(block.samples) / rate
                if self._closed.wait(max(0.0, given - (now - start) - AHEAD_S)):
                    break
        except ArtgenError as error:
            self._fail(str(error))
        except BaseException as error:  # on this thread it is no user's
            log.debug("%s", self.name, exc_info=error)
            self._fail(unexpected(error))
        with self._change:
            self._over = True
            self._change.notify_all()

    def _fail(self, reason: str) -> None:
        if not self._closed.is_set():
            self.failed = True
            self._plugin.reason = reason
            log.warning("input %s: %s: has failed (%s); the show goes on", self._plugin.name, self.name, reason)

    def _checked(self, block: AudioBlock) -> AudioBlock:
        samples = np.array(block.samples, dtype=np.float32)
        samples = samples[:, None] if samples.ndim == 1 else samples
        if samples.ndim != 2 or not 1 <= samples.shape[1] <= MOST_CHANNELS:
            raise AudioError(f"{samples.shape} is no shape of sound; (frames, channels) is")
        if samples.size and np.nanmax(np.abs(samples)) > LOUDEST:
            raise AudioError(f"samples up to {np.nanmax(np.abs(samples)):.0f}; full scale is 1")
        moment, dropped = float(block.time), int(block.dropped)
        if not np.isfinite(moment):
            raise AudioError(f"{moment} is no time of a block; s on the stream's clock are")
        return AudioBlock(samples, moment, max(0, dropped))

    def _put(self, rate: int, block: AudioBlock) -> None:
        with self._change:
            if len(self._waiting) >= MOST_WAITING:
                _, lost = self._waiting.popleft()
                self._lost += len(lost.samples) + lost.dropped
            block = AudioBlock(block.samples, block.time, block.dropped + self._lost)
            self._lost = 0
            self._waiting.append((rate, block))
            self._change.notify_all()

    def close(self) -> None:
        """See `AudioSource.close`; one that doesn't end is left behind."""
        self._closed.set()
        with self._change:
            self._change.notify_all()
        closing = threading.Thread(target=self._end, name="close", daemon=True)
        closing.start()
        closing.join(CLOSING_S)

    def _end(self) -> None:
        try:
            self._source.close()
        except BaseException as error:
            log.debug("%s", self.name, exc_info=error)
