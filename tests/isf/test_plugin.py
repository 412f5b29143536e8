"""ISF files as plugins: found, declared, drawn in a show, followed while they are edited, and taken out."""

import dataclasses
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from artgen_osc.config.plugins import KINDS, contract_of
from artgen_osc.config.settings import ConfigFile
from artgen_osc.plugins.registry import Registry, State, of_show
from artgen_osc.schema.setting import settings_of
from tests.isf.files import IMAGE, PLAIN, write
from visuals.compositor import budget
from visuals.compositor.kind import Moment
from visuals.compositor.screen import Screen
from visuals.isf import plugin as playing
from visuals.isf.file import read
from visuals.isf.settings import Hand, declared
from visuals.isf.source import MOST_FILES, files_in
from visuals.modulation.motion import Look

SIZE = (16, 8)
PLAIN_LOOK = Look(zoom=1.0)
RED = "void main() { gl_FragColor = vec4(1.0, 0.0, 0.0, 1.0); }"
GREEN = "void main() { gl_FragColor = vec4(0.0, 1.0, 0.0, 1.0); }"


@pytest.fixture
def effects(tmp_path: Path) -> Path:
    folder = tmp_path / "effects"
    folder.mkdir()
    return folder


def found(folder: Path) -> Registry:
    return Registry(KINDS, of_show(folder.parent))


def knob(name: str, type: str = "float", **more: Any) -> dict[str, Any]:
    return {"INPUTS": [IMAGE, {"NAME": name, "TYPE": type, **more}]}


def test_files_are_effects_and_layers_by_what_they_take(effects: Path) -> None:
    write(effects / "Melt It Down.fs", PLAIN)
    write(effects / "stars.isf", RED, {})
    write(
        effects / "wipe.fs", RED, {"INPUTS": [{"NAME": name, "TYPE": "image"} for name in ("startImage", "endImage")]}
    )
    write(effects / ".hidden.fs", RED)
    (effects / "notes.txt").write_text("no shader")
    registry = found(effects)
    assert registry.plugin("effect", "melt-it-down").state is State.READY
    assert registry.plugin("layer", "stars").package == ""
    assert {"wipe", "hidden", "notes"}.isdisjoint(registry.names("effect") + registry.names("layer"))


def test_without_a_folder_there_are_ours(tmp_path: Path) -> None:
    registry = found(tmp_path / "effects")
    assert all(plugin.package for plugin in registry.plugins())


