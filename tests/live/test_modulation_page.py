"""What drives what, on the page of a real show in a real Chromium."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.chromium import chromium
from tests.support.shows import Show, a_show
from tests.support.waiting import wait_for

pytestmark = pytest.mark.live

SECONDS = 20_000.0
"""Most ms that anything on the page may take, on busy machines."""
FILE = """
[visuals]
model = "idle"
width = 320
height = 180
fps = 15

[[modulate]]
name = "slow"
source = { lfo = "triangle", every = 2 }
target = "visuals.speed"
amount = 0.25
"""


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Show]:
    folder = tmp_path_factory.mktemp("show")
    (folder / "show.toml").write_text(FILE, encoding="utf-8")
    with a_show("live", "--input=demo", f"--config={folder / 'show.toml'}", folder=folder) as show:
        yield show


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, show: Show) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(SECONDS)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"{show.address}#modulation")
    expect(page.locator("#state")).to_have_text("connected", timeout=SECONDS)
    yield page
    page.close()
    assert not wrong


def connection(page: Page, name: str) -> Locator:
    return page.get_by_role("list", name="what drives what").get_by_role("listitem").filter(has_text=name)


def test_a_row_of_the_show_file_is_there_and_its_bar_moves(page: Page) -> None:
    row = connection(page, "Speed of change")
    expect(row).to_contain_text("triangle, 2 s", timeout=SECONDS)
    expect(row.locator("output")).to_have_text("±25 %")
    bar = row.locator("meter")
    seen: set[float] = set()

    def moves() -> bool:
        seen.add(bar.evaluate("each => each.value"))
        return max(seen) > 60.0 and min(seen) < 40.0

    wait_for(moves, 60, "a bar that moves")


def test_its_amount_and_its_switch_reach_the_show_and_other_pages(page: Page, browser: Browser, show: Show) -> None:
    row = connection(page, "Speed of change")
    slider = row.get_by_role("slider")
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    row.get_by_role("button", name="Speed of change by triangle, 2 s: on").click()
    other = browser.new_page()
    other.goto(f"{show.address}#modulation")
    there = connection(other, "Speed of change")
    expect(there.locator("output")).to_have_text("±30 %", timeout=SECONDS)
    expect(there.get_by_role("button", name=": on")).to_have_attribute("aria-pressed", "false", timeout=SECONDS)
    there.get_by_role("button", name=": on").click()
    expect(row.get_by_role("button", name=": on")).to_have_attribute("aria-pressed", "true", timeout=SECONDS)
    other.close()


@pytest.mark.parametrize(
    ("source", "typed", "said"),
    [
        ("low band", "", "low"),
        ("square", "1/2 beat", "square, 1/2 beat"),
        ("steps", "1 0 0.5", "3 steps, 1/2 beat each"),
        ("envelope on hits", "", "envelope on onset"),
        ("another address", "/visuals/value/fader", "/visuals/value/fader"),
    ],
)
def test_one_is_added_and_removed(page: Page, source: str, typed: str, said: str) -> None:
    page.get_by_role("combobox", name="what drives", exact=True).select_option(label=source)
    if typed:
        page.locator(".connect input[type=text]").fill(typed)
    page.get_by_role("combobox", name="what is driven", exact=True).select_option("/visuals/effect/bloom/amount")
    page.get_by_role("button", name="Add", exact=True).click()
    row = connection(page, "Bloom amount")
    expect(row).to_contain_text(said, timeout=SECONDS)
    row.get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0, timeout=SECONDS)


def test_what_leads_nowhere_is_said(page: Page) -> None:
    page.get_by_role("combobox", name="what drives", exact=True).select_option(label="another address")
    page.locator(".connect input[type=text]").fill("lwo")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("'lwo' is no source; did you mean low?", timeout=SECONDS)
