"""The static gallery as a ZIP file that is made while it is sent, whatever its size."""

import io
import tempfile
import zipfile
from collections.abc import Iterator
from typing import IO

from artgen_osc.errors import GalleryError
from artgen_osc.runtime.files import open_regular
from visuals.gallery.export import every, page_ends, told
from visuals.gallery.index import Index
from visuals.gallery.query import Query

CHUNK = 2**18
"""Bytes that are read at once."""

IN_MEMORY = 2**20
"""Bytes of the page's list; what is more waits on disk."""

_DATE = (1980, 1, 1, 0, 0, 0)
"""Of all files in it: the ZIP format needs one, and the same pictures make the same file."""


class _Out(io.RawIOBase):
    """What is written, to be taken away in pieces."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        part = bytes(data)  # type: ignore[call-overload]
        self._parts.append(part)
        return len(part)

    def get(self) -> bytes:
        data = b"".join(self._parts)
        self._parts.clear()
        return data


def archive(index: Index, query: Query) -> Iterator[bytes]:
    """The pieces of a ZIP file with what `visuals.gallery.export.export` would write. PNG and JPEG aren't packed again.

    Parameters
    ----------
    index : brought up to date
    query : which pictures; those that go meanwhile are left out
    """
    out = _Out()
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as lines, zipfile.ZipFile(out, "w") as file:
        head, tail = page_ends()
        for row in every(index, query):
            try:
                picture = open_regular(index.gallery.path(row.id), follow=False)
            except (GalleryError, OSError):
                continue
            with picture:
                yield from _put(file, out, f"pictures/{row.id}.png", picture)
            yield from _put(file, out, f"thumbnails/{row.id}.jpg", io.BytesIO(index.thumbnail(row.id) or b""))
            lines.write((told(row) + ",\n").encode())
        with file.open(zipfile.ZipInfo("index.html", _DATE), "w", force_zip64=True) as entry:
            entry.write(head.encode())
            lines.seek(0)
            while data := lines.read(CHUNK):
                entry.write(data)
                yield out.get()
            entry.write(tail.encode())
    yield out.get()


def _put(file: zipfile.ZipFile, out: _Out, name: str, source: IO[bytes]) -> Iterator[bytes]:
    with file.open(zipfile.ZipInfo(name, _DATE), "w") as entry:
        while data := source.read(CHUNK):
            entry.write(data)
            yield out.get()
