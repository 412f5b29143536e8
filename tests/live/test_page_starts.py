"""The page of a show that is started again, and of one that the network may see, in a real Chromium."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.live.test_page import SECONDS, wait_for_picture
from tests.ports import free_port
from tests.support.chromium import chromium
from tests.support.shows import a_show
from tests.support.waiting import wait_for

pytestmark = pytest.mark.live

SHOW = ("--input=demo", "--visuals-width=320", "--visuals-height=180", "--visuals-fps=15")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def test_the_page_finds_a_show_that_was_started_again(browser: Browser, tmp_path: Path) -> None:
    port = free_port()
    page = browser.new_page()
    page.set_default_timeout(SECONDS)
    for round in range(2):
        with a_show("live", *SHOW, folder=tmp_path, web_port=port) as show:
            if round == 0:
                page.goto(show.address)
            expect(page.locator("#state")).to_have_text("connected", timeout=SECONDS)
            wait_for_picture(page)
        expect(page.locator("#state")).to_have_text("no artgen: is it running?", timeout=SECONDS)
    page.close()


def test_from_the_network_only_with_the_token(browser: Browser, tmp_path: Path) -> None:
    seen = ("--web", "--web-host=0.0.0.0")
    with a_show("live", *SHOW, *seen, folder=tmp_path, env={"BROWSER": "true"}) as show:
        wait_for(lambda: "█" in show.log.read_text(), what="the code", evidence=show.log.read_text)
        *_, network = re.findall(r"^page: (\S+)$", show.log.read_text(), re.MULTILINE)
        page = browser.new_page()
        page.set_default_timeout(SECONDS)
        answer = page.goto(network.partition("?")[0])
        assert answer and answer.status == 401
        page.goto(network)
        expect(page.locator("#state")).to_have_text("connected", timeout=SECONDS)
        wait_for_picture(page)
        page.get_by_role("button", name="Phone").click()
        expect(page.get_by_role("dialog")).to_contain_text(network, timeout=SECONDS)
        wait_for(lambda: page.locator("#code-image").evaluate("each => each.naturalWidth") > 100, what="the code")
        page.close()
