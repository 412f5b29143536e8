"""Maps as they are written, in show files and presets."""

import tomllib
from pathlib import Path

import pytest

from artgen_osc.config import settings as config
from artgen_osc.errors import ConfigError
from artgen_osc.osc.mapping.rows import Map, preset, read_rows
from artgen_osc.osc.targets import PORTS, PRESETS, presets
from artgen_osc.schema import values as schema
from tests import show_table


def one(**row: object) -> Map:
    (found,), mistakes = read_rows([{"from": "valence", "to": "/x", **row}], "show.toml", show_table.TABLE.sent)
    assert not mistakes
    return found


def wrong(**row: object) -> str:
    found, mistakes = read_rows([{"from": "valence", "to": "/x", **row}], "show.toml", show_table.TABLE.sent)
    assert not found
    return "\n".join(mistakes)


def test_what_follows_from_the_source() -> None:
    assert one() == Map(("/artgen/valence",), "/x", input=((0.0, 1.0),))
    assert one(**{"from": "/artgen/valence"}) == one()
    assert one(**{"from": "tempo_bpm"}).input == ((60.0, 180.0),)
    assert one(**{"from": "tempo_bpm", "input": [20, 500]}).input == ((20.0, 500.0),)
    assert one(**{"from": "key"}).type == "s"
    count = one(**{"from": "beat/count"})
    assert (count.type, count.range) == ("i", (0.0, schema.COUNT_MAX))


def test_several_sources_in_one_message() -> None:
    assert one(**{"from": "bands/*"}).sources == tuple(f"/artgen/bands/{i}" for i in range(16))
    assert one(**{"from": ["beat", "onset", "onset"]}).sources == ("/artgen/beat", "/artgen/onset", "/artgen/onset")
    assert one(**{"from": ["level", "level_db"]}).input == ((0.0, 1.0), (-60.0, 0.0))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"from": "valance"}, "map 1, from: 'valance' is not sent; did you mean valence?; change it in show.toml"),
        ({"from": []}, "from: [] is not an address"),
        ({"from": "nothing/*"}, "'nothing/*' is not sent"),
        ({"from": ["key", "level"]}, "is text and numbers"),
        ({"from": ["bands/*"] * 5}, "is 80 addresses, where 64 are the most"),
        ({"to": "x"}, "to: 'x' is not an OSC address"),
        ({"to": "/a\0"}, "is not an OSC address"),
        ({"target": "resolum"}, "target: resolum: is not a target"),
        ({"target": "max,lease=3"}, "for subscriptions"),
        ({"type": "float"}, "type: 'float' is not known"),
        ({"type": "impuls"}, "did you mean impulse?"),
        ({"from": "key", "type": "f"}, "type: 'f' doesn't fit /artgen/key"),
        ({"range": [1]}, "range: [1] is not two numbers"),
        ({"range": [0, 1e39]}, "is not two numbers"),
        ({"range": [0, float("nan")]}, "is not two numbers"),
        ({"input": [1, 1]}, "input: [1, 1] is no range"),
        ({"curve": "cubic"}, "curve: 'cubic' is not known; choose an exponent from 0.01 to 100 or one of linear"),
        ({"curve": "log"}, "curve: 'log' needs an input above 0; it is [0.0, 1.0]"),
        ({"curve": True}, "curve: True is not known"),
        ({"smoothing": -1}, "smoothing: -1 is out of range"),
        ({"smoothing": [1, 2, 3]}, "is not two numbers"),
        ({"rate": 0}, "rate: 0 is no rate"),
        ({"arguments": 3}, "arguments: 3 is not a list"),
        ({"arguments": [2**40]}, "is not a list of numbers"),
        ({"arguments": ["a\0"]}, "is not a list of numbers"),
        ({"ranges": [0, 1]}, "ranges: no such setting; did you mean range?"),
    ],
)
def test_mistakes(row: dict[str, object], said: str) -> None:
    assert said in wrong(**row)


def test_all_mistakes_at_once() -> None:
    found, mistakes = read_rows(
        [{"from": "valance", "rate": 0}, {"from": "level", "to": "/x"}], "show.toml", show_table.TABLE.sent
    )
    assert len(found) == 1
    assert [text.split(":")[0] for text in mistakes] == ["map 1, from", "map 1, rate", "map 1, to"]
    assert read_rows({"from": "level"}, "show.toml", show_table.TABLE.sent)[1][0].startswith(
        "map: is not a list of tables"
    )


def test_a_show_file_has_maps_beside_its_settings(tmp_path: Path) -> None:
    path = tmp_path / "show.toml"
    path.write_text('[osc]\nport = 0\n[[map]]\nfrom = "valance"\nto = "/x"\n')
    with pytest.raises(ConfigError) as raised:
        config.load(path)
    assert len(str(raised.value).splitlines()) == 2
    path.write_text('[[map]]\nfrom = "level"\nto = "/x"\n')
    file = config.ConfigFile(path, {})
    assert [of.to for of in file.config.map] == ["/x"]
    path.write_text('[[map]]\nfrom = "level"\nto = "/other"\n')
    assert file.changes() == {}
    assert file.changes() == {"map": file.config.map}
    assert [of.to for of in file.config.map] == ["/other"]


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"from": ["level", "level_db"], "type": "i", "range": [255, 0], "target": "max,rate=5", "rate": 2},
        {"from": "key", "arguments": [1, 0.5, "ü"]},
        {"from": "beat/count"},
        {"from": "beat", "type": "impulse", "smoothing": [0, 0.5]},
        {"from": "pitch_hz", "curve": "log"},
        {"from": "level", "type": "T", "input": [0.5, 0.6]},
        {"from": ["level", "valence"], "curve": 2},
    ],
)
def test_what_is_printed_is_read_again(row: dict[str, object]) -> None:
    before = one(**row)
    rows = tomllib.loads(before.toml())["map"]
    assert read_rows(rows, "again", show_table.TABLE.sent) == ((before,), [])


@pytest.mark.parametrize("name", presets())
def test_presets_are_right_and_say_where_they_come_from(name: str) -> None:
    assert preset(name)
    assert not any(of.target for of in preset(name))
    text = (PRESETS / f"{name}.toml").read_text()
    assert text.startswith("# ")
    assert "https://" in text or name == "madmapper"  # which shows its own addresses
    assert name in PORTS or name == "audio0"


def test_an_unknown_preset() -> None:
    with pytest.raises(ConfigError, match="preset resolme: isn't known; did you mean resolume"):
        preset("resolme")
