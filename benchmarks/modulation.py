"""What a frame of connections costs: `python benchmarks/modulation.py`, on one core.

The median of some hundred frames at 60 fps with as many connections as are asked for, spread over every source and
every setting that can be driven. `step` moves them on; `apply` makes the settings that are drawn.
"""

import argparse
import itertools
import json
import statistics
from dataclasses import replace
from time import perf_counter

from artgen_osc.config.modulation import parse_connection, targets_of
from artgen_osc.config.plugins import own_contract
from artgen_osc.config.tables import Config
from visuals.control.controls import Control, Controls
from visuals.modulation.beat_clock import BeatClock
from visuals.modulation.matrix import Matrix

SOURCES = (
    *('"low"', '"high"', '"energy"', '"onset"', '"centroid_hz"', '"bands/3"', '"chroma/7"', '"/visuals/value/knob"'),
    *(f'{{ lfo = "{wave}", every = "{n} beats" }}' for wave in ("sine", "saw", "random") for n in range(1, 9)),
    *(f'{{ adsr = "beat", decay = 0.{n} }}' for n in range(1, 9)),
    *(f'{{ steps = [0, 1, 0.{n}], every = "1/2 beat" }}' for n in range(1, 9)),
    *(f"{{ mood = [0.{n}, 0.5] }}" for n in range(1, 9)),
)


def measured(count: int, frames: int) -> dict[str, float]:
    """Milliseconds of a frame.

    Parameters
    ----------
    count : connections
    frames : so many are measured
    """
    contract = own_contract()
    targets = targets_of(contract.settings.values())
    keys = [key for key in targets if not key.startswith("/")]
    texts = (
        f'source = {source}, target = "{key}", amount = 0.05, curve = {curve}, name = "row{at}"'
        for at, source, key, curve in zip(
            range(count), itertools.cycle(SOURCES), itertools.cycle(keys), itertools.cycle(("1", "2"))
        )
    )
    config: Config = contract.config({}, modulate=tuple(parse_connection(text, targets) for text in texts))
    control, matrix = Controls(config, contract).now(0.0), Matrix(clock := BeatClock())
    steps, applied = [], []
    for frame in range(frames + 60):
        control = _frame(control, frame)
        start = perf_counter()
        clock.step(control.tempo_bpm, control.beat_phase, control.bar_phase, 1 / 60)
        matrix.step(control, 1 / 60, 1 / 60)
        middle = perf_counter()
        matrix.driven(control)
        matrix.effects(control.plugin)
        steps.append(1000 * (middle - start))
        applied.append(1000 * (perf_counter() - middle))
    whole = [sum(pair) for pair in zip(steps, applied, strict=True)]
    ms = {"step": steps, "apply": applied, "frame": whole}
    found = {f"{name}_ms": round(statistics.median(times[60:]), 4) for name, times in ms.items()}
    return {"connections": count, **found, "p99_ms": round(sorted(whole[60:])[int(0.99 * frames)], 4)}


def _frame(control: Control, frame: int) -> Control:
    heard = {"/artgen/low": frame % 7 / 7, "/artgen/high": 0.4, "/artgen/bands/3": 0.3, "/artgen/centroid_hz": 900.0}
    return replace(control, heard=heard, beats=frame // 30, onsets=frame // 11, tempo_bpm=120.0, age=0.0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=600)
    given = parser.parse_args()
    for count in (0, 1, 10, 100, 1000):
        print(json.dumps(measured(count, given.frames)))
