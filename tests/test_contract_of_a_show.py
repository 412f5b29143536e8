"""One declaration of a setting, and the table of addresses that is made of them and of what plugins bring."""

from dataclasses import dataclass, fields

import pytest

from artgen_osc.config import settings as config
from artgen_osc.config.contract import Contract, Declared
from artgen_osc.config.tables import TABLES
from artgen_osc.errors import ConfigError
from artgen_osc.osc.codec import encode_message
from artgen_osc.osc.receiver import OscReceiver
from artgen_osc.schema.address import Address
from artgen_osc.schema.setting import setting, settings_of
from tests import show_table
from tests.support.waiting import wait_for


@dataclass(frozen=True, slots=True)
class Settings:
    amount: float = setting(0.5, "how much")
    steps: int = setting(3, "so many", 1, 9)
    on: bool = setting(False, "whether at all")
    word: str = setting("a", "which", choices=("a", "b"))
    files: tuple[str, ...] = setting((), "which files", item="FILE")
    look: str = setting("", "which table of colours", path=True)
    range: float = setting(1.0, "how far", -1.0, 2.0, "s", address="/visuals/effect/wave/far")


WAVE = Declared("effect", "wave", Settings)
DRUMS = Declared("extractor", "drums", None, (Address("/artgen/x/drums/kick", "float", "a kick", pulse=True),))


def test_every_setting_is_a_field_and_the_other_way_round() -> None:
    assert set(Contract().settings) == {
        f"{name}.{item.name}" for name, table in TABLES.items() for item in fields(table)
    }


def test_an_address_follows_from_the_field() -> None:
    rows = Contract([WAVE]).addresses.visuals
    assert rows["/visuals/effect/wave/amount"] == Address(
        "/visuals/effect/wave/amount", "float", "how much", setting="plugin.wave.amount"
    )
    assert (rows["/visuals/effect/wave/steps"].kind, rows["/visuals/effect/wave/steps"].high) == ("int", 9)
    assert rows["/visuals/effect/wave/on"].kind == "toggle"
    assert rows["/visuals/effect/wave/word"].choices == ("a", "b")
    assert rows["/visuals/effect/wave/files"].adds and not rows["/visuals/effect/wave/files"].holds_value
    far = rows["/visuals/effect/wave/far"]
    assert (far.low, far.high, far.unit, far.name) == (-1.0, 2.0, "s", "range")


