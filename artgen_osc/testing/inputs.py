"""What an input promises; see `artgen_osc.audio.kind.Input` and `artgen_osc.audio.sources.AudioSource`."""

import contextlib
import itertools
import threading
from collections.abc import Iterator
from time import monotonic

import numpy as np

from artgen_osc.audio.kind import InputHost
from artgen_osc.audio.sources import AudioBlock, AudioSource
from artgen_osc.errors import AudioError
from artgen_osc.testing.check import Case, Check, CheckFailed, NotHere, require

GAP = 0.25
"""s after which a block is due, without frames if there is no sound."""

SLACK = 0.15
"""s that a busy machine may be late."""

LISTEN_S = 1.5
CLOSE_S = 2.0


@contextlib.contextmanager
def _opened(case: Case) -> Iterator[AudioSource]:
    try:
        source = case.plugin.open(case.rest, case.settings, case.host or InputHost(mute=True))
    except AudioError as error:
        raise NotHere(f"it can't be opened here: {error}") from error
    try:
        yield source
    finally:
        source.close()


class _Listener(threading.Thread):
    """Takes blocks, as a show does it."""

    def __init__(self, source: AudioSource) -> None:
        super().__init__(daemon=True)
        self._source = source
        self.times: list[float] = [monotonic()]
        self.blocks: list[AudioBlock] = []
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            for block in self._source.blocks():
                self.times.append(monotonic())
                self.blocks.append(block)
        except BaseException as error:  # it promises to raise nothing at all
            self.error = error


def _listen(case: Case) -> _Listener:
    """Hear it for `LISTEN_S` in a thread of its own, and close it."""
    with _opened(case) as source:
        listener = _Listener(source)
        listener.join(LISTEN_S)
        listener.times.append(monotonic())
    listener.join(CLOSE_S)
    return listener


def says_what_it_is(case: Case) -> None:
    """``name``, ``title`` and ``sample_rate`` are there, with the context manager that closes it."""
    with _opened(case) as source:
        require(isinstance(source.name, str) and source.name, f"its name is {source.name!r}; a text is needed")
        require(isinstance(source.title, str), f"its title is {source.title!r}; a text is needed, empty if unknown")
        require(source.sample_rate > 0, f"its sample_rate is {source.sample_rate}; Hz above 0 are needed")
        require(source.reconnects >= 0 and source.unplayed >= 0, "reconnects and unplayed count from 0")
        with source as same:
            require(same is source, "as a context manager it gives itself")


def blocks_come_in_time(case: Case) -> None:
    """A block comes every 0.25 s or more often, one without frames where nothing is heard."""
    listener = _listen(case)
    longest = max(after - before for before, after in itertools.pairwise(listener.times))
    require(longest <= GAP + SLACK, f"nothing came for {longest:.2f} s; give a block without frames every {GAP} s")


def blocks_are_sound(case: Case) -> None:
    """Blocks are float32 ``(frames, channels)``, and their times don't go backwards."""
    listener = _listen(case)
    require(listener.error is None, f"blocks raises {listener.error!r}; it ends instead")
    before = -np.inf
    for block in listener.blocks:
        samples = block.samples
        if not isinstance(samples, np.ndarray) or samples.ndim != 2 or samples.dtype != np.float32:
            shape = getattr(samples, "shape", type(samples).__name__)
            raise CheckFailed(
                f"samples are {getattr(samples, 'dtype', '')} {shape}; float32 (frames, channels) is needed"
            )
        require(block.time >= before, f"time goes back from {before:.3f} s to {block.time:.3f} s")
        require(block.dropped >= 0, f"dropped is {block.dropped}; it counts frames")
        before = block.time


def closes_from_another_thread(case: Case) -> None:
    """`close` ends `blocks` in another thread within 2 s, and may be called again."""
    with _opened(case) as source:
        listener = _Listener(source)
        listener.join(GAP)
        source.close()
        listener.join(CLOSE_S)
        require(not listener.is_alive(), f"blocks goes on {CLOSE_S:.0f} s after close")
        source.close()


CHECKS: tuple[Check, ...] = (
    says_what_it_is,
    blocks_come_in_time,
    blocks_are_sound,
    closes_from_another_thread,
)
"""All of them."""
