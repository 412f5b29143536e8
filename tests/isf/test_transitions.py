"""Transitions between scenes: what the screen makes of one, and what a recall makes of it."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from artgen_osc.config.settings import ConfigFile
from artgen_osc.errors import PluginError
from artgen_osc.osc.sender import OscSender
from tests import show_table
from tests.isf.files import PLAIN, write
from tests.ports import free_port
from visuals.app import run
from visuals.compositor.budget import FrameBudget
from visuals.compositor.crossing import Crossing
from visuals.compositor.kind import Moment
from visuals.compositor.screen import Screen
from visuals.control.controls import Control, Controls
from visuals.control.scenes.file import Scene, held_by, read, to_text
from visuals.control.scenes.file import write as write_scene
from visuals.control.scenes.folder import Library
from visuals.control.scenes.recall import MOST_A_FRAME, Present, Scenes
from visuals.isf.transition import Transitions
from visuals.loop import RenderLoop
from visuals.modulation.motion import Look

SIZE = (32, 18)
STILL = Look(zoom=1.0)
ENDS = [{"NAME": name, "TYPE": "image"} for name in ("startImage", "endImage")]
PROGRESS = {"NAME": "progress", "TYPE": "float", "MIN": 0.0, "MAX": 1.0}
HEAD = {"INPUTS": [*ENDS, PROGRESS]}
WIPE = """void main() {
    gl_FragColor = isf_FragNormCoord.x < progress ? IMG_THIS_PIXEL(endImage) : IMG_THIS_PIXEL(startImage);
}"""
ROWS = show_table.by_path(show_table.VISUALS)


class Played:
    """A screen whose pictures have one colour, with the transitions of a folder."""

    def __init__(self, context: Any, folder: Path) -> None:
        (folder / "effects").mkdir(exist_ok=True)
        self.folder = folder / "effects"
        self.screen = Screen(context, SIZE)
        self.screen.take(np.full((16, 32, 3), 200, np.uint8), 1.0)
        self.transitions = Transitions(context, self.screen.crossing, folder)
        self.settings: dict[str, Any] = {}

    def bright(self, value: float) -> None:
        """Change the look: poster flattens 200 to another grey."""
        self.settings = {"poster": show_table.CONTRACT.tables["plugin.poster"](amount=value, steps=2.0)}

    def frame(self, dt: float = 0.0, look: Look = STILL) -> np.ndarray:
        self.screen.crossing.step(dt)
        self.screen.draw(1.0, look, self.settings, Moment(dt=dt))
        return self.screen.read_frame().astype(int)


@pytest.fixture
def played(gl_context: Any, tmp_path: Path) -> Iterator[Played]:
    made = Played(gl_context, tmp_path)
    yield made
    made.transitions.release()
    made.screen.release()


def invert(played: Played) -> int:
    """The grey that the changed look shows once it is there."""
    played.bright(1.0)
    grey = int(played.frame()[9, 16, 0])
    played.bright(0.0)
    assert abs(grey - int(played.frame()[9, 16, 0])) > 20
    return grey


@pytest.mark.slow
def test_a_transition_leads_from_the_held_look_to_the_new_one_and_costs_nothing_afterwards(played: Played) -> None:
    write(played.folder / "wipe.fs", WIPE, HEAD)
    after = invert(played)
    before = int(played.frame()[9, 16, 0])
    played.transitions.begin("wipe", 2.0)
    played.bright(1.0)
    assert np.abs(played.frame(0.1) - before).max() <= 1, "no jump"
    half = played.frame(1.0)
    assert np.abs(half[:, :15] - after).max() <= 1 and np.abs(half[:, 17:] - before).max() <= 1
    assert np.array_equal(played.screen.read(SIZE)(), half), "outputs see it too"
    assert np.abs(played.screen.picture(1.0, STILL, played.settings).astype(int) - after).max() <= 1
    assert played.frame(0.0, Look(zoom=1.0, brightness=0.0)).max() == 0, "a blackout is black"
    assert np.abs(played.frame(1.0) - after).max() <= 1
    played.frame()
    assert not played.screen.crossing.on and not played.screen.crossing.over


@pytest.mark.slow
def test_a_second_one_leads_on_from_what_is_seen(played: Played) -> None:
    write(played.folder / "wipe.fs", WIPE, HEAD)
    after = invert(played)
    before = int(played.frame()[9, 16, 0])
    played.transitions.begin("wipe", 1.0)
    played.bright(1.0)
    played.frame()
    half = played.frame(0.5)
    played.transitions.begin("wipe", 1.0)
    played.bright(0.0)
    assert np.abs(played.frame(0.5) - half).max() <= 1
    late = played.frame(0.75)
    assert np.abs(late[:, :23] - before).max() <= 1 and np.abs(late[:, 25:] - before).max() <= 1
    assert after != before


@pytest.mark.slow
def test_another_size_of_the_window_meanwhile(played: Played) -> None:
    write(played.folder / "wipe.fs", WIPE, HEAD)
    after = invert(played)
    played.transitions.begin("wipe", 1.0)
    played.bright(1.0)
    played.frame()
    played.screen.resize((64, 36))
    half = played.frame(0.5)
    assert half.shape == (36, 64, 3) and abs(half[18, 10, 0] - after) <= 1 < abs(half[18, 50, 0] - after)


@pytest.mark.slow
def test_one_that_turns_out_to_be_slow_fades_for_the_rest(
    played: Played, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write(played.folder / "wipe.fs", WIPE, HEAD)
    after = invert(played)
    before = int(played.frame()[9, 16, 0])
    played.transitions.begin("wipe", 2.0)
    played.bright(1.0)
    played.frame()
    slow = "takes 900 ms a frame"
    end = FrameBudget.end
    monkeypatch.setattr(
        FrameBudget, "end", lambda self, what: slow if what[0].file.path.stem == "wipe" else end(self, what)
    )
    played.frame(0.5)
    half = played.frame(0.5)
    assert np.abs(half - (before + after) / 2).max() <= 2, "both, everywhere"
    (line,) = [record.getMessage() for record in caplog.records if "wipe.fs" in record.getMessage()]
    assert line == "wipe.fs: takes 900 ms a frame; it fades instead"
    assert np.abs(played.frame(1.0) - after).max() <= 1


@pytest.mark.slow
def test_what_a_driver_raises_loses_no_frame(gl_context: Any, caplog: pytest.LogCaptureFixture) -> None:
    class Breaks:
        def draw(self, target: Any, start: Any, end: Any, progress: float, moment: Moment) -> bool:
            raise ZeroDivisionError("by nothing")

        def rest(self) -> None:
            pass

    crossing = Crossing(gl_context)

    def white() -> None:
        gl_context.clear(1.0, 1.0, 1.0, 1.0)

    crossing.begin(Breaks(), 1.0)
    crossing.hold(SIZE, lambda: None)
    crossing.step(0.5)
    shown = [crossing.draw(SIZE, white, Moment()) for _ in range(2)][-1]
    assert np.frombuffer(shown.read(), np.float16).mean() == pytest.approx(0.5, abs=0.01)
    assert "transition: unexpected ZeroDivisionError: by nothing; it fades instead" in caplog.text
    assert caplog.text.count("it fades instead") == 1
    gl_context.detect_framebuffer(0).use()
    crossing.release()


@pytest.mark.slow
def test_names_and_files_that_are_no_transitions(played: Played, caplog: pytest.LogCaptureFixture) -> None:
    write(played.folder / "wipe.fs", WIPE, HEAD)
    write(played.folder / "melt.fs", PLAIN)
    write(played.folder / "broken.fs", "void main() { oh no; }", HEAD)
    (played.folder / "none.fs").write_text("no head")
    write(played.folder / "ink.fs", "void main() { oh no; }", HEAD)
    for name, wrong in (
        ("wpe", "there is no transition 'wpe'; did you mean wipe?"),
        ("melt", "melt.fs: is no transition, whose inputs are startImage, endImage and progress"),
        ("broken", "broken.fs: line 2: "),
        ("none", "none.fs: has no ISF head"),
    ):
        with pytest.raises(PluginError, match=re.escape(wrong)):
            played.transitions.begin(name, 1.0)
    assert not played.screen.crossing.begins
    played.transitions.prepare(["ink", "wpe", "wipe"])
    played.transitions.make_ahead(0.0)
    played.transitions.make_ahead(0.4)
    assert not caplog.records, "one at a time"
    for now in (0.6, 1.2, 1.8):
        played.transitions.make_ahead(now)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == [
        "there is no transition 'wpe'; did you mean wipe?; scenes glide instead"
    ], "a name of ours stays ours"


@pytest.mark.slow
def test_a_file_that_is_saved_meanwhile_counts_with_the_next_recall(played: Played) -> None:
    write(played.folder / "wipe.fs", WIPE, HEAD)
    after = invert(played)
    first = played.transitions.find("wipe")
    assert played.transitions.find("wipe") is first
    played.transitions.begin("wipe", 1.0)
    played.bright(1.0)
    played.frame()
    write(played.folder / "wipe.fs", "void main() { gl_FragColor = vec4(1.0, 0.0, 0.0, 1.0); }", HEAD)
    assert abs(int(played.frame(0.5)[9, 4, 0]) - after) <= 1, "the one that is at work goes on"
    played.transitions.begin("wipe", 1.0)
    assert played.frame()[9, 4].tolist() == [255, 0, 0]
    assert np.abs(played.frame(1.0) - after).max() <= 1


class Asked:
    """In place of the transitions of a show."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, float]] = []
        self.found = 0

    def find(self, name: str) -> None:
        self.found += 1
        if name == "odd":
            raise ZeroDivisionError("by nothing")
        if name not in ("ink", "wipe"):
            raise PluginError(f"there is no transition {name!r}")

    def begin(self, name: str, seconds: float) -> None:
        self.find(name)
        self.begun.append((name, seconds))


