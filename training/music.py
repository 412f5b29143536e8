"""Labelled music as log-mel pictures, from any of the sources in the data folder.

Every source ends up in one form, that of the shared spectrogram pictures: ``uint8 (128, t)``
with ``db = mel / 255 * 80 - 80`` relative to the clip's maximum, one column every 40.4 ms.
Audio gets there through `artgen_osc.mood.estimator.MoodMel`, the front end of the live show.
"""

import contextlib
import hashlib
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from artgen_osc.audio.sound_file import SoundFile, Unreadable
from artgen_osc.dsp.downmix import MonoMix
from artgen_osc.errors import ConfigError
from artgen_osc.mood.mel import FLOOR_DB, HOP, N_FFT, N_MELS, SAMPLE_RATE, WINDOW_COLUMNS, MoodMel, filled, relative_db
from artgen_osc.runtime.files import is_regular, open_regular, whole
from training.spreadsheet import Row, read_number, read_table

_CLIP_SECONDS = 30.0
_READER = 2
"""Raised when sound is read in another way, so that no picture of the old one is taken from a cache."""


@dataclass(frozen=True, slots=True)
class Songs:
    """Clips with labels.

    Attributes
    ----------
    name : of the source, such as ``spotify``
    mel : one uint8 ``(128, t)`` for each clip
    labels : float32 ``(n, 2)``, valence and energy 0..1, NaN where there is none
    artists : one for each clip; the clips of an artist stay on one side of a split
    titles : for reports
    skipped : ``file: reason`` for what couldn't be read
    """

    name: str
    mel: list[np.ndarray]
    labels: np.ndarray
    artists: list[str]
    titles: list[str]
    skipped: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.mel)


def to_db(mel: np.ndarray) -> np.ndarray:
    """Uint8 pictures as float32 dB, -80..0."""
    return mel.astype(np.float32) * np.float32(-FLOOR_DB / 255.0) + np.float32(FLOOR_DB)


def to_uint8(db: np.ndarray) -> np.ndarray:
    """Inverse of `to_db`, rounded."""
    return np.round((db - FLOOR_DB) * (255.0 / -FLOOR_DB)).clip(0, 255).astype(np.uint8)


def mono_blocks(path: str | Path, seconds: float) -> tuple[int, Iterator[np.ndarray]]:
    """Sample rate and mono sound of a file, as the show hears it, float32 ``(frames,)`` at a time.

    Parameters
    ----------
    path : any sound file that the show reads
    seconds : no more than this from the start

    Raises
    ------
    ValueError
        No sound comes out of the file.
    """
    try:
        file = SoundFile(path, pyav=True)
    except Unreadable as error:
        raise ValueError(str(error)) from error

    def blocks() -> Iterator[np.ndarray]:
        mono, left = MonoMix(file.sample_rate), int(seconds * file.sample_rate)
        with contextlib.closing(file):
            for block in file.blocks():
                yield mono.push(block[:left])
                left -= len(block)
                if left <= 0:
                    return

    return file.sample_rate, blocks()


def audio_mel(path: str | Path, seconds: float = _CLIP_SECONDS) -> np.ndarray:
    """Read a sound file as a mel picture.

    Parameters
    ----------
    path : any sound file that the show reads, any rate and number of channels; the first sound of a film
    seconds : read no more than this from the start

    Returns
    -------
    uint8 ``(128, t)``

    Raises
    ------
    ValueError
        The file can't be read, or is shorter than one window.
    """
    rate, blocks = mono_blocks(path, seconds)
    mel = MoodMel(rate)
    columns = [mel.push(block) for block in blocks]
    picture = np.concatenate(columns) if columns else np.empty((0, N_MELS), np.float32)
    if not len(picture):
        raise ValueError("shorter than one window of 23 ms")
    return to_uint8(relative_db(picture)).T


