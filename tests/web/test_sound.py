"""The protocol of ``/sound``, with real WebSocket clients."""

import asyncio
import contextlib
import json
import struct
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from artgen_osc.audio.browser import BrowserInput
from artgen_osc.audio.sources import open_source
from artgen_osc.web import sound
from artgen_osc.web.sound import Refused, SoundPart, read_chunk, read_hello
from tests.support.texts import is_told
from tests.support.waiting import wait_for
from tests.web.part_server import serve_parts

pytestmark = pytest.mark.slow

HELLO = {"id": "a", "rate": 48000, "channels": 1, "what": "microphone", "label": "USB Mic"}


def chunk(number: int, values: np.ndarray | None = None, frames: int = 480) -> bytes:
    samples = np.full(frames, 8192) if values is None else values
    return struct.pack("<Q", number) + samples.astype("<i2").tobytes()


@pytest.fixture
def hub() -> BrowserInput:
    return BrowserInput()


@pytest.fixture
def port(hub: BrowserInput, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[int]:
    monkeypatch.setattr(sound, "REPORT", 0.1)
    monkeypatch.setattr(sound, "SILENCE", 0.6)
    with serve_parts(lambda: [SoundPart(hub)]) as port:
        yield port
    assert not caplog.records, caplog.text


class Peer:
    """A page, as far as the server can tell."""

    def __init__(self, port: int) -> None:
        connecting = connect(f"ws://127.0.0.1:{port}/sound", open_timeout=20, close_timeout=1)
        self.socket: ClientConnection = connecting.__enter__()

    def __enter__(self) -> "Peer":
        return self

    def __exit__(self, *error: object) -> None:
        self.socket.close()

    def say(self, what: dict[str, Any] | bytes) -> None:
        self.socket.send(what if isinstance(what, bytes) else json.dumps(what))

    def hear(self, key: str) -> Any:
        """What the next answer with this key says."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            answer = json.loads(self.socket.recv(20))
            if key in answer:
                return answer[key]
        raise AssertionError(f"no {key}")

    def ended(self) -> bool:
        try:
            while True:
                self.socket.recv(20)
        except ConnectionClosed:
            return True


def test_sound_goes_to_the_analysis_and_the_page_is_told(hub: BrowserInput, port: int) -> None:
    with open_source("browser", browser=hub) as source, Peer(port) as peer:
        blocks = source.blocks()
        peer.say(HELLO)
        assert peer.hear("welcome") == {"heard": True}
        values = np.array([0, 16384, -32768])
        peer.say(chunk(1000, values))
        block = next(block for block in blocks if len(block.samples))
        np.testing.assert_array_equal(block.samples, [[0.0], [0.5], [-1.0]])
        assert source.title == "USB Mic"
        peer.say({"title": "  A\nsong "})
        peer.say(chunk(1013, values))
        block = next(block for block in blocks if len(block.samples))
        assert block.dropped == 10 and source.title == "A song"
        wait_for(lambda: peer.hear("dropped") == 10)
        answer = json.loads(peer.socket.recv(20))
        assert answer["taken"] == 1016 and answer["waiting_ms"] == 0 and answer["heard"] is True
        assert answer["level_db"] == -100.0
    wait_for(lambda: hub.title == "")


def test_level_and_a_show_that_listens_elsewhere(hub: BrowserInput, port: int) -> None:
    with Peer(port) as peer:
        peer.say(HELLO | {"channels": 2, "rate": 44100, "what": "tab"})
        assert peer.hear("welcome") == {"heard": False}
        peer.say(chunk(0))
        assert peer.hear("level_db") == pytest.approx(-12.0, abs=0.1)
        peer.say(chunk(240))
        answer = json.loads(peer.socket.recv(20))
        assert (answer["taken"], answer["dropped"], answer["heard"]) == (480, 0, False)
        assert hub.sample_rate == 44100


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("nonsense", "message: "),
        ("[1]", "message: "),
        ("[" * 1500, "message: "),
        (json.dumps({"a": "x" * 2001}), "message: "),
        (chunk(0), "message: "),
        (json.dumps(HELLO | {"rate": 0}), "rate: "),
        (json.dumps(HELLO | {"rate": True}), "rate: "),
        (json.dumps(HELLO | {"rate": float("nan")}), "rate: "),
        (json.dumps(HELLO | {"rate": [1]}), "rate: "),
        (json.dumps(HELLO | {"rate": 10**400}), "rate: "),
        (json.dumps(HELLO | {"channels": 3}), "channels: "),
        (json.dumps(HELLO | {"channels": {}}), "channels: "),
        (json.dumps(HELLO | {"what": "phone"}), "what: "),
        (json.dumps(HELLO | {"what": []}), "what: "),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_wrong_hello_is_refused_with_a_reason(port: int, said: str | bytes, reason: str) -> None:
    with Peer(port) as peer:
        peer.socket.send(said)
        text = peer.hear("error")
        assert text.startswith(reason) and is_told(text)
        assert peer.ended()


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"1234567",
        struct.pack("<Q", 0),
        chunk(0) + b"1",
        chunk(0, frames=16385),
        chunk(2**63),
        chunk(99),
        "nonsense",
        '{"take": true}',
    ],
    ids=["empty", "half a head", "no frames", "half a frame", "too long", "far on", "back", "no JSON", "too late"],
)
def test_wrong_sound_is_refused_with_a_reason(hub: BrowserInput, port: int, said: str | bytes) -> None:
    with open_source("browser", browser=hub), Peer(port) as peer:
        peer.say(HELLO)
        peer.hear("welcome")
        peer.say(chunk(100))
        peer.socket.send(said)
        text = peer.hear("error")
        assert text.startswith(("sound: ", "message: ")) and is_told(text)
        assert peer.ended()
    with Peer(port) as peer:  # the place is free again
        peer.say(HELLO | {"id": "b"})
        assert peer.hear("welcome")


def test_what_is_far_too_large_isnt_even_read(port: int) -> None:
    with Peer(port) as peer:
        peer.say(HELLO)
        peer.hear("welcome")
        peer.say(bytes(2**20 + 1))
        assert peer.ended()
        assert peer.socket.close_code == 1009


def test_the_second_is_told_who_has_the_place_and_may_take_it(hub: BrowserInput, port: int) -> None:
    with Peer(port) as first, Peer(port) as second:
        first.say(HELLO)
        first.hear("welcome")
        time.sleep(0.3)
        first.say(chunk(0))
        second.say(HELLO | {"id": "b", "what": "tab", "label": "Radio"})
        assert second.hear("busy") == {"what": "microphone", "label": "USB Mic", "from": "127.0.0.1", "seconds": 0}
        first.say(chunk(480))
        second.say({"take": True})
        assert second.hear("welcome")
        assert first.hear("taken_over")["label"] == "Radio"
        assert first.ended()
        second.say(chunk(0))
        assert second.hear("taken") is not None and hub.title == "Radio"


def test_whoever_is_taken_over_in_the_middle_of_sending_is_told(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However late the server comes to say so."""
    dismiss = SoundPart._dismiss

    def late(self: SoundPart, *what: Any) -> None:
        asyncio.get_running_loop().call_later(0.1, dismiss, self, *what)

    monkeypatch.setattr(SoundPart, "_dismiss", late)
    with Peer(port) as first, Peer(port) as second:
        first.say(HELLO)
        first.hear("welcome")
        second.say(HELLO | {"id": "b"})
        second.hear("busy")
        second.say({"take": True})
        second.hear("welcome")
        for number in range(20):
            first.say(chunk(480 * number))
        assert first.hear("taken_over") and first.ended()
    monkeypatch.undo()


@pytest.mark.parametrize("said", ['{"take": false}', "nonsense", b"1"])
def test_the_second_may_say_nothing_else(port: int, said: str | bytes) -> None:
    with Peer(port) as first, Peer(port) as second:
        first.say(HELLO)
        first.hear("welcome")
        second.say(HELLO | {"id": "b"})
        second.hear("busy")
        second.socket.send(said)
        assert second.hear("error") and second.ended()
        first.say(chunk(0))
        assert first.hear("taken") is not None


def test_the_same_page_gets_its_own_place_back_at_once(port: int) -> None:
    with Peer(port) as first, Peer(port) as second:
        first.say(HELLO)
        first.hear("welcome")
        second.say(HELLO)
        assert second.hear("welcome")
        assert first.ended()


def test_only_so_many_wait(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound, "MOST_WAITING", 1)
    with Peer(port) as first, Peer(port) as second, Peer(port) as third:
        first.say(HELLO)
        first.hear("welcome")
        second.say(HELLO | {"id": "b"})
        assert second.hear("busy")
        third.say(HELLO | {"id": "c"})
        assert "close one" in third.hear("error")


def test_a_client_that_goes_silent_loses_its_place(port: int) -> None:
    with Peer(port) as first:
        first.say(HELLO)
        first.hear("welcome")
        start = time.monotonic()
        assert "nothing came for 0.6 s" in first.hear("error")
        assert 0.4 < time.monotonic() - start < 20 and first.ended()
    with Peer(port) as second:
        second.say(HELLO | {"id": "b"})
        assert second.hear("welcome")


def test_a_client_that_is_cut_off_is_forgotten(hub: BrowserInput, port: int) -> None:
    peer = Peer(port)
    peer.say(HELLO)
    peer.hear("welcome")
    peer.socket.socket.close()
    wait_for(lambda: hub.title == "")
    with Peer(port) as second:
        second.say(HELLO | {"id": "b"})
        assert second.hear("welcome")


def test_a_flood_is_slowed_down_and_others_are_served(hub: BrowserInput, port: int) -> None:
    """As fast as it can: the sound of 40 s takes many, and whoever else wants the server gets it."""
    stop = threading.Event()

    def flood(peer: Peer) -> None:
        number = 0
        try:
            while not stop.is_set():
                peer.say(chunk(number, frames=16384))
                number += 16384
        except ConnectionClosed:
            stop.set()

    with open_source("browser", browser=hub) as source, Peer(port) as peer:
        peer.say(HELLO)
        thread = threading.Thread(target=flood, args=(peer,))
        thread.start()
        blocks, ends = source.blocks(), time.monotonic() + 2.0
        while time.monotonic() < ends:
            next(blocks)
        start = time.monotonic()
        with Peer(port) as second:
            second.say(HELLO | {"id": "b"})
            assert second.hear("busy")
        assert time.monotonic() - start < 10.0
        assert 0 < hub.taken + hub.dropped < 48000 * 10
        stop.set()
        peer.socket.socket.close()
        thread.join(30)


def test_the_part_says_goodbye(hub: BrowserInput) -> None:
    with serve_parts(lambda: [SoundPart(hub)]) as port:
        peer = Peer(port)
        peer.say(HELLO)
        peer.hear("welcome")
        start = time.monotonic()
    assert time.monotonic() - start < 20 and peer.ended()


def test_reading_is_total() -> None:
    """Whatever comes is read or refused."""
    rng = np.random.default_rng(1)
    for _ in range(2000):
        data = rng.bytes(int(rng.integers(0, 40)))
        with contextlib.suppress(Refused):
            read_chunk(data, 2)
        with contextlib.suppress(Refused):
            read_hello(data.decode("latin1"))
