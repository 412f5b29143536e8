"""A screen with numbered layers, for tests."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from artgen_osc.config.plugins import contract_of
from artgen_osc.plugins.registry import Registry
from tests.support.waiting import wait_for
from visuals.compositor.kind import Moment
from visuals.compositor.screen import Screen
from visuals.modulation.motion import Look

SIZE = (64, 36)
BELOW = (200, 100, 50)


class Slots:
    """A screen of a folder with numbered layers."""

    def __init__(self, context: Any, known: Registry, folder: Path) -> None:
        self.registry = known
        self.screen = Screen(context, SIZE, registry=known, folder=folder)
        self.screen.take(np.full((32, 32, 3), BELOW, np.uint8), 1.0)
        self.settings: dict[str, Any] = {}
        self.tables = contract_of(known).tables

    def set(self, number: int, **values: Any) -> None:
        name = str(number)
        given = self.settings.get(name) or self.tables[f"plugin.{name}"](fade=0.0)
        self.settings[name] = dataclasses.replace(given, **values)

    def frame(self, dt: float = 0.0, title: str = "") -> np.ndarray:
        self.screen.draw(1.0, Look(zoom=1.0), self.settings, Moment(dt=dt, title=title))
        return self.screen.read_frame().astype(int)

    def shows(self, number: int) -> np.ndarray:
        """A frame after that layer's picture has come."""
        slot = self.slot(number)
        wait_for(lambda: (self.frame(), slot.level)[1] == 1.0, what=f"layer {number}", evidence=lambda: slot.trouble)
        return self.frame()

    def slot(self, number: int) -> Any:
        return self.screen._stack.slots[number].instance

    def trouble(self, number: int) -> str:
        self.frame()
        return self.registry.plugin("layer", str(number)).reason


def saved(path: Path, colour: tuple[int, ...], size: tuple[int, int] = (16, 9)) -> str:
    """The source of a picture of one colour."""
    Image.new("RGBA" if len(colour) == 4 else "RGB", size, colour).save(path)
    return f"picture:{path.name}"


def close(found: np.ndarray, colour: tuple[int, ...], most: int = 2) -> bool:
    return bool(np.abs(found - np.array(colour)).max() <= most)