def load(
    data: str | Path,
    progress: Callable[[list[Any]], Iterable[Any]] = iter,
    cache: str | Path | None = None,
    signed: bool = False,
) -> Songs:
    """Load an ``.npz``, a ``labels.csv``, or the folder that holds one.

    Parameters
    ----------
    data : ``.npz`` with ``mel`` uint8 ``(n, 128, t)``, ``valence``, ``energy`` and perhaps
        ``artist`` and ``title``; or a CSV with the columns ``file``, ``valence``, ``energy`` and
        perhaps ``artist`` and ``title``, beside its audio files
    progress : wraps the list of files, such as ``tqdm``
    cache : folder that keeps the pictures of audio files for the next time
    signed : take labels of -1..1 as well, where any is below 0, and map them to 0..1

    Raises
    ------
    ConfigError
        The data isn't there, lacks a column, or labels are outside 0..1.
    """
    path = Path(data)
    try:
        if path.is_dir():
            path = path / "labels.csv"
        open_regular(path).close()
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or "no file can have this name"
        reason = "isn't there" if isinstance(error, FileNotFoundError) else reason
        raise ConfigError(f"{path}: {reason}; an .npz or a labels.csv is needed; check the path") from None
    return (
        _load_npz(path, signed)
        if path.suffix == ".npz"
        else _load_csv(path, progress, Path(cache) if cache else None, signed)
    )


def _load_npz(path: Path, signed: bool) -> Songs:
    try:
        with open_regular(path) as file, np.load(file, allow_pickle=False) as data:
            mel = data["mel"]
            labels = np.stack((data["valence"], data["energy"]), axis=1).astype(np.float32)
            artists = [str(artist) for artist in data["artist"]] if "artist" in data else _numbered(len(mel))
            titles = [str(title) for title in data["title"]] if "title" in data else _numbered(len(mel))
    except MemoryError:
        raise
    except Exception as error:  # zipfile and numpy raise whatever a damaged file leads them to
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error) or "is damaged"
        raise ConfigError(f"{path}: {reason}; mel, valence and energy are needed; see training/README.md") from None
    if mel.dtype != np.uint8 or mel.ndim != 3 or mel.shape[1] != N_MELS:
        raise ConfigError(f"{path}: mel is {mel.dtype} {mel.shape}; convert it to uint8 (n, {N_MELS}, t)")
    counts = {len(mel), len(labels), len(artists), len(titles)}
    if len(counts) > 1 or not len(mel) or labels.ndim != 2:
        raise ConfigError(
            f"{path}: has {len(mel)} spectrograms, {len(labels)} labels, {len(artists)} artists and {len(titles)} "
            "titles; one of each for every clip is needed"
        )
    labels = _checked(path, labels, list(range(len(labels))), signed)
    return Songs(path.stem, list(mel), labels, artists, titles)


def _load_csv(path: Path, progress: Callable[[list[Any]], Iterable[Any]], cache: Path | None, signed: bool) -> Songs:
    table = read_table(path, ("file", "valence", "energy"))
    rows = [row for row in table.rows if row.cells["file"]]
    skipped = list(table.notes)
    skipped += [f"{path}: row {row.number} names no file" for row in table.rows if not row.cells["file"]]
    labels = np.array([[_label(path, row, key) for key in ("valence", "energy")] for row in rows]).reshape(-1, 2)
    labels = _checked(path, labels, [row.number for row in rows], signed)
    mel, kept = [], []
    for i, row in enumerate(progress(rows)):
        name = row.cells["file"]
        sound = _beside(path, name)
        try:
            open_regular(sound).close()
        except OSError as error:
            skipped.append(f"{name}: {error.strerror}")
            continue
        try:
            mel.append(_cached_mel(sound, cache))
            kept.append(i)
        except ValueError as error:
            skipped.append(f"{name}: {error}")
    if not mel:
        reason = f"none of its {len(rows)} files can be read" if rows else "it has no rows that can be used"
        raise ConfigError(f"{path}: {reason}; {skipped[-1]}; check the files" if skipped else f"{path}: {reason}")
    artists = [rows[i].cells.get("artist") or rows[i].cells["file"] for i in kept]
    titles = [rows[i].cells.get("title") or rows[i].cells["file"] for i in kept]
    return Songs(path.parent.name, mel, labels[kept].astype(np.float32), artists, titles, tuple(skipped))


