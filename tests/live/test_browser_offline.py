"""p5 and hydra without the internet: words in place of a black page, or the library beside it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.live.servers import ARTGEN, run_npm, running
from tests.live.test_browser import CDN, EXAMPLES, answers
from tests.ports import free_port
from tests.support.chromium import WEBGL, chromium
from tests.support.waiting import wait_for

pytestmark = pytest.mark.live

LIBRARIES = {"p5": "p5", "hydra": "hydra-synth"}
PATIENCE_MS = 20_000.0


@pytest.fixture
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A copy of an example as it is delivered."""
    copy = tmp_path / request.param
    shutil.copytree(EXAMPLES / request.param, copy, ignore=shutil.ignore_patterns("node_modules", "package-lock.json"))
    return copy


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(*WEBGL) as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, folder: Path) -> Iterator[Page]:
    """A page of a computer without the internet, and a server of the folder."""
    port = free_port()
    served = ("http.server", str(port), "-d", str(folder), "--bind", "127.0.0.1")
    with running(ARTGEN[0], "-m", *served, log=folder.parent / "server"):
        page = browser.new_page(base_url=f"http://127.0.0.1:{port}")
        page.route(f"{CDN}**", lambda route: route.abort("internetdisconnected"))
        wait_for(lambda: answers(port), 60, "the server")
        yield page
        page.close()


@pytest.mark.parametrize("folder", LIBRARIES, indirect=True)
def test_a_library_that_is_missing_is_said_with_what_to_do(page: Page, folder: Path) -> None:
    page.goto("/")
    said = page.get_by_role("status")
    expect(said).to_contain_text(f"{LIBRARIES[folder.name]} couldn't be loaded", timeout=PATIENCE_MS)
    expect(said).to_contain_text(f"npm install in the folder examples/{folder.name}")
    expect(said).to_be_in_viewport()


@pytest.mark.parametrize("folder", LIBRARIES, indirect=True)
def test_one_command_puts_the_library_beside_the_page(page: Page, folder: Path) -> None:
    run_npm(folder, "install", "--silent")
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto("/")
    expect(page.locator("#missing")).to_have_count(0, timeout=PATIENCE_MS)
    running_js = {
        "p5": "typeof frameCount === 'number' && frameCount > 3",
        "hydra": "typeof osc === 'function' && time > 0",
    }
    page.wait_for_function(running_js[folder.name], timeout=PATIENCE_MS)
    assert not wrong


@pytest.mark.parametrize("name", LIBRARIES)
def test_the_network_and_npm_have_the_same_version(name: str) -> None:
    page, package = ((EXAMPLES / name / file).read_text() for file in ("index.html", "package.json"))
    version = page.split(f"{CDN}{LIBRARIES[name]}@")[1].split("/")[0]
    assert f'"{LIBRARIES[name]}": "{version}"' in package
