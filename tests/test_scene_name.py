"""Names of scenes in any script, and their files on any system."""

import logging
import unicodedata
from pathlib import Path, PureWindowsPath

import pytest

from artgen_osc.errors import SceneError
from tests import show_table
from tests.support.waiting import wait_for
from visuals.control.scenes.file import Scene, held_by, read
from visuals.control.scenes.folder import SHIPPED, Library
from visuals.control.scenes.name import check_name, key_of, name_in, stem_of

SAVE, DELETE = "/visuals/scene/save", "/visuals/scene/delete"

NAMES = [
    "calm",
    "Song 2",
    "Übergang",
    "夜の海",
    "می\u200cخواهم",
    "a/b",
    "../x",
    "what? <1>",
    "50%",
    "C:\\x",
    ".x",
    "a.b",
]
NAMES += ["CON", "lpt1", "nul.1", "com²", "%41", "🌊", "x" * 40, "-", "...", "é" * 40]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_that_can_be_seen_has_a_file_on_any_system(name: str, tmp_path: Path) -> None:
    stem = stem_of(check_name(name))
    assert name_in(stem) == name
    assert not set(stem) & set('<>:"/\\|?*') and not stem.startswith(".")
    assert not PureWindowsPath(f"{stem}.toml").is_reserved()
    assert len(f".{stem}.part".encode()) <= 255
    library = Library(tmp_path, held_by(show_table.CONTRACT))
    library.save(SAVE, Scene(name, {"speed": 3.0}))
    library.close()
    assert [path.name for path in tmp_path.iterdir()] == [f"{stem}.toml"]
    again = Library(tmp_path, held_by(show_table.CONTRACT))
    assert again.find(name.upper()).values == {"speed": 3.0}
    again.delete(DELETE, name)
    again.close()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        *[
            (name, "1 to 40 letters")
            for name in ("", " ", " a", "a ", "x" * 41, "a\n", "a\0", "\x1b[2J", "\ud800", "a\u202eb")
        ],
        ("a,b", "no comma"),
    ],
)
def test_what_is_no_name(name: str, reason: str) -> None:
    with pytest.raises(SceneError, match=f"can't be the name of a scene.*{reason}"):
        check_name(name)


def test_a_name_from_a_mac_is_the_same_name(tmp_path: Path) -> None:
    apart = unicodedata.normalize("NFD", "Übergang")
    (tmp_path / f"{apart}.toml").write_text("[visuals]\nspeed = 2\n")
    library = Library(tmp_path, held_by(show_table.CONTRACT))
    assert library.names()[0] == check_name(apart) == "Übergang"
    assert key_of(apart) == key_of("ÜBERGANG")
    library.save(SAVE, Scene(apart, {"speed": 4.0}))
    library.close()
    (path,) = tmp_path.iterdir()
    assert read(path, held_by(show_table.CONTRACT)) == Scene("Übergang", {"speed": 4.0})


def test_a_file_that_is_passed_over_says_why_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "a,b.toml").write_text("")
    (tmp_path / "bell\x07.toml").write_text("")
    (tmp_path / "._calm.toml").write_bytes(b"\0\5\x16\7")
    (tmp_path / "16.toml").write_text("[visuals]\nspeed = 2\n", encoding="utf-16")
    with caplog.at_level(logging.WARNING):
        library = Library(tmp_path, held_by(show_table.CONTRACT))
        assert library.names() == ["16", *sorted(path.stem for path in SHIPPED.glob("*.toml"))]
        library.save(SAVE, Scene("x", {}))
        wait_for(lambda: "x" in library.names() and not library.poll() and (tmp_path / "x.toml").is_file())
        library.close()
    assert [record.message.count("can't be the name of a scene") for record in caplog.records] == [1, 1]
    assert library.find("16").values == {"speed": 2.0}


@pytest.mark.parametrize("folder", ["nul\0byte", "\ud800", "x" * 300, "/dev/null", "loop/loop"])
def test_a_folder_that_can_be_none_leaves_the_presets(folder: str, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    library = Library(tmp_path / folder, held_by(show_table.CONTRACT))
    assert library.find("calm")
    library.save(SAVE, Scene("x", {}))
    failures: list[object] = []
    wait_for(lambda: failures.extend(library.poll()) or failures)
    assert "'x' can't be saved" in str(failures[0])
    library.close()