class Recalls:
    """Scenes of a folder between a sender and the controls."""

    def __init__(self, folder: Path) -> None:
        for name, transition in (("a", None), ("b", "wipe"), ("c", ""), ("d", "gone")):
            write_scene(folder, Scene(name, {"speed": 4.0}, transition=transition))
        self.asked, self.refused = Asked(), list[str]()
        self.library = Library(folder, held_by(show_table.CONTRACT))
        self.controls = Controls(show_table.config(), show_table.CONTRACT)
        self.scenes = Scenes(
            self.library,
            show_table.CONTRACT,
            lambda *what: self.refused.append(": ".join(what)),
            self.controls.connections,
            self.asked,
        )
        self.time, self.tempo = 100.0, 0.0

    def send(self, *pairs: tuple[str, Any]) -> float:
        """Speed after it."""
        self.time += 1.0
        present = Present(self.controls.config, 0, (0.5, 0.5), tempo_bpm=self.tempo)
        out = self.scenes.receive([(ROWS[path], value) for path, value in pairs], present, self.time, 0.0)
        self.controls.receive(out, self.time)
        return self.controls.config.visuals.speed


@pytest.fixture
def recalls(tmp_path: Path) -> Iterator[Recalls]:
    made = Recalls(tmp_path)
    yield made
    made.library.close()


