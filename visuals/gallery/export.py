"""The gallery as a folder of plain files that any browser opens, from disk or from a web host."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from artgen_osc.errors import GalleryError
from visuals.gallery.index import Index
from visuals.gallery.query import Query
from visuals.gallery.rows import Row

PAGE = Path(__file__).parent / "page.html"
PLACE = "/* pictures */"
TOLD = ("id", "time", "title", "valence", "energy", "tempo_bpm", "key", "model", "width", "height", "favourite")


def every(index: Index, query: Query) -> Iterator[Row]:
    """All pictures of a query, the newest first."""
    before = ""
    while rows := index.page(query, before, 500):
        yield from rows
        before = rows[-1].id


def export(index: Index, query: Query, folder: Path) -> tuple[int, list[str]]:
    """Write the pictures, their thumbnails and a page that shows them; the page comes last.

    Parameters
    ----------
    index : brought up to date
    query : which pictures
    folder : new, or empty

    Returns
    -------
    written : how many pictures
    lost : ids of those that couldn't be copied

    Raises
    ------
    GalleryError
        The folder isn't empty, or can't be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise GalleryError(
            f"{folder}: is not empty; a new or an empty folder is allowed; choose another name, or delete it first"
        )
    rows, lost = [], []
    try:
        for name in ("pictures", "thumbnails"):
            (folder / name).mkdir(parents=True)
        for row in every(index, query):
            thumbnail = index.thumbnail(row.id)
            try:
                source = index.gallery.path(row.id)
            except GalleryError:  # it has been deleted meanwhile
                lost.append(row.id)
                continue
            shutil.copyfile(source, folder / "pictures" / source.name)
            (folder / "thumbnails" / f"{row.id}.jpg").write_bytes(thumbnail or b"")
            rows.append({name: value for name, value in asdict(row).items() if name in TOLD})
        (folder / "index.html").write_text(_page(rows), encoding="utf-8")
    except OSError as error:
        raise GalleryError(
            f"{folder}: can't be written ({error.strerror}); a folder with room is needed; choose another one"
        ) from None
    return len(rows), lost


def _page(rows: list[dict[str, object]]) -> str:
    """The page with its pictures in it: from disk it couldn't load them by itself."""
    # Nothing that a title says may end the script.
    lines = ",\n".join(json.dumps(row, ensure_ascii=True).replace("<", "\\u003c") for row in rows)
    return PAGE.read_text(encoding="utf-8").replace(PLACE, lines)
