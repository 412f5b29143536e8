"""The file of a gallery's index: made, or opened where it is one of ours; never a link, never somebody else's."""

import logging
import os
import sqlite3
from pathlib import Path
from stat import S_ISREG

from artgen_osc.errors import GalleryError
from artgen_osc.runtime.files import open_regular

log = logging.getLogger(__name__)

NAMES = ("index.sqlite", "artgen-index.sqlite")
"""The second one where the first is taken."""

APPLICATION = int.from_bytes(b"artg", "big")
"""Of SQLite's header: whose file it is."""

VERSION = 2
"""Of the tables; an index of another version is made anew."""

WAIT_S = 30.0
"""For another one who is writing."""

BESIDE = ("", "-wal", "-shm", "-journal")
"""Endings of what SQLite may write."""

TABLES = """
CREATE TABLE IF NOT EXISTS pictures (
    id TEXT PRIMARY KEY, mtime_ns INTEGER, size INTEGER, time TEXT, cause TEXT, title TEXT, folded TEXT,
    valence REAL, energy REAL, tempo_bpm REAL, key TEXT, seed INTEGER, model TEXT, width INTEGER, height INTEGER,
    favourite INTEGER DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS thumbnails (id TEXT PRIMARY KEY, jpeg BLOB);
CREATE TABLE IF NOT EXISTS skipped (name BLOB PRIMARY KEY, mtime_ns INTEGER, size INTEGER, reason TEXT) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS favourites ON pictures (id) WHERE favourite;
CREATE INDEX IF NOT EXISTS moods ON pictures (valence, energy);
"""
_OURS = ("pictures", "thumbnails", "skipped")
_HEAD = b"SQLite format 3\0"
_VERSION_AT, _APPLICATION_AT = slice(60, 64), slice(68, 72)
"""In the header, by the description of SQLite's file format, 1.3."""


def choose(folder: Path) -> Path:
    """The index of a gallery, which may not be there yet.

    Raises
    ------
    GalleryError
        All of `NAMES` are taken.
    """
    reasons: list[str] = []
    for name in NAMES:
        reason = why_not_ours(folder / name)
        if not reason:
            if reasons:
                log.warning("%s; it is left alone, and %s is used", "; ".join(reasons), name)
            return folder / name
        reasons.append(f"{folder / name} {reason}")
    raise GalleryError(
        f"{'; '.join(reasons)}; one of these names is needed for the gallery's index; move what is there away"
    )


def why_not_ours(file: Path) -> str:
    """Why a file isn't an index of artgen's; empty if it is one, or isn't there."""
    for ending in BESIDE:
        try:
            status = os.lstat(f"{file}{ending}")
        except OSError:
            continue
        if not S_ISREG(status.st_mode):
            return "is not a file of its own, but a link, a folder or the like"
    try:
        with open_regular(file, follow=False) as opened:
            head = opened.read(100)
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"can't be read ({error.strerror})"
    application = int.from_bytes(head[_APPLICATION_AT], "big")
    if not head or (head.startswith(_HEAD) and application == APPLICATION):
        return ""
    if head.startswith(_HEAD) and not application and head[_VERSION_AT] == b"\0\0\0\1" and _tables(file) == set(_OURS):
        return ""  # of the first version, which didn't sign
    return "is not an index of artgen's"


def _tables(file: Path) -> set[str]:
    try:
        database = sqlite3.connect(f"{file.absolute().as_uri()}?immutable=1", uri=True)
        try:
            return {name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        finally:
            database.close()
    except sqlite3.Error:
        return set()


def connect(file: Path) -> sqlite3.Connection:
    """Open what `choose` has chosen.

    Raises
    ------
    sqlite3.DatabaseError
    """
    return sqlite3.connect(file, timeout=WAIT_S, isolation_level=None)


def prepare(database: sqlite3.Connection) -> None:
    """Sign the file, and see that the tables are there; closes it where that can't be done.

    Raises
    ------
    sqlite3.DatabaseError
    """
    try:
        if not database.execute("PRAGMA application_id").fetchone()[0]:
            database.execute(f"PRAGMA application_id = {APPLICATION}")  # first of all: whoever looks knows it is ours
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version not in (0, VERSION):
            for table in _OURS:
                database.execute(f"DROP TABLE IF EXISTS {table}")
        database.executescript(TABLES)
        database.execute(f"PRAGMA user_version = {VERSION}")
    except sqlite3.DatabaseError:
        database.close()
        raise
