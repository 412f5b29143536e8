"""Sound from a real Chromium into a real show: a microphone, a tab, how late it is, and whatever goes wrong.

The page's server here holds nothing but the part for sound; the show is a daemon with the bridge as its way back.
"""

import os
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from aiohttp import web
from playwright.sync_api import Browser, BrowserContext, Page, expect

from artgen_osc.audio.browser import BrowserInput
from artgen_osc.daemon.app import Daemon
from artgen_osc.web.site import POLICY
from artgen_osc.web.sound import SoundPart
from tests import signals
from tests.conftest import need_programs
from tests.live.servers import ROOT, pulse_server, running
from tests.ports import free_port
from tests.support.chromium import MICROPHONE, SOUND
from tests.support.chromium import chromium as launched
from tests.support.daemons import RunningDaemon
from tests.support.waiting import wait_for
from tests.web.part_server import serve_parts

pytestmark = pytest.mark.live

ANSWER_MS = 150.0
"""The promise: so late at most is the sound in the analysis."""
HTML = """<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content="width=device-width">
<title>Sound</title><link rel=icon href=data:,><link rel=stylesheet href=/static/style.css>
<link rel=stylesheet href=/static/sound-panel.css><body><main><h1>Sound</h1><div id=sound></div></main>
<script type=module src=/page.js></script>"""
SAFE = {"Content-Security-Policy": POLICY}


async def _index(request: web.Request) -> web.Response:
    return web.Response(text=HTML, content_type="text/html", headers=SAFE)


async def _script(request: web.Request) -> web.FileResponse:
    return web.FileResponse(ROOT / "tests/web/sound_page.js")


ROUTES = (
    web.get("/", _index),
    web.get("/page.js", _script),
    web.static("/static", ROOT / "artgen_osc/web/static"),
)


@dataclass
class Show:
    """A daemon, and the page's server, which can be ended and started again on its port."""

    hub: BrowserInput
    daemon: Daemon
    bridge: int
    port: int = field(default_factory=free_port)
    _server: ExitStack = field(default_factory=ExitStack)

    def serve(self) -> None:
        self._server.enter_context(serve_parts(lambda: [SoundPart(self.hub)], ROUTES, self.port))

    def end(self) -> None:
        self._server.close()

    def hears(self, name: str) -> bool:
        return self.daemon.source.name == name


@pytest.fixture
def show() -> Iterator[Show]:
    """A show that plays the demo until a page sends sound."""
    port = free_port()
    with RunningDaemon({"web.port": port}) as running:
        assert running.daemon.page
        made = Show(running.daemon.page.sound, running.daemon, port)
        made.serve()
        yield made
        made.end()


class Chromium:
    """A browser, and what its pages complain about."""

    def __init__(self, browser: Browser, show: Show) -> None:
        self._browser, self.show = browser, show
        self.mistakes: list[str] = []
        self._contexts: list[BrowserContext] = []

    def context(self, **options: Any) -> BrowserContext:
        self._contexts.append(self._browser.new_context(**options))
        return self._contexts[-1]

    def close(self) -> None:
        """Close its pages; the browser stays."""
        for context in self._contexts:
            context.close()
        assert not self.mistakes, self.mistakes

    def open(self, host: str = "127.0.0.1", **options: Any) -> Page:
        page = self.context(**options).new_page()
        page.on("pageerror", lambda error: self.mistakes.append(str(error)))
        page.on("console", lambda line: self.mistakes.append(line.text) if line.type in ("warning", "error") else None)
        page.goto(f"http://{host}:{self.show.port}/?bridge={self.show.bridge}&before=demo")
        wait_for(lambda: page.evaluate("window.ready"), what="the page", evidence=lambda: self.mistakes)
        return page


@pytest.fixture(scope="module")
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """With the flags and the options that the test names by ``@pytest.mark.parametrize(…, indirect=True)``."""
    options = dict(getattr(request, "param", {}))
    with launched(*SOUND, *options.pop("flags", MICROPHONE), **options) as browser:
        yield browser


@pytest.fixture
def chromium(browser: Browser, show: Show) -> Iterator[Chromium]:
    made = Chromium(browser, show)
    yield made
    made.close()


