"""The folder ``effects`` of a show while it plays: what comes into it, and what was mended, counts from the next start,
transitions at once.

A file that is in use is followed by what draws it; see `visuals.isf.plugin`.
"""

import logging
from collections.abc import Collection, Mapping
from pathlib import Path
from time import monotonic

from artgen_osc.errors import PluginError
from artgen_osc.schema.address import Value
from visuals.control.kind import Message, SurfaceHost
from visuals.isf.file import stamps
from visuals.isf.source import FOLDER, files_in, read

log = logging.getLogger("artgen.effects")

LOOK_S = 1.0
"""Between two looks at the folder."""


class EffectsFolder:
    """Looks at the folder, as a surface that steers nothing.

    Parameters
    ----------
    settings : it has none
    host : SurfaceHost
    """

    direct = True
    given: Collection[str] = ()

    def __init__(self, settings: None, host: SurfaceHost) -> None:
        self.settings = settings
        self._folder = host.file.folder / FOLDER
        self._known = set(files_in(self._folder))
        self._broken = {path: stamps(path) for path in self._known if not _kind(path)}
        self._changed = self._when()
        self._next = monotonic() + LOOK_S

    def _when(self) -> int:
        """When a file came or went last, ns."""
        try:
            return self._folder.stat().st_mtime_ns
        except OSError:
            return 0

    def poll(self) -> list[Message]:
        """Say what has come; see `visuals.control.kind.Surface`."""
        now = monotonic()
        if now < self._next:
            return []
        self._next = now + LOOK_S
        changed = self._when()
        if changed != self._changed:
            self._changed = changed
            for path in sorted(set(files_in(self._folder)) - self._known):
                self._known.add(path)
                log.warning("%s: is new; it counts %s", path.name, _when(path))
        for path, before in list(self._broken.items()):
            if stamps(path) != before and _kind(path):
                del self._broken[path]
                log.warning("%s: can be read now; it counts %s", path.name, _when(path))
        return []

    def show(self, values: Mapping[str, Value]) -> None:
        """Nothing is shown there."""

    def close(self) -> None:
        """It holds nothing."""


def _kind(path: Path) -> str:
    """See `visuals.isf.head.Head`; empty: it can't be read."""
    try:
        return read(path).head.kind
    except PluginError:
        return ""


def _when(path: Path) -> str:
    return "with the next scene, as a transition" if _kind(path) == "transition" else "from the next start on"
