"""The files that a page is made of: all of one folder, by name, and nothing else."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp import web

KINDS = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


class PageFiles:
    """Answers with files of a folder.

    Parameters
    ----------
    folder : as it is now; files of other kinds than `KINDS` are left out
    policy : ``Content-Security-Policy`` of each
    """

    def __init__(self, folder: Path, policy: str) -> None:
        self._files = {path.name: path for path in folder.iterdir() if path.suffix in KINDS}
        self._policy = policy

    def answer(self, name: str) -> "web.FileResponse | None":
        """A file, or None where none has this name."""
        from aiohttp import web

        path = self._files.get(name)
        if path is None:
            return None
        headers = {"Content-Type": f"{KINDS[path.suffix]}; charset=utf-8", "Cache-Control": "no-cache"}
        return web.FileResponse(path, headers=headers | {"Content-Security-Policy": self._policy})