def test_what_an_extractor_sends_is_in_the_table_and_can_be_mapped() -> None:
    contract = Contract([DRUMS])
    assert contract.addresses.sent["/artgen/x/drums/kick"] in contract.addresses.extracted
    assert contract.addresses.pulses == ("/artgen/onset", "/artgen/beat")  # it has no counter
    assert "/artgen/x/drums/kick" not in show_table.TABLE.rows


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        (Declared("extractor", "x", None, (Address("/artgen/valence", "float", ""),)), "begins with /artgen/x/x/"),
        (Declared("extractor", "x", None, (Address("/artgen/x/y/z", "float", ""),)), "begins with /artgen/x/x/"),
        (Declared("effect", "other", Settings), "begins with /visuals/effect/other"),
        (Declared("extractor", "x", None, (Address("/artgen/x/x/a b", "float", ""),)), "is no address"),
        (Declared("extractor", "x", None, (Address("/artgen/x/x/*", "float", ""),)), "is no address"),
        (Declared("extractor", "x", None, (Address("/artgen/x/x/", "float", ""),)), "is no address"),
        (
            Declared("extractor", "x", None, tuple(Address(f"/artgen/x/x/{n}", "float", "") for n in range(65))),
            "65 outputs; 64 are the most",
        ),
    ],
)
def test_a_plugin_has_its_own_addresses_alone(declared: Declared, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Contract([declared])


def test_two_rows_of_one_path_are_refused() -> None:
    with pytest.raises(ValueError, match="two addresses have this path"):
        Contract([DRUMS, DRUMS])


def test_settings_of_a_plugin_are_read_and_replaced(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("show") / "show.toml"
    path.write_text("[plugin.wave]\namount = 1\nword = 'b'\nlook = 'a.cube'\n[visuals]\nspeed = 2\n")
    contract = Contract([WAVE])
    effective, origins = config.load(path, {"plugin.wave.steps": 5}, contract)
    assert effective.plugin["wave"] == Settings(amount=1.0, word="b", steps=5, look=str(path.parent / "a.cube"))
    assert (origins["plugin.wave.steps"], origins["plugin.wave.on"]) == ("flag", "default")
    changed = contract.replace(effective, "plugin.wave.amount", 0)
    assert contract.get(changed, "plugin.wave.amount") == 0.0 and effective.plugin["wave"].amount == 1.0
    with pytest.raises(ConfigError, match=r"\[plugin.wave\]: no such table"):
        config.load(path)
    path.write_text("[plugin.wave]\namonut = 1\nsteps = 10\n")
    with pytest.raises(ConfigError, match=r"(?s)no such setting; did you mean amount.*steps: 10 is out of range"):
        config.load(path, None, contract)
    path.write_text("plugin = 3\n")
    with pytest.raises(ConfigError, match="no such table"):
        config.load(path, None, contract)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("amount", 1.5, "is out of range; choose a number from 0 to 1"),
        ("amount", "x", "is not a number"),
        ("amount", True, "is not a number"),
        ("amount", float("nan"), "is out of range"),
        ("steps", 1.5, "is not a whole number"),
        ("on", 1, "is not true or false"),
        ("word", "c", "is not known; choose from a, b"),
        ("files", "x", "is not a list of strings"),
        ("files", [1], "is not a list of strings"),
    ],
)
def test_a_wrong_value_says_what_is_right(name: str, value: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        settings_of("plugin.wave", Settings, "/visuals/effect/wave/")[f"plugin.wave.{name}"].check(value)


def test_a_receiver_takes_any_finite_number_of_an_extractor_that_it_has_not() -> None:
    receiver = OscReceiver("127.0.0.1", 0, {**show_table.TABLE.visuals, **show_table.TABLE.sent})
    try:
        for value in (0.5, -1e9, float("nan")):
            receiver.put(encode_message("/artgen/x/drums/kick", "f", value), "127.0.0.1")
        receiver.put(encode_message("/artgen/x/drums/kick", "s", "text"), "127.0.0.1")
        receiver.put(encode_message("/artgen/elsewhere", "f", 0.5), "127.0.0.1")
        values: list[tuple[str, object]] = []
        wait_for(lambda: values.extend((row.path, value) for row, value in receiver.poll(0.1)) or receiver.refused == 3)
    finally:
        receiver.close()
    assert values == [("/artgen/x/drums/kick", 0.5), ("/artgen/x/drums/kick", -1e9)]


def test_any_setting_by_a_word_of_the_command_line() -> None:
    said = ("visuals.speed=2", "osc.targets=max", "osc.targets=a=b:9", "visuals.freeze=true", "mood.model=")
    file = config.ConfigFile(None, {config.WORDS: said, "visuals.fps": 30})
    assert (file.config.visuals.speed, file.config.visuals.freeze, file.config.visuals.fps) == (2.0, True, 30)
    assert file.config.osc.targets == ("max", "a=b:9") and file.config.plugin["mood"].model == ""
    with pytest.raises(ConfigError, match=r"(?s)--set visuals.sped: no such setting.*speed: 'x' is not a number"):
        config.ConfigFile(None, {config.WORDS: ["visuals.sped=1", "visuals.speed=x"]})
    with pytest.raises(ConfigError, match=r"--set visuals.freeze: 'yes' is not true or false"):
        config.ConfigFile(None, {config.WORDS: ["visuals.freeze=yes"]})
