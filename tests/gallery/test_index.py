import sqlite3
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

from artgen_osc.errors import GalleryError
from tests.gallery.conftest import START, put
from visuals.gallery.database import NAMES
from visuals.gallery.folder import Gallery
from visuals.gallery.index import Index
from visuals.gallery.query import Query
from visuals.gallery.record import first_id
from visuals.gallery.rows import Changes, Synced


@pytest.fixture
def index(gallery: Gallery) -> Iterator[Index]:
    index = Index(gallery)
    yield index
    index.close()


def ids(index: Index, **query: object) -> list[str]:
    return [row.id for row in index.page(Query(**query))]  # type: ignore[arg-type]


def test_what_is_listed_is_what_the_files_say(gallery: Gallery, index: Index) -> None:
    about = put(gallery.folder, 3, title="Milés")
    assert index.sync().added == 1
    (row,) = index.page(Query())
    for name in ("id", "time", "cause", "title", "valence", "energy", "tempo_bpm", "key", "seed", "model", "width"):
        assert getattr(row, name) == getattr(about, name), name
    assert row.favourite is False
    assert index.thumbnail(row.id) == gallery.read(row.id).thumbnail
    assert index.thumbnail("0" * 12) is None


def test_queries(gallery: Gallery, index: Index) -> None:
    moods = [(0.1, 0.1), (0.9, 0.9), (0.8, 0.8), (0.9, 0.1)]
    made = [
        put(gallery.folder, number, valence=mood[0], energy=mood[1], title=("ÄRGER 100%", "joy")[number % 2]).id
        for number, mood in enumerate(moods)
    ]
    gallery.favour(made[2])
    index.sync()
    assert ids(index) == made[::-1]
    assert ids(index, near=(0.9, 0.9, 0.2)) == [made[2], made[1]]
    assert ids(index, near=(0.9, 0.9, 0.1)) == [made[1]]
    assert ids(index, valence=(0.0, 0.5), energy=(0.0, 0.1)) == [made[0]]
    assert ids(index, energy=(0.0, 0.2)) == [made[3], made[0]]
    assert ids(index, title="ärger") == [made[2], made[0]]
    assert ids(index, title="100%") == [made[2], made[0]]
    assert ids(index, title="' OR 1 --") == []
    assert ids(index, since=START + timedelta(minutes=1), until=START + timedelta(minutes=3)) == [made[2], made[1]]
    assert ids(index, favourite=True) == [made[2]]
    assert index.count(Query(near=(0.9, 0.9, 0.2))) == 2


def test_files_that_come_go_and_change_are_seen(gallery: Gallery, index: Index) -> None:
    made = [put(gallery.folder, number).id for number in range(3)]
    assert index.sync().added == 3
    assert index.sync() == index.sync()
    gallery.delete([made[1]])
    new = put(gallery.folder, 9).id
    gallery.path(made[0]).write_bytes(b"broken")
    synced = index.sync()
    assert (synced.added, synced.removed) == (1, 1)
    assert synced.skipped == ((f"{made[0]}.png", "is not a PNG file"),)
    assert ids(index) == [new, made[2]]
    assert index.thumbnail(made[1]) is None
    gallery.undo()
    assert index.sync().added == 1
    assert ids(index) == [new, made[2], made[1]]


def test_only_what_is_named_is_brought_up_to_date(gallery: Gallery, index: Index) -> None:
    made = [put(gallery.folder, number).id for number in range(4)]
    assert index.update([f"{made[0]}.png", f"{made[1]}.png"]).added == (made[1], made[0])
    assert ids(index) == [made[1], made[0]]
    assert not index.update([f"{made[0]}.png", "0k2m9x4c7tqf.png", "../secret.png", "x"])
    gallery.favour(made[0])
    gallery.favour(made[3])
    assert index.update([]) == Changes(favoured=((made[0], True),))
    assert index.update([f"{made[3]}.png"]) == Changes(added=(made[3],), favoured=((made[3], True),))
    gallery.delete([made[0]])
    gallery.path(made[1]).write_bytes(b"broken")
    assert index.update(f"{id}.png" for id in made) == Changes(
        added=(made[2],), removed=tuple(sorted(made[:2])), skipped=((f"{made[1]}.png", "is not a PNG file"),)
    )
    assert index.skipped(9) == [(f"{made[1]}.png", "is not a PNG file")]
    assert not index.update(f"{id}.png" for id in made).skipped, "each is told of once"
    assert index.names() == gallery.names() == {f"{id}.png" for id in made[1:]}
    gallery.undo()
    assert index.update([f"{made[0]}.png"]).favoured == ((made[0], True),)
    assert index.sync() == Synced(0, 0, ((f"{made[1]}.png", "is not a PNG file"),))


