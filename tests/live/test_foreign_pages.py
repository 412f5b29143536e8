"""Pages of other sites in a real Chromium: what they get of a running show, which is the values at most."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from artgen_osc.web.song_store import Store, new_song
from tests.support.chromium import chromium
from tests.support.shows import a_show
from tests.support.waiting import wait_for

pytestmark = pytest.mark.live

FRIEND, STRANGER = "http://friend.example", "http://stranger.example"
READ = (
    "/",
    "/schema",
    "/songs",
    "/songs/{id}",
    "/songs/{id}/sound",
    "/gallery/",
    "/gallery/api/all",
    "/addresses",
    "/inputs",
    "/targets",
)
SOCKETS = ("/json", "/osc", "/state", "/view", "/sound")
TRY = """async ([address, read, sockets]) => {
    const got = [];
    for (const path of read) {
        for (const method of ["GET", "POST", "DELETE"])
            await fetch(address + path, { method }).then(() => got.push(`${method} ${path}`), () => null);
        await new Promise((resolve) => {
            const sound = new Audio(address + path);
            sound.onloadedmetadata = () => resolve(got.push(`sound ${path}`));
            sound.onerror = resolve;
            sound.load();
        });
    }
    for (const path of sockets)
        await new Promise((resolve) => {
            const socket = new WebSocket(address.replace("http", "ws") + path);
            socket.onopen = () => { got.push(path); socket.close(); resolve(); };
            socket.onerror = resolve;
        });
    return got;
}"""


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of a show with the settings that all have, but ports, and the id of a song in it."""
    folder = tmp_path_factory.mktemp("show")
    store = Store(folder / "songs")
    store.acquire()
    song = replace(new_song("secret"), state="done")
    part = store.part(song)
    part.write_bytes(b"as it came")
    store.add(song, part)
    shutil.copy(_tone(folder), store.path(song.id, "sound.wav"))
    store.release()
    with a_show("daemon", "--input=demo", f"--web-origins={FRIEND}", folder=folder) as show:
        yield show.address.removesuffix("/"), song.id


def _tone(folder: Path) -> Path:
    import numpy as np
    import soundfile

    soundfile.write(folder / "tone.wav", np.sin(np.arange(44100) / 10) / 4, 44100)
    return folder / "tone.wav"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # New ones ask before a site may reach this machine at all; others don't, and some people say yes.
    with chromium("--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets") as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    page.route("http://*.example/", lambda route: route.fulfill(body="<!doctype html><p>hi", content_type="text/html"))
    yield page
    page.close()


def got(where: Any, show: tuple[str, str]) -> set[str]:
    """What of all could be had from a page or a frame."""
    address, id = show
    return set(where.evaluate(TRY, [address, [path.format(id=id) for path in READ], SOCKETS]))


def test_the_page_itself_has_everything(page: Page, show: tuple[str, str]) -> None:
    page.goto(show[0])
    id = show[1]
    script = TRY.replace('["GET", "POST", "DELETE"]', '["GET"]')  # the song is still needed
    read = [path.format(id=id) for path in READ]
    everything = set(page.evaluate(script, [show[0], read, SOCKETS]))
    assert everything == {*(f"GET {path}" for path in read), f"sound /songs/{id}/sound", *SOCKETS}


def test_a_stranger_has_nothing(page: Page, show: tuple[str, str]) -> None:
    page.goto(STRANGER)
    assert got(page, show) == set()


def test_a_named_site_has_the_values_and_nothing_else(page: Page, show: tuple[str, str]) -> None:
    page.goto(FRIEND)
    assert got(page, show) == {"GET /schema", "/json", "/osc"}


@pytest.mark.parametrize("how", ["sandbox", "data", "file"])
def test_a_page_without_an_origin_may_listen_to_the_values(
    page: Page, show: tuple[str, str], how: str, tmp_path: Path
) -> None:
    if how == "sandbox":
        page.goto(STRANGER)
        page.set_content("<iframe sandbox=allow-scripts srcdoc='<p>hi'></iframe>")
        wait_for(lambda: len(page.frames) == 2, 60, "the frame")
        where: Any = page.frames[1]
    else:
        file = tmp_path / "page.html"
        file.write_text("<!doctype html><p>hi")
        page.goto("data:text/html,<p>hi" if how == "data" else file.as_uri())
        where = page
    assert where.evaluate("self.origin") in ("null", "file://"), json.dumps(how)
    assert got(where, show) == {"/json", "/osc"}
