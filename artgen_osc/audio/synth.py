"""The instruments of the demo: short sounds made of sines and noise.

Every instrument returns mono float32 that starts and ends at 0, so notes never click.
Pitches are MIDI numbers, times are seconds, and results are cached: music repeats itself.
"""

from functools import lru_cache

import numpy as np

from artgen_osc.dsp.core import FloatArray

RATE = 44100
AIR = 10.0 ** (-72.0 / 20.0)
"""Noise floor of the recording."""
_TABLE = 4096


def hz(pitch: float) -> float:
    """Frequency of a MIDI pitch, 69 is A at 440 Hz."""
    return float(440.0 * 2.0 ** ((pitch - 69.0) / 12.0))


def seconds(duration: float) -> FloatArray:
    """Time axis, float32 ``(frames,)``."""
    return (np.arange(round(duration * RATE)) / RATE).astype(np.float32)


def noise(duration: float, seed: int) -> FloatArray:
    """White noise, the same for the same seed.

    Parameters
    ----------
    duration : s
    seed : of NumPy's generator

    Returns
    -------
    float32 ``(frames,)`` of deviation 1
    """
    return np.random.default_rng(seed).standard_normal(round(duration * RATE)).astype(np.float32)


def filtered(sound: FloatArray, low_hz: float, high_hz: float) -> FloatArray:
    """Keep a band, with soft edges (24 dB an octave), by FFT.

    Parameters
    ----------
    sound : float32 ``(frames,)``
    low_hz, high_hz : where it is 6 dB lower
    """
    size = 1 << (len(sound) + 2048).bit_length()
    bins = np.fft.rfftfreq(size, 1.0 / RATE)
    edge_low = 1.0 / (1.0 + (low_hz / np.maximum(bins, 1.0)) ** 4)
    edge_high = 1.0 / (1.0 + (bins / high_hz) ** 4)
    kept = np.fft.irfft(np.fft.rfft(sound, size) * (edge_low * edge_high), size)[: len(sound)]
    result: FloatArray = kept.astype(np.float32)
    return result


def _shaped(sound: FloatArray, attack: float, release: float) -> FloatArray:
    """Fade in and out along a raised cosine.

    Parameters
    ----------
    sound : float32 ``(frames,)``; it stays as it is
    attack, release : s
    """
    result = sound.copy()
    for span, where in ((attack, slice(None)), (release, slice(None, None, -1))):
        frames = min(round(span * RATE), len(sound))
        ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(frames, dtype=np.float32) / max(frames, 1))
        result[where][:frames] *= ramp
    return result


