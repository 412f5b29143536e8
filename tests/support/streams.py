"""Who listens to a stream, and what is sent there."""

import contextlib
import threading
import time
from collections.abc import Iterator

import numpy as np

from artgen_osc.audio.sources import AudioBlock, open_source
from artgen_osc.audio.stream import StreamSource
from artgen_osc.audio.stream_decoder import RATE
from tests import signals
from tests.radio import encode
from tests.support.waiting import wait_for

MUSIC = signals.music(6.0, RATE)
TONE = np.repeat(signals.tone(440.0, 2.0, 0.5, RATE)[:, None], 2, axis=1)


MP3 = encode("mp3", "libmp3lame", MUSIC)


class Listener:
    """Takes a source's blocks on a thread, as the daemon does."""

    def __init__(self, source: StreamSource) -> None:
        self.source = source
        self.blocks: list[tuple[float, AudioBlock]] = []
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        for block in self.source.blocks():
            self.blocks.append((time.monotonic(), block))
        self.ended.set()

    def sound(self, since: float = 0.0) -> np.ndarray:
        return np.concatenate([np.zeros((0, 2)), *(block.samples for at, block in self.blocks if at >= since)])

    def hears(self, seconds: float = 0.5) -> None:
        """Wait until so much sound has come from now on."""
        since = time.monotonic()
        wait_for(lambda: len(self.sound(since)) > seconds * RATE and self.sound(since).std() > 0.01)

    def lost(self) -> int:
        return sum(block.dropped for _, block in self.blocks)

    def close(self) -> None:
        self.source.close()
        self._thread.join(30)
        assert self.ended.is_set()


@contextlib.contextmanager
def listening(address: str) -> Iterator[Listener]:
    with open_source(f"url:{address}", mute=True) as source:
        assert isinstance(source, StreamSource)
        listener = Listener(source)
        try:
            yield listener
        finally:
            listener.close()
    assert not source._thread.is_alive() and source._process.returncode is not None


def m3u8(*lines: str) -> bytes:
    return "\n".join(("#EXTM3U", "#EXT-X-TARGETDURATION:3", *lines, "#EXT-X-ENDLIST")).encode()
