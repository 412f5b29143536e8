"""What hears, against librosa, on signals made by code.

librosa looks at whole recordings, in windows centred on their time; ours end with the hop they belong to. So librosa is
given the same windows here (``center=False``, the sound before the stream held as the analyzer does), and then the
numbers are the same but for float32. Where they can't be, the tolerance says why.

Beats by `librosa.beat` are left out: compiling that module takes a third of the time of all the rest.
"""

import numpy as np
import pytest

librosa = pytest.importorskip("librosa")

from artgen_osc.analysis.analyzer import HOP_LENGTH, HOP_TIME, N_FFT, RATE, Analyzer  # noqa: E402
from artgen_osc.analysis.hop import Hop  # noqa: E402
from artgen_osc.analysis.onsets import OnsetDetector  # noqa: E402
from artgen_osc.analysis.pitch import HIGHEST_HZ, LOWEST_HZ, Harmony, PitchTracker  # noqa: E402
from artgen_osc.dsp import core as dsp  # noqa: E402
from artgen_osc.dsp.resample import Resampler  # noqa: E402
from artgen_osc.mood import mel as mood  # noqa: E402
from tests import signals  # noqa: E402

SOUNDS = {
    "tone": lambda: signals.tone(440.0, 2.0),
    "sweep": lambda: 0.3 * librosa.chirp(sr=RATE, fmin=60.0, fmax=9000.0, duration=2.0).astype(np.float32),
    "clicks": lambda: signals.clicks(2.5, bpm=120.0),
    "pink": lambda: signals.pink_noise(2.0),
    "chord": lambda: signals.chord([57, 61, 64], 2.0),
    "music": lambda: signals.music(3.0)[:, 0],
}


@pytest.fixture(params=SOUNDS)
def sound(request: pytest.FixtureRequest) -> np.ndarray:
    return SOUNDS[request.param]()


def hops(sound: np.ndarray) -> np.ndarray:
    """The analyzer's power spectra by librosa, ``(N_FFT // 2 + 1, hops)``."""
    before = np.full(N_FFT - HOP_LENGTH, sound[0], np.float32)
    spectra = librosa.stft(np.concatenate((before, sound)), n_fft=N_FFT, hop_length=HOP_LENGTH, center=False)
    return np.abs(spectra * (2.0 / dsp.hann(N_FFT).sum())) ** 2


def hop_of(power: np.ndarray, level_db: float) -> Hop:
    """What the detector reads of a hop."""
    nothing = np.zeros(0, np.float32)
    return Hop(0.0, nothing, nothing, power, level_db)


@pytest.mark.parametrize(
    ("rate", "n_fft", "n_mels", "fmin", "fmax"),
    [
        (mood.SAMPLE_RATE, mood.N_FFT, mood.N_MELS, mood.FMIN, mood.FMAX),
        (RATE, N_FFT, 80, 30.0, RATE / 2),
        (RATE, N_FFT, 16, 30.0, RATE / 2),
        (48000, 4096, 64, 0.0, 20000.0),
    ],
)
def test_mel_filterbank(rate: int, n_fft: int, n_mels: int, fmin: float, fmax: float) -> None:
    """As float32 has it: 1e-6 of the largest weight."""
    own = dsp.mel_filterbank(rate, n_fft, n_mels, fmin, fmax)
    reference = librosa.filters.mel(sr=rate, n_fft=n_fft, n_mels=n_mels, fmin=fmin, fmax=fmax)
    np.testing.assert_allclose(own, reference, rtol=0, atol=1e-6 * reference.max())


def test_mel_scale() -> None:
    hz = np.geomspace(1.0, 24000.0, 500)
    np.testing.assert_allclose(dsp.hz_to_mel(hz), librosa.hz_to_mel(hz), rtol=1e-12)
    np.testing.assert_allclose(dsp.mel_to_hz(librosa.hz_to_mel(hz)), hz, rtol=1e-12)


def test_decibels() -> None:
    power = np.concatenate(([0.0], np.geomspace(1e-20, 1e6, 500)))
    reference = librosa.power_to_db(power, amin=10.0 ** (dsp.SILENT_DB / 10.0), top_db=None)
    np.testing.assert_allclose(dsp.power_to_db(power), reference, rtol=1e-12)