def _beside(table: Path, name: str) -> Path:
    """The file that a table names, also where another system wrote the accents, or the way to it, in its own form."""
    forms = (name, name.replace("\\", "/"))
    forms += tuple(unicodedata.normalize(form, each) for form in ("NFC", "NFD") for each in forms)
    return next((table.parent / form for form in forms if is_regular(table.parent / form)), table.parent / name)


def _cached_mel(path: Path, cache: Path | None) -> np.ndarray:
    if cache is None or not is_regular(path):
        return audio_mel(path)
    stat = path.stat()
    told = (path.resolve(), stat.st_size, stat.st_mtime_ns, SAMPLE_RATE, N_FFT, HOP, N_MELS, _CLIP_SECONDS, _READER)
    identity = " ".join(map(str, told))
    kept = cache / f"{hashlib.sha256(identity.encode(errors='surrogateescape')).hexdigest()[:24]}.npy"
    if kept.exists():
        return np.load(kept, allow_pickle=False)
    mel = audio_mel(path)
    cache.mkdir(parents=True, exist_ok=True)
    with whole(kept, shared=True) as part, part.open("wb") as file:
        np.save(file, mel)
    return mel


def _numbered(count: int) -> list[str]:
    return [str(i) for i in range(count)]


def _label(path: Path, row: Row, key: str) -> float:
    try:
        return read_number(row.cells[key])
    except ValueError:
        raise ConfigError(
            f"{path}: {key} is {row.cells[key]!r} in row {row.number}; write 0 to 1, or leave it empty"
        ) from None


def _checked(path: Path, labels: np.ndarray, numbers: list[int], signed: bool) -> np.ndarray:
    """Labels of 0..1; `numbers` are those of their rows in the file."""
    if signed and (labels < 0).any():
        labels = (labels + 1) / 2
    wrong = [number for number, row in zip(numbers, labels, strict=True) if ((row < 0) | (row > 1)).any()]
    if wrong:
        rows = ", ".join(map(str, wrong[:20])) + (" …" if len(wrong) > 20 else "")
        raise ConfigError(
            f"{path}: labels outside 0..1 in rows {rows}; rescale them, or write percentages with their %"
        )
    return labels


def artist_folds(artists: list[str], count: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Split clips so that no artist is on both sides.

    Parameters
    ----------
    artists : of each clip
    count : how many parts the artists are cut into, 2 or more
    seed : of the cut

    Yields
    ------
    ``count`` pairs of index arrays: training, held out
    """
    unique = sorted(set(artists))
    order = np.random.default_rng(seed).permutation(len(unique))
    fold_of = {unique[artist]: place % count for place, artist in enumerate(order)}
    folds = np.array([fold_of[artist] for artist in artists], dtype=int)
    for fold in range(count):
        yield np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)


def relative_windows(mel: np.ndarray, starts: Sequence[int] | np.ndarray) -> np.ndarray:
    """Windows of a clip as the live network sees them, each relative to its own maximum.

    Parameters
    ----------
    mel : uint8 ``(128, t)``; a clip shorter than a window is mirrored
    starts : the first column of each

    Returns
    -------
    float32 ``(n, 128, WINDOW_COLUMNS)`` dB, -80..0
    """
    db = to_db(mel)
    if db.shape[1] < WINDOW_COLUMNS:
        db = filled(db.T).T
    return np.stack([relative_db(db[:, first : first + WINDOW_COLUMNS]) for first in starts])


def windows(mel: np.ndarray, step: int = WINDOW_COLUMNS // 3) -> np.ndarray:
    """Cut a clip into `relative_windows`.

    Parameters
    ----------
    mel : uint8 ``(128, t)``
    step : columns from one to the next

    Returns
    -------
    float32 ``(n, 128, WINDOW_COLUMNS)`` dB, -80..0
    """
    return relative_windows(mel, range(0, max(1, mel.shape[1] - WINDOW_COLUMNS + 1), step))
