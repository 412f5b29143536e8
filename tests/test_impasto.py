"""The relief of paint over finished pictures."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from visuals.compositor.effects.impasto import Impasto
from visuals.compositor.gl import Target, texture_of
from visuals.compositor.kind import Moment

SIDE = 192
FINE = Moment(fine=True)
Relief = Callable[..., np.ndarray]


def waves() -> np.ndarray:
    """Soft upright stripes."""
    row = 128.0 + 60.0 * np.sin(np.arange(SIDE) / 8.0)
    return np.broadcast_to(row[None, :, None], (SIDE, SIDE, 3)).astype(np.uint8)


@pytest.fixture
def relief(gl_context: Any) -> Iterator[Relief]:
    """What is added to a finished picture, -255..255, one channel; None where nothing is drawn."""
    effect, target = Impasto(gl_context), Target(gl_context, (SIDE, SIDE))

    def paint(picture: np.ndarray, amount: float = 1.0, moment: Moment = FINE) -> np.ndarray | None:
        source = texture_of(gl_context, picture, False)
        drawn = effect.draw(source, target.target, Impasto.Settings(amount), moment)
        source.release()
        if not drawn:
            return None
        painted = np.frombuffer(target.texture.read(), np.float16).reshape(SIDE, SIDE, 4)[:, :, 1]
        return painted.astype(np.float64) * 255.0 - picture[:, :, 1]

    yield paint
    effect.release()
    target.release()


def test_hairs_lie_along_the_contours(relief: Relief) -> None:
    down, across = (np.abs(each).mean() for each in np.gradient(relief(waves())))
    assert down < 0.4 * across
    down, across = (np.abs(each).mean() for each in np.gradient(relief(np.ascontiguousarray(waves().swapaxes(0, 1)))))
    assert across < 0.4 * down


def test_colours_stay_and_the_relief_grows_with_the_amount(relief: Relief) -> None:
    plain = np.full((SIDE, SIDE, 3), 128, np.uint8)
    full, half = relief(plain), relief(plain, 0.5)
    assert abs(full.mean()) < 2.0 and 3.0 < full.std() < 20.0
    assert half == pytest.approx(full / 2.0, abs=0.5)
    assert np.abs(relief(np.zeros_like(plain))).mean() < 2.5, "black stays dark"


def test_the_same_picture_gets_the_same_hairs(relief: Relief) -> None:
    assert np.array_equal(relief(waves()), relief(waves()))


def test_only_what_is_finished_is_painted_over(relief: Relief) -> None:
    assert relief(waves(), moment=Moment()) is None
    assert relief(waves(), 0.0) is None
