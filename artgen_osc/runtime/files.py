"""Files that somebody named: opened only where they are regular, of bearable size, and never with a surprise.

A name comes out of a show file, a message or a command line, so it can be anything: too long, with a NUL in it, a
folder, a device without end, a pipe that nobody writes to. Every failure here is an `OSError` whose ``strerror`` says
in plain words what is wrong.
"""

import codecs
import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader, BufferedWriter
from pathlib import Path

LARGEST_TEXT = 4 << 20
"""Bytes of a file that people write by hand."""

PART = ".part"
"""Ending of a file that is being written; its name begins with a dot."""

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700
"""Modes of what nobody but its owner may read."""


def open_regular(path: str | Path, largest: int | None = None, follow: bool = True) -> BufferedReader:
    """Open a regular file for reading; never waits for a pipe or a device.

    Parameters
    ----------
    path : whatever somebody gave as its name
    largest : bytes that it may have at most, or None
    follow : whether it may be a link; False where we made the file ourselves, and a link is none of ours

    Raises
    ------
    OSError
        It isn't there, can't be read, isn't a regular file or is too large; ``strerror`` says which.
    """
    try:
        if not follow and Path(path).is_symlink():
            raise OSError(errno.ELOOP, "is a link, not a file", str(path))
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        number = os.open(path, flags | (0 if follow else getattr(os, "O_NOFOLLOW", 0)))
    except ValueError:  # a NUL, or what the file system has no bytes for
        raise OSError(errno.EINVAL, "no file can have this name", str(path)) from None
    except PermissionError as error:
        # On Windows a folder can't be opened at all.
        raise _folder(path) if Path(path).is_dir() else error from None
    try:
        status = os.fstat(number)
        if stat.S_ISDIR(status.st_mode):
            raise _folder(path)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "is a device or a pipe, not a file", str(path))
        if largest is not None and status.st_size > largest:
            raise OSError(errno.EFBIG, f"has {_size(status.st_size)}, {_size(largest)} at most", str(path))
        return os.fdopen(number, "rb")
    except BaseException:
        os.close(number)
        raise


def _size(count: int) -> str:
    return f"{count / 1e6:.0f} MB" if count >= 10e6 else f"{count / 1e3:.0f} kB"


def _folder(path: str | Path) -> OSError:
    return IsADirectoryError(errno.EISDIR, "is a folder", str(path))


def is_regular(path: str | Path, follow: bool = True) -> bool:
    """Whether a regular file has this name and can be read; never raises.

    Parameters
    ----------
    path : whatever somebody gave as its name
    follow : whether it may be a link
    """
    try:
        open_regular(path, follow=follow).close()
    except OSError:
        return False
    return True


def stamp(path: str | Path) -> tuple[int, int] | None:
    """When a regular file was written, in ns, and its bytes: other numbers are another content.

    It isn't opened, so it may still turn out that it can't be. Never raises; None where there is no such file.
    """
    try:
        status = Path(path).stat()
    except (OSError, ValueError):
        return None
    return (status.st_mtime_ns, status.st_size) if stat.S_ISREG(status.st_mode) else None


class Saves:
    """Tells when a file was saved. A save counts from the second look that finds the file the same, since many editors
    empty a file before they write it; the first look counts at once.

    Parameters
    ----------
    look : what is there now, such as `stamp` says; None: as at the look before
    """

    def __init__(self, look: Callable[[], object]) -> None:
        self._look = look
        self._seen: object = None
        self._taken: object = None

    def due(self) -> bool:
        """Look; whether there is something that hasn't been taken yet. It has been then."""
        before = self._seen
        now = self._look()
        self._seen = before if now is None else now
        first = self._taken is None
        if self._seen == self._taken or not (first or self._seen == before):
            return False
        self._taken = self._seen
        return True


def read_regular(path: str | Path, largest: int | None = None, follow: bool = True) -> bytes:
    """The whole of a regular file.

    Parameters
    ----------
    path : whatever somebody gave as its name
    largest : bytes that it may have at most, or None
    follow : whether it may be a link

    Raises
    ------
    OSError
        As `open_regular`.
    """
    with open_regular(path, largest, follow) as file:
        data: bytes | None = file.read()
    if data is None:  # what the system shows as a file, and would wait for
        raise OSError(errno.EINVAL, "is a device or a pipe, not a file", str(path))
    return data


