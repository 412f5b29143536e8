"""A real Chromium for tests."""

import contextlib
import shutil
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.conftest import need_programs

WEBGL = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader")
"""For pages that draw with it; all else of a page is then drawn so too, which takes the time of a processor."""
SOUND = ("--autoplay-policy=no-user-gesture-required",)
MICROPHONE = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
"""One that is allowed without a question, and beeps."""

_playwrights: list[Playwright] = []


@contextlib.contextmanager
def chromium(*flags: str, **options: Any) -> Iterator[Browser]:
    """A browser that is closed with the block.

    It takes a second or two to start, so tests that don't disturb each other share one, each with a context of its own.

    Parameters
    ----------
    flags : of the program
    options : of Playwright's ``launch``
    """
    need_programs("chromium")
    with contextlib.ExitStack() as stack:
        if not _playwrights:  # a thread can have one only
            _playwrights.append(stack.enter_context(sync_playwright()))
            stack.callback(_playwrights.clear)
        launch = _playwrights[0].chromium.launch
        browser = launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", *flags], **options)
        stack.callback(browser.close)
        yield browser
