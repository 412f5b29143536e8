"""Layers as they are set: in a show file, in scenes, over OSC; and the alpha that outputs get."""

import subprocess
import sys
from collections.abc import Callable, Iterable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from artgen_osc.config.plugins import KINDS, own_contract
from artgen_osc.config.settings import load
from artgen_osc.config.tables import VisualsConfig
from artgen_osc.errors import ConfigError, SceneError
from artgen_osc.plugins.registry import Registry
from artgen_osc.schema.address_table import AddressTable
from tests.support.waiting import wait_for
from visuals.control.controls import Control, Controls
from visuals.control.scenes.file import Scene, held_by, read, write
from visuals.outputs.kind import OutputHost, Showing
from visuals.outputs.outputs import Outputs

HELD = held_by(own_contract())
ROWS: AddressTable = own_contract().addresses


def test_a_show_file_sets_layers(tmp_path: Path) -> None:
    (tmp_path / "show.toml").write_text('[layer.2]\nsource = "title"\nblend = "screen"\n[layer.generator]\nopacity = 0')
    config, origins = load(tmp_path / "show.toml", {"layer.2.opacity": 0.5})
    two = config.plugin["2"]
    assert (two.source, two.blend, two.opacity, two.scale) == ("title", "screen", 0.5, 1.0)
    assert config.plugin["generator"].opacity == 0.0 and config.plugin["1"].source == ""
    assert origins["layer.2.blend"] == str(tmp_path / "show.toml") and origins["layer.2.opacity"] == "flag"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[layer.7]\nopacity = 0.5", "[layer.7]: no such table"),
        ("[layer.1]\nopacity = 2.0", "layer.1.opacity: 2.0 is out of range; choose a number from 0 to 1"),
        ('[layer.1]\nblend = "hue"', "layer.1.blend: 'hue' is not known; choose from normal, multiply, "),
        ('[layer.1]\nsauce = "a"', "layer.1.sauce: no such setting; did you mean source?"),
        ('[layer.1]\ncolour = "red"', "layer.1.colour: 'red' is no colour; write six hexadecimal digits"),
        ("layer = 3", "[layer]: no such table"),
    ],
)
def test_what_is_wrong_in_it_is_told(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "show.toml").write_text(text)
    with pytest.raises(ConfigError) as told:
        load(tmp_path / "show.toml")
    assert str(told.value).startswith(says)


def test_a_scene_holds_layers(tmp_path: Path) -> None:
    values = {"layer.3.source": "text:À bientôt", "layer.3.y": -0.5, "layer.3.mask_by": "luma", "speed": 2.0}
    write(tmp_path, Scene("mine", values))
    found = read(tmp_path / "mine.toml", HELD)
    assert dict(found.values) == values
    (tmp_path / "bad.toml").write_text("[layer.9]\nx = 1.0\n[layer.1]\nsauce = 1")
    with pytest.raises(SceneError, match=r"layer\.9\.x: no such setting.*layer\.1\.sauce: no such setting"):
        read(tmp_path / "bad.toml", HELD)


def test_over_osc_each_has_its_own() -> None:
    controls = Controls(own_contract().config({}), own_contract())
    controls.receive([(ROWS.visuals["/visuals/layer/6/source"], "video:a.mp4")], 0.0)
    controls.receive([(ROWS.visuals["/visuals/layer/6/loop"], 0), (ROWS.visuals["/visuals/layer/5/x"], 0.25)], 0.0)
    plugin = controls.now(0.0).plugin
    assert (plugin["6"].source, plugin["6"].loop, plugin["6"].x) == ("video:a.mp4", False, 0.0)
    assert (plugin["5"].source, plugin["5"].x) == ("", 0.25)
    assert ROWS.visuals["/visuals/layer/1/blend"].choices[-1] == "add"


def test_no_command_that_reads_settings_loads_what_draws() -> None:
    code = "import sys; from artgen_osc.config.plugins import own_contract; own_contract(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "PIL", "av", "moderngl", "pygame"} & set(done.stdout.split())


class Keyed:
    """An output that carries alpha."""

    alpha = True

    def __init__(self, settings: None, host: OutputHost) -> None:
        self.settings = settings
        self.frames: list[np.ndarray] = []

    def wants(self, time: float) -> tuple[int, int]:
        return 8, 4

    def take(self, frame: np.ndarray, time: float) -> None:
        self.frames.append(frame)

    def close(self) -> None: ...


class Plain(Keyed):
    """One that doesn't."""

    alpha = False


class Nowhere:
    """A target that shows nothing."""

    size = (8, 4)

    def prepare(self, time: float) -> None: ...


def test_outputs_that_carry_alpha_get_it() -> None:
    made: dict[str, Keyed] = {}

    class Entry(EntryPoint):
        def load(self) -> Any:
            kind = {"keyed": Keyed, "plain": Plain}[self.name]
            return lambda settings, host: made.setdefault(self.name, kind(settings, host))

    def found(group: str) -> Iterable[EntryPoint]:
        names = ("keyed", "plain") if group == "artgen.outputs" else ()
        return [Entry(name, "somewhere:thing", group) for name in names]

    config = VisualsConfig()
    host = OutputHost(config, own_contract(), Showing(Control(config), (8, 4)))
    outputs = Outputs(Registry(KINDS, found), {}, host, Nowhere(), lambda what, reason: None)  # type: ignore[arg-type]

    def read_back(size: tuple[int, int], alpha: bool = False) -> Callable[[], np.ndarray]:
        return lambda: np.zeros((size[1], size[0], 4 if alpha else 3), np.uint8)

    def turn() -> bool:
        outputs.prepare(0.0)
        outputs.publish(read_back, 0.0)
        return len(made) == 2 and all(one.frames for one in made.values())

    try:
        wait_for(turn, what="frames")
    finally:
        outputs.close()
    assert made["keyed"].frames[0].shape == (4, 8, 4) and made["plain"].frames[0].shape == (4, 8, 3)