def is_folder(path: str | Path) -> bool:
    """Whether a folder has this name; never raises."""
    try:
        return stat.S_ISDIR(Path(path).stat().st_mode)
    except (OSError, ValueError):
        return False


def make_folder(path: str | Path, mode: int = 0o777) -> None:
    """Make a folder that somebody named, and those above it, unless it is there.

    Parameters
    ----------
    path : whatever somebody gave as its name
    mode : of a folder that is made, less what the umask takes

    Raises
    ------
    OSError
        It can't be made; ``strerror`` says why.
    """
    if is_folder(path):
        return  # where nothing may be written, asking for it again would be an error
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).mkdir(mode=mode, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise NotADirectoryError(errno.ENOTDIR, "is not a folder", str(path)) from None
    except ValueError:  # a NUL, or what the file system has no bytes for
        raise OSError(errno.EINVAL, "no folder can have this name", str(path)) from None


def create(path: Path, mode: int = 0o666) -> BufferedWriter:
    """Create a file in place of what has its name, such as a killed writer's; a link there isn't followed.

    Parameters
    ----------
    path : of the file
    mode : of it, less what the umask takes

    Raises
    ------
    OSError
        It can't be made; ``strerror`` says why.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        path.unlink(missing_ok=True)
        return os.fdopen(os.open(path, flags, mode), "wb")
    except ValueError:  # a NUL, or what the file system has no bytes for
        raise OSError(errno.EINVAL, "no file can have this name", str(path)) from None


def create_private(path: Path) -> BufferedWriter:
    """As `create`, a file that nobody but its owner can read."""
    return create(path, PRIVATE_FILE)


def part_of(path: Path, shared: bool = False) -> Path:
    """The name that a file has while it is written, beside the one that it will have.

    Parameters
    ----------
    path : the name that it will have
    shared : whether other processes may write the same file at this moment
    """
    return path.with_name(f".{path.stem}{f'.{os.getpid()}' if shared else ''}{PART}")


def settle(part: Path, path: Path) -> None:
    """Give a written file its name, once all of it is on disk.

    Parameters
    ----------
    part : the file, in the folder of `path`
    path : its name from now on; what has it goes

    Raises
    ------
    OSError
        It can't be done; then `path` is what it was.
    """
    number = os.open(part, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        os.fsync(number)
    finally:
        os.close(number)
    part.replace(path)
    sync_folder(path.parent)


@contextmanager
def whole(path: Path, mode: int = 0o666, shared: bool = False) -> Iterator[Path]:
    """Write a file whole or not at all: ``with whole(path) as part: part.write_bytes(data)``.

    Whoever looks at `path` sees what was there or all that is new, whenever the writer is killed.

    Parameters
    ----------
    path : of the file
    mode : of a file that is made, less what the umask takes
    shared : see `part_of`

    Yields
    ------
    An empty file beside it to write to, which takes the place of `path` when the block ends, unless by an exception.

    Raises
    ------
    OSError
        It can't be written; ``strerror`` says why.
    """
    part = part_of(path, shared)
    try:
        create(part, mode).close()
        yield part
        settle(part, path)
    except BaseException:
        with suppress(OSError, ValueError):
            part.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on disk, where the system can."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def decode_text(data: bytes) -> str:
    """Text as editors and shells write it: UTF-8, or what its byte order mark says (UTF-8, UTF-16).

    Raises
    ------
    UnicodeDecodeError
        It is in another encoding.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16")
    return data.decode("utf-8-sig")


def read_text(path: str | Path, largest: int = LARGEST_TEXT) -> str:
    """The text of a regular file, as `decode_text` reads it.

    Parameters
    ----------
    path : whatever somebody gave as its name
    largest : bytes that it may have at most

    Raises
    ------
    OSError
        As `open_regular`.
    UnicodeDecodeError
        As `decode_text`.
    """
    return decode_text(read_regular(path, largest))
