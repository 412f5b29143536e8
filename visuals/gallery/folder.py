"""The folder of the gallery: its files, its favourites and its trash.

::

    gallery/
      0k2m9x4c7tqf.png     a picture, by its id
      favourites.txt       a line +ID or -ID for each change; the last one counts
      index.sqlite         made from the files, may be deleted at any time
      trash/000001-ID.png  what was deleted, with the number of the deletion

No name that comes from outside becomes a path: ids are checked, and links are never followed.
"""

import errno
import logging
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from stat import S_ISREG

from artgen_osc.errors import GalleryError
from artgen_osc.runtime.files import PART, is_folder, read_regular, sync_folder
from visuals.gallery.files import Entry, read, reason_of
from visuals.gallery.record import check_id, is_id, stamp

log = logging.getLogger(__name__)

SUFFIX = ".png"
LEFT_BEHIND_S = 3600.0
"""A file that is being written for longer has lost its writer."""

LARGEST_JOURNAL = 64 << 20
_LARGEST_NUMBER = 2**63 - 1
"""That the index takes: a clock may be centuries fast."""

_DELETED = re.compile(r"(\d{6,})-(\w+)\.png", re.ASCII)


def sweep(folder: Path) -> None:
    """Delete what killed writers have left behind."""
    for path in folder.glob(f".*{PART}"):
        try:
            if path.lstat().st_mtime < stamp().timestamp() - LEFT_BEHIND_S:
                path.unlink()
        except OSError:
            continue  # another process has been faster, or may not: it does no harm where it is


