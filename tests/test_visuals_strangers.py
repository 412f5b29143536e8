"""Outputs and surfaces that were added: what they are given, and what a bad one does to the show: nothing."""

import json
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
import pytest

from artgen_osc.config.plugins import KINDS
from artgen_osc.config.settings import ConfigFile
from artgen_osc.osc.receiver import capture
from artgen_osc.osc.sender import OscSender
from artgen_osc.plugins.registry import Registry, State, own
from artgen_osc.schema.address import Value, extra
from tests import strangers
from tests.ports import free_port
from tests.test_plugins import entry
from visuals.app import run
from visuals.control.controls import Control
from visuals.loop import RenderLoop


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    lists = (strangers.Output.taken, strangers.Output.closed, strangers.Surface.says, strangers.Surface.shown)
    for one in (*lists, strangers.Surface.channels, strangers.Surface.closed):
        one.clear()
    strangers.BLOCKED.clear()
    yield
    strangers.BLOCKED.set()


class Stage:
    """A show with plugins of strangers.

    Parameters
    ----------
    plugins : class of `tests.strangers` by name and kind, as ``wall=("output", "Output")``
    """

    def __init__(self, settings: dict[str, Any] | None = None, **plugins: tuple[str, str]) -> None:
        entries = [
            entry(name, f"tests.strangers:{value}", "a-package", kind) for name, (kind, value) in plugins.items()
        ]

        def found(group: str) -> Iterable[EntryPoint]:
            return [*own(group), *(one for one in entries if one.group == group)]

        self.registry = Registry(KINDS, found)
        self.port, self.query_port = free_port(), free_port()
        given = {"port": self.port, "query_port": self.query_port, "width": 160, "height": 90, "model": "idle"}
        flags = {f"visuals.{name}": value for name, value in {**given, "headless": True}.items()}
        self.file = ConfigFile(None, {**flags, **(settings or {})}, self.registry)
        self.rows = self.file.contract.addresses.visuals
        self.frames = 0
        self.control: Control | None = None

    def run(self, until: Callable[[], bool], then: int = 20) -> None:
        """Until a condition holds, and so many frames more: the show goes on."""
        left = then

        def on_frame(loop: RenderLoop, control: Control) -> None:
            nonlocal left
            self.frames += 1
            self.control = control
            left -= until() or left < then
            if left < 0:
                loop.stop()

        assert run(self.file, seconds=60.0, on_frame=on_frame) == 0
        assert left < 0, "it didn't come to that within a minute"

    def send(self, *pairs: tuple[str, Value]) -> None:
        sender = OscSender([f"127.0.0.1:{self.port}"])
        sender.send([(self.rows[path], value) for path, value in pairs])
        sender.close()

    def ask(self, path: str) -> Any:
        with urlopen(f"http://127.0.0.1:{self.query_port}{path}", timeout=20) as answer:
            return json.load(answer)

    def state(self, kind: str, name: str) -> State:
        return self.registry.plugin(kind, name).state


def test_an_added_output_gets_frames_as_large_as_it_wants_and_is_steered(gl_context: Any) -> None:
    stage = Stage({"plugin.wall.level": 0.25}, wall=("output", "Output"))
    taken = strangers.Output.taken
    widths: set[int] = set()
    told: list[Any] = []
    with capture() as listener:

        def steered() -> bool:
            if stage.frames == 1:
                stage.send(("/visuals/subscribe", f"127.0.0.1:{listener.port}"))
            if len(taken) > 5 and len(widths) == 1:
                told.append(stage.ask("/visuals/output/wall"))
                stage.send(("/visuals/output/wall/width", 32))
            widths.update(frame.shape[1] for frame, _ in taken)
            return widths == {64, 32} and stage.control is not None and stage.control.settings.headless

        stage.run(steered, 70)
        heard = {message.path: message.arguments[0] for _, message in listener.read(0.2)}
    frame, _ = taken[-1]
    assert frame.shape == (36, 32, 3) and frame.dtype == np.uint8 and not frame.flags.writeable
    assert frame.mean() > 5.0, "there is a picture"
    times = [time for _, time in taken]
    assert times == sorted(set(times)), "each frame once"
    contents = told[0]["CONTENTS"]
    assert contents["level"]["VALUE"] == [0.25] and contents["width"]["VALUE"] == [64]
    assert contents["width"]["RANGE"] == [{"MIN": 1, "MAX": 4096}] and contents["dropped"]["ACCESS"] == 1
    assert heard["/visuals/output/wall/dropped"] >= strangers.Output.dropped
    assert heard["/visuals/status/plugins"] == ""
    assert len(strangers.Output.closed) == 1


