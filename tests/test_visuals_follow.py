import numpy as np
import pytest

from visuals.modulation.follow import Envelope, Follower


def follow(rate: int, seconds: float) -> tuple[float, float]:
    follower = Follower([0.0])
    for _ in range(round(rate * seconds)):
        follower.step([1.0], 0.8, 1.0 / rate)
    return float(follower.value[0]), float(follower.velocity[0])


@pytest.mark.parametrize("rate", [30, 50, 144, 1000])
def test_follower_is_the_same_at_every_frame_rate(rate: int) -> None:
    assert follow(rate, 1.0) == pytest.approx(follow(1, 1.0), abs=1e-12)


def test_follower_arrives_without_overshoot() -> None:
    follower = Follower([0.0])
    values = [float(follower.step([1.0], 0.5, 0.01)[0]) for _ in range(500)]
    assert np.all(np.diff(values) > -1e-12)
    assert values[-1] == pytest.approx(1.0, abs=1e-6)
    assert max(values) <= 1.0


def test_follower_lags_by_its_time_behind_a_moving_target() -> None:
    follower = Follower([0.0])
    for step in range(1, 20001):
        follower.step([step * 0.001], 0.5, 0.001)
    assert 20.0 - float(follower.value[0]) == pytest.approx(0.5, abs=0.002)


def test_follower_rests_in_a_step_of_no_time() -> None:
    follower = Follower([0.2])
    follower.velocity = np.array([1.0])
    follower.step([1.0], 0.5, 0.0)
    assert follower.value[0] == 0.2
    assert follower.velocity[0] == 1.0


@pytest.mark.parametrize("rate", [30, 144])
def test_envelope_is_the_same_at_every_frame_rate(rate: int) -> None:
    def run(steps: int) -> float:
        envelope = Envelope(1)
        envelope.kick([1.0])
        for _ in range(steps):
            envelope.step(0.5 / steps)
        return float(envelope.value[0])

    assert run(rate) == pytest.approx(run(1), rel=1e-9)


def test_envelope_rises_smoothly_and_decays() -> None:
    envelope = Envelope(1, attack=0.08, release=0.9)
    envelope.kick([1.0])
    values = np.array([0.0] + [float(envelope.step(0.001)[0]) for _ in range(5000)])
    peak = int(np.argmax(values))
    assert 40 <= peak <= 200, f"peaks after {peak} ms"
    assert 0.8 < values[peak] < 1.1
    assert abs(values[1] - values[0]) < 0.002, "starts without a jump of the velocity"
    assert values[-1] < 0.01


def test_envelope_saturates() -> None:
    envelope = Envelope(2)
    for _ in range(200):
        envelope.kick([1.0, -1.0], most=2.0)
        envelope.step(0.02)
    assert np.max(np.abs(envelope.value)) <= 2.2
