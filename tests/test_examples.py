"""The example patches, as far as they can be read without the programs that they are made for."""

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

from py2max import Patcher

from artgen_osc import schema
from artgen_osc.targets import PORTS

EXAMPLES = Path(__file__).parents[1] / "examples"
HEARD = {f"/artgen/{name}" for name in ("valence", "energy", "beat", "tempo_bpm")}
CONTROLS = {row.path for row in schema.VISUALS_CONTROLS}


def load(path: Path) -> ModuleType:
    """An example script as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_max_patch_is_what_its_script_writes_and_has_no_faults(tmp_path: Path) -> None:
    kept = EXAMPLES / "max/artgen.maxpat"
    load(EXAMPLES / "max/make_patch.py").make(tmp_path / "artgen.maxpat")
    assert json.loads(kept.read_text()) == json.loads((tmp_path / "artgen.maxpat").read_text())
    assert Patcher.from_file(kept).lint() == []


def max_patch() -> tuple[dict[str, str], list[tuple[str, int, str]]]:
    """Boxes as id to text (or class), and cords as (from, outlet, to)."""
    patch: dict[str, Any] = json.loads((EXAMPLES / "max/artgen.maxpat").read_text())["patcher"]
    boxes = {box["box"]["id"]: box["box"].get("text") or box["box"]["maxclass"] for box in patch["boxes"]}
    lines = [line["patchline"] for line in patch["lines"]]
    return boxes, [(boxes[line["source"][0]], line["source"][1], boxes[line["destination"][0]]) for line in lines]


def test_the_max_patch_hears_the_mood_and_steers_the_renderer() -> None:
    boxes, cords = max_patch()
    (route,) = [text for text in boxes.values() if text.startswith("route ")]
    names = route.split()[1:]
    assert set(names) >= HEARD
    assert (f"udpreceive {PORTS['max']}", 0, route) in cords
    to = {names[outlet]: target for source, outlet, target in cords if source == route}
    assert to == {
        "/artgen/valence": "slider",
        "/artgen/energy": "slider",
        "/artgen/beat": "sel 1.",
        "/artgen/tempo_bpm": "flonum",
        "/artgen/key": "prepend set",
    }
    sent = {source for source, _, target in cords if target == "udpsend 127.0.0.1 9101"}
    assert sent == {"prepend /visuals/speed", "/visuals/seed/next 1"}


def pure_data_patch() -> tuple[list[str], list[tuple[str, int, str]]]:
    """Objects of artgen.pd in order, and its cords as (from, outlet, to)."""
    entries = re.findall(r"#X (\w+) ([^;]*(?:\\;[^;]*)*);", (EXAMPLES / "puredata/artgen.pd").read_text())
    objects = [text.split(" ", 2)[2] if kind != "floatatom" else kind for kind, text in entries if kind != "connect"]
    numbers = [[int(number) for number in text.split()] for kind, text in entries if kind == "connect"]
    return objects, [(objects[a], outlet, objects[b]) for a, outlet, b, _ in numbers]


def test_the_pure_data_patch_hears_the_mood_and_steers_the_renderer() -> None:
    objects, cords = pure_data_patch()
    assert f"netreceive -u -b {PORTS['puredata']}" in objects
    (route,) = [text for text in objects if text.startswith("route valence")]
    assert {f"/artgen/{name}" for name in route.split()[1:]} >= HEARD
    assert ("route artgen", 0, route) in cords
    assert {outlet for source, outlet, _ in cords if source == route} == set(range(len(route.split()) - 1))
    formats = {"/" + "/".join(text.split()[1:]) for text in objects if text.startswith("oscformat")}
    assert formats == {"/visuals/speed", "/visuals/seed"}
    assert ("list trim", 0, "netsend -u -b") in cords
    assert ("connect 127.0.0.1 9101", 0, "netsend -u -b") in cords
