"""Channels down to two and to one: nothing cancels, nothing clips, nothing clicks."""

import numpy as np
import pytest

from artgen_osc.analysis.analyzer import Analyzer
from artgen_osc.dsp.core import to_mono
from artgen_osc.dsp.downmix import MonoMix, Stereo
from artgen_osc.mood.estimator import MoodEstimator
from tests import signals
from tests.test_dsp import SPLITS

RATE = 44100
MUSIC = signals.music(3.0, RATE)
LEFT = MUSIC[:, 0]


def mixed(sound: np.ndarray, split: int = 512) -> np.ndarray:
    mix = MonoMix(RATE)
    return np.concatenate([mix.push(sound[first : first + split]) for first in range(0, len(sound), split)])


def pair(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.stack((left, right), axis=1).astype(np.float32)


def noise(seed: int, level: float = 0.2) -> np.ndarray:
    return (level * np.random.default_rng(seed).standard_normal(len(LEFT))).astype(np.float32)


@pytest.mark.parametrize(
    "sound",
    [
        MUSIC,
        pair(LEFT, LEFT),
        pair(LEFT, 0 * LEFT),
        pair(noise(1), noise(2)),
        pair(LEFT, np.roll(LEFT, 441)),
        pair(LEFT, -0.3 * LEFT),
        pair(0 * LEFT, 0 * LEFT),
    ],
    ids=["stereo", "mono in stereo", "one side", "unlike", "delayed", "partly opposed", "silence"],
)
def test_stereo_is_its_mean(sound: np.ndarray) -> None:
    np.testing.assert_array_equal(mixed(sound), to_mono(sound))


@pytest.mark.parametrize("right", [-LEFT, -0.7 * LEFT, -LEFT + noise(1, 0.001)], ids=["exactly", "softer", "noisy"])
def test_what_cancels_is_heard(right: np.ndarray) -> None:
    sound = pair(LEFT, right)
    late = mixed(sound)[RATE // 5 :]
    np.testing.assert_allclose(late, ((sound[:, 0] - sound[:, 1]) / 2)[RATE // 5 :], atol=1e-6)


def test_it_changes_over_within_a_second_without_a_click_and_once() -> None:
    tone = signals.tone(100.0, 9.0, 0.5, RATE)
    sign = np.repeat([1.0, -1.0, 1.0], 3 * RATE)
    result = mixed(pair(tone, tone * sign))
    assert np.abs(np.diff(result)).max() < 1.3 * np.abs(np.diff(tone)).max() + 1e-6
    level = np.sqrt(np.square(result).reshape(-1, RATE // 10).mean(axis=1)) / 0.3535
    assert (level[[28, 42, 58, 72, 88]] > 0.99).all()
    assert np.count_nonzero(np.abs(np.diff(level > 0.5))) <= 4


def test_a_lone_passage_of_the_sides_does_not_flap() -> None:
    """Wide music, whose sides are now and then louder than its middle, keeps its mean."""
    wide = pair(noise(1), 0.5 * noise(1) - noise(2))
    np.testing.assert_array_equal(mixed(wide), to_mono(wide))


@pytest.mark.slow
@pytest.mark.parametrize("split", SPLITS)
def test_it_is_the_same_for_every_split_and_again_after_reset(split: int) -> None:
    sound = np.concatenate((MUSIC[:RATE], pair(LEFT, -LEFT)[:RATE], MUSIC[:RATE]))
    whole = MonoMix(RATE)
    expected = whole.push(sound, 3.0)
    mix = MonoMix(RATE)
    mix.push(sound[:12345])
    mix.reset()
    parts = [mix.push(sound[first : first + split], 3.0) for first in range(0, len(sound), split)]
    np.testing.assert_array_equal(np.concatenate(parts), expected)


def test_the_analysis_and_the_mood_hear_what_cancels() -> None:
    song = signals.song(4.0, RATE)
    features = [Analyzer(RATE).push(sound) for sound in (pair(song, -song), pair(song, song))]
    assert features[0][-1].level_db == pytest.approx(features[1][-1].level_db, abs=0.5)
    moods = []
    for sound in (pair(song, -song), pair(song, song)):
        estimator = MoodEstimator(RATE)
        estimator.push(sound)
        moods.append(estimator.mood(4.0))
    assert moods[0].confidence > 0.1
    assert moods[0].raw_energy == pytest.approx(moods[1].raw_energy, abs=0.05)


def test_numbers_that_are_none_leave_the_other_channel_alone() -> None:
    good = MUSIC.copy()
    good[::3, 0] = 0.0
    bad = MUSIC.copy()
    bad[::3, 0] = np.nan
    np.testing.assert_array_equal(mixed(bad), mixed(good))
    moods = []
    for sound in (bad, good):
        estimator = MoodEstimator(RATE)
        estimator.push(sound)
        moods.append(estimator.mood(3.0))
    assert moods[0] == moods[1] and moods[0].confidence > 0.0


# To stereo


def test_one_and_two_channels_stay() -> None:
    for channels in (1, 2):
        np.testing.assert_array_equal(Stereo(channels).push(MUSIC[:, :channels]), MUSIC[:, :channels])


def test_surround_goes_to_its_sides() -> None:
    for at, side in enumerate(("left", "right", "both", "both", "left", "right")):
        sound = np.zeros((1000, 6), np.float32)
        sound[:, at] = 0.5
        left, right = Stereo(6).push(sound)[-1]
        assert (left > 0.2) == (side != "right") and (right > 0.2) == (side != "left")


def test_names_win_over_the_usual_order() -> None:
    sound = np.zeros((1000, 3), np.float32)
    sound[:, 0] = 0.5
    assert Stereo(3, ("FR", "FL", "FC")).push(sound)[-1].tolist() == [0.0, 0.5]


def test_a_track_of_a_desk_keeps_its_level_until_others_come() -> None:
    sound = np.zeros((4096, 32), np.float32)
    sound[:, 7] = 0.8
    stereo = Stereo(32)
    assert stereo.push(sound) == pytest.approx(np.full((4096, 2), 0.8))
    sound[:, :] = 0.8
    second = stereo.push(sound)
    assert np.abs(second).max() <= 1.0
    assert stereo.push(sound) == pytest.approx(np.full((4096, 2), 0.8))
    sound[:, 8:] = 0.0
    assert stereo.push(sound) == pytest.approx(np.full((4096, 2), 0.2))  # what has gone silent is still there


def test_a_pair_among_the_tracks_of_a_desk_may_cancel_itself() -> None:
    music = signals.music(1.0)[:, 0]
    desk = np.zeros((len(music), 32), np.float32)
    desk[:, 4], desk[:, 9] = music, -music
    stereo = Stereo(32)
    mixed = np.concatenate([stereo.push(desk[first : first + 512]) for first in range(0, len(desk), 512)])
    np.testing.assert_allclose(mixed[:, 0] - mixed[:, 1], 2.0 * music, atol=1e-6)


def test_where_another_track_begins_nothing_clicks() -> None:
    tone = signals.tone(200.0, 1.0, level=0.9)
    desk = np.zeros((len(tone), 12), np.float32)
    for number in range(12):
        desk[number * 1000 :, number] = tone[: len(tone) - number * 1000]
    stereo = Stereo(12)
    mixed = np.concatenate([stereo.push(desk[first : first + 500]) for first in range(0, len(desk), 500)]).mean(axis=1)
    assert np.abs(mixed).max() <= 1.0
    assert np.abs(np.diff(mixed)).max() < 0.1
