"""One front end for every input: what is known of the music outlives a change, and the clock never goes back."""

from dataclasses import replace

import numpy as np
import pytest

from artgen_osc.analysis.analyzer import Analyzer
from artgen_osc.audio.sources import AudioBlock, array_blocks
from artgen_osc.daemon.hearing import Hearing
from artgen_osc.mood import estimator
from artgen_osc.schema.values import Features
from tests import signals

pytestmark = pytest.mark.slow


def hear(hearing: Hearing, sound: np.ndarray, rate: int, start: float = 0.0) -> list[Features]:
    samples = sound if sound.ndim == 2 else sound[:, None]
    blocks = (replace(block, time=start + block.time) for block in array_blocks(samples, rate))
    return [hop.features for block in blocks for hop in hearing.hear(block)]


@pytest.mark.parametrize("rate", [22050, 44100, 48000])
@pytest.mark.parametrize("length", [64, 513, 8193])
def test_it_hears_what_the_analyzer_alone_would(rate: int, length: int) -> None:
    sound = signals.music(2.0, rate)
    wanted = Analyzer(rate).push(sound)
    hearing = Hearing(rate)
    got = [
        hop.features
        for first in range(0, len(sound), length)
        for hop in hearing.hear(AudioBlock(sound[first : first + length], first / rate))
    ]
    assert len(got) == len(wanted)
    for one, other in zip(got, wanted, strict=True):
        assert one.time == pytest.approx(other.time)
        assert (one.level_db, one.onset_count) == (pytest.approx(other.level_db, abs=1e-3), other.onset_count)
        np.testing.assert_allclose(one.bands, other.bands, atol=1e-4)


def test_the_tempo_outlives_a_change_of_input() -> None:
    hearing = Hearing(44100)
    before = hear(hearing, signals.song(14.0, 44100), 44100)[-1]
    assert before.tempo_bpm == pytest.approx(132.0, rel=0.03) and before.tempo_confidence > 0.2
    hearing.tune(48000)
    after = hear(hearing, signals.song(1.0, 48000), 48000, start=500.0)
    assert all(features.tempo_bpm == pytest.approx(132.0, rel=0.05) for features in after[:30])
    assert all(features.tempo_confidence > 0.0 for features in after)
    assert after[0].beat_count == before.beat_count
    assert after[0].time - before.time == pytest.approx(Analyzer.hop_time, abs=0.003)


def test_models_stay_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[str] = []
    load = estimator.load
    monkeypatch.setattr(estimator, "load", lambda *given, **more: loads.append("mood") or load(*given, **more))
    hearing = Hearing(44100)
    for rate in (48000, 22050, 96000, 44100):
        hearing.tune(rate)
        hear(hearing, signals.music(0.3, rate), rate)
    assert loads == ["mood"]


def test_lost_sound_makes_the_clock_jump_on_and_nothing_makes_it_go_back() -> None:
    hearing = Hearing(22050)
    block = np.zeros((2205, 1), np.float32)
    times = [0.0, 0.1, 0.2, 1.2, 1.3, 0.0, 0.1, 0.2, 0.2]
    heard = [hop.features.time for time in times for hop in hearing.hear(AudioBlock(block, time))]
    assert (np.diff(heard) > 0.0).all()
    assert np.diff(heard).max() == pytest.approx(0.9 + Analyzer.hop_time, abs=0.001)
    assert heard[-1] == pytest.approx(1.8, abs=2 * Analyzer.hop_time)


def test_a_block_without_frames_is_silence() -> None:
    hearing = Hearing(44100)
    hear(hearing, signals.music(3.0, 44100), 44100)
    quiet = [hop.features for _ in range(20) for hop in hearing.hear(AudioBlock(np.zeros((0, 2), np.float32), 9.0))]
    assert quiet[-1].level_db == -120.0
    assert quiet[-1].time == pytest.approx(5.0, abs=0.02)


def test_a_rate_that_is_no_rate_leaves_the_input_as_it_was() -> None:
    hearing = Hearing(44100)
    with pytest.raises(ValueError, match="above 0"):
        hearing.tune(0)
    assert hearing.sample_rate == 44100 and hear(hearing, signals.music(0.5, 44100), 44100)
