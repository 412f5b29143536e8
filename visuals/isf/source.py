"""Where ISF files are found: those that come with artgen, and those in the folder ``effects`` of a show."""

import functools
import logging
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from artgen_osc.errors import PluginError
from visuals.isf import file
from visuals.isf.file import SUFFIXES, File, name_of, stamps

log = logging.getLogger("artgen.effects")

OURS = Path(__file__).parent.parent / "effects"
FOLDER = "effects"
MOST_FILES = 500

EFFECTS, LAYERS = "artgen.effects", "artgen.layers"
ADDRESSES = {EFFECTS: "/visuals/effect/", LAYERS: "/visuals/layer/"}


class IsfEntry(EntryPoint):
    """A file that the registry takes for an entry point: what it loads is a class of its own."""

    def load(self) -> Any:
        """The class.

        Raises
        ------
        PluginError
            The file can't be used.
        """
        from visuals.isf.plugin import IsfEffect, IsfLayer
        from visuals.isf.settings import declared

        path = Path(self.value)
        base = IsfLayer if self.group == LAYERS else IsfEffect
        settings = declared(read(path).head, self.name, f"{ADDRESSES[self.group]}{self.name}/")
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


def find(group: str, folder: Path | None) -> Iterator[EntryPoint]:
    """The files of a group, as the registry asks for them; see `artgen_osc.plugins.registry.SOURCES`.

    A file that can't be read is told of as an effect: the registry notes why when it loads it.

    Parameters
    ----------
    group : of effects or layers; there are none of the others
    folder : of the show; None: what comes with artgen
    """
    if group not in ADDRESSES:
        return
    names: set[str] = set()
    for path in files_in(OURS if folder is None else folder / FOLDER):
        name = name_of(path)
        if name and name not in names and group == _group_of(path):
            names.add(name)
            yield IsfEntry(name, str(path), group)


def _group_of(path: Path) -> str:
    """Empty for a transition, which is neither."""
    try:
        return {"filter": EFFECTS, "generator": LAYERS}.get(read(path).head.kind, "")
    except PluginError:
        return EFFECTS


def read(path: Path) -> File:
    """As `visuals.isf.file.read`, but once for each save: several groups ask for a file, and what lists them does."""
    return _read(path, stamps(path))


@functools.lru_cache(MOST_FILES)
def _read(path: Path, seen: tuple[object, ...]) -> File:
    return file.read(path)
