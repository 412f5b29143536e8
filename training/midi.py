"""MIDI as known material: pieces with beats, varied, composed, and made audible by FluidSynth."""

import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import mido
import numpy as np
import soundfile

from artgen_osc.analysis.rhythm.spectrum import SAMPLE_RATE
from artgen_osc.errors import ConfigError

SOUND_FONTS = ("/usr/share/sounds/sf2/FluidR3_GM.sf2", "/usr/share/sounds/sf2/default-GM.sf2")
DRUMS = 9
_TICKS_PER_SECOND = 960
_PROGRAMS = (0, 1, 4, 5, 6, 11, 16, 19, 24, 25, 26, 27, 29, 30, 48, 50, 52, 61, 62, 80, 81, 88, 89, 90)


@dataclass(frozen=True, slots=True)
class Note:
    """One note; `start` and `length` in s, `channel` 9 plays drums."""

    start: float
    length: float
    pitch: int
    velocity: int
    channel: int = 0


@dataclass(slots=True)
class Piece:
    """Notes, the program of each channel, and the times of beats and downbeats in s."""

    notes: list[Note] = field(default_factory=list)
    programs: dict[int, int] = field(default_factory=dict)
    beats: np.ndarray = field(default_factory=lambda: np.empty(0))
    downbeats: np.ndarray = field(default_factory=lambda: np.empty(0))


def read_piece(folder: Path) -> Piece:
    """A folder of POP909: its MIDI file and ``beat_midi.txt``."""
    (path,) = folder.glob("*.mid")
    file = mido.MidiFile(path)
    for channel, track in enumerate(file.tracks):
        for message in track:
            if not message.is_meta and message.type.startswith("note"):
                message.channel = channel if channel < DRUMS else channel + 1
    piece, time = Piece(), 0.0
    sounding: dict[tuple[int, int], tuple[float, int]] = {}
    for message in file:
        time += message.time
        if message.type not in ("note_on", "note_off"):
            continue
        key = (message.channel, message.note)
        if key in sounding:
            start, velocity = sounding.pop(key)
            piece.notes.append(Note(start, max(time - start, 0.02), message.note, velocity, message.channel))
        if message.type == "note_on" and message.velocity:
            sounding[key] = (time, message.velocity)
    table = np.loadtxt(folder / "beat_midi.txt", ndmin=2)
    piece.beats, piece.downbeats = table[:, 0], table[table[:, 2] > 0, 0]
    return piece


