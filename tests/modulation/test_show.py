"""Connections in a whole show: from its file, by OSC, with the scene that it starts with, and what is seen of them."""

import json
import socket
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from artgen_osc.config.settings import ConfigFile
from artgen_osc.osc.codec import encode_message
from artgen_osc.schema.address import extra
from tests import show_table
from tests.modulation.rows import TARGETS, Bench, row
from tests.ports import free_port
from tests.test_visuals_show import SIZE, Stage
from visuals.app import run
from visuals.compositor.overlay import text_image
from visuals.control.controls import Control
from visuals.control.scenes.file import Scene, write
from visuals.help import MOST_CONNECTIONS, connected_lines
from visuals.loop import RenderLoop

pytestmark = pytest.mark.slow

FADER = 'source = "/visuals/value/fader", attack = 0, release = 0, amount = 1'


def show_of(folder: Path, text: str, **settings: Any) -> ConfigFile:
    path = folder / "show.toml"
    path.write_text(text, encoding="utf-8")
    given = {"port": free_port(), "query_port": 0, "width": 160, "height": 90, "model": "idle", "headless": True}
    given |= {"scenes": str(folder / "scenes"), **settings}
    return ConfigFile(path, {f"visuals.{name}": value for name, value in given.items()})


class Steps:
    """What is done in the frames of a show: each step once what it waits for has come about."""

    def __init__(self, *steps: Any) -> None:
        self._steps = list(steps)

    def __call__(self, loop: RenderLoop, control: Control) -> None:
        if self._steps and self._steps[0](loop, control):
            self._steps.pop(0)
        if not self._steps:
            loop.stop()

    def check(self, file: ConfigFile) -> None:
        assert run(file, seconds=60.0, on_frame=self) == 0
        assert not self._steps, f"{len(self._steps)} steps are left"


