"""What the beat network learns from: rows of its spectrogram, and how likely a beat is at each.

* MIDI with beats (POP909), as it is and varied; pieces composed by chance. Beats and downbeats are known.
* Recordings whose tempo is known: the published networks say where the beats are, held to that tempo.
* Other recordings: what the published networks hear there is to be kept.
* Both of these, if wanted, in another tempo and key too, by librosa.
* Noise, tones, hum, speech and silence: there is no beat.
"""

import hashlib
import math
import os
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from artgen_osc.analysis.rhythm.spectrum import FRAME_TIME, SAMPLE_RATE, BeatSpectrum
from artgen_osc.dsp.core import to_mono
from artgen_osc.dsp.resample import Resampler
from artgen_osc.errors import ConfigError
from artgen_osc.runtime.files import whole
from training.beat_net import teach
from training.midi import Piece, composed, read_piece, render, varied
from training.music import mono_blocks
from training.not_music import KINDS
from training.spreadsheet import Row, read_number, read_table

SECONDS, SHORTEST = 60.0, 4.0
"""How much of a recording is used, and how much has to be there: a beat of the slowest tempo and one more."""
Progress = Callable[[list[object]], Iterable[object]]


@dataclass(frozen=True, slots=True)
class Clip:
    """One piece of material.

    Attributes
    ----------
    name : which it is
    rows : float16 ``(t, N_FEATURES)``
    beat, downbeat : float16 ``(t,)``, how likely each is at each row; no `downbeat` where it isn't known: NaN
    """

    name: str
    rows: np.ndarray
    beat: np.ndarray
    downbeat: np.ndarray


def sound_rows(sound: np.ndarray, sample_rate: int = SAMPLE_RATE) -> np.ndarray:
    """What the network hears of a sound.

    Parameters
    ----------
    sound : float32 ``(frames,)`` or ``(frames, channels)``, ±1
    sample_rate : Hz

    Returns
    -------
    float16 ``(t, N_FEATURES)``
    """
    mono = to_mono(sound)
    if sample_rate != SAMPLE_RATE:
        mono = Resampler(sample_rate, SAMPLE_RATE).push(mono)
    return BeatSpectrum().push(mono).astype(np.float16)


def at_rows(times: np.ndarray, rows: int) -> np.ndarray:
    """Events as what the network is to say: 1 at the nearest row, 0.5 beside it.

    Parameters
    ----------
    times : ``(n,)`` in s
    rows : how many there are

    Returns
    -------
    float16 ``(rows,)``
    """
    target = np.zeros(rows, np.float16)
    places = np.round(times / FRAME_TIME).astype(int)
    for shift, value in ((-1, 0.5), (1, 0.5), (0, 1.0)):
        near = places + shift
        target[near[(near >= 0) & (near < rows)]] = value
    return target


def _piece_clip(name: str, piece: Piece) -> Clip:
    """A piece, rendered."""
    rows = sound_rows(render(piece, SECONDS))
    return Clip(name, rows, at_rows(piece.beats, len(rows)), at_rows(piece.downbeats, len(rows)))


def steady_beats(likely: np.ndarray, bpm: float) -> np.ndarray:
    """The most likely beats of a steady tempo, by dynamic programming (Ellis, 2007, *J. New Music Research* 36(1)).

    Parameters
    ----------
    likely : ``(t,)``, how likely a beat is at each row
    bpm : the tempo; from beat to beat it may differ by 6 %

    Returns
    -------
    Times in s
    """
    period = 60.0 / bpm / FRAME_TIME
    gaps = np.arange(int(np.floor(period * 0.94)), int(np.ceil(period * 1.06)) + 1)
    penalty = 200.0 * np.log(gaps / period) ** 2
    total, before = likely.astype(np.float64).copy(), np.full(len(likely), -1)
    for row in range(gaps[-1], len(likely)):
        scores = total[row - gaps] - penalty
        best = int(scores.argmax())
        total[row] += scores[best]
        before[row] = row - gaps[best]
    row = len(likely) - gaps[-1] + int(total[-gaps[-1] :].argmax())
    found = []
    while row >= 0:
        found.append(row)
        row = before[row]
    return np.array(found[::-1]) * FRAME_TIME


