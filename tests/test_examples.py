"""The example patches, as far as they can be read without the programs that they are made for."""

import dataclasses
import importlib.util
import json
import re
import subprocess
import zlib
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import py2tosc
import pytest
from py2max import Patcher

from artgen_osc.config import settings as config
from artgen_osc.osc.receiver import capture
from artgen_osc.osc.sender import OscSender
from artgen_osc.osc.targets import PORTS
from tests import show_table
from tests.live.servers import NODE

EXAMPLES = Path(__file__).parents[1] / "examples"
HEARD = {f"/artgen/{name}" for name in ("valence", "energy", "beat", "tempo_bpm")}
CONTROLS = {row.path for row in show_table.VISUALS}


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


def sketch(name: str) -> str:
    return (EXAMPLES / name).read_text(encoding="utf-8")


def addresses(text: str) -> set[str]:
    """What stands in quotes and looks like an address of ours."""
    return set(re.findall(r"[\"'](/(?:artgen|visuals)/[\w/]+)[\"']", text))


def assert_balanced(text: str) -> None:
    """Every bracket of a program is closed by its like, outside of strings and comments."""
    closing, waiting = {")": "(", "]": "[", "}": "{"}, []
    for character in re.sub(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])'", "", text, flags=re.DOTALL):
        if character in "([{":
            waiting.append(character)
        elif character in closing:
            assert waiting.pop() == closing[character]
    assert waiting == []


def test_the_processing_sketch_reads_each_address_by_its_type() -> None:
    text = sketch("processing/artgen/artgen.pde")
    assert_balanced(text)
    assert f"new OscP5(this, {PORTS['processing']})" in text
    assert 'new NetAddress("127.0.0.1", 9101)' in text
    rows = show_table.by_path(show_table.SENT)
    reads = re.findall(r'equals\("(/artgen/[\w/]+)"\)\) \w+ = message.get\(0\).(float|int)Value', text)
    assert {path for path, _ in reads} >= (HEARD - {"/artgen/beat"}) | {"/artgen/beat/phase"}
    for path, kind in reads:
        assert rows[path].kind == kind, path
    assert addresses(text) & CONTROLS == {"/visuals/speed"}


def chataigne() -> tuple[dict[str, Any], str]:
    return json.loads(sketch("chataigne/artgen/module.json")), sketch("chataigne/artgen/artgen.js")


def short(name: str) -> str:
    """What Chataigne makes of a name: camel case."""
    first, *others = name.split()
    return first.lower() + "".join(word.capitalize() for word in others)


def test_the_chataigne_module_is_whole() -> None:
    module, script = chataigne()
    assert_balanced(script)
    assert module["scripts"] == ["artgen.js"]
    assert set(re.findall(r"local\.values\.(\w+)\.", script)) == {short(name) for name in module["values"]}
    for command in module["commands"].values():
        (parameters,) = re.findall(rf"function {command['callback']}\((\w*)\)", script)
        assert bool(parameters) == bool(command["parameters"])
    assert addresses(script) >= HEARD - {"/artgen/beat"}
    assert addresses(script) & CONTROLS == set(re.findall(r'send\("([\w/]+)"', script))
    assert module["defaults"]["oscInput"]["localPort"] == PORTS["chataigne"]
    assert module["defaults"]["oscOutputs"]["oscOutput"]["remotePort"] == 9101


HARNESS = """
const seen = [];
const values = new Proxy({}, {get: (_, name) => ({
  set: (value) => seen.push([name, value]), trigger: () => seen.push([name, null])})});
const local = {values, send: (address, value) => seen.push([address, value])};
SCRIPT
oscEvent("/artgen/valence", [0.25]);
oscEvent("/artgen/beat/count", [7]);
oscEvent("/artgen/beat/count", [7]);
oscEvent("/artgen/unknown", [1]);
speed(2.5); nextPicture(); seed(12); blackout(true); freeze(false);
console.log(JSON.stringify(seen));
"""


