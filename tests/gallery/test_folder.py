import os
from pathlib import Path

import pytest

from artgen_osc.errors import GalleryError
from tests.gallery.conftest import put
from visuals.gallery.folder import Gallery

HOSTILE = ("../secret", "..", "/etc/passwd", "secret", "a/b", "0k2m9x4c7tq\0", "", "trash/000001-0k2m9x4c7tqf")


def test_a_gallery_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(GalleryError, match="there is no such gallery"):
        Gallery(tmp_path / "nothing")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("id", HOSTILE)
def test_no_path_leaves_the_folder(gallery: Gallery, id: str) -> None:
    (gallery.folder.parent / "secret.png").write_bytes(b"secret")
    for use in (gallery.path, gallery.read, gallery.favour, lambda id: gallery.delete([id])):
        with pytest.raises(GalleryError, match="is not the id"):
            use(id)
    assert (gallery.folder.parent / "secret.png").read_bytes() == b"secret"
    assert not list(gallery.folder.iterdir())


def test_links_are_not_followed(gallery: Gallery, tmp_path: Path) -> None:
    about = put(tmp_path)
    (gallery.folder / f"{about.id}.png").symlink_to(tmp_path / f"{about.id}.png")
    (gallery.folder / "trash").symlink_to(tmp_path)
    gallery.journal.symlink_to(tmp_path / "favourites")
    with pytest.raises(GalleryError, match="no such picture"):
        gallery.read(about.id)
    with pytest.raises(GalleryError, match="is not a folder, or is a link to one"):
        gallery.undo()
    there = put(gallery.folder, 1)
    with pytest.raises(GalleryError, match="is not a folder, or is a link to one"):
        gallery.delete([there.id])
    with pytest.raises(GalleryError, match="can't be changed"):
        gallery.favour(there.id)
    assert not (tmp_path / "favourites").exists()


def test_a_damaged_picture_is_said_to_be_one(gallery: Gallery) -> None:
    about = put(gallery.folder)
    gallery.path(about.id).write_bytes(b"broken")
    with pytest.raises(GalleryError, match="is not a PNG file; delete it"):
        gallery.read(about.id)


def test_favourites_are_a_journal(gallery: Gallery) -> None:
    one, two = put(gallery.folder, 1).id, put(gallery.folder, 2).id
    assert gallery.favourites() == set()
    gallery.favour(one)
    gallery.favour(two)
    gallery.favour(one, False)
    assert Gallery(gallery.folder).favourites() == {two}
    with gallery.journal.open("ab") as journal:
        journal.write(b"\n+../../x\n+" + one.encode()[:7])  # hostile, and the half line of a killed writer
    assert gallery.favourites() == {two}
    gallery.favour(one)
    assert gallery.favourites() == {one, two}


def test_what_is_deleted_comes_back_in_turn(gallery: Gallery) -> None:
    ids = [put(gallery.folder, number).id for number in range(4)]
    whole = gallery.path(ids[0]).read_bytes()
    assert gallery.delete(ids[:1]) == ids[:1]
    assert gallery.delete(ids[1:3]) == ids[1:3]
    assert list(gallery.files()) == [f"{ids[3]}.png"]
    again = Gallery(gallery.folder)
    assert again.undo() == ids[1:3]
    assert again.undo() == ids[:1]
    assert again.path(ids[0]).read_bytes() == whole
    with pytest.raises(GalleryError, match="nothing is left to bring back"):
        again.undo()


def test_all_are_deleted_or_none(gallery: Gallery) -> None:
    about = put(gallery.folder)
    with pytest.raises(GalleryError, match="no such picture"):
        gallery.delete([about.id, "0k2m9x4c7tqf"])
    assert gallery.path(about.id).exists()


def test_undo_overwrites_nothing(gallery: Gallery) -> None:
    about = put(gallery.folder)
    copy = gallery.path(about.id).read_bytes()
    gallery.delete([about.id])
    (gallery.folder / f"{about.id}.png").write_bytes(copy)
    with pytest.raises(GalleryError, match="is in the gallery again"):
        gallery.undo()


def test_only_old_remains_of_killed_writers_are_swept(gallery: Gallery) -> None:
    old, new = gallery.folder / ".a.part", gallery.folder / ".b.part"
    old.touch()
    new.touch()
    os.utime(old, (1e9, 1e9))
    Gallery(gallery.folder)
    assert not old.exists()
    assert new.exists()


def test_undo_of_a_certain_deletion(gallery: Gallery) -> None:
    made = [put(gallery.folder, number).id for number in range(3)]
    gallery.delete(made[:2])
    gallery.delete(made[2:])
    assert gallery.undo(made[:2]) == sorted(made[:2])
    with pytest.raises(GalleryError, match="nothing is left"):
        gallery.undo(made[:1])
    assert gallery.undo() == made[2:]
