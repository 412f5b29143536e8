"""Songs in a real Chromium: recorded from a microphone, picked, dropped, heard and deleted."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Browser, Page, expect

from artgen_osc.web.site import POLICY, STATIC
from artgen_osc.web.song_jobs import Limits
from artgen_osc.web.songs import SongsPart
from tests import signals
from tests.song_server import PAINT, SongServer
from tests.support.chromium import MICROPHONE, SOUND, chromium
from tests.support.waiting import wait_for
from visuals.gallery.files import read

pytestmark = pytest.mark.live

RATE = 44100
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="POLICY">
<title>songs</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/static/style.css"><link rel="stylesheet" href="/static/songs.css">
<nav role="tablist"><button role="tab" aria-controls="songs">Songs</button></nav>
<main><section id="songs"></section></main><script type="module" src="/test/page.js"></script></html>"""
SCRIPT = """import { mount } from "/static/songs.js";
const show = { base: new URL("/", location.href) };
window.show = show;
mount(document.getElementById("songs"), show);"""


@dataclass(frozen=True, slots=True)
class Stage:
    """A page with the songs, and where they are."""

    page: Page
    folder: Path
    mistakes: list[str]

    def end(self, title: str) -> Any:
        """Wait until a song is done; its summary."""
        done = self.page.locator("summary", has=self.page.locator("strong", has_text=title)).first
        expect(done).to_contain_text("bpm", timeout=90_000)
        return done

    def picture(self) -> Any:
        (path,) = (self.folder / "gallery").glob("*.png")
        return read(path).about


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    microphone = tmp_path_factory.mktemp("sound") / "microphone.wav"
    soundfile.write(microphone, signals.song(60.0, 48000), 48000)
    with chromium(*SOUND, *MICROPHONE, f"--use-file-for-fake-audio-capture={microphone}") as browser:
        yield browser


@pytest.fixture
def stage(browser: Browser, tmp_path: Path) -> Iterator[Stage]:
    with opened(browser, tmp_path) as made:
        yield made


class opened:
    """A page of its own server, as wide as a phone."""

    def __init__(self, browser: Browser, folder: Path, **limits: float) -> None:
        self._browser, self._folder, self._limits = browser, folder, limits

    def __enter__(self) -> Stage:
        pages = self._folder / "page"
        pages.mkdir()
        policy = POLICY.replace("; frame-ancestors 'none'", "")  # not allowed in a page itself
        (pages / "index.html").write_text(PAGE.replace("POLICY", policy))
        (pages / "page.js").write_text(SCRIPT)
        words = (*PAINT, f"--gallery={self._folder / 'gallery'}")
        limits = Limits(spare=0, **self._limits)  # type: ignore[arg-type]
        self._server = SongServer(
            lambda: SongsPart(self._folder / "songs", words, limits=limits), pages={"/static": STATIC, "/test": pages}
        )
        mistakes: list[str] = []
        self._context = self._browser.new_context(
            viewport={"width": 390, "height": 844}, has_touch=True, permissions=["microphone"]
        )
        page = self._context.new_page()
        page.on("pageerror", lambda error: mistakes.append(str(error)))
        page.on("console", lambda line: mistakes.append(line.text) if line.type in ("warning", "error") else None)
        page.goto(f"{self._server.url}/test/index.html")
        return Stage(page, self._folder, mistakes)

    def __exit__(self, *error: object) -> None:
        self._context.close()
        self._server.close()


def without_gallery(mistakes: list[str]) -> list[str]:
    """There is no gallery beside this page: its pictures are missing."""
    return [text for text in mistakes if "404" not in text]


