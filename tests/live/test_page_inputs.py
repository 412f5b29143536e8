"""What the page says when nothing is heard, and how it leads on: inputs, targets and tabs, by mouse, key and finger."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from artgen_osc.osc.receiver import capture
from tests.conftest import need_programs
from tests.live.servers import pulse_server, run_npm
from tests.live.test_page import FLAGS, SECONDS
from tests.support.chromium import chromium
from tests.support.shows import Show, a_show
from tests.support.waiting import wait_for

pytestmark = pytest.mark.live

TABS = ("Show", "Controls", "Matrix", "Sound", "Songs")
NARROW = {"width": 360, "height": 740}
REACHABLE = """() => [...document.querySelectorAll("a, button, input, select, summary, [tabindex]")]
    .filter((each) => each.offsetParent)
    .filter((each) => each.getBoundingClientRect().left < 0 || each.getBoundingClientRect().right > innerWidth)
    .map((each) => each.outerHTML.slice(0, 100))"""
AXE = "async () => (await axe.run()).violations.map(({ id, impact, nodes }) => [id, impact, nodes[0].html])"


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Show]:
    """A show that hears a computer which plays nothing."""
    need_programs("pulseaudio", "pactl", "chromium")
    folder = tmp_path_factory.mktemp("show")
    with (
        pulse_server(folder / "pulse") as env,
        a_show("daemon", "--input=loopback", folder=folder, env=env) as show,
    ):
        yield show


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(*FLAGS) as browser:
        yield browser


def open_page(browser: Browser, show: Show, wrong: list[str]) -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(SECONDS)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(show.address)
    expect(page.locator("#state")).to_have_text("connected", timeout=SECONDS)
    return page


@pytest.fixture
def page(browser: Browser, show: Show) -> Iterator[Page]:
    wrong: list[str] = []
    page = open_page(browser, show, wrong)
    yield page
    page.close()
    assert not wrong


def choose(page: Page, name: str) -> None:
    """An input, in the section "Sound"."""
    page.get_by_role("tab", name="Sound").click()
    row = page.locator("#inputs").get_by_role("button", name=name)
    row.click()
    expect(row).to_have_attribute("aria-pressed", "true", timeout=SECONDS)


def test_silence_is_said_on_every_tab_and_leads_to_the_inputs(page: Page) -> None:
    choose(page, "What the computer plays")
    banner = page.locator("#silence")
    for tab in TABS:
        page.get_by_role("tab", name=tab).click()
        expect(banner).to_contain_text("Nothing is heard. The show listens to: vj.monitor.", timeout=SECONDS)
        expect(banner).to_contain_text(re.compile(r"Silent for \d\d+ seconds"))
        expect(banner).to_be_visible()
    expect(page.locator("#tempo")).to_have_text("no beat")
    banner.get_by_role("link").click()
    expect(page.locator("#sound")).to_be_visible()
    expect(page.locator("#inputs .input-level")).to_contain_text("silent", timeout=SECONDS)
    choose(page, "The demo")
    expect(banner).to_be_hidden(timeout=SECONDS)
    expect(page.locator("#input")).to_have_text("the demo", timeout=SECONDS)
    expect(page.locator("#tempo")).to_have_text(re.compile(r"\d+ bpm"), timeout=SECONDS)
    for meter in ("#input-level", "#inputs meter"):
        wait_for(lambda meter=meter: page.locator(meter).evaluate("each => each.value") > -40, 60, "a level")
    expect(page.locator("#inputs .input-level")).to_contain_text("dB")


def test_the_list_has_the_devices_and_a_refused_input_is_said(page: Page) -> None:
    choose(page, "The demo")
    expect(page.locator("#inputs")).to_contain_text("pulse", timeout=SECONDS)
    expect(page.locator("#inputs")).to_contain_text("The usual input: ")
    field = page.get_by_role("textbox", name=re.compile("^A file: "))
    field.fill("/nowhere/song.flac")
    field.press("Enter")
    expect(page.locator("#said")).to_contain_text("song.flac", timeout=SECONDS)
    expect(page.locator("#inputs").get_by_role("button", name="The demo")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("tab", name="Controls").click()
    one_line = page.get_by_role("combobox", name="The show listens to")
    expect(one_line).to_have_value("demo")
    one_line.select_option(label="What the computer plays")
    expect(page.locator("#input")).not_to_have_text("the demo", timeout=SECONDS)
    expect(one_line).to_have_value("loopback", timeout=SECONDS)
    one_line.select_option(label="This page's microphone")
    expect(page.locator("#own-sound")).to_contain_text("The show hears you.", timeout=SECONDS)
    expect(page.locator("#input")).to_have_text("the sound of a page in a browser", timeout=SECONDS)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#own-sound")).to_contain_text("The show hears what the computer plays again.", timeout=SECONDS)


def test_a_page_that_closes_leaves_the_others_with_the_input_before(page: Page, browser: Browser, show: Show) -> None:
    choose(page, "The demo")
    other = open_page(browser, show, [])
    other.get_by_role("tab", name="Sound").click()
    other.get_by_role("button", name="Microphone").click()
    expect(page.locator("#input")).to_have_text("the sound of a page in a browser", timeout=SECONDS)
    other.close()
    expect(page.locator("#input")).to_have_text("the demo", timeout=SECONDS)


def test_programs_are_added_and_removed(page: Page, browser: Browser, show: Show) -> None:
    page.get_by_role("tab", name="Controls").click()
    card = page.locator(".card", has_text="Programs that get the mood and the beat")
    expect(card).to_contain_text("Nobody yet", timeout=SECONDS)
    expect(card.get_by_label("port")).to_have_value("10000")
    with capture() as program:
        place = f"127.0.0.1:{program.port}"
        card.get_by_label("program", exact=True).select_option(label="another program")
        card.get_by_label("port").fill(str(program.port))
        card.get_by_role("button", name="Add").click()
        expect(card).to_contain_text(place, timeout=SECONDS)
        wait_for(lambda: program.read(0.5), 60, "the stream")
        other = open_page(browser, show, [])
        other.goto(f"{show.address}#controls")
        expect(other.locator(".card", has_text=place)).to_be_visible(timeout=SECONDS)
        card.get_by_role("button", name=f"Remove {place}").click()
        expect(card).to_contain_text("Nobody yet", timeout=SECONDS)
        expect(other.locator(".card", has_text=place)).to_have_count(0, timeout=SECONDS)
        other.close()
    card.get_by_label("program", exact=True).select_option(label="Resolume")
    card.get_by_label("computer").fill("a b")
    card.get_by_role("button", name="Add").click()
    expect(page.locator("#said")).to_contain_text("resolume@a b", timeout=SECONDS)
    expect(card).to_contain_text("Nobody yet")


def test_tabs_are_links_with_a_history(page: Page, show: Show) -> None:
    page.get_by_role("tab", name="Controls").click()
    page.get_by_role("tab", name="Songs").click()
    assert page.url == f"{show.address}#songs"
    page.go_back()
    expect(page.locator("#controls")).to_be_visible()
    page.reload()
    expect(page.locator("#controls")).to_be_visible()
    page.evaluate("location.hash = '#sound'")
    expect(page.locator("#sound")).to_be_visible()
    expect(page.locator("#controls")).to_be_hidden()
    for _ in range(2):
        page.go_back()
    expect(page.locator("#show")).to_be_visible()
    assert page.url == show.address


def test_tabs_by_key(page: Page) -> None:
    page.get_by_role("tab", name="Show").focus()
    for key, name in (("End", "Songs"), ("ArrowRight", "Show"), ("ArrowLeft", "Songs"), ("Home", "Show")):
        page.keyboard.press(key)
        expect(page.get_by_role("tab", name=name)).to_be_focused()
        expect(page.get_by_role("tab", selected=True)).to_have_text(name)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Gallery")).to_be_focused()


def test_everything_is_within_a_narrow_screen(page: Page) -> None:
    page.set_viewport_size(NARROW)
    for tab in TABS:
        page.get_by_role("tab", name=tab).click()
        expect(page.get_by_role("button", name="Phone", exact=True)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], tab
        assert page.evaluate(REACHABLE) == [], tab


def test_no_tab_has_a_fault_that_keeps_people_out(page: Page, tmp_path: Path) -> None:
    run_npm(tmp_path, "install", "axe-core@4.14.1", "--silent")
    page.evaluate((tmp_path / "node_modules/axe-core/axe.min.js").read_text())
    children = page.get_by_role("tablist").evaluate("(list) => [...list.children].map((each) => each.role)")
    assert children == ["tab"] * len(TABS)
    for tab in TABS:
        page.get_by_role("tab", name=tab).click()
        if tab == "Controls":
            expect(page.locator("#controls .card").first).to_be_visible(timeout=SECONDS)
        found = page.evaluate(AXE)
        assert not [each for each in found if each[1] in ("critical", "serious")], json.dumps(found, indent=1)
