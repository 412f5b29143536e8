"""Sounds that carry no mood, made by code: what the confidence has to fall on."""

import shutil
import subprocess
from collections.abc import Callable

import numpy as np

from artgen_osc.mood.mel import SAMPLE_RATE, MoodMel, relative_db
from training.music import to_uint8

SECONDS = 10.0
_SAMPLES = int(SECONDS * SAMPLE_RATE)
_SYLLABLES = [
    "ka",
    "lo",
    "mi",
    "ter",
    "un",
    "so",
    "ven",
    "al",
    "pi",
    "dra",
    "ne",
    "gor",
    "shi",
    "ba",
    "est",
    "ron",
    "fe",
]
_LANGUAGES = ["en-us", "en-gb", "de", "fr", "es", "it", "pt", "pl", "ru", "sv", "tr", "fi", "el", "hi", "ja", "nl"]
_TIME = np.arange(_SAMPLES) / SAMPLE_RATE


def coloured_noise(rng: np.random.Generator) -> np.ndarray:
    """Stationary noise of any slope from blue to brown, sometimes band-limited."""
    spectrum = np.fft.rfft(rng.normal(size=_SAMPLES))
    hz = np.maximum(np.fft.rfftfreq(_SAMPLES, 1 / SAMPLE_RATE), 20.0)
    spectrum *= hz ** rng.uniform(-1.1, 0.5)
    if rng.random() < 0.3:
        low, high = np.sort(np.exp(rng.uniform(np.log(40), np.log(11000), 2)))
        spectrum *= 1 / (1 + (low / hz) ** 4) / (1 + (hz / high) ** 4)
    return np.fft.irfft(spectrum, _SAMPLES)


def swelling_noise(rng: np.random.Generator) -> np.ndarray:
    """Noise whose loudness wanders: wind, surf, an audience."""
    steps = np.cumsum(rng.normal(0, 1, 40)) * rng.uniform(0.1, 0.6)
    return coloured_noise(rng) * np.exp(np.interp(_TIME, np.linspace(0, SECONDS, 40), steps))


def steady_tones(rng: np.random.Generator) -> np.ndarray:
    """One sine, or a few that never change: a test tone, a ringing feedback."""
    sound = np.zeros(_SAMPLES)
    for _ in range(int(rng.choice([1, 1, 1, 2, 3]))):
        hz = np.exp(rng.uniform(np.log(40), np.log(10000)))
        sound += rng.uniform(0.2, 1) * np.sin(2 * np.pi * hz * _TIME + rng.uniform(0, 6))
    return sound + rng.normal(size=_SAMPLES) * 10 ** rng.uniform(-6, -2)


def hum(rng: np.random.Generator) -> np.ndarray:
    """Mains hum and its harmonics in noise."""
    base, fall = rng.choice([50.0, 60.0]), rng.uniform(0.5, 2.5)
    parts = [np.sin(2 * np.pi * base * k * _TIME + rng.uniform(0, 6)) / k**fall for k in range(1, 30)]
    return np.sum(parts, axis=0) + coloured_noise(rng) * 10 ** rng.uniform(-4, -1)


def sweep(rng: np.random.Generator) -> np.ndarray:
    """A sine that glides, as loudspeakers are measured with."""
    low, high = np.exp(rng.uniform(np.log(60), np.log(9000), 2))
    hz = low * (high / low) ** (_TIME / SECONDS * rng.uniform(0.3, 1.0))
    return np.sin(2 * np.pi * np.cumsum(hz) / SAMPLE_RATE) + rng.normal(size=_SAMPLES) * 10 ** rng.uniform(-5, -2)


def bumps(rng: np.random.Generator) -> np.ndarray:
    """Knocks and clicks without any metre, in a quiet room."""
    sound = coloured_noise(rng) * 10 ** rng.uniform(-4, -2)
    for at in rng.integers(0, _SAMPLES - 3000, int(rng.integers(2, 25))):
        decay = np.exp(-np.arange(3000) / rng.uniform(10, 600))
        sound[at : at + 3000] += rng.normal(size=3000) * decay * rng.uniform(0.1, 1)
    return sound


