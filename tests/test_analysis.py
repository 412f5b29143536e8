"""Sound to features: the stream, known signals, bad input."""

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from artgen_osc.analysis.analyzer import Analyzer
from artgen_osc.analysis.hop import HOP_TIME, N_FFT
from artgen_osc.audio.sources import AudioBlock
from artgen_osc.schema.values import HARMONY, OUTPUTS, Features, Mood
from tests import signals

SPLITS = [1, 64, 511, 512, 513, 8193]
GOLDEN = Path(__file__).parent / "golden" / "analysis.npz"
START = N_FFT // 256
"""Hops until the window is full of the signal."""

SIGNALS = {
    "tone": lambda: signals.tone(440.0, 2.0),
    "clicks": lambda: signals.clicks(3.0),
    "pink": lambda: signals.pink_noise(3.0),
    "silence": lambda: signals.silence(1.0),
    "nan": lambda: np.where(np.arange(22050) % 100 == 7, np.nan, signals.tone(440.0, 1.0)).astype(np.float32),
    "dc": lambda: np.full(22050, 0.3, np.float32),
    "clipped": lambda: np.clip(signals.tone(100.0, 1.0, 20.0), -1.0, 1.0),
    "music": lambda: signals.music(3.0),
}


def table(features: list[Features]) -> np.ndarray:
    """``(hops, values)``."""
    rows = [
        (f.level_db, f.level, f.low, f.mid, f.high, *f.bands, f.centroid_hz, f.flux, f.onset, f.onset_count)
        for f in features
    ]
    return np.array(rows, dtype=np.float64)


@pytest.mark.parametrize("rate", [22050, 44100, 48000])
def test_whole_equals_any_split_equals_after_reset(rate):
    sound = signals.music(0.6, rate)
    analyzer = Analyzer(rate)
    whole = analyzer.push(sound)
    assert len(whole) == pytest.approx(0.6 / HOP_TIME, abs=1.5)
    for split in SPLITS:
        analyzer.reset()
        parts = [f for first in range(0, len(sound), split) for f in analyzer.push(sound[first : first + split])]
        assert parts == whole


def test_blocks_set_the_clock_and_gaps_move_it():
    sound = signals.music(1.0, 44100)
    analyzer = Analyzer(44100)
    first = analyzer.push(AudioBlock(sound[:22050], 7.0))
    assert [f.time for f in first] == pytest.approx([7.0 + HOP_TIME * (n + 1) for n in range(len(first))])
    assert analyzer.push(AudioBlock(np.zeros((0, 2), np.float32), 7.5)) == []
    later = analyzer.push(AudioBlock(sound[22050:], 9.5, 88200))
    assert later[0].time - first[-1].time == pytest.approx(2.0 + HOP_TIME)


def test_no_value_looks_ahead():
    sound = signals.music(1.0)
    changed = sound.copy()
    changed[11000:] = 0.9
    whole, other = Analyzer(22050).push(sound), Analyzer(22050).push(changed)
    same = [f for f in whole if f.time <= 11000 / 22050]
    assert other[: len(same)] == same and other != whole


@pytest.mark.parametrize("name", SIGNALS)
def test_golden(name, regenerate_golden):
    values = table(Analyzer(22050).push(SIGNALS[name]()))
    if regenerate_golden:
        kept = dict(np.load(GOLDEN)) if GOLDEN.exists() else {}
        kept[name] = values.astype(np.float32)
        np.savez_compressed(GOLDEN, **{key: kept[key] for key in SIGNALS if key in kept})
    expected = np.load(GOLDEN)[name]
    scale = np.ones(values.shape[1])
    scale[[0, -4]] = 100.0, 10000.0
    np.testing.assert_allclose(values / scale, expected / scale, atol=2e-4)


@pytest.mark.parametrize("rate", [22050, 44100, 96000])
def test_every_click_is_one_onset_within_two_hops(rate):
    features = Analyzer(rate).push(signals.clicks(4.0, rate))
    onsets = [f.time for f in features if f.onset]
    delays = np.array(onsets) - signals.click_times(4.0)
    assert (delays > 0).all() and (delays < 2 * HOP_TIME).all()
    assert features[-1].onset_count == len(onsets)


