"""The one door for all that changes a show while it runs: OSC, OSCQuery and the page, and the show's saved file."""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from artgen_osc.config.modulation import TABLE
from artgen_osc.config.settings import ConfigFile
from artgen_osc.errors import ArtgenError
from artgen_osc.osc.receiver import OscReceiver
from artgen_osc.schema.address import Address, Value

log = logging.getLogger("artgen.daemon")

LOOK_S = 1.0
"""Between two looks at the show's file."""


@dataclass(frozen=True, slots=True)
class Message:
    """Something that is to change.

    Attributes
    ----------
    name : what it is called: an address, or the key of a setting
    row : the control that was sent, None for a setting of the saved file
    value : as the row, or the setting's check, has it
    refuse : is told why it can't be obeyed
    """

    name: str
    row: Address | None
    value: Any
    refuse: Callable[[str], None]


class Inbox:
    """What is to be obeyed, in the order in which it came.

    Parameters
    ----------
    receiver : of OSC, and of what the servers pass on
    file : the show's
    echo : is given all that has come in by OSC
    """

    def __init__(
        self, receiver: OscReceiver, file: ConfigFile, echo: Callable[[list[tuple[Address, Value]]], None]
    ) -> None:
        self._receiver, self._file, self._echo = receiver, file, echo
        self._next_look = time.monotonic() + LOOK_S

    def poll(self) -> Iterable[Message]:
        """What has come since the last call; of several values of one setting the newest."""
        received = self._receiver.poll()
        self._echo(received)
        newest = {row.path: at for at, (row, _) in enumerate(received)}
        for at, (row, value) in enumerate(received):
            if not row.holds_value or at == newest[row.path]:  # so a flood costs one change of each setting
                yield Message(row.path, row, value, self._refusal(row.path))
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = max(self._next_look + LOOK_S, now)
            yield from self._saved()

    def _refusal(self, path: str) -> Callable[[str], None]:
        return lambda reason: self._receiver.refuse(path, reason, "")

    def _saved(self) -> Iterable[Message]:
        try:
            changes = self._file.changes()
        except ArtgenError as error:
            for line in str(error).split("\n"):
                log.warning("%s; the old values are kept", line)
            return
        for key, value in changes.items():
            setting = self._file.contract.settings.get(key)
            if key == TABLE or (setting and (key.startswith("visuals.") or setting.address.startswith("/visuals/"))):
                continue  # the renderer reads the file itself
            if setting and not setting.address:
                log.warning("%s: counts from the next start on", key)
                continue
            yield Message(key, None, value, lambda reason: log.warning("%s; the old value is kept", reason))
