"""How often presets and effects flash: `python -m benchmarks.flashes --sound song.ogg`.

The show runs over a song on a clock of its own, small and without the finisher, and each frame of it is looked at by
`visuals.testing.flashes`. Effects are at full amount over the picture without a scene; ``--set`` changes one, such as
``--set poster.steps=2``. Prints, as JSON, the flashes of a quarter of the picture in the worst second.
"""

import argparse
import json
from collections.abc import Iterator, Mapping
from typing import Any

import moderngl

from artgen_osc.config.plugins import own_contract
from benchmarks.presets import Heard, heard_in
from visuals.clock import Tick
from visuals.compositor.budget import unhurried
from visuals.compositor.screen import Screen
from visuals.control.controls import Controls
from visuals.control.scenes.file import Scene, held_by, read
from visuals.control.scenes.folder import SHIPPED
from visuals.isf.source import OURS, files_in
from visuals.painting.worker import SyncWorker
from visuals.show import Show
from visuals.testing.flashes import Light, light_of, most_flashes

CONTRACT = own_contract()
RATE = 24
SIZE = (128, 72)
PICTURES_A_SECOND = 3.0
FADE_S = 1.0
"""At first, in which everything fades in."""


def lights_of(context: moderngl.Context, scene: Scene, heard: Heard) -> list[Light]:
    """The light of all frames of a song.

    Parameters
    ----------
    context : moderngl context
    scene : what is on
    heard : as of `benchmarks.presets.heard_in`
    """
    values = {key if key.startswith("plugin.") else f"visuals.{key}": value for key, value in scene.values.items()}
    config = CONTRACT.config({**values, "visuals.seed": 7, "visuals.finish": 0.0}, modulate=scene.modulate)
    controls, screen = Controls(config, CONTRACT), Screen(context, SIZE)
    show = Show(screen, controls.now(0.0), SyncWorker(config.visuals.model, fps=PICTURES_A_SECOND))
    found, at = [], 0
    for number in range(round(heard[-1][0] * RATE)):
        time = number / RATE
        while at < len(heard) and heard[at][0] <= time:
            controls.receive(heard[at][1], time)
            at += 1
        seen = show.step(controls.now(time), Tick(time, time, 1 / RATE))
        screen.draw(seen.mix, seen.look, seen.effects, seen.moment)
        if time >= FADE_S:
            found.append(light_of(screen.read_frame()))
    show.close()
    screen.release()
    return found


def scenes(names: list[str], given: Mapping[str, Any]) -> Iterator[Scene]:
    """The presets, and each effect at full amount.

    Parameters
    ----------
    names : those that are wanted; all, if there are none
    given : settings by key, in place of those
    """
    held = held_by(CONTRACT)
    effects = [Scene(path.stem, {f"plugin.{path.stem}.amount": 1.0}) for path in files_in(OURS)]
    for scene in (Scene("none", {}), *(read(path, held) for path in sorted(SHIPPED.glob("*.toml"))), *effects):
        if not names or scene.name in names:
            yield Scene(scene.name, {**scene.values, **given}, modulate=scene.modulate)


def main() -> None:
    """Look and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="of presets and effects; all, if none is given")
    parser.add_argument("--sound", default="demo")
    parser.add_argument("--set", action="append", default=[], metavar="EFFECT.SETTING=VALUE")
    given = parser.parse_args()
    pairs = [word.partition("=") for word in given.set]
    changed = {
        f"plugin.{key}": type(CONTRACT.settings[f"plugin.{key}"].default)(float(value)) for key, _, value in pairs
    }
    heard = heard_in(given.sound)
    context = moderngl.create_context(standalone=True, backend="egl")
    for scene in scenes(given.names, changed):
        worst = most_flashes(lights_of(context, scene, heard), RATE)
        print(json.dumps({"name": scene.name, "flashes": worst}), flush=True)


if __name__ == "__main__":
    with unhurried():
        main()
