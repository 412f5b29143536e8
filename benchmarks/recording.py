"""What a recording takes from a show: ``python -m benchmarks.recording [WIDTHxHEIGHT] [ENDING]``.

A headless show of the demo, in which the recording is switched on and off in turn: frames a second and processor time
in both, of one run, and what became of the film.
"""

import os
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from statistics import median

from artgen_osc.config.plugins import own_contract
from artgen_osc.osc.receiver import Capture, capture
from artgen_osc.osc.sender import OscSender
from artgen_osc.runtime.child import python_module

TURNS, TURN_S, SETTLE_S = 4, 12.0, 3.0
PORT = 23_400
RECORD = "/visuals/output/record/"


def _renderer(parent: int) -> int:
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return next(int(one) for one in children if b"visuals" in Path(f"/proc/{one}/cmdline").read_bytes())


def _used(process: int) -> float:
    """s of processor time, with that of its children."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    children = "".join(path.read_text() for path in Path(f"/proc/{process}/task").glob("*/children")).split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") + sum(map(_used, map(int, children)))


def main() -> None:
    """Measure, and print a table."""
    words = [*sys.argv[1:], "1280x720", ".mp4"]
    (width, height), ending = words[0].split("x"), words[1 if len(sys.argv) > 2 else -1]
    rows = own_contract().addresses.visuals
    with tempfile.TemporaryDirectory() as folder, capture() as status:
        command = python_module(
            "artgen_osc", "live", "--input=demo", "--mute", "--headless", "--web-port=0", "--osc-query-port=0",
            "--visuals-query-port=0", f"--osc-port={PORT}", f"--visuals-port={PORT + 1}", f"--visuals-width={width}",
            f"--visuals-height={height}", f"--set=plugin.record.file={folder}/film{ending}",
        )  # fmt: skip
        with subprocess.Popen(command) as show:
            sender = OscSender([f"127.0.0.1:{PORT + 1}"])
            _told(status, 15.0, sender, rows)
            process = _renderer(show.pid)
            for turn in range(TURNS):
                on = turn % 2
                sender.send([(rows[f"{RECORD}on"], on)])
                _told(status, SETTLE_S, sender, rows)
                began, used = time.monotonic(), _used(process)
                told = _told(status, TURN_S, sender, rows)
                cores = (_used(process) - used) / (time.monotonic() - began)
                film = {name: told.get(f"{RECORD}{name}", [0])[-1] for name in ("seconds", "rate_mbit", "dropped")}
                fps = median(told["/visuals/status/fps"])
                print(
                    f"{'recording' if on else 'without  '}  {fps:5.1f} frames/s  {cores:.2f} cores  {film}", flush=True
                )
            show.terminate()
            show.wait()
        for film in sorted(Path(folder).iterdir()):
            print(film.name, film.stat().st_size, _decoded(film))


def _told(status: Capture, seconds: float, sender: OscSender, rows: object) -> dict[str, list[float]]:
    sender.send([(rows["/visuals/subscribe"], f"127.0.0.1:{status.port}")])  # type: ignore[index]
    told: dict[str, list[float]] = {}
    for _, message in status.read(seconds):
        told.setdefault(message.path, []).append(message.arguments[0])  # type: ignore[arg-type]
    return told


def _decoded(film: Path) -> str:
    import av
    import numpy as np

    with av.open(film) as container:
        frames = [(float(one.pts * one.time_base), hash(bytes(one.planes[0]))) for one in container.decode(video=0)]
    times = np.diff([time for time, _ in frames])
    same = sum(one[1] == other[1] for one, other in pairwise(frames))
    return f"{len(frames)} frames in {frames[-1][0]:.1f} s, longest {1000 * times.max():.0f} ms, {same} repeated"


if __name__ == "__main__":
    main()