def test_record_listen_keep_and_look(stage: Stage) -> None:
    page = stage.page
    page.get_by_role("button", name="Record").click()
    wait_for(lambda: page.evaluate("document.querySelector('.recording meter').value") > 0.05, 30, "a level")
    expect(page.get_by_text("0:14")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("0:14 recorded")).to_be_visible()
    page.evaluate("document.querySelector('.review audio').play()")
    wait_for(lambda: page.evaluate("document.querySelector('.review audio').currentTime") > 0.5, 30, "sound")
    page.get_by_role("button", name="Keep").click()
    summary = stage.end("Recording of")
    assert re.search(r"0:14 · 13\d bpm · \w+ (major|minor)", summary.inner_text()), summary.inner_text()
    about = stage.picture()
    assert about.tempo_bpm == pytest.approx(132.0, rel=0.04)
    assert about.key.split()[0] in ("A", "E", "F#"), "four chords around A major"
    assert about.title.startswith("Recording of")

    curve = page.locator("svg.curve")
    expect(curve).to_be_visible()  # opened by itself
    assert re.match(r"Mood over 0:14: valence goes from 0\.\d\d at the start", curve.get_attribute("aria-label") or "")
    page.evaluate("document.querySelector('.song audio').play()")
    cursor = page.locator("svg.curve .cursor")
    wait_for(lambda: float(cursor.get_attribute("x1") or 0) > 20, 30, "a cursor that goes with the sound")
    box = curve.bounding_box()
    assert box
    page.mouse.click(box["x"] + 0.8 * box["width"], box["y"] + 20)
    wait_for(lambda: page.evaluate("document.querySelector('.song audio').currentTime") > 10, 30, "a leap")
    links = [str(link.get_attribute("href")) for link in page.locator(".song a.picture").all()]
    assert [link.partition("/gallery/")[2] for link in links] == [f"picture/{about.id}.png", f"#{about.id}"]
    page.screenshot(path=stage.folder / "phone.png", full_page=True)

    for control in page.locator("button:visible, summary:visible, audio:visible").all():
        size = control.bounding_box()
        assert size and size["height"] >= 44, control.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Keep it").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("No songs yet.")).to_be_visible()
    assert [path.name for path in (stage.folder / "songs").iterdir()] == [".lock"]
    assert not without_gallery(stage.mistakes)


def test_files_are_picked_and_dropped(stage: Stage) -> None:
    page = stage.page
    song = stage.folder / "Mine & yours?.flac"
    soundfile.write(song, signals.song(8.0, RATE), RATE)
    page.locator("input[type=file]").set_input_files(song)
    stage.end("Mine & yours?")
    assert stage.picture().title == "Mine & yours?"
    drop = """(bytes) => {
      const held = new DataTransfer();
      held.items.add(new File([new Uint8Array(bytes)], "<b>noise.mp3"));
      for (const type of ["dragover", "drop"])
        document.body.dispatchEvent(new DragEvent(type, { dataTransfer: held, bubbles: true, cancelable: true }));
    }"""
    page.evaluate(drop, list(bytes(1000)))
    expect(page.locator("summary", has_text="<b>noise")).to_contain_text("failed", timeout=30_000)
    expect(page.get_by_text("no sound that can be decoded is found in it")).to_be_visible()
    assert not page.locator(".drop").is_visible()
    page.screenshot(path=stage.folder / "list.png", full_page=True)
    assert not without_gallery(stage.mistakes)


def test_what_is_too_large_is_said_before_it_is_sent(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path, size=1 << 20) as stage:
        expect(stage.page.get_by_text("No songs yet.")).to_be_visible()
        (tmp_path / "large.wav").write_bytes(bytes((1 << 20) + 1))
        stage.page.locator("input[type=file]").set_input_files(tmp_path / "large.wav")
        expect(stage.page.get_by_role("alert")).to_have_text(re.compile("large.wav is larger than 1 MiB"))
        assert not (tmp_path / "songs").exists()


def test_a_stream_of_the_page_is_recorded(stage: Stage) -> None:
    """Its own tracks stay with the page: they go on."""
    page = stage.page
    page.evaluate("""() => {
      const context = new AudioContext(), tone = context.createOscillator();
      const out = context.createMediaStreamDestination();
      tone.connect(out);
      tone.frequency.value = 1000;
      tone.start();
      window.show.capture = { stream: out.stream };
    }""")
    page.get_by_label("What to record").select_option("page")
    page.get_by_role("button", name="Record").click()
    expect(page.get_by_text("0:03")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("summary", has_text="Recording of")).to_contain_text("0:03", timeout=60_000)
    (path,) = (stage.folder / "songs").glob("*/sound.wav")
    sound, rate = soundfile.read(path)
    middle = sound[rate : 2 * rate, 0]
    assert np.abs(np.fft.rfft(middle)).argmax() == pytest.approx(1000, abs=2)
    assert page.evaluate("window.show.capture.stream.getAudioTracks()[0].readyState") == "live"


def test_without_a_microphone_it_says_so(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path) as stage:
        page = stage.page
        page.add_init_script("delete window.MediaRecorder")
        page.reload()
        expect(page.get_by_text("This browser can't record sound.")).to_be_visible()
        assert page.get_by_role("button", name="Record").is_disabled()
        page.add_init_script(
            "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotAllowedError') };"
            "window.MediaRecorder = class {}"
        )
        page.reload()
        page.get_by_role("button", name="Record").click()
        expect(page.get_by_role("alert")).to_have_text(re.compile("was not allowed"))
        assert page.get_by_role("button", name="Record").is_enabled()
        assert not stage.mistakes
