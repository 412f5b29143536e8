"""``favourites.txt`` as editors, and other people, leave it."""

import os
from pathlib import Path

import pytest

from tests.gallery.conftest import put
from visuals.gallery.folder import Gallery
from visuals.gallery.index import Index
from visuals.gallery.query import Query


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_whatever_editor_has_saved_it(gallery: Gallery, encoding: str, newline: str) -> None:
    ids = [put(gallery.folder, number).id for number in range(3)]
    gallery.journal.write_bytes(newline.join([f"+{ids[0]}", f" +{ids[1]} ", "# mine", ""]).encode(encoding))
    gallery.favour(ids[2])
    gallery.favour(ids[1], favourite=False)
    assert gallery.favourites() == {ids[0], ids[2]}


def test_marks_within(gallery: Gallery) -> None:
    ids = [put(gallery.folder, number).id for number in range(2)]
    gallery.journal.write_bytes(b"".join(f"+{id}\n".encode("utf-8-sig") for id in ids))
    assert gallery.favourites() == set(ids)


def test_rubbish(gallery: Gallery) -> None:
    about = put(gallery.folder)
    gallery.journal.write_bytes(bytes(range(256)) * 40 + f"\n+{about.id}\n".encode() + b"+" * 100_000 + b"\xff\xfe\xed")
    assert gallery.favourites() == {about.id}


def a_link(path: Path) -> None:
    path.symlink_to("/dev/zero" if Path("/dev/zero").exists() else "nowhere")


KINDS = {"a folder": Path.mkdir, "a link": a_link}
if hasattr(os, "mkfifo"):
    KINDS["a device or a pipe"] = os.mkfifo


@pytest.mark.parametrize(("kind", "make"), KINDS.items(), ids=KINDS)
def test_what_is_no_file_is_told_of_and_the_pictures_are_there(
    gallery: Gallery, kind: str, make: object, caplog: pytest.LogCaptureFixture
) -> None:
    first = put(gallery.folder, 1).id
    assert callable(make)
    make(gallery.journal)
    index = Index(gallery)
    index.sync()
    second = put(gallery.folder, 2).id
    index.update([f"{second}.png"])
    assert [row.id for row in index.page(Query())] == [second, first]
    assert caplog.text.count(f"favourites.txt: is {kind}") == 1
    index.close()


def test_permission_that_comes_back(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    about = put(gallery.folder)
    gallery.favour(about.id)

    def refuse(path: Path, *given: object, **options: object) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    index = Index(gallery)
    monkeypatch.setattr("visuals.gallery.folder.read_regular", refuse)
    index.sync()
    assert index.count(Query(favourite=True)) == 0
    monkeypatch.undo()
    gallery.journal.chmod(0o600)
    assert index.update([]).favoured == ((about.id, True),)
    index.close()
