"""The input of a show: another one while it runs, and the way back to the one before."""

import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from artgen_osc.audio.browser import BrowserInput, BrowserSource
from artgen_osc.audio.sources import AudioBlock, AudioSource, ClosesItself
from artgen_osc.daemon import inputs
from artgen_osc.daemon.inputs import MOST_OPENING, Inputs, NoInput
from artgen_osc.errors import AudioError


class Fake(ClosesItself):
    """An input that does nothing; `closed` tells."""

    sample_rate = 48000
    reconnects, unplayed = 2, 100

    def __init__(self, name: str) -> None:
        self.name = name
        self.lasts = not name.startswith("file:")
        self.closed = False

    def blocks(self) -> Iterator[AudioBlock]:
        yield AudioBlock(np.zeros((512, 1), np.float32), 0.0)

    def close(self) -> None:
        self.closed = True


class Studio:
    """Inputs on a fake computer, whose time passes when it is told to."""

    def __init__(self, first: str = "device:desk") -> None:
        self.broken: dict[str, Exception] = {}
        self.held = threading.Event()
        self.held.set()
        self.hub = BrowserInput()
        self.refused: list[str] = []
        self.opened: list[AudioSource] = []
        self.inputs = Inputs(first, self._open, self.refused.append)
        self.now = time.monotonic()

    def _open(self, spec: str) -> AudioSource:
        assert self.held.wait(60)
        if spec in self.broken:
            raise self.broken[spec]
        source: AudioSource = BrowserSource(self.hub) if spec == "browser" else Fake(spec)
        self.opened.append(source)
        return source

    def settle(self) -> None:
        """Let what is being opened open, and take it."""
        opening = self.inputs._opening
        assert opening
        opening.thread.join(30)
        self.inputs.next(self.now)

    def want(self, spec: str) -> None:
        self.inputs.want(spec)
        self.settle()

    def send(self) -> None:
        """A page sends sound now."""
        self.hub.sent_at = self.now

    def after(self, seconds: float) -> str:
        """What is heard after so many seconds."""
        self.now += seconds
        self.inputs.next(self.now)
        if self.inputs._opening:
            self.settle()
        return self.inputs.source.name


@pytest.fixture
def studio() -> Iterator[Studio]:
    studio = Studio()
    yield studio
    studio.held.set()
    studio.inputs.close()


def test_another_input_is_heard_once_it_is_open(studio: Studio) -> None:
    before = studio.inputs.source
    studio.held.clear()
    studio.inputs.want("demo")
    assert not studio.inputs.next(studio.now) and studio.inputs.source is before
    studio.held.set()
    studio.settle()
    assert studio.inputs.source.name == studio.inputs.spec == "demo"
    assert isinstance(before, Fake) and before.closed


def test_what_was_counted_of_an_input_stays_counted_after_it(studio: Studio) -> None:
    assert (studio.inputs.reconnects, studio.inputs.unplayed) == (2, 100)
    for spec in ("demo", "device:desk"):
        studio.inputs.want(spec)
        studio.settle()
    assert (studio.inputs.reconnects, studio.inputs.unplayed) == (6, 300)


@pytest.mark.parametrize(
    "error",
    [
        AudioError("device:x: isn't there"),
        OSError(36, "File name too long"),
        ValueError("embedded null byte"),
        MemoryError(),
    ],
)
def test_whatever_opening_raises_is_a_refusal_and_the_old_input_goes_on(studio: Studio, error: Exception) -> None:
    studio.broken["device:x"] = error
    studio.want("device:x")
    assert studio.inputs.spec == "device:desk" and not studio.inputs._opening
    (refused,) = studio.refused
    assert refused.startswith("device:x: ") and refused.endswith("; device:desk goes on")
    studio.want("demo")
    assert studio.inputs.spec == "demo"


def test_the_last_one_asked_for_is_heard_and_the_others_are_closed(studio: Studio) -> None:
    studio.held.clear()
    studio.inputs.want("device:a")
    studio.inputs.want("device:b")
    threads = list(studio.inputs._threads)
    studio.held.set()
    for thread in threads:
        thread.join(30)
    studio.inputs.next(studio.now)
    assert studio.inputs.source.name == "device:b"
    closed = {one.name for one in studio.opened if isinstance(one, Fake) and one.closed}
    assert closed == {"device:desk", "device:a"}


