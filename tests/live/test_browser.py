"""The examples for browsers in a real Chromium, and the one for Node in Node, against a real daemon.

``pytest tests/live/test_browser.py --regenerate-golden`` takes the screenshots of the examples anew.
"""

import io
import re
import shutil
import socket
import tarfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route

from artgen_osc.config.tables import Config
from artgen_osc.osc.receiver import Capture, capture
from tests import show_table
from tests.live.servers import ARTGEN, NODE, ROOT, run_npm, running
from tests.ports import free_port
from tests.support.chromium import WEBGL, chromium
from tests.support.oscquery import Server
from tests.support.waiting import wait_for

pytestmark = pytest.mark.live

EXAMPLES = ROOT / "examples"
CDN = "https://cdn.jsdelivr.net/npm/"


@dataclass(frozen=True, slots=True)
class Show:
    """A daemon that plays the demo, and what stands for the renderer: its port, and its OSCQuery with a speed of 2."""

    port: int
    listener: int
    renderer: Capture
    query_port: int

    def sent(self, seconds: float) -> dict[str, Any]:
        """What reaches the renderer in the next `seconds`: the last value of each address."""
        return {message.path: message.arguments[0] for _, message in self.renderer.read(seconds)}


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Show]:
    port, listener = free_port(), free_port()
    log = tmp_path_factory.mktemp("daemon") / "log"
    with capture() as renderer:
        daemon = (*ARTGEN, "daemon", "--input=demo", "--mute", "--seconds=300", "--osc-query-port=0")
        ports = (f"--osc-port={free_port()}", f"--web-port={port}", f"--visuals-port={renderer.port}")
        with running(*daemon, *ports, f"--osc=127.0.0.1:{listener}", log=log):
            query = Server((), show_table.VISUALS)
            query.query.publish(
                show_table.CONTRACT.current(
                    show_table.VISUALS, show_table.CONTRACT.replace(Config(), "visuals.speed", 2.0)
                )
            )
            yield Show(port, listener, renderer, query.port)
            query.close()
    assert "Traceback" not in log.read_text(), log.read_text()


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], bytes]:
    """What the content delivery network would answer, out of the very package of npm."""
    folder = tmp_path_factory.mktemp("npm")

    def fetch(url: str) -> bytes:
        found = re.fullmatch(re.escape(CDN) + r"([\w-]+)@([\d.]+)/([\w./-]+)", url)
        assert found, url
        name, version, path = found.groups()
        package = folder / f"{name}-{version}.tgz"
        if not package.exists():
            run_npm(folder, "pack", f"{name}@{version}", "--silent")
        with tarfile.open(package) as archive:
            member = archive.extractfile(f"package/{path}")
            assert member
            return member.read()

    return fetch


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(*WEBGL) as browser:
        yield browser


