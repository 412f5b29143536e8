"""Pure functions, and the resampler."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from artgen_osc.dsp import core as dsp
from artgen_osc.dsp.resample import Resampler
from tests import signals

SPLITS = [1, 64, 511, 512, 513, 8193]
RATES = [22050, 24000, 32000, 44100, 48000, 88200, 96000]


@given(st.floats(0.0, 24000.0))
def test_mel_scale_is_its_own_inverse(hz):
    assert dsp.mel_to_hz(dsp.hz_to_mel(np.array(hz))) == pytest.approx(hz, abs=1e-6)


def test_mel_scale_is_slaneys():
    assert dsp.hz_to_mel(np.array([0.0, 1000.0, 6400.0])) == pytest.approx([0.0, 15.0, 42.0])


def test_filterbank_has_equal_areas():
    filters = dsp.mel_filterbank(22050, 8192, 16, 30.0, 11025.0)
    areas = filters.sum(axis=1) * 22050 / 8192
    assert areas == pytest.approx(np.ones(16), abs=0.05)


def test_peak_normalised_peaks_at_one():
    filters = np.array([[0.0, 0.02, 0.01], [0.0, 0.0, 0.0]], dtype=np.float32)
    assert dsp.peak_normalised(filters).tolist() == [[0.0, 1.0, 0.5], [0.0, 0.0, 0.0]]


def test_hann_is_periodic():
    window = dsp.hann(8)
    assert window[0] == 0.0 and window[4] == 1.0 and window[1] == window[7]


def test_band_sums_share_out_every_bin_once():
    rows = dsp.band_sums(np.arange(0.0, 100.0), (0.0, 10.0, 50.0, 100.0))
    assert rows.sum(axis=0).tolist() == [1.0] * 100 and rows.sum(axis=1).tolist() == [10.0, 40.0, 50.0]


def test_power_to_db_has_a_floor():
    assert dsp.power_to_db(np.array([0.0, 1e-30, 1e-3, 1.0])).tolist() == [-120.0, -120.0, -30.0, 0.0]


def test_to_mono_is_the_mean_with_gain():
    stereo = np.array([[0.5, 0.1], [-0.2, 0.2]], dtype=np.float32)
    assert dsp.to_mono(stereo) == pytest.approx([0.3, 0.0])
    assert dsp.to_mono(stereo, 20.0) == pytest.approx([3.0, 0.0])
    assert dsp.to_mono(np.zeros((4, 0), np.float32)).tolist() == [0.0] * 4


@given(
    hnp.arrays(
        np.float32, hnp.array_shapes(min_dims=1, max_dims=2, min_side=0, max_side=9), elements=st.floats(width=32)
    ),
    st.floats(-60.0, 60.0),
)
def test_to_mono_is_always_finite(samples, gain_db):
    mono = dsp.to_mono(samples, gain_db)
    assert mono.shape == samples.shape[:1] and mono.dtype == np.float32
    assert np.isfinite(mono).all() and np.abs(mono).max(initial=0.0) <= dsp.LOUDEST


@pytest.mark.parametrize("rate", RATES)
def test_resampler_is_the_same_for_every_split(rate):
    sound = signals.music(0.5, rate)[:, 0]
    resampler = Resampler(rate, 22050)
    whole = resampler.push(sound)
    for split in SPLITS:
        resampler.reset()
        parts = [resampler.push(sound[first : first + split]) for first in range(0, len(sound), split)]
        np.testing.assert_array_equal(np.concatenate(parts), whole)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 700), max_size=20), st.sampled_from([44100, 48000, 16000]))
def test_resampler_is_the_same_for_random_splits(lengths, rate):
    sound = np.random.default_rng(1).standard_normal(sum(lengths)).astype(np.float32)
    parts, first, resampler = [np.zeros(0, np.float32)], 0, Resampler(rate, 22050)
    for length in lengths:
        parts.append(resampler.push(sound[first : first + length]))
        first += length
    np.testing.assert_array_equal(np.concatenate(parts), Resampler(rate, 22050).push(sound))


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("frequency", [60.0, 1000.0, 9000.0])
def test_resampled_tone_keeps_its_place_in_time(rate, frequency):
    result = Resampler(rate, 22050).push(signals.tone(frequency, 0.5, rate=rate))
    expected = signals.tone(frequency, 0.5)[: len(result)]
    assert len(result) >= 11025 - 40
    assert np.abs(result - expected)[100:].max() < 1e-4


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
def test_resampler_lets_nothing_fold_down(rate):
    for frequency in (11500.0, 13000.0, 20000.0):
        result = Resampler(rate, 22050).push(signals.tone(frequency, 0.3, 1.0, rate))
        assert np.abs(result[100:]).max() < 3e-4


def test_resampler_makes_no_click_of_dc():
    result = Resampler(48000, 22050).push(np.full(4800, 0.4, np.float32))
    assert np.abs(result - 0.4).max() < 1e-6


@pytest.mark.parametrize("rates", [(0, 22050), (44100, -1), (1234567, 7654321)])
def test_resampler_refuses_rates(rates):
    with pytest.raises(ValueError, match=str(rates[0])):
        Resampler(*rates)
