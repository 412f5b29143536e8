"""A minute of music that the program composes and plays itself, through four moods.

It is heard with ``--input demo`` and is the tests' known material: the same every time.
"""

from functools import lru_cache

import numpy as np

from artgen_osc.audio import synth
from artgen_osc.audio.synth import Mix
from artgen_osc.dsp.core import FloatArray
from artgen_osc.dsp.resample import Resampler

RATE = synth.RATE
SECTION = 15.0
_TAIL = 0.6

SECTIONS: tuple[tuple[float, float, str, tuple[float, float]], ...] = (
    (0.0, 15.0, "sad and calm", (0.15, 0.1)),
    (15.0, 30.0, "happy and calm", (0.7, 0.35)),
    (30.0, 45.0, "happy and wild", (0.8, 0.9)),
    (45.0, 60.0, "angry", (0.3, 0.95)),
)
"""Start and end in seconds, name, and about what (valence, energy) to expect."""

_MAJOR, _MINOR = (0, 4, 7), (0, 3, 7)


def _chord(root: int, kind: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(root + step for step in kind)


def _sad() -> FloatArray:
    """A minor at 64 bpm: low piano, strings, a falling melody."""
    mix = Mix(SECTION + _TAIL)
    beat = 60.0 / 64.0
    chords = ((45, _MINOR), (41, _MAJOR), (38, _MINOR), (40, _MINOR))
    melody = (
        ((0.0, 72, 1.5), (1.5, 71, 0.5), (2.0, 69, 2.0)),
        ((0.0, 69, 1.5), (1.5, 67, 0.5), (2.0, 65, 2.0)),
        ((0.0, 65, 1.0), (1.0, 64, 1.0), (2.0, 62, 2.0)),
        ((0.0, 64, 1.5), (1.5, 62, 0.5), (2.0, 59, 2.0)),
    )
    for bar, (root, kind) in enumerate(chords):
        start = bar * 4 * beat
        low, third, fifth = _chord(root, kind)
        mix.add(synth.piano(low - 12, 4 * beat, 1.6), start, 0.5, -0.2, 0.25)
        figure = (low, fifth, low + 12, third + 12, fifth + 12, third + 12, low + 12, fifth)
        for step, pitch in enumerate(figure):
            # A player leans on some notes and hurries none.
            lean = 0.30 if step % 4 == 0 else 0.22
            mix.add(synth.piano(pitch, 2 * beat, 1.5), start + step * beat / 2 + 0.008 * (step % 3), lean, -0.25, 0.3)
        for pitch in (low + 12, third + 12, fifth + 12):
            mix.add(synth.strings(pitch, 4.4 * beat, 1400.0), start, 0.05, 0.35, 0.35)
        for at, pitch, length in melody[bar]:
            mix.add(synth.piano(pitch, (length + 0.6) * beat, 1.1), start + at * beat + 0.015, 0.42, 0.15, 0.5)
    return mix.master(2.4, -25.0)


def _happy_calm() -> FloatArray:
    """C major at 104 bpm: ukulele on the off-beats, walking bass, brushes, glockenspiel."""
    mix = Mix(SECTION + _TAIL)
    beat = 60.0 / 104.0
    chords = (48, _MAJOR), (53, _MAJOR), (55, _MAJOR), (48, _MAJOR), (53, _MAJOR), (55, _MAJOR), (48, _MAJOR)
    melody = (
        ((0.0, 76), (0.5, 79), (1.5, 81), (2.0, 79), (3.0, 76), (3.5, 79)),
        ((0.0, 81), (0.5, 79), (1.5, 77), (2.0, 81), (3.0, 84), (3.5, 81)),
        ((0.0, 83), (0.5, 86), (1.5, 83), (2.0, 79), (3.0, 81), (3.5, 83)),
        ((0.0, 84), (0.5, 79), (1.5, 76), (2.0, 79), (3.0, 84)),
        ((0.0, 81), (0.5, 84), (1.5, 81), (2.0, 77), (3.0, 79), (3.5, 81)),
        ((0.0, 79), (0.5, 83), (1.5, 86), (2.0, 83), (3.0, 79), (3.5, 83)),
        ((0.0, 84), (1.0, 79), (1.5, 81), (2.0, 84)),
    )
    for bar, (root, kind) in enumerate(chords):
        start = bar * 4 * beat
        low, third, fifth = _chord(root, kind)
        for step in range(8):
            strings = (fifth, low + 12, third + 12, fifth + 12)
            upwards = step % 2 == 1
            for number, pitch in enumerate(reversed(strings) if upwards else strings):
                gain = 0.11 if upwards else 0.06
                mix.add(synth.pluck(pitch, 0.4, 0.8), start + step * beat / 2 + 0.008 * number, gain, -0.3, 0.05)
        walk = (low - 12, third - 12, fifth - 12, third - 12)
        for step, pitch in enumerate(walk):
            mix.add(synth.bass(pitch, 0.8 * beat, 500.0), start + step * beat, 0.24)
        for step in range(8):
            mix.add(synth.cymbal(0.025, 6000.0), start + step * beat / 2, 0.03 + 0.04 * (step % 2), 0.3)
        for at in (0.0, 2.0):
            mix.add(synth.kick(False), start + at * beat, 0.70)
        for at in (1.0, 3.0):
            mix.add(synth.snare(0.04), start + at * beat, 0.18, 0.05, 0.04)
        for at, pitch in melody[bar]:
            mix.add(synth.bell(pitch, 0.8), start + at * beat, 0.05, 0.15, 0.08)
            mix.add(synth.pluck(pitch - 12, 0.6, 0.8), start + at * beat, 0.28, 0.1, 0.06)
    return mix.master(0.7, -18.0)


def _happy_wild() -> FloatArray:
    """D major at 128 bpm: four on the floor, supersaws, arpeggio, a lead that climbs."""
    mix = Mix(SECTION + _TAIL)
    beat = 60.0 / 128.0
    chords = ((50, _MAJOR), (57, _MAJOR), (47, _MINOR), (55, _MAJOR)) * 2
    melody = (
        ((0.0, 78), (0.75, 78), (1.5, 81), (2.0, 78), (3.0, 76)),
        ((0.0, 76), (0.75, 76), (1.5, 81), (2.5, 83), (3.0, 81)),
        ((0.0, 78), (0.75, 78), (1.5, 83), (2.0, 81), (3.0, 78)),
        ((0.0, 79), (0.75, 81), (1.5, 83), (2.5, 85), (3.0, 86)),
    ) * 2
    beats = [number * beat for number in range(32)]
    for bar, (root, kind) in enumerate(chords):
        start = bar * 4 * beat
        voicing = sorted(pitch + 12 if pitch < 55 else pitch for pitch in _chord(root, kind))
        for at, length in ((0.0, 0.7), (0.75, 0.7), (1.5, 0.9), (2.5, 0.45), (3.0, 0.9)):
            for number, pitch in enumerate((*voicing, voicing[0] + 12)):
                pan = (-0.6, 0.5, -0.3, 0.6)[number]
                mix.add(synth.supersaw(pitch, length * beat, 7000.0), start + at * beat, 0.12, pan, 0.04)
        for step in range(16):
            pitch = (*voicing, voicing[0] + 12)[(0, 1, 2, 3, 2, 1, 2, 3)[step % 8]] + 12
            mix.add(synth.pluck(pitch, 0.35, 1.3), start + step * beat / 4, 0.16, 0.5 if step % 2 else -0.5, 0.06)
        low = root - 24 if root > 50 else root - 12
        for step in range(8):
            mix.add(synth.bass(low + 12 * (step % 2), beat / 2, 900.0), start + step * beat / 2, 0.42)
        for at, pitch in melody[bar]:
            mix.add(synth.supersaw(pitch, 0.6 * beat, 9000.0), start + at * beat, 0.20, 0.0, 0.10)
    mix.duck(beats, 0.65, 0.09)
    for number, at in enumerate(beats):
        mix.add(synth.kick(True), at, 0.95)
        if number % 2:
            mix.add(synth.clap(), at, 0.30, 0.0, 0.05)
            mix.add(synth.snare(0.09), at, 0.25)
        mix.add(synth.cymbal(0.07, 7000.0), at + beat / 2, 0.16, 0.2)
        for step in range(4):
            mix.add(synth.cymbal(0.02, 8000.0), at + step * beat / 4, 0.07, -0.2)
    for at in (0.0, 16 * beat):
        mix.add(synth.cymbal(0.6, 4000.0), at, 0.22, 0.1, 0.05)
    return mix.master(0.8, -11.0)


def _angry() -> FloatArray:
    """E phrygian at 160 bpm: a wall of distorted guitars, a low growl, double bass drum."""
    mix = Mix(SECTION + _TAIL)
    beat = 60.0 / 160.0
    riffs = (
        ((0.0, 0, 0), (1.5, 1, 0), (2.0, 0, 0), (3.5, 0, 1)),
        ((0.0, 0, 0), (1.5, 6, 0), (2.0, 5, 0), (3.0, 1, 0)),
    )
    for bar in range(10):
        start = bar * 4 * beat
        riff = riffs[bar % 2]
        ends = [at for at, _, _ in riff[1:]] + [4.0]
        for (at, step, muted), end in zip(riff, ends, strict=True):
            for side, offset in ((-0.8, 0.0), (0.8, 0.006)):
                sound = synth.power_chord(40 + step, (end - at) * beat, bool(muted))
                mix.add(sound, start + at * beat + offset, 0.42, side, 0.05)
            mix.add(synth.power_chord(28 + step, (end - at) * beat, bool(muted)), start + at * beat, 0.15)
        # A voice that screams a semitone off the chord.
        for at, pitch, length in ((0.0, 64, 1.4), (1.5, 65, 2.4)):
            mix.add(synth.power_chord(pitch, length * beat, False), start + at * beat, 0.06, 0.1, 0.12)
        for step in range(16):
            if step % 8 != 4:
                mix.add(synth.kick(True), start + step * beat / 4, 0.55 if step % 4 == 0 else 0.35)
        for at in (1.0, 3.0):
            mix.add(synth.snare(0.12), start + at * beat, 0.60, 0.05, 0.12)
        for step in range(8):
            mix.add(synth.cymbal(0.25, 4000.0), start + step * beat / 2, 0.20, 0.3)
        if bar % 2 == 0:
            mix.add(synth.cymbal(0.7, 3000.0), start, 0.30, -0.3, 0.05)
    return mix.master(0.8, -10.0)


@lru_cache(maxsize=1)
def _composed() -> FloatArray:
    frames = round(SECTION * RATE)
    tail = round(_TAIL * RATE)
    result = np.zeros((4 * frames + tail, 2), dtype=np.float32)
    for number, section in enumerate((_sad, _happy_calm, _happy_wild, _angry)):
        sound = section()
        fade = np.cos(np.linspace(0.0, np.pi / 2, tail, dtype=np.float32)) ** 2
        sound[frames:] *= fade[:, None]
        result[number * frames : number * frames + len(sound)] += sound
    ending = round(0.3 * RATE)
    result = result[: 4 * frames]
    result[-ending:] *= np.linspace(1.0, 0.0, ending, dtype=np.float32)[:, None]
    limited = synth.limited(result)
    limited.setflags(write=False)
    return limited


def compose(sample_rate: int = RATE) -> FloatArray:
    """The demo.

    Parameters
    ----------
    sample_rate : Hz

    Returns
    -------
    float32 ``(frames, 2)``, a minute, below 0.9. The first call takes a second or two.
    """
    sound = _composed()
    if sample_rate == RATE:
        return sound.copy()
    return np.stack([Resampler(RATE, sample_rate).push(sound[:, side]) for side in (0, 1)], axis=1)
