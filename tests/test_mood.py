"""The mood estimator, on sound made here."""

import json
import logging
import shutil
import threading
import time
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from artgen_osc.audio import demo
from artgen_osc.errors import ModelError
from artgen_osc.inference.modelfile import load
from artgen_osc.mood import estimator as mood_module
from artgen_osc.mood.estimator import SHIPPED_MODEL, MoodEstimator
from artgen_osc.mood.mel import (
    N_MELS,
    SAMPLE_RATE,
    WINDOW_COLUMNS,
    relative_db,
)
from artgen_osc.mood.rules import judge_by_rules
from tests.signals import song
from tests.support.waiting import wait_for

RATE = 44100
SPLITS = [1, 64, 511, 512, 513, 8193]

needs_model = pytest.mark.skipif(not SHIPPED_MODEL.exists(), reason="no mood model is shipped")


def run(estimator: MoodEstimator, sound: np.ndarray, hop: int = 735) -> np.ndarray:
    """Push hop by hop; rows of time, valence, energy, raw valence, raw energy, confidence."""
    rows = []
    for first in range(0, len(sound) - hop + 1, hop):
        estimator.push(sound[first : first + hop, None])
        now = estimator.mood((first + hop) / RATE)
        rows.append([now.time, now.valence, now.energy, now.raw_valence, now.raw_energy, now.confidence])
    return np.array(rows)


