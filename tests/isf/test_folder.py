import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from artgen_osc.config.settings import ConfigFile
from tests.isf.files import PLAIN, write
from visuals.isf import folder as looking
from visuals.isf.folder import EffectsFolder


@dataclass
class Host:
    file: ConfigFile
    now: float = field(default=0.0)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def looked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes the surface and gives its log one look later; the folder is made before, or not."""
    (tmp_path / "show.toml").touch()
    host = Host(ConfigFile(tmp_path / "show.toml", {}))
    monkeypatch.setattr(looking, "monotonic", host)
    surface: Any = EffectsFolder(None, host)  # type: ignore[arg-type]

    def look() -> None:
        for _ in range(3):
            host.now += looking.LOOK_S / 2.0
            assert surface.poll() == []

    return look


@pytest.fixture
def effects(tmp_path: Path) -> Path:
    folder = tmp_path / "effects"
    folder.mkdir()
    return folder


def later(folder: Path) -> None:
    """As if a second had passed since the last change."""
    when = folder.stat().st_mtime_ns + 10**9
    os.utime(folder, ns=(when, when))


def test_what_is_new_is_told_once(effects: Path, caplog: pytest.LogCaptureFixture, looked: Any) -> None:
    looked()
    assert caplog.text == ""
    write(effects / "fresh.fs", PLAIN)
    later(effects)
    looked()
    looked()
    assert [record.message for record in caplog.records] == ["fresh.fs: is new; it counts from the next start on"]


def test_a_new_transition_counts_with_the_next_scene(
    effects: Path, caplog: pytest.LogCaptureFixture, looked: Any
) -> None:
    write(effects / "wipe.fs", PLAIN, {"INPUTS": [{"NAME": n, "TYPE": "image"} for n in ("startImage", "endImage")]})
    later(effects)
    looked()
    assert [record.message for record in caplog.records] == [
        "wipe.fs: is new; it counts with the next scene, as a transition"
    ]


def test_a_folder_that_comes_later(tmp_path: Path, caplog: pytest.LogCaptureFixture, looked: Any) -> None:
    looked()
    (tmp_path / "effects").mkdir()
    write(tmp_path / "effects" / "fresh.fs", PLAIN)
    looked()
    assert "fresh.fs: is new" in caplog.text


@pytest.fixture
def broken(effects: Path) -> Path:
    return write(effects / "broken.fs", PLAIN, "{ no json")


def test_what_was_mended_is_told(broken: Path, caplog: pytest.LogCaptureFixture, looked: Any) -> None:
    looked()
    broken.write_text("/*{ still no json }*/ and longer than before")
    looked()
    assert caplog.text == ""
    write(broken, PLAIN)
    looked()
    assert [record.message for record in caplog.records] == [
        "broken.fs: can be read now; it counts from the next start on"
    ]