def becomes(page: Page, state: str, seconds: float = 30.0) -> None:
    evidence = "JSON.stringify([states, errors, sent, reports.at(-1)])"
    wait_for(lambda: page.evaluate("capture.state") == state, seconds, state, lambda: page.evaluate(evidence))


def beats(folder: Path) -> Path:
    """A wav with a click every half second."""
    path = folder / "beats.wav"
    rng = np.random.default_rng(0)
    sound = np.convolve(signals.clicks(8.0, rate=48000), rng.normal(size=480) * np.exp(-np.arange(480) / 100))
    soundfile.write(path, np.stack([0.3 * sound[: 8 * 48000]] * 2, axis=1), 48000)
    return path


def spacing(page: Page, seconds: float) -> float:
    """Seconds from onset to onset, usually, as the page hears of them."""
    page.evaluate("onsets.length = 0")
    page.wait_for_timeout(1000 * seconds)
    times = page.evaluate("onsets")
    assert len(times) > seconds
    return statistics.median(np.diff(times)) / 1000


# Sources


def test_the_microphone_button_brings_the_sound_into_the_show(show: Show, tmp_path: Path) -> None:
    wav = beats(tmp_path)
    with launched(*SOUND, *MICROPHONE, f"--use-file-for-fake-audio-capture={wav}") as browser:
        chromium = Chromium(browser, show)
        page = chromium.open()
        page.get_by_role("button", name="Microphone").click()
        becomes(page, "live")
        wait_for(lambda: show.hears("browser"), what="the input")
        assert page.evaluate("sent") == [{"/artgen/control/input": "browser"}]
        assert spacing(page, 6.0) == pytest.approx(0.5, abs=0.05)
        levels = []
        for _ in range(20):
            levels.append(page.get_by_role("meter").evaluate("(meter) => meter.value"))
            page.wait_for_timeout(50)
        assert max(levels) > -20 and min(levels) < max(levels)
        expect(page.locator(".sound-figures")).to_contain_text("ms behind")
        expect(page.locator("[role=status]")).to_have_text("The show hears you.")
        page.evaluate("show.send({ '/artgen/control/input': 'demo' })")  # somebody else
        page.get_by_role("button", name="Use my sound").click(timeout=20_000)
        wait_for(lambda: show.hub.heard, 60, "the input")
        page.get_by_role("button", name="Use my sound").wait_for(state="hidden", timeout=20_000)
        page.get_by_role("button", name="Back to the demo").click()
        wait_for(lambda: show.hears("demo"), what="the input before")
        becomes(page, "off")
        assert not show.hub.heard
        chromium.close()


def test_a_real_microphone_with_another_rate_than_the_show(show: Show, tmp_path: Path) -> None:
    need_programs("pulseaudio", "pactl", "paplay")
    wav = beats(tmp_path)
    with ExitStack() as stack:
        env = stack.enter_context(pulse_server(tmp_path / "pulse"))
        for words in (
            ("load-module", "module-remap-source", "master=vj.monitor", "source_name=mic"),
            ("set-default-source", "mic"),
        ):
            subprocess.run(["pactl", *words], env=env, check=True, capture_output=True)
        browser = stack.enter_context(launched(*SOUND, MICROPHONE[0], env=env))
        chromium = Chromium(browser, show)
        page = chromium.open()
        page.get_by_role("button", name="Microphone").click()
        becomes(page, "live")
        stack.enter_context(running("paplay", "--device=vj", str(wav), log=tmp_path / "log", env=env))
        assert spacing(page, 5.0) == pytest.approx(0.5, abs=0.05)
        assert show.hub.sample_rate == page.evaluate("capture.sampleRate") == 48000
        assert page.locator("select option").count() >= 2
        chromium.close()


TAB = {
    "flags": ("--auto-select-tab-capture-source-by-title=Radio",),
    "ignore_default_args": ["--mute-audio"],
}


