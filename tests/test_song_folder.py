"""The folder of the songs, whatever it is and whatever lies in it."""

import os
from pathlib import Path

import pytest

from artgen_osc.config.settings import ConfigFile
from artgen_osc.errors import ConfigError
from artgen_osc.web.song_store import Store, new_song
from tests.odd_paths import odd_paths


def test_a_folder_that_cannot_be_used_is_told_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    there = {**odd_paths(tmp_path), "dead link": str(tmp_path / "dead"), "a lock that is a folder": str(tmp_path / "b")}
    (tmp_path / "b" / ".lock").mkdir(parents=True)
    for what, name in there.items():
        caplog.clear()
        store = Store(Path(name))
        assert store.load() == [], what
        if what in ("a file", "a pipe", "a device", "a loop of links", "dead link"):
            assert "is not a folder; no song can be kept; choose another by --web-songs" in caplog.text, what
        if what != "dead link":
            with pytest.raises(OSError):
                store.acquire()


def test_what_cannot_be_swept_away_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    store = Store(tmp_path)
    song = new_song("a")
    assert store.acquire()
    part = store.part(song)
    part.write_bytes(b"RIFF")
    store.add(song, part)
    (tmp_path / f".{'0' * 16}.gone").mkdir()
    (tmp_path / f".{'1' * 16}.part").write_bytes(b"")
    (tmp_path / os.fsdecode(b"caf\xe9")).mkdir()
    monkeypatch.setattr("artgen_osc.web.song_store.shutil.rmtree", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)
    assert [found.id for found in store.load()] == [song.id]
    monkeypatch.undo()
    store.release()


@pytest.mark.parametrize("key", ["web.songs", "visuals.gallery", "visuals.scenes"])
@pytest.mark.parametrize("name", ["", "a\0b"])
def test_a_folder_without_a_name_is_no_setting(key: str, name: str) -> None:
    with pytest.raises(ConfigError, match=f"{key}: .* can't be the name of a folder; choose one such as"):
        ConfigFile(None, {key: name})
