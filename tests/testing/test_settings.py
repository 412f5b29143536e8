"""The kit finds what is wrong with settings and imports."""

from dataclasses import dataclass
from typing import Any

import pytest

from artgen_osc.schema.setting import setting
from artgen_osc.testing import check
from tests.support.kit import fails


class Frozen:
    @dataclass(frozen=True)
    class Settings:
        amount: float = setting(0.5, "how much")


class Loose:
    @dataclass
    class Settings:
        amount: float = setting(0.5, "how much")


class Bare:
    @dataclass(frozen=True)
    class Settings:
        amount: float = 0.5


class Undescribed:
    @dataclass(frozen=True)
    class Settings:
        amount: float = setting(0.5, "")


class WrongDefault:
    @dataclass(frozen=True)
    class Settings:
        amount: float = setting(1.5, "how much")


@pytest.mark.parametrize(
    ("plugin", "says"),
    [
        (Loose, "not a frozen dataclass"),
        (Bare, "not made by setting"),
        (Undescribed, "has no doc"),
        (WrongDefault, "doesn't pass its own check"),
    ],
)
def test_settings(plugin: Any, says: str) -> None:
    assert says in fails(check.settings_are_declared, plugin)
    assert check.run_check(check.settings_are_declared, check.case_of(Frozen)).result == "passed"


def test_a_heavy_import_is_named(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "artgen_heavy.py").write_text("import PIL\nclass It: pass\n")
    (tmp_path / "artgen_light.py").write_text("class It: pass\n")
    (tmp_path / "artgen_slow.py").write_text("import time\ntime.sleep(0.2)\nclass It: pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    import artgen_heavy  # type: ignore[import-not-found]
    import artgen_light  # type: ignore[import-not-found]
    import artgen_slow  # type: ignore[import-not-found]

    assert "imports PIL too" in fails(check.import_is_light, artgen_heavy.It)
    assert check.run_check(check.import_is_light, check.case_of(artgen_light.It)).result == "passed"
    monkeypatch.setattr(check, "QUICK_IMPORT_S", 0.2)
    assert "importing artgen_slow takes 0." in fails(check.import_is_light, artgen_slow.It)
