"""The gallery's page in a real Chromium, served by ``artgen gallery serve``."""

import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.gallery.conftest import START, an_about, put
from tests.gallery.served import Served, serving
from tests.support.chromium import chromium
from tests.support.waiting import wait_for
from visuals.gallery.files import write
from visuals.gallery.folder import Gallery
from visuals.gallery.record import new_id
from visuals.generators.idle import IdleGenerator
from visuals.generators.sphere import direction

pytestmark = pytest.mark.live

COUNT = 130
NASTY = "<img src=x onerror=document.title='broken'>"


@dataclass(frozen=True, slots=True)
class Opened:
    page: Page
    server: Served
    gallery: Gallery
    moods: dict[str, tuple[float, float]]

    def count(self, text: str) -> None:
        expect(self.page.locator("#count")).to_have_text(text)

    def cell(self, place: int = 0):  # type: ignore[no-untyped-def]  # of playwright
        return self.page.locator(f".row:not([hidden])[aria-rowindex='1'] .cell >> nth={place}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, tuple[float, float]]]:
    """130 pictures, a minute apart; the song changes every ten, from ``Song 0`` to ``Song 12``."""
    folder = tmp_path_factory.mktemp("pictures") / "gallery"
    folder.mkdir()
    paint, chance, moods = IdleGenerator(96), np.random.default_rng(3), {}
    for number in range(COUNT):
        mood = chance.uniform(0.0, 1.0, 2).astype(np.float32)
        z = (direction(number, paint.z_dim) * np.sqrt(paint.z_dim)).astype(np.float32)
        title = NASTY if number == 7 else f"Song {number // 10}"
        about = an_about(
            number, width=96, height=96, title=title, valence=float(mood[0]), energy=float(mood[1]), seed=number
        )
        write(folder / f"{about.id}.png", paint(z, mood, 1.0), about)
        moods[about.id] = (float(mood[0]), float(mood[1]))
    return folder, moods


@pytest.fixture
def opened(
    browser: Browser,
    pictures: tuple[Path, dict[str, tuple[float, float]]],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[Opened]:
    """The page over a copy of the pictures; the parameter is what the context is made with."""
    folder = tmp_path / "gallery"
    shutil.copytree(pictures[0], folder)
    mistakes: list[str] = []
    with serving(folder) as server:
        wait_for(lambda: len(server.ids()) == COUNT, what="the pictures")
        options = getattr(request, "param", {"viewport": {"width": 1280, "height": 800}})
        context = browser.new_context(**options, accept_downloads=True, timezone_id="Europe/Berlin", locale="en-GB")
        page = context.new_page()
        page.on("console", lambda message: mistakes.append(message.text))
        page.on("pageerror", lambda error: mistakes.append(str(error)))
        page.goto(f"http://127.0.0.1:{server.port}/gallery/")
        opened = Opened(page, server, Gallery(folder), pictures[1])
        opened.count(f"{COUNT} pictures")
        yield opened
        assert page.title() == "artgen gallery"
        context.close()
    assert mistakes == []


PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def test_the_grid_holds_only_what_is_on_screen(opened: Opened) -> None:
    page = opened.page
    grid = page.get_by_role("grid", name="Pictures")
    assert grid.get_attribute("aria-colcount") == "4"
    assert grid.get_attribute("aria-rowcount") == "33"
    expect(page.locator(".cell img.there").first).to_be_visible()
    assert page.locator(".cell").count() < 40
    page.locator("#scroll").evaluate("(element) => { element.scrollTop = element.scrollHeight; }")
    expect(page.locator(".row[aria-rowindex='33']")).to_be_visible()
    expect(page.locator(".row[aria-rowindex='33'] .cell:visible")).to_have_count(2)
    assert page.locator(".cell").count() < 60
    assert page.locator("[id='filters'] canvas").count() == 1


def test_a_click_on_the_plane_and_a_drag(opened: Opened) -> None:
    page = opened.page
    box = page.locator("#plane").bounding_box()
    assert box
    x, y = box["x"] + 0.25 * box["width"], box["y"] + 0.25 * box["height"]

    def expected(radius: float) -> int:
        valence, energy = (float(page.locator(f"#{name}").input_value()) for name in ("valence", "energy"))
        assert (valence, energy) == pytest.approx((0.25, 0.75), abs=0.02)
        return sum(np.hypot(mood[0] - valence, mood[1] - energy) <= radius for mood in opened.moods.values())

    page.mouse.click(x, y)
    opened.count(f"{expected(0.15)} of {COUNT} pictures")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 0.1 * box["width"], y)
    page.mouse.move(x + 0.3 * box["width"], y)
    page.mouse.up()
    radius = float(page.locator("#radius").input_value())
    assert radius == pytest.approx(0.3, abs=0.02)
    opened.count(f"{expected(radius)} of {COUNT} pictures")
    for label in page.locator(".cell:visible").evaluate_all("(cells) => cells.map((cell) => cell.ariaLabel)"):
        valence, energy = (float(label.split(name)[1].split(",")[0]) for name in ("valence ", "energy "))
        assert np.hypot(valence - 0.25, energy - 0.75) < radius + 0.02
    page.get_by_role("button", name="Show all").click()
    opened.count(f"{COUNT} pictures")


def test_song_and_date(opened: Opened) -> None:
    page = opened.page
    page.get_by_role("combobox", name="Song").fill("song 3")
    opened.count(f"10 of {COUNT} pictures")
    expect(page.locator("#songs option")).to_have_count(14)
    page.get_by_role("combobox", name="Song").fill("ONERROR")
    opened.count(f"1 of {COUNT} pictures")
    expect(page.locator(".cell:visible .title")).to_have_text([NASTY])
    page.get_by_role("combobox", name="Song").fill("")
    # The first is of 22:00 in Berlin: 120 pictures before midnight.
    page.get_by_label("From").fill("2026-05-02")
    opened.count(f"10 of {COUNT} pictures")
    page.get_by_label("From").fill("")
    page.get_by_label("To", exact=True).fill("2026-05-01")
    opened.count(f"120 of {COUNT} pictures")
    page.get_by_label("To", exact=True).fill("2026-04-30")
    expect(page.get_by_text("No picture is like that.")).to_be_visible()


def test_favourite_delete_and_undo_by_keyboard_alone(opened: Opened) -> None:
    page, gallery = opened.page, opened.gallery
    ids = opened.server.ids()
    page.keyboard.press("Tab")
    for _ in range(20):
        if page.evaluate("document.activeElement.role") == "gridcell":
            break
        page.keyboard.press("Tab")
    focused = page.locator(":focus")
    expect(focused).to_have_attribute("aria-colindex", "1")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    label = focused.get_attribute("aria-label")
    page.keyboard.press("f")
    expect(page.locator(".cell.favourite")).to_have_count(1)
    assert gallery.favourites() == {ids[5]}
    expect(focused).to_have_attribute("aria-label", f"{label}, favourite")
    expect(page.locator("#said")).to_have_text("favourite")
    page.keyboard.press("Delete")
    opened.count(f"{COUNT - 1} pictures")
    assert not (gallery.folder / f"{ids[5]}.png").exists()
    expect(page.locator("#said")).to_have_text("1 picture deleted. Control Z brings it back.")
    expect(focused, "the next one has the focus").to_have_role("gridcell")
    page.keyboard.press("Control+z")
    opened.count(f"{COUNT} pictures")
    expect(page.locator(".cell.favourite")).to_have_count(1)
    page.keyboard.press("Control+End")
    expect(page.locator(".row:focus-within")).to_have_attribute("aria-rowindex", "33")
    page.keyboard.press("Control+Home")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Picture")).to_be_visible()
    expect(page.locator("#viewer-place")).to_contain_text(f"1 of {COUNT}")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#viewer-place")).to_contain_text(f"3 of {COUNT}")
    expect(page.locator("#facts")).to_contain_text("136 bpm, D minor")
    page.keyboard.press("f")
    expect(page.locator("#viewer-favourite")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Delete")
    expect(page.locator("#viewer-place")).to_contain_text(f"3 of {COUNT - 1}")
    page.get_by_role("button", name="Undo").press("Enter")
    opened.count(f"{COUNT} pictures")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(focused, "the focus is back in the grid").to_have_role("gridcell")
    page.get_by_label("Only favourites").press("Space")
    opened.count(f"2 of {COUNT} pictures")
    page.get_by_role("slider", name="Within").press("ArrowLeft")
    page.get_by_role("slider", name="Valence").press("Home")
    assert page.locator("#valence").input_value() == "0"


def test_an_address_that_names_a_picture(opened: Opened) -> None:
    id = opened.server.ids()[6]
    opened.page.evaluate(f"location.hash = '{id}'")
    expect(opened.page.locator("#viewer-place")).to_contain_text(f"7 of {COUNT}")
    opened.page.keyboard.press("Escape")
    expect(opened.page.locator(":focus")).to_have_attribute("aria-colindex", "3")
    new = put(opened.gallery.folder, 1000).id
    opened.page.goto(f"http://127.0.0.1:{opened.server.port}/gallery/#{new}")
    expect(opened.page.locator("#viewer-place")).to_contain_text(f"1 of {COUNT + 1}", timeout=8000)


def test_download(opened: Opened, tmp_path: Path) -> None:
    opened.cell(2).click()
    with opened.page.expect_download() as download:
        opened.page.get_by_text("Download").first.click()
    download.value.save_as(tmp_path / "a.png")
    id = opened.server.ids()[2]
    assert download.value.suggested_filename == f"{id}.png"
    assert (tmp_path / "a.png").read_bytes() == opened.gallery.path(id).read_bytes()


def test_slideshow(opened: Opened) -> None:
    page = opened.page
    page.keyboard.press("s")
    first = page.locator("#slides .slide.top")
    expect(first).to_have_attribute("src", f"picture/{opened.server.ids()[0]}.png")
    page.keyboard.press("ArrowRight")
    expect(first).to_have_attribute("src", f"picture/{opened.server.ids()[1]}.png")
    page.get_by_label("Every").select_option("3")
    expect(first).to_have_attribute("src", f"picture/{opened.server.ids()[2]}.png", timeout=8000)
    page.get_by_role("button", name="Pause").click()
    page.wait_for_timeout(3500)
    expect(first).to_have_attribute("src", f"picture/{opened.server.ids()[2]}.png")
    assert page.evaluate("getComputedStyle(document.querySelector('.slide')).transitionDuration") == "1.2s"
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate("getComputedStyle(document.querySelector('.slide')).transitionDuration") == "0s"
    page.get_by_role("button", name="End").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(":focus")).to_have_attribute("aria-colindex", "3")


def test_compare(opened: Opened) -> None:
    page = opened.page
    expect(page.get_by_role("button", name="Compare")).to_be_disabled()
    opened.cell(0).focus()
    for _ in range(3):
        page.keyboard.press("Space")
        page.keyboard.press("ArrowRight")
    opened.count(f"{COUNT} pictures, 3 chosen")
    assert page.locator(".cell[aria-selected=true]").count() == 3
    page.keyboard.press("c")
    expect(page.get_by_role("dialog", name="Compare").locator("figure")).to_have_count(3)
    moods = page.get_by_role("img", name="Valence and energy of 1: ").get_attribute("aria-label")
    valence, energy = opened.moods[opened.server.ids()[2]]
    assert moods and moods.endswith(f"3: {valence:.2f}, {energy:.2f}")
    page.get_by_role("button", name="Favourite 2").click()
    expect(page.get_by_role("button", name="Favourite 2")).to_have_attribute("aria-pressed", "true")
    assert opened.gallery.favourites() == {opened.server.ids()[1]}
    page.keyboard.press("Escape")
    expect(page.locator(":focus")).to_have_role("gridcell")
    page.get_by_role("button", name="Choose").click()
    opened.cell(3).click()
    opened.count(f"{COUNT} pictures, 4 chosen")


def test_export_of_what_is_shown(opened: Opened, tmp_path: Path) -> None:
    page = opened.page
    page.get_by_role("combobox", name="Song").fill("Song 4")
    page.get_by_role("button", name="Export").click()
    expect(page.get_by_role("dialog", name="Export")).to_contain_text("10 pictures (those that the filters leave)")
    with page.expect_download() as download:
        page.get_by_role("dialog", name="Export").get_by_text("Download").click()
    download.value.save_as(tmp_path / "site.zip")
    with zipfile.ZipFile(tmp_path / "site.zip") as file:
        assert len(file.namelist()) == 21
        file.extractall(tmp_path / "site")
    page.goto((tmp_path / "site" / "index.html").as_uri())
    assert page.inner_text("#count") == "10 of 10 pictures"


def test_a_new_snapshot_slides_in(opened: Opened) -> None:
    page, folder = opened.page, opened.gallery.folder
    now = (datetime.now(UTC) - START) / timedelta(minutes=1)
    put(folder, title="Just now", id=new_id(START + timedelta(minutes=now)))
    expect(opened.cell(0).locator(".title")).to_have_text("Just now", timeout=8000)
    expect(page.locator(".cell.new")).to_have_count(1)
    opened.count(f"{COUNT + 1} pictures")
    expect(page.locator("#said")).to_have_text("1 new picture")
    # Who looks at older ones is told, and stays there.
    page.locator("#scroll").evaluate("(element) => { element.scrollTop = 2000; }")
    page.wait_for_timeout(200)
    before = page.locator(".row[aria-rowindex='12'] .cell").first.get_attribute("aria-label")
    put(folder, title="Later", id=new_id(START + timedelta(minutes=now + 1)))
    arrived = page.get_by_role("button", name="1 new picture")
    expect(arrived).to_be_visible(timeout=8000)
    assert page.locator(".row[aria-rowindex='12'] .cell").first.get_attribute("aria-label") == before
    arrived.click()
    expect(opened.cell(0).locator(".title")).to_have_text("Later")
    expect(arrived).to_have_count(0)


def test_a_server_that_comes_again_is_found(opened: Opened, tmp_path: Path) -> None:
    page = opened.page
    page.evaluate("window.before = true")
    # The page has slept, and much has happened meanwhile: news is missed, and all is read anew.
    page.evaluate("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    opened.gallery.delete(opened.server.ids()[:3])
    wait_for(lambda: len(opened.server.ids()) == COUNT - 3, what="the deletion")
    opened.count(f"{COUNT} pictures")
    page.evaluate("Object.defineProperty(document, 'hidden', { value: false, configurable: true })")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    opened.count(f"{COUNT - 3} pictures")
    assert page.evaluate("window.before")


@pytest.mark.parametrize("opened", [PHONE], indirect=True)
def test_a_phone(opened: Opened) -> None:
    page = opened.page
    assert page.get_by_role("grid").get_attribute("aria-colcount") == "2"
    expect(page.locator("#filters")).to_be_hidden()
    page.get_by_role("button", name="Filter").tap()
    box = page.locator("#plane").bounding_box()
    assert box
    page.touchscreen.tap(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    expect(page.locator("#count")).to_contain_text(f" of {COUNT} pictures")
    page.get_by_role("button", name="Show all").tap()
    for control in page.locator("button:visible, input[type=search], input[type=date], input[type=range]").all():
        size = control.bounding_box()
        assert size and size["height"] >= 44, control.evaluate("(element) => element.outerHTML")
    page.get_by_role("button", name="Filter").tap()
    opened.cell(1).tap()
    expect(page.get_by_role("dialog", name="Picture")).to_be_visible()
    page.get_by_role("button", name="Older picture").tap()
    expect(page.locator("#viewer-place")).to_contain_text(f"3 of {COUNT}")
    page.get_by_role("button", name="Close").tap()
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_gallery_that_is_not_there_yet(browser: Browser, tmp_path: Path) -> None:
    folder = tmp_path / "gallery"
    with serving(folder) as server:
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.port}/gallery/")
        expect(page.get_by_text("No pictures yet.")).to_be_visible()
        folder.mkdir()
        put(folder, title="The first")
        expect(page.locator(".cell:visible .title")).to_have_text(["The first"], timeout=30_000)
        page.close()
