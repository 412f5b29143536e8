"""Settings: order, mistakes, and reading again."""

import os
import re
from pathlib import Path

import pytest

from artgen_osc.config import settings as config
from artgen_osc.config import tables
from artgen_osc.errors import ConfigError
from tests import show_table


def write(folder: Path, text: str) -> Path:
    path = folder / "show.toml"
    path.write_text(text)
    return path


def test_defaults_then_file_then_flags(tmp_path: Path) -> None:
    path = write(tmp_path, '[visuals]\nspeed = 2\nseed = 5\n[osc]\ntargets = ["max"]\n')
    effective, origins = config.load(path, {"visuals.speed": 3.0, "visuals.fps": None})
    assert effective.visuals.speed == 3.0
    assert effective.visuals.seed == 5
    assert effective.visuals.fps == 60
    assert effective.osc.targets == ("max",)
    assert origins["visuals.speed"] == "flag"
    assert origins["visuals.seed"] == str(path)
    assert origins["visuals.fps"] == "default"


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, '[visuals]\nspede = 2\nfps = 0\n[visual]\nx = 1\n[audio]\nmute = "yes"\n')
    with pytest.raises(ConfigError) as raised:
        config.load(path)
    lines = str(raised.value).splitlines()
    assert len(lines) == 4
    assert "did you mean speed?" in lines[0]
    assert "visuals.fps: 0 is out of range; choose a whole number from 1 to 240" in lines[1]
    assert "did you mean visuals?" in lines[2]
    assert "audio.mute: 'yes' is not true or false" in lines[3]
    assert all(str(path) in line for line in lines)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("visuals.seed", 1.5),
        ("visuals.seed", True),
        ("visuals.speed", float("nan")),
        ("visuals.freeze", 1),
        ("osc.targets", "max"),
        ("osc.targets", [1]),
        ("osc.port", 0),
        ("audio.gain_db", 61),
        ("visuals.engine", "gpu"),
    ],
)
def test_wrong_types_and_ranges(key: str, value: object) -> None:
    with pytest.raises(ValueError, match=rf"^{re.escape(repr(value))} is "):
        show_table.CONTRACT.check(key, value)


@pytest.mark.parametrize("text", ["[visuals", "\x00", "[visuals]\nspeed = "])
def test_not_toml(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="is not valid TOML"):
        config.load(write(tmp_path, text))


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read"):
        config.load(tmp_path / "no.toml")


def test_replace_checks() -> None:
    changed = show_table.CONTRACT.replace(tables.Config(), "visuals.speed", 2)
    assert changed.visuals.speed == 2.0
    with pytest.raises(ValueError, match="out of range"):
        show_table.CONTRACT.replace(tables.Config(), "visuals.speed", 9.0)


def test_a_saved_file_is_read_again_and_a_bad_edit_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "[mood]\nsmoothing = 1.0\n")
    file = config.ConfigFile(path, {"mood.valence": 0.1})
    assert file.changes() == {}

    def save(text: str, stamp: int) -> None:
        path.write_text(text)
        os.utime(path, (stamp, stamp))

    save("", 999)
    assert file.changes() == {}  # An editor that has only emptied the file so far.
    save("[mood]\nsmoothing = 3.0\nvalence = 0.9\n", 1000)
    assert file.changes() == {}
    assert file.changes() == {"mood.smoothing": 3.0}
    assert file.config.plugin["mood"].valence == 0.1
    save("[mood]\nsmoothing = -1\n", 2000)
    assert file.changes() == {}
    with pytest.raises(ConfigError, match="out of range"):
        file.changes()
    assert file.changes() == {}
    assert file.config.plugin["mood"].smoothing == 3.0
    path.unlink()
    assert file.changes() == {}


def test_every_setting_is_documented() -> None:
    assert all(item.doc for item in show_table.CONTRACT.settings.values())


@pytest.mark.parametrize("key", ["osc.host", "web.host", "visuals.host"])
def test_no_address_is_not_every_address(key: str) -> None:
    with pytest.raises(ConfigError, match=rf"{key}: '' is no address"):
        config.load(flags={key: ""})
