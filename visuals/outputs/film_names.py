"""The name of a new film: never one that is in use."""

import errno
import os
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import IO

from artgen_osc.errors import OutputError
from artgen_osc.runtime.files import is_folder
from artgen_osc.runtime.text import printable, short

PARTS = "YmdHMS"
"""Letters that stand for a part of the date and time behind ``%``."""

MOST_TRIED = 10_000


def dated(name: str, now: datetime) -> str:
    """A name with the date and time in it.

    >>> dated("show-%Y-%m-%d.mp4", datetime(2026, 5, 1))
    'show-2026-05-01.mp4'

    Parameters
    ----------
    name : with ``%Y``, ``%m``, ``%d``, ``%H``, ``%M`` or ``%S`` in it; another ``%`` stays
    now : the date and time
    """
    return re.sub(f"%([{PARTS}])", lambda found: now.strftime(found.group()), name)


def create_new(name: str, warn: Callable[[str], None]) -> tuple[Path, IO[bytes]]:
    """Create a film's file, unbuffered; where the name is in use, one with a number behind it.

    Parameters
    ----------
    name : as for `dated`
    warn : is told of a name in use

    Returns
    -------
    Its path, and the file

    Raises
    ------
    OutputError
        It can't be created.
    """
    wanted = Path(dated(name, datetime.now()))
    for number in range(1, MOST_TRIED):
        path = wanted if number == 1 else wanted.with_stem(f"{wanted.stem}-{number}")
        with suppress(FileExistsError):
            file = _created(path)
            if number > 1:
                warn(f"{wanted} is there already; {path.name} is written")
            return path, file
    raise OutputError(f"{wanted}: and all names like it are in use; choose another one")


def _created(path: Path) -> IO[bytes]:
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        return os.fdopen(os.open(path, flags, 0o666), "r+b", buffering=0)
    except FileExistsError:
        raise
    except ValueError:  # a NUL, or what the file system has no bytes for
        raise OutputError(f"{printable(path)}: no file can have this name; choose another one") from None
    except OSError as error:
        reason = error.strerror
        if error.errno in (errno.ENOENT, errno.ENOTDIR) and not is_folder(path.parent):
            reason = f"there is no folder {path.parent}"
        if error.errno == errno.ENAMETOOLONG:
            raise OutputError(f"{short(path.name)}: is too long a name; choose a shorter one") from None
        raise OutputError(f"{path}: can't be written ({reason}); choose a folder with room") from None
