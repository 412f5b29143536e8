from dataclasses import replace

import numpy as np
import pytest

from artgen_osc.config.tables import VisualsConfig
from visuals.control.controls import Control
from visuals.modulation.motion import LINE, Motion, Pace, Playhead


def test_pace_comes_to_a_full_halt_and_back() -> None:
    pace = Pace(ramp=0.3)
    steps = [pace.step(True, 1 / 60) for _ in range(60)]
    assert np.all(np.diff(steps) <= 0.0)
    assert steps[-1] == 0.0
    assert [pace.step(False, 1 / 60) for _ in range(60)][-1] == pytest.approx(1 / 60)


def walked(spread: float, apart: float = 0.1) -> tuple[np.ndarray, float]:
    """Moments on screen, of a walk whose pictures take `apart` s or, by chance, `spread` times more or less.

    Each picture is of the moment when the one before was done. Also how many take their place in the line.
    """
    rng = np.random.default_rng(0)
    playhead, line, begun, due, moments, followed = Playhead(), [0.0], 0.0, apart, [], []
    for frame in range(2400):
        time = frame / 60.0
        if time >= due:
            shown = between(line, playhead.mix(time))
            followed.append(playhead.arrive(time, begun))
            line = [*(line[1 - LINE :] if followed[-1] else [shown]), begun]
            begun, due = time, time + apart * (1.0 + spread * rng.uniform(-1.0, 1.0))
        moments.append(between(line, playhead.mix(time)))
    return np.array(moments[300:]) - np.arange(300, 2400) / 60.0, float(np.mean(followed))


def between(line: list[float], place: float) -> float:
    return float(np.interp(place, np.arange(2 - len(line), 2), line))


@pytest.mark.parametrize(("apart", "spread"), [(0.1, 0.0), (0.1, 0.5), (0.25, 0.9), (0.04, 0.9)])
def test_the_playhead_never_jumps_whenever_pictures_arrive(apart: float, spread: float) -> None:
    behind, followed = walked(spread, apart)
    steps = np.diff(behind) + 1 / 60
    assert steps.min() > -1e-9, "never back"
    assert steps.max() < 4 / 60
    assert -5.0 * apart < behind.min() and behind.max() < -apart
    assert followed > 0.9


def test_the_playhead_goes_evenly_where_pictures_do_not_come_evenly() -> None:
    even, uneven = (np.diff(walked(spread)[0]).std() * 60.0 for spread in (0.0, 0.3))
    assert even < 0.02
    assert uneven < 0.06, "of the pace of the walk; pictures are 17 % of theirs apart"


def test_the_playhead_takes_its_time_for_another_model() -> None:
    playhead = Playhead()
    for step in range(10):
        playhead.arrive(step * 0.05)
    assert not playhead.arrive(0.5, change=1.5)
    assert playhead.mix(0.5 + 0.75) == pytest.approx(0.5)
    assert not playhead.arrive(0.55), "straight from what is on screen"
    assert playhead.mix(0.6) < 0.1


def test_what_does_not_follow_starts_from_the_screen() -> None:
    playhead = Playhead()
    for step in range(10):
        assert playhead.arrive(step * 0.1) == (step > 0)
    assert not playhead.arrive(1.0, follows=False)
    assert playhead.mix(1.0) == 0.0
    assert playhead.mix(2.0) == 1.0


def test_first_picture_is_shown_at_once() -> None:
    playhead = Playhead()
    assert playhead.mix(0.0) == 1.0


def look_after(onsets: int, effect: float, rate: int = 60) -> tuple[float, tuple[float, float]]:
    control = Control(VisualsConfig(onset_effect=effect))
    motion = Motion(control)
    heard = replace(control, onsets=onsets)
    for _ in range(rate // 5):
        look = motion.step(heard, 1.0 / rate, 1.0 / rate)
    return look.zoom, look.drift


def test_onsets_zoom_and_drift_by_the_effect() -> None:
    assert look_after(1, 0.0) == look_after(0, 0.5)
    assert look_after(1, 1.0)[0] > look_after(1, 0.5)[0] > look_after(0, 0.5)[0] + 0.01
    assert look_after(1, 1.0)[1] != look_after(0, 1.0)[1]


def test_the_camera_is_the_same_at_every_frame_rate() -> None:
    slow, fast = look_after(3, 0.8, rate=30), look_after(3, 0.8, rate=145)
    assert slow[0] == pytest.approx(fast[0], abs=1e-6)
    assert slow[1] == pytest.approx(fast[1], abs=1e-6)


def test_blackout_ends_in_black_and_comes_back_while_frozen() -> None:
    control = Control(VisualsConfig())
    motion = Motion(control)
    for _ in range(300):
        look = motion.step(control, 1 / 60, 1 / 60)
    assert look.brightness == 1.0
    dark = Control(VisualsConfig(blackout=True))
    levels = [motion.step(dark, 0.0, 1 / 60).brightness for _ in range(300)]
    assert np.all(np.diff(levels) <= 0.0)
    assert levels[0] > 0.9
    assert levels[-1] == 0.0


def test_onsets_heard_while_frozen_do_not_burst_out_later() -> None:
    control = Control(VisualsConfig())
    motion = Motion(control)
    motion.step(control, 1 / 60, 1 / 60)
    zoom = motion.step(control, 0.0, 1 / 60).zoom
    motion.step(replace(control, onsets=500), 0.0, 1 / 60)
    for _ in range(5):
        look = motion.step(replace(control, onsets=500), 1 / 60, 1 / 60)
    assert look.zoom == pytest.approx(zoom, abs=1e-3)


def test_a_beat_breathes_and_can_be_switched_off() -> None:
    def zooms(pulse: float) -> np.ndarray:
        control = Control(VisualsConfig(beat_pulse=pulse))
        motion = Motion(control)
        return np.array([motion.step(replace(control, beats=1), 1 / 60, 1 / 60).zoom for _ in range(60)])

    breath = zooms(1.0) - zooms(0.0)
    assert 0.01 < breath.max() < 0.05
    assert breath.argmax() < 12 and breath[-1] < 0.1 * breath.max()
    assert np.abs(np.diff(breath)).max() < 0.01, "no jump"


def test_a_cut_is_shown_at_once() -> None:
    playhead = Playhead()
    for step in range(10):
        playhead.arrive(step * 0.2)
    assert playhead.mix(1.81) < 0.6
    assert not playhead.arrive(2.0, cut=True)
    assert playhead.mix(2.0) == 1.0
    assert playhead.arrive(2.2)
    assert playhead.mix(2.21) < 0.6
