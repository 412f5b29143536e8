"""The songs on disk: a folder for each, which is there as a whole or not at all.

::

    songs/
      019abc…/          a song, by its id
        song.json       what is known of it
        original        as it came; only until it is converted
        sound.wav       44.1 kHz, 16 bit, stereo
        analysis.json   what artgen analyze --json says of it
      .019abc….part     an upload on its way
      .lock             held by the show that uses the folder

Nobody but their owner can read them: they may be recordings of people. Links among them are none of ours, and are
never followed.
"""

import json
import logging
import math
import os
import re
import secrets
import shutil
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from artgen_osc.runtime.files import (
    LARGEST_TEXT,
    PART,
    PRIVATE_FILE,
    PRIVATE_FOLDER,
    is_folder,
    is_regular,
    make_folder,
    read_regular,
    settle,
    sync_folder,
    whole,
)

log = logging.getLogger(__name__)

LONGEST_TITLE = 200
ENDED = ("done", "failed")
STATES = ("waiting", "converting", "analysing", "painting", *ENDED)

_ID = re.compile(r"[0-9a-f]{16}")
_TEXTS = ("id", "received", "title", "state", "reason", "key", "picture")


@dataclass(frozen=True, slots=True)
class Song:
    """What is known of a song.

    Attributes
    ----------
    id : 16 hexadecimal digits, in the order of time
    received : when it came, ISO 8601 with the offset from UTC; for people
    title : by its tags, or as the page named it
    state : one of `STATES`
    reason : why it has failed
    starts : how often the work on it has been begun
    duration : s; 0 before it is known
    tempo_bpm, key, valence, energy : of the whole song; 0 and empty before they are known
    mood : ``[time, valence, energy]`` over the song, thinned out
    picture : id in the gallery, or empty
    """

    id: str
    received: str
    title: str = ""
    state: str = "waiting"
    reason: str = ""
    starts: int = 0
    duration: float = 0.0
    tempo_bpm: float = 0.0
    key: str = ""
    valence: float = 0.0
    energy: float = 0.0
    mood: tuple[tuple[float, float, float], ...] = ()
    picture: str = ""


def new_song(title: str) -> Song:
    """A song that comes now."""
    now = datetime.now(UTC).astimezone()
    milliseconds = round(now.timestamp() * 1000)
    id = f"{milliseconds % 16**11:011x}{secrets.token_hex(3)[:5]}"
    return Song(id, now.isoformat(timespec="milliseconds"), clean(title))


def is_id(text: str) -> bool:
    """Whether it has the form of an id; nothing else may become a part of a path."""
    return _ID.fullmatch(text) is not None


def clean(name: str) -> str:
    """A title from a file's name: without folders, ending and what doesn't print."""
    last = re.split(r"[/\\]", name)[-1]
    printable = "".join(letter if letter.isprintable() else " " for letter in last)
    text = " ".join(printable.split())
    return re.sub(r"\.[A-Za-z0-9]{1,5}$", "", text).lstrip(".")[:LONGEST_TITLE].strip()


