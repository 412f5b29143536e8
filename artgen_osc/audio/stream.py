"""Sound from the network: http, Icecast, HLS, RTSP and RTMP, through breaks and for hours."""

import importlib.util
import json
import logging
import subprocess
import threading
import time
from collections.abc import Iterator
from io import BufferedReader
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from artgen_osc.audio.sources import AudioBlock, PacedSource, block_length, shown
from artgen_osc.audio.stream_decoder import ENDED, HEAD, PROTOCOLS, RATE
from artgen_osc.audio.titles import one_line
from artgen_osc.dsp.core import FloatArray
from artgen_osc.errors import AudioError
from artgen_osc.runtime.backoff import Backoff
from artgen_osc.runtime.child import python_module
from artgen_osc.runtime.throttle import Throttle

logger = logging.getLogger(__name__)

OPENING = 12.0
"""Seconds in which the first sound has to come."""
STALL = 8.0
"""After so many seconds without sound, the connection counts as dead."""
FIRST_WAIT, LONGEST_WAIT = 0.5, 10.0
"""Seconds between attempts: the wait doubles with each one that doesn't last."""
LASTING = 5.0
"""Seconds of sound after which a connection counts as a good one."""
JITTER = 0.3
"""Seconds of sound that are there before it is heard, at first and after a gap."""
SETTLE = 0.5
"""Seconds after the first sound in which a server sends what it holds ready."""
LATENCY, BEHIND = 2.0, 1.0
"""Seconds of sound that may wait, and what is kept of a live stream where more has come: one cut, not many."""
QUIET = 0.1
"""Seconds between the blocks without frames, while nothing comes."""
LARGEST = 1 << 24
"""Bytes of a record; more means that the decoder has lost its mind."""


def need_pyav() -> None:
    """Check that PyAV is there, without importing it.

    Raises
    ------
    AudioError
        It isn't installed.
    """
    if importlib.util.find_spec("av") is None:
        raise AudioError("PyAV: isn't installed; it is needed for url:ADDRESS; pip install 'artgen-osc[stream]'")


def check_address(address: str) -> None:
    """Check the form of an address.

    Raises
    ------
    AudioError
        It is none, or by none of `PROTOCOLS`.
    """
    try:
        parts = urlsplit(address)
        good = parts.scheme.lower() in PROTOCOLS and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good:
        kinds = ", ".join(PROTOCOLS)
        raise AudioError(f"{shown(f'url:{address}')}: is no address by {kinds}; write one such as url:http://HOST/PATH")


class _Beginning:
    """The first second of sound after any silence, by which a file is known that begins anew."""

    def __init__(self) -> None:
        self._samples: FloatArray = np.zeros((0, 2), np.float32)

    @property
    def whole(self) -> bool:
        """Whether all of it is there."""
        return len(self._samples) >= RATE

    def add(self, samples: FloatArray) -> None:
        """Take the next float32 ``(frames, 2)``."""
        if not len(self._samples):
            samples = samples[np.logical_or.accumulate(samples.any(axis=1))]
        if not self.whole:
            self._samples = np.concatenate((self._samples, samples))[:RATE]

    def is_that_of(self, other: "_Beginning") -> bool:
        """Whether it is the very same sound; silence never is."""
        return bool(len(self._samples)) and np.array_equal(self._samples, other._samples)