def drum_bars(bars: list[np.ndarray], random: np.random.Generator) -> list[Note]:
    """A drum part.

    Parameters
    ----------
    bars : each given by its beats and the beat after its last, ``(beats + 1,)`` in s
    random : chooses the style, and how a drummer errs
    """
    style = random.choice(["rock", "floor", "ballad", "half", "offbeat"])
    cymbal = int(random.choice([42, 46, 51, 70]))
    step = int(random.choice([2, 2, 4, 3]))
    loud = random.uniform(0.6, 1.0)
    ghost = random.uniform(0.0, 0.5)
    notes = []

    def hit(time: float, pitch: int, velocity: float) -> None:
        if random.random() < 0.97:
            late = random.normal(0.0, 0.004)
            notes.append(Note(max(0.0, time + late), 0.1, pitch, int(np.clip(velocity * loud, 20, 127)), DRUMS))

    for index, bar in enumerate(bars):
        if style == "ballad" and index % 16 == 15:
            continue
        count = len(bar) - 1

        def at(place: float, bar: np.ndarray = bar) -> float:
            return float(np.interp(place, np.arange(len(bar)), bar))

        for place in np.arange(0, count, 1 / step):
            strong = place == int(place)
            hit(at(place), cymbal, 85 if strong else 60)
            if not strong and random.random() < 0.15 * ghost:
                hit(at(place), 38, 40)
        if style == "floor":
            for beat in range(count):
                hit(at(beat), 36, 110)
                hit(at(beat + 0.5), 46, 80)
        elif style == "offbeat":
            hit(at(count // 2), 36, 110)
            for beat in range(count):
                hit(at(beat + 0.5), 42, 90)
        else:
            hit(at(0), 36, 115)
            if count == 4 and random.random() < 0.7:
                hit(at(random.choice([2.0, 2.5, 1.5])), 36, 95)
        backbeats = {"half": [count // 2], "ballad": [count // 2]}.get(style, list(range(1, count, 2)))
        for beat in backbeats:
            hit(at(beat), 39 if style == "floor" else 38, 108)
        if index % 8 == 7:
            for place in np.arange(count - 1, count, 0.25):
                hit(at(place), int(random.choice([45, 47, 50])), 95)
    return notes


def varied(piece: Piece, random: np.random.Generator) -> Piece:
    """The piece in another tempo, key and instrumentation, often with drums that keep its beat.

    Parameters
    ----------
    piece : stays as it is
    random : chooses what is changed
    """
    factor = random.uniform(0.8, 1.25)
    shift = int(random.integers(-4, 5))
    notes = [
        Note(n.start * factor, n.length * factor, int(np.clip(n.pitch + shift, 0, 127)), n.velocity, n.channel)
        for n in piece.notes
    ]
    beats, downbeats = piece.beats * factor, piece.downbeats * factor
    programs = {channel: int(random.choice(_PROGRAMS)) for channel in {n.channel for n in notes}}
    if random.random() < 0.7:
        starts = np.searchsorted(beats, downbeats - 1e-3)
        bars = [beats[a : b + 1] for a, b in pairwise(starts) if 2 <= b - a <= 6]
        notes += drum_bars(bars[int(random.integers(0, 8)) :], random)
    return Piece(notes, programs, beats, downbeats)


def composed(random: np.random.Generator, seconds: float = 60.0) -> Piece:
    """A piece by chance: chords, bass, a tune and perhaps drums, in 4/4 or 3/4, steady, drifting or changed once.

    Parameters
    ----------
    random : chooses everything
    seconds : how long at least
    """
    bpm = float(np.exp(random.uniform(np.log(62.0), np.log(178.0))))
    count = 3 if random.random() < 0.15 else 4
    drift = random.normal(0.0, 0.03)
    jump = random.uniform(0.75, 1.3) if random.random() < 0.2 else 1.0
    beats = [random.uniform(0.0, 1.0)]
    while beats[-1] < seconds:
        part = beats[-1] / seconds
        beats.append(beats[-1] + 60.0 / (bpm * (1.0 + drift * part) * (jump if part > 0.5 else 1.0)))
    grid = np.array(beats)
    bars = [grid[a : a + count + 1] for a in range(0, len(grid) - count, count)]
    root, minor = int(random.integers(40, 52)), random.random() < 0.5
    scale = np.array([0, 2, 3, 5, 7, 8, 10] if minor else [0, 2, 4, 5, 7, 9, 11])
    chords = random.choice([[0, 5, 3, 4], [0, 3, 4, 4], [0, 4, 5, 3], [5, 3, 0, 4], [0, 0, 3, 4]])
    bass_style, comp_style = random.integers(0, 3), random.integers(0, 4)
    tune = random.random() < 0.7
    notes: list[Note] = []

    def degree(step: int) -> int:
        return int(root + 12 * (step // 7) + scale[step % 7])

    for index, bar in enumerate(bars):
        chord = int(chords[index % 4])
        length = (bar[-1] - bar[0]) / count

        def add(
            place: float,
            beats_long: float,
            pitch: int,
            velocity: float,
            channel: int,
            bar: np.ndarray = bar,
            length: float = length,
        ) -> None:
            start = float(np.interp(place, np.arange(len(bar)), bar)) + random.normal(0.0, 0.004)
            notes.append(Note(max(0.0, start), beats_long * length, pitch, int(np.clip(velocity, 20, 127)), channel))

        places = [np.array([0.0]), np.arange(count), np.arange(0, count, 0.5)][bass_style]
        for place in places:
            add(place, 0.9, degree(chord) - 12, 95 + 10 * (place == 0), 1)
        comp = [np.array([0.0]), np.arange(count), np.arange(count) + 0.5, np.arange(0, count, 0.5)][comp_style]
        for place in comp:
            for step in (0, 2, 4):
                add(place, [count, 0.8, 0.3, 0.4][comp_style], degree(chord + step) + 12, random.uniform(60, 90), 0)
        place = 0.0
        while tune and place < count:
            long = float(random.choice([0.5, 0.5, 1.0, 0.25, 1.5]))
            if random.random() < 0.8:
                add(place, 0.9 * long, degree(int(random.integers(0, 10))) + 24, random.uniform(70, 110), 2)
            place += long
    if random.random() < 0.75:
        notes += drum_bars(bars[int(random.integers(0, 4)) :], random)
    programs = {
        0: int(random.choice(_PROGRAMS)),
        1: int(random.choice([32, 33, 34, 38, 39])),
        2: int(random.choice(_PROGRAMS)),
    }
    return Piece(notes, programs, grid, np.array([bar[0] for bar in bars]))


def render(piece: Piece, seconds: float, gain: float = 0.7) -> np.ndarray:
    """The sound of a piece, by FluidSynth.

    Parameters
    ----------
    piece : as a score
    seconds : how much of it at most
    gain : FluidSynth's, a factor

    Returns
    -------
    float32 ``(frames,)`` at `SAMPLE_RATE`

    Raises
    ------
    ConfigError
        FluidSynth or its sound font is not installed.
    """
    font = next((path for path in SOUND_FONTS if Path(path).exists()), None)
    if font is None or shutil.which("fluidsynth") is None:
        raise ConfigError("fluidsynth: isn't there; apt install fluidsynth fluid-soundfont-gm")
    events: list[tuple[float, int, mido.Message]] = [
        (0.0, 0, mido.Message("program_change", channel=channel, program=program))
        for channel, program in piece.programs.items()
    ]
    for note in piece.notes:
        if note.start < seconds:
            common = {"channel": note.channel, "note": note.pitch}
            events.append((note.start, 2, mido.Message("note_on", velocity=note.velocity, **common)))
            events.append((note.start + note.length, 1, mido.Message("note_off", **common)))
    track, at = mido.MidiTrack(), 0
    for time, _, message in sorted(events, key=lambda event: event[:2]):
        tick = round(time * _TICKS_PER_SECOND)
        track.append(message.copy(time=tick - at))
        at = tick
    file = mido.MidiFile(ticks_per_beat=_TICKS_PER_SECOND // 2)
    file.tracks.append(track)
    with tempfile.TemporaryDirectory() as folder:
        midi, wave = Path(folder) / "piece.mid", Path(folder) / "piece.wav"
        file.save(midi)
        command = ["fluidsynth", "-ni", "-g", f"{gain}", "-r", f"{SAMPLE_RATE}", "-F", str(wave), font, str(midi)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        sound, _ = soundfile.read(wave, dtype="float32", frames=round(seconds * SAMPLE_RATE))
    mono: np.ndarray = sound.mean(axis=1)
    return mono
