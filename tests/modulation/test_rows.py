"""``[[modulate]]`` as it is written: what is understood, what is refused, and that it can be written again."""

import re
import tomllib
from pathlib import Path

import pytest

from artgen_osc.config.contract import Contract
from artgen_osc.config.modulation import Connection, read_connections
from artgen_osc.config.modulation_sources import Adsr, Every, Heard, Lfo, Near, Steps
from artgen_osc.config.settings import load
from artgen_osc.errors import ConfigError
from tests import show_table
from tests.modulation.rows import TARGETS, row

TO = 'target = "plugin.bloom.amount"'


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ('"low"', Heard("/artgen/low")),
        ('"/artgen/low"', Heard("/artgen/low")),
        ('"bands/3"', Heard("/artgen/bands/3")),
        ('"onset"', Heard("/artgen/onset", pulse=True)),
        ('"centroid_hz"', Heard("/artgen/centroid_hz", (100.0, 8000.0))),
        ('"x/punch/value"', Heard("/artgen/x/punch/value")),
        ('"/visuals/value/midi/7"', Heard("/visuals/value/midi/7")),
        ('{ lfo = "sine" }', Lfo("sine", Every(4.0, "s"))),
        ('{ lfo = "saw", every = "1/2 beat", phase = 0.5 }', Lfo("saw", Every(0.5, "beat", "1/2 beat"), 0.5)),
        ('{ lfo = "random", every = "4 bars" }', Lfo("random", Every(4.0, "bar", "4 bars"))),
        ('{ adsr = "beat", release = 2 }', Adsr("/artgen/beat", release=2.0)),
        ("{ steps = [0, 1], every = 0.5 }", Steps((0.0, 1.0), Every(0.5, "s"))),
        ("{ mood = [0.9, 0.1], reach = 1 }", Near(0.9, 0.1, 1.0)),
    ],
)
def test_a_source_is_read_and_can_be_written_again(text: str, source: object) -> None:
    read = row(f"source = {text}, {TO}")
    assert read.source == source
    rows, mistakes = read_connections(tomllib.loads(read.toml())["modulate"], TARGETS)
    assert (rows, mistakes) == ((read,), [])


def test_all_that_can_be_said_of_a_row_is_kept() -> None:
    read = row(
        f'name = "a.b-1", source = "pitch_hz", {TO}, amount = -0.3, input = [80, 800], curve = "log", attack = 1, '
        'release = 2.5, polarity = "bipolar", on = false'
    )
    assert read == Connection(
        Heard("/artgen/pitch_hz", (55.0, 1760.0)),
        TARGETS["/visuals/effect/bloom/amount"],
        -0.3,
        (80.0, 800.0),
        "log",
        1.0,
        2.5,
        True,
        False,
        "a.b-1",
    )
    assert read_connections(tomllib.loads(read.toml())["modulate"], TARGETS) == ((read,), [])


def test_an_oscillator_swings_to_both_sides_unless_it_is_said_otherwise() -> None:
    assert row(f'source = {{ lfo = "sine" }}, {TO}').bipolar
    assert not row(f'source = {{ lfo = "sine" }}, {TO}, polarity = "unipolar"').bipolar
    assert not row(f'source = "low", {TO}').bipolar