@pytest.fixture(params=["rules", pytest.param("network", marks=needs_model)])
def estimator(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> MoodEstimator:
    if request.param == "rules":
        monkeypatch.setattr(mood_module, "SHIPPED_MODEL", Path("nowhere.onnx"))
        return MoodEstimator(RATE)
    shared = network_estimator()
    shared.reset()
    shared.predictions = 0
    return shared


@lru_cache(maxsize=1)
def network_estimator() -> MoodEstimator:
    return MoodEstimator(RATE)


class TestEstimator:
    def test_music_is_followed(self, estimator: MoodEstimator) -> None:
        rows = run(estimator, song(12.0))
        assert rows[-1, 5] > 0.4
        assert ((rows[:, 1:] >= 0) & (rows[:, 1:] <= 1)).all()
        np.testing.assert_allclose(rows[-1, 1:3], rows[-60:, 3:5].mean(axis=0), atol=0.1)
        assert np.abs(np.diff(rows[:, 1:3], axis=0)).max() < 0.01

    def test_first_value_within_two_seconds(self, estimator: MoodEstimator) -> None:
        silence = np.zeros(RATE, np.float32)
        rows = run(estimator, np.concatenate((silence, song(4.0))))
        heard = rows[rows[:, 5] > 0.3]
        assert 1.0 < heard[0, 0] < 3.0

    def test_four_predictions_a_second(self, estimator: MoodEstimator) -> None:
        run(estimator, song(10.0))
        assert estimator.predictions >= 4 * (10 - 2)

    def test_same_again_after_reset(self, estimator: MoodEstimator) -> None:
        sound = song(4.0)
        first = run(estimator, sound)
        estimator.reset()
        np.testing.assert_array_equal(run(estimator, sound), first)

    def test_any_split_is_the_same(self, estimator: MoodEstimator) -> None:
        sound = song(5.0)
        wanted = run(estimator, sound, hop=441)[99::100]
        estimator.reset()
        np.testing.assert_allclose(run(estimator, sound, hop=44100), wanted, atol=1e-9)

    def test_gain_changes_nothing(self, estimator: MoodEstimator) -> None:
        sound = song(6.0)
        loud = run(estimator, sound)[-1]
        estimator.reset()
        quiet = run(estimator, sound * np.float32(0.01))[-1]
        np.testing.assert_allclose(quiet[1:5], loud[1:5], atol=0.03)

    @pytest.mark.parametrize("kind", ["silence", "dither", "white", "pink", "sine 100", "sine 1000", "sine 5000"])
    def test_low_confidence_without_music(self, estimator: MoodEstimator, kind: str) -> None:
        rows = run(estimator, nothing(kind, 10.0))
        assert rows[:, 5].max() < 0.3
        np.testing.assert_allclose(rows[:, 1:3], 0.5, atol=0.05)

    def test_drifts_to_neutral_in_silence(self, estimator: MoodEstimator) -> None:
        rows = run(estimator, np.concatenate((song(8.0), np.zeros(RATE * 20, np.float32))))
        at_end = rows[np.searchsorted(rows[:, 0], 8.0)]
        assert rows[np.searchsorted(rows[:, 0], 9.6), 5] == 0.0
        assert np.abs(np.diff(rows[:, 1:3], axis=0)).max() < 0.01
        before, after = np.abs(at_end[1:3] - 0.5), np.abs(rows[-1, 1:3] - 0.5)
        assert (after <= 0.25 * before + 0.02).all()

    def test_nan_and_infinity(self, estimator: MoodEstimator) -> None:
        sound = song(5.0)
        sound[1000:3000] = np.nan
        sound[9000:9100] = np.inf
        sound[20000:20010] = 3e38
        rows = run(estimator, sound)
        assert np.isfinite(rows).all()
        assert estimator.failures == 0
        assert np.isfinite(run(estimator, np.full(RATE * 3, np.nan, np.float32))).all()

    def test_empty_block(self, estimator: MoodEstimator) -> None:
        estimator.push(np.empty((0, 2), np.float32))
        assert estimator.mood(0.0).valence == 0.5

    def test_channels_are_averaged(self, estimator: MoodEstimator) -> None:
        sound = song(3.0)
        mono = run(estimator, sound)
        estimator.reset()
        estimator.push(np.stack((sound, sound), axis=1))
        assert estimator.mood(mono[-1, 0]).raw_energy == pytest.approx(mono[-1, 4], abs=1e-4)

    @needs_model
    def test_turns_with_the_music_within_seconds(self) -> None:
        """From the demo's first section to its second."""
        assert demo.RATE == RATE
        network_estimator().reset()
        rows = run(network_estimator(), demo.compose(RATE)[: 27 * RATE].mean(axis=1))
        energy = {time: rows[np.searchsorted(rows[:, 0], time), 2] for time in (15.0, 20.0, 26.0)}
        assert energy[26.0] > energy[15.0] + 0.15
        assert energy[20.0] - energy[15.0] > 0.8 * (energy[26.0] - energy[15.0])

    def test_wilder_music_has_more_energy(self, estimator: MoodEstimator) -> None:
        wild = run(estimator, song(10.0))[-1, 2]
        estimator.reset()
        assert wild > run(estimator, song(10.0, wild=False))[-1, 2]


def nothing(kind: str, seconds: float) -> np.ndarray:
    count = int(seconds * RATE)
    white = np.random.default_rng(1).normal(size=count)
    if kind == "pink":
        spectrum = np.fft.rfft(white) / np.sqrt(np.maximum(np.arange(count // 2 + 1), 1))
        white = np.fft.irfft(spectrum, count)
    if kind.startswith("sine"):
        white = np.sin(2 * np.pi * float(kind.split()[1]) * np.arange(count) / RATE)
    scale = {"silence": 0.0, "dither": 1e-5}.get(kind, 0.3 / np.abs(white).max())
    return (white * scale).astype(np.float32)


class TestFollower:
    @pytest.fixture
    def still(self, monkeypatch: pytest.MonkeyPatch) -> MoodEstimator:
        monkeypatch.setattr(mood_module, "_judge_for", lambda model: (lambda window: (0.9, 0.1, 0.8), {}))
        return MoodEstimator(RATE)

    def test_time_constant(self, still: MoodEstimator) -> None:
        rows = run(still, nothing("white", 10.0))
        begin = rows[rows[:, 5] > 0][0, 0]
        later = rows[np.searchsorted(rows[:, 0], begin + still.smoothing)]
        assert later[1] == pytest.approx(0.5 + 0.4 * (1 - np.exp(-1)), abs=0.01)
        assert later[2] == pytest.approx(0.5 - 0.4 * (1 - np.exp(-1)), abs=0.01)

    def test_without_smoothing(self, still: MoodEstimator) -> None:
        still.smoothing = 0.0
        assert run(still, nothing("white", 3.0))[-1, 1] == pytest.approx(0.9, abs=1e-6)

    def test_manual_and_freeze(self, still: MoodEstimator) -> None:
        still.manual = (0.2, 0.7)
        rows = run(still, nothing("silence", 20.0))
        np.testing.assert_allclose(rows[-1, 1:3], (0.2, 0.7), atol=1e-3)
        still.manual, still.freeze = None, True
        still.push(nothing("white", 10.0)[:, None])
        now = still.mood(30.0)
        assert (now.valence, now.energy) == (rows[-1, 1], rows[-1, 2])
        assert now.raw_valence == pytest.approx(0.9)
        still.freeze = False
        assert still.mood(32.0).valence > 0.4

    def test_clock_starts_anywhere_and_jumps(self, still: MoodEstimator) -> None:
        sound = nothing("white", 1.0)
        for second in range(5):
            still.push(sound[:, None], time=1000.0 + second)
        assert still.mood(1000.5).confidence == 0.0
        assert still.mood(1003.0).confidence == pytest.approx(0.8)
        still.push(sound[:, None], time=1060.0)
        assert still.mood(1060.9).time == 1060.9

    def test_a_failing_network_never_stops_the_show(
        self, still: MoodEstimator, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail(window: np.ndarray) -> tuple[float, float, float]:
            raise RuntimeError("broken")

        still._judge = fail
        with caplog.at_level(logging.WARNING):
            rows = run(still, nothing("white", 4.0))
        assert np.isfinite(rows).all()
        assert still.failures > 4
        assert len(caplog.records) == 1

    def test_nan_from_the_network_is_dropped(self, still: MoodEstimator) -> None:
        still._judge = lambda window: (float("nan"), 0.5, 0.9)
        assert np.isfinite(run(still, nothing("white", 4.0))).all()
        assert still.failures > 4

    def test_a_change_of_the_music_is_heard_alone(self, still: MoodEstimator) -> None:
        """After a cut the window holds only what came after it, and the mean of predictions too."""
        still._judge = lambda window: (0.5, float(window[0, 60:].mean() + 80) / 80, 0.9)
        still.smoothing = 0.0
        calm, wild = nothing("sine 200", 10.0), nothing("white", 10.0)
        wanted = run(still, wild)[-1, 2]
        still.reset()
        rows = run(still, np.concatenate((calm, wild)))
        before, soon = (rows[np.searchsorted(rows[:, 0], time)] for time in (9.9, 12.5))
        assert before[2] < wanted - 0.3
        assert soon[2] == pytest.approx(wanted, abs=0.03)

    def test_a_fade_is_no_change(self, still: MoodEstimator) -> None:
        lengths: list[int] = []
        still._judge = lambda window: (lengths.append(len(np.unique(window[0, 40]))) or 0.5, 0.5, 0.9)  # type: ignore[func-returns-value]
        run(still, nothing("white", 16.0) * np.geomspace(0.25, 1.0, 16 * RATE, dtype=np.float32))
        assert min(lengths[-20:]) > WINDOW_COLUMNS * 0.8

    def test_what_was_under_way_at_a_reset_is_dropped(self, monkeypatch: pytest.MonkeyPatch) -> None:
        started, go_on = threading.Event(), threading.Event()

        def slow(window: np.ndarray) -> tuple[float, float, float]:
            started.set()
            go_on.wait(60)
            return 0.9, 0.1, 0.8

        monkeypatch.setattr(mood_module, "_judge_for", lambda model: (slow, {}))
        estimator = MoodEstimator(RATE, background=True)
        estimator.push(nothing("white", 2.5)[:, None])
        assert started.wait(30)
        estimator.reset()
        go_on.set()
        estimator.close()
        assert estimator.predictions == 1
        assert estimator.mood(5.0).confidence == 0.0

    def test_background_is_latest_only(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def slow(window: np.ndarray) -> tuple[float, float, float]:
            time.sleep(0.05)
            return 0.9, 0.1, 0.8

        monkeypatch.setattr(mood_module, "_judge_for", lambda model: (slow, {}))
        estimator = MoodEstimator(RATE, background=True)
        begin = time.monotonic()
        estimator.push(nothing("white", 10.0)[:, None])
        assert time.monotonic() - begin < 10.0
        wait_for(lambda: estimator.predictions and estimator.mood(12.0).confidence, what="a mood")
        estimator.close()
        assert estimator.stale > 10
        assert estimator.mood(12.0).raw_valence == pytest.approx(0.9)


class TestModelFile:
    @needs_model
    def test_shipped_file_is_small_and_says_what_it_is(self) -> None:
        card = load(SHIPPED_MODEL, "mood").card
        assert SHIPPED_MODEL.stat().st_size < 8_000_000
        assert card["sample_rate"] == SAMPLE_RATE
        assert card["trained_on"]
        assert card["licence"]
        json.dumps(card)

    def test_without_a_file_rules_stand_in(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(mood_module, "SHIPPED_MODEL", Path("nowhere.onnx"))
        with caplog.at_level(logging.WARNING):
            assert MoodEstimator(RATE).card == {}
        assert "stand in" in caplog.text

    def test_missing_file_is_refused(self) -> None:
        with pytest.raises(ModelError, match="can't be read"):
            MoodEstimator(RATE, "nowhere.onnx")

    @needs_model
    def test_truncated_file_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "mood.onnx"
        shutil.copy(SHIPPED_MODEL, path)
        path.write_bytes(path.read_bytes()[:-5000])
        with pytest.raises(ModelError):
            MoodEstimator(RATE, path)


def test_rules_stay_in_range() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        window = relative_db(rng.normal(0, rng.uniform(0, 40), (1, N_MELS, WINDOW_COLUMNS)).astype(np.float32))
        assert all(0.0 <= value <= 1.0 for value in judge_by_rules(window))
