"""Rows that come and go: by OSC, by the show file, and with a scene."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from artgen_osc.config.contract import Contract
from artgen_osc.schema.address import Value, extra
from tests import show_table
from tests.modulation.rows import TARGETS, row
from visuals.control.connections import MOST_A_FRAME, Connections, shown, told
from visuals.control.controls import MOST_EXTRA, Controls
from visuals.control.scenes.file import Scene, held_by, read, write
from visuals.control.scenes.folder import Library
from visuals.control.scenes.recall import Present, Scenes

LOW = 'source = "low", target = "visuals.grain"'
HIGH = 'source = "high", target = "visuals.grain", amount = 0.2'
ROWS = show_table.by_path(show_table.VISUALS)


class Stage:
    """Connections between a sender and the controls."""

    def __init__(self, folder: Path, *texts: str) -> None:
        self.refused: list[str] = []
        contract: Contract = show_table.CONTRACT
        config = contract.config({}, modulate=tuple(map(row, texts)))
        self.library = Library(folder, held_by(contract))
        self.controls = Controls(config, contract, self.refuse)
        self.connections: Connections = self.controls.connections
        self.scenes = Scenes(self.library, contract, self.refuse, self.connections)
        self.time = 0.0

    def refuse(self, what: str, reason: str) -> None:
        self.refused.append(f"{what}: {reason}")

    def send(self, *pairs: tuple[str, Value]) -> None:
        self.time += 1.0
        messages = []
        for path, value in pairs:
            known = ROWS.get(path) or extra(path)
            assert known is not None, path
            messages.append((known, known.check((value,))))
        present = Present(self.controls.config, 0, (0.5, 0.5))
        self.controls.receive(self.scenes.receive(messages, present, self.time), self.time)

    @property
    def rows(self) -> dict[str, Any]:
        return {one.name: (one.source.label, round(one.amount, 6), one.on) for one in self.connections.rows}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path / "scenes", LOW)
    yield made
    made.library.close()


SHOWN = {"grain.low": ("low", 0.5, True)}
ADD, REMOVE = "/visuals/modulate/add", "/visuals/modulate/remove"


def test_a_row_is_added_changed_switched_and_removed(stage: Stage) -> None:
    stage.send((ADD, f'name = "mine", {HIGH}'))
    assert stage.rows == SHOWN | {"mine": ("high", 0.2, True)}
    stage.send(("/visuals/modulate/mine/amount", -0.7), ("/visuals/modulate/grain.low/on", 0))
    assert stage.rows == {"grain.low": ("low", 0.5, False), "mine": ("high", -0.7, True)}
    stage.send((REMOVE, "grain.low"))
    stage.send((REMOVE, "mine"))
    assert stage.rows == {}
    assert stage.refused == []


def test_one_of_the_same_name_is_replaced_in_its_place(stage: Stage) -> None:
    stage.send((ADD, f'name = "a", {HIGH}'), (ADD, f'name = "b", {LOW}'), (ADD, f'name = "a", {LOW}, amount = 1'))
    assert list(stage.rows) == ["grain.low", "a", "b"]
    assert stage.rows["a"] == ("low", 1.0, True)


def test_a_row_without_a_name_gets_one_and_the_same_again_is_the_same_row(stage: Stage) -> None:
    for _ in range(3):
        stage.send((ADD, HIGH), (ADD, f"{LOW}, amount = 0.9"))
    assert stage.rows == {"grain.low": ("low", 0.9, True), "grain.high": ("high", 0.2, True)}


def test_names_are_made_once_each_and_can_be_an_address() -> None:
    texts = (f"{LOW}, amount = 0.{n}" for n in range(1, 4))
    rows = [*map(row, texts), row('source = { lfo = "sine" }, target = "plugin.pixel-sort.amount"')]
    made = Connections((), rows, lambda what, reason: None)
    names = [one.name for one in made.rows]
    assert names == ["grain.low", "grain.low-2", "grain.low-3", "pixel-sort.amount.lfo"]
    assert all(extra(f"/visuals/modulate/{name}/amount") for name in names)


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (ADD, 'source = "lwo", target = "visuals.grain"', "source: 'lwo' is no source; did you mean low?"),
        (ADD, 'source = "low", target = "visuals.gran"', "did you mean visuals.grain?"),
        (ADD, "]]", "is not valid TOML"),
        (REMOVE, "grain.lwo", "no connection is called 'grain.lwo'; did you mean grain.low?"),
        ("/visuals/modulate/nobody/amount", 0.5, "no connection is called 'nobody'; choose from grain.low"),
    ],
)
def test_what_leads_nowhere_is_refused_and_the_rest_goes_on(stage: Stage, path: str, value: Value, reason: str) -> None:
    stage.send((path, value))
    assert stage.rows == SHOWN
    (said,) = stage.refused
    assert said.startswith(f"{path}: ") and reason in said


def test_a_flood_of_rows_is_refused(stage: Stage) -> None:
    stage.send(*((ADD, f'name = "n{n}", {HIGH}') for n in range(MOST_A_FRAME + 5)))
    assert len(stage.rows) == 1 + MOST_A_FRAME
    assert len(stage.refused) == 5
    stage.send((ADD, f'name = "later", {HIGH}'))
    assert "later" in stage.rows


@pytest.mark.parametrize("last", ["amount", "on"])
def test_the_addresses_of_a_row_take_what_they_say(last: str) -> None:
    known = extra(f"/visuals/modulate/a.b/{last}")
    assert known is not None
    assert known.check((1,)) == 1
    with pytest.raises(ValueError, match="outside"):
        known.check((-1.5,))


@pytest.mark.parametrize(
    "path", ["/visuals/modulate//amount", "/visuals/modulate/on", "/visuals/modulate/a/b/on", "/visuals/modulate/a/x"]
)
def test_what_is_no_address_of_a_row_is_unknown(path: str) -> None:
    assert extra(path) is None


def test_a_scene_has_rows_of_its_own_that_go_with_it(stage: Stage) -> None:
    stage.send((ADD, f'name = "mine", {HIGH}'), ("/visuals/scene/save", "one"))
    stage.send((REMOVE, "mine"), ("/visuals/scene/save", "two"))
    assert stage.rows == SHOWN
    stage.send(("/visuals/scene", "one"))
    assert stage.rows == SHOWN | {"mine": ("high", 0.2, True)}
    stage.send(("/visuals/scene", "two"))
    assert stage.rows == SHOWN
    stage.send(("/visuals/scene", "one"), (ADD, f'name = "more", {LOW}'))
    stage.send(("/visuals/scene", "two"))
    assert stage.rows == SHOWN


def test_a_scenes_row_stands_in_the_place_of_the_shows_of_its_name(stage: Stage) -> None:
    write(stage.library.folder, Scene("x", {}, modulate=(row(f'name = "grain.low", {HIGH}'),)))
    stage.connections.recall(read(stage.library.folder / "x.toml", stage.library.held).modulate)
    assert stage.rows == {"grain.low": ("high", 0.2, True)}
    stage.connections.recall(())
    assert stage.rows == SHOWN


def test_a_scene_with_rows_survives_its_file_and_one_that_leads_nowhere_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = (
        row(f'name = "a", {LOW}'),
        row('name = "b", source = { lfo = "saw", every = "2 bars" }, target = "visuals.speed"'),
    )
    scene = Scene("x", {"speed": 2.0}, "an example", rows)
    write(tmp_path, scene)
    path, held = tmp_path / "x.toml", held_by(show_table.CONTRACT)
    assert read(path, held) == scene
    text = path.read_text(encoding="utf-8").replace("visuals.grain", "plugin.nobody.amount")
    path.write_text(text, encoding="utf-8")
    assert not caplog.records
    assert read(path, held) == Scene("x", {"speed": 2.0}, "an example", rows[1:])
    (told_of,) = caplog.records
    assert told_of.getMessage().startswith(f"{path}: modulate 1, target: 'plugin.nobody.amount' is no number or switch")


def test_a_saved_show_file_changes_its_own_rows_alone(stage: Stage) -> None:
    stage.send((ADD, f'name = "mine", {HIGH}'))
    stage.connections.follow([row('source = "mid", target = "visuals.grain"')])
    assert stage.rows == {"grain.mid": ("mid", 0.5, True), "mine": ("high", 0.2, True)}


def test_what_a_program_sends_is_heard_and_a_flood_of_addresses_is_not(stage: Stage) -> None:
    stage.send(("/visuals/value/a", 3.0))
    assert stage.controls.now(stage.time).heard["/visuals/value/a"] == 3.0
    stage.send(*((f"/visuals/value/{n}", 1.0) for n in range(MOST_EXTRA + 10)))
    assert len(stage.controls.now(stage.time).heard) == MOST_EXTRA
    stage.send(("/visuals/value/a", 4.0))
    assert stage.controls.now(stage.time).heard["/visuals/value/a"] == 4.0


def test_what_is_told_of_the_rows(stage: Stage) -> None:
    rows = stage.connections.rows
    assert json.loads(shown(rows, 7, "no beat")) == {
        "rows": [
            {
                "name": "grain.low",
                "source": "low",
                "target": "visuals.grain",
                "address": TARGETS["visuals.grain"].address,
                "amount": 0.5,
                "bipolar": False,
                "on": True,
            }
        ],
        "count": 7,
        "missed": "no beat",
    }
    assert [(one.path, value) for one, value in told(rows)] == [
        ("/visuals/modulate/grain.low/amount", 0.5),
        ("/visuals/modulate/grain.low/on", 1),
    ]
