"""The TouchDesigner example, against a fake that knows operators and parameters by their documentation."""

import fnmatch
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

from artgen_osc.osc.targets import PORTS
from tests import fake_td, show_table

SCRIPT = Path(__file__).parents[1] / "examples/touchdesigner/artgen_td.py"
HEARD = {"valence", "energy", "tempo_bpm", "beat_phase"}


def run(project: fake_td.Operator, monkeypatch: pytest.MonkeyPatch) -> fake_td.Operator:
    """Run the script as TouchDesigner does, from a DAT in `project`; returns what it built."""
    monkeypatch.setitem(sys.modules, "td", fake_td)
    dat = fake_td.Operator("baseCOMP", "text1", project)
    runpy.run_path(str(SCRIPT), init_globals={"me": dat}, run_name="__main__")
    built = project.op("artgen")
    assert built is not None
    return built


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> fake_td.Operator:
    return run(fake_td.Operator("baseCOMP", "project1"), monkeypatch)


def get(built: fake_td.Operator, name: str) -> fake_td.Operator:
    node = built.op(name)
    assert node is not None
    return node


def sources(node: fake_td.Operator) -> list[str]:
    return [connector.source.name for connector in node.inputConnectors if connector.source]


def test_running_it_again_replaces_what_was_there(monkeypatch: pytest.MonkeyPatch) -> None:
    project = fake_td.Operator("baseCOMP", "project1")
    first = run(project, monkeypatch)
    first.nodeX = 500
    second = run(project, monkeypatch)
    assert project.children == [second]
    assert second is not first
    assert second.nodeX == 500
    assert [node.name for node in second.children] == [node.name for node in first.children]


def test_it_hears_what_the_daemon_sends(built: fake_td.Operator) -> None:
    osc = get(built, "osc_in").par
    assert osc.port.val == PORTS["touchdesigner"]
    assert osc.queued.val is False
    # The channels of a row, with one segment off; TouchDesigner may write the slashes as they are or as _.
    for slash in "/_":
        channels = [row.path.removeprefix("/artgen/").replace("/", slash) for row in show_table.SENT]
        patterns = get(built, "mood").par.channames.val.split()
        chosen = [name for pattern in patterns for name in channels if fnmatch.fnmatchcase(name, pattern)]
        assert {name.replace("/", "_") for name in chosen} == HEARD
    assert set(get(built, "rest").par.const0name.val.split()) == HEARD
    assert sources(get(built, "mood_or_rest")) == ["rest", "mood"]


def test_it_steers_the_renderer(built: fake_td.Operator) -> None:
    control, osc = get(built, "steer").par, get(built, "osc_out")
    row = show_table.by_path(show_table.VISUALS)["/" + control.const0name.val]
    row.check((control.const0value.val,))
    assert (osc.par.netaddress.val, osc.par.port.val) == ("127.0.0.1", 9101)
    assert sources(osc) == ["steer"]


def test_the_picture_follows_mood_and_beat(built: fake_td.Operator) -> None:
    assert sources(get(built, "picture")) == ["flash"]
    assert sources(get(built, "flash")) == ["colour"]
    assert sources(get(built, "colour")) == ["noise"]

    def values(**now: float) -> dict[str, float]:
        channels: dict[str, dict[str, float]] = {"now": now, "travel": {"tempo_bpm": 1.5}}
        found: dict[str, Any] = {}
        for node in built.children:
            for name, par in vars(node.par)["_known"].items():
                if par.expr:
                    found[f"{node.name}.{name}"] = eval(par.expr, {"op": channels.__getitem__})
        return found

    calm = values(valence=0.2, energy=0.1, beat_phase=0.9, tempo_bpm=60.0)
    wild = values(valence=0.9, energy=0.9, beat_phase=0.0, tempo_bpm=140.0)
    assert wild["colour.saturationmult"] > 2 * calm["colour.saturationmult"]
    assert wild["colour.valuemult"] > calm["colour.valuemult"]
    assert wild["flash.brightness1"] > calm["flash.brightness1"] == 1
    assert wild["noise.tz"] == 1.5
    assert 0 <= min(calm["colour.hueoffset"], wild["colour.hueoffset"]) < 360


def test_a_name_that_touchdesigner_does_not_know_is_refused() -> None:
    node = fake_td.Operator("noiseTOP", "noise")
    with pytest.raises(AttributeError, match="no parameter roughness"):
        node.par.roughness = 0.5
    with pytest.raises(ValueError, match="choose from"):
        node.par.type = "simplex"
    with pytest.raises(AttributeError, match="oscInCHOP"):
        fake_td.__getattr__("oscInCHOP")
    with pytest.raises(ValueError, match="can't be wired"):
        node.inputConnectors[0].connect(fake_td.Operator("nullCHOP", "null"))