def test_mood_columns(sound: np.ndarray) -> None:
    """0.01 dB down to -120 dB; below that only the rounding of float32 is left of a tone's other bands."""
    power = librosa.feature.melspectrogram(
        y=sound,
        sr=mood.SAMPLE_RATE,
        n_fft=mood.N_FFT,
        hop_length=mood.HOP,
        center=False,
        n_mels=mood.N_MELS,
        fmin=mood.FMIN,
        fmax=mood.FMAX,
    )
    power *= (2.0 / dsp.hann(mood.N_FFT).sum()) ** 2
    own = mood.MoodMel(mood.SAMPLE_RATE).push(sound)
    reference = librosa.power_to_db(power.T, amin=1e-12, top_db=None)
    np.testing.assert_allclose(np.maximum(own, -120.0), reference, rtol=0, atol=0.01)
    relative = librosa.power_to_db(power.T, ref=np.max, amin=1e-18, top_db=-mood.FLOOR_DB)
    np.testing.assert_allclose(mood.relative_db(own), relative, rtol=0, atol=0.01)


def onset_strength(power: np.ndarray, floor: float) -> np.ndarray:
    """librosa's, in dB, by SuperFlux's parameters: against the widened bands of two hops before."""
    db = librosa.power_to_db(power + floor, amin=1e-18, top_db=None)
    lag = OnsetDetector.LAG
    return librosa.onset.onset_strength(S=db, sr=RATE, hop_length=HOP_LENGTH, lag=lag, max_size=3, center=False)


def test_onset_strength(sound: np.ndarray) -> None:
    """The detector for itself, with a steady reference: the same to 1e-5 of full scale.

    In the analyzer the reference is the loudness of the past alone: as loud as the sound has been so far. So the floor
    under all bands moves, and what is left is that both rise and fall together.
    """
    bank = dsp.peak_normalised(dsp.mel_filterbank(RATE, N_FFT, 80, 30.0, RATE / 2))
    powers = hops(sound).astype(np.float32)
    reference_db = -20.0
    strength = onset_strength(bank @ powers, 10.0 ** ((reference_db - OnsetDetector.DEPTH_DB) / 10.0))
    strength = np.minimum(strength / OnsetDetector.FULL_DB, 1.0)
    detector = OnsetDetector()
    steady = [np.zeros_like(powers[:, 0])] * 2000  # until the reference stands still
    own = [detector.hop(hop_of(power, reference_db))[0] for power in (*steady, *powers.T)][len(steady) :]
    np.testing.assert_allclose(own[OnsetDetector.LAG :], strength[OnsetDetector.LAG :], rtol=0, atol=1e-5)
    heard = [features.flux for features in Analyzer(RATE).push(sound)]
    assert np.corrcoef(heard, strength)[0, 1] > 0.99


@pytest.mark.parametrize("name", ["clicks", "music"])
def test_onsets(name: str) -> None:
    """Each of librosa's within two hops of one of ours, and the other way.

    librosa waits for the peak and names the beginning of its hop; ours is reported with the first rise, at the end of
    its hop.
    """
    sound = SOUNDS[name]()
    bank = dsp.mel_filterbank(RATE, N_FFT, 80, 30.0, RATE / 2)
    strength = onset_strength(dsp.peak_normalised(bank) @ hops(sound), 1e-7)
    reference = librosa.onset.onset_detect(onset_envelope=strength, sr=RATE, hop_length=HOP_LENGTH, units="time")
    own = np.array([features.time for features in Analyzer(RATE).push(sound) if features.onset])
    apart = np.abs(own[:, None] - (reference + HOP_TIME))
    assert len(reference) >= 5
    assert apart.min(axis=0).max() < 2 * HOP_TIME
    assert apart[own > 0.1].min(axis=1).max() < 2 * HOP_TIME  # before, the gain has yet to settle


@pytest.mark.parametrize("third", [3, 4])
@pytest.mark.parametrize("root", range(48, 60))
def test_chroma(root: int, third: int) -> None:
    """The same three pitch classes, and a correlation of 0.9.

    Ours adds up the square roots of peaks, so that a loud bass counts less, and librosa the power of every bin.
    """
    sound = signals.chord([root, root + third, root + 7], 1.0)
    harmony = Harmony(RATE, HOP_TIME)
    own = harmony.profile(sound[: harmony.length])
    reference = their_chroma(sound[: harmony.length])
    assert set(np.argsort(own)[-3:]) == set(np.argsort(reference)[-3:])
    assert np.corrcoef(own, reference)[0, 1] > 0.9


def their_chroma(window: np.ndarray) -> np.ndarray:
    size = len(window)
    return librosa.feature.chroma_stft(y=window, sr=RATE, n_fft=size, hop_length=size, center=False, tuning=0.0)[:, 0]


