"""Random and mutated packets; `benchmarks/osc_fuzz.py` sends a million of them."""

import logging
import runpy
import tracemalloc
from pathlib import Path

import pytest

from artgen_osc.osc.receiver import MOST_REFUSALS, OscReceiver

FUZZ = runpy.run_path(str(Path(__file__).parents[1] / "benchmarks/osc_fuzz.py"))


def test_no_packet_causes_an_unexpected_exception(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.CRITICAL):
        receiver = OscReceiver("127.0.0.1", 0, FUZZ["ROWS"])
        values = sum(FUZZ["feed"](receiver, packet) for packet in FUZZ["packets"](100_000, seed=0))
        receiver.close()
    assert values > 1000
    assert receiver.refused > 10_000
    assert len(receiver.refusals) == MOST_REFUSALS


def test_what_is_refused_leaves_no_memory_behind(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.CRITICAL):
        receiver = OscReceiver("127.0.0.1", 0, FUZZ["ROWS"])
        refuse = [b"/%d\0\0\0\0,f\0\0\0\0\0\0" % (number % 9000 + 1000) for number in range(6000)]
        for packet in refuse[:3000]:
            FUZZ["feed"](receiver, packet)
        tracemalloc.start()
        for packet in refuse[3000:]:
            FUZZ["feed"](receiver, packet)
        grown, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        receiver.close()
    assert grown < 300_000
