"""How the mood behaves on stage: ``python benchmarks/mood_live.py FOLDER [--clips N]``.

`FOLDER` holds sound files and a ``labels.csv`` with ``file`` and ``energy``, as for training. Every clip is
heard as the show hears it, and the table says how fast the mood is there, how still it stays, how fast it turns
from the calmest clips to the wildest, what gain changes, and what it costs beside real time.
"""

import argparse
import math
import time
from pathlib import Path

import numpy as np
import soundfile

from artgen_osc.mood.estimator import MoodEstimator
from training.spreadsheet import read_number, read_table

HOP_SECONDS = 1 / 60


def hear(estimator: MoodEstimator, sound: np.ndarray, rate: int) -> np.ndarray:
    """Rows of time, valence, energy, confidence, one for each hop."""
    estimator.reset()
    hop = int(rate * HOP_SECONDS)
    rows = []
    for first in range(0, len(sound) - hop + 1, hop):
        estimator.push(sound[first : first + hop])
        mood = estimator.mood((first + hop) / rate)
        rows.append((mood.time, mood.valence, mood.energy, mood.confidence))
    return np.array(rows)


def at(rows: np.ndarray, seconds: float) -> np.ndarray:
    """The row at a time."""
    return rows[min(int(np.searchsorted(rows[:, 0], seconds)), len(rows) - 1)]


def seconds_to_turn(rows: np.ndarray, change: float) -> float:
    """From the change until energy has gone 90 % of its way to where it is 10 to 12 s later."""
    before = at(rows, change)[2]
    after = rows[(rows[:, 0] > change + 10) & (rows[:, 0] < change + 12), 2].mean()
    gone = (rows[:, 2] - before) / (after - before)
    return float(rows[(rows[:, 0] > change) & (gone >= 0.9)][0, 0] - change)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clips", type=int, default=40, help="how many, evenly chosen")
    parser.add_argument("--pairs", type=int, default=50, help="how many changes from calm to wild")
    options = parser.parse_args()
    table = read_table(options.folder / "labels.csv", ("file", "energy"))
    rows = [row.cells for row in table.rows if not math.isnan(read_number(row.cells["energy"]))]
    chosen = rows[:: max(1, len(rows) // options.clips)][: options.clips]
    sounds = {}
    for row in rows:
        sound, rate = soundfile.read(options.folder / row["file"], dtype="float32", always_2d=True)
        sounds[row["file"]] = sound.mean(axis=1)
    estimator = MoodEstimator(rate)

    first, settled, still = [], [], []
    heard, predictions, cost = 0.0, 0, 0.0
    for row in chosen:
        sound = sounds[row["file"]]
        before, began = estimator.predictions, time.process_time()
        told = hear(estimator, sound, rate)
        cost += time.process_time() - began
        heard += len(sound) / rate
        predictions += estimator.predictions - before
        first.append(told[told[:, 3] > 0][0, 0])
        settled.append(np.abs(at(told, 8.0)[1:3] - told[-1, 1:3]))
        still.append([told[(told[:, 0] > t) & (told[:, 0] < t + 8), 1:3].std(0) for t in (10, 18)])
    print(f"{len(chosen)} clips, {heard / 60:.1f} min")
    print(f"first value after           {np.max(first):.2f} s at the most")
    off = np.mean(settled, axis=0)
    print(f"at 8 s, from that at the end valence {off[0]:.3f}, energy {off[1]:.3f} on average")
    spread = np.concatenate(still)
    for name, values in zip(("valence", "energy"), spread.T, strict=True):
        share = (values < 0.05).mean()
        print(f"deviation within 8 s, {name:7} median {np.median(values):.3f}, under 0.05 in {share:.0%} of passages")

    calm = sorted(rows, key=lambda row: read_number(row["energy"]))
    turns = []
    for low, high in zip(calm[: options.pairs], calm[-options.pairs :], strict=True):
        twelve = int(12 * rate)
        sound = np.concatenate((sounds[low["file"]][:twelve], sounds[high["file"]][: twelve + rate]))
        told = hear(estimator, sound, rate)
        if at(told, 23.5)[2] - at(told, 12.0)[2] > 0.15:
            turns.append(seconds_to_turn(told, 12.0))
    print(
        f"calm to wild, 90 % of energy  median {np.median(turns):.1f} s, 90th percentile "
        f"{np.percentile(turns, 90):.1f} s ({len(turns)} pairs)"
    )

    changes = []
    for row in chosen[:6]:
        sound = sounds[row["file"]][: 12 * rate]
        ends = [hear(estimator, sound * 10 ** np.float32(gain / 20), rate)[-1, 1:3] for gain in (0, -20, -40)]
        changes.append(np.abs(np.array(ends) - ends[0]).max())
    print(f"gain of -40 to 0 dB changes   {np.max(changes):.4f} at the most")
    print(
        f"cost, all of it               {1000 * cost / predictions:.1f} ms a prediction, {cost / heard:.1%} of one core"
    )


if __name__ == "__main__":
    main()
