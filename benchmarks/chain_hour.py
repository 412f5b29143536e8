"""An evening in which nothing stays: ``python -m benchmarks.chain_hour --seconds 3600``.

A real renderer, off screen, hears a real daemon that plays the demo. Every second it is told over OSC to draw another
chain of effects in another order, other layers, in another quality, and every few seconds another preset by another
transition. Printed is what grows if anything does: memory, handles, threads, child processes, objects of OpenGL.
"""

import argparse
import gc
import json
import random
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from time import monotonic
from typing import Any

import moderngl
import numpy as np

from artgen_osc.config.plugins import KINDS
from artgen_osc.config.settings import ConfigFile
from artgen_osc.config.tables import AUTO, FULL, QUALITY_STEPS
from artgen_osc.osc.sender import OscSender
from artgen_osc.plugins.registry import Registry, of_show
from artgen_osc.runtime.child import python_module
from artgen_osc.schema.address import Value
from benchmarks.layers import clip, logo
from benchmarks.under_flood import free_ports
from visuals.app import run
from visuals.compositor.slot import BLENDS, MASKS, SLOTS
from visuals.control.controls import Control
from visuals.isf.source import OURS, files_in
from visuals.isf.transition import TRANSITIONS
from visuals.loop import RenderLoop

EFFECTS = [path.stem for path in files_in(OURS)]
PRESETS_EVERY = 4
QUALITY_EVERY = 5
"""Seconds."""

STARS = """/*{"INPUTS": [], "PASSES": [{"TARGET": "kept", "PERSISTENT": true, "FLOAT": true}, {}]}*/
void main() {
    vec4 old = IMG_THIS_PIXEL(kept);
    vec2 at = fract(isf_FragNormCoord * 9.0) - 0.5;
    float star = smoothstep(0.1, 0.0, length(at)) * (0.5 + 0.5 * sin(TIME + 40.0 * isf_FragNormCoord.x));
    gl_FragColor = PASSINDEX == 0 ? mix(old, vec4(star), 0.1) : vec4(old.rgb, old.r);
}
"""
OBJECTS = (
    moderngl.Texture,
    moderngl.Framebuffer,
    moderngl.Renderbuffer,
    moderngl.Buffer,
    moderngl.Program,
    moderngl.VertexArray,
    moderngl.Query,
)


class Evening:
    """Says what is to be drawn, and writes down what grows.

    Parameters
    ----------
    file : settings of the show
    sources : of layers
    every : s between two rows of figures
    chance : what decides
    """

    def __init__(self, file: ConfigFile, sources: list[str], every: float, chance: random.Random) -> None:
        self._rows = file.contract.addresses.visuals
        self._sources, self._every, self._chance = sources, every, chance
        self._sender = OscSender([f"127.0.0.1:{file.config.visuals.port}"])
        self._start = self._told = monotonic()
        self._turn = self._frames = self._frames_told = 0
        self.figures: list[dict[str, Any]] = []

    def on_frame(self, loop: RenderLoop, control: Control) -> None:
        """After each frame."""
        self._frames += 1
        now = monotonic() - self._start
        if now >= self._turn + 1:
            self._turn = int(now)
            self._sender.send([(self._rows[path], value) for path, value in self._orders().items()])
        if now >= self._every * (len(self.figures) + 1):
            self._note(now, loop)

    def _orders(self) -> dict[str, Value]:
        chance = self._chance
        chain = chance.sample(EFFECTS, chance.randint(0, 4))
        orders: dict[str, Value] = {f"/visuals/effect/{name}/amount": float(name in chain) for name in EFFECTS}
        orders["/visuals/order"] = ",".join(chain)
        for number in range(1, SLOTS + 1):
            if chance.random() < 0.3:
                layer = f"/visuals/layer/{number}"
                orders[f"{layer}/source"] = chance.choice(self._sources)
                orders[f"{layer}/blend"] = chance.choice(BLENDS)
                orders[f"{layer}/scale"] = chance.uniform(0.1, 1.5)
                orders[f"{layer}/mask"] = chance.choice((0, 0, chance.randint(1, SLOTS)))
                orders[f"{layer}/mask_by"] = chance.choice(MASKS)
        if self._turn % QUALITY_EVERY == 0:
            orders["/visuals/quality"] = chance.choice((AUTO, FULL, *QUALITY_STEPS))
        if self._turn % PRESETS_EVERY == 0:
            orders["/visuals/transition"] = chance.choice(["", *(path.stem for path in files_in(TRANSITIONS))])
            orders["/visuals/scene/fade"] = chance.uniform(0.2, 2.0)
            orders["/visuals/scene/number"] = chance.randint(1, 10)
        return orders

    def _note(self, now: float, loop: RenderLoop) -> None:
        gc.collect()
        alive = Counter(type(one).__name__ for one in gc.get_objects() if type(one) in OBJECTS and is_there(one))
        row = {
            "s": round(now),
            "fps": round((self._frames - self._frames_told) / (now - (self._told - self._start)), 1),
            "memory_mb": round(resident_mb(), 1),
            "handles": len(list(Path("/proc/self/fd").iterdir())),
            "threads": len(list(Path("/proc/self/task").iterdir())),
            "children": children(),
            **{f"gl_{kind}": count for kind, count in sorted(alive.items())},
            "quality": loop.scene.quality.name,
        }
        self._frames_told, self._told = self._frames, monotonic()
        self.figures.append(row)
        print(json.dumps(row), flush=True)

    def close(self) -> None:
        """Send nothing any more."""
        self._sender.close()