def test_without_a_transition_sliders_glide(recalls: Recalls) -> None:
    assert recalls.send(("/visuals/scene", "a")) == 1.0
    assert not recalls.asked.begun and not recalls.refused


def test_behind_a_transition_all_is_set_at_once(recalls: Recalls) -> None:
    assert recalls.send(("/visuals/scene/fade", 3.0), ("/visuals/transition", "ink"), ("/visuals/scene", "a")) == 4.0
    assert recalls.asked.begun == [("ink", 3.0)]


@pytest.mark.parametrize(("tempo", "seconds"), [(120.0, 4.0), (0.0, 3.0)])
def test_its_length_in_beats(recalls: Recalls, tempo: float, seconds: float) -> None:
    recalls.tempo = tempo
    recalls.controls.config = show_table.config(scene_fade=3.0, scene_fade_beats=8, transition="ink")
    recalls.send(("/visuals/scene", "a"))
    assert recalls.asked.begun == [("ink", seconds)]


def test_a_scene_may_name_its_own_or_none(recalls: Recalls) -> None:
    assert recalls.send(("/visuals/scene", "b")) == 4.0
    recalls.send(("/visuals/speed", 1.0), ("/visuals/transition", "ink"), ("/visuals/scene", "b"))
    assert [name for name, _ in recalls.asked.begun] == ["wipe", "wipe"]
    assert recalls.controls.config.visuals.transition == "ink", "the one that is set stays"
    assert recalls.send(("/visuals/speed", 1.0), ("/visuals/scene", "c")) == 1.0
    assert len(recalls.asked.begun) == 2
    assert {"gone", "wipe"} <= set(recalls.library.transitions())


