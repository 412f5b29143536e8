"""The page of a real show, in a real Chromium.

``pytest tests/live/test_page.py --regenerate-golden`` takes the screenshot of the documentation anew.
"""

import io
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from artgen_osc.audio.demo import RATE, compose
from tests import show_table
from tests.live.servers import ROOT
from tests.support.chromium import MICROPHONE, SOUND, chromium
from tests.support.shows import Show, a_show
from tests.support.waiting import wait_for

pytestmark = pytest.mark.live

FLAGS = (*MICROPHONE, *SOUND)
PHONE = {"width": 390, "height": 844}
NOT_SHOWN = {
    "/artgen/control/target/remove",
    "/artgen/control/subscribe",
    "/artgen/control/unsubscribe",
    "/visuals/subscribe",
    "/visuals/unsubscribe",
    "/visuals/scene/number",
    "/visuals/path/keyframes",
    "/visuals/path/remove",
    "/visuals/modulate/add",
    "/visuals/modulate/remove",
}
"""Controls that make sense to programs only, or are a part of another one on the page."""
SECONDS = 20_000.0
"""Most ms that anything on the page may take, on busy machines."""


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo, six times over."""
    path = tmp_path_factory.mktemp("music") / "demo.wav"
    soundfile.write(path, np.tile(compose(RATE), (6, 1)), RATE)
    return path


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, music: Path, pytestconfig: pytest.Config) -> Iterator[Show]:
    # As small and slow as can be told from a picture at rest: what is painted takes the time of all that is tested.
    small = ("--visuals-width=320", "--visuals-height=180", "--visuals-fps=15")
    size = () if pytestconfig.getoption("--regenerate-golden") else small
    folder = tmp_path_factory.mktemp("show")
    run = () if pytestconfig.getoption("--regenerate-golden") else (f"--web-run={folder / 'paintings'}",)
    with a_show("live", f"--input=file:{music}", *size, *run, folder=folder) as show:
        yield show


@pytest.fixture(scope="module")
def browser(music: Path) -> Iterator[Browser]:
    """Chromium, whose microphone hears the music."""
    with chromium(*FLAGS, f"--use-file-for-fake-audio-capture={music}") as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, live: Show) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(SECONDS)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(live.address)
    page.get_by_text("connected").wait_for()
    yield page
    page.close()
    assert not wrong


def seen(page: Page) -> np.ndarray:
    """What the live picture shows, float ``(h, w, 3)``."""
    return np.asarray(Image.open(io.BytesIO(page.locator("#view canvas").screenshot())).convert("RGB"), float)


def change(page: Page, seconds: float) -> float:
    """Mean absolute difference of what is seen now and after some time."""
    before = seen(page)
    page.wait_for_timeout(1000 * seconds)
    return float(np.abs(seen(page) - before).mean())


def wait_for_picture(page: Page) -> None:
    page.locator("#view .note").wait_for(state="hidden")
    wait_for(lambda: seen(page).std() > 15.0, 60, "a picture")


def test_the_picture_is_live(page: Page) -> None:
    wait_for_picture(page)
    first = seen(page)
    wait_for(lambda: np.abs(seen(page) - first).mean() > 2.0, 60, "another picture")
    page.get_by_role("button", name="freeze", exact=True).first.click()
    wait_for(lambda: change(page, 1.0) < 1.0, what="stillness")
    still = seen(page)
    page.get_by_role("button", name="freeze", exact=True).first.click()
    wait_for(lambda: np.abs(seen(page) - still).mean() > 2.0, what="movement")


def test_a_hidden_page_asks_for_no_pictures(page: Page) -> None:
    wait_for_picture(page)
    page.evaluate("""() => {
        Object.defineProperty(document, 'hidden', { value: true, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
    }""")
    page.locator("#view .note").wait_for(state="visible")


def test_the_head_and_the_meters_follow_the_music(page: Page) -> None:
    expect(page.locator("#tempo")).to_have_text(re.compile(r"\d+ bpm"), timeout=SECONDS)
    expect(page.locator("#key")).to_have_text(re.compile(r"[A-G].* (major|minor)"), timeout=SECONDS)
    expect(page.locator("#meters dl")).to_contain_text("generator", timeout=SECONDS)
    level = page.locator("#meters meter").first
    wait_for(lambda: level.evaluate("each => each.value") > 0.1, 60, "a level")
    words = page.locator("#mood output")
    before = words.inner_text()
    wait_for(lambda: words.inner_text() != before, 60, "another mood")


def test_the_plane_leads_the_picture_and_gives_it_back(page: Page) -> None:
    # What the renderer says of itself at first must not come between the click and the key.
    expect(page.locator("#meters dl")).to_contain_text("generator", timeout=SECONDS)
    box = page.locator("#mood canvas").bounding_box()
    assert box
    page.mouse.click(box["x"] + 0.9 * box["width"], box["y"] + 0.2 * box["height"])
    expect(page.locator("#mood output")).to_have_text("valence 0.90, energy 0.80, by hand", timeout=SECONDS)
    page.locator("#mood canvas").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#mood output")).to_have_text("valence 0.90, energy 0.75, by hand", timeout=SECONDS)
    time.sleep(0.5)
    page.reload()  # the renderer has heard it, and tells it
    expect(page.locator("#mood output")).to_have_text("valence 0.90, energy 0.75, by hand", timeout=SECONDS)
    page.get_by_role("button", name="follow the music").click()
    time.sleep(0.5)
    expect(page.locator("#mood output")).not_to_contain_text("by hand")
    page.reload()
    expect(page.get_by_role("button", name="follow the music")).to_have_attribute("aria-pressed", "true")


def test_every_control_of_the_schema_is_there_and_steers(page: Page, live: Show, browser: Browser) -> None:
    page.get_by_role("tab", name="Controls").click()
    cards = page.locator("#controls .card")
    rows = {row.path for row in (*show_table.DAEMON, *show_table.VISUALS)} - NOT_SHOWN
    expect(cards).to_have_count(len(rows), timeout=SECONDS)
    layers = [f"Layer {name}" for name in (*range(1, 7), "generator")]
    outputs = [f"Output {name}" for name in ("camera", "ndi", "record", "spout", "stream", "syphon")]
    outputs += [f"Window {number}" for number in range(1, 5)]
    expect(page.locator("#controls h2")).to_have_text(
        ["Picture", "Effects", "Directions", "Mood", "Beats", "Sound", "MIDI", "Where to", *layers, *outputs]
    )
    expect(page.locator("#controls .card code").first).to_be_hidden()
    page.get_by_label("with OSC addresses").check()
    assert sorted(page.locator("#controls .card code").all_text_contents()) == sorted(rows)
    page.get_by_label("find a control").fill("speed of change")
    speed = page.locator("#controls .card:visible")
    expect(speed).to_have_count(1)
    slider = speed.get_by_role("slider")
    slider.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    expect(speed.locator("output")).to_have_text("1.4 pictures/10 s")
    other = browser.new_page()
    other.goto(f"{live.address}#controls")
    card = other.locator(".card", has_text="Speed of change")
    expect(card.locator("output")).to_have_text("1.4 pictures/10 s", timeout=SECONDS)
    speed.get_by_role("button").click()  # as it was at first
    expect(card.locator("output")).to_have_text("1 pictures/10 s", timeout=SECONDS)
    other.close()


def test_effects_that_are_on_come_first(page: Page) -> None:
    page.get_by_role("tab", name="Controls").click()
    tunnel, edges = (
        page.locator("#controls details.group", has_text=f"Effect {name}").last for name in ("tunnel", "edges")
    )
    expect(edges).to_have_css("order", "2", timeout=SECONDS)
    tunnel.locator("summary").click()
    amount = tunnel.locator(".card", has_text="Tunnel amount")
    slider = amount.get_by_role("slider")
    slider.focus()
    page.keyboard.press("End")
    expect(amount.locator("output")).to_have_text("100 %", timeout=SECONDS)
    expect(tunnel).to_have_css("order", "2")  # a hand is on it
    slider.blur()
    expect(tunnel).to_have_css("order", "1", timeout=SECONDS)
    above, below = tunnel.bounding_box(), edges.bounding_box()
    assert above and below and above["y"] < below["y"]
    amount.get_by_role("button").click()
    amount.get_by_role("button").blur()
    expect(tunnel).to_have_css("order", "2", timeout=SECONDS)


def test_groups_are_closed_where_nothing_is_changed_and_stay_as_they_are_left(live: Show, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, other = context.new_page(), context.new_page()
    page.goto(f"{live.address}#controls")

    def group(of: Page, title: str) -> Locator:
        return of.locator("#controls details.group", has=of.get_by_role("heading", name=title, exact=True)).last

    expect(group(page, "Picture")).to_have_attribute("open", "", timeout=SECONDS)
    mirror, layer = group(page, "Effect mirror"), group(page, "Layer 2")
    for closed in (mirror, layer):
        expect(closed.locator(".card").first).to_be_hidden()
    layer.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(layer.locator(".card").first).to_be_visible()
    page.get_by_label("find a control").fill("/visuals/effect/mirror/axis")
    expect(mirror.locator(".card:visible")).to_have_count(1)
    page.get_by_label("find a control").fill("")
    expect(mirror.locator(".card").first).to_be_hidden()
    other.goto(f"{live.address}#controls")
    expect(group(other, "Layer 2").locator(".card").first).to_be_visible(timeout=SECONDS)
    stranger = browser.new_page()
    stranger.goto(f"{live.address}#controls")
    theirs = group(stranger, "Effect mirror")
    expect(theirs).to_be_visible(timeout=SECONDS)
    expect(group(stranger, "Layer 2").locator(".card").first).to_be_hidden()
    theirs.locator("summary").click()
    amount = theirs.locator(".card", has_text="Mirror amount")
    amount.get_by_role("slider").focus()
    stranger.keyboard.press("End")
    expect(mirror.locator(".card").first).to_be_visible(timeout=SECONDS)
    amount.get_by_role("button").click()
    expect(mirror.locator(".card").first).to_be_hidden(timeout=SECONDS)
    expect(theirs.locator(".card").first).to_be_visible()
    stranger.close()
    context.close()


def test_what_is_refused_is_said(page: Page) -> None:
    page.get_by_role("tab", name="Controls").click()
    page.get_by_label("find a control").fill("/visuals/seed")
    number = page.locator("#controls .card:visible input[type=number]")
    number.fill("-3")
    number.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("/visuals/seed: -3 is outside", timeout=SECONDS)


def test_the_newest_sheet_of_a_training_run(page: Page, live: Show) -> None:
    expect(page.get_by_role("heading", name="Training paintings: no sheet yet")).to_be_visible(timeout=SECONDS)
    samples = live.folder / "paintings" / "samples"
    samples.mkdir(parents=True)
    Image.new("RGB", (64, 32), "red").save(samples / "000012.jpg")
    said = {"step": 12, "lines": ["step 12 of 100", "variety: 0.80"]}
    (samples.parent / "told.json").write_text(json.dumps(said))
    page.reload()
    expect(page.get_by_role("img", name="the newest sheet of the run")).to_be_visible(timeout=SECONDS)
    expect(page.get_by_text("variety: 0.80")).to_be_visible(timeout=SECONDS)


def test_a_snapshot_from_the_page(page: Page, live: Show) -> None:
    wait_for_picture(page)
    kept = live.folder / "kept"
    before = len(list(kept.glob("*.png")))
    page.get_by_role("button", name="keep the picture").click()
    wait_for(lambda: len(list(kept.glob("*.png"))) > before, 60, "a snapshot")


def test_a_scene_is_saved_and_recalled(page: Page, live: Show) -> None:
    scenes = page.get_by_role("group", name="scenes")
    expect(scenes.get_by_role("button", name="drift")).to_be_visible(timeout=SECONDS)
    page.get_by_label("name of a new scene").fill("my first")
    page.get_by_role("button", name="save the scene").click()
    scenes.get_by_role("button", name="my first").click()
    expect(scenes.get_by_role("button", name="my first")).to_have_attribute("aria-pressed", "true", timeout=SECONDS)
    assert (live.folder / "scenes" / "my first.toml").exists()


def test_the_pages_microphone_is_the_shows_input(page: Page) -> None:
    page.get_by_role("tab", name="Sound").click()
    page.get_by_role("button", name="Microphone").click()
    expect(page.locator("#sound")).to_contain_text("The show hears you.", timeout=SECONDS)
    expect(page.locator("#sound")).to_contain_text("ms behind", timeout=SECONDS)
    page.get_by_role("tab", name="Controls").click()
    show_input = page.get_by_role("combobox", name="The show listens to")
    expect(show_input).to_have_value("browser", timeout=SECONDS)
    expect(page.locator("#tempo")).to_have_text(re.compile(r"\d+ bpm"), timeout=SECONDS)
    page.get_by_role("tab", name="Sound").click()
    page.get_by_role("button", name="Back to the file demo.wav").click()
    page.get_by_role("tab", name="Controls").click()
    expect(show_input).to_have_value(re.compile("^file:"), timeout=SECONDS)


def test_a_recording_becomes_a_picture_in_the_gallery(page: Page) -> None:
    page.get_by_role("tab", name="Songs").click()
    page.get_by_role("button", name="Record").click()
    expect(page.locator(".recording")).to_contain_text("0:05", timeout=SECONDS)
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Keep").click()
    link = page.get_by_role("link", name="in the gallery")
    link.wait_for(timeout=3 * SECONDS)
    picture = page.locator(".song-list img").first
    wait_for(lambda: picture.evaluate("each => each.naturalWidth") > 100, 60, "its picture")
    link.click()
    expect(page.get_by_role("dialog")).to_contain_text("Recording of", timeout=SECONDS)
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Show").click()
    expect(page.locator("#state")).to_have_text("connected", timeout=SECONDS)


def test_by_keyboard(page: Page) -> None:
    page.get_by_role("tab", name="Show").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Controls")).to_be_focused()
    expect(page.locator("#controls")).to_be_visible()
    expect(page.locator("#show")).to_be_hidden()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#show")).to_be_visible()
    page.get_by_role("button", name="Phone").press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("--web-host 0.0.0.0", timeout=SECONDS)
    page.keyboard.press("Tab")
    page.get_by_role("button", name="close").press("Enter")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_on_a_phone(page: Page) -> None:
    page.set_viewport_size(PHONE)
    for tab in page.get_by_role("tab").all():
        tab.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], tab.inner_text()
    page.get_by_role("tab", name="Show").click()
    buttons = [box for each in page.locator("button:visible").all() if (box := each.bounding_box())]
    assert buttons and min(box["height"] for box in buttons) >= 43.5


def test_screenshot(page: Page, pytestconfig: pytest.Config) -> None:
    """Looks like something: not black, not empty; kept for the documentation if asked for."""
    wait_for_picture(page)

    def shot() -> Image.Image:
        return Image.open(io.BytesIO(page.screenshot())).convert("RGB")

    wait_for(lambda: np.asarray(shot(), float).std() > 20, what="something to see")
    if pytestconfig.getoption("--regenerate-golden"):
        page.wait_for_timeout(25_000)  # for the tempo, the key and curves of some length
        shot().save(ROOT / "docs" / "page.jpg", quality=82)
