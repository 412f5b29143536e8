"""Where ISF files are found: those that come with artgen, and those in the folder ``effects`` of a show."""

import logging
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from artgen_osc.errors import PluginError
from visuals.isf.file import SUFFIXES, name_of, read
from visuals.isf.plugin import IsfEffect, IsfLayer
from visuals.isf.settings import declared

log = logging.getLogger("artgen.effects")

OURS = Path(__file__).parent.parent / "effects"
FOLDER = "effects"
MOST_FILES = 500

ADDRESSES = {"effect": "/visuals/effect/", "layer": "/visuals/layer/"}


class IsfEntry(EntryPoint):
    """A file that the registry takes for an entry point: what it loads is a class of its own."""

    def load(self) -> Any:
        """The class.

        Raises
        ------
        PluginError
            The file can't be used.
        """
        path = Path(self.value)
        file = read(path)
        base = IsfLayer if self.group == "artgen.layers" else IsfEffect
        kind = "layer" if base is IsfLayer else "effect"
        settings = declared(file.head, self.name, f"{ADDRESSES[kind]}{self.name}/")
        return type(self.name, (base,), {"path": path, "Settings": settings, "__module__": base.__module__})


def files_in(folder: Path) -> list[Path]:
    """The shaders of a folder by name; a hidden file is none. Never raises."""
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.name[0] != ".")
    except OSError:
        return []
    if len(found) > MOST_FILES:
        log.warning("%s: has %d shaders; the first %d count", folder, len(found), MOST_FILES)
    return found[:MOST_FILES]


def find(kind: str, folder: Path | None) -> Iterator[EntryPoint]:
    """The files of a kind, as the registry asks for them; see `artgen_osc.plugins.registry.SOURCES`.

    A file that can't be read is told of as an effect: the registry notes why when it loads it.

    Parameters
    ----------
    kind : ``effect`` or ``layer``; there are none of the others
    folder : of the show; None: what comes with artgen
    """
    if kind not in ADDRESSES:
        return
    names: set[str] = set()
    for path in files_in(OURS if folder is None else folder / FOLDER):
        name = name_of(path)
        if kind == _kind_of(path) and name and name not in names:
            names.add(name)
            yield IsfEntry(name, str(path), f"artgen.{kind}s")


def _kind_of(path: Path) -> str:
    try:
        return {"filter": "effect", "generator": "layer"}.get(read(path).head.kind, "")
    except PluginError:
        return "effect"
