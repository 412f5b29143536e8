"""Pictures for the tests of the gallery."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from visuals.gallery.files import write
from visuals.gallery.folder import Gallery
from visuals.gallery.record import About, new_id
from visuals.modulation.motion import Look
from visuals.painting.painter import Stroke

START = datetime(2026, 5, 1, 20, 0, tzinfo=UTC)


def an_about(number: int = 0, **changes: Any) -> About:
    """Of a picture taken `number` minutes after `START`."""
    time = START + timedelta(minutes=number)
    z = np.random.default_rng(number).standard_normal(64).astype(np.float32)
    stroke = Stroke("idle", "", z, np.array([0.3, 0.7], np.float32), 0.8)
    about = About(
        id=new_id(time),
        time=time.isoformat(timespec="milliseconds"),
        cause="asked",
        title="So what",
        valence=0.3,
        energy=0.7,
        tempo_bpm=136.0,
        key="D minor",
        seed=number,
        strokes=(stroke,),
        mix=0.0,
        look=Look(zoom=1.1, drift=(0.01, -0.02), time=12.3),
        effects={"grain": 0.0, "vignette": 0.2},
        width=32,
        height=18,
    )
    return replace(about, **changes)


def a_frame(seed: int = 0, width: int = 32, height: int = 18) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def put(folder: Path, number: int = 0, **changes: Any) -> About:
    """Write a picture; returns what is known of it."""
    about = an_about(number, **changes)
    write(folder / f"{about.id}.png", a_frame(number), about)
    return about


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    folder = tmp_path / "gallery"
    folder.mkdir()
    return Gallery(folder)
