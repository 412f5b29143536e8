"""Fundamental frequency, pitch classes and keys of sounds made by code."""

import numpy as np
import pytest

from artgen_osc.analysis.analyzer import Analyzer
from artgen_osc.analysis.hop import HOP_TIME
from artgen_osc.analysis.pitch import KEYS, Harmony, PitchTracker
from artgen_osc.schema.values import NOTES
from tests import signals
from tests.signals import chord, voice

RATE = 22050


@pytest.mark.parametrize("hz", [55.0, 82.4, 220.0, 440.0, 987.8, 1900.0])
def test_steady_pitch_within_ten_cents(hz: float) -> None:
    features = Analyzer(RATE).push(voice(np.full(RATE, hz)))[10:]
    cents = [1200.0 * abs(np.log2(f.pitch_hz / hz)) for f in features]
    assert max(cents) < 10.0
    assert min(f.pitch_confidence for f in features) > 0.8


def test_a_gliding_voice_with_vibrato_is_followed() -> None:
    time = np.arange(4 * RATE) / RATE
    hz = 150.0 * 2.0 ** (time / 2.0 + 0.04 * np.sin(2 * np.pi * 5.5 * time))
    analyzer = Analyzer(RATE)
    features = analyzer.push(voice(hz))[10:]
    meant = hz[[round((f.time - PitchTracker(RATE).delay) * RATE) for f in features]]
    cents = 1200.0 * np.abs(np.log2(np.array([f.pitch_hz for f in features]) / meant))
    assert np.mean(cents < 50.0) > 0.97


def test_noise_and_silence_have_no_pitch_and_the_last_one_is_held() -> None:
    sound = np.concatenate((voice(np.full(RATE, 330.0)), signals.silence(1.0), signals.pink_noise(2.0)))
    features = Analyzer(RATE).push(sound)
    quiet = [f for f in features if 1.2 < f.time < 1.95]
    assert all(f.pitch_confidence == 0.0 for f in quiet)
    assert quiet[-1].pitch_hz == pytest.approx(330.0, rel=0.5)
    assert np.mean([f.pitch_confidence for f in features if f.time > 2.2]) < 0.5
    assert Analyzer(RATE).push(signals.silence(0.5))[-1].pitch_hz == 0.0


@pytest.mark.parametrize("value", [0.0, 0.4, 1e-30])
def test_constant_sound_has_no_pitch(value: float) -> None:
    tracker = PitchTracker(RATE)
    tracker.step(np.full(tracker.length, value, np.float32))
    assert (tracker.hz, tracker.confidence) == (0.0, 0.0)


def test_chroma_of_a_chord() -> None:
    features = Analyzer(RATE).push(chord([57, 61, 64], 2.0))
    chroma = np.array(features[round(1.5 / HOP_TIME)].chroma)
    assert {NOTES[i] for i in np.argsort(chroma)[-3:]} == {"A", "C#", "E"}
    assert chroma.max() <= 1.0 and np.delete(chroma, [9, 1, 4]).max() < 0.4


def cadence(root: int, minor: bool) -> np.ndarray:
    third = 3 if minor else 4
    one, four, five = (
        [root, root + third, root + 7],
        [root + 5, root + 5 + third, root + 12],
        [root + 7, root + 11, root + 14],
    )
    scale = [0, 2, third, 5, 7, 8 if minor else 9, 11]
    tune = [chord([root + 12 + step], 0.3) for step in (*scale, 12, *reversed(scale))]
    chords = [chord(notes, 0.8) for notes in (one, four, five, one, one, four, one, five, one)]
    return np.concatenate([*chords, *tune, *chords])


@pytest.mark.parametrize(
    ("root", "minor", "name"), [(48, False, "C major"), (57, True, "A minor"), (54, True, "F# minor")]
)
def test_key_of_a_cadence(root: int, minor: bool, name: str) -> None:
    features = Analyzer(RATE).push(cadence(root, minor))
    assert features[-1].key == name
    assert features[-1].key_confidence > 0.5
    assert features[0].key == "" and features[0].key_confidence == 0.0
    assert name in KEYS


def test_harmony_forgets() -> None:
    harmony = Harmony(RATE, 0.1)
    harmony.step(chord([60, 64, 67], 1.0)[: harmony.length])
    assert harmony.key
    harmony.reset()
    assert harmony.key == "" and not harmony.chroma.any()