@pytest.mark.parametrize("browser", [TAB], indirect=True)
def test_the_sound_of_a_tab(show: Show, chromium: Chromium) -> None:
    page = chromium.open(permissions=["microphone"])
    radio = page.context.new_page()
    radio.goto(page.url)
    wait_for(lambda: radio.evaluate("window.ready"), what="the other tab")
    radio.evaluate("document.title = 'Radio'; tone()")
    page.bring_to_front()
    page.get_by_role("button", name="Sound of a tab").click()
    becomes(page, "live")
    radio.bring_to_front()  # the page is in the background, as it will be
    wait_for(lambda: show.hears("browser"), what="the input")
    wait_for(lambda: (page.evaluate("now['/artgen/level_db']") or -99) > -30, what="sound")
    wait_for(lambda: abs(page.evaluate("now['/artgen/pitch_hz']") - 440) < 10, what="its pitch")
    before = show.hub.taken
    page.wait_for_timeout(3000)
    assert show.hub.taken - before == pytest.approx(3 * page.evaluate("capture.sampleRate"), rel=0.1)
    radio.close()
    becomes(page, "off")
    expect(page.locator("[role=alert]")).to_contain_text("no longer shared")


# How late


def test_it_is_as_near_as_promised(show: Show, chromium: Chromium) -> None:
    """From the click in the page through the analysis and the bridge back to the page."""
    page = chromium.open()
    page.evaluate("startClicks()")
    becomes(page, "live")
    wait_for(lambda: show.hears("browser"), what="the input")
    page.wait_for_timeout(2000)
    late = []
    for number in range(20):
        page.evaluate("onsets.length = 0")
        sent = page.evaluate("click()")
        page.wait_for_timeout(400 + 13 * number)
        late += [at - sent for at in page.evaluate("onsets")[:1]]
    assert len(late) >= 18
    behind = page.evaluate("reports.map((report) => report.behind_ms)")[4:]
    print(f"\nclick to onset in the page: median {statistics.median(late):.0f} ms, worst {max(late):.0f} ms")
    print(f"sound to the analysis and back: median {statistics.median(behind):.0f} ms, worst {max(behind):.0f} ms")
    assert min(late) > 0
    assert statistics.median(late) < ANSWER_MS


# What goes wrong


def test_a_browser_that_cant_convert_sends_at_its_own_rate(show: Show, chromium: Chromium) -> None:
    page = chromium.open()
    page.evaluate("""() => { window.AudioContext = class extends AudioContext {
      constructor(options) {
        if (options.sampleRate) throw new DOMException("not here", "NotSupportedError");
        super({ ...options, sampleRate: 32000 });
      }
    } }""")
    page.get_by_role("button", name="Microphone").click()
    becomes(page, "live")
    wait_for(lambda: show.daemon.source.sample_rate == 32000, what="the other rate")
    wait_for(lambda: page.evaluate("now['/artgen/level_db']") > -40, what="sound")


def test_the_capture_goes_on_and_connects_again_by_itself(show: Show, chromium: Chromium) -> None:
    page = chromium.open()
    page.get_by_role("button", name="Microphone").click()
    becomes(page, "live")
    show.end()
    becomes(page, "connecting")
    page.wait_for_timeout(1500)
    show.serve()
    becomes(page, "live", 15)
    assert page.evaluate("states.filter((state) => state === 'starting').length") == 1
    wait_for(lambda: show.hub.heard and page.evaluate("reports.at(-1)?.heard"), what="sound")
    before = show.hub.taken
    wait_for(lambda: show.hub.taken > before + 48000, what="more of it")
    assert all("WebSocket connection" in text for text in chromium.mistakes)
    chromium.mistakes.clear()


def test_a_network_that_is_too_slow_costs_sound_and_no_delay(show: Show, chromium: Chromium) -> None:
    page = chromium.open()
    page.get_by_role("button", name="Microphone").click()
    becomes(page, "live")
    wait_for(lambda: show.hub.heard, what="the input")
    page.evaluate(
        "Object.defineProperty(WebSocket.prototype, 'bufferedAmount', { get: () => 1e6, configurable: true })"
    )
    page.wait_for_timeout(1000)
    page.evaluate("delete WebSocket.prototype.bufferedAmount")
    page.wait_for_timeout(1500)
    report = page.evaluate("reports.at(-1)")
    assert report["dropped"] >= report["skipped"] * 512 == pytest.approx(page.evaluate("capture.sampleRate"), rel=0.5)
    assert report["behind_ms"] < ANSWER_MS and page.evaluate("capture.state") == "live"
    expect(page.locator(".sound-figures")).to_contain_text("frames lost")


