"""What effects cost, for ``artgen bench``: measured by ``artgen effects cost`` in a process of its own."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

from artgen_osc.runtime.child import python_module

SIZE = 1280, 720
PATIENCE_S = 180.0


def effects(seconds: float) -> dict[str, Any]:
    """ms a frame of each effect and transition, and of a chain; or why that was left out.

    Parameters
    ----------
    seconds : for about how long
    """
    words = ("effects", "cost", "--json", f"--seconds={seconds}", f"--size={SIZE[0]}x{SIZE[1]}")
    command = python_module("artgen_osc", *words)
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=PATIENCE_S + seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return {"left_out": f"they took longer than {PATIENCE_S + seconds:.0f} s"}
    if done.returncode:
        return {"left_out": (done.stderr.strip().splitlines() or ["artgen effects cost failed"])[-1]}
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def lines(figures: dict[str, Any]) -> Iterator[str]:
    """The same for people.

    Parameters
    ----------
    figures : as from `effects`
    """
    if "left_out" in figures:
        yield f"\neffects are left out: {figures['left_out']}"
        return
    width, height = figures["size"]
    yield f"\na frame of {width}x{height}, {figures['renderer']}: {figures['without_ms']:.1f} ms; longer by"
    for kind in ("effects", "transitions"):
        rows = sorted(figures[f"{kind}_ms"].items(), key=lambda row: -row[1])
        yield f"  {kind}: " + ", ".join(f"{name} {ms:.1f} ms" for name, ms in rows)
    yield f"  {', '.join(figures['chain'])} in a chain: {figures['chain_ms']:.1f} ms"