def _known_tempo_clip(name: str, sound: np.ndarray, sample_rate: int, bpm: float) -> Clip:
    """A recording of a steady, known tempo."""
    rows = sound_rows(sound, sample_rate)
    likely = teach(torch.from_numpy(rows.astype(np.float32))).numpy()
    beats = steady_beats(likely[:, :2].sum(1), bpm)
    return Clip(name, rows, at_rows(beats, len(rows)), np.full(len(rows), np.nan, np.float16))


def _taught_clip(name: str, sound: np.ndarray, sample_rate: int) -> Clip:
    """A recording without labels."""
    rows = sound_rows(sound, sample_rate)
    likely = teach(torch.from_numpy(rows.astype(np.float32))).numpy().astype(np.float16)
    return Clip(name, rows, likely[:, :2].sum(1), likely[:, 1])


def stretched(clip: Clip, sound: np.ndarray, sample_rate: int, random: np.random.Generator) -> Clip:
    """The same recording in another tempo (±15 %) and key (±2 semitones), by librosa's phase vocoder.

    MIDI is rendered anew instead, which is exact (`training.midi.varied`). The beats are those of the recording as it
    is, moved along: heard anew, one clip in eight came out half a beat off.

    Parameters
    ----------
    clip : the recording as it is
    sound : float32 ``(frames,)``, what `clip` was made from
    sample_rate : int > 0, Hz
    random : what decides
    """
    import librosa

    speed = random.uniform(0.85, 1.15)
    sound = librosa.effects.time_stretch(to_mono(sound), rate=speed)
    if steps := int(random.integers(-2, 3)):
        sound = librosa.effects.pitch_shift(sound, sr=sample_rate, n_steps=steps)
    rows = sound_rows(sound, sample_rate)
    before = np.arange(len(rows)) * speed
    if np.isnan(clip.downbeat).all():  # a known tempo: each beat is one row
        beat = at_rows(np.flatnonzero(clip.beat == 1.0) * FRAME_TIME / speed, len(rows))
        return Clip(clip.name, rows, beat, np.full(len(rows), np.nan, np.float16))
    places = np.arange(len(clip.rows))
    beat, downbeat = (np.interp(before, places, mark).astype(np.float16) for mark in (clip.beat, clip.downbeat))
    return Clip(clip.name, rows, beat, downbeat)


def _kept(cache: Path, name: str, make: Callable[[], Clip]) -> Clip:
    path = cache / (hashlib.sha256(os.fsencode(name)).hexdigest()[:16] + ".npz")
    if path.exists():
        try:
            with path.open("rb") as file, np.load(file) as data:
                return Clip(name, data["rows"], data["beat"], data["downbeat"])
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            pass  # as a full disk leaves it: made anew
    clip = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole(path) as fresh, fresh.open("wb") as file:
        np.savez(file, rows=clip.rows, beat=clip.beat, downbeat=clip.downbeat)
    return clip


def midi_clips(folder: Path, variants: int, seed: int, cache: Path, progress: Progress) -> list[list[Clip]]:
    """Each piece of a POP909 folder: as it is, then varied.

    Parameters
    ----------
    folder : with ``NAME/beat_midi.txt`` for each piece
    variants : of each piece
    seed : of the variants
    cache : folder of what was made before
    progress : goes through a list, and shows how far it is

    Returns
    -------
    one list for each piece, its own clip first

    Raises
    ------
    ConfigError
        There is no piece in the folder.
    """
    folders = sorted(path.parent for path in folder.glob("*/beat_midi.txt"))
    if not folders:
        raise ConfigError(f"{folder}: has no NAME/beat_midi.txt, as POP909 has; check the path")
    result = []
    for index, path in enumerate(progress(list(folders))):
        assert isinstance(path, Path)
        own = [_kept(cache, f"{path.name}", lambda path=path: _piece_clip(path.name, _piece(path)))]  # type: ignore[misc]
        for variant in range(variants):
            # A draw of its own, whatever is in the cache already.
            random = np.random.default_rng([seed, index, variant])
            name = f"{path.name} {seed} {variant}"
            own.append(_kept(cache, name, lambda p=path, n=name, r=random: _piece_clip(n, varied(_piece(p), r))))  # type: ignore[misc]
        result.append(own)
    return result


def _piece(folder: Path) -> Piece:
    try:
        return read_piece(folder)
    except Exception as error:  # mido raises whatever a damaged file leads it to
        raise ConfigError(
            f"{folder}: can't be read ({error}); NAME.mid and beat_midi.txt as POP909 has them are needed"
        ) from None


