"""What a process of an output's own is to do, as a line of JSON: its first."""

import json
from dataclasses import asdict
from typing import Any, Self


class Line:
    """A dataclass with a ``size`` (width, height) and else what JSON holds; a base."""

    __slots__ = ()

    def to_line(self) -> bytes:
        """As the process is given it."""
        given: Any = self
        return json.dumps(asdict(given)).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Self:
        """What `to_line` gave."""
        given = json.loads(line)
        return cls(**{**given, "size": tuple(given["size"])})