def send(port: int, path: str, value: float | str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        tag = "s" if isinstance(value, str) else "f"
        connection.sendto(encode_message(path, tag, value), ("127.0.0.1", port))


def test_a_saved_show_file_changes_what_drives_what(gl_context: Any, tmp_path: Path, caplog: Any) -> None:
    rows = f'[[modulate]]\n{FADER.replace(", ", chr(10))}\ntarget = "plugin.%s.amount"\n'
    file = show_of(tmp_path, rows % "bloom")
    port = file.config.visuals.port

    def amount(name: str, value: float) -> Any:
        return lambda loop, control: (
            control.plugin[name].amount == 0.0 and abs(loop.scene.effects[name].amount - value) < 1e-3
        )

    def sent(loop: RenderLoop, control: Control) -> bool:
        send(port, "/visuals/value/fader", 0.75)
        return amount("bloom", 0.75)(loop, control)

    def edited(text: str) -> Any:
        def edit(loop: RenderLoop, control: Control) -> bool:
            assert file.path
            file.path.write_text(text, encoding="utf-8")
            return True

        return edit

    def told(loop: RenderLoop, control: Control) -> bool:
        return "did you mean plugin.film.amount?; change it" in caplog.text

    Steps(
        sent,
        edited(rows % "film"),
        amount("film", 0.75),
        amount("bloom", 0.0),
        edited(rows % "flim"),
        told,
        amount("film", 0.75),
    ).check(file)
    assert "the old values are kept" in caplog.text


def test_a_show_begins_with_the_rows_of_its_scene(gl_context: Any, tmp_path: Path) -> None:
    mine = row(f'name = "mine", {FADER}, target = "plugin.bloom.amount"')
    write(tmp_path / "scenes", Scene("first", {}, modulate=(mine,)))
    file = show_of(tmp_path, '[[modulate]]\nsource = "low"\ntarget = "visuals.grain"\n', scene="first")
    names: list[str] = []

    def look(loop: RenderLoop, control: Control) -> bool:
        names.extend(one.name for one in control.connections)
        return True

    Steps(look).check(file)
    assert names == ["grain.low", "mine"]


def test_oscquery_tells_what_drives_what_and_takes_its_amount(gl_context: Any, tmp_path: Path) -> None:
    text = f'[[modulate]]\nname = "a.b"\n{FADER.replace(", ", chr(10))}\ntarget = "plugin.bloom.amount"\n'
    file = show_of(tmp_path, text, query_port=free_port())
    port, query_port = file.config.visuals.port, file.config.visuals.query_port

    def value(path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{query_port}{path}?VALUE", timeout=20) as answer:
            return json.loads(answer.read())["VALUE"][0] if answer.status == 200 else None

    def is_told(path: str, wanted: Any) -> Any:
        return lambda loop, control: value(path) == wanted

    def sent(path: str, number: float | str) -> Any:
        return lambda loop, control: send(port, path, number) is None

    def added(loop: RenderLoop, control: Control) -> bool:
        told = json.loads(value("/visuals/status/modulation"))
        return [one["name"] for one in told["rows"]] == ["a.b", "vignette.low"] and told["count"] == 2

    Steps(
        is_told("/visuals/modulate/a.b/amount", 1.0),
        sent("/visuals/value/fader", 0.5),
        is_told("/visuals/status/modulation/levels", "50"),
        sent("/visuals/modulate/a.b/amount", 0.25),
        is_told("/visuals/modulate/a.b/amount", 0.25),
        sent("/visuals/modulate/add", 'source = "low", target = "visuals.vignette"'),
        added,
        sent("/visuals/modulate/vignette.low/amount", 0.5),
        sent("/visuals/modulate/vignette.low/nothing", 0.5),
        is_told("/visuals/status/modulation/levels", "50,0"),
    ).check(file)


def test_what_is_driven_is_seen_and_what_is_set_is_not(gl_context: Any) -> None:
    stage = Stage(gl_context, _config(f'{FADER}, target = "visuals.vignette"'))
    try:
        before = stage.run(3.0)
        stage.controls.receive([_value(1.0)], stage.time)
        after = stage.run(1.0)
        assert after[:8, :8].mean() < 0.7 * before[:8, :8].mean()
        assert stage.controls.values()["/visuals/effect/vignette"] == 0.0
    finally:
        stage.close()


def _config(*texts: str, **given: Any) -> Any:
    settings = {"model": "idle", "vignette": 0.0, "beat_pulse": 0.0, "onset_effect": 0.0, **given}
    return replace(show_table.config(**settings), modulate=tuple(map(row, texts)))


def _value(number: float) -> Any:
    return extra("/visuals/value/fader"), number


def test_the_overlay_has_a_page_with_bars_that_move(gl_context: Any) -> None:
    stage = Stage(gl_context, _config(f'{FADER}, target = "plugin.bloom.amount"', help=True, help_page=1))
    try:
        stage.controls.receive([_value(0.1)], stage.time)
        low = stage.run(1.0)
        stage.controls.receive([_value(0.9)], stage.time)
        high = stage.run(1.0)
        lines, bars = connected_lines(stage.controls.now(stage.time), stage.show.scene)
        assert lines[2:3] == ["bloom.amount\t100% of /visuals/value/fader"]
        assert bars == {2: pytest.approx(0.9)}
        assert np.abs(high - low).max() > 60
        assert high.shape == (SIZE[1], SIZE[0], 3)
    finally:
        stage.close()


def test_a_bar_is_as_long_as_its_value() -> None:
    def gold(value: float) -> int:
        image = text_image(["one\ttwo", "three\tfour"], 720, {1: value})
        return int((image[..., :3] == (255, 214, 140)).all(axis=-1)[:, image.shape[1] // 2 :].sum())

    assert gold(0.5) == pytest.approx(gold(1.0) / 2, rel=0.1)
    assert gold(2.0) == gold(1.0)


def test_more_than_can_be_read_is_counted() -> None:
    keys = sorted(key for key in TARGETS if key.startswith("plugin."))[: MOST_CONNECTIONS + 3]
    bench = Bench(*(f'source = "low", target = "{key}", on = false' for key in keys)).run(1.0)

    class Seen:
        levels, missed = bench.matrix.levels, "no beat is heard"

    lines, bars = connected_lines(bench.control, Seen)  # type: ignore[arg-type]
    assert len(bars) == MOST_CONNECTIONS
    assert "\tand 3 more" in lines
    assert "beat\tno beat is heard" in lines
    assert lines[2].endswith("\toff: low")