def composed_clips(count: int, seed: int, cache: Path, progress: Progress) -> list[Clip]:
    """Pieces by chance.

    Parameters
    ----------
    count : how many
    seed : of all of them
    cache : folder of what was made before
    progress : goes through a list, and shows how far it is
    """

    def make(name: str, index: int) -> Clip:
        return _piece_clip(name, composed(np.random.default_rng([seed, 1, index]), SECONDS))

    names = [f"composed {seed} {index}" for index in range(count)]
    return [_kept(cache, str(n), lambda n=n, i=i: make(str(n), i)) for i, n in enumerate(progress(list(names)))]  # type: ignore[misc]


def beatless_clips(count: int, seed: int, cache: Path, progress: Progress) -> list[Clip]:
    """Minutes of what is no music, with silence in between.

    Parameters
    ----------
    count : how many, each of about a minute
    seed : of all of them
    cache : folder of what was made before
    progress : goes through a list, and shows how far it is
    """

    def make(name: str, index: int) -> Clip:
        random = np.random.default_rng([seed, 2, index])
        parts = []
        for kind in random.permutation(len(KINDS))[:5]:
            sound = KINDS[kind](random)
            parts += [sound * (random.uniform(0.02, 0.5) / np.abs(sound).max()), np.zeros(2 * SAMPLE_RATE)]
        rows = sound_rows(np.concatenate(parts).astype(np.float32))
        return Clip(name, rows, np.zeros(len(rows), np.float16), np.zeros(len(rows), np.float16))

    names = [f"beatless {seed} {index}" for index in range(count)]
    return [_kept(cache, str(n), lambda n=n, i=i: make(str(n), i)) for i, n in enumerate(progress(list(names)))]  # type: ignore[misc]


def recordings(
    folder: Path, cache: Path, progress: Progress, variants: int = 0, seed: int = 0
) -> tuple[list[list[Clip]], list[str]]:
    """The sound files of a ``labels.csv``; where it has a column ``bpm`` the tempo is taken from there.

    Parameters
    ----------
    folder : where the table is
    cache : folder for what has been looked at
    progress : goes through the rows
    variants : int >= 0, how many times each is `stretched` besides
    seed : what decides how

    Returns
    -------
    clips : for each file, as it is, then stretched
    skipped : a line on each file or row that can't be used

    Raises
    ------
    ConfigError
        There is no such table, or none of its files can be used.
    """
    table = read_table(folder / "labels.csv", ("file",))
    clips, skipped = [], list(table.notes)
    for row in progress(list(table.rows)):
        assert isinstance(row, Row)
        path = folder / row.cells["file"]
        try:
            clips.append(_recording(folder, path, _tempo(row.cells.get("bpm", "")), cache, variants, seed))
        except (OSError, ValueError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or error
            skipped.append(f"{table.path}: row {row.number}, {path.name}: {reason}")
    if not clips:
        raise ConfigError(f"{table.path}: none of its files can be used; " + (skipped or ["it has no rows"])[-1])
    return clips, skipped


def _tempo(text: str) -> float:
    """Beats a minute, NaN where there are none.

    Raises
    ------
    ValueError
        It is no number, or no tempo of music.
    """
    bpm = read_number(text)
    if not (math.isnan(bpm) or 20.0 <= bpm <= 400.0):
        raise ValueError(f"bpm is {bpm:g}; write 20 to 400, or leave it empty")
    return bpm


def _recording(folder: Path, path: Path, bpm: float, cache: Path, variants: int, seed: int) -> list[Clip]:
    @lru_cache(1)
    def heard() -> tuple[np.ndarray, int]:
        rate, blocks = mono_blocks(path, SECONDS)
        sound = np.concatenate(list(blocks))
        if len(sound) < SHORTEST * rate:
            raise ValueError(f"is shorter than {SHORTEST:g} s")
        return sound, rate

    def make() -> Clip:
        if math.isnan(bpm):
            return _taught_clip(path.stem, *heard())
        return _known_tempo_clip(path.stem, *heard(), bpm)

    name = f"{folder.name} {path.name}"
    clips = [_kept(cache, name, make)]
    for variant in range(variants):
        # A draw of its own, whatever is in the cache already.
        random = np.random.default_rng([seed, variant, zlib.crc32(os.fsencode(name))])
        clips.append(_kept(cache, f"{name} {seed} {variant}", lambda r=random: stretched(clips[0], *heard(), r)))  # type: ignore[misc]
    return clips
