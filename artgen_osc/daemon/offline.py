"""``artgen analyze``: the code of the live show over a file, as fast as it goes."""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from artgen_osc.analysis.extractors import Extractors
from artgen_osc.analysis.hop import HOP_TIME, RATE
from artgen_osc.analysis.pitch import PitchTracker
from artgen_osc.audio.sources import array_blocks, file_blocks, file_path, open_file
from artgen_osc.daemon.hearing import Hearing
from artgen_osc.daemon.keeping import Keeping
from artgen_osc.runtime.files import is_regular

MOOD_EVERY = 0.25
TELL_EVERY = 20
"""Moods."""

ONSET_LAG = 2.0 * HOP_TIME
"""How long an attack comes before the end of the hop that reports it: half a hop for clicks, two or three for notes."""

TEMPO_SURE = 0.2


_SOUND = re.compile(
    r".+\.(aac|ac3|aif[cf]?|aiff|amr|ape|asf|au|avi|caf|dsf|eac3|flac|flv|m4[abv]|mk[av]|mov|mp[234c]|mpe?g|og[ag]|opus|"
    r"rf64|snd|tta|voc|w64|wave?|webm|wma|wv)",
    re.IGNORECASE,
)
"""Names in a folder that are taken for sound; films are."""


def sound_files(folder: str) -> tuple[list[str], int]:
    """The files of sound in a folder and all below it, sorted, and how many others there are.

    Hidden files are others. A link to a folder is followed once.

    Parameters
    ----------
    folder : its name; one that can't be read has nothing in it
    """
    found: list[str] = []
    others, seen = 0, set()
    for place, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            if not name.startswith(".") and _SOUND.fullmatch(name):
                found.append(str(Path(place, name)))
            else:
                others += 1
    return sorted(found), others


def longest_held(tempos: list[float]) -> float:
    """The centre of the 6 % of tempo in which most of `tempos` lie, 0 without any."""
    if not tempos:
        return 0.0
    octaves = np.sort(np.log2(tempos))
    ends = np.searchsorted(octaves, octaves + np.log2(1.06), side="right")
    first = int(np.argmax(ends - np.arange(len(octaves))))
    return round(float(2.0 ** np.median(octaves[first : ends[first]])), 2)


def _path(name: str) -> str | Path:
    """The file that is meant, which may be given as an address."""
    return file_path(name.removeprefix("file:")) if name.startswith("file://") and not is_regular(name) else name


def analyze(
    name: str,
    settings: Mapping[str, Any] | None = None,
    tell: Callable[[float], None] | None = None,
    keeping: Keeping | None = None,
) -> dict[str, Any]:
    """What the daemon would have sent for a whole file, hop by hop and causal.

    Parameters
    ----------
    name : a sound file, or ``demo``
    settings : of our extractors, by their names; where one is missing, as declared
    tell : is called now and then with the s of sound that are done
    keeping : keeps the stream and the sound; its settings count then, with its extractors. It stays open

    Returns
    -------
    ``file``, ``title`` by its tags or empty, ``damage`` that was found or empty, ``duration`` in s, ``valence``,
    ``energy`` and ``confidence`` averaged over the file with the confidence as weight, ``tempo_bpm`` the one that held
    longest, ``beats`` and ``onsets`` as ``[time, reported_at]`` in s of stream time, ``key`` as it was heard at the
    end, ``mood`` as ``[time, valence, energy]`` four times a second, ``pitch`` as ``[time, hz, confidence]`` every hop.
    Times are strictly rising.

    Raises
    ------
    ArtgenError
        The file can't be read, the model can't be used, or what is kept can't be written.
    """
    file = None if name == "demo" else open_file(_path(name))
    if file:
        sample_rate, blocks = file.sample_rate, file_blocks(file)
    else:
        from artgen_osc.audio import demo

        sample_rate, blocks = demo.RATE, array_blocks(demo.compose(), demo.RATE)
    hearing = Hearing(sample_rate, keeping.extractors() if keeping else Extractors(settings=settings))
    if keeping:
        keeping.opened(file.title if file else "", sample_rate)
    pitch_delay = PitchTracker(RATE).delay
    duration = 0.0
    onsets: list[list[float]] = []
    beats: list[list[float]] = []
    pitch: list[list[float]] = []
    tempos: list[float] = []
    key = ""
    moods: list[list[float]] = []
    raw: list[tuple[float, float, float]] = []
    due = MOOD_EVERY
    for block in blocks:
        duration = block.time + len(block.samples) / sample_rate
        if keeping:
            keeping.block(block)
        for hop in hearing.hear(block):
            if keeping:
                keeping.heard(hop)
            features, mood = hop.features, hop.mood
            if features.onset:
                onsets.append([round(max(0.0, features.time - ONSET_LAG), 4), round(duration, 4)])
            if features.beat:
                beats.append([round(features.beat_time, 4), round(duration, 4)])
            if features.beat_count and features.tempo_confidence > TEMPO_SURE:
                tempos.append(features.tempo_bpm)
            heard = features.time - pitch_delay
            if heard > 0.0:  # what was before the first hop is no part of the file
                pitch.append([round(heard, 4), round(features.pitch_hz, 2), round(features.pitch_confidence, 3)])
            key = features.key
            if features.time >= due:
                due += MOOD_EVERY
                if tell and not len(moods) % TELL_EVERY:
                    tell(features.time)
                moods.append([round(features.time, 3), round(mood.valence, 4), round(mood.energy, 4)])
                raw.append((mood.raw_valence, mood.raw_energy, mood.confidence))
    table = np.array(raw or [(0.5, 0.5, 0.0)])
    weights = table[:, 2] + 1e-6
    return {
        "file": name,
        "title": file.title if file else "",
        "damage": file.damage if file else "",
        "duration": round(duration, 3),
        "valence": round(float(np.average(table[:, 0], weights=weights)), 4),
        "energy": round(float(np.average(table[:, 1], weights=weights)), 4),
        "confidence": round(float(table[:, 2].mean()), 4),
        "tempo_bpm": longest_held(tempos),
        "beats": beats,
        "onsets": onsets,
        "key": key,
        "mood": moods,
        "pitch": pitch,
    }
