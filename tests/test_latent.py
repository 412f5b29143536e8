from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from artgen_osc.config.tables import VisualsConfig
from visuals.control.controls import Control
from visuals.generators.sphere import direction, slerp
from visuals.modulation.beat_clock import BeatClock
from visuals.painting.latent import Latent, LatentPath

DIM = 64
SETTINGS = VisualsConfig(seed=3, speed=4.0, smoothing=0.8)
CONTROL = Control(SETTINGS, valence=0.9, energy=0.2, age=0.0)


def walk(rate: int, seconds: float, control: Control = CONTROL, path: LatentPath | None = None) -> list[Latent]:
    path = path or LatentPath(DIM, control.settings, BeatClock())
    return [path.step(control, 1.0 / rate) for _ in range(round(rate * seconds))]


def angle(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.arccos(np.clip(a @ b / np.linalg.norm(a) / np.linalg.norm(b), -1.0, 1.0)))


def speeds(latents: list[Latent], rate: int) -> np.ndarray:
    return np.array([angle(a.z, b.z) * rate for a, b in pairwise(latents)])


def test_the_same_at_30_and_144_fps() -> None:
    slow, fast = walk(30, 12.0)[-1], walk(144, 12.0)[-1]
    np.testing.assert_allclose(slow.mood, fast.mood, atol=1e-6)
    assert angle(slow.z, fast.z) < 0.01, "over more than four pictures"


def test_repeats_itself() -> None:
    np.testing.assert_array_equal(walk(60, 3.0)[-1].z, walk(60, 3.0)[-1].z)


def test_stays_on_the_sphere() -> None:
    for latent in walk(30, 10.0):
        assert latent.z.dtype == np.float32
        assert latent.z.shape == (DIM,)
        assert np.linalg.norm(latent.z) == pytest.approx(np.sqrt(DIM), rel=1e-5)


def test_speed_is_in_pictures_per_ten_seconds() -> None:
    control = replace(CONTROL, energy=0.5, settings=replace(SETTINGS, speed=1.0))
    path = LatentPath(DIM, control.settings, BeatClock())
    walk(60, 9.9, control, path)
    assert path.seed == 3
    walk(60, 0.2, control, path)
    assert path.seed == 4


def test_energy_travels_faster() -> None:
    def travelled(energy: float) -> float:
        return float(np.sum(speeds(walk(60, 10.0, replace(CONTROL, energy=energy)), 60)))

    assert travelled(0.1) < travelled(0.5) < travelled(0.9) < 2.0 * travelled(0.1)


def test_steady_without_corners() -> None:
    latents = walk(60, 30.0)
    speed = speeds(latents, 60)
    assert speed.min() > 0.0
    assert speed[60:].max() < 2.5 * np.median(speed)
    # Successive steps point the same way, also where one great circle goes over into the next.
    steps = np.diff(np.array([latent.z for latent in latents], dtype=np.float64), axis=0)
    assert max(angle(a, b) for a, b in pairwise(steps)) < 0.1


def test_a_seed_is_reached_exactly_and_without_a_jump() -> None:
    still = replace(CONTROL, settings=replace(SETTINGS, speed=0.0))
    path = LatentPath(DIM, still.settings, BeatClock())
    walk(60, 1.0, still, path)
    cue = replace(still, cues=1, settings=replace(still.settings, seed=99))
    latents = walk(60, 20.0, cue, path)
    assert angle(latents[-1].z, direction(99, DIM)) < 1e-3
    assert angle(latents[0].z, direction(3, DIM)) < 0.001
    assert speeds(latents, 60).max() < 1.0
    assert np.abs(np.diff(speeds(latents, 60))).max() < 0.1, "rad/s in a sixtieth of a second"


def test_next_goes_to_the_following_pictures() -> None:
    path = LatentPath(DIM, SETTINGS, BeatClock())
    still = replace(CONTROL, settings=replace(SETTINGS, speed=0.0))
    path.step(replace(still, nexts=1), 0.01)
    assert path.seed == 4
    path.step(replace(still, nexts=3), 0.01)
    assert path.seed == 6


def test_a_flood_of_seeds_still_glides() -> None:
    path = LatentPath(DIM, SETTINGS, BeatClock())
    latents = [
        path.step(replace(CONTROL, cues=step, settings=replace(SETTINGS, seed=step)), 1 / 60) for step in range(300)
    ]
    assert speeds(latents, 60).max() < 2.0


