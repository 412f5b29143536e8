"""What the renderer tells to those who subscribe, over real datagrams."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from artgen_osc.config.tables import Config
from artgen_osc.osc.codec import encode_message
from artgen_osc.osc.receiver import OscReceiver, capture
from artgen_osc.schema import values as schema
from tests import show_table
from visuals.clock import Tick
from visuals.compositor.kind import Moment
from visuals.control.controls import Controls
from visuals.control.scenes.file import held_by
from visuals.control.scenes.folder import Library
from visuals.modulation.motion import Look
from visuals.painting.worker import WorkerState
from visuals.scene import Scene
from visuals.status import Losses, Report

ROWS = show_table.by_path(show_table.VISUALS, show_table.SENT)
SCENE = Scene(
    mix=1.0,
    look=Look(),
    effects={},
    moment=Moment(),
    painted=None,
    pictures=0,
    mood=(0.25, 0.75),
    seed=3,
    keyframes=4,
    keyframe=2,
    name="dusk",
    fps=59.5,
    worker=WorkerState("fire", 8, "", 0, "", 20.25, 7, ""),
)
LOST = Losses(3, "output wall: is broken")


def report_of(receiver: OscReceiver, library: Library) -> Report:
    controls = Controls(Config(), show_table.CONTRACT)
    return Report(receiver, None, library, controls, show_table.TABLE.visuals, lambda: LOST)


def tell(report: Report, now: float, scene: Scene = SCENE) -> None:
    report.tell(scene, Tick(now, now, 0.0))


@pytest.fixture
def receiver() -> Any:
    receiver = OscReceiver("127.0.0.1", 0, ROWS)
    yield receiver
    receiver.close()


@pytest.fixture
def library(tmp_path: Path) -> Any:
    library = Library(tmp_path, held_by(show_table.CONTRACT))
    yield library
    library.close()


def hand(receiver: OscReceiver, report: Report, path: str, tag: str, value: schema.Value) -> list[str]:
    assert receiver.put(encode_message(path, tag, value), "127.0.0.1")
    return [row.path for row, _ in report.receive(receiver.poll())]


def test_a_subscriber_gets_the_state_once_a_second(receiver: OscReceiver, library: Library) -> None:
    report = report_of(receiver, library)
    with capture() as listener:
        assert hand(receiver, report, "/visuals/subscribe", "s", f"{listener.port}") == []
        for now in (10.0, 10.5, 11.0):
            tell(report, now)
        heard = [(message.path, message.arguments[0]) for _, message in listener.read(0.3)]
        expected = {
            "fps": 59.5,
            "pictures": 20.25,
            "valence": 0.25,
            "energy": 0.75,
            "model": "fire",
            "finish": 1,
            "quality": "full",
            "keyframes": 4,
            "keyframe": 2,
            "plugins": "output wall: is broken",
            "scene": "dusk",
            "scenes": library.listed(),
            "refused": 0,
            "dropped": 3,
            "overtaken": 7,
            "refusal": "",
        }
        for heartbeat in (1, 2):
            state, heard = dict(heard[: len(expected) + 1]), heard[len(expected) + 1 :]
            assert state == {f"/visuals/status/{n}": v for n, v in {"heartbeat": heartbeat, **expected}.items()}
        assert not heard
        assert hand(receiver, report, "/visuals/unsubscribe", "s", f"{listener.port}") == []
        tell(report, 20.0)
        assert not listener.read(0.2)
    report.close()


def test_a_monitor_is_told_what_comes_in_but_not_the_stream(receiver: OscReceiver, library: Library) -> None:
    report = report_of(receiver, library)
    with capture() as monitor, capture() as other:
        hand(receiver, report, "/visuals/subscribe", "s", f"{monitor.port},echo")
        hand(receiver, report, "/visuals/subscribe", "s", f"{other.port}")
        assert hand(receiver, report, "/visuals/seed", "i", 7) == ["/visuals/seed"]
        assert hand(receiver, report, "/artgen/valence", "f", 0.5) == ["/artgen/valence"]
        assert [message.path for _, message in monitor.read(0.3)] == ["/visuals/seed"]
        assert not other.read(0.1)
    report.close()


def test_refusals_are_told_with_their_reason(receiver: OscReceiver, library: Library) -> None:
    report = report_of(receiver, library)
    with capture() as listener:
        hand(receiver, report, "/visuals/subscribe", "s", f"{listener.port}")
        for path in ("/visuals/sped", "/visuals/sed"):
            hand(receiver, report, path, "f", 1.0)
        hand(receiver, report, "/visuals/subscribe", "s", "nowhere")
        tell(report, 10.0)
        messages = [message for _, message in listener.read(0.3)]
        texts = [message.arguments[0] for message in messages if message.path == "/visuals/status/refusal"]
        assert texts[:2] == ["/visuals/sped: unknown address", "/visuals/sed: unknown address"]
        assert texts[2].startswith("/visuals/subscribe: nowhere: is not a target")
        assert receiver.refused == 3
    report.close()


def test_a_model_that_cant_be_used_is_refused_at_its_address(receiver: OscReceiver, library: Library) -> None:
    report = report_of(receiver, library)
    broken = replace(SCENE, worker=replace(SCENE.worker, error="air: is damaged", failures=2))
    for now in (10.0, 10.1):
        tell(report, now, broken)
    assert receiver.refused == 2
    assert receiver.refused_since(0.0) == ["/visuals/model: air: is damaged"]
    report.close()
