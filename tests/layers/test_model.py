"""Several generators at once: another model as a layer."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from artgen_osc.errors import ModelError
from tests.layers.show import BELOW, close
from tests.support.waiting import wait_for
from visuals.compositor.layers import model
from visuals.generators import trial

pytestmark = pytest.mark.slow


class Flat:
    """Paints one colour by the mood, and remembers what it was asked for."""

    name, z_dim, sha256 = "flat", 8, ""

    def __init__(self) -> None:
        self.asked: list[np.ndarray] = []

    def __call__(self, z: np.ndarray, mood: np.ndarray, truncation: float) -> np.ndarray:
        self.asked.append(z)
        return np.full((32, 32, 3), round(255 * float(mood[0])), np.uint8)


def test_a_model_paints_over_the_other_one(slots: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[tuple[str, Flat]] = []

    def open_it(self: trial.Trials, name: str) -> Flat:
        opened.append((name, Flat()))
        return opened[-1][1]

    monkeypatch.setattr(trial.Trials, "open", open_it)
    (tmp_path / "mine.onnx").write_bytes(b"a model")
    show = slots()
    show.set(1, source="model:mine.onnx", opacity=0.5)
    show.set(2, source="model:idle", scale=0.5)
    show.shows(1)
    frame = show.shows(2)
    assert {name for name, _ in opened} == {"idle", str(tmp_path / "mine.onnx")}
    assert close(frame[18, 32], (128, 128, 128)) and close(frame[:, 2], BELOW), "each in its own shape, a square"
    (mine,) = (flat for name, flat in opened if name != "idle")
    wait_for(lambda: (show.frame(0.05), len(mine.asked) > 5)[1], what="pictures")
    lengths = [float(np.linalg.norm(z)) for z in mine.asked]
    assert lengths == pytest.approx([np.sqrt(8)] * len(lengths), rel=1e-5)
    steps = [float(np.linalg.norm(b - a)) for a, b in zip(mine.asked[1:], mine.asked[2:], strict=False)]
    assert 0.0 < max(steps) < 1.0


def test_the_walk_goes_on_through_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    flat = Flat()
    layer = model.ModelLayer(None, "any")
    layer._generator = flat  # type: ignore[assignment]
    for place in np.linspace(6.0, 9.0, 301):
        layer._paint((float(place), 0.5, 0.5, 1.0, 0.0))
    steps = np.linalg.norm(np.diff(flat.asked, axis=0), axis=1)
    assert steps.max() < 0.1 and np.abs(np.diff(steps)).max() < 0.01, "neither leaps nor corners"


def test_a_model_that_cant_be_used_is_told(slots: Any, tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    show = slots()
    show.set(1, source="model:bad.onnx")
    wait_for(lambda: show.trouble(1), what="what is wrong", seconds=90)
    assert show.trouble(1).startswith("model:bad.onnx: ") and close(show.frame(), BELOW)


def test_an_error_while_it_paints_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[float] = []

    def fails(z: np.ndarray, mood: np.ndarray, truncation: float) -> np.ndarray:
        calls.append(truncation)
        raise ModelError("mine: is damaged")

    layer = model.ModelLayer(None, "mine")
    flat = Flat()
    monkeypatch.setattr(Flat, "__call__", lambda self, *given: fails(*given))
    layer._generator = flat  # type: ignore[assignment]
    for _ in range(3):
        layer._paint((0.0, 0.5, 0.5, 1.0, 0.0))
    assert layer.trouble == "model:mine: mine: is damaged" and len(calls) == 1