def test_inputs_that_hang_are_bounded(studio: Studio) -> None:
    studio.held.clear()
    for _ in range(MOST_OPENING):
        studio.inputs.want("file:/net/gone.wav")
    with pytest.raises(AudioError, match=r"file:gone.wav: comes too soon; 4 inputs"):
        studio.inputs.want("file:/net/gone.wav")


def test_the_show_returns_when_the_page_is_gone(studio: Studio, caplog: pytest.LogCaptureFixture) -> None:
    studio.want("browser")
    with caplog.at_level(logging.WARNING):
        for _ in range(10):
            studio.send()
            assert studio.after(1.0) == "browser"
        assert studio.after(3.0) == "browser"
        studio.send()  # it comes back in time: nothing changes
        assert studio.after(4.0) == "browser"
        assert studio.after(2.0) == studio.inputs.spec == "device:desk"
    assert [record.getMessage() for record in caplog.records] == [
        "browser: no sound comes any more; device:desk is heard again"
    ]
    assert studio.after(1000.0) == "device:desk"


def test_somebody_has_time_to_allow_the_microphone(studio: Studio) -> None:
    studio.want("browser")
    assert studio.after(inputs.NEVER_S - 1.0) == "browser"
    assert studio.after(2.0) == "device:desk"


def test_a_show_that_began_with_the_page_waits_for_it() -> None:
    studio = Studio("browser")
    assert studio.after(1000.0) == "browser"
    studio.want("browser")
    assert studio.after(1000.0) == "browser"
    studio.inputs.close()


def test_the_way_back_is_tried_until_it_is_open(studio: Studio, caplog: pytest.LogCaptureFixture) -> None:
    studio.want("browser")
    studio.send()
    studio.broken["device:desk"] = AudioError("device:desk: isn't there")
    with caplog.at_level(logging.WARNING):
        assert studio.after(6.0) == studio.after(1.0) == studio.after(2.0) == "browser"
    assert [record.getMessage().partition(";")[0] for record in caplog.records] == [
        "browser: no sound comes any more",
        "device:desk: isn't there",
    ]
    assert not studio.refused
    del studio.broken["device:desk"]
    assert studio.after(10.0) == "device:desk"


def test_a_page_that_comes_back_while_the_way_back_is_tried_is_heard(studio: Studio) -> None:
    studio.want("browser")
    studio.send()
    studio.held.clear()
    studio.now += 6.0
    studio.inputs.next(studio.now)
    assert studio.inputs._opening
    studio.send()
    assert not studio.inputs.next(studio.now)
    studio.held.set()
    assert studio.after(1.0) == "browser"


def test_an_input_of_ones_own_choice_stays(studio: Studio) -> None:
    studio.want("browser")
    studio.want("demo")
    assert studio.after(1000.0) == "demo"


def test_a_file_that_was_switched_to_does_not_end_the_show(studio: Studio) -> None:
    studio.want("file:/songs/a.wav")
    studio.want("file:/songs/b.wav")
    assert studio.inputs.ended()
    assert isinstance(studio.inputs.source, NoInput)
    assert studio.after(0.0) == "device:desk"


@pytest.mark.parametrize("first", ["file:/songs/a.wav", "demo", "url:http://radio.test/song.mp3"])
def test_what_the_show_began_with_ends_it(first: str) -> None:
    studio = Studio(first)
    assert not studio.inputs.ended()
    studio.inputs.close()


@pytest.mark.parametrize(("broken", "after"), [(False, "demo"), (True, "nothing")])
def test_what_is_being_opened_when_the_file_ends_is_waited_for(broken: bool, after: str) -> None:
    studio = Studio("file:/songs/a.wav")
    if broken:
        studio.broken["demo"] = AudioError("demo: can't be opened")
    studio.inputs.want("demo")
    assert studio.inputs.ended()
    studio.settle()
    assert studio.inputs.source.name == after
    if broken:
        studio.inputs.next(studio.now)
        assert not list(studio.inputs.source.blocks()) and not studio.inputs.ended()
    studio.inputs.close()


def test_silence_goes_on_until_it_is_closed() -> None:
    nothing: Any = NoInput()
    blocks = nothing.blocks()
    assert not len(next(blocks).samples)
    nothing.close()
    assert not list(blocks)
