"""The meter of flashes counts what the rule for photosensitive people counts."""

import numpy as np
import pytest

from visuals.testing.flashes import COLUMNS, ROWS, flashes, light_of, most_flashes

RATE = 24


def square(low: float, high: float, frames: int = 6) -> np.ndarray:
    """Two seconds of a light that changes every so many frames."""
    return np.where(np.arange(2 * RATE) // frames % 2, high, low)


def worst(light: np.ndarray, share: float = 1.0) -> int:
    """The same light in a share of the picture, and the rest still."""
    lit = np.arange(ROWS * COLUMNS) < round(share * ROWS * COLUMNS)
    return most_flashes([np.where(lit, now, 0.5) for now in light], RATE)


def test_luminance_is_relative_and_of_each_part() -> None:
    frame = np.zeros((ROWS * 9, COLUMNS * 16, 3), np.uint8)
    frame[:9, :16] = (255, 0, 0)
    frame[-9:, -16:] = 128
    light = light_of(frame)
    assert light[0] == pytest.approx(0.2126)
    assert light[-1] == pytest.approx(0.2159, abs=1e-4)
    assert not light[1:-1].any()


def test_a_flash_is_up_and_down_again_by_a_tenth() -> None:
    assert len(flashes(square(0.2, 0.31))) == 3
    assert flashes(square(0.2, 0.29)) == []
    assert flashes(np.linspace(0.0, 1.0, 48)) == [], "one way only"
    slow_and_deep = 0.5 - 0.5 * np.cos(np.arange(96) / 96 * 4 * np.pi)
    assert len(flashes(slow_and_deep)) == 2


def test_what_is_light_in_its_darker_state_does_not_flash() -> None:
    assert flashes(square(0.81, 1.0)) == []
    assert flashes(square(0.79, 1.0)) != []


def test_it_has_to_be_a_quarter_of_the_picture() -> None:
    assert worst(square(0.0, 1.0, 3), 0.25) == 4
    assert worst(square(0.0, 1.0, 3), 0.2) == 0


def test_the_worst_second_counts() -> None:
    calm = np.full(5 * RATE, 0.2)
    assert worst(np.concatenate([calm, square(0.2, 0.8, 2), calm])) == 6
    assert worst(calm) == 0
