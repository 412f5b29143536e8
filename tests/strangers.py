"""Outputs and surfaces as strangers write them, good and bad, for tests."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from artgen_osc.schema.address import Address, Value
from artgen_osc.schema.setting import setting

BLOCKED = threading.Event()
"""Set it to let go whatever has blocked."""


class Output:
    """Wants every frame, small."""

    @dataclass(frozen=True, slots=True)
    class Settings:
        width: int = setting(64, "width of its frames", 1, 4096)
        level: float = setting(0.5, "how bright")

    taken: ClassVar[list[tuple[np.ndarray, float]]] = []
    closed: ClassVar[list[Any]] = []
    dropped = 3

    def __init__(self, settings: Any, host: Any) -> None:
        self.settings = settings

    def wants(self, time: float) -> Any:
        return self.settings.width, 36

    def take(self, frame: np.ndarray, time: float) -> None:
        self.taken.append((frame, time))

    def close(self) -> None:
        self.closed.append(self)


class Bare(Output):
    Settings = None  # type: ignore[assignment]

    def wants(self, time: float) -> Any:
        return 64, 36


class Blocks(Bare):
    def take(self, frame: np.ndarray, time: float) -> None:
        BLOCKED.wait()


class BlocksAtOnce(Bare):
    def wants(self, time: float) -> Any:
        BLOCKED.wait()


class Raises(Bare):
    def take(self, frame: np.ndarray, time: float) -> None:
        raise OSError("the cable is out")


class Slow(Bare):
    def take(self, frame: np.ndarray, moment: float) -> None:
        time.sleep(0.05)


class WantsRubbish(Bare):
    def wants(self, time: float) -> Any:
        return 1e30, "x"


class WantsTooMuch(Bare):
    def wants(self, time: float) -> Any:
        return 100_000, 100_000


class CantBeMade(Bare):
    def __init__(self, settings: Any, host: Any) -> None:
        raise RuntimeError("no such wall")


class Surface:
    """Says what is in `says`, once, and remembers what it was shown."""

    @dataclass(frozen=True, slots=True)
    class Settings:
        channel: int = setting(1, "MIDI channel", 1, 16)

    says: ClassVar[list[Any]] = []
    shown: ClassVar[list[Mapping[str, Value]]] = []
    channels: ClassVar[list[int]] = []
    closed: ClassVar[list[Any]] = []

    def __init__(self, settings: Any, host: Any) -> None:
        self.settings, self.host = settings, host

    def poll(self) -> Any:
        if self.settings is not None:
            self.channels.append(self.settings.channel)
        said, self.says[:] = list(self.says), []
        return said

    def show(self, values: Mapping[str, Value]) -> None:
        self.shown.append(values)

    def close(self) -> None:
        self.closed.append(self)


class PollRaises(Surface):
    Settings = None  # type: ignore[assignment]

    def poll(self) -> Any:
        raise OSError("the box is gone")


class PollGivesNoList(Surface):
    Settings = None  # type: ignore[assignment]

    def poll(self) -> Any:
        return 7


class Rubbish(Surface):
    Settings = None  # type: ignore[assignment]

    def poll(self) -> Any:
        rows = self.host.addresses.visuals
        return [
            (Address("/visuals/sped", "float", ""), 1.0),
            (rows["/visuals/speed"], float("nan")),
            (rows["/visuals/speed"], "fast"),
            (rows["/visuals/speed"], 1e9),
            ("/visuals/speed", 1.0),
            (rows["/visuals/speed"],),
            None,
        ]