@pytest.mark.parametrize("name", ["silence", "dc"])
@pytest.mark.parametrize("rate", [22050, 48000])
def test_nothing_to_hear(name, rate):
    sound = np.full(rate, 0.3 if name == "dc" else 0.0, np.float32)
    features = Analyzer(rate).push(sound)
    values = table(features)
    assert (values[:, 0] == -120.0).all() and (values[:, 1:] == 0.0).all()
    assert not any(f.beat or f.pitch_hz or f.pitch_confidence or any(f.chroma) or f.key for f in features)
    assert features[-1].tempo_confidence < 0.05


@pytest.mark.parametrize("frequency", [31.0, 55.0, 147.0, 440.0, 1234.5, 8000.0])
def test_steady_tone_has_no_onset_but_its_start(frequency):
    features = Analyzer(44100).push(signals.tone(frequency, 3.0, rate=44100))
    assert not any(f.onset for f in features[START + 2 :])
    assert features[-1].onset_count <= 1
    assert max(f.flux for f in features[START + 2 :]) < 0.05


def test_noise_has_few_onsets():
    for sound in (signals.pink_noise(10.0), np.random.default_rng(0).standard_normal(220500) * 0.1):
        assert Analyzer(22050).push(sound)[-1].onset_count <= 5


def test_level_and_centroid_of_a_tone():
    features = Analyzer(44100).push(signals.tone(1000.0, 2.0, 0.5, 44100))[START:]
    for f in features:
        assert f.level_db == pytest.approx(20.0 * math.log10(0.5) - 3.01, abs=0.2)
        assert f.centroid_hz == pytest.approx(1000.0, abs=100.0)
    assert features[-1].level > 0.9 and features[-1].mid > 0.9
    assert features[-1].low < 0.1 and features[-1].high < 0.1


@pytest.mark.parametrize(("frequency", "name"), [(80.0, "low"), (700.0, "mid"), (5000.0, "high")])
def test_bands_tell_pitches_apart(frequency, name):
    last = Analyzer(22050).push(signals.tone(frequency, 1.0))[-1]
    assert max(("low", "mid", "high"), key=lambda each: getattr(last, each)) == name
    loudest = int(np.argmax(last.bands))
    assert 0 < loudest < 15 or frequency in (80.0,)


def test_automatic_gain_takes_seconds_and_works_both_ways():
    loud, quiet = signals.pink_noise(6.0), signals.pink_noise(12.0, seed=1) * 0.03
    values = table(Analyzer(22050).push(np.concatenate((loud, quiet))))
    level = values[:, 1]
    second = round(1.0 / HOP_TIME)
    assert level[2 * second : 6 * second].mean() > 0.85
    assert level[int(6.5 * second) : 7 * second].mean() < 0.2
    assert level[17 * second :].mean() > 0.4


def test_gain_changes_the_level_and_little_else():
    sound = signals.music(3.0)
    plain, louder = (Analyzer(22050, gain_db).push(sound) for gain_db in (0.0, 12.0))
    assert louder[-1].level_db == pytest.approx(plain[-1].level_db + 12.0, abs=0.01)
    assert louder[-1].centroid_hz == pytest.approx(plain[-1].centroid_hz, rel=0.01)
    assert abs(louder[-1].onset_count - plain[-1].onset_count) <= 1


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([0.0, 1.0, -1.0, 1e-30, 3e38, math.nan, math.inf, -math.inf, 0.3]), st.integers(0, 3000)
        ),
        max_size=8,
    ),
    st.sampled_from([22050, 44100, 48000]),
    st.floats(-60.0, 60.0),
    st.integers(1, 2),
)
def test_whatever_comes_every_value_is_in_its_range(runs, rate, gain_db, channels):
    analyzer = Analyzer(rate, gain_db)
    mood = Mood(0.0, 0.5, 0.5, 0.5, 0.5, 0.0)
    for value, length in runs:
        for features in analyzer.push(np.full((length, channels), value, np.float32)):
            for output in (*OUTPUTS, *HARMONY):
                output.address.check((output.read(features, mood),))
            values = (value for value in dataclasses.astuple(features) if isinstance(value, float))
            assert all(map(math.isfinite, (*values, *features.chroma, *features.bands)))
            assert -120.0 <= features.level_db <= 0.0
            assert dataclasses.is_dataclass(features) and len(features.bands) == 16