def test_songs_days_and_sizes(gallery: Gallery, index: Index) -> None:
    for number in range(3):
        put(gallery.folder, number * 24 * 60, title=("b", "A", "")[number])
    put(gallery.folder, 1, title="b")
    index.sync()
    assert index.songs() == [("A", 1), ("b", 2)]
    assert index.days() == [("2026-05-03", 1), ("2026-05-02", 1), ("2026-05-01", 2)]
    total = index.total(Query(title="B"))
    assert total.count == 2
    assert total.bytes == sum(gallery.path(id).stat().st_size for id in ids(index, title="b"))
    assert [row[0] for row in index.moods(Query())] == ids(index)


def test_foreign_files_are_left_alone_with_a_word_each(gallery: Gallery, index: Index) -> None:
    about = put(gallery.folder)
    Image.new("RGB", (4, 4)).save(gallery.folder / "holiday.png")
    (gallery.folder / "0k2m9x4c7tqf.png").write_bytes(gallery.path(about.id).read_bytes())
    (gallery.folder / "notes.txt").write_text("not looked at")
    (gallery.folder / ".hidden.png").write_text("not looked at")
    (gallery.folder / "folder.png").mkdir()
    for _ in range(2):
        assert index.sync().skipped == (
            ("0k2m9x4c7tqf.png", f"its name isn't its id, {about.id}"),
            ("folder.png", "is a folder"),
            ("holiday.png", "was not written by artgen"),
        )
    assert ids(index) == [about.id]
    (gallery.folder / "holiday.png").unlink()
    assert len(index.sync().skipped) == 2


def spoil(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[100:] = b"\xaa" * (len(data) - 100)
    path.write_bytes(data)


def other_tables(path: Path) -> None:
    database = sqlite3.connect(path)
    database.executescript("DROP TABLE pictures; CREATE TABLE pictures (a); PRAGMA user_version = 99;")
    database.close()


@pytest.mark.parametrize(
    "damage",
    [
        Path.unlink,
        lambda path: path.write_bytes(b"no database " * 999),
        spoil,
        lambda path: path.write_bytes(b""),
        other_tables,
    ],
    ids=["missing", "foreign", "spoilt", "empty", "another version"],
)
def test_it_is_made_anew_with_the_favourites(gallery: Gallery, damage: object) -> None:
    made = [put(gallery.folder, number).id for number in range(5)]
    gallery.favour(made[3])
    index = Index(gallery)
    index.sync()
    before = index.page(Query())
    index.close()
    assert callable(damage)
    damage(index.file)
    again = Index(gallery)
    again.sync()
    assert again.page(Query()) == before
    assert [row.id for row in before if row.favourite] == [made[3]]
    again.close()


def test_an_index_that_spoils_while_it_is_open_is_made_anew(gallery: Gallery) -> None:
    made = [put(gallery.folder, number).id for number in range(5)]
    index = Index(gallery)
    index.sync()
    index.close()
    index = Index(gallery)
    spoil(index.file)
    put(gallery.folder, 7)
    assert index.sync().added == 6
    assert ids(index)[1:] == made[::-1]
    index.close()


def test_a_folder_that_cannot_hold_an_index(gallery: Gallery) -> None:
    for name in NAMES:
        (gallery.folder / name).mkdir()
    with pytest.raises(GalleryError, match="one of these names is needed"):
        Index(gallery)


def test_two_at_once_agree(gallery: Gallery) -> None:
    for number in range(40):
        put(gallery.folder, number)
    failed: list[BaseException] = []

    def work() -> None:
        try:
            index = Index(gallery)
            index.sync()
            assert len(index.page(Query())) == 40
            index.close()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


def test_ten_thousand_rows_are_paged_by_key(gallery: Gallery, index: Index) -> None:
    rows = []
    for number in range(10_000):
        id = first_id(START + timedelta(seconds=number))
        rows.append((id, "t", "", "", number % 100 / 100, number // 100 / 100, 0, "", 0, "m", 1, 1, number % 1000 == 0))
    columns = "id, time, cause, title, valence, energy, tempo_bpm, key, seed, model, width, height, favourite"
    with sqlite3.connect(index.file) as database:
        database.executemany(f"INSERT INTO pictures ({columns}) VALUES ({', '.join('?' * 13)})", rows)
    database.close()
    seen: list[str] = []
    while page := index.page(Query(), seen[-1] if seen else "", 700):
        seen += [row.id for row in page]
    assert seen == [row[0] for row in reversed(rows)]
    near = Query(near=(0.5, 0.5, 0.1))
    assert [row.id for row in index.page(near, limit=9999)] == [
        row[0] for row in reversed(rows) if (row[4] - 0.5) ** 2 + (row[5] - 0.5) ** 2 <= 0.1**2
    ]
    assert index.count(Query(favourite=True)) == 10


def test_it_says_how_far_it_is(gallery: Gallery, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visuals.gallery.index.BATCH", 2)
    for number in range(5):
        put(gallery.folder, number)
    told: list[tuple[int, int]] = []
    index.sync(lambda done, whole: told.append((done, whole)))
    assert told == [(2, 5), (4, 5), (5, 5)]