def is_there(one: Any) -> bool:
    """Whether an object of OpenGL hasn't been given back."""
    return type(one.mglo).__name__ != "InvalidObject"


def resident_mb() -> float:
    """Memory of this process."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


def children() -> int:
    """Processes that this one has started and that are there."""
    tasks = Path("/proc/self/task").iterdir()
    return sum(len((task / "children").read_text(encoding="utf-8").split()) for task in tasks if task.exists())


def main() -> None:
    """Play, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600.0, help="how long (3600)")
    parser.add_argument("--every", type=float, default=20.0, help="s between two rows of figures (20)")
    parser.add_argument("--size", default="640x360", help="of a frame (640x360)")
    parser.add_argument("--seed", type=int, default=1, help="of chance (1)")
    given = parser.parse_args()
    width, height = map(int, given.size.split("x"))
    (port,) = free_ports(1)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        logo(folder / "logo.png")
        clip(folder / "clip.mp4", (640, 360))
        (folder / "effects").mkdir()
        (folder / "effects" / "stars.fs").write_text(STARS, encoding="utf-8")
        show = folder / "show.toml"
        show.write_text("", encoding="utf-8")
        values = {"port": port, "query_port": 0, "width": width, "height": height, "headless": True}
        values |= {"scenes": str(folder / "scenes"), "gallery": str(folder / "gallery")}
        registry = Registry(KINDS, of_show(folder))
        file = ConfigFile(show, {f"visuals.{name}": value for name, value in values.items()}, registry)
        sources = ["", "picture:logo.png", "video:clip.mp4", "text:GOOD EVENING", "text:مساء الخير", "title"]
        sources += ["model:idle", "stars", "video:gone.mp4", "nonsense:at all"]
        evening = Evening(file, sources, given.every, random.Random(given.seed))
        command = python_module("artgen_osc", "daemon", "--input", "demo", "--mute", "--web-port=0")
        command += ["--osc-query-port=0", f"--osc-port={free_ports(1)[0]}", f"--osc=127.0.0.1:{port}"]
        with subprocess.Popen(command, cwd=folder) as daemon:
            try:
                run(file, seconds=given.seconds, on_frame=evening.on_frame)
            finally:
                daemon.terminate()
                evening.close()
    later = evening.figures[len(evening.figures) // 3 :]
    if len(later) > 1:
        minutes = np.array([row["s"] for row in later]) / 60.0
        growth = np.polyfit(minutes, [row["memory_mb"] for row in later], 1)[0]
        print(f"memory in the last two thirds: {growth:+.2f} MB a minute")


if __name__ == "__main__":
    main()