def test_one_that_is_gone_is_told_and_sliders_glide(recalls: Recalls) -> None:
    assert recalls.send(("/visuals/scene", "d")) == 1.0
    assert recalls.refused == ["/visuals/transition: there is no transition 'gone'; sliders glide instead"]
    assert recalls.controls.config.visuals.scene == "d"


def test_a_name_that_there_is_not_is_refused_when_it_is_set(recalls: Recalls) -> None:
    recalls.send(("/visuals/transition", "ink"))
    recalls.send(("/visuals/transition", "inkk"))
    assert recalls.refused == ["/visuals/transition: there is no transition 'inkk'"]
    assert recalls.controls.config.visuals.transition == "ink"
    recalls.send(("/visuals/transition", ""))
    assert recalls.controls.config.visuals.transition == ""


def test_what_nobody_foresaw_harms_no_other_message(recalls: Recalls) -> None:
    assert recalls.send(("/visuals/transition", "odd"), ("/visuals/speed", 2.0)) == 2.0
    assert recalls.refused[0].startswith("/visuals/transition: failed (unexpected ZeroDivisionError: by nothing)")
    recalls.controls.config = show_table.config(transition="odd")
    assert recalls.send(("/visuals/scene", "a")) == 1.0
    assert recalls.controls.config.visuals.scene == "a" and len(recalls.refused) == 2, "sliders glide"


def test_a_flood_of_names_is_bounded(recalls: Recalls) -> None:
    recalls.send(*[("/visuals/transition", "ink")] * 500)
    assert recalls.asked.found == 1
    recalls.send(*[("/visuals/transition", f"none {number}") for number in range(500)])
    assert recalls.asked.found == 1 + MOST_A_FRAME and len(recalls.refused) == 500
    assert recalls.controls.config.visuals.transition == "ink"


def test_a_scene_of_no_length_is_a_cut(recalls: Recalls) -> None:
    assert recalls.send(("/visuals/scene/fade", 0.0), ("/visuals/transition", "ink"), ("/visuals/scene", "a")) == 4.0
    assert not recalls.asked.begun


@pytest.mark.parametrize("transition", [None, "", "ink"])
def test_the_name_survives_the_scene_s_file_and_another_save(tmp_path: Path, transition: str | None) -> None:
    held = held_by(show_table.CONTRACT)
    scene = Scene("dusk", {"speed": 2.0}, "for the end", transition=transition)
    (tmp_path / "dusk.toml").write_text(to_text(scene), encoding="utf-8")
    assert read(tmp_path / "dusk.toml", held) == scene
    library = Library(tmp_path, held)
    assert library.save("x", Scene("dusk", {"speed": 3.0})) == Scene(
        "dusk", {"speed": 3.0}, "for the end", transition=transition
    )
    library.close()


@pytest.mark.slow
def test_a_whole_show_goes_from_scene_to_scene(gl_context: Any, tmp_path: Path) -> None:
    show, port = tmp_path / "show.toml", free_port()
    (tmp_path / "effects").mkdir()
    write(tmp_path / "effects" / "wipe.fs", WIPE, HEAD)
    for name, grain in (("first", 0.1), ("second", 0.7)):
        write_scene(tmp_path, Scene(name, {"grain": grain}))
    show.write_text("")
    given = {"query_port": 0, "width": 96, "height": 64, "model": "idle", "headless": True, "scenes": str(tmp_path)}
    given |= {"port": port, "transition": "gone", "scene_fade": 1.0, "scene": "first"}
    file = ConfigFile(show, {f"visuals.{name}": value for name, value in given.items()})
    sender, seen = OscSender([f"127.0.0.1:{port}"]), list[tuple[float, str]]()
    script = {20: ("/visuals/transition", "wipe"), 40: ("/visuals/scene", "second")}

    def on_frame(loop: RenderLoop, control: Control) -> None:
        seen.append((control.plugin["grain"].amount, control.settings.transition))
        if len(seen) in script:
            path, value = script[len(seen)]
            sender.send([(ROWS[path], value)])
        elif len(seen) > 100 and control.settings.scene == "second":
            sender.send([(ROWS["/visuals/quit"], 1)])

    assert run(file, seconds=60.0, on_frame=on_frame) == 0
    sender.close()
    assert (seen[0][1], seen[-1]) == ("gone", (0.7, "wipe"))
    assert {grain for grain, _ in seen} == {0.1, 0.7}, "all at once, behind the transition"
