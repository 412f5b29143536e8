"""The demo: sound enough, the same every time, and four moods that differ."""

import numpy as np
import pytest

from artgen_osc.analysis.analyzer import Analyzer
from artgen_osc.analysis.hop import HOP_TIME
from artgen_osc.audio import demo, synth
from artgen_osc.dsp.core import power_to_db


@pytest.fixture(scope="module")
def sound():
    return demo.compose()


@pytest.fixture(scope="module")
def sections(sound):
    """Features of each section, without its first second."""
    features = Analyzer(demo.RATE).push(sound)
    return [[f for f in features if start + 1.0 < f.time <= end] for start, end, _, _ in demo.SECTIONS]


def mean(features, name):
    return float(np.mean([getattr(f, name) for f in features]))


def test_is_a_minute_of_stereo_below_full_scale(sound):
    assert sound.shape == (60 * demo.RATE, 2) and sound.dtype == np.float32
    assert 0.5 < np.abs(sound).max() < 0.9
    assert np.abs(sound.mean(axis=0)).max() < 1e-3
    assert not np.array_equal(sound[:, 0], sound[:, 1])


def test_is_the_same_every_time_and_belongs_to_the_caller(sound):
    again = demo.compose()
    assert np.array_equal(again, sound)
    again[:] = 0.0
    assert np.array_equal(demo.compose(), sound)


def test_other_rates():
    assert len(demo.compose(22050)) == pytest.approx(60 * 22050, abs=40)


def test_sections_follow_one_another():
    starts, ends, names, moods = zip(*demo.SECTIONS, strict=True)
    assert starts == (0.0, *ends[:-1]) and ends[-1] == 60.0
    assert len(set(names)) == 4
    assert all(0.0 <= value <= 1.0 for mood in moods for value in mood)


def test_wild_sections_are_louder_brighter_and_denser(sections):
    sad, calm, wild, angry = sections
    for loud in (wild, angry):
        for quiet in (sad, calm):
            assert mean(loud, "level_db") > mean(quiet, "level_db") + 5.0
            assert mean(loud, "centroid_hz") > 1.5 * mean(quiet, "centroid_hz")
            assert sum(f.onset for f in loud) > sum(f.onset for f in quiet)
    assert sum(f.onset for f in calm) > 2 * sum(f.onset for f in sad)


def test_beats_of_the_wild_section_are_found(sections):
    onsets = np.array([f.time for f in sections[2] if f.onset])
    beats = 30.0 + np.arange(3, 32) * 60.0 / 128.0
    found = [((onsets > beat) & (onsets < beat + 0.05)).any() for beat in beats]
    assert np.mean(found) > 0.8


def test_no_section_has_a_hole(sections):
    for features in sections:
        level = np.array([f.level_db for f in features[: -round(0.4 / HOP_TIME)]])
        assert level.min() > level.mean() - 25.0


@pytest.mark.parametrize(
    "note",
    [
        lambda: synth.piano(45, 0.5),
        lambda: synth.pluck(60, 0.3),
        lambda: synth.bell(84, 0.5),
        lambda: synth.strings(57, 1.0, 1400.0),
        lambda: synth.supersaw(69, 0.2, 7000.0),
        lambda: synth.bass(33, 0.2, 500.0),
        lambda: synth.power_chord(40, 0.2, True),
        lambda: synth.kick(True),
        lambda: synth.snare(0.1),
        lambda: synth.clap(),
        lambda: synth.cymbal(0.1, 5000.0),
    ],
)
def test_notes_start_and_end_at_zero(note):
    wave = note()
    assert wave.dtype == np.float32 and np.isfinite(wave).all()
    assert np.abs(wave).max() > 0.05
    assert abs(wave[0]) < 1e-3 and abs(wave[-1]) < 1e-3


def test_filter_keeps_its_band():
    kept = synth.filtered(synth.noise(1.0, 0), 1000.0, 2000.0)
    power = np.square(np.abs(np.fft.rfft(kept)))
    decibels = power_to_db(np.array([power[lo:hi].mean() for lo, hi in ((100, 200), (1200, 1700), (12000, 15000))]))
    assert decibels[1] > decibels[0] + 25.0 and decibels[1] > decibels[2] + 25.0


def test_mix_cuts_what_runs_past_its_end():
    mix = synth.Mix(0.5)
    mix.add(synth.kick(False), 0.4, 0.5, pan=-1.0)
    mix.add(synth.kick(False), 0.9, 0.5)
    assert np.abs(mix.dry[:, 0]).max() > 0.1 and np.abs(mix.dry[:, 1]).max() < 1e-6