class Gallery:
    """Pictures on disk.

    Parameters
    ----------
    folder : must exist

    Raises
    ------
    GalleryError
        There is no such folder.
    """

    def __init__(self, folder: Path) -> None:
        if not is_folder(folder):
            raise GalleryError(
                f"{folder}: there is no such gallery; press S in the show first, or choose another by --gallery"
            )
        self.folder = folder
        self.journal = folder / "favourites.txt"
        self.trash = folder / "trash"
        self._told: str | None = None
        sweep(folder)

    def path(self, id: str) -> Path:
        """The file of a picture that is there.

        Raises
        ------
        GalleryError
            It isn't an id, or there is no such picture.
        """
        path = self.folder / f"{check_id(id)}{SUFFIX}"
        if not _is_file(path):
            raise GalleryError(f"{id}: there is no such picture in {self.folder}; artgen gallery list has them")
        return path

    def read(self, id: str) -> Entry:
        """The head of a picture.

        Raises
        ------
        GalleryError
            There is no such picture, or it is damaged.
        """
        path = self.path(id)
        try:
            return read(path)
        except (OSError, ValueError) as error:
            raise GalleryError(f"{path}: {reason_of(error)}; delete it or bring it back from a copy") from None

    def files(self) -> dict[str, tuple[int, int]]:
        """Everything that is called like a PNG file, by its name: time of the last change in ns, and size in bytes.

        Raises
        ------
        GalleryError
            The folder can't be read.
        """
        found = {}
        with self._listing() as entries:
            for entry in entries:
                if not entry.name.endswith(SUFFIX) or entry.name.startswith("."):
                    continue
                with suppress(OSError):  # it has just gone
                    found[entry.name] = _state(entry.stat(follow_symlinks=False))
        return found

    def names(self) -> set[str]:
        """As in `files`, but much faster."""
        with self._listing() as entries:
            return {entry.name for entry in entries if entry.name.endswith(SUFFIX) and not entry.name.startswith(".")}

    def state(self, name: str) -> tuple[int, int] | None:
        """As in `files`, of the one in the folder that is called so; None if there is none."""
        if Path(name).name != name or not name.endswith(SUFFIX) or name.startswith("."):
            return None
        try:
            return _state((self.folder / name).lstat())
        except (OSError, ValueError):
            return None

    def favourites(self) -> set[str]:
        """Ids of the favourites, of pictures in the trash too; none where their file can't be read, which is logged."""
        chosen: set[str] = set()
        try:
            data = read_regular(self.journal, LARGEST_JOURNAL, follow=False)
        except FileNotFoundError:
            return chosen
        except OSError as error:
            if error.strerror != self._told:
                self._told = error.strerror
                log.warning(
                    "%s: %s; no favourites are known; put it away, and choose them anew", self.journal, error.strerror
                )
            return chosen
        self._told = None
        # Editors put a mark before the text, or make two bytes of each letter; what is written here is ASCII alone.
        for line in data.replace(b"\0", b"").decode("utf-8", "replace").splitlines():
            line = line.strip("\ufeff\ufffd \t")
            sign, id = line[:1], line[1:].strip()
            if sign == "+" and is_id(id):
                chosen.add(id)
            elif sign == "-":
                chosen.discard(id)
        return chosen

    def favour(self, id: str, favourite: bool = True) -> None:
        """Make a picture a favourite, or one no longer.

        Parameters
        ----------
        id : of the picture
        favourite : whether it is to be one

        Raises
        ------
        GalleryError
            There is no such picture, or the folder can't be written.
        """
        self.path(id)
        # The newline comes first too, in case that a killed writer has left half a line.
        line = f"\n{'+' if favourite else '-'}{id}\n".encode()
        try:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
            number = os.open(self.journal, flags, 0o666)
            try:
                if not S_ISREG(os.fstat(number).st_mode):
                    raise OSError(errno.EINVAL, "favourites.txt is not a file")
                os.write(number, line)
                os.fsync(number)
            finally:
                os.close(number)
        except OSError as error:
            raise self._unwritable(error) from None

    def delete(self, ids: Iterable[str]) -> list[str]:
        """Move pictures into the trash, all under one number.

        Returns
        -------
        Their ids

        Raises
        ------
        GalleryError
            One of them isn't there, and then all stay; or the folder can't be written.
        """
        paths = {id: self.path(id) for id in ids}
        try:
            number = max((number for number, _, _ in self._deleted()), default=0) + 1
            self.trash.mkdir(exist_ok=True)
            self._check_trash()
            for id, path in paths.items():
                path.replace(self.trash / f"{number:06}-{id}{SUFFIX}")
            sync_folder(self.trash)
            sync_folder(self.folder)
        except OSError as error:
            raise self._unwritable(error) from None
        return list(paths)

    def undo(self, wanted: Iterable[str] = ()) -> list[str]:
        """Bring back what was deleted last; returns the ids.

        Parameters
        ----------
        wanted : bring back the last deletion of these pictures instead

        Raises
        ------
        GalleryError
            The trash is empty, or the folder can't be written.
        """
        chosen = frozenset(wanted)
        try:
            deleted = [item for item in self._deleted() if not chosen or item[1] in chosen]
        except OSError as error:
            raise self._unwritable(error) from None
        if not deleted:
            raise GalleryError(f"{self.trash}: nothing is left to bring back; delete a picture first")
        last = max(number for number, _, _ in deleted)
        ids = []
        try:
            for id, path in ((id, path) for number, id, path in deleted if number == last):
                if os.path.lexists(self.folder / f"{id}{SUFFIX}"):
                    raise GalleryError(f"{path}: such a picture is in the gallery again; delete this one")
                path.replace(self.folder / f"{id}{SUFFIX}")
                ids.append(id)
            sync_folder(self.folder)
            sync_folder(self.trash)
        except OSError as error:
            raise self._unwritable(error) from None
        return sorted(ids)

    def _deleted(self) -> list[tuple[int, str, Path]]:
        """Number of the deletion, id and file of all in the trash."""
        if not os.path.lexists(self.trash):
            return []
        self._check_trash()
        found = []
        for path in self.trash.iterdir():
            match = _DELETED.fullmatch(path.name)
            if match and is_id(match[2]) and _is_file(path):
                found.append((int(match[1]), match[2], path))
        return found

    def _check_trash(self) -> None:
        if self.trash.is_symlink() or not is_folder(self.trash):
            raise GalleryError(f"{self.trash}: is not a folder, or is a link to one; move it away")

    def _listing(self) -> "AbstractContextManager[Iterator[os.DirEntry[str]]]":
        try:
            return os.scandir(self.folder)
        except OSError as error:
            raise GalleryError(
                f"{self.folder}: can't be read ({error.strerror}); a folder that you may read is needed; "
                "check its permissions"
            ) from None

    def _unwritable(self, error: OSError) -> GalleryError:
        return GalleryError(
            f"{self.folder}: can't be changed ({error.strerror}); a folder with room that you may write to is needed; "
            "check its permissions"
        )


def _state(status: os.stat_result) -> tuple[int, int]:
    return status.st_mtime_ns & _LARGEST_NUMBER, status.st_size


def _is_file(path: Path) -> bool:
    """A file of its own, not a link to one elsewhere."""
    try:
        return S_ISREG(path.lstat().st_mode)
    except OSError:
        return False