class StreamSource(PacedSource):
    """A stream in real time; see `AudioSource`.

    A process decodes (`artgen_osc.audio.stream_decoder`), a thread takes its sound into a bounded queue, and the
    system's clock sets the pace. When a stream breaks off, stalls or ends, it is opened again and again, and
    `blocks` goes on without frames. Only a file ends the show, as ``file:`` does: what has a length, or what has ended
    and begins with the very same sound when it is opened again.

    Parameters
    ----------
    address : with a scheme of `PROTOCOLS`
    mute : don't play it to the default output

    Attributes
    ----------
    title : what plays, as the stream says, or empty
    reconnects : attempts to open it again, so far

    Raises
    ------
    AudioError
        PyAV isn't installed, or no sound comes from this address.
    """

    def __init__(self, address: str, mute: bool = False) -> None:
        need_pyav()
        check_address(address)
        super().__init__(shown(f"url:{address}"), RATE, self._sound())
        self._address = address
        self.reconnects = 0
        self._change = threading.Condition()
        self._waiting: FloatArray = np.zeros((0, 2), np.float32)
        self._joined = self._primed = self._finite = self._patient = self._unsure = self._over = False
        self._beginning: _Beginning | None = None
        self._lost = 0
        self._heard = self._settled = time.monotonic()
        self._process: Any = None
        self._blame = ""
        self._place = 0.0
        self._throttle, self._told = Throttle(), False
        self._opened = threading.Event()
        self._refusal = f"no sound came within {OPENING:g} s"
        self._thread = threading.Thread(target=self._follow, name="stream", daemon=True)
        self._thread.start()
        try:
            if not self._opened.wait(OPENING) or self._refusal:
                raise AudioError(f"{self.name}: can't be opened ({self._refusal}); check the address")
            if not mute:
                from artgen_osc.audio.playback import Player

                self._player = Player(RATE)
        except BaseException:
            self.close()
            raise

    # The thread that takes the sound in

    def _follow(self) -> None:
        backoff = Backoff(FIRST_WAIT, LONGEST_WAIT)
        while not self._closed.is_set():
            seconds, reason = self._connect()
            if not self._opened.is_set():
                self._refusal = reason or "there is no sound in it"
                break
            if self._finite and not reason:
                break
            if seconds > LASTING:
                backoff.reset()
            if reason != ENDED or not self._unsure:
                self._tell(reason)
            if self._closed.wait(backoff.next()):
                break
            self.reconnects += 1
        self._over = True
        self._opened.set()

    def _tell(self, reason: str) -> None:
        if not self._closed.is_set() and self._throttle.due():
            self._told = True
            logger.warning("%s: the sound stopped (%s); it is opened again until it comes", self.name, reason)

    def _connect(self) -> tuple[float, str]:
        """Run one decoder to its end: the seconds of sound it gave, and why it ended."""
        command = python_module("artgen_osc.audio.stream_decoder")
        try:
            with self._change:
                if self._closed.is_set():
                    return 0.0, "closed"
                self._blame = ""
                self._heard = time.monotonic()
                self._process = subprocess.Popen(
                    command, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
                )
            with self._process as process, BufferedReader(process.stdout) as pipe:
                try:
                    request = json.dumps({"address": self._address, "start": self._place})
                    process.stdin.write(request.encode() + b"\n")
                    return self._receive(pipe)
                finally:
                    process.kill()
        except (OSError, ValueError) as error:
            return 0.0, f"the decoder failed: {error}"

    def _receive(self, pipe: Any) -> tuple[float, str]:
        frames, before, beginning = 0, self._beginning, _Beginning()
        held: list[FloatArray] = []
        while True:
            head = pipe.read(HEAD.size)
            kind, size = HEAD.unpack(head) if len(head) == HEAD.size else (b"", 0)
            content = pipe.read(size) if size <= LARGEST else b""
            if not kind or len(content) != size:
                return frames / RATE, self._blame or "the decoder crashed"
            self._heard = time.monotonic()
            if kind == b"S":
                samples = np.frombuffer(content, np.float32).reshape(-1, 2)
                beginning.add(samples)
                held.append(samples)
            elif kind == b"T":
                self.title = one_line(content.decode(errors="replace"))
            elif kind == b"O":
                opened = json.loads(content)
                self._finite, self._patient, self._unsure = (opened[key] for key in ("finite", "patient", "unsure"))
                before = before if self._unsure else None
                self.title = ""
            if kind == b"E" or beginning.whole or not before:
                if before and beginning.is_that_of(before):
                    self._finite = True
                    return 0.0, ""
                before = None
                for block in held:
                    self._put(block, first=not frames)
                    frames += len(block)
                held = []
            if kind == b"E":
                reason = content.decode(errors="replace")
                self._beginning = beginning if self._unsure and reason == ENDED else None
                return frames / RATE, reason

    def _put(self, samples: FloatArray, first: bool) -> None:
        most, kept = round(LATENCY * RATE), round(BEHIND * RATE)
        with self._change:
            if first:
                self._settled = time.monotonic() + (0.0 if self._patient else SETTLE)
                self._joined = self._primed = False
            while self._patient and len(self._waiting) > most and not self._closed.is_set():
                self._change.wait()
            self._waiting = np.concatenate((self._waiting, samples))
            if self._finite:
                self._place += len(samples) / RATE
            if not self._patient and len(self._waiting) > (most if self._joined else kept):
                if self._joined:  # what a server sends ahead, before it is heard at all, is no loss
                    self._lost += len(self._waiting) - kept
                self._waiting = self._waiting[-kept:]
        if first:
            self._refusal = ""
            self._opened.set()
            if self._told:
                self._told = False
                logger.warning("%s: the sound is back", self.name)

    # The side of the show

    def _sound(self) -> Iterator[AudioBlock]:
        frames = 0
        while True:
            samples, lost = self._take(block_length(RATE))
            if samples is None:
                return
            # The clock is the show's: what is dropped to catch up takes none of its time.
            yield AudioBlock(samples, frames / RATE, lost)
            frames += len(samples) or round(QUIET * RATE)

    def _take(self, length: int) -> tuple[FloatArray | None, int]:
        """The next `length` frames, none while nothing is there, or None at the end; and how many were dropped."""
        with self._change:
            now = time.monotonic()
            ready = len(self._waiting) >= JITTER * RATE and now >= self._settled
            self._primed = self._over or ((self._primed or ready) and len(self._waiting) >= length)
            if self._primed:
                self._joined = True
                samples, self._waiting = self._waiting[:length], self._waiting[length:]
                lost, self._lost = self._lost, 0
                self._change.notify_all()
                return (samples, lost) if len(samples) else (None, lost)
            if self._process and now > self._heard + STALL:
                self._blame, self._heard = f"nothing came for {STALL:g} s", now
                self._process.kill()
        return np.zeros((0, 2), np.float32), 0

    def close(self) -> None:
        """See `AudioSource.close`."""
        super().close()
        with self._change:
            self._change.notify_all()
            if self._process:
                self._process.kill()
        self._thread.join(2.0)