def test_what_makes_no_picture_or_has_no_end_is_no_target() -> None:
    assert {"visuals.grain", "visuals.beat_next", "visuals.beat_cut", "/visuals/effect/bloom/amount"} <= set(TARGETS)
    for key in ("visuals.seed", "visuals.fullscreen", "visuals.model", "visuals.fps", "mood.smoothing"):
        assert key not in TARGETS


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (f'source = "lwo", {TO}', "source: 'lwo' is no source; did you mean low?"),
        (f'source = "key", {TO}', "source: 'key' is no source"),
        (f'source = "beat/count", {TO}', "source: 'beat/count' is no source"),
        (f'source = "/visuals/value/a b", {TO}', "source: '/visuals/value/a b' is no address; its parts are letters"),
        (f'source = "/visuals/value/", {TO}', "source: '/visuals/value/' is no address"),
        (f"source = 3, {TO}", "source: 3 is no source; write a name such as low, or a table with lfo, adsr"),
        (f'source = {{ wave = "sine" }}, {TO}', "source: .* a table has one of lfo, adsr, steps, mood in it"),
        (f'source = {{ lfo = "sin" }}, {TO}', "source: lfo: 'sin' is not known; did you mean sine?"),
        (f'source = {{ lfo = "sine", evry = 2 }}, {TO}', "evry: no such word of lfo; did you mean every?"),
        (f'source = {{ lfo = "sine", every = "2 beets" }}, {TO}', "'2 beets' is no length of time; write seconds"),
        (f'source = {{ lfo = "sine", every = 0 }}, {TO}', "every: 0 is not a number from"),
        (f'source = {{ lfo = "sine", every = "1/9999 beat" }}, {TO}', "is out of range; choose from 0.015625 to 4096"),
        (f'source = {{ lfo = "sine", every = "0.01 s" }}, {TO}', "is out of range; choose from 0.05 to 4096"),
        (f"source = {{ steps = [] }}, {TO}", r"steps: \[\] is not a list of 1 to 64 numbers"),
        (f"source = {{ steps = [2] }}, {TO}", "steps: 2 is not a number from 0 to 1"),
        (f"source = {{ mood = 1 }}, {TO}", r"mood: 1 is not a place; write \[valence, energy\]"),
        ('source = "low"', "target: is missing; every row needs it"),
        (TO, "source: is missing"),
        ('source = "low", target = "plugin.blom.amount"', "did you mean plugin.bloom.amount?"),
        ('source = "low", target = "/visuals/effect/blom/amount"', "did you mean /visuals/effect/bloom/amount?"),
        (f'source = "low", {TO}, amount = 4', "amount: 4 is not a number from -1 to 1"),
        (f'source = "low", {TO}, amount = nan', "amount: nan is not a number"),
        (f'source = "low", {TO}, amount = true', "amount: True is not a number"),
        (f'source = "low", {TO}, curve = "sqare"', "curve: 'sqare' is not known; did you mean square?"),
        (f'source = "low", {TO}, curve = "log"', "curve: 'log' needs an input above 0"),
        (f'source = "low", {TO}, input = [1, 1]', "input: .* is no range; write two different numbers"),
        (f'source = "low", {TO}, attack = -1', "attack: -1 is not a number from 0 to 60"),
        (f'source = "low", {TO}, polarity = "up"', "polarity: 'up' is not known"),
        (f'source = "low", {TO}, on = 1', "on: 1 is not true or false"),
        (f'source = "low", {TO}, name = "a/b"', "name: 'a/b' is no name"),
        (f'source = "low", {TO}, amuont = 1', "amuont: no such setting; did you mean amount?"),
        ("source = ", "is not valid TOML"),
        ("x" * 5000, "has 5000 letters; 4096 at most"),
    ],
)
def test_what_is_wrong_is_said(text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong.replace("?", r"\?")):
        row(text)


def test_a_row_may_stand_in_braces_and_on_several_lines() -> None:
    assert row(f'{{ source = "low",\n {TO} }}') == row(f'source = "low", {TO}')


def test_a_show_file_is_read_with_all_its_mistakes_at_once(tmp_path: Path) -> None:
    path = tmp_path / "show.toml"
    path.write_text(
        f'[[modulate]]\nsource = "low"\n{TO}\n\n[[modulate]]\nsource = "lwo"\n{TO}\n\n[[modulate]]\nsource = "low"\n'
        'target = "visuals.gran"\n',
        encoding="utf-8",
    )
    with pytest.raises(ConfigError) as told:
        load(path, contract=show_table.CONTRACT)
    assert str(told.value).split("\n") == [
        f"modulate 2, source: 'lwo' is no source; did you mean low?; change it in {path}",
        "modulate 3, target: 'visuals.gran' is no number or switch of the picture; did you mean visuals.grain?; "
        f"change it in {path}",
    ]
    path.write_text(f'[[modulate]]\nsource = "low"\n{TO}\n', encoding="utf-8")
    assert load(path, contract=show_table.CONTRACT)[0].modulate == (row(f'source = "low", {TO}'),)


@pytest.mark.parametrize("text", ["modulate = 3\n", "[modulate]\nsource = 1\n", "modulate = [1]\n"])
def test_what_is_no_list_of_rows_is_said(tmp_path: Path, text: str) -> None:
    path = tmp_path / "show.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"modulate: is not a list of tables; write \[\[modulate\]\]"):
        load(path, contract=show_table.CONTRACT)


def test_two_rows_of_one_name_are_a_mistake() -> None:
    given = {"name": "a", "source": "low", "target": "visuals.grain"}
    rows, mistakes = read_connections([given, given], TARGETS)
    assert len(rows) == 1
    assert mistakes == ["modulate 2, name: 'a' is the name of two rows; choose another for one of them"]


def test_a_plugin_that_cannot_be_used_takes_its_rows_with_it() -> None:
    gone = ("plugin.gone.amount", "/visuals/effect/gone/amount")
    given = [{"source": "low", "target": target} for target in (*gone, "visuals.grain")]
    rows, mistakes = read_connections(given, TARGETS, Contract(unusable=["gone"]).unusable)
    assert ([one.target.key for one in rows], mistakes) == (["visuals.grain"], [])


def test_every_example_of_the_documentation_is_one() -> None:
    text = (Path(__file__).parents[2] / "docs" / "modulation.md").read_text(encoding="utf-8")
    examples = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    read = [read_connections(tomllib.loads(example)["modulate"], TARGETS) for example in examples if "[[" in example]
    assert len(read) >= 7
    assert [mistakes for _, mistakes in read if mistakes] == []
    kinds = {type(row.source) for rows, _ in read for row in rows}
    assert kinds == {Heard, Lfo, Adsr, Steps, Near}
