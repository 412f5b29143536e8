"""Sound that a page in a browser sends: from the server's thread to the analysis.

The browser's sound card is the only clock. The sound is analysed and never played back, so there is no second
clock to keep up with, and nothing is ever inserted or dropped to make the two agree: the analysis takes all
that is there as soon as it is there. What a network held up comes at once, and the analysis, which is much faster
than the music, takes it at once.
"""

import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from artgen_osc.audio.sources import AudioBlock, ClosesItself
from artgen_osc.dsp.core import FloatArray

USUAL_RATE = 48000
PATIENCE = 0.2
"""Seconds for which a network may hold up the sound before that counts as silence."""
QUIET = 0.1
"""Seconds between blocks without frames while it is silent."""
MOST = 0.25
"""Seconds of sound that may wait: what a network held up for as long as `PATIENCE` fits in."""
KEPT = 0.06
"""So much is kept of more than that, the newest."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What the analysis takes at once.

    Attributes
    ----------
    samples : float32 ``(frames, channels)``, ±1; no frames where nothing came
    sample_rate : Hz
    lost : frames that went missing before it
    """

    samples: FloatArray
    sample_rate: int
    lost: int


class BrowserInput:
    """Where the page's sound waits for the analysis. Every method may be called from any thread and returns at once.

    One `BrowserSource` at a time listens, the newest. While none does, sound is thrown away and doesn't count.

    Attributes
    ----------
    taken : frames that the analysis has taken so far
    dropped : frames that went missing so far, on the way or because too much waited
    title : of what plays, as the page says, or empty
    sent_at : s, monotonic, when a page sent sound last; 0 before
    """

    def __init__(self) -> None:
        self.sent_at = 0.0
        self._change = threading.Condition()
        self._waiting: deque[FloatArray] = deque()
        self._frames = self._lost = 0
        self._rate = USUAL_RATE
        self._listener: threading.Event | None = None
        self.taken = self.dropped = 0
        self.title = ""

    @property
    def heard(self) -> bool:
        """Whether the show's input is the browser."""
        return self._listener is not None

    @property
    def sample_rate(self) -> int:
        """Hz, of what is sent now."""
        return self._rate

    @property
    def waiting_ms(self) -> float:
        """Sound that waits for the analysis, in ms."""
        return 1000.0 * self._frames / self._rate

    def start(self, sample_rate: int, title: str = "") -> None:
        """Another sound begins; what still waits of the one before is dropped.

        Parameters
        ----------
        sample_rate : Hz
        title : what the page calls it
        """
        with self._change:
            self._drop(self._frames)
            self._rate, self.title = sample_rate, title

    def stop(self) -> None:
        """The sound has ended for now; what waits is still taken."""
        self.title = ""

    def put(self, samples: FloatArray, lost: int = 0) -> None:
        """Hand over the next sound.

        Parameters
        ----------
        samples : float32 ``(frames, channels)``, ±1
        lost : frames that went missing between the sound before and this
        """
        self.sent_at = time.monotonic()
        with self._change:
            if self._listener is None:
                return
            self.dropped += lost
            self._lost += lost
            if self._waiting and self._waiting[0].shape[1] != samples.shape[1]:
                self._drop(self._frames)
            self._waiting.append(samples)
            self._frames += len(samples)
            if self._frames > MOST * self._rate:
                self._drop(self._frames - round(KEPT * self._rate))
            self._change.notify_all()

    def _drop(self, frames: int) -> None:
        """Drop so many frames, the oldest."""
        self.dropped += frames
        self._lost += frames
        self._frames -= frames
        while frames:
            first = self._waiting.popleft()
            if len(first) > frames:
                self._waiting.appendleft(first[frames:])
            frames -= min(frames, len(first))

    def listen(self, closed: threading.Event) -> None:
        """From here on the sound goes to the listener that is known by this event, and set when it is to end."""
        with self._change:
            self._listener = closed
            self._drop_all()

    def leave(self, closed: threading.Event) -> None:
        """Wake a listener whose event is set now."""
        with self._change:
            if self._listener is closed:
                self._listener = None
                self._drop_all()
            self._change.notify_all()

    def _drop_all(self) -> None:
        self._waiting.clear()
        self._frames = self._lost = 0

    def get(self, closed: threading.Event, seconds: float) -> Heard:
        """All the sound that waits, as soon as there is some.

        Parameters
        ----------
        closed : who listens; when it is set this returns at once
        seconds : after which it returns without sound
        """
        end = time.monotonic() + seconds
        with self._change:
            while not (closed.is_set() or (self._waiting and self._listener is closed)):
                rest = end - time.monotonic()
                if rest <= 0:
                    break
                self._change.wait(rest)
            if self._listener is not closed or not self._waiting:
                return Heard(np.zeros((0, 1), np.float32), self._rate, 0)
            heard = Heard(np.concatenate(self._waiting), self._rate, self._lost)
            self.taken += self._frames
            self._drop_all()
            return heard


class BrowserSource(ClosesItself):
    """The page's sound as an input of the show; see `AudioSource`.

    It is open at once, and silent until a page sends something. A page that comes back may have another rate.

    Parameters
    ----------
    hub : where the page's sound waits
    """

    name = "browser"
    lasts = False

    def __init__(self, hub: BrowserInput) -> None:
        self._hub = hub
        self._closed = threading.Event()
        self.sample_rate = hub.sample_rate

    @property
    def sent_at(self) -> float:  # type: ignore[override]
        """See `AudioSource`: a page may go away."""
        return self._hub.sent_at

    def blocks(self) -> Iterator[AudioBlock]:
        """See `AudioSource.blocks`. It listens from here on: what came while the analysis was made ready is no loss."""
        if not self._closed.is_set():
            self._hub.listen(self._closed)
        return self._blocks()

    def _blocks(self) -> Iterator[AudioBlock]:
        clock, patience = 0.0, PATIENCE
        while True:
            heard = self._hub.get(self._closed, patience)
            if self._closed.is_set():
                return
            silent = not len(heard.samples)
            if not silent:
                self.sample_rate = heard.sample_rate
            self.title = self._hub.title
            yield AudioBlock(heard.samples, clock, heard.lost)
            # The clock is the show's: what got lost takes none of its time.
            clock += patience if silent else len(heard.samples) / heard.sample_rate
            patience = QUIET if silent else PATIENCE

    def close(self) -> None:
        """See `AudioSource.close`."""
        self._closed.set()
        self._hub.leave(self._closed)
