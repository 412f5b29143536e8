"""The folder of scenes: found, saved and deleted beside the show, whatever the disk does."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from artgen_osc.errors import SceneError
from tests import show_table
from tests.support.waiting import wait_for
from visuals.control.scenes import folder as scene_folder
from visuals.control.scenes.file import Scene, held_by, read
from visuals.control.scenes.folder import LONGEST_LIST, SHIPPED, Library

SAVE, DELETE = "/visuals/scene/save", "/visuals/scene/delete"
PRESETS = sorted(path.stem for path in SHIPPED.glob("*.toml"))


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    library = Library(tmp_path / "scenes", held_by(show_table.CONTRACT))
    yield library
    library.close()


def test_presets_are_there_from_the_start_and_nothing_is_made(library: Library) -> None:
    assert library.names() == PRESETS
    assert library.find("Calm").name == "calm"
    assert not library.folder.exists()


def test_a_saved_scene_is_there_at_once_and_on_disk_soon(library: Library) -> None:
    library.save(SAVE, Scene("My Song", {"speed": 3.0}))
    assert library.find("my song").values == {"speed": 3.0}
    assert library.names() == ["My Song", *PRESETS]
    wait_for(lambda: (library.folder / "My Song.toml").is_file())
    wait_for(lambda: not library.poll() and library.find("My Song") == Scene("My Song", {"speed": 3.0}))
    other = Library(library.folder, held_by(show_table.CONTRACT))
    assert other.find("My Song").values == {"speed": 3.0}
    other.close()


def test_ones_own_goes_before_a_preset_until_it_is_deleted(library: Library) -> None:
    library.save(SAVE, Scene("club", {"speed": 7.0}))
    assert library.find("club").values == {"speed": 7.0}
    assert library.names() == ["club", *(name for name in PRESETS if name != "club")]
    library.close()
    again = Library(library.folder, held_by(show_table.CONTRACT))
    assert again.find("club").values == {"speed": 7.0}
    again.delete(DELETE, "CLUB")
    assert again.find("club") == read(SHIPPED / "club.toml", held_by(show_table.CONTRACT))
    again.close()
    assert not list(library.folder.iterdir())


def test_a_preset_cannot_be_deleted_nor_what_is_not_there(library: Library) -> None:
    with pytest.raises(SceneError, match="'club' is a preset"):
        library.delete(DELETE, "club")
    with pytest.raises(SceneError, match=r"there is no scene 'nope'; choose from calm,.*, or save it first"):
        library.delete(DELETE, "nope")
    with pytest.raises(SceneError, match=r"there is no scene '\.\./presets/club'"):
        library.delete(DELETE, "../presets/club")
    with pytest.raises(SceneError, match="can't be the name"):
        library.delete(DELETE, "\x1b[2J")
    assert (SHIPPED / "club.toml").is_file()


def test_the_line_about_a_scene_and_its_spelling_stay(library: Library) -> None:
    library.folder.mkdir()
    (library.folder / "Dusk.toml").write_text('about = "for the end"\n[visuals]\nspeed = 1\n')
    wait_for(lambda: "Dusk" in library.names())
    library.save(SAVE, Scene("dusk", {"speed": 2.0}))
    library.close()
    assert [path.name for path in library.folder.iterdir()] == ["Dusk.toml"]
    assert read(library.folder / "Dusk.toml", held_by(show_table.CONTRACT)) == Scene(
        "Dusk", {"speed": 2.0}, "for the end"
    )


@pytest.mark.slow
def test_a_file_that_changes_outside_is_seen_and_a_broken_one_says_why(
    library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    library.folder.mkdir()
    path = library.folder / "calm.toml"
    path.write_text("[visuals]\nspeed = 99\n")
    (library.folder / "no,name.toml").write_text("")
    (library.folder / "notes.txt").write_text("")

    def broken() -> bool:
        try:
            library.find("calm")
        except SceneError as error:
            return "speed: 99 is out of range" in str(error)
        return False

    wait_for(broken)
    assert library.names() == [name for name in PRESETS if name != "calm"]
    time.sleep(1.2)
    assert sum("99 is out of range" in record.message for record in caplog.records) == 1, "said once, not every second"
    path.write_text("[visuals]\nspeed = 5\n")
    wait_for(lambda: not broken() and library.find("calm").values == {"speed": 5.0})
    path.write_text("[visuals\n")
    wait_for(lambda: "calm" not in library.names())
    library.delete(DELETE, "calm")
    assert library.find("calm") == read(SHIPPED / "calm.toml", held_by(show_table.CONTRACT))


def test_a_full_disk_is_told_and_the_old_scene_counts(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    library.save(SAVE, Scene("x", {"speed": 1.0}))
    wait_for(lambda: (library.folder / "x.toml").is_file())

    def full(folder: Path, scene: Scene) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(scene_folder, "write", full)
    library.save(SAVE, Scene("x", {"speed": 2.0}))
    library.save(SAVE, Scene("y", {"speed": 2.0}))
    failures = []
    wait_for(lambda: failures.extend(library.poll()) or len(failures) == 2)
    assert [failure.what for failure in failures] == [SAVE, SAVE]
    assert failures[0].reason.startswith(f"'x' can't be saved in {library.folder} (No space left on device); ")
    assert library.find("x").values == {"speed": 1.0}
    assert "y" not in library.names()


def test_a_folder_that_is_none(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "scenes").write_text("a file")
    library = Library(tmp_path / "scenes", held_by(show_table.CONTRACT))
    assert library.names() == PRESETS
    library.save(SAVE, Scene("x", {}))
    failures = []
    wait_for(lambda: failures.extend(library.poll()) or failures)
    assert "'x' can't be saved" in failures[0].reason
    library.close()
    assert sum("can't be looked at" in record.message for record in caplog.records) == 1


def test_a_disk_that_hangs_holds_nobody_up(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    on = threading.Event()
    monkeypatch.setattr(scene_folder, "write", lambda folder, scene: on.wait(60.0))
    start = time.monotonic()
    with pytest.raises(SceneError, match="the disk is busy"):
        for number in range(40):
            library.save(SAVE, Scene(f"x{number}", {}))
    assert library.find("x3") == Scene("x3", {})
    assert time.monotonic() - start < 20.0
    on.set()


def test_all_names_go_into_one_datagram(library: Library) -> None:
    library.folder.mkdir()
    for number in range(60):
        (library.folder / f"{number:040}.toml").write_text("")
    wait_for(lambda: len(library.names()) == 60 + len(PRESETS))
    assert len(library.listed()) <= LONGEST_LIST
    assert library.listed().split(",") == library.names()[: LONGEST_LIST // 41]
    with pytest.raises(SceneError, match="no room for 'x'"):
        library.save(SAVE, Scene("x", {}))
    library.save(SAVE, Scene(f"{7:040}", {"seed": 1}))
    assert library.find(f"{59:040}").name == f"{59:040}", "what isn't listed is there"


def test_what_waits_is_written_before_the_end(tmp_path: Path) -> None:
    library = Library(tmp_path / "a" / "b", held_by(show_table.CONTRACT))
    for number in range(10):
        library.save(SAVE, Scene(f"x{number}", {"seed": number}))
    library.close()
    assert sorted(path.name for path in (tmp_path / "a" / "b").iterdir()) == [f"x{number}.toml" for number in range(10)]
