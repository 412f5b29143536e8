"""The exported gallery in a real Chromium, opened from disk."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from tests.gallery.conftest import an_about
from tests.support.chromium import chromium
from visuals.gallery.export import export
from visuals.gallery.files import write
from visuals.gallery.folder import Gallery
from visuals.gallery.index import Index
from visuals.gallery.query import Query
from visuals.generators.idle import IdleGenerator
from visuals.generators.sphere import direction

pytestmark = pytest.mark.live

COUNT = 130
NASTY = "<img src=x onerror=document.title='broken'>"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gallery")
    paint, chance = IdleGenerator(96), np.random.default_rng(3)
    gallery = Gallery(folder)
    for number in range(COUNT):
        mood = chance.uniform(0.0, 1.0, 2).astype(np.float32)
        z = (direction(number, paint.z_dim) * np.sqrt(paint.z_dim)).astype(np.float32)
        about = an_about(number, width=96, height=96, title=NASTY if number == 7 else f"Song {number % 9}")
        about = replace(about, valence=float(mood[0]), energy=float(mood[1]))
        write(folder / f"{about.id}.png", paint(z, mood, 1.0), about)
        if number % 50 == 0:
            gallery.favour(about.id)
    index = Index(gallery)
    index.sync()
    site = tmp_path_factory.mktemp("export") / "site"
    assert export(index, Query(), site) == (COUNT, [])
    index.close()
    return site


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, site: Path) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1100, "height": 800})
    mistakes: list[str] = []
    page.on("console", lambda message: mistakes.append(message.text))
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    page.on("requestfailed", lambda request: mistakes.append(request.url))
    page.on("request", lambda request: mistakes.append(request.url) if not request.url.startswith("file:") else None)
    page.goto((site / "index.html").as_uri())
    yield page
    page.close()
    assert mistakes == []


def shown(page: Page) -> int:
    return page.locator("#pictures li").count()


def test_pictures_are_there_from_disk_alone(page: Page, tmp_path: Path) -> None:
    assert page.inner_text("#count") == f"{COUNT} of {COUNT} pictures"
    assert shown(page) == 120
    page.wait_for_function("document.querySelector('#pictures img').naturalWidth > 0")
    page.get_by_role("button", name="more").click()
    assert shown(page) == COUNT
    assert page.evaluate("document.activeElement.closest('li') === document.querySelectorAll('#pictures li')[120]")
    assert page.locator("#more").is_hidden()
    assert page.evaluate("document.title") == "artgen gallery"
    link = page.locator("#pictures a").first
    assert (Path(page.url.removeprefix("file://")).parent / str(link.get_attribute("href"))).is_file()


def test_the_keyboard_is_enough(page: Page) -> None:
    page.get_by_label("valence").focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    assert page.get_by_label("valence").input_value() == "0.8"
    assert page.get_by_label("within").input_value() == "0.15"
    near = int(page.inner_text("#count").split()[0])
    assert 0 < near < COUNT
    assert shown(page) == near
    for text in page.locator("#pictures li").all_inner_texts():
        valence, energy = (float(text.split(name)[1].split(",")[0].split()[0]) for name in ("valence ", "energy "))
        assert np.hypot(valence - 0.8, energy - 0.5) < 0.16
    page.get_by_role("button", name="show all").press("Enter")
    assert page.inner_text("#count").startswith(f"{COUNT} of")
    page.get_by_label("only favourites").press("Space")
    assert page.inner_text("#count") == f"3 of {COUNT} pictures"
    page.get_by_label("only favourites").press("Space")
    page.get_by_label("title").fill("ONERROR")
    assert page.inner_text("#count") == f"1 of {COUNT} pictures"
    assert NASTY in page.inner_text("#pictures")


def test_a_tap_on_the_plane_chooses_a_mood(page: Page) -> None:
    box = page.locator("#plane").bounding_box()
    assert box
    page.mouse.click(box["x"] + 0.25 * box["width"], box["y"] + 0.25 * box["height"])
    assert float(page.get_by_label("valence").input_value()) == pytest.approx(0.25, abs=0.02)
    assert float(page.get_by_label("energy").input_value()) == pytest.approx(0.75, abs=0.02)
    assert 0 < shown(page) < COUNT


@pytest.mark.parametrize("width", [320, 390])
def test_a_phone_needs_no_scrolling_sideways(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
