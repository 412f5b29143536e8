"""Beats, tempo, onsets, pitch and key beside aubio, librosa and Essentia: ``python benchmarks/rhythm.py MUSIC``.

``MUSIC`` holds ``pop909``, ``incompetech`` and ``beats`` as the shared data has them; what else is needed is made by
FluidSynth. All tools hear the same sound in one run. The others come with
``pip install aubio librosa essentia mir_eval``; what isn't there is left out. aubio and artgen hear the sound block by
block and know no future; librosa and Essentia see the whole file.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import mir_eval
import numpy as np
import soundfile

from artgen_osc.analysis.analyzer import Analyzer
from artgen_osc.analysis.pitch import PitchTracker
from artgen_osc.daemon.offline import ONSET_LAG, TEMPO_SURE, longest_held
from training.midi import Note, Piece, composed, drum_bars, read_piece, render, varied
from training.spreadsheet import read_number, read_table

RATE = 22050
BLOCK = 256
SKIP = 5.0
CLIP = 60.0


class Artgen:
    """This program."""

    name = "artgen"

    def hear(self, sound: np.ndarray, rate: int) -> dict[str, np.ndarray]:
        analyzer, pitch_delay = Analyzer(rate), PitchTracker(RATE).delay
        beats, onsets, pitch, tempos, key = [], [], [], [], ""
        for first in range(0, len(sound), BLOCK):
            for f in analyzer.push(sound[first : first + BLOCK]):
                now = (first + BLOCK) / rate
                if f.beat:
                    beats.append((f.beat_time, now))
                if f.onset:
                    onsets.append((f.time - ONSET_LAG, now))
                if f.beat_count and f.tempo_confidence > TEMPO_SURE:
                    tempos.append(f.tempo_bpm)
                pitch.append((f.time - pitch_delay, f.pitch_hz))
                key = f.key
        return {
            "beats": np.array(beats).reshape(-1, 2),
            "onsets": np.array(onsets).reshape(-1, 2),
            "pitch": np.array(pitch),
            "tempo": np.array(longest_held(tempos)),
            "key": np.array(key),
        }


class Aubio:
    """aubio's streaming trackers, as its command line sets them."""

    name = "aubio"

    def __init__(self) -> None:
        import aubio

        self._aubio = aubio

    def hear(self, sound: np.ndarray, rate: int) -> dict[str, np.ndarray]:
        aubio, hop = self._aubio, 512
        tempo = aubio.tempo("default", 1024, hop, rate)
        onset = aubio.onset("default", 1024, hop, rate)
        pitch = aubio.pitch("yinfft", 2048, hop, rate)
        beats, onsets, pitches = [], [], []
        for first in range(0, len(sound) - hop, hop):
            block = np.ascontiguousarray(sound[first : first + hop])
            now = (first + hop) / rate
            if tempo(block)[0]:
                beats.append((tempo.get_last_s(), now))
            if onset(block)[0]:
                onsets.append((onset.get_last_s(), now))
            pitches.append((now - 1024 / rate, float(pitch(block)[0])))
        times = np.array(beats).reshape(-1, 2)
        gaps = np.diff(times[:, 0])
        bpm = 60.0 / np.median(gaps) if len(gaps) else 0.0
        return {
            "beats": times,
            "onsets": np.array(onsets).reshape(-1, 2),
            "pitch": np.array(pitches),
            "tempo": np.array(bpm),
        }


class Librosa:
    """librosa, which sees the whole file."""

    name = "librosa"

    def __init__(self) -> None:
        import librosa

        self._librosa = librosa

    def hear(self, sound: np.ndarray, rate: int) -> dict[str, np.ndarray]:
        librosa = self._librosa
        bpm, beats = librosa.beat.beat_track(y=sound, sr=rate, units="time")
        onsets = librosa.onset.onset_detect(y=sound, sr=rate, units="time")
        hz = librosa.yin(sound, fmin=50.0, fmax=2000.0, sr=rate)
        times = librosa.times_like(hz, sr=rate)
        return {
            "beats": np.stack((beats, beats), 1),
            "onsets": np.stack((onsets, onsets), 1),
            "pitch": np.stack((times, hz), 1),
            "tempo": np.array(float(np.atleast_1d(bpm)[0])),
        }


