"""A back end of mido's whose ports are made by tests: what is sent goes through mido's own parser."""

from collections.abc import Callable
from typing import Any

import mido
from mido.ports import BaseInput

NAMES: list[str] = []
OPEN: dict[str, "Input"] = {}
FAULTS: list[Exception] = []
"""What the next looks at the ports raise."""


def get_devices(**given: Any) -> list[dict[str, Any]]:
    """The ports that there are."""
    if FAULTS:
        raise FAULTS.pop(0)
    return [{"name": name, "is_input": True, "is_output": False} for name in NAMES]


class Input(BaseInput):  # type: ignore[misc]
    """A port, as mido opens it."""

    def _open(self, callback: Callable[[Any], None], **given: Any) -> None:
        self.heard, self.parser = callback, mido.Parser()
        OPEN[self.name] = self

    def _close(self) -> None:
        OPEN.pop(self.name, None)


def send(name: str, *data: int) -> None:
    """Bytes that come in at a port, on the thread of its driver."""
    port = OPEN[name]
    port.parser.feed(bytes(data))
    for message in port.parser:
        port.heard(message)