def test_a_second_page_is_told_and_may_take_over(show: Show, chromium: Chromium) -> None:
    first, second = chromium.open(), chromium.open()
    first.get_by_role("button", name="Microphone").click()
    becomes(first, "live")
    second.get_by_role("button", name="Microphone").click()
    becomes(second, "busy")
    expect(second.locator("[role=status]")).to_contain_text(": a microphone")
    second.get_by_role("button", name="Take over").click()
    becomes(second, "live")
    becomes(first, "taken")
    expect(first.locator("[role=status]")).to_contain_text("Taken over by a microphone")
    first.wait_for_timeout(3000)
    assert first.evaluate("capture.state") == "taken" and second.evaluate("capture.state") == "live"
    first.get_by_role("button", name="Take over").click()
    becomes(first, "live")
    becomes(second, "taken")
    second.get_by_role("button", name="Stop").click()
    becomes(second, "off")


DENIED = {"flags": ()}


@pytest.mark.parametrize("browser", [DENIED], indirect=True)
def test_a_microphone_that_isnt_allowed_is_said_kindly(chromium: Chromium) -> None:
    page = chromium.open(permissions=[])
    page.get_by_role("button", name="Microphone").click()
    wait_for(lambda: page.inner_text("[role=alert]"), what="a reason")
    becomes(page, "off")


ELSEWHERE = {"flags": ("--host-resolver-rules=MAP artgen.test 127.0.0.1",)}


@pytest.mark.parametrize("browser", [ELSEWHERE], indirect=True)
def test_without_https_it_says_what_to_do(chromium: Chromium) -> None:
    page = chromium.open("artgen.test")
    expect(page.locator("#sound-microphone-reason")).to_contain_text("https")
    expect(page.locator("#sound-tab-reason")).to_contain_text("https")
    page.get_by_role("button", name="Microphone").click(force=True)  # it looks disabled, and answers all the same
    expect(page.locator("[role=alert]")).to_contain_text("https")
    assert all("handshake" in text for text in chromium.mistakes)  # the bridge knows no such host either
    chromium.mistakes.clear()


NO_TAB_SOUND = "MediaDevices.prototype.getSupportedConstraints = () => ({})"
NO_SOUND = """navigator.mediaDevices.getDisplayMedia = async () => {
  const canvas = document.createElement("canvas");
  canvas.getContext("2d");
  return canvas.captureStream();
}"""


def test_a_tab_without_sound_is_said_kindly(chromium: Chromium) -> None:
    page = chromium.open()
    page.evaluate(NO_SOUND)
    page.get_by_role("button", name="Sound of a tab").click()
    wait_for(lambda: "share tab audio" in page.inner_text("[role=alert]"), what="a reason")
    other = chromium.context()
    other.add_init_script(NO_TAB_SOUND)
    page = other.new_page()
    page.goto(f"http://127.0.0.1:{chromium.show.port}/?bridge={chromium.show.bridge}")
    wait_for(lambda: page.evaluate("window.ready"), what="the page")
    expect(page.locator("#sound-tab-reason")).to_contain_text("Firefox and Safari")


# The panel


def test_on_a_phone_by_finger_and_by_keyboard(show: Show, chromium: Chromium, tmp_path: Path) -> None:
    page = chromium.open(viewport={"width": 390, "height": 600}, has_touch=True)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Microphone"
    page.keyboard.press("Enter")
    becomes(page, "live")
    page.wait_for_timeout(1500)
    for control in page.locator("button:visible, select:visible").all():
        size = control.bounding_box()
        assert size and size["height"] >= 44
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    folder = os.environ.get("SCREENSHOTS")
    wait_for(lambda: page.get_by_role("meter").evaluate("(meter) => meter.value > -50"), what="a level")
    page.screenshot(path=Path(folder or tmp_path) / "sound.png")
    page.get_by_role("button", name="Stop").tap()
    becomes(page, "off")
    time.sleep(0.2)
