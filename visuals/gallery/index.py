"""The index of a gallery: SQLite, made from the files, and made again wherever it doesn't fit them.

It holds nothing that the files don't hold. It may be deleted at any time.
"""

import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from artgen_osc.errors import GalleryError
from visuals.gallery.database import BESIDE, WAIT_S, choose, connect, prepare, why_not_ours
from visuals.gallery.folder import Gallery
from visuals.gallery.query import Query, condition
from visuals.gallery.record import is_id
from visuals.gallery.rows import Changes, Looked, Row, Synced, Total, look

log = logging.getLogger(__name__)

BATCH = 500
"""Files to a transaction: whoever is killed loses the work on the last ones only."""

_COLUMNS = "id, time, cause, title, valence, energy, tempo_bpm, key, seed, model, width, height, favourite"
_LARGEST_NUMBER = 2**63 - 1
_LOOK_AGAIN = (-1, -1)
"""In the place of a file's state: no file has it, and so each look counts as one at a changed file."""

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class Index:
    """To be used on one thread; every thread and process may have its own.

    Parameters
    ----------
    gallery : Gallery

    Attributes
    ----------
    file : where it is
    made_anew : how often it has been damaged so far, and was empty again

    Raises
    ------
    GalleryError
        SQLite can't open a file there.
    """

    def __init__(self, gallery: Gallery) -> None:
        self.gallery = gallery
        self._favourites_read: tuple[int, int, int] | None = None
        self.made_anew = 0
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            self._again(error)

    def sync(self, tell: Callable[[int, int], None] | None = None) -> Synced:
        """Bring the index up to date with the files. Others may read and write meanwhile.

        Parameters
        ----------
        tell : called with how many files have been looked at, and of how many, now and then

        Raises
        ------
        GalleryError
            SQLite can't write there.
        """
        try:
            return self._sync(tell)
        except sqlite3.DatabaseError as error:
            self._again(error)
            return self._sync(tell)

    def update(self, names: Iterable[str]) -> Changes:
        """Bring these files alone up to date, and the favourites.

        Parameters
        ----------
        names : of files that may have come, gone or changed

        Raises
        ------
        GalleryError
            SQLite can't write there.
        """
        try:
            return self._update(tuple(names))
        except sqlite3.DatabaseError as error:
            self._again(error)
            return self._update(tuple(names))

    def page(self, query: Query, before: str = "", limit: int = 100) -> list[Row]:
        """Pictures, the newest first.

        Parameters
        ----------
        query : Query
        before : id of the last one of the page before
        limit : most of them
        """
        where, values = condition(query)
        if before:
            where, values = f"{where} AND id < ?", [*values, before]
        with self._reading() as database:
            # Which ones first: an index alone answers that for moods, and only one page of rows is read.
            found = database.execute(
                f"SELECT {_COLUMNS} FROM pictures WHERE id IN"
                f" (SELECT id FROM pictures WHERE {where} ORDER BY id DESC LIMIT ?) ORDER BY id DESC",
                [*values, min(limit, _LARGEST_NUMBER)],
            ).fetchall()
        names = _COLUMNS.split(", ")
        return [Row(**dict(zip(names, columns, strict=True)) | {"favourite": bool(columns[-1])}) for columns in found]

    def count(self, query: Query) -> int:
        """How many pictures there are."""
        where, values = condition(query)
        with self._reading() as database:
            return int(database.execute(f"SELECT count(*) FROM pictures WHERE {where}", values).fetchone()[0])

    def total(self, query: Query) -> Total:
        """How many pictures there are, and how large their files."""
        where, values = condition(query)
        with self._reading() as database:
            found = database.execute(f"SELECT count(*), total(size) FROM pictures WHERE {where}", values).fetchone()
        return Total(int(found[0]), int(found[1]))

    def moods(self, query: Query) -> list[tuple[str, float, float, int, str]]:
        """Id, valence, energy, favourite (0 or 1) and title of all pictures, the newest first."""
        where, values = condition(query)
        with self._reading() as database:
            return database.execute(
                f"SELECT id, valence, energy, favourite, title FROM pictures WHERE {where} ORDER BY id DESC", values
            ).fetchall()

    def songs(self) -> list[tuple[str, int]]:
        """Titles with their numbers of pictures, in the order of the alphabet."""
        with self._reading() as database:
            return database.execute(
                "SELECT title, count(*) FROM pictures WHERE title != '' GROUP BY title ORDER BY folded, title"
            ).fetchall()

    def days(self) -> list[tuple[str, int]]:
        """Days, where the pictures were taken, with their numbers of pictures; the newest first."""
        with self._reading() as database:
            return database.execute(
                "SELECT substr(time, 1, 10) AS day, count(*) FROM pictures GROUP BY day ORDER BY day DESC"
            ).fetchall()

    def names(self) -> set[str]:
        """Of all files that have been looked at, those that are skipped included."""
        with self._reading() as database:
            found = database.execute("SELECT CAST(id || '.png' AS BLOB) FROM pictures UNION SELECT name FROM skipped")
            return {os.fsdecode(name) for (name,) in found}

    def skipped(self, limit: int) -> list[tuple[str, str]]:
        """Name and reason of PNG files that are no pictures of the gallery; the last in the alphabet first."""
        with self._reading() as database:
            found = database.execute("SELECT name, reason FROM skipped ORDER BY name DESC LIMIT ?", [limit])
            return [(os.fsdecode(name), reason) for name, reason in found]

    def thumbnail(self, id: str) -> bytes | None:
        """The small JPEG of a picture; None if it isn't known."""
        with self._reading() as database:
            found = database.execute("SELECT jpeg FROM thumbnails WHERE id = ?", [id]).fetchone()
        return bytes(found[0]) if found else None

    def is_current(self) -> bool:
        """Whether its file is still the one that was opened: somebody may have deleted it."""
        try:
            return self.file.stat().st_ino == self._inode
        except OSError:
            return False

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _open(self) -> None:
        end = time.monotonic() + WAIT_S
        self.file = choose(self.gallery.folder)
        while True:
            try:
                self._database = connect(self.file)
                prepare(self._database)
                self._inode = self.file.stat().st_ino
                return
            except sqlite3.OperationalError as error:
                # SQLite waits for others by itself, but for this: that two at once make the file and turn WAL on.
                if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                    raise
            time.sleep(0.02)

    def _again(self, error: sqlite3.DatabaseError) -> None:
        """Make a damaged index anew; anything else is an error to be told."""
        if _code(error) not in _DAMAGED:
            raise self._unusable(error) from None
        log.warning("%s: is damaged (%s); it is made anew from the pictures", self.file, error)
        self._database.close()
        try:
            for ending in BESIDE if not why_not_ours(self.file) else ():
                self.file.with_name(self.file.name + ending).unlink(missing_ok=True)
            self._open()
        except (OSError, sqlite3.DatabaseError) as again:
            raise self._unusable(again) from None
        self._favourites_read = None
        self.made_anew += 1

    def _unusable(self, error: Exception) -> GalleryError:
        return GalleryError(
            f"{self.file}: can't be used ({error}); a folder with room that you may write to is needed; "
            "check its permissions, or delete this file: it is made anew"
        )

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            yield self._database
        except sqlite3.DatabaseError as error:
            self._again(error)
            raise GalleryError(f"{self.file}: was damaged, and is made anew; ask again") from None

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield self._database
        except BaseException:
            if self._database.in_transaction:  # a full disk has ended it already
                self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def _sync(self, tell: Callable[[int, int], None] | None) -> Synced:
        files = self.gallery.files()
        known = {
            os.fsdecode(name): (mtime_ns, size)
            for name, mtime_ns, size in self._database.execute(
                "SELECT CAST(id || '.png' AS BLOB), mtime_ns, size FROM pictures"
                " UNION ALL SELECT name, mtime_ns, size FROM skipped"
            )
        }
        changed = sorted(name for name, state in files.items() if known.get(name) != state)
        gone = sorted(known.keys() - files.keys())
        added = 0
        for start in range(0, len(changed), BATCH):
            batch = [(name, look(self.gallery.folder / name)) for name in changed[start : start + BATCH]]
            with self._transaction() as database:
                for name, looked in batch:
                    added += self._put(database, name, files[name], looked)
            if tell is not None:
                tell(start + len(batch), len(changed))
        with self._transaction() as database:
            before = database.execute("SELECT count(*) FROM pictures").fetchone()[0]
            for name in gone:
                self._forget(database, name)
            removed = before - database.execute("SELECT count(*) FROM pictures").fetchone()[0]
            self._favour(database, changed=bool(changed))
            skipped = database.execute("SELECT name, reason FROM skipped ORDER BY name").fetchall()
        return Synced(added, removed, tuple((os.fsdecode(name), reason) for name, reason in skipped))

    def _update(self, names: tuple[str, ...]) -> Changes:
        files = {name: state for name in names if (state := self.gallery.state(name))}
        known: dict[str, tuple[int, int]] = {}
        reasons: dict[str, str] = {}
        for name in names:
            found = self._database.execute(
                "SELECT mtime_ns, size, '' FROM pictures WHERE id = ? UNION ALL"
                " SELECT mtime_ns, size, reason FROM skipped WHERE name = ?",
                [_id(name), os.fsencode(name)],
            ).fetchone()
            if found:
                known[name], reasons[name] = found[:2], found[2]
        looked = {name: look(self.gallery.folder / name) for name in files if known.get(name) != files[name]}
        for name, found in list(looked.items()):
            if found and found.retry and found.reason == reasons.get(name):
                del looked[name], known[name]  # as before
        added = [name for name, found in looked.items() if found and not found.reason]
        removed = [name for name in known if files.get(name) != known[name]]
        skipped = {
            name: found.reason
            for name, found in looked.items()
            if found and found.reason and found.reason != reasons.get(name)
        }
        with self._transaction() as database:
            before = {name for name in removed if self._is_picture(database, name)}
            for name in removed:
                self._forget(database, name)
            for name, found in looked.items():
                self._put(database, name, files[name], found)
            favoured = self._favour(database, changed=bool(added))
        return Changes(
            tuple(sorted((name.removesuffix(".png") for name in added), reverse=True)),
            tuple(sorted(name.removesuffix(".png") for name in before)),
            tuple(sorted(favoured.items())),
            tuple(sorted(skipped.items())),
        )

    def _is_picture(self, database: sqlite3.Connection, name: str) -> bool:
        found = database.execute("SELECT 1 FROM pictures WHERE id = ?", [_id(name)]).fetchone()
        return found is not None

    def _forget(self, database: sqlite3.Connection, name: str) -> None:
        database.execute("DELETE FROM pictures WHERE id = ?", [_id(name)])
        database.execute("DELETE FROM thumbnails WHERE id = ?", [_id(name)])
        database.execute("DELETE FROM skipped WHERE name = ?", [os.fsencode(name)])

    def _put(self, database: sqlite3.Connection, name: str, state: tuple[int, int], looked: Looked | None) -> bool:
        """Take a file in, in the place of what was known of it; False if it is skipped, or has gone."""
        self._forget(database, name)
        if looked is None:
            return False
        if looked.reason:
            state = _LOOK_AGAIN if looked.retry else state
            database.execute("INSERT INTO skipped VALUES (?, ?, ?, ?)", [os.fsencode(name), *state, looked.reason])
            return False
        row = looked.row
        marks = ", ".join("?" * (len(row) + 2))
        database.execute(
            "INSERT INTO pictures (id, time, cause, title, folded, valence, energy, tempo_bpm, key, seed, model, width,"
            f" height, mtime_ns, size) VALUES ({marks})",
            [*row, *state],
        )
        database.execute("INSERT INTO thumbnails VALUES (?, ?)", [row[0], looked.thumbnail])
        return True

    def _favour(self, database: sqlite3.Connection, changed: bool) -> dict[str, bool]:
        """Take the favourites over from their journal, if anything has changed; returns what is new."""
        try:
            status = self.gallery.journal.lstat()
        except OSError:
            state = (0, 0, 0)
        else:
            state = (status.st_mtime_ns, status.st_ctime_ns, status.st_size)  # the second one: its permissions, too
        if state == self._favourites_read and not changed:
            return {}
        chosen = self.gallery.favourites()
        known = {id for id in chosen if self._is_picture(database, f"{id}.png")}
        before = {id for (id,) in database.execute("SELECT id FROM pictures WHERE favourite")}
        new = dict.fromkeys(known - before, True) | dict.fromkeys(before - chosen, False)
        database.executemany("UPDATE pictures SET favourite = ? WHERE id = ?", [(new[id], id) for id in new])
        self._favourites_read = state
        return new


def _code(error: sqlite3.DatabaseError) -> int:
    """What SQLite says; where it says nothing, Python could not understand what it has read: that is damage too."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF


def _id(name: str) -> str:
    """The id that a file's name stands for, or nothing."""
    id = name.removesuffix(".png")
    return id if is_id(id) else ""
