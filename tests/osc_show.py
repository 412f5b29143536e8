"""What the daemon sends, without a daemon: for tests of what listens to it."""

import contextlib
import threading
import time
from collections.abc import Iterator

from artgen_osc.osc.sender import OscSender
from artgen_osc.schema import values as schema
from tests import show_table

ROWS = show_table.by_path(show_table.SENT)


@contextlib.contextmanager
def show(port: int, valence: float, energy: float, hop: float = 0.02, hops_a_beat: int = 10) -> Iterator[None]:
    """Send a steady mood with beats at 300 bpm to a port, until the block ends."""
    done = threading.Event()
    sender = OscSender([f"127.0.0.1:{port}"])

    def send() -> None:
        hops = 0
        while not done.is_set():
            beats, within = divmod(hops, hops_a_beat)
            values: dict[str, schema.Value] = {
                "/artgen/valence": valence,
                "/artgen/energy": energy,
                "/artgen/beat": float(within == 0),
                "/artgen/beat/count": beats,
                "/artgen/beat/phase": within / hops_a_beat,
                "/artgen/tempo_bpm": 60.0 / (hop * hops_a_beat),
            }
            sender.send([(ROWS[path], value) for path, value in values.items()])
            hops += 1
            time.sleep(hop)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        sender.close()
