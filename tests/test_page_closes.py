"""A page takes the show's input over and is closed: the show hears again what it heard before."""

import contextlib
import itertools
import json
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from websockets.sync.client import connect

from artgen_osc.daemon import inputs
from artgen_osc.osc.receiver import Capture, capture
from tests.ports import free_port
from tests.support.daemons import RunningDaemon
from tests.support.waiting import wait_for

pytestmark = pytest.mark.slow

RATE = 48000
TONE = (8000 * np.sin(2 * np.pi * 1000 * np.arange(480) / RATE)).astype("<i2").tobytes()


@contextlib.contextmanager
def page(port: int) -> Iterator[Callable[[], None]]:
    """A page that sends a tone of 1000 Hz in real time, a hundredth of a second at each call."""
    numbers = itertools.count(0, 480)
    with connect(f"ws://127.0.0.1:{port}/sound", compression=None) as socket:
        socket.send(json.dumps({"id": "page", "rate": RATE, "channels": 1, "what": "microphone", "label": "Mic"}))

        def play() -> None:
            socket.send(struct.pack("<Q", next(numbers)) + TONE)
            time.sleep(0.01)

        yield play


def values(listener: Capture, seconds: float) -> dict[str, list[Any]]:
    heard: dict[str, list[Any]] = {}
    for _, message in listener.read(seconds):
        heard.setdefault(message.path, []).append(message.arguments[0])
    return heard


def test_the_show_hears_what_it_heard_before(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(inputs, "AWAY_S", 1.0)
    web = free_port()
    with (
        capture() as listener,
        RunningDaemon({"web.port": web, "osc.targets": (str(listener.port),)}) as running,
    ):
        with page(web) as play:
            running.send("/artgen/control/input", "browser")

            def hears_the_page() -> bool:
                for _ in range(20):
                    play()
                return running.daemon.source.name == "browser"

            wait_for(hears_the_page, what="the page's sound")
            for _ in range(150):
                play()
            told = wait_for(lambda: values(listener, 0.1).get("/artgen/status/input"), what="a status")
            assert told[-1] == "browser"

            def hears_the_tone() -> bool:
                play()
                heard = values(listener, 0.01).get("/artgen/centroid_hz")
                return bool(heard) and heard[-1] == pytest.approx(1000, rel=0.1)

            wait_for(hears_the_tone, what="the tone")
        with page(web) as play:  # it was only loaded again: nothing changes
            for _ in range(150):
                play()
            assert running.daemon.source.name == "browser"
        wait_for(lambda: running.daemon.source.name == "demo", what="what was heard before")
        listener.read(0.1)
        heard = values(listener, 2.0)
        assert heard["/artgen/status/input"][-1] == "demo"
        assert heard["/artgen/status/page"][-1] == f"http://127.0.0.1:{web}/"
        assert max(heard["/artgen/level_db"]) > -40 and heard["/artgen/status/silent"][-1] < 2.0
    lines = [record.getMessage() for record in caplog.records if record.name == "artgen.daemon"]
    assert lines == ["browser: no sound comes any more; demo is heard again"]