def speech(rng: np.random.Generator) -> np.ndarray:
    """Syllables of gliding pitch, vowel formants, hisses and pauses."""
    sound = rng.normal(size=_SAMPLES) * 10 ** rng.uniform(-5, -2.5)
    voice, at = np.exp(rng.uniform(np.log(85), np.log(260))), 0
    while at < _SAMPLES - 8000:
        if rng.random() < 0.12:
            at += int(rng.uniform(0.2, 0.9) * SAMPLE_RATE)
            continue
        length = min(int(rng.uniform(0.09, 0.32) * SAMPLE_RATE), _SAMPLES - at)
        shape = np.hanning(length) ** rng.uniform(0.4, 1.0) * rng.uniform(0.3, 1)
        hz = voice * np.exp(rng.normal(0, 0.12)) * np.linspace(1, np.exp(rng.normal(-0.05, 0.15)), length)
        formants = rng.uniform([280, 850, 2200], [850, 2300, 3200])
        phase = 2 * np.pi * np.cumsum(hz) / SAMPLE_RATE
        vowel = np.zeros(length)
        for k in range(1, int(5000 / hz.max())):
            gain = np.sum([1 / (1 + ((k * hz.mean() - f) / 110) ** 2) / (i + 1) for i, f in enumerate(formants)])
            vowel += (gain + 0.02) / k**0.3 * np.sin(k * phase)
        sound[at : at + length] += vowel * shape
        at += int(length * rng.uniform(0.7, 1.0))
        if rng.random() < 0.35 and at < _SAMPLES - 4000:
            length = int(rng.integers(1000, 4000))
            hiss = np.diff(rng.normal(size=length + 1)) * np.hanning(length)
            sound[at : at + length] += hiss * rng.uniform(0.05, 0.5)
            at += int(length * 0.8)
    return sound


def spoken(rng: np.random.Generator) -> np.ndarray:
    """Invented words, read aloud by eSpeak NG in some language; `speech` where that isn't installed."""
    program = shutil.which("espeak-ng")
    if program is None:
        return speech(rng)
    words = ["".join(rng.choice(_SYLLABLES, int(rng.integers(1, 5)))) for _ in range(60)]
    marks = rng.choice(["", "", "", "", ",", ".", "?"], len(words))
    text = " ".join(word + mark for word, mark in zip(words, marks, strict=True))
    voice = f"{rng.choice(_LANGUAGES)}{rng.choice(['', '+f1', '+f2', '+f4', '+m2', '+m4', '+m7', '+croak'])}"
    options = ["-v", voice, "-s", str(rng.integers(110, 210)), "-p", str(rng.integers(20, 80)), "--stdout"]
    wave = subprocess.run([program, *options, text], capture_output=True, check=True).stdout
    # The length in the header of a stream is not known; the samples begin after 44 bytes.
    samples = np.frombuffer(wave[44 : len(wave) // 2 * 2], "<i2").astype(np.float32) / 32768
    first = int(rng.integers(max(1, len(samples) - _SAMPLES)))
    sound = np.resize(samples[first:], _SAMPLES)
    room = int(rng.uniform(0.02, 0.5) * SAMPLE_RATE)
    echo = rng.normal(size=room) * np.exp(-np.arange(room) / (room / 6))
    wet = np.fft.irfft(np.fft.rfft(sound, 2 * _SAMPLES) * np.fft.rfft(echo, 2 * _SAMPLES))[:_SAMPLES]
    share = rng.uniform(0, 0.5) * (rng.random() < 0.7)
    sound = sound / (sound.std() + 1e-6) + share * wet / (wet.std() + 1e-6)
    return sound + coloured_noise(rng) * 10 ** rng.uniform(-4, -1)


KINDS: tuple[Callable[[np.random.Generator], np.ndarray], ...] = (
    coloured_noise,
    swelling_noise,
    steady_tones,
    hum,
    sweep,
    bumps,
    speech,
    spoken,
    spoken,
    spoken,
)


def not_music(count: int, seed: int) -> list[np.ndarray]:
    """Make clips of 10 s, each kind in turn.

    Parameters
    ----------
    count : how many
    seed : of all of them

    Returns
    -------
    `count` uint8 pictures ``(128, t)``, as `training.music` has them
    """
    rng = np.random.default_rng(seed)
    pictures = []
    for i in range(count):
        sound = KINDS[i % len(KINDS)](rng)
        sound *= 0.5 / np.abs(sound).max()
        pictures.append(to_uint8(relative_db(MoodMel(SAMPLE_RATE).push(sound.astype(np.float32)))).T)
    return pictures
