"""NDI's own finder and receiver find our source and see the picture with what is transparent."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.outputs.driving import SIZE, Driven
from visuals.outputs import sender, sending
from visuals.outputs.ndi import NdiOutput, NdiSettings

pytest.importorskip("cyndilib")
from tests.outputs.ndi_here import Found, keep_ndi_here

pytestmark = pytest.mark.slow


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    keep_ndi_here(tmp_path, monkeypatch)
    one = Found()
    yield one
    one.close()


def half(size: tuple[int, int], time: float) -> np.ndarray:
    frame = np.full((size[1], size[0], 4), (200, 100, 0, 255), np.uint8)
    frame[:, size[0] // 2 :] = 100, 50, 0, 128
    return frame


def test_the_source_is_found_and_seen_with_its_alpha(found: Any) -> None:
    show = Driven(NdiOutput, NdiSettings(on=True, name="Bühne 1"), half)
    name = show.until(lambda: next((one for one in found.names() if one.endswith("(Bühne 1)")), ""), "the source")
    found.connect(name)
    seen: list[np.ndarray] = []

    def looks() -> bool:
        picture = found.picture()
        if picture is not None:
            seen.append(picture.astype(int))
        return bool(seen)

    show.until(looks, "a picture")
    assert seen[0].shape == (SIZE[1], SIZE[0], 4)
    assert np.abs(seen[0][24, 8] - (200, 100, 0, 255)).max() < 6
    assert np.abs(seen[0][24, 56] - (200, 100, 0, 128)).max() < 6
    show.until(lambda: show.output.receivers == 1, "the receiver is counted")
    assert show.output.source == name and show.output.state == "sending"
    show.set(name="Bühne 2", width=32, height=20)
    show.until(lambda: any(one.endswith("(Bühne 2)") for one in found.names()), "its new name")
    show.set(on=False)
    show.until(lambda: not show.output._ending, "the end of its process")
    assert show.output.state == "off"
    show.output.close()


def test_without_the_library_one_line_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(NdiOutput, "module", "no_such_module")
    show = Driven(NdiOutput, NdiSettings(on=True))
    show.until(lambda: "again in 2 s" in show.output.state, "a second try")
    show.output.close()
    missing = "cyndilib: isn't installed; it is needed for NDI; pip install 'artgen-osc[ndi]'"
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == [
        f"{missing}; it is tried again and again; the show goes on"
    ]


def test_colours_are_beside_their_alpha() -> None:
    frame = np.array([[(100, 50, 0, 128), (0, 0, 0, 0), (9, 8, 7, 255), (5, 5, 5, 5)]], np.uint8)
    done = sending.straightened(frame.copy())
    assert done.tolist() == [[[199, 100, 0, 128], [0, 0, 0, 0], [9, 8, 7, 255], [255, 255, 255, 5]]]


def test_a_process_that_is_killed_is_started_again(found: Any) -> None:
    show = Driven(NdiOutput, NdiSettings(on=True, name="again"), half)
    show.until(lambda: show.output.state == "sending", "the source")
    show.output._sender._process.kill()
    show.until(lambda: "its process has crashed; it is tried again in 1 s" in show.output.state, "its end")
    show.until(lambda: show.output.state == "sending", "the source again")
    show.output.close()


def test_a_process_that_takes_nothing_loses_its_own_frames_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that sleeps stands for a library that hangs."""
    code = "import time; print('{\"ready\": true}', flush=True); time.sleep(600)"
    monkeypatch.setattr(sender, "python_module", lambda module: [__import__("sys").executable, "-c", code])
    monkeypatch.setattr(sender, "PATIENCE_S", 0.5)
    show = Driven(NdiOutput, NdiSettings(on=True, width=1280, height=720, fps=120.0))
    show.until(lambda: show.output.dropped > 20, "frames that are lost")
    show.set(on=False)
    show.until(lambda: not show.output._ending, "the end of its process")
    show.output.close()