def test_outputs_of_one_size_share_what_is_read(gl_context: Any) -> None:
    stage = Stage(one=("output", "Bare"), two=("output", "Bare"))
    stage.run(lambda: len(strangers.Output.taken) > 20)
    frames = [frame for frame, _ in strangers.Output.taken]
    assert len({id(frame) for frame in frames}) < len(frames)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("Blocks", "hasn't come back for"),
        ("BlocksAtOnce", "hasn't come back for"),
        ("Raises", "the cable is out"),
        ("Slow", "where 2 ms is the most"),
        ("WantsRubbish", "wants gave (1e+30, 'x'); (width, height) from 1 to 8192 pixels or None is expected"),
        ("WantsTooMuch", "wants gave (100000, 100000)"),
        ("CantBeMade", "no such wall"),
        ("NeverMade", "hasn't come back for"),
        ("Leaves", "unexpected SystemExit: 1"),
    ],
)
def test_a_bad_output_is_ended_and_named_and_the_show_goes_on(
    gl_context: Any, caplog: pytest.LogCaptureFixture, value: str, says: str
) -> None:
    stage = Stage(bad=("output", value), wall=("output", "Output"))
    with capture() as listener:
        before = 0

        def ended() -> bool:
            nonlocal before
            if stage.frames == 1:
                stage.send(("/visuals/subscribe", f"127.0.0.1:{listener.port}"))
            if stage.state("output", "bad") is State.READY:
                before = len(strangers.Output.taken)
            return stage.state("output", "bad") is not State.READY

        stage.run(ended, 80)
        heard = [message.arguments[0] for _, message in listener.read(0.2) if message.path == "/visuals/status/plugins"]
    assert len(strangers.Output.taken) > before, "the other output is given frames"
    assert says in heard[-1] and heard[-1].startswith("output bad: ")
    assert says in caplog.text and "the show goes on without it" in caplog.text
    assert stage.state("output", "wall") is State.READY


def test_an_added_surface_drives_by_a_value_of_its_own(gl_context: Any) -> None:
    stage = Stage(pads=("surface", "Surface"))
    fader = extra("/visuals/value/pads/fader")
    row = stage.rows["/visuals/modulate/add"]

    def driven() -> bool:
        if stage.frames == 5:
            strangers.Surface.says.extend(
                [(row, 'source = "/visuals/value/pads/fader", target = "visuals.grain"'), (fader, np.float32(0.75))]
            )
        heard = stage.control.heard if stage.control is not None else {}
        return heard.get("/visuals/value/pads/fader") == 0.75

    stage.run(driven)
    assert stage.control is not None
    assert [one.name for one in stage.control.connections] == ["grain.fader"]


def test_an_added_surface_steers_and_is_shown_what_holds(gl_context: Any) -> None:
    stage = Stage(pads=("surface", "Surface"))
    channels, shown = strangers.Surface.channels, strangers.Surface.shown

    def steered() -> bool:
        if stage.frames == 5:
            strangers.Surface.says.extend(
                [(stage.rows["/visuals/speed"], np.float32(3.5)), (stage.rows["/visuals/seed"], 7)]
            )
            stage.send(("/visuals/surface/pads/channel", 9))
        done = stage.control is not None and (stage.control.settings.speed, stage.control.settings.seed) == (3.5, 7)
        return done and 9 in channels and bool(shown) and shown[-1]["/visuals/speed"] == 3.5

    stage.run(steered)
    assert channels[0] == 1
    assert shown[0]["/visuals/speed"] == 1.0 and shown[0]["/visuals/surface/pads/channel"] == 1
    assert len(strangers.Surface.closed) == 1


@pytest.mark.parametrize(("value", "says"), [("PollRaises", "the box is gone"), ("PollGivesNoList", "poll gave 7")])
def test_a_bad_surface_is_ended_and_named_and_the_show_goes_on(
    gl_context: Any, caplog: pytest.LogCaptureFixture, value: str, says: str
) -> None:
    stage = Stage(bad=("surface", value), pads=("surface", "Surface"))
    stage.run(lambda: stage.state("surface", "bad") is State.ENDED)
    assert says in caplog.text and "surface bad: ended after too many failures" in caplog.text
    assert says in stage.registry.troubles(("surface",))
    assert stage.state("surface", "pads") is State.READY


def test_rubbish_of_a_surface_is_refused_with_its_name(gl_context: Any, caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage(bad=("surface", "Rubbish"))
    stage.run(lambda: "a message: refused" in caplog.text)
    assert stage.control is not None and stage.control.settings.speed == 1.0
    assert "/visuals/sped: refused: unknown address, from the surface bad" in caplog.text
    assert "/visuals/speed: refused: nan is not a finite number, from the surface bad" in caplog.text


def test_the_show_can_be_without_any_of_ours(gl_context: Any, tmp_path: Path) -> None:
    stage = Stage({"plugins.off": ["gallery", "page", "strip", "window", "keys", "file", "osc"]})
    stage.run(lambda: stage.frames > 10)
    assert stage.registry.troubles(KINDS) == ""
