"""Outputs there several times, what outputs tell, and frames that are read back a turn later."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from artgen_osc import cli
from artgen_osc.config.plugins import KINDS
from artgen_osc.config.settings import WORDS, ConfigFile
from artgen_osc.errors import ConfigError
from artgen_osc.plugins.registry import Registry, own
from artgen_osc.schema.address import Address
from artgen_osc.schema.setting import setting
from tests.support.waiting import wait_for
from visuals.outputs.encoders import FORMS, HARDWARE
from visuals.outputs.outputs import Outputs
from visuals.outputs.record import ENCODERS, ENDINGS, RecordOutput
from visuals.testing.outputs import default_host


class Wall:
    """A stranger's output."""

    tells = (Address("lamps", "int", "that burn", 0, 10), Address("mood", "string", "of the wall"))

    @dataclass(frozen=True)
    class Settings:
        side: int = setting(4, "of it", 1, 100)

    def __init__(self, settings: Any, host: Any) -> None:
        self.settings, self.lamps, self.times = settings, 3, []
        WALLS.append(self)

    @property
    def mood(self) -> str:
        raise ValueError("none")

    def wants(self, time: float) -> tuple[int, int]:
        return self.settings.side, self.settings.side

    def take(self, frame: np.ndarray, time: float) -> None:
        self.times.append((frame.shape, float(frame[0, 0, 0]), time))

    def close(self) -> None: ...


WALLS: list[Wall] = []


class _Entry(EntryPoint):
    def load(self) -> Any:
        return Wall


def registry() -> Registry:
    def found(group: str) -> Iterable[EntryPoint]:
        return (*own(group), *([_Entry("wall", "somewhere:Wall", group)] if group == "artgen.outputs" else ()))

    return Registry(KINDS, found)


def file(flags: Mapping[str, object], path: Path | None = None) -> ConfigFile:
    return ConfigFile(path, flags, registry())


def test_a_copy_has_settings_and_addresses_of_its_own(tmp_path: Path) -> None:
    show = tmp_path / "show.toml"
    show.write_text(
        '[plugins]\ncopies = ["wide=record", "small=wall"]\n'
        '[plugin.wide]\nfile = "wide.mov"\nwidth = 3840\n[plugin.small]\nside = 2\n'
    )
    read = file({WORDS: ["plugin.small.side=3"]}, show)
    assert read.config.plugin["wide"].file == str(tmp_path / "wide.mov") and read.config.plugin["wide"].width == 3840
    assert read.config.plugin["record"].width == 0 and read.config.plugin["small"].side == 3
    table = read.contract.addresses
    assert table.visuals["/visuals/output/wide/on"].setting == "plugin.wide.on"
    assert {"/visuals/output/wide/seconds", "/visuals/output/small/lamps"} <= set(table.painted)
    assert "/visuals/output/small/dropped" in table.painted
    assert read.registry.load("output", "wide") is RecordOutput


@pytest.mark.parametrize(
    ("copy", "says"),
    [
        ("wide", "'wide' names no copy; write one such as 'wide=record'"),
        ("a b=record", "'a b=record' names no copy"),
        ("wide=rec", "wide=rec: rec is no output that can be there twice; did you mean record?"),
        ("wide=window", "window is no output that can be there twice"),
        ("wide=page", "page is no output that can be there twice"),
        ("wide=strip", "strip is no output that can be there twice"),
        ("mood=record", "mood is the name of a plugin; choose another one"),
        ("record=record", "record is the name of a plugin; choose another one"),
    ],
)
def test_what_is_no_copy_is_one_line(copy: str, says: str) -> None:
    with pytest.raises(ConfigError) as error:
        file({"plugins.copies": (copy,)})
    assert says in str(error.value) and "\n" not in str(error.value)


def test_what_is_no_copy_is_told_rather_than_that_its_settings_are_unknown() -> None:
    with pytest.raises(ConfigError, match=r"^plugins.copies: 'wide=record,b=record' names no copy; [^\n]*$"):
        file({"plugins.copies": ("wide=record,b=record",), WORDS: ["plugin.wide.width=3"]})


def test_two_copies_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="b is the name of a plugin"):
        file({"plugins.copies": ("b=record", "b=wall")})


class Nowhere:
    """A target that shows nothing."""

    size = (8, 4)

    def prepare(self, time: float) -> None: ...


def test_frames_come_a_turn_later_with_their_own_time_and_values_are_told() -> None:
    WALLS.clear()
    read = file({"plugins.copies": ("small=wall",), WORDS: ["plugin.small.side=2"]})
    host = replace(default_host(), contract=read.contract)
    host.showing.control = replace(host.showing.control, plugin=read.config.plugin)
    refused: list[str] = []
    plugins = Registry(("output",), lambda group: [_Entry(name, "somewhere:Wall", group) for name in ("small", "wall")])
    outputs = Outputs(plugins, read.config.plugin, host, Nowhere(), lambda what, why: refused.append(why))  # type: ignore[arg-type]
    turn = 0

    def take_turn() -> bool:
        nonlocal turn
        turn += 1
        outputs.prepare(float(turn))
        drawn = turn

        def begin(size: tuple[int, int], alpha: bool = False) -> Callable[[], np.ndarray]:
            return lambda: np.full((size[1], size[0], 3), drawn % 250, np.uint8)

        outputs.publish(begin, float(turn))
        return all(len(wall.times) > 3 for wall in WALLS)

    wait_for(take_turn, what="frames")
    told = {row.path: value for row, value in outputs.values(read.contract.addresses.painted)}
    outputs.close()
    assert sorted(wall.times[0][0] for wall in WALLS) == [(2, 2, 3), (4, 4, 3)]
    for wall in WALLS:
        assert all(time % 250 == value for _, value, time in wall.times)
    assert told["/visuals/output/small/lamps"] == told["/visuals/output/wall/lamps"] == 3
    assert "/visuals/output/wall/mood" not in told and "/visuals/output/wall/dropped" in told


def test_what_an_output_tells_has_a_name() -> None:
    Wall.tells, before = (Address("/artgen/valence", "float", ""),), Wall.tells
    try:
        one = registry()
        ConfigFile(None, {}, one)
        assert "is a name of its own" in one.plugin("output", "wall").reason
    finally:
        Wall.tells = before


def test_the_words_of_settings_are_those_of_the_encoders() -> None:
    assert ("auto", "software", *HARDWARE) == ENCODERS and tuple(FORMS) == ENDINGS


@pytest.mark.parametrize("command", ["live", "visuals"])
def test_the_flag_is_checked_at_once(capsys: pytest.CaptureFixture[str], command: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main([command, "--record", "show.avi"])
    said = capsys.readouterr().err
    assert "--record: 'show.avi' can't be the name of a film; end it in .mp4" in said and said.count("\n") == 1
