"""The browser's sound between the server's thread and the analysis."""

import threading
import time

import numpy as np
import pytest

from artgen_osc.analysis.analyzer import Analyzer
from artgen_osc.audio import browser
from artgen_osc.audio.browser import BrowserInput, BrowserSource
from artgen_osc.audio.sources import AudioSource, open_source
from artgen_osc.osc.receiver import capture
from tests import fake_sounddevice as fake
from tests import signals
from tests.fake_sounddevice import failure
from tests.ports import free_port
from tests.support.daemons import RunningDaemon
from tests.support.waiting import wait_for

pytestmark = pytest.mark.slow

RAMP = np.arange(20_000, dtype=np.float32)[:, None] / 20_000


@pytest.fixture
def hub() -> BrowserInput:
    return BrowserInput()


def open_browser(hub: BrowserInput) -> AudioSource:
    return open_source("browser", browser=hub)


def test_without_a_page_it_is_an_error() -> None:
    assert "there is no page" in failure(lambda: open_source("browser"))
    assert "browser" in failure(lambda: open_source("browser:x", browser=BrowserInput()))


@pytest.mark.parametrize("split", [1, 64, 511, 512, 513, 8193])
def test_any_split_comes_out_the_same(hub: BrowserInput, split: int) -> None:
    with open_browser(hub) as source:
        blocks = source.blocks()
        heard = []
        for first in range(0, len(RAMP), split):
            hub.put(RAMP[first : first + split])
            if first // split % 7 == 0 or first + split >= len(RAMP):
                heard.append(next(blocks).samples)
        np.testing.assert_array_equal(np.concatenate(heard), RAMP)
    assert (hub.taken, hub.dropped, hub.waiting_ms) == (len(RAMP), 0, 0.0)


def test_the_sound_is_there_at_once(hub: BrowserInput, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "PATIENCE", 60.0)  # without sound there would be a block after that
    with open_browser(hub) as source:
        arrived = []
        blocks = source.blocks()
        thread = threading.Thread(target=lambda: arrived.append((next(blocks), time.monotonic())))
        thread.start()
        time.sleep(0.05)
        sent = time.monotonic()
        hub.put(RAMP[:100])
        thread.join(30)
    block, at = arrived[0]
    assert len(block.samples) == 100 and at - sent < 10.0


def test_too_much_drops_the_oldest_and_counts(hub: BrowserInput) -> None:
    with open_browser(hub) as source:
        blocks = source.blocks()
        hub.start(8000)
        for first in range(0, 2000, 100):
            hub.put(RAMP[first : first + 100])
        assert hub.dropped == 0 and hub.waiting_ms == 250
        hub.put(RAMP[2000:2050])
        assert hub.dropped == 1570 and hub.waiting_ms == 60
        block = next(blocks)
    np.testing.assert_array_equal(block.samples, RAMP[1570:2050])
    assert block.dropped == 1570


def test_lost_on_the_way_counts_once(hub: BrowserInput) -> None:
    with open_browser(hub) as source:
        blocks = source.blocks()
        hub.put(RAMP[:100])
        hub.put(RAMP[200:300], lost=100)
        assert next(blocks).dropped == 100
        hub.put(RAMP[300:400])
        assert next(blocks).dropped == 0
    assert hub.dropped == 100


def test_silence_comes_in_blocks_without_frames_on_a_clock_that_goes_on(hub: BrowserInput) -> None:
    with open_browser(hub) as source:
        assert source.name == "browser" and source.sample_rate == 48000
        blocks = source.blocks()
        start = time.monotonic()
        first = next(blocks)
        waited = time.monotonic() - start
        assert first.samples.shape == (0, 1) and waited > 0.15
        second = next(blocks)
        assert len(second.samples) == 0
        hub.put(RAMP[:4800])
        third = next(blocks)
        hub.put(RAMP[:480])
        fourth = next(blocks)
    assert [first.time, second.time, third.time, fourth.time] == pytest.approx([0.0, 0.2, 0.3, 0.4])


