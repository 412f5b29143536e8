"""Sound made by code: mono, float32 ``(frames,)``, the same every time."""

from collections.abc import Iterator, Mapping

import numpy as np

from artgen_osc.analysis.hop import HOP_LENGTH, HOP_TIME, N_FFT, RATE, Hop
from artgen_osc.dsp.core import FloatArray, hann, power_to_db, to_mono


def silence(duration: float, rate: int = RATE) -> FloatArray:
    """Digital silence.

    Parameters
    ----------
    duration : s
    rate : Hz
    """
    return np.zeros(round(duration * rate), np.float32)


def tone(duration: float, rate: int = RATE, hz: float = 440.0, amplitude: float = 0.3) -> FloatArray:
    """A sine.

    Parameters
    ----------
    duration : s
    rate : Hz
    hz : its frequency
    amplitude : of the sine, 0..1
    """
    time = np.arange(round(duration * rate)) / rate
    return (amplitude * np.sin(2.0 * np.pi * hz * time)).astype(np.float32)


def clicks(duration: float, rate: int = RATE, bpm: float = 120.0) -> FloatArray:
    """A sample of 0.8 at each beat, the first after 0.25 s.

    Parameters
    ----------
    duration : s
    rate : Hz
    bpm : beats per minute
    """
    sound = silence(duration, rate)
    for time in np.arange(0.25, duration, 60.0 / bpm):
        sound[round(time * rate)] = 0.8
    return sound


def pink_noise(duration: float, rate: int = RATE, seed: int = 0) -> FloatArray:
    """Noise whose power falls by 3 dB an octave, with a peak of 0.5.

    Parameters
    ----------
    duration : s
    rate : Hz
    seed : another noise for each
    """
    frames = round(duration * rate)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(frames))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    spectrum[0] = 0.0
    sound = np.fft.irfft(spectrum, frames)
    return np.asarray(0.5 * sound / np.abs(sound).max(), np.float32)


def constant(duration: float, rate: int = RATE, level: float = 0.5) -> FloatArray:
    """A direct current, as a bad sound card adds it.

    Parameters
    ----------
    duration : s
    rate : Hz
    level : of every sample
    """
    return np.full(round(duration * rate), level, np.float32)


def clipped(duration: float, rate: int = RATE) -> FloatArray:
    """A tone ten times as loud as can be.

    Parameters
    ----------
    duration : s
    rate : Hz
    """
    return tone(duration, rate, amplitude=10.0).clip(-1.0, 1.0)


def broken(duration: float, rate: int = RATE) -> FloatArray:
    """Noise in which NaN, infinity and absurd numbers are, as a broken driver delivers them.

    Parameters
    ----------
    duration : s
    rate : Hz
    """
    sound = pink_noise(duration, rate)
    sound[::1009], sound[::2003], sound[::3001] = np.nan, np.inf, -1e30
    return sound


def all_signals(duration: float = 3.0, rate: int = RATE) -> Mapping[str, FloatArray]:
    """One of each, by name.

    Parameters
    ----------
    duration : s, of each
    rate : Hz
    """
    makers = {
        "silence": silence,
        "tone": tone,
        "clicks": clicks,
        "pink noise": pink_noise,
        "DC": constant,
        "clipping": clipped,
        "NaN": broken,
    }
    return {name: make(duration, rate) for name, make in makers.items()}


def hops(sound: FloatArray) -> Iterator[Hop]:
    """Cut sound into hops as a show does it; their arrays can't be written to.

    Parameters
    ----------
    sound : float32 ``(frames,)`` at 22,050 Hz; what isn't finite becomes silence, as in a show
    """
    weights = hann(N_FFT)
    clean = np.concatenate((np.zeros(N_FFT - HOP_LENGTH, np.float32), to_mono(sound)))
    for number in range(len(sound) // HOP_LENGTH):
        window = clean[number * HOP_LENGTH : number * HOP_LENGTH + N_FFT]
        level = window - window.mean()
        power = (np.abs(np.fft.rfft(level * weights)) ** 2 * (4.0 / N_FFT) ** 2).astype(np.float32)
        power.flags.writeable = window.flags.writeable = False
        level_db = float(power_to_db(np.mean(np.square(level, dtype=np.float64))))
        yield Hop((number + 1) * HOP_TIME, window[-HOP_LENGTH:], window, power, level_db)