def test_chroma_of_a_stream() -> None:
    """Ours fades over from chord to chord in 0.15 s, so it is compared at their ends: a correlation of 0.95."""
    chords = ([48, 52, 55], [53, 57, 60], [55, 59, 62], [57, 60, 64])
    sound = np.concatenate([signals.chord(notes, 1.0) for notes in chords])
    features = Analyzer(RATE).push(sound)
    for end in (1.0, 2.0, 3.0, 4.0):
        last = [one for one in features if one.time <= end][-1]
        reference = their_chroma(sound[: round(end * RATE)][-Harmony.N_FFT :])
        assert np.corrcoef(last.chroma, reference)[0, 1] > 0.95


@pytest.mark.parametrize("bpm", [80.0, 100.0, 120.0, 128.0, 150.0])
def test_tempo(bpm: float) -> None:
    """Within 3 %, librosa's up to an octave.

    Its lags are whole hops, 1.2 % apart at 150 bpm, and of 80 bpm it makes 160, of 150 bpm 75. Drums, not bare clicks:
    ours is a network that learnt from music.
    """
    sound = signals.drums(np.arange(0.3, 13.0, 60.0 / bpm), 12.0)
    (reference,) = librosa.feature.tempo(y=sound, sr=RATE, hop_length=HOP_LENGTH)
    own = float(np.median([features.tempo_bpm for features in Analyzer(RATE).push(sound) if features.time > 6.0]))
    octaves = np.log2(reference / own)
    assert abs(octaves - round(octaves)) < np.log2(1.03) and abs(octaves) < 1.5
    assert own == pytest.approx(bpm, rel=0.03)


@pytest.mark.parametrize("hz", [55.0, 82.4, 110.0, 220.0, 440.0, 987.8, 1900.0])
def test_pitch_of_a_steady_voice(hz: float) -> None:
    """Within 3 cents of librosa's YIN: its difference is summed over another part of the window."""
    tracker = PitchTracker(RATE)
    sound = signals.voice(np.full(4096, hz))
    tracker.step(sound[: tracker.length])
    (reference, *_) = librosa.yin(
        sound, fmin=LOWEST_HZ, fmax=HIGHEST_HZ, sr=RATE, frame_length=2048, hop_length=HOP_LENGTH, center=False
    )
    assert tracker.hz == pytest.approx(reference, rel=2.0 ** (3 / 1200) - 1)


@pytest.mark.parametrize("name", ["yin", "pyin"])
def test_pitch_of_a_gliding_voice(name: str) -> None:
    """Nine in ten within 25 cents, half of them within 10, where a voice rises by 1,200 cents a second.

    Ours is new at every second hop only, in which the voice has risen by 28 cents; librosa's windows are centred, so
    ours is compared at the time it stands for, the delay of its tracker before it is reported.
    """
    time = np.arange(round(1.5 * RATE)) / RATE
    sound = signals.voice(110.0 * 2.0**time)
    method = getattr(librosa, name)
    found = method(sound, fmin=LOWEST_HZ, fmax=HIGHEST_HZ, sr=RATE, frame_length=2048, hop_length=HOP_LENGTH)
    track = found[0] if name == "pyin" else found
    analyzer = Analyzer(RATE)
    features = [one for one in analyzer.push(sound) if one.pitch_hz and 0.2 < one.time < 1.3]
    assert len(features) > 80
    meant = np.interp(
        [one.time - PitchTracker(RATE).delay for one in features], np.arange(len(track)) * HOP_TIME, track
    )
    assert np.isfinite(meant).mean() > 0.95  # NaN is where pYIN hears no voice
    cents = 1200.0 * np.abs(np.log2(np.array([one.pitch_hz for one in features]) / meant))
    cents = cents[np.isfinite(cents)]
    assert np.quantile(cents, 0.9) < 25.0 and np.median(cents) < 10.0


@pytest.mark.parametrize("rate", [32000, 44100, 48000, 96000])
def test_resampled_sweep(rate: int) -> None:
    """-74 dB of full scale up to 9 kHz, against soxr's best; ours lets go from 9.6 kHz, where soxr's is steeper."""
    sweep = 0.5 * librosa.chirp(sr=rate, fmin=40.0, fmax=9000.0, duration=1.0).astype(np.float32)
    own = Resampler(rate, RATE).push(sweep)
    reference = librosa.resample(sweep, orig_sr=rate, target_sr=RATE, res_type="soxr_vhq")[: len(own)]
    edge = 200  # before it one holds the first sample, and the other has silence
    np.testing.assert_allclose(own[edge:-edge], reference[edge:-edge], rtol=0, atol=2e-4)