def test_a_short_hold_up_is_no_silence(hub: BrowserInput, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("artgen_osc.audio.browser.PATIENCE", 20.0)  # a busy machine holds it up for longer
    with open_browser(hub) as source:
        blocks = source.blocks()
        hub.put(RAMP[:512])
        next(blocks)
        late = threading.Timer(0.1, lambda: hub.put(RAMP[512:4000]))
        late.start()
        assert len(next(blocks).samples) == 4000 - 512
        late.join()
    assert hub.dropped == 0


def test_another_rate_counts_from_its_first_sound_on(hub: BrowserInput) -> None:
    with open_browser(hub) as source:
        blocks = source.blocks()
        hub.put(RAMP[:512])
        hub.start(44100, "A tab")
        assert source.sample_rate == 48000 and hub.dropped == 512
        hub.put(RAMP[:300].repeat(2, 1))
        block = next(blocks)
        assert source.sample_rate == 44100 and block.samples.shape == (300, 2) and source.title == "A tab"
        hub.put(RAMP[:10])
        hub.put(RAMP[:20].repeat(2, 1))  # which the protocol rules out: nothing raises
        assert next(blocks).samples.shape == (20, 2)
        hub.stop()
        next(blocks)
        assert source.title == ""


def test_nothing_is_kept_while_nobody_listens(hub: BrowserInput) -> None:
    hub.put(RAMP)
    assert not hub.heard and hub.dropped == 0 and hub.waiting_ms == 0
    with open_browser(hub) as source:
        hub.put(RAMP)
        assert not hub.heard  # until the analysis is ready
        blocks = source.blocks()
        assert hub.heard and hub.dropped == 0
        hub.put(RAMP[:10])
        assert len(next(blocks).samples) == 10
    assert not hub.heard
    assert list(source.blocks()) == [] and not hub.heard


def test_the_newest_source_listens_and_the_one_before_is_quiet(hub: BrowserInput) -> None:
    first, second = open_browser(hub), open_browser(hub)
    blocks, others = first.blocks(), second.blocks()
    hub.put(RAMP[:10])
    start = time.monotonic()
    assert len(next(blocks).samples) == 0 and time.monotonic() - start > 0.1
    first.close()
    assert hub.heard and len(next(others).samples) == 10
    second.close()
    second.close()


def test_close_ends_the_blocks_at_once_from_another_thread(hub: BrowserInput, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "PATIENCE", 60.0)
    source = BrowserSource(hub)
    blocks = source.blocks()
    timer = threading.Timer(0.05, source.close)
    timer.start()
    start = time.monotonic()
    assert next(blocks, None) is None and time.monotonic() - start < 10.0
    timer.join()


def test_one_thread_sends_another_analyses(hub: BrowserInput, monkeypatch: pytest.MonkeyPatch) -> None:
    """In any order of the two threads, what is taken and what is dropped is what was sent."""
    monkeypatch.setattr(browser, "MOST", 0.02)
    monkeypatch.setattr(browser, "KEPT", 0.01)
    rng = np.random.default_rng(0)
    total = 400_000

    def send() -> None:
        sent = 0
        while sent < total:
            length = min(int(rng.integers(1, 2000)), total - sent)
            hub.put(np.arange(sent, sent + length, dtype=np.float32)[:, None])
            sent += length
            if rng.random() < 0.1:
                time.sleep(0.001)

    with open_browser(hub) as source:
        blocks = source.blocks()
        thread = threading.Thread(target=send)
        thread.start()
        expected = 0
        while expected < total:
            block = next(blocks)
            if len(block.samples):
                expected += block.dropped
                assert block.samples[0, 0] == expected
                expected += len(block.samples)
        thread.join()
    assert expected == total and hub.taken + hub.dropped == total


def test_the_analysis_hears_the_same_as_from_a_file(hub: BrowserInput) -> None:
    clicks = signals.clicks(2.0, rate=48000)[:, None]
    whole = Analyzer(48000).push(clicks)
    analyzer = Analyzer(48000)
    parts = []
    with open_browser(hub) as source:
        blocks = source.blocks()
        for first in range(0, len(clicks), 512):
            hub.put(clicks[first : first + 512])
            parts += analyzer.push(next(blocks).samples)
    assert parts == whole and sum(features.onset for features in parts) >= 3


sd = fake.sd


def test_the_show_goes_through_another_rate_without_an_end() -> None:
    with capture() as port:
        settings = {"audio.input": "browser", "osc.targets": (f"127.0.0.1:{port.port}",), "web.port": free_port()}
        with RunningDaemon(settings) as running:
            daemon = running.daemon
            assert daemon.page
            hub = daemon.page.sound
            levels = []
            for rate in (48000, 44100):
                hub.start(rate)
                tone = signals.tone(440.0, 1.0, rate=rate)[:, None]
                for first in range(0, len(tone), 480):
                    hub.put(tone[first : first + 480])
                    time.sleep(480 / rate)
                messages = [message for _, message in port.read(0.2)]
                levels.append([m.arguments[0] for m in messages if m.path == "/artgen/level_db"])
            assert all(max(level) > -20 for level in levels)
            wait_for(lambda: hub.waiting_ms == 0)
