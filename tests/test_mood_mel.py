"""The mood front end, on sound made here."""

import numpy as np
import pytest

from artgen_osc.mood.mel import (
    FLOOR_DB,
    HOP,
    N_FFT,
    N_MELS,
    SAMPLE_RATE,
    WINDOW_COLUMNS,
    MoodMel,
    network_input,
    relative_db,
)
from tests.signals import song

RATE = 44100
SPLITS = [1, 64, 511, 512, 513, 8193]


def mel_of(sound: np.ndarray, rate: int, split: int | None = None) -> np.ndarray:
    mel = MoodMel(rate)
    step = split or len(sound)
    return np.concatenate([mel.push(sound[first : first + step]) for first in range(0, len(sound), step)])


class TestMoodMel:
    def test_form(self) -> None:
        columns = mel_of(song(2.0, SAMPLE_RATE), SAMPLE_RATE)
        assert columns.shape == ((2 * SAMPLE_RATE - N_FFT) // HOP + 1, N_MELS)
        assert columns.dtype == np.float32
        assert abs(HOP / SAMPLE_RATE - 0.0404) < 1e-4

    @pytest.mark.parametrize("rate", [22050, 44100, 48000])
    def test_any_split_is_the_same(self, rate: int) -> None:
        sound = song(0.7, rate)
        whole = mel_of(sound, rate)
        for split in SPLITS[1:] if rate != 22050 else SPLITS:
            np.testing.assert_array_equal(mel_of(sound, rate, split), whole)

    def test_reset(self) -> None:
        mel, sound = MoodMel(RATE), song(0.5)
        first = mel.push(sound)
        mel.reset()
        np.testing.assert_array_equal(mel.push(sound), first)

    def test_left_aligned(self) -> None:
        sound = np.zeros(SAMPLE_RATE, np.float32)
        sound[HOP * 5 + 256] = 1.0
        levels = mel_of(sound, SAMPLE_RATE).max(axis=1)
        assert np.flatnonzero(levels > -150).tolist() == [5]

    def test_same_at_every_rate(self) -> None:
        # Harmonics up to 2 kHz: no rate's anti-aliasing touches them.
        def tone(rate: int) -> np.ndarray:
            t = np.arange(2 * rate) / rate
            return sum(np.sin(2 * np.pi * 220 * k * t) / k for k in range(1, 9)).astype(np.float32) * 0.2

        wanted = mel_of(tone(22050), 22050)[2:-2, :60]
        for rate in (32000, 44100, 48000, 96000):
            got = mel_of(tone(rate), rate)[2 : 2 + len(wanted), :60]
            audible = wanted > wanted.max() - 60
            np.testing.assert_allclose(got[audible], wanted[audible], atol=0.1)

    def test_sine_lands_in_its_band(self) -> None:
        t = np.arange(SAMPLE_RATE) / SAMPLE_RATE
        column = mel_of(np.sin(2 * np.pi * 1000 * t).astype(np.float32), SAMPLE_RATE)[3]
        assert -25 < column.max() < -10
        low, high = mel_of(np.sin(2 * np.pi * 100 * t).astype(np.float32), SAMPLE_RATE)[3], column
        assert low.argmax() < high.argmax() < N_MELS // 2

    def test_silence_is_finite(self) -> None:
        assert np.isfinite(mel_of(np.zeros(5000, np.float32), RATE)).all()


def test_relative_db_ignores_gain() -> None:
    sound = song(1.0, SAMPLE_RATE)
    loud, quiet = mel_of(sound, SAMPLE_RATE), mel_of(sound * 0.01, SAMPLE_RATE)
    np.testing.assert_allclose(relative_db(quiet), relative_db(loud), atol=0.05)
    assert relative_db(loud).max() == 0.0
    assert relative_db(loud).min() >= FLOOR_DB


def test_short_history_is_mirrored() -> None:
    columns = np.arange(40 * N_MELS, dtype=np.float32).reshape(40, N_MELS) / 100
    window = network_input(columns)
    assert window.shape == (1, N_MELS, WINDOW_COLUMNS)
    np.testing.assert_array_equal(window[0, :, -40:], relative_db(columns).T)
    np.testing.assert_array_equal(window[0, :, -80:-40], window[0, :, :-41:-1])


def test_long_history_is_cut_to_the_last_columns() -> None:
    columns = np.random.default_rng(0).normal(size=(WINDOW_COLUMNS + 30, N_MELS)).astype(np.float32)
    np.testing.assert_array_equal(network_input(columns), network_input(columns[30:]))
