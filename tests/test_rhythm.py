"""Tempo, beats and bars: known patterns, changes, silence, and what a performer does to them."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from artgen_osc.analysis.analyzer import Analyzer
from artgen_osc.analysis.features import RhythmSettings
from artgen_osc.analysis.hop import HOP_TIME
from artgen_osc.analysis.pitch import PitchTracker
from artgen_osc.analysis.rhythm.spectrum import FRAME_TIME, HOP, N_BANDS, SAMPLE_RATE, BeatSpectrum, log_filterbank
from artgen_osc.analysis.rhythm.tracker import Bars, TempoModel
from artgen_osc.audio.demo import RATE, compose
from artgen_osc.daemon.offline import analyze
from artgen_osc.schema.values import Features
from tests import signals
from tests.signals import drums

pytestmark = pytest.mark.slow


def beats_of(features: list[Features]) -> np.ndarray:
    """``(n, 2)``: when each beat is due and when it was announced, s."""
    return np.array([(f.beat_time, f.time) for f in features if f.beat]).reshape(-1, 2)


def f_measure(wanted: np.ndarray, got: np.ndarray, start: float, tolerance: float = 0.07) -> float:
    """Of beats after `start` s."""
    wanted, got = wanted[wanted > start], got[got > start]
    hits = sum(bool((np.abs(got - beat) <= tolerance).any()) for beat in wanted)
    return 2 * hits / max(len(wanted) + len(got), 1)


@pytest.mark.parametrize("bpm", [80.0, 100.0, 128.0, 150.0])
def test_beats_are_announced_before_they_are_due(bpm: float) -> None:
    beats = np.arange(0.3, 25.0, 60.0 / bpm)
    features = Analyzer(SAMPLE_RATE).push(drums(beats, 24.0))
    found = beats_of(features)
    assert f_measure(beats[beats < 24.0], found[:, 0], 5.0) > 0.9
    late = found[:, 1] - found[:, 0]
    assert np.median(late) <= 0.0 and late.max() < 0.06
    assert np.median([f.tempo_bpm for f in features if f.time > 6.0]) == pytest.approx(bpm, rel=0.03)
    assert features[-1].beat_count == len(found)
    assert features[-1].tempo_confidence > 0.5


def test_the_downbeat_is_found() -> None:
    beats = np.arange(0.3, 31.0, 0.5)
    features = Analyzer(SAMPLE_RATE).push(drums(beats, 30.0))
    downbeats = [min(f.bar_phase, 1.0 - f.bar_phase) for f in features if f.time > 15.0 and near(f.time, beats[::4])]
    assert np.mean(np.array(downbeats) < 0.1) > 0.9


def near(time: float, times: np.ndarray) -> bool:
    return bool((np.abs(times - time) < HOP_TIME / 2).any())


def test_the_phase_runs_forwards_and_turns_over_on_the_beat() -> None:
    beats = np.arange(0.3, 21.0, 0.5)
    features = [f for f in Analyzer(SAMPLE_RATE).push(drums(beats, 20.0)) if f.time > 6.0]
    steps = np.diff(np.unwrap([2 * np.pi * f.beat_phase for f in features]))
    assert steps.min() > 0.0
    on_beat = np.array([f.beat_phase for f in features if near(f.time, beats)])
    assert np.minimum(on_beat, 1.0 - on_beat).max() < 0.15


@pytest.mark.parametrize(("before", "after"), [(100.0, 125.0), (128.0, 95.0)])
def test_a_new_tempo_is_found_within_four_seconds(before: float, after: float) -> None:
    first = np.arange(0.3, 15.0, 60.0 / before)
    second = np.arange(first[-1], 30.0, 60.0 / after)
    beats = np.concatenate((first, second[1:]))
    found = beats_of(Analyzer(SAMPLE_RATE).push(drums(beats, 29.0)))[:, 0]
    assert f_measure(beats[(beats > 19.0) & (beats < 29.0)], found, 19.0) > 0.9


def test_confidence_falls_in_silence_and_beats_stop() -> None:
    beats = np.arange(0.3, 15.0, 0.5)
    sound = np.concatenate((drums(beats, 15.0), signals.silence(15.0)))
    features = Analyzer(SAMPLE_RATE).push(sound)
    assert max(f.tempo_confidence for f in features) > 0.7
    assert features[-1].tempo_confidence < 0.1
    assert not any(f.beat for f in features if f.time > 27.0)


@pytest.mark.parametrize("name", ["pink", "tone", "dc"])
def test_without_a_beat_there_is_no_confidence(name: str) -> None:
    sound = {"pink": signals.pink_noise(12.0), "tone": signals.tone(220.0, 12.0), "dc": np.full(12 * 22050, 0.4)}[name]
    features = Analyzer(SAMPLE_RATE).push(sound)
    assert np.mean([f.tempo_confidence for f in features if f.time > 6.0]) < 0.35


def test_gain_changes_no_beat() -> None:
    sound = drums(np.arange(0.3, 12.0, 0.5), 12.0)
    loud, quiet = (beats_of(Analyzer(SAMPLE_RATE).push(sound * np.float32(gain)))[:, 0] for gain in (1.0, 0.03))
    assert len(loud) == pytest.approx(len(quiet), abs=2)
    assert np.mean([np.abs(quiet - beat).min() < 0.03 for beat in loud]) > 0.9


@pytest.mark.parametrize(("octave", "factor"), [(-1, 0.5), (1, 2.0)])
def test_half_and_double_time(octave: int, factor: float) -> None:
    beats = np.arange(0.3, 21.0, 0.5)
    analyzer = Analyzer(SAMPLE_RATE)
    analyzer.extractors.steer({"rhythm": RhythmSettings(octave=octave)})
    features = analyzer.push(drums(beats, 20.0))
    assert np.median([f.tempo_bpm for f in features if f.time > 6.0]) == pytest.approx(120.0 * factor, rel=0.03)
    found = beats_of(features)[:, 0]
    grid = np.arange(0.3, 20.0, 0.5 / factor)
    assert sum(found > 6.0) == pytest.approx(sum(grid > 6.0), abs=2)
    offsets = [np.abs(beats - beat).min() if octave < 0 else np.abs(grid - beat).min() for beat in found[found > 6.0]]
    assert max(offsets) < 0.07


def test_lead_announces_earlier() -> None:
    analyzer = Analyzer(SAMPLE_RATE)
    analyzer.extractors.steer({"rhythm": RhythmSettings(lead=0.12)})
    found = beats_of(analyzer.push(drums(np.arange(0.3, 15.0, 0.5), 15.0)))
    early = (found[:, 0] - found[:, 1])[found[:, 0] > 5.0]
    assert 0.10 < np.median(early) <= 0.12


def test_taps_set_tempo_and_phase_where_nothing_is_to_be_heard() -> None:
    analyzer = Analyzer(SAMPLE_RATE)
    sound = drums(np.arange(0.3, 20.0, 0.5), 20.0)
    analyzer.push(sound[: 8 * SAMPLE_RATE])
    last = 0.0
    for tap in (8.25, 8.95, 9.65, 10.35):
        features = analyzer.push(signals.silence(tap - max(last, 8.0)))
        last = tap
        analyzer.extractors.tap(features[-1].time)
    after = analyzer.push(signals.silence(1.0))
    assert after[5].tempo_bpm == pytest.approx(60.0 / 0.7, rel=0.05)
    due = beats_of(after)
    assert len(due) and abs(due[0, 0] - (10.35 + 0.7)) < 0.08


def test_taps_that_make_no_tempo_are_forgotten() -> None:
    analyzer = Analyzer(SAMPLE_RATE)
    features = analyzer.push(drums(np.arange(0.3, 8.0, 0.5), 8.0))
    for time in (8.0, 8.01, 20.0, 40.0):
        analyzer.extractors.tap(time)
    after = analyzer.push(drums(np.arange(0.3, 1.0, 0.5), 0.5))
    assert after[-1].tempo_bpm == pytest.approx(features[-1].tempo_bpm, rel=0.1)


def test_the_demo_keeps_its_time() -> None:
    features = Analyzer(RATE).push(compose(RATE))
    found = beats_of(features)[:, 0]
    for start, bpm in ((15.0, 104.0), (30.0, 128.0), (45.0, 160.0)):
        grid = np.arange(start, start + 15.0, 60.0 / bpm)
        got = found[(found > start + 5.0) & (found < start + 14.9)]
        assert f_measure(grid[grid < start + 14.9], got, start + 5.0) > 0.75, start


def test_a_file_is_analysed_as_it_would_be_heard(tmp_path: Path) -> None:
    beats = np.arange(0.3, 15.0, 60.0 / 110.0)
    soundfile.write(tmp_path / "drums.wav", drums(beats, 15.0), SAMPLE_RATE)
    result = analyze(str(tmp_path / "drums.wav"))
    assert result["tempo_bpm"] == pytest.approx(110.0, rel=0.03)
    found, onsets, pitch = (np.array(result[name]) for name in ("beats", "onsets", "pitch"))
    assert f_measure(beats, found[:, 0], 5.0) > 0.9
    assert np.median(found[:, 1] - found[:, 0]) <= 0.0
    assert 0.0 < np.median(onsets[:, 1] - onsets[:, 0]) <= 0.035
    heard = 15.0 - PitchTracker(SAMPLE_RATE).delay  # what was before the first hop is no part of the file
    assert len(pitch) == pytest.approx(heard / HOP_TIME, abs=2) and pitch.shape[1] == 3
    assert isinstance(result["key"], str)


def test_tempo_model_follows_regular_beats_and_forgets_them() -> None:
    model = TempoModel()
    for row in range(400):
        model.step(0.9 if row % 25 == 0 else 0.02)
    assert model.period == pytest.approx(25.0, abs=0.5) and model.certainty > 0.8
    assert min(model.phase, 1.0 - model.phase) < 0.1 or model.phase == pytest.approx(15 / 25, abs=0.1)
    model.reset()
    assert model.certainty == 0.0


@pytest.mark.parametrize("meter", [3, 4])
def test_bars_count_to_their_meter(meter: int) -> None:
    bars = Bars()
    for beat in range(40):
        bars.beat()
        bars.hear(0.8 if beat % meter == 2 else 0.1)
    assert bars.meter == meter
    assert bars.position == (39 - 2) % meter


def test_beat_spectrum_is_the_same_for_any_split() -> None:
    sound = signals.music(1.0)[:, 0]
    spectrum = BeatSpectrum()
    whole = spectrum.push(sound)
    for split in (1, 100, 441, 5000):
        spectrum.reset()
        parts = [spectrum.push(sound[first : first + split]) for first in range(0, len(sound), split)]
        np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_beat_spectrum_rises_where_a_click_is() -> None:
    rows = BeatSpectrum().push(signals.clicks(3.0))
    rise = rows[:, N_BANDS:].sum(axis=1)
    for time in signals.click_times(3.0)[1:]:
        around = round(time / FRAME_TIME)
        assert rise[around - 2 : around + 1].max() == rise[around - 10 : around + 10].max()
    assert HOP / SAMPLE_RATE == FRAME_TIME
    np.testing.assert_allclose(log_filterbank().sum(axis=1), 1.0, rtol=1e-5)