class Essentia:
    """Essentia's multifeature beat tracker and its key, which see the whole file."""

    name = "Essentia"

    def __init__(self) -> None:
        import essentia
        import essentia.standard

        essentia.log.infoActive = False
        essentia.log.warningActive = False
        self._standard = essentia.standard

    def hear(self, sound: np.ndarray, rate: int) -> dict[str, np.ndarray]:
        standard = self._standard
        wide = standard.Resample(inputSampleRate=rate, outputSampleRate=44100)(sound)
        bpm, beats, *_ = standard.RhythmExtractor2013(method="multifeature")(wide)
        note, scale, _ = standard.KeyExtractor()(wide)
        onsets, _ = standard.OnsetRate()(wide)
        return {
            "beats": np.stack((beats, beats), 1),
            "onsets": np.stack((onsets, onsets), 1),
            "tempo": np.array(bpm),
            "key": np.array(f"{note} {scale}"),
        }


def of_tolerance(estimated: float, wanted: float, ratios: tuple[float, ...]) -> bool:
    """Whether a tempo is within 4 % of the wanted one, or of these multiples."""
    return any(abs(estimated / (wanted * ratio) - 1.0) < 0.04 for ratio in ratios)


def beat_score(wanted: np.ndarray, got: np.ndarray, end: float) -> float:
    """F-measure within 70 ms of the beats after `SKIP`."""
    parts = [np.sort(times[(times >= SKIP) & (times < end)]) for times in (wanted, got)]
    return float(mir_eval.beat.f_measure(*parts))


def onset_score(wanted: np.ndarray, got: np.ndarray) -> float:
    """F-measure within 50 ms."""
    return float(mir_eval.onset.f_measure(np.sort(wanted), np.sort(got), window=0.05)[0])


def pitch_score(spans: list[tuple[float, float, float]], got: np.ndarray) -> float:
    """Raw pitch accuracy: how often within half a semitone, every 10 ms; `spans` are start, end, Hz."""
    times = np.concatenate([np.arange(start, end, 0.01) for start, end, _ in spans])
    hz = np.concatenate([np.full(len(np.arange(start, end, 0.01)), pitch) for start, end, pitch in spans])
    nearest = np.abs(got[None, :, 0] - times[:, None]).argmin(axis=1)
    return float(np.mean(np.abs(1200.0 * np.log2(np.maximum(got[nearest, 1], 1.0) / hz)) < 50.0))


def onset_times(piece: Piece, end: float) -> np.ndarray:
    """Starts of notes; those within 30 ms are one."""
    times: list[float] = []
    for start in sorted(note.start for note in piece.notes if note.start < end):
        if not times or start - times[-1] > 0.03:
            times.append(start)
    return np.array(times)


def melodies(random: np.random.Generator) -> list[tuple[np.ndarray, list[tuple[float, float, float]]]]:
    """Monophonic pieces in several instruments: sound, and start, end and Hz of each note."""
    result = []
    for program, low, high in (
        (0, 45, 84),
        (24, 40, 76),
        (33, 31, 55),
        (40, 55, 88),
        (53, 50, 76),
        (56, 55, 84),
        (73, 60, 90),
    ):
        notes, time = [], 0.3
        while time < 19.0:
            long = random.uniform(0.2, 0.9)
            notes.append(Note(time, 0.95 * long, int(random.integers(low, high)), int(random.integers(70, 120))))
            time += long
        spans = [(n.start, n.start + n.length, 440.0 * 2.0 ** ((n.pitch - 69) / 12.0)) for n in notes]
        result.append((render(Piece(notes, {0: program}), 20.0), spans))
    return result


