"""Scenes at work: what a recall does to the show, alone and in a whole renderer over real datagrams."""

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
import pytest

from artgen_osc.config.settings import ConfigFile
from artgen_osc.config.tables import VisualsConfig
from artgen_osc.errors import SceneError
from artgen_osc.osc.receiver import capture
from artgen_osc.osc.sender import OscSender
from artgen_osc.schema.values import Value
from tests import show_table
from tests.ports import free_port
from visuals.app import run
from visuals.control.controls import Control, Controls
from visuals.control.easing import ease
from visuals.control.scenes.file import Scene, held_by, read, write
from visuals.control.scenes.folder import Library
from visuals.control.scenes.recall import MOST_A_FRAME, Present, Scenes
from visuals.loop import RenderLoop
from visuals.outputs.memory import Memory

pytestmark = pytest.mark.slow

ROWS = show_table.by_path(show_table.VISUALS)
DT = 1 / 60


class Stage:
    """Scenes between a sender and the controls, on a clock of its own."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.library = Library(folder, held_by(show_table.CONTRACT))
        self.refused: list[str] = []
        self.controls = Controls(show_table.config(**settings), show_table.CONTRACT, self.refuse)
        self.scenes = Scenes(self.library, show_table.CONTRACT, self.refuse, self.controls.connections)
        self.time = 100.0
        self.seed, self.mood = 5, (0.9, 0.1)

    def refuse(self, what: str, reason: str) -> None:
        self.refused.append(f"{what}: {reason}")

    @property
    def settings(self) -> VisualsConfig:
        return self.controls.now(self.time).settings

    def get(self, name: str) -> Any:
        """Value of a setting of ``[visuals]``, whoever declares it."""
        return show_table.CONTRACT.get(self.controls.config, f"visuals.{name}")

    def send(self, *pairs: tuple[str, Value], dt: float = DT, given: tuple[str, ...] = ()) -> list[tuple[str, Value]]:
        self.time += dt
        messages = [(ROWS[path], value) for path, value in pairs]
        present = Present(self.controls.config, self.seed, self.mood)
        out = self.scenes.receive(messages, present, self.time, dt, given)
        self.controls.receive(out, self.time)
        return [(row.path, value) for row, value in out]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    folder = tmp_path / "scenes"
    write(
        folder, Scene("a", {"speed": 4.0, "grain": 1.0, "beat_next": 8, "beat_cut": True, "seed": 9, "model": "idle"})
    )
    write(folder, Scene("b", {"speed": 0.0}))
    stage = Stage(folder)
    yield stage
    stage.library.close()


def test_a_recall_sets_what_the_scene_holds_and_nothing_else(stage: Stage) -> None:
    stage.send(("/visuals/effect/vignette", 0.9), ("/visuals/scene/fade", 0.0), ("/visuals/scene", "A"))
    given = {"speed": 4.0, "grain": 1.0, "beat_next": 8, "beat_cut": True, "seed": 9, "model": "idle"}
    assert stage.controls.config == show_table.config(vignette=0.9, scene_fade=0.0, scene="a", **given)
    assert stage.controls.now(stage.time).cues == 1
    assert not stage.refused


def test_sliders_glide_with_ease_and_the_rest_changes_at_once(stage: Stage) -> None:
    stage.send(("/visuals/scene/fade", 2.0), ("/visuals/scene", "a"))
    assert (stage.settings.speed, stage.get("grain")) == (1.0, 0.15), "the start of the glide"
    assert (stage.settings.beat_next, stage.settings.beat_cut, stage.settings.seed) == (8, True, 9)
    speeds = []
    for _ in range(121):
        speeds.append(stage.settings.speed)
        stage.send()
    steps = np.diff(speeds)
    assert steps.min() >= 0.0
    assert steps.max() < 1.05 * 1.5 * 3.0 * DT / 2.0, "no faster than the steepest place of the ease"
    assert speeds[60] == pytest.approx(1.0 + 3.0 * ease(0.5), abs=0.05)
    assert (stage.settings.speed, stage.get("grain")) == (4.0, 1.0)
    assert stage.send() == [], "it is over"


def test_the_glide_is_the_same_at_every_frame_rate_and_does_not_leap_after_a_stall(stage: Stage) -> None:
    stage.send(("/visuals/scene/fade", 2.0), ("/visuals/scene", "a"))
    for dt in (0.1, 0.25, 0.05, 0.6):
        stage.send(dt=dt)
    assert stage.settings.speed == pytest.approx(1.0 + 3.0 * ease(0.5))
    stage.time += 60.0  # the clock went on, the show didn't
    stage.send(dt=DT)
    assert stage.settings.speed == pytest.approx(1.0 + 3.0 * ease(0.5), abs=0.1)


def test_the_hand_wins_over_a_glide(stage: Stage) -> None:
    stage.send(("/visuals/scene/fade", 1.0), ("/visuals/scene", "a"))
    stage.send(dt=0.5)
    stage.send(("/visuals/speed", 0.5))
    for _ in range(60):
        stage.send()
    assert (stage.settings.speed, stage.get("grain")) == (0.5, 1.0)


def test_a_recall_during_a_glide_goes_on_from_there(stage: Stage) -> None:
    stage.send(("/visuals/scene/fade", 1.0), ("/visuals/scene", "a"))
    stage.send(dt=0.5)
    here = stage.settings.speed
    stage.send(("/visuals/scene", "b"))
    assert stage.settings.speed == here
    for _ in range(60):
        stage.send()
    assert (stage.settings.speed, stage.get("grain"), stage.settings.scene) == (0.0, 1.0, "b")


def test_the_order_within_a_bundle_counts(stage: Stage) -> None:
    stage.send(("/visuals/scene/fade", 0.0), ("/visuals/scene", "a"), ("/visuals/speed", 3.0))
    assert stage.settings.speed == 3.0
    stage.send(("/visuals/speed", 2.0), ("/visuals/scene/save", "c"), ("/visuals/speed", 1.0))
    assert stage.library.find("c").values["speed"] == 2.0
    assert stage.settings.speed == 1.0


def test_a_manual_mood_is_entered_from_the_music_s(stage: Stage) -> None:
    write(stage.library.folder, Scene("hand", {"manual": True, "valence": 0.2, "energy": 0.2}))
    time.sleep(1.5)
    stage.send(("/visuals/scene/fade", 1.0), ("/visuals/scene", "hand"))
    control = stage.controls.now(stage.time)
    assert (control.valence, control.energy) == stage.mood
    stage.send(dt=1.0)
    control = stage.controls.now(stage.time)
    assert (control.valence, control.energy) == pytest.approx((0.2, 0.2))


def test_a_save_keeps_the_picture_as_it_is(stage: Stage) -> None:
    stage.send(("/visuals/speed", 2.5), ("/visuals/blackout", 1), ("/visuals/scene/save", "now"))
    values = stage.library.find("now").values
    assert values["speed"] == 2.5
    assert values["seed"] == 5, "the picture on screen, not the one that was asked for once"
    assert "blackout" not in values
    assert stage.settings.scene == "now"
    stage.send(("/visuals/scene/fade", 0.0), ("/visuals/speed", 7.0), ("/visuals/seed", 77))
    stage.send(("/visuals/scene", "now"))
    assert (stage.settings.speed, stage.settings.seed, stage.settings.blackout) == (2.5, 5, True)


def test_by_number_as_a_fader_or_a_key_sends_it(stage: Stage) -> None:
    for _ in range(10):
        stage.send(("/visuals/scene/number", 2))
    assert stage.settings.scene == "b"
    assert stage.library.names()[1] == "b"
    stage.send(("/visuals/scene/number", 0))
    assert stage.settings.scene == "b"
    stage.send(("/visuals/scene/number", 900))
    assert stage.settings.scene == "b"
    assert stage.refused == [
        f"/visuals/scene/number: there is no scene 900; choose from 1 to {len(stage.library.names())}"
    ]


def test_a_chop_that_repeats_its_number_lets_the_glide_go_on(stage: Stage) -> None:
    for _ in range(180):
        stage.send(("/visuals/scene/number", 1), ("/visuals/scene/fade", 2.0))
    assert stage.settings.speed == 4.0


def test_none_stops_a_glide_and_changes_nothing(stage: Stage) -> None:
    stage.send(("/visuals/scene/fade", 1.0), ("/visuals/scene", "a"))
    stage.send(dt=0.5)
    before = stage.settings
    stage.send(("/visuals/scene", ""))
    stage.send(dt=0.5)
    assert stage.settings == replace(before, scene="")


def test_deleting_the_scene_that_is_on_leaves_the_picture(stage: Stage) -> None:
    stage.send(("/visuals/scene/fade", 0.0), ("/visuals/scene", "a"))
    stage.send(("/visuals/scene/delete", "b"))
    assert stage.settings.scene == "a"
    stage.send(("/visuals/scene/delete", "A"))
    assert (stage.settings.scene, stage.settings.speed) == ("", 4.0)
    stage.send(("/visuals/scene", "a"), dt=1.0)
    assert "there is no scene 'a'" in stage.refused[0]


@pytest.mark.parametrize("path", ["/visuals/scene", "/visuals/scene/save", "/visuals/scene/delete"])
@pytest.mark.parametrize("name", ["x" * 3000, "\x1b[2J", "a,b", "\ud800", " "])
def test_a_bad_name_changes_nothing_and_is_told(stage: Stage, path: str, name: str) -> None:
    before = stage.settings
    assert stage.send((path, name)) == []
    assert stage.settings == before
    assert stage.refused[0].startswith(f"{path}: ")
    assert len(stage.refused[0]) < 400


def test_a_flood_is_bounded(stage: Stage) -> None:
    stage.send(*[("/visuals/scene", "ab"[index % 2]) for index in range(1000)], ("/visuals/speed", 3.0))
    assert len(stage.refused) == 1000 - MOST_A_FRAME
    assert stage.refused[0].startswith("/visuals/scene: more than 20")
    assert stage.settings.speed == 3.0


def test_settings_that_are_given_stay(stage: Stage) -> None:
    stage.send(("/visuals/scene/fade", 0.0), ("/visuals/scene", "a"), given=("speed", "seed"))
    assert (stage.settings.speed, stage.settings.seed, stage.get("grain")) == (1.0, 0, 1.0)


# A whole renderer.


def small(folder: Path, show_file: Path | None = None, **settings: Any) -> ConfigFile:
    given = {"query_port": 0, "width": 160, "height": 90, "model": "idle", "headless": True, "scenes": str(folder)}
    given |= {"port": free_port(), **settings}
    return ConfigFile(show_file, {f"visuals.{name}": value for name, value in given.items()})


def perform(file: ConfigFile, script: list[list[tuple[str, Value]]], every: int, seconds: float) -> list[Control]:
    """Send a bundle of the script over UDP every so many frames; returns what each frame was like."""
    sender = OscSender([f"127.0.0.1:{file.config.visuals.port}"])
    seen: list[Control] = []

    def on_frame(loop: RenderLoop, control: Control) -> None:
        seen.append(control)
        if len(seen) % every == 0 and script:
            sender.send([(ROWS[path], value) for path, value in script.pop(0)])

    assert run(file, seconds=seconds, on_frame=on_frame) == 0
    sender.close()
    return seen


def test_a_performer_saves_changes_and_recalls(gl_context: Any, tmp_path: Path) -> None:
    folder = tmp_path / "scenes"
    with capture() as listener:
        script: list[list[tuple[str, Value]]] = [
            [("/visuals/subscribe", f"127.0.0.1:{listener.port},echo"), ("/visuals/scene/fade", 1.0)],
            [("/visuals/speed", 2.0), ("/visuals/effect/grain", 0.75), ("/visuals/seed", 12)],
            [("/visuals/scene/save", "Song 1")],
            [("/visuals/speed", 6.0), ("/visuals/effect/grain", 0.25), ("/visuals/seed", 40)],
            [("/visuals/scene", "nope")],
            [("/visuals/scene", "song 1")],
            *([] for _ in range(6)),
            [("/visuals/quit", 1)],
        ]
        seen = perform(small(folder), script, 20, 60.0)
        heard = [(message.path, message.arguments[0]) for _, message in listener.read(0.3)]
    last = seen[-1].settings
    assert (last.speed, seen[-1].plugin["grain"].amount, last.scene) == (2.0, 0.75, "Song 1")
    assert last.seed in (12, 13)
    speeds = [control.settings.speed for control in seen]
    down = speeds[speeds.index(6.0) :]
    assert all(a >= b for a, b in pairwise(down))
    assert max(a - b for a, b in pairwise(down)) < 1.0
    assert len(set(down)) > 10, "it glides"
    assert read(folder / "Song 1.toml", held_by(show_table.CONTRACT)).values["grain"] == 0.75
    assert ("/visuals/status/scene", "Song 1") in heard
    scenes = [value for path, value in heard if path == "/visuals/status/scenes"]
    assert scenes[-1].split(",")[:2] == ["Song 1", "calm"]
    refusals = [str(value) for path, value in heard if path == "/visuals/status/refusal"]
    assert any(text.startswith("/visuals/scene: there is no scene 'nope'") for text in refusals)
    echoed = [value for path, value in heard if path == "/visuals/speed"]
    assert echoed[:2] == [2.0, 6.0] and echoed[-1] == 2.0 and len(echoed) > 10
    assert ("/visuals/scene", "nope") not in heard


def test_a_flood_of_recalls_leaves_the_show_running(gl_context: Any, tmp_path: Path) -> None:
    script: list[list[tuple[str, Value]]] = [
        [("/visuals/scene", name) for name in ("club", "calm") * 30] for _ in range(100)
    ]
    script += [[], [("/visuals/scene/fade", 0.0), ("/visuals/scene", "still")], [], [("/visuals/quit", 1)]]
    times: list[float] = []
    file = small(tmp_path)
    sender = OscSender([f"127.0.0.1:{file.config.visuals.port}"])
    last: list[Control] = []

    def on_frame(loop: RenderLoop, control: Control) -> None:
        times.append(time.monotonic())
        last.append(control)
        if script and (len(script) > 4 or len(times) % 30 == 0):
            sender.send([(ROWS[path], value) for path, value in script.pop(0)])

    assert run(file, seconds=60.0, on_frame=on_frame) == 0
    sender.close()
    assert last[-1].settings.scene == "still"
    assert not script
    assert float(np.median(np.diff(times))) < 0.1


def test_a_scene_to_start_with_and_what_the_file_and_flags_say(gl_context: Any, tmp_path: Path) -> None:
    folder, show_file = tmp_path / "scenes", tmp_path / "show.toml"
    write(folder, Scene("mine", {"speed": 4.0, "grain": 1.0, "vignette": 0.9, "beat_cut": True, "seed": 9}))
    show_file.write_text("[visuals]\nvignette = 0.5\n")
    seen = perform(small(folder, show_file, scene="MINE", grain=0.25), [], 1, 0.5)
    first = seen[0].settings
    assert (first.scene, first.speed, first.beat_cut, first.seed) == ("mine", 4.0, True, 9)
    assert (seen[0].plugin["vignette"].amount, seen[0].plugin["grain"].amount) == (0.5, 0.25)


def test_a_scene_named_in_a_saved_show_file_is_recalled(gl_context: Any, tmp_path: Path) -> None:
    show_file = tmp_path / "show.toml"
    show_file.write_text("[visuals]\nvignette = 0.5\n")
    edits = [
        '[visuals]\nvignette = 0.5\nscene_fade = 0.0\nscene = "club"\n',
        '[visuals]\nvignette = 0.5\nscene = "x"\n',
    ]
    seen: list[Control] = []
    next_edit = 0.0

    def on_frame(loop: RenderLoop, control: Control) -> None:
        nonlocal next_edit
        seen.append(control)
        if edits and time.monotonic() > next_edit:
            next_edit = time.monotonic() + 2.6
            show_file.write_text(edits.pop(0))

    assert run(small(tmp_path / "scenes", show_file), seconds=6.0, on_frame=on_frame) == 0
    last = seen[-1].settings
    assert (last.scene, last.speed, seen[-1].plugin["vignette"].amount) == ("club", read_preset("club")["speed"], 0.5)


def read_preset(name: str) -> dict[str, Value]:
    library = Library(Path("nowhere"), held_by(show_table.CONTRACT))
    library.close()
    return dict(library.find(name).values)


@pytest.mark.parametrize("text", [None, "[visuals]\nspeed = 99\n", "\0"])
def test_a_bad_scene_at_the_start_is_one_line(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(SceneError, match=r"^visuals\.scene: ") as caught:
        run(small(tmp_path, scene="mine"), seconds=1.0)
    assert "\n" not in str(caught.value)


def test_a_folder_that_goes_away_leaves_the_show_running(gl_context: Any, tmp_path: Path) -> None:
    folder = tmp_path / "scenes"
    write(folder, Scene("mine", {"speed": 4.0}))
    gone = False
    seen: list[Control] = []

    def on_frame(loop: RenderLoop, control: Control) -> None:
        nonlocal gone
        seen.append(control)
        if not gone and len(seen) > 10:
            gone = True
            shutil.rmtree(folder)

    assert run(small(folder, scene="mine"), seconds=2.0, on_frame=on_frame) == 0
    assert seen[-1].settings.speed == 4.0


def test_a_key_recalls_by_number_and_oscquery_sees_the_new_values(
    gl_context: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "scenes"
    for name, speed in (("1 intro", 2.0), ("2 drop", 6.0)):
        write(folder, Scene(name, {"speed": speed}))
    keys = [["2"], ["0"], ["x"]]
    monkeypatch.setattr(Memory, "pressed", lambda surface: keys.pop(0) if keys else [])
    file = small(folder, scene_fade=0.0, query_port=free_port())
    seen: list[Control] = []
    told: list[Any] = []

    def on_frame(loop: RenderLoop, control: Control) -> None:
        seen.append(control)
        if len(seen) == 30:
            for path in ("/visuals/speed", "/visuals/scene"):
                with urlopen(f"http://127.0.0.1:{file.config.visuals.query_port}{path}?VALUE", timeout=20) as answer:
                    told.append(json.load(answer)["VALUE"])

    assert run(file, seconds=2.0, on_frame=on_frame) == 0
    assert seen[-1].settings.scene == "2 drop"
    assert told == [[6.0], ["2 drop"]]
