"""The index's file: only our own is opened, and nothing else is touched."""

import os
import sqlite3
from pathlib import Path

import pytest

from artgen_osc.errors import GalleryError
from tests.gallery.conftest import put
from visuals.gallery.database import NAMES, why_not_ours
from visuals.gallery.folder import Gallery
from visuals.gallery.index import Index
from visuals.gallery.query import Query

FOREIGN = "CREATE TABLE pictures (holiday); INSERT INTO pictures VALUES ('Rome'); PRAGMA user_version = 99;"
OLD = """
CREATE TABLE pictures (id TEXT PRIMARY KEY); CREATE TABLE thumbnails (id); CREATE TABLE skipped (name);
PRAGMA user_version = 1;
"""


def make(file: Path, script: str) -> None:
    database = sqlite3.connect(file)
    database.executescript(script)
    database.close()


def linked(file: Path) -> None:
    elsewhere = file.parents[1] / "elsewhere.sqlite"
    make(elsewhere, FOREIGN)
    file.symlink_to(elsewhere)


def ours_linked(file: Path) -> None:
    other = file.parents[1] / "other"
    other.mkdir()
    Index(Gallery(other)).close()
    file.symlink_to(other / file.name)


def log_linked(file: Path) -> None:
    Index(Gallery(file.parent)).close()
    victim = file.parents[1] / "victim"
    victim.write_bytes(b"dear")
    file.with_name(f"{file.name}-wal").symlink_to(victim)


TAKEN = {
    "another program's": lambda file: make(file, FOREIGN),
    "another program's, signed": lambda file: make(file, f"{FOREIGN} PRAGMA application_id = 7;"),
    "tables as of the first version": lambda file: make(file, f"{OLD} CREATE TABLE mine (a);"),
    "a text": lambda file: file.write_bytes(b"dear diary" * 99),
    "a link to another program's": linked,
    "a link to one of ours": ours_linked,
    "a dead link": lambda file: file.symlink_to("nowhere"),
    "a folder": lambda file: file.mkdir(),
    "a log that is a link": log_linked,
}


@pytest.mark.parametrize("take", TAKEN.values(), ids=TAKEN)
def test_what_is_not_ours_stays_as_it_is(gallery: Gallery, take: object, caplog: pytest.LogCaptureFixture) -> None:
    first, second = (gallery.folder / name for name in NAMES)
    assert callable(take)
    take(first)
    before = contents(gallery.folder.parent)
    about = put(gallery.folder)
    for _ in range(2):
        index = Index(gallery)
        index.sync()
        assert [row.id for row in index.page(Query())] == [about.id]
        assert (index.file, index.made_anew) == (second, 0)
        index.close()
    after = contents(gallery.folder.parent)
    assert {path: after.get(path) for path in before} == before
    assert f"{first} is not" in caplog.text
    assert f"{second.name} is used" in caplog.text


def contents(folder: Path) -> dict[Path, bytes | str]:
    return {
        path: str(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_a_pipe_is_not_waited_for(gallery: Gallery) -> None:
    os.mkfifo(gallery.folder / NAMES[0])
    Index(gallery).close()
    os.mkfifo(gallery.folder / f"{NAMES[1]}-journal")
    with pytest.raises(GalleryError, match="one of these names is needed"):
        Index(gallery)


def test_an_index_of_the_first_version_is_taken_over(gallery: Gallery) -> None:
    make(gallery.folder / NAMES[0], OLD)
    about = put(gallery.folder)
    index = Index(gallery)
    index.sync()
    assert [row.id for row in index.page(Query())] == [about.id]
    assert index.file.name == NAMES[0]
    index.close()


def test_one_that_is_open_elsewhere_is_known_as_ours(gallery: Gallery) -> None:
    first = Index(gallery)
    assert not why_not_ours(first.file)
    second = Index(gallery)
    assert second.file == first.file
    first.close()
    second.close()


def test_what_has_replaced_a_damaged_index_is_not_deleted(gallery: Gallery) -> None:
    about = put(gallery.folder)
    index = Index(gallery)
    index.sync()
    index.close()
    index = Index(gallery)
    with index.file.open("r+b") as file:
        file.seek(100)
        file.write(b"\xaa" * 50_000)
    mine = gallery.folder / "mine"
    mine.write_bytes(b"dear diary")
    mine.replace(index.file)
    put(gallery.folder, 2)
    index.sync()
    assert index.count(Query()) == 2
    assert about.id in {row.id for row in index.page(Query())}
    assert (gallery.folder / NAMES[0]).read_bytes() == b"dear diary"
    assert index.file.name == NAMES[1]
    index.close()