def read_key(folder: Path) -> str:
    """The key that holds longest, as mir_eval names keys."""
    long: dict[str, float] = {}
    for line in (folder / "key_audio.txt").read_text().splitlines():
        start, end, key = line.split("\t")
        long[key] = long.get(key, 0.0) + min(float(end), CLIP) - min(float(start), CLIP)
    note, _, mode = max(long, key=long.__getitem__).partition(":")
    return f"{note} {'major' if mode.startswith('maj') else 'minor'}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("music", type=Path)
    parser.add_argument("--pieces", type=int, default=12, help="renderings of POP909, evenly chosen")
    parser.add_argument("--held-out", action="store_true", help="only what train_beats holds out, every fifth")
    parser.add_argument("--json", action="store_true", help="one JSON object at the end")
    given = parser.parse_args()
    tools: list[Artgen | Aubio | Librosa | Essentia] = []
    for tool in (Artgen, Aubio, Librosa, Essentia):
        try:
            tools.append(tool())
        except ImportError as error:
            print(f"{tool.name} is left out: {error}")
    scores: dict[str, dict[str, list[float]]] = {tool.name: {} for tool in tools}
    cost = dict.fromkeys(scores, 0.0)
    late: dict[str, list[float]] = {"beats": [], "onsets": []}
    seconds = 0.0

    def hear(sound: np.ndarray, rate: int, judge: Callable[[dict[str, np.ndarray]], dict[str, float]]) -> None:
        nonlocal seconds
        seconds += len(sound) / rate
        for tool in tools:
            start = time.process_time()
            heard = tool.hear(sound, rate)
            cost[tool.name] += time.process_time() - start
            if tool.name == "artgen":
                for name, values in late.items():
                    values.extend(heard[name][:, 1] - heard[name][:, 0])
            for name, value in judge(heard).items():
                scores[tool.name].setdefault(name, []).append(value)

    random = np.random.default_rng(0)
    folders = sorted(path.parent for path in (given.music / "pop909").glob("*/beat_midi.txt"))
    folders = folders[::5] if given.held_out else folders
    for folder in folders[:: max(1, len(folders) // given.pieces)][: given.pieces]:
        piece, key = read_piece(folder), read_key(folder)

        def judge_song(heard: dict[str, np.ndarray], piece: Piece = piece, key: str = key) -> dict[str, float]:
            result = {"beats of piano renderings": beat_score(piece.beats, heard["beats"][:, 0], CLIP)}
            if "key" in heard:
                result["key"] = float(mir_eval.key.weighted_score(key, str(heard["key"]) or "C major"))
            return result

        hear(render(piece, CLIP), RATE, judge_song)
    for index in range(8):
        piece = varied(read_piece(folders[index * 3 % len(folders)]), random) if index % 2 else composed(random, 40.0)

        def judge_band(heard: dict[str, np.ndarray], piece: Piece = piece) -> dict[str, float]:
            return {
                "beats of band renderings": beat_score(piece.beats, heard["beats"][:, 0], 40.0),
                "onsets of renderings": onset_score(onset_times(piece, 39.9), heard["onsets"][:, 0]),
            }

        hear(render(piece, 40.0), RATE, judge_band)
    for path in sorted((given.music / "beats").glob("*.ogg")):
        sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
        wanted = np.loadtxt(path.with_suffix(".beats"), ndmin=2)[:, 0]
        end = len(sound) / rate
        hear(
            sound.mean(axis=1),
            rate,
            lambda heard, w=wanted, e=end: {"beats of real drums": beat_score(w, heard["beats"][:, 0], e)},  # type: ignore[misc]
        )
    rows = [row.cells for row in read_table(given.music / "incompetech" / "labels.csv", ("file", "bpm")).rows]
    for row in rows[::5] if given.held_out else rows[:: max(1, len(rows) // (2 * given.pieces))]:
        sound, rate = soundfile.read(given.music / "incompetech" / row["file"], dtype="float32", always_2d=True)

        def judge_tempo(heard: dict[str, np.ndarray], bpm: float = read_number(row["bpm"])) -> dict[str, float]:
            found = float(heard["tempo"])
            return {
                "tempo": float(of_tolerance(found, bpm, (1.0,))),
                "tempo, octaves allowed": float(of_tolerance(found, bpm, (1 / 3, 0.5, 1.0, 2.0, 3.0))),
            }

        hear(sound.mean(axis=1), rate, judge_tempo)
    for sound, spans in melodies(random):
        hear(
            sound,
            RATE,
            lambda heard, s=spans: {"pitch of instruments": pitch_score(s, heard["pitch"])} if "pitch" in heard else {},  # type: ignore[misc]
        )
    for _ in range(3):
        beats = np.arange(0.3, 31.0, 60.0 / random.uniform(80.0, 160.0))
        drums = Piece(drum_bars([beats[a : a + 5] for a in range(0, len(beats) - 4, 4)], random))
        hear(
            render(drums, 30.0),
            RATE,
            lambda heard, d=drums: {"onsets of drums": onset_score(onset_times(d, 29.9), heard["onsets"][:, 0])},  # type: ignore[misc]
        )

    names = list(dict.fromkeys(name for each in scores.values() for name in each))
    print("| | " + " | ".join(scores) + " |\n|---|" + "---|" * len(scores))
    for name in names:
        cells = [f"{np.mean(each[name]):.3f}" if name in each else "" for each in scores.values()]
        print(f"| {name} ({len(scores['artgen'][name])}) | " + " | ".join(cells) + " |")
    print("| times real time, one core | " + " | ".join(f"{seconds / cost[name]:.0f}" for name in scores) + " |")
    print(f"artgen, reported after its time: beats {1000 * np.median(late['beats']):.0f} ms", end="")
    print(f", onsets {1000 * np.median(late['onsets']):.0f} ms (medians)")
    if given.json:
        print(
            json.dumps({tool: {name: float(np.mean(v)) for name, v in each.items()} for tool, each in scores.items()})
        )


if __name__ == "__main__":
    main()