def test_the_chataigne_script_does_what_it_says() -> None:
    program = HARNESS.replace("SCRIPT", chataigne()[1])
    answer = subprocess.run([NODE, "-e", program], capture_output=True, text=True, check=True)
    seen = json.loads(answer.stdout)
    assert seen[:3] == [["valence", 0.25], ["beats", 7], ["beat", None]]
    assert seen[3:] == [
        ["/visuals/speed", 2.5],
        ["/visuals/seed/next", 1],
        ["/visuals/seed", 12],
        ["/visuals/blackout", 1],
        ["/visuals/freeze", 0],
    ]
    rows = show_table.by_path(show_table.VISUALS)
    for path, value in seen[3:]:
        rows[path].check((value,))


def test_the_resolume_maps_become_messages_in_the_ranges_of_resolume() -> None:
    show, _ = config.load(EXAMPLES / "resolume/show.toml")
    assert {row.target for row in show.map} == {"resolume"}
    assert {path for row in show.map for path in row.sources} == HEARD
    rows = show_table.by_path(show_table.SENT)
    values = {"/artgen/energy": 0.75, "/artgen/valence": 0.25, "/artgen/beat": 1.0, "/artgen/tempo_bpm": 140.0}
    with capture() as resolume:
        here = f"127.0.0.1:{resolume.port}"
        sender = OscSender(maps=[dataclasses.replace(row, target=here) for row in show.map])
        sender.send([(rows[path], value) for path, value in values.items()])
        messages = {message.path: message.arguments for _, message in resolume.read(0.5)}
        sender.close()
    assert messages == {
        "/composition/layers/1/video/opacity": (pytest.approx(0.8),),
        "/composition/dashboard/link1": (0.25,),
        "/composition/dashboard/link2": (1.0,),
        "/composition/tempocontroller/tempo": (0.25,),
    }


@pytest.mark.parametrize("name", ["unity/ArtgenOsc.cs", "unreal/ArtgenOsc.h"])
def test_the_game_engines_hear_the_mood_and_steer_the_renderer(name: str) -> None:
    text = sketch(name)
    assert_balanced(text)
    used = addresses(text)
    assert used >= (HEARD - {"/artgen/beat"}) | {"/artgen/beat/phase", "/artgen/beat/count"}
    assert used & CONTROLS == {"/visuals/speed"}
    (port,) = re.findall(r"--osc 127.0.0.1:(\d+)", text)
    assert text.count(port) == 2
    assert f"--osc 127.0.0.1:{port}`" in sketch(f"{name.split('/')[0]}/README.md")
    assert "9101" in text


def without_ids(path: Path) -> str:
    """A layout's XML, but for the identifiers, which are drawn anew each time it is made."""
    text = zlib.decompress(path.read_bytes()).decode()
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "", text)


def test_the_touchosc_layout_is_what_its_script_writes_and_has_no_faults(tmp_path: Path) -> None:
    kept = EXAMPLES / "touchosc/artgen.tosc"
    load(EXAMPLES / "touchosc/make_layout.py").layout().save(tmp_path / "artgen.tosc")
    assert without_ids(kept) == without_ids(tmp_path / "artgen.tosc")
    assert py2tosc.validate(py2tosc.load(kept)) == []


def touchosc_messages() -> list[tuple[str, bool, str, float, float]]:
    """Address, whether it is sent, its trigger, and the range of its value, for each message of the layout."""
    root = ElementTree.fromstring(zlib.decompress((EXAMPLES / "touchosc/artgen.tosc").read_bytes()))
    found = []
    for osc in root.iter("osc"):
        value = osc.find("arguments/partial")
        assert value is not None
        low, high = (float(value.findtext(name, "")) for name in ("scaleMin", "scaleMax"))
        path, condition = osc.findtext("path/partial/value", ""), osc.findtext("triggers/trigger/condition", "")
        found.append((path, osc.findtext("send") == "1", condition, low, high))
    return found


def test_the_touchosc_layout_shows_what_is_heard_and_sends_what_is_allowed() -> None:
    messages = touchosc_messages()
    assert {path for path, sent, *_ in messages if not sent} == HEARD
    controls = show_table.by_path(show_table.VISUALS)
    for path, sent, condition, low, high in messages:
        if sent:
            controls[path].check((low,))
            controls[path].check((high,))
            assert condition == ("RISE" if controls[path].kind == "trigger" else "ANY")
