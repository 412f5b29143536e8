"""Sound made by code, for tests."""

from itertools import pairwise

import numpy as np

from artgen_osc.analysis.hop import RATE
from artgen_osc.testing import signals
from artgen_osc.testing.signals import clicks as clicks
from artgen_osc.testing.signals import pink_noise as pink_noise
from artgen_osc.testing.signals import silence as silence


def tone(frequency: float, duration: float, level: float = 0.3, rate: int = RATE) -> np.ndarray:
    return signals.tone(duration, rate, frequency, level)


def click_times(duration: float, bpm: float = 120.0) -> np.ndarray:
    return np.arange(0.25, duration, 60.0 / bpm)


def music(duration: float, rate: int = RATE) -> np.ndarray:
    """Notes with decay over soft noise, in stereo."""
    rng = np.random.default_rng(3)
    sound = rng.standard_normal((round(duration * rate), 2)) * 0.003
    for start in np.arange(0.1, duration, 0.23):
        first = round(start * rate)
        time = np.arange(len(sound) - first) / rate
        pitch = 110.0 * 2.0 ** (rng.integers(0, 25) / 12.0)
        note = sum(np.sin(2.0 * np.pi * pitch * k * time) / k for k in range(1, 6)) * np.exp(-5.0 * time)
        sound[first:] += 0.15 * note[:, None] * rng.uniform(0.3, 1.0, 2)
    return sound.astype(np.float32)


def song(seconds: float, rate: int = 44100, wild: bool = True, seed: int = 0) -> np.ndarray:
    """Four chords, bass and, if wild, drums at 132 bpm."""
    rng = np.random.default_rng(seed)
    beat = 60 / (132 if wild else 70)
    sound = np.zeros(int(seconds * rate) + rate)
    chords = ([0, 4, 7], [7, 11, 14], [9, 12, 16], [5, 9, 12])
    for step in range(int(seconds / beat)):
        at = int(step * beat * rate)
        length = int(beat * rate)
        t = np.arange(length) / rate
        for note in chords[step // 4 % 4]:
            hz = 220 * 2 ** (note / 12)
            tone = sum(np.sin(2 * np.pi * hz * k * t) / k ** (1.0 if wild else 2.0) for k in range(1, 9))
            sound[at : at + length] += 0.1 * tone * np.exp(-t * (4 if wild else 1.5))
        if wild:
            drum = rng.normal(size=length) * np.exp(-t * 30) * 0.3
            kick = np.sin(2 * np.pi * (50 * t + 8 * (1 - np.exp(-t * 30)))) * np.exp(-t * 12) * 0.6
            sound[at : at + length] += drum if step % 2 else kick
            half = length // 2
            sound[at + half : at + length] += (
                np.diff(rng.normal(size=length - half + 1)) * np.exp(-t[: length - half] * 60) * 0.1
            )
    return (0.7 * sound / np.abs(sound).max())[: int(seconds * rate)].astype(np.float32)


def voice(hz: np.ndarray, noise: float = 0.003) -> np.ndarray:
    """A harmonic sound whose pitch follows `hz`, one value a sample."""
    phase = 2.0 * np.pi * np.cumsum(hz) / RATE
    sound = sum(np.where(hz * k < 9000.0, np.sin(k * phase) / k, 0.0) for k in range(1, 20))
    return (0.2 * sound + noise * np.random.default_rng(1).standard_normal(len(hz))).astype(np.float32)


def chord(notes: list[int], duration: float) -> np.ndarray:
    """MIDI notes as decaying harmonic tones."""
    time = np.arange(round(duration * RATE)) / RATE
    hz = [440.0 * 2.0 ** ((note - 69) / 12.0) for note in notes]
    sound = sum(np.sin(2 * np.pi * f * k * time) / k for f in hz for k in range(1, 5))
    return (0.08 * sound * np.exp(-1.5 * time)).astype(np.float32)


def drums(beats: np.ndarray, duration: float, meter: int = 4) -> np.ndarray:
    """Kick on the first beat of a bar, snare on every second, hats on the halves; `beats` in s."""
    rng = np.random.default_rng(7)
    sound = np.zeros(round(duration * RATE) + RATE)
    time = np.arange(RATE // 2) / RATE

    def add(at: float, voice: np.ndarray) -> None:
        first = round(at * RATE)
        if first + len(voice) <= len(sound):
            sound[first : first + len(voice)] += voice

    kick = 0.8 * np.sin(2 * np.pi * (50 * time + 4 * (1 - np.exp(-30 * time)))) * np.exp(-9 * time)
    snare = (0.3 * rng.standard_normal(len(time)) + 0.2 * np.sin(2 * np.pi * 190 * time)) * np.exp(-16 * time)
    hat = 0.12 * np.diff(rng.standard_normal(len(time) + 1)) * np.exp(-50 * time)
    bass = 0.25 * np.sin(2 * np.pi * 82.4 * time) * np.exp(-3 * time)
    for number, (at, after) in enumerate(pairwise(beats)):
        add(at, hat)
        add((at + after) / 2, hat)
        if number % meter == 0:
            add(at, kick + bass)
        elif number % 2 == 1:
            add(at, snare)
        elif meter == 4:
            add(at, 0.8 * kick)
    return sound[: round(duration * RATE)].astype(np.float32)