def test_no_time_no_movement() -> None:
    path = LatentPath(DIM, SETTINGS, BeatClock())
    before = walk(60, 2.0, CONTROL, path)[-1]
    moved = replace(CONTROL, cues=1, onsets=5, valence=0.1, settings=replace(SETTINGS, seed=50, truncation=0.1))
    after = path.step(moved, 0.0)
    np.testing.assert_allclose(before.z, after.z, atol=1e-5)
    np.testing.assert_array_equal(before.mood, after.mood)
    assert before.truncation == after.truncation


def test_a_stale_mood_glides_to_neutral() -> None:
    path = LatentPath(DIM, replace(SETTINGS, smoothing=0.0), BeatClock())
    quick = replace(CONTROL, settings=replace(SETTINGS, smoothing=0.0))
    assert walk(60, 1.0, quick, path)[-1].mood[0] == pytest.approx(0.9, abs=1e-3)
    gone = replace(quick, valence=0.5, energy=0.5, age=3.0)
    moods = [float(latent.mood[0]) for latent in walk(60, 30.0, gone, path)]
    assert moods[60] > 0.8, "not at once"
    assert moods[-1] == pytest.approx(0.5, abs=1e-3)


def test_onsets_push_and_can_be_switched_off() -> None:
    def after(onsets: int, effect: float) -> np.ndarray:
        path = LatentPath(DIM, SETTINGS, BeatClock())
        settings = replace(SETTINGS, onset_effect=effect)
        return walk(60, 0.5, replace(CONTROL, onsets=onsets, settings=settings), path)[-1].z

    np.testing.assert_array_equal(after(0, 0.5), after(1, 0.0))
    assert 0.001 < angle(after(0, 1.0), after(1, 1.0)) < 0.2


def test_another_model_may_take_another_z() -> None:
    path = LatentPath(DIM, SETTINGS, BeatClock())
    walk(60, 4.0, CONTROL, path)
    seed = path.seed
    path.resize(128)
    assert path.step(CONTROL, 1 / 60).z.shape == (128,)
    assert path.seed == seed


def test_slerp() -> None:
    a, b = direction(1, 8), direction(2, 8)
    np.testing.assert_allclose(slerp(a, b, 0.0), a, atol=1e-12)
    np.testing.assert_allclose(slerp(a, b, 1.0), b, atol=1e-12)
    assert angle(slerp(a, b, 0.25), a) == pytest.approx(0.25 * angle(a, b))
    np.testing.assert_array_equal(slerp(a, a, 0.5), a)
    assert np.all(np.isfinite(slerp(a, -a, 0.5)))


def test_beats_step_the_picture_by_a_glide() -> None:
    path = LatentPath(DIM, SETTINGS, BeatClock())
    every = replace(CONTROL, settings=replace(SETTINGS, beat_next=4, speed=0.0))
    latents = [path.step(replace(every, beats=step // 30), 1 / 60) for step in range(300)]
    assert path.seed == 3 + 2
    assert speeds(latents, 60).max() < 1.5
    assert latents[-1].cuts == 0
    assert LatentPath(DIM, SETTINGS, BeatClock()).step(replace(CONTROL, beats=9), 1 / 60).cuts == 0, "off by default"


def test_beats_cut_to_the_next_picture() -> None:
    path = LatentPath(DIM, SETTINGS, BeatClock())
    cutting = replace(CONTROL, settings=replace(SETTINGS, beat_next=2, beat_cut=True, speed=0.0))
    before = path.step(replace(cutting, beats=1), 1 / 60)
    after = path.step(replace(cutting, beats=2), 1 / 60)
    assert (before.cuts, after.cuts) == (0, 1)
    assert angle(after.z, direction(4, DIM)) < 0.05 < angle(before.z, after.z)
    assert path.step(replace(cutting, beats=6), 0.0).cuts == 1, "nothing moves while frozen"


def test_the_bar_drives_the_speed() -> None:
    def travelled(bar_phase: float, surge: float) -> float:
        path = LatentPath(DIM, SETTINGS, BeatClock())
        control = replace(
            CONTROL, bar_phase=bar_phase, tempo_confidence=1.0, settings=replace(SETTINGS, beat_surge=surge)
        )
        latents = walk(60, 4.0, control, path)
        return float(angle(latents[0].z, latents[-1].z))

    assert travelled(0.0, 1.0) > 1.3 * travelled(0.5, 1.0)
    assert travelled(0.0, 0.0) == travelled(0.5, 0.0)