def answers(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as peer:
        return peer.connect_ex(("127.0.0.1", port)) == 0


class Opened:
    """An example in the browser, served as its README says."""

    def __init__(self, page: Page, mistakes: list[str]) -> None:
        self.page, self.mistakes = page, mistakes

    def picture(self) -> np.ndarray:
        """float32 ``(height, width, 3)``."""
        image = Image.open(io.BytesIO(self.page.screenshot(timeout=60_000))).convert("RGB")
        return np.asarray(image, np.float32)

    def moves(self) -> bool:
        before = self.picture()
        return float(np.abs(self.picture() - before).mean()) > 0.5


@pytest.fixture
def example(
    browser: Browser, show: Show, library: Callable[[str], bytes], tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Opened]:
    """The example that the test names by ``@pytest.mark.parametrize("example", …, indirect=True)``."""
    folder, width, height = request.param
    port, mistakes = free_port(), []

    def answer(route: Route) -> None:
        # The page's integrity hashes are held against it by the browser itself.
        headers = {"Access-Control-Allow-Origin": "*", "Content-Type": "text/javascript"}
        route.fulfill(body=library(route.request.url), headers=headers)

    served = ("http.server", str(port), "-d", str(EXAMPLES / folder), "--bind", "127.0.0.1")
    with running(ARTGEN[0], "-m", *served, log=tmp_path / "server"):
        context = browser.new_context(viewport={"width": width, "height": height}, has_touch=True)
        page = context.new_page()
        page.on("pageerror", lambda error: mistakes.append(str(error)))
        page.on("console", lambda line: mistakes.append(line.text) if line.type == "warning" else None)
        page.route(f"{CDN}**", answer)
        wait_for(lambda: answers(port), 60, "the server")
        page.goto(f"http://localhost:{port}/?port={show.port}&renderer={show.query_port}")
        yield Opened(page, mistakes)
        if request.config.getoption("--regenerate-golden"):
            page.screenshot(path=EXAMPLES / folder / "screenshot.jpg", quality=70, timeout=60_000)
        context.close()


@pytest.mark.parametrize("example", [("p5", 640, 360)], indirect=True)
def test_p5_paints_the_mood_and_a_click_brings_the_next_picture(example: Opened, show: Show) -> None:
    page = example.page
    wait_for(lambda: page.evaluate("now['/artgen/tempo_bpm']") > 60, 60, "a tempo", lambda: example.mistakes)
    assert 0 < page.evaluate("energy") < 1 and 0 < page.evaluate("valence") < 1
    wait_for(lambda: page.evaluate("rings.length") > 0, 60, "a beat")
    assert example.picture().std() > 10
    assert example.moves()
    page.mouse.click(320, 180)
    assert show.sent(1.0) == {"/visuals/seed/next": 1}
    wait_for(lambda: page.evaluate("rings.some((age) => age < 0.4)"), 60, "a ring for the screenshot")
    assert not example.mistakes


@pytest.mark.parametrize("example", [("hydra", 480, 270)], indirect=True)
def test_hydra_follows_the_mood_and_a_key_brings_the_next_picture(example: Opened, show: Show) -> None:
    page = example.page
    wait_for(lambda: page.evaluate("mood.tempo") > 60, 60, "a tempo", lambda: example.mistakes)
    wait_for(lambda: page.evaluate("mood.beat") > 0, 60, "a beat")
    wait_for(lambda: page.evaluate("mood.valence !== 0.5 && mood.energy !== 0.5"), 60, "a mood")
    assert example.picture().std() > 10
    assert example.moves()
    page.keyboard.press("Space")
    assert show.sent(1.0) == {"/visuals/seed/next": 1}
    assert not example.mistakes


@pytest.mark.parametrize("example", [("remote", 390, 844)], indirect=True)
def test_the_remote_has_every_control_and_they_reach_the_renderer(example: Opened, show: Show) -> None:
    page = example.page
    page.wait_for_function("document.getElementById('state').textContent === 'connected'")
    wait_for(lambda: "bpm" in page.inner_text("#tempo"), 30, "a tempo")
    mood = [row for row in show_table.VISUALS if row.path.startswith("/visuals/mood/")]
    assert page.locator("#controls > *").count() == len(show_table.VISUALS) - len(mood)

    before = page.evaluate("document.getElementById('music').style.left")
    wait_for(lambda: page.evaluate("document.getElementById('music').style.left") != before, 30, "motion")
    box = page.locator("#pad").bounding_box()
    assert box
    page.touchscreen.tap(box["x"] + 0.75 * box["width"], box["y"] + 0.25 * box["height"])
    sent = show.sent(1.0)
    assert sent.pop("/visuals/mood/manual") == 1
    assert sent == pytest.approx({"/visuals/mood/valence": 0.75, "/visuals/mood/energy": 0.75}, abs=0.01)
    page.get_by_text("follow the music").tap()
    assert show.sent(1.0) == {"/visuals/mood/manual": 0}

    slider = page.locator("label", has_text="travel through the latent space").locator("input")
    assert slider.input_value() == "2"  # as the renderer says
    slider.fill("2.4")
    assert show.sent(1.0) == pytest.approx({"/visuals/speed": 2.4})
    page.get_by_text("freeze").tap()
    assert show.sent(1.0) == {"/visuals/freeze": 1}
    assert page.get_by_text("freeze").get_attribute("aria-pressed") == "true"
    page.get_by_text("freeze").tap()
    assert show.sent(1.0) == {"/visuals/freeze": 0}
    for control in page.locator("button, input").all():
        size = control.bounding_box()
        assert size and size["height"] >= 44  # a finger's width
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.evaluate("scrollTo(0, 0)")
    assert example.picture().std() > 10
    assert not example.mistakes


def test_node_prints_the_mood_and_sends_a_control(
    show: Show, browser: Browser, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    folder = tmp_path / "node"
    shutil.copytree(EXAMPLES / "node", folder, ignore=shutil.ignore_patterns("node_modules"))
    run_npm(folder, "install", "--silent")
    log = tmp_path / "log"
    with running(NODE, "mood.js", str(show.listener), str(show.renderer.port), log=log, cwd=folder):
        wait_for(lambda: re.search(r"tempo [1-9]\d+ bpm", log.read_text()), 60, "a tempo", log.read_text)
        wait_for(lambda: show.sent(0.5) == {"/visuals/seed/next": 1}, 30, "a control")
        time.sleep(1.0)
    moods = re.findall(r"valence ([\d.]+)  energy ([\d.]+)", log.read_text())
    assert len(moods) > 4 and all(0 <= float(number) <= 1 for mood in moods for number in mood)
    if request.config.getoption("--regenerate-golden"):
        lines = "\n".join(log.read_text().splitlines()[-8:])
        page = browser.new_page(viewport={"width": 560, "height": 200})
        page.set_content(f"<body style='background:#111;color:#ddd;font:16px monospace'><pre>$ npm start\n{lines}")
        page.screenshot(path=EXAMPLES / "node" / "screenshot.jpg", quality=70)
        page.close()
