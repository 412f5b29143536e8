"""What the index of a gallery holds of a picture, and what it says of itself."""

from dataclasses import dataclass
from pathlib import Path

from visuals.gallery.files import read


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
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    favoured: tuple[tuple[str, bool], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.favoured)


@dataclass(frozen=True, slots=True)
class Total:
    """How much a query finds: pictures, and the bytes of their files."""

    count: int
    bytes: int


def look(path: Path) -> tuple[tuple[object, ...], bytes, str]:
    """Columns and thumbnail of a file, or the reason why it is none of the gallery's."""
    try:
        entry = read(path)
    except (OSError, ValueError) as error:
        return (), b"", str(error)
    about = entry.about
    if path.name != f"{about.id}.png":
        return (), b"", f"its name isn't its id, {about.id}"
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
    return row, entry.thumbnail, ""
