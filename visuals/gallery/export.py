"""The gallery as a folder of plain files that any browser opens, from disk or from a web host."""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from artgen_osc.errors import GalleryError
from artgen_osc.runtime.files import is_folder, make_folder, open_regular
from visuals.gallery.index import Index
from visuals.gallery.query import Query
from visuals.gallery.rows import Row

PAGE = Path(__file__).parent / "page.html"
PLACEHOLDER = "/* pictures */"
TOLD = ("id", "time", "title", "valence", "energy", "tempo_bpm", "key", "model", "width", "height", "favourite")


def every(index: Index, query: Query) -> Iterator[Row]:
    """All pictures of a query, the newest first.

    Parameters
    ----------
    index : brought up to date
    query : which pictures
    """
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
    if os.path.lexists(folder) and not is_folder(folder):
        raise GalleryError(f"{folder}: is not a folder; choose another name")
    lines, lost = [], []
    try:
        make_folder(folder)
        if any(folder.iterdir()):
            raise GalleryError(f"{folder}: is not empty; choose another name, or delete it first")
        for name in ("pictures", "thumbnails"):
            (folder / name).mkdir()
        for row in every(index, query):
            thumbnail = index.thumbnail(row.id)
            try:
                source = open_regular(index.gallery.path(row.id), follow=False)
            except (GalleryError, OSError):  # it has been deleted meanwhile, or can't be read any more
                lost.append(row.id)
                continue
            with source, (folder / "pictures" / f"{row.id}.png").open("wb") as copy:
                shutil.copyfileobj(source, copy)
            (folder / "thumbnails" / f"{row.id}.jpg").write_bytes(thumbnail or b"")
            lines.append(told(row))
        (folder / "index.html").write_text(",\n".join(lines).join(page_ends()), encoding="utf-8")
    except OSError as error:
        raise GalleryError(
            f"{folder}: can't be written ({error.strerror}); a folder with room is needed; choose another one"
        ) from None
    return len(lines), lost


def told(row: Row) -> str:
    """What the page is told of a picture, as a line of its script; nothing that a title says may end that."""
    known = {name: value for name, value in asdict(row).items() if name in TOLD}
    return json.dumps(known, ensure_ascii=True).replace("<", "\\u003c")


def page_ends() -> tuple[str, str]:
    """The page before and after its pictures. They stand in it: from disk it couldn't load them by itself."""
    head, _, tail = PAGE.read_text(encoding="utf-8").partition(PLACEHOLDER)
    return head, tail