@lru_cache(maxsize=64)
def _wave(harmonics: int, slope: float) -> FloatArray:
    """One period: harmonics 1.. with amplitude ``1 / k ** slope``."""
    spectrum = np.zeros(_TABLE // 2 + 1, dtype=np.complex128)
    order = np.arange(1, min(harmonics, _TABLE // 2 - 1) + 1)
    spectrum[order] = -1j / order**slope
    period = np.fft.irfft(spectrum)
    result: FloatArray = (period / np.abs(period).max()).astype(np.float32)
    return result


def tone(
    pitch: float, duration: float, slope: float, brightness: float, detune: tuple[float, ...] = (0.0,)
) -> FloatArray:
    """A steady, band-limited tone of several voices.

    Parameters
    ----------
    pitch : MIDI note
    duration : s
    slope : 1 is a saw, 2 is soft
    brightness : Hz, the highest harmonic
    detune : semitones, one voice each
    """
    wave = _wave(max(1, int(min(brightness, 16000.0) / hz(pitch))), slope)
    time = np.arange(round(duration * RATE)) / RATE
    result = np.zeros(len(time), dtype=np.float32)
    for number, offset in enumerate(detune):
        phase = time * hz(pitch + offset) + number * 0.37 * (len(detune) > 1)
        result += wave[(phase * _TABLE).astype(np.int64) & (_TABLE - 1)]
    return result / np.float32(np.sqrt(len(detune)))


@lru_cache(maxsize=256)
def piano(pitch: int, duration: float, softness: float = 1.0) -> FloatArray:
    """Struck string: slightly stretched partials, the higher the shorter.

    Parameters
    ----------
    pitch : MIDI note
    duration : s
    softness : the more, the weaker the upper partials; 1 to 1.6 is usual
    """
    time = seconds(duration)
    base = hz(pitch)
    sound = np.zeros(len(time), dtype=np.float32)
    for k in range(1, 11):
        partial = base * k * np.sqrt(1.0 + 0.0004 * k * k)
        if partial < 14000.0:
            decay = (0.5 + base / 500.0) * (0.6 + 0.4 * k)
            level = 1.0 / k ** (0.9 + 0.7 * softness)
            sound += np.float32(level) * np.exp(-decay * time) * np.sin(np.float32(2.0 * np.pi * partial) * time)
    hammer = filtered(noise(min(duration, 0.1), 5), 200.0, 3500.0)
    sound[: len(hammer)] += np.float32(0.12) * hammer * np.exp(-seconds(len(hammer) / RATE) / 0.012)
    return _shaped(sound, 0.004, min(0.15, duration / 3))


@lru_cache(maxsize=256)
def pluck(pitch: int, duration: float, brightness: float = 1.0) -> FloatArray:
    """Plucked nylon or steel string.

    Parameters
    ----------
    pitch : MIDI note
    duration : s
    brightness : the more, the stronger the upper partials; 0.8 to 1.3 is usual
    """
    time = seconds(duration)
    base = hz(pitch)
    sound = np.zeros(len(time), dtype=np.float32)
    for k in range(1, 16):
        if base * k < 14000.0:
            level = abs(np.sin(np.pi * k * 0.21)) / k ** (1.5 - 0.5 * brightness)
            decay = 2.0 + 0.9 * k
            sound += np.float32(level) * np.exp(-decay * time) * np.sin(np.float32(2.0 * np.pi * base * k) * time)
    return _shaped(sound, 0.002, min(0.08, duration / 3))


@lru_cache(maxsize=256)
def bell(pitch: int, duration: float) -> FloatArray:
    """Glockenspiel: a few partials that don't fit.

    Parameters
    ----------
    pitch : MIDI note
    duration : s
    """
    time = seconds(duration)
    sound = np.zeros(len(time), dtype=np.float32)
    for ratio, level, decay in ((1.0, 1.0, 3.0), (2.76, 0.35, 6.0), (5.4, 0.15, 11.0)):
        sound += np.float32(level) * np.exp(-decay * time) * np.sin(np.float32(2.0 * np.pi * hz(pitch) * ratio) * time)
    return _shaped(sound, 0.002, min(0.1, duration / 3))


@lru_cache(maxsize=128)
def strings(pitch: int, duration: float, brightness: float) -> FloatArray:
    """Soft ensemble with a slow bow.

    Parameters
    ----------
    pitch : MIDI note
    duration : s
    brightness : Hz, the highest harmonic
    """
    sound = tone(pitch, duration, 1.4, brightness, (-0.07, 0.0, 0.06))
    return _shaped(sound, min(0.7, duration / 3), min(0.9, duration / 3))


@lru_cache(maxsize=128)
def supersaw(pitch: int, duration: float, brightness: float) -> FloatArray:
    """Wide saw of five voices.

    Parameters
    ----------
    pitch : MIDI note
    duration : s
    brightness : Hz, the highest harmonic
    """
    return _shaped(tone(pitch, duration, 1.0, brightness, (-0.16, -0.07, 0.0, 0.08, 0.17)), 0.004, 0.03)


@lru_cache(maxsize=128)
def bass(pitch: int, duration: float, brightness: float) -> FloatArray:
    """Round bass with a short bite.

    Parameters
    ----------
    pitch : MIDI note
    duration : s
    brightness : Hz, the highest harmonic, without the bite
    """
    time = seconds(duration)
    soft = tone(pitch, duration, 1.5, brightness)
    bite = tone(pitch, duration, 1.0, 4.0 * brightness) * np.exp(-time / 0.06)
    return _shaped((soft + 0.5 * bite) * np.exp(-time / 0.6), 0.004, 0.03)


@lru_cache(maxsize=128)
def power_chord(pitch: int, duration: float, muted: bool) -> FloatArray:
    """Root, fifth and octave through a distorted amplifier and its cabinet.

    Parameters
    ----------
    pitch : MIDI note of the root
    duration : s
    muted : by the palm: it ends at once
    """
    time = seconds(duration)
    strung = sum((tone(pitch + step, duration, 0.8, 6000.0, (-0.03, 0.04)) for step in (0, 7, 12)), np.float32(0.0))
    strung = strung * np.exp(-time / (0.09 if muted else 1.5))
    driven = np.tanh(6.0 * strung) + 0.15 * np.abs(np.tanh(3.0 * strung))
    return _shaped(filtered(driven.astype(np.float32), 75.0, 5200.0), 0.003, 0.02)


@lru_cache(maxsize=8)
def kick(hard: bool) -> FloatArray:
    """Bass drum: a falling sine and the beater."""
    time = seconds(0.3)
    fall = 50.0 * time + (150.0 if hard else 90.0) * 0.028 * (1.0 - np.exp(-time / 0.028))
    body = np.sin(2.0 * np.pi * fall) * np.exp(-time / (0.11 if hard else 0.14))
    beater = filtered(noise(0.3, 1), 1500.0, 7000.0) * np.exp(-time / 0.004) * (0.9 if hard else 0.15)
    return _shaped((body + beater).astype(np.float32), 0.001, 0.05)


@lru_cache(maxsize=8)
def snare(length: float) -> FloatArray:
    """Snare drum."""
    time = seconds(0.35)
    body = 0.6 * np.sin(2.0 * np.pi * (190.0 * time + 2.0 * (1.0 - np.exp(-time / 0.01)))) * np.exp(-time / 0.06)
    wires = 0.6 * filtered(noise(0.35, 2), 1200.0, 11000.0) * np.exp(-time / length)
    return _shaped((body + wires).astype(np.float32), 0.001, 0.05)


@lru_cache(maxsize=8)
def clap() -> FloatArray:
    """Hand clap: four bursts."""
    time = seconds(0.3)
    hands = sum((np.exp(-np.abs(time - at) / 0.004) * (time >= at) for at in (0.0, 0.011, 0.023)), np.float32(0.0))
    tail = np.exp(-np.maximum(time - 0.03, 0.0) / 0.07) * (time >= 0.03)
    return _shaped(filtered(noise(0.3, 3), 900.0, 9000.0) * (hands + tail).astype(np.float32), 0.001, 0.05)


@lru_cache(maxsize=16)
def cymbal(decay: float, low_hz: float) -> FloatArray:
    """Hi-hat, ride, shaker or crash.

    Parameters
    ----------
    decay : s, to 1/e; it lasts six times as long, 2.5 s at most
    low_hz : the lowest frequency
    """
    duration = min(6.0 * decay, 2.5)
    return _shaped(filtered(noise(duration, 4), low_hz, 15000.0) * np.exp(-seconds(duration) / decay), 0.001, 0.02)


@lru_cache(maxsize=4)
def _room(decay: float, side: int) -> FloatArray:
    time = seconds(min(3.0, 3.0 * decay))
    tail = filtered(noise(len(time) / RATE, 10 + side), 150.0, 6000.0) * np.exp(-time / decay * 2.3)
    tail[: round(0.012 * RATE)] = 0.0
    room: FloatArray = tail / np.sqrt(np.square(tail).sum())
    return room


def _reverb(sound: FloatArray, decay: float) -> FloatArray:
    """A room around mono sound.

    Parameters
    ----------
    sound : float32 ``(frames,)``
    decay : s, to 1/10

    Returns
    -------
    float32 ``(frames, 2)``, without the dry sound
    """
    size = 1 << (len(sound) + round(3.0 * RATE)).bit_length()
    spectrum = np.fft.rfft(sound, size)
    sides = [np.fft.irfft(spectrum * np.fft.rfft(_room(decay, side), size), size)[: len(sound)] for side in (0, 1)]
    return np.stack(sides, axis=1).astype(np.float32)


class Mix:
    """A stretch of stereo sound that notes are put into.

    Parameters
    ----------
    duration : s
    """

    def __init__(self, duration: float) -> None:
        self.dry = np.zeros((round(duration * RATE), 2), dtype=np.float32)
        self.wet = np.zeros(len(self.dry), dtype=np.float32)

    def add(self, sound: FloatArray, at: float, gain: float, pan: float = 0.0, send: float = 0.0) -> None:
        """Put in a sound.

        Parameters
        ----------
        sound : float32 ``(frames,)``; what lies beyond the end is left out
        at : s
        gain : factor
        pan : -1 left, 1 right
        send : factor, into the reverb
        """
        first = round(at * RATE)
        sound = sound[: max(0, len(self.dry) - first)] * np.float32(gain)
        angle = (pan + 1.0) * np.pi / 4.0
        place = slice(first, first + len(sound))
        self.dry[place, 0] += sound * np.float32(np.cos(angle))
        self.dry[place, 1] += sound * np.float32(np.sin(angle))
        self.wet[place] += sound * np.float32(send)

    def duck(self, beats: list[float], depth: float, release: float) -> None:
        """Lower everything so far on each beat, as a compressor on the bass drum would.

        Parameters
        ----------
        beats : s, rising
        depth : 0..1, by which the level falls
        release : s, to 1/e
        """
        time = seconds(len(self.dry) / RATE)
        edges = np.array([-1e3, *beats, 1e3], dtype=np.float32)
        after = np.searchsorted(edges, time, side="right")
        since, until = time - edges[after - 1], edges[after] - time
        gain = 1.0 - np.float32(depth) * np.maximum(np.exp(-since / np.float32(release)), np.exp(until / -0.004))
        self.dry *= gain[:, None]
        self.wet *= gain

    def master(self, room: float, loudness_db: float) -> FloatArray:
        """Add the reverb and the air of a recording, and set the loudness.

        Parameters
        ----------
        room : s, the reverb's decay
        loudness_db : dBFS, RMS of the whole

        Returns
        -------
        float32 ``(frames, 2)``
        """
        sound = self.dry + _reverb(self.wet, room)
        sound *= np.float32(10.0 ** (loudness_db / 20.0) / np.sqrt(np.square(sound).mean() + 1e-12))
        sound += np.float32(AIR) * noise(sound.size / RATE, 6).reshape(sound.shape)
        return sound


def limited(sound: FloatArray) -> FloatArray:
    """Softly below 0.89."""
    result: FloatArray = np.float32(0.89) * np.tanh(sound / np.float32(0.89))
    return result
