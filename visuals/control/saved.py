"""The saved show file as a surface: what an edit changes counts as if it had come over OSC."""

import logging
from collections.abc import Collection, Mapping
from time import monotonic

from artgen_osc.config.modulation import TABLE
from artgen_osc.errors import ConfigError
from artgen_osc.schema.address import Value
from visuals.control.kind import Message, SurfaceHost
from visuals.control.scenes.recall import given_in

log = logging.getLogger(__name__)

LOOK_S = 1.0
"""Between two looks at the file."""


class SavedFile:
    """Looks at the show file.

    Parameters
    ----------
    settings : it has none
    host : SurfaceHost
    """

    direct = True

    def __init__(self, settings: None, host: SurfaceHost) -> None:
        self.settings = settings
        self.given: Collection[str] = ()
        self._file, self._child, self._connect = host.file, host.child, host.connect
        rows, held = host.addresses.visuals, host.addresses.followed
        self._followed = {key: row for key, row in held.items() if row.path in rows}
        self._next = 0.0

    def poll(self) -> list[Message]:
        """What a save has changed; see `visuals.control.kind.Surface`."""
        now = monotonic()
        if now < self._next:
            return []
        self._next = now + LOOK_S
        try:
            changes = self._file.changes()
        except ConfigError as error:
            for line in [] if self._child else str(error).split("\n"):
                log.warning("%s; the old values are kept", line)
            return []
        self.given = given_in(self._file)
        if TABLE in changes:
            self._connect(changes[TABLE])
        for key in changes:
            if key.startswith("visuals.") and key not in self._followed:
                log.warning("%s: counts from the next start on", key)
        return [(row, changes[key]) for key, row in self._followed.items() if key in changes]

    def show(self, values: Mapping[str, Value]) -> None:
        """Nobody writes to the show file but its owner."""

    def close(self) -> None:
        """It holds nothing."""
