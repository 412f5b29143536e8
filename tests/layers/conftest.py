"""Screens with numbered layers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from artgen_osc.config.plugins import own_registry
from artgen_osc.plugins.registry import Registry
from tests.layers.show import Slots


@pytest.fixture
def slots(gl_context: Any, tmp_path: Path) -> Iterator[Any]:
    made: list[Slots] = []

    def make(known: Registry | None = None) -> Slots:
        made.append(Slots(gl_context, known or own_registry(), tmp_path))
        return made[-1]

    yield make
    for one in made:
        one.screen.release()