def test_more_files_than_a_show_can_use(effects: Path, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(MOST_FILES + 1):
        (effects / f"{number}.fs").touch()
    assert len(files_in(effects)) == MOST_FILES
    assert "has 501 shaders; the first 500 count" in caplog.text


def test_each_number_is_a_setting_with_an_address(effects: Path) -> None:
    inputs = [
        IMAGE,
        {"NAME": "heat", "TYPE": "float", "MIN": -1, "MAX": 3, "DEFAULT": 2, "LABEL": "Heat"},
        {"NAME": "tint", "TYPE": "color", "DEFAULT": [1, 0.5, 0, 1]},
        {"NAME": "middle", "TYPE": "point2D"},
        {"NAME": "shape", "TYPE": "long", "VALUES": [0, 2], "LABELS": ["Round", "Square"]},
        {"NAME": "flip", "TYPE": "bool", "DEFAULT": True},
        {"NAME": "restart", "TYPE": "event"},
        {"NAME": "amount", "TYPE": "float"},
        {"NAME": "in", "TYPE": "float"},
    ]
    write(effects / "melt.fs", PLAIN, {"DESCRIPTION": "Melts.", "INPUTS": inputs})
    contract = contract_of(found(effects))
    rows = {path: row for path, row in contract.addresses.visuals.items() if "/melt/" in path}
    assert [path.removeprefix("/visuals/effect/melt/") for path in sorted(rows)] == [
        *("amount", "amount_", "flip", "heat", "in_", "middle/x", "middle/y", "restart", "shape"),
        *("tint/a", "tint/b", "tint/g", "tint/r"),
    ]
    heat = rows["/visuals/effect/melt/heat"]
    assert (heat.kind, heat.low, heat.high, heat.doc) == ("float", -1.0, 3.0, "Heat")
    shape = contract.settings["plugin.melt.shape"]
    assert (shape.low, shape.high, shape.doc) == (0, 2, "shape: 0 Round, 2 Square")
    assert contract.settings["plugin.melt.tint_g"].default == 0.5
    assert not contract.settings["plugin.melt.restart"].scene
    assert contract.settings["plugin.melt.amount"].doc == "how much of it; 0: off. Melts."


def test_a_show_file_sets_them(effects: Path) -> None:
    write(effects / "melt.fs", PLAIN, knob("heat"))
    show = effects.parent / "show.toml"
    show.write_text("[plugin.melt]\namount = 1.0\nheat = 0.75\n")
    config = ConfigFile(show, {}, found(effects)).config
    assert config.plugin["melt"].heat == 0.75 and config.plugin["melt"].amount == 1.0


@pytest.mark.parametrize("name", ["vignette", "window", "osc"])
def test_a_file_with_the_name_of_one_of_ours_harms_nothing(effects: Path, name: str) -> None:
    write(effects / f"{name}.fs", PLAIN)
    registry = found(effects)
    contract = contract_of(registry)
    assert contract.settings.keys() >= {"visuals.vignette", "visuals.fullscreen"}
    theirs = [plugin for plugin in registry.plugins("effect") if plugin.name == name and not plugin.package]
    assert len(theirs) == 1 and theirs[0].state in (State.SHADOWED, State.MISCONFIGURED, State.READY)


def test_a_file_that_is_none_has_a_reason_and_the_others_go_on(effects: Path) -> None:
    write(effects / "melt.fs", PLAIN)
    (effects / "bad.fs").write_text("/*{ no json }*/")
    (effects / "huge.fs").write_bytes(b" " * (10 << 20))
    registry = found(effects)
    assert "plugin.melt.amount" in contract_of(registry).settings
    told = registry.troubles(("effect",))
    assert "effect bad: bad.fs: line 1: its head is not JSON" in told
    assert "effect huge: huge.fs: can't be read (has 10 MB, 1049 kB at most)" in told


def test_a_source_that_fails_leaves_the_others(
    effects: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from visuals.isf import source

    def fail(folder: Path) -> list[Path]:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(source, "files_in", fail)
    assert found(effects).names("output")
    assert "plugins of isf: can't be looked for (ZeroDivisionError: by nothing)" in caplog.text


def test_events_are_one_frame_long_and_defaults_follow_the_file(effects: Path) -> None:
    head = {"INPUTS": [{"NAME": "go", "TYPE": "event"}, {"NAME": "heat", "TYPE": "float", "DEFAULT": 0.25}]}
    file = read(write(effects / "melt.fs", RED, head))
    settings = declared(file.head, "melt", "/visuals/layer/melt/")
    hand, down = Hand(settings), settings(go=True)
    pressed = [hand.values(file.head, each)["go"] for each in (settings(), down, down, settings(), down)]
    assert pressed == [(0.0,), (1.0,), (0.0,), (0.0,), (1.0,)]
    head["INPUTS"][1] |= {"DEFAULT": 0.5}
    head["INPUTS"].append({"NAME": "fresh", "TYPE": "color"})
    later = read(write(effects / "melt.fs", RED, head)).head
    assert hand.values(later, settings())["heat"] == (0.5,)
    assert hand.values(later, settings(heat=0.75))["heat"] == (0.75,)
    assert hand.values(later, settings())["fresh"] == (0.0, 0.0, 0.0, 1.0)
    assert hand.new_in(later) == ["fresh_r", "fresh_g", "fresh_b", "fresh_a"]


class Played:
    """A show of a folder, drawn frame by frame."""

    def __init__(self, context: Any, folder: Path) -> None:
        self.registry = found(folder)
        self.contract = contract_of(self.registry)
        self.screen = Screen(context, SIZE, registry=self.registry)
        self.screen.take(np.full((8, 16, 3), 100, np.uint8), 1.0)
        self.screen.take(np.full((8, 16, 3), 100, np.uint8), 1.0)
        self.settings: dict[str, Any] = {}

    def set(self, name: str, **values: Any) -> None:
        held = {
            setting.field: setting for setting in self.contract.settings.values() if setting.table == f"plugin.{name}"
        }
        assert held.keys() >= values.keys()
        now = self.settings.get(name) or self.contract.tables[f"plugin.{name}"]()
        self.settings = {**self.settings, name: dataclasses.replace(now, **values)}

    def frame(self, **moment: Any) -> list[int]:
        """The colour in the middle."""
        self.screen.draw(1.0, PLAIN_LOOK, self.settings, Moment(**moment))
        middle: list[int] = self.screen.read_frame()[4, 8].tolist()
        return middle


class Clock:
    """In place of the two clocks of the time module that the plugin reads."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(playing, "monotonic", made)
    monkeypatch.setattr(budget, "perf_counter", made)
    return made


@pytest.fixture
def play(gl_context: Any, effects: Path) -> Iterator[Any]:
    shows: list[Played] = []

    def start() -> Played:
        shows.append(Played(gl_context, effects))
        return shows[-1]

    yield start
    for show in shows:
        show.screen.release()


def save(path: Path, body: str, head: Any = None, vertex: str = "") -> None:
    """As an editor does, at another time than before."""
    before = path.stat().st_mtime_ns
    write(path, body, head, vertex)
    os.utime(path, ns=(before + 10**9, before + 10**9))


def saved(show: Played, clock: Clock) -> list[int]:
    """The frame after a second's looks at the file."""
    for _ in range(4):
        clock.now += playing.LOOK_EVERY_S
        seen = show.frame()
    return seen


@pytest.mark.slow
def test_an_effect_is_drawn_by_its_amount_and_costs_nothing_at_rest(effects: Path, play: Any) -> None:
    write(effects / "red.fs", RED)
    show = play()
    assert show.frame() == pytest.approx([100, 100, 100], abs=1)
    show.set("red", amount=1.0)
    assert show.frame() == [255, 0, 0]
    show.set("red", amount=0.5)
    assert show.frame() == pytest.approx([178, 50, 50], abs=2)
    show.set("red", amount=0.0)
    assert show.frame() == pytest.approx([100, 100, 100], abs=1)


@pytest.mark.slow
def test_a_layer_is_drawn_over_the_picture_as_its_alpha_says(effects: Path, play: Any) -> None:
    write(
        effects / "half.fs",
        "void main() { gl_FragColor = vec4(1.0, 0.0, 0.0, isf_FragNormCoord.x < 2.0 ? 0.5 : 0.0); }",
        {},
    )
    show = play()
    show.set("half", amount=1.0)
    assert show.frame() == pytest.approx([178, 50, 50], abs=2)


@pytest.mark.slow
def test_sound_arrives_as_bands(effects: Path, play: Any) -> None:
    head = {"INPUTS": [IMAGE, {"NAME": "fft", "TYPE": "audioFFT", "MAX": 64}, {"NAME": "wave", "TYPE": "audio"}]}
    body = """void main() {
    float low = IMG_NORM_PIXEL(fft, vec2(0.02, 0.5)).r, high = IMG_NORM_PIXEL(fft, vec2(0.75, 0.5)).r;
    gl_FragColor = vec4(low, high, IMG_SIZE(fft).x == 64.0 ? IMG_NORM_PIXEL(wave, vec2(0.5)).r : 1.0, 1.0);
}"""
    write(effects / "ears.fs", body, head)
    show = play()
    show.set("ears", amount=1.0)
    low, high, middle = show.frame(low=1.0, level=1.0)
    assert low > 100 and high < 10 and middle == pytest.approx(128, abs=40)
    low, high, _ = show.frame(high=1.0)
    assert low < 10 and high > 100


@pytest.mark.slow
def test_an_input_that_follows_the_show_is_no_setting(effects: Path, play: Any) -> None:
    head = {"INPUTS": [IMAGE, {"NAME": "kick", "TYPE": "float", "MAX": 0.5, "FOLLOWS": "low"}]}
    write(effects / "kicked.fs", "void main() { gl_FragColor = vec4(vec3(kick), 1.0); }", head)
    show = play()
    assert "plugin.kicked.kick" not in show.contract.settings
    show.set("kicked", amount=1.0)
    assert show.frame(low=1.0)[0] == pytest.approx(128, abs=1)
    assert show.frame(low=0.5)[0] == pytest.approx(64, abs=1)


@pytest.mark.slow
def test_after_a_rest_in_the_show_s_time_it_begins_anew(effects: Path, play: Any, clock: Clock) -> None:
    head = {"INPUTS": [IMAGE], "PASSES": [{"TARGET": "kept", "PERSISTENT": True, "FLOAT": True}, {}]}
    body = "vec4 old = IMG_THIS_PIXEL(kept);\nvoid main() { gl_FragColor = PASSINDEX == 0 ? old + vec4(0.1) : old; }"
    write(effects / "mine.fs", body, head)
    show = play()
    show.set("mine", amount=1.0)
    lights, time = [], 1.0
    for wait in (0.02, 0.02, 0.02, playing.REST_S + 1.0):
        time += wait
        clock.now += 10.0  # on the wall nothing counts
        lights.append(show.frame(time=time)[0])
    assert lights[0] < lights[1] < lights[2] and lights[3] == lights[0] > 0


@pytest.mark.slow
def test_what_is_saved_is_seen(effects: Path, play: Any, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    path = write(effects / "mine.fs", RED)
    show = play()
    show.set("mine", amount=1.0)
    assert show.frame() == [255, 0, 0]
    save(path, GREEN, knob("fresh"))
    assert saved(show, clock) == [0, 255, 0]
    assert "mine.fs: is the new version now" in caplog.text
    assert "mine.fs: input fresh is new; its address is there from the next start on" in caplog.text


@pytest.mark.slow
def test_an_error_is_told_and_the_last_good_version_plays_on(
    effects: Path, play: Any, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(effects / "mine.fs", RED)
    show = play()
    show.set("mine", amount=1.0)
    show.frame()
    save(path, "void main() {\n  gl_FragColor = wrong;\n}")
    assert saved(show, clock) == [255, 0, 0]
    told = show.registry.troubles(("effect",))
    assert told.startswith("effect mine: mine.fs: line 3: ") and told.endswith("; the last good version plays on")
    assert show.registry.plugin("effect", "mine").state is State.READY
    save(path, RED, "{ no json")
    saved(show, clock)
    assert "its head is not JSON" in show.registry.troubles(("effect",))
    assert len([record for record in caplog.records if record.levelno >= logging.WARNING]) == 2
    save(path, GREEN)
    assert saved(show, clock) == [0, 255, 0]
    assert show.registry.troubles(("effect",)) == ""
    path.unlink()
    assert saved(show, clock) == [0, 255, 0]
    assert "can't be read" in show.registry.troubles(("effect",))


@pytest.mark.slow
def test_one_that_starts_with_an_error_comes_when_it_is_mended(effects: Path, play: Any, clock: Clock) -> None:
    path = write(effects / "mine.fs", "void main() { wrong }")
    show = play()
    show.set("mine", amount=1.0)
    assert show.frame() == pytest.approx([100, 100, 100], abs=1)
    assert "mine.fs: line 2: " in show.registry.troubles(("effect",))
    save(path, GREEN)
    assert saved(show, clock) == [0, 255, 0]


@pytest.mark.slow
def test_values_for_which_there_is_no_size_are_told_until_others_are_set(effects: Path, play: Any) -> None:
    head = {"INPUTS": [IMAGE, {"NAME": "parts", "TYPE": "float", "DEFAULT": 2, "MAX": 4}]}
    head["PASSES"] = [{"TARGET": "a", "WIDTH": "$WIDTH / $parts"}, {}]
    write(effects / "mine.fs", GREEN, head)
    show = play()
    show.set("mine", amount=1.0)
    assert show.frame() == [0, 255, 0]
    show.set("mine", parts=0.0)
    assert show.frame() == pytest.approx([100, 100, 100], abs=1)
    assert "divides by zero, WIDTH is 16, parts is 0" in show.registry.troubles(("effect",))
    show.set("mine", parts=4.0)
    assert show.frame() == [0, 255, 0]
    assert show.registry.troubles(("effect",)) == ""


@pytest.mark.slow
@pytest.mark.parametrize(("takes", "after"), [(0.6, 3), (2.0, 3), (30.0, 2)])
def test_one_that_holds_the_show_up_is_taken_out_until_it_is_saved(
    effects: Path, play: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch, takes: float, after: int
) -> None:
    from visuals.isf.shader import Shader

    path = write(effects / "slow.fs", RED)
    drawn = Shader.draw

    def slowly(self: Shader, *given: Any, **options: Any) -> None:
        clock.now += takes
        drawn(self, *given, **options)

    show = play()
    show.set("slow", amount=1.0)
    monkeypatch.setattr(Shader, "draw", slowly)
    frames = [show.frame() for _ in range(5)]
    assert frames.index(pytest.approx([100, 100, 100], abs=1)) == after
    told = f"slow.fs: takes {1000 * takes:.0f} ms a frame, where 500 ms is the most; it is out"
    assert told in show.registry.troubles(("effect",))
    monkeypatch.setattr(Shader, "draw", drawn)
    save(path, GREEN)
    assert saved(show, clock) == [0, 255, 0]


@pytest.mark.slow
def test_a_scene_keeps_them(effects: Path, play: Any) -> None:
    write(effects / "melt.fs", PLAIN, knob("heat"))
    contract = play().contract
    held = settings_of("plugin.melt", contract.tables["plugin.melt"], "/visuals/effect/melt/")
    assert json.dumps(sorted(held)) == '["plugin.melt.amount", "plugin.melt.heat"]'