class Store:
    """The folder of the songs; it is made with the first one.

    One show has it, from `load` or `acquire` to `release`: what another one were writing would be swept away.

    Parameters
    ----------
    folder : of all songs
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._acquiring = threading.Lock()
        self._lock = FileLock(folder / ".lock", mode=PRIVATE_FILE, thread_local=False)

    def acquire(self) -> bool:
        """Make the folder if need be, and keep other shows out of it; False where one is in it.

        Raises
        ------
        OSError
            It can't be made or written to.
        """
        make_folder(self.folder, PRIVATE_FOLDER)
        try:
            with self._acquiring:  # of two uploads at once, neither is another show
                if not self._lock.is_locked:
                    self._lock.acquire(blocking=False)
        except Timeout:
            return False
        return True

    def release(self) -> None:
        """Let another show have the folder."""
        self._lock.release(force=True)

    def path(self, id: str, name: str) -> Path:
        """A file of a song.

        Parameters
        ----------
        id : of a song, as `is_id` checks it
        name : of the file, without a folder

        Raises
        ------
        ValueError
            It isn't the id of a song.
        """
        if not is_id(id):
            raise ValueError(f"{id!r} is not the id of a song")
        return self.folder / id / name

    def has(self, id: str, name: str) -> bool:
        """Whether a song has a file: a link that somebody put there isn't one.

        Parameters
        ----------
        id : of a song, as `is_id` checks it
        name : of the file, without a folder

        Raises
        ------
        ValueError
            It isn't the id of a song.
        """
        path = self.path(id, name)
        return not path.parent.is_symlink() and is_regular(path, follow=False)

    def read(self, id: str, name: str) -> Any:
        """What one of a song's JSON files says.

        Parameters
        ----------
        id : of a song, as `is_id` checks it
        name : of the file, without a folder

        Raises
        ------
        OSError
            It isn't there, or isn't a file of ours.
        ValueError
            It isn't JSON, or it isn't the id of a song.
        """
        return _read_json(self.path(id, name))

    def part(self, song: Song) -> Path:
        """Where an upload goes while it comes."""
        return self.folder / f".{song.id}{PART}"

    def add(self, song: Song, part: Path) -> None:
        """Make an upload a song.

        Parameters
        ----------
        song : what is known of it, with a new id
        part : the whole upload, a file of `Store.part`; it is moved

        Raises
        ------
        OSError
            It can't be written; then there is no song.
        """
        new = self.folder / f".{song.id}.new"
        new.mkdir(mode=PRIVATE_FOLDER)
        try:
            settle(part, new / "original")
            self._write(song, new)
            new.replace(self.folder / song.id)
        except OSError:
            shutil.rmtree(new, ignore_errors=True)
            raise
        sync_folder(self.folder)

    def save(self, song: Song) -> None:
        """Write what is known of a song.

        Raises
        ------
        OSError
        """
        self._write(song, self.folder / song.id)

    def delete(self, id: str) -> None:
        """Delete a song; from now on it is gone, even if this is cut short.

        Raises
        ------
        OSError
        """
        gone = self.folder / f".{id}.gone"
        self.path(id, "").replace(gone)
        sync_folder(self.folder)
        shutil.rmtree(gone, ignore_errors=True)

    def load(self) -> list[Song]:
        """All songs, the oldest first; sweeps away what a killed show has left half done.

        None where another show is there: that is logged.
        """
        if not is_folder(self.folder):
            if os.path.lexists(self.folder):
                log.warning("%s: is not a folder; no song can be kept; choose another by --web-songs", self.folder)
            return []
        try:
            if not self.acquire():
                log.warning("%s: another show uses it; its songs are not shown here", self.folder)
                return []
            paths = sorted(self.folder.iterdir())
        except OSError as error:
            log.warning("%s: can't be written to (%s); its songs are not shown", self.folder, error)
            return []
        songs = []
        for path in paths:
            if re.fullmatch(r"\.[0-9a-f]{16}\.(part|new|gone)", path.name) and not path.is_symlink():
                with suppress(OSError):  # what can't be deleted does no harm
                    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            elif is_id(path.name) and path.is_dir() and not path.is_symlink():
                try:
                    for part in path.glob(f"*{PART}"):
                        part.unlink(missing_ok=True)
                    songs.append(_read(path))
                    path.chmod(PRIVATE_FOLDER)  # an older version's can be open to all
                except (OSError, ValueError, TypeError, KeyError) as error:
                    log.warning("%s: is no song (%s); it is left alone", path, error)
        return songs

    def _write(self, song: Song, folder: Path) -> None:
        with whole(folder / "song.json", PRIVATE_FILE) as part:
            part.write_bytes(json.dumps(asdict(song)).encode())


def _read_json(path: Path, largest: int | None = None) -> Any:
    try:
        return json.loads(read_regular(path, largest, follow=False))
    except RecursionError:
        raise ValueError("is nested too deeply") from None


def _read(folder: Path) -> Song:
    told: dict[str, Any] = _read_json(folder / "song.json", LARGEST_TEXT)
    known = {item.name: told[item.name] for item in fields(Song) if item.name in told}
    known["mood"] = tuple((_number(time), _number(valence), _number(energy)) for time, valence, energy in known["mood"])
    for name in ("duration", "tempo_bpm", "valence", "energy"):
        known[name] = _number(known[name])
    if not isinstance(known["starts"], int) or not all(isinstance(known[name], str) for name in _TEXTS):
        raise TypeError("something in it has another type")
    song = Song(**known)
    if song.id != folder.name or song.state not in STATES:
        raise ValueError(f"id {song.id}, state {song.state}")
    return song


def _number(value: Any) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{number} is no number that can be used")
    return number
