"""What the index of a gallery holds of a picture, and what it says of itself."""

from dataclasses import dataclass
from pathlib import Path

from visuals.gallery.files import read, reason_of

NAMED = 3
"""Files that are left alone are named, up to so many at a time."""


@dataclass(frozen=True, slots=True)
class Row:
    """A picture as it is listed; see `visuals.gallery.record.About`."""

    id: str
    time: str
    cause: str
    title: str
    valence: float
    energy: float
    tempo_bpm: float
    key: str
    seed: int
    model: str
    width: int
    height: int
    favourite: bool


@dataclass(frozen=True, slots=True)
class Synced:
    """What `Index.sync` has found.

    Attributes
    ----------
    added, removed : pictures
    skipped : name and reason of each PNG file that is no picture of the gallery
    """

    added: int
    removed: int
    skipped: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """What `Index.update` has changed.

    Attributes
    ----------
    added, removed : ids; a picture whose file has changed is in both
    favoured : ids that have become favourites, or are none any more
    skipped : name and reason of each PNG file that now is no picture of the gallery, or for another reason
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    favoured: tuple[tuple[str, bool], ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.favoured)


@dataclass(frozen=True, slots=True)
class Total:
    """How much a query finds: pictures, and the bytes of their files."""

    count: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Looked:
    """What there is to know of a file.

    Attributes
    ----------
    row, thumbnail : columns of the index, and a JPEG file's bytes
    reason : why it is none of the gallery's; then the others are empty
    retry : it can't be read now, and is to be looked at again even if it doesn't change
    """

    row: tuple[object, ...] = ()
    thumbnail: bytes = b""
    reason: str = ""
    retry: bool = False


def look(path: Path) -> Looked | None:
    """Look at a file; None if it has gone. Never raises: a bad file is that file's own affair."""
    try:
        entry = read(path)
    except FileNotFoundError:
        return None
    except Exception as error:
        return Looked(reason=reason_of(error), retry=isinstance(error, OSError))
    about = entry.about
    if path.name != f"{about.id}.png":
        return Looked(reason=f"its name isn't its id, {about.id}")
    row = (
        about.id,
        about.time,
        about.cause,
        about.title,
        about.title.casefold(),
        about.valence,
        about.energy,
        about.tempo_bpm,
        about.key,
        about.seed,
        about.model,
        about.width,
        about.height,
    )
    return Looked(row, entry.thumbnail)
