"""The registry: who registers what, what is loaded when, and what one broken plugin does to the others."""

import sys
from collections.abc import Iterable
from importlib.metadata import Distribution, EntryPoint
from pathlib import Path

import pytest

from artgen_osc.errors import PluginError
from artgen_osc.plugins.registry import OWN_PACKAGE, Registry, State, group_of
from tests import strangers
from tests.support.waiting import wait_for


class Package(Distribution):
    """A distribution that is not installed."""

    def __init__(self, name: str, version: str) -> None:
        self._text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"

    def read_text(self, filename: str) -> str | None:
        return self._text if filename == "METADATA" else None

    def locate_file(self, path: object) -> Path:
        raise NotImplementedError


def entry(name: str, value: str, package: str, kind: str = "effect") -> EntryPoint:
    made = EntryPoint(name, value, group_of(kind))
    vars(made).update(dist=Package(package, "1.2"))
    return made


def registry(*entries: EntryPoint) -> Registry:
    def found(group: str) -> Iterable[EntryPoint]:
        return [one for one in entries if one.group == group]

    return Registry(("effect", "output"), found)


def test_listing_imports_nothing() -> None:
    sys.modules.pop("colorsys", None)
    listed = registry(entry("glow", "colorsys:rgb_to_hsv", "glow-package")).plugins()
    assert [(p.kind, p.name, p.package, p.version, p.state) for p in listed] == [
        ("effect", "glow", "glow-package", "1.2", State.READY)
    ]
    assert "colorsys" not in sys.modules


def test_loading_imports_once_what_is_named() -> None:
    here = registry(entry("glow", "colorsys:rgb_to_hsv", "glow-package"))
    loaded = here.load("effect", "glow")
    assert loaded.__name__ == "rgb_to_hsv"
    assert here.load("effect", "glow") is loaded


@pytest.mark.parametrize("value", ["no_such_module:x", "colorsys:no_such_name", "this.is not:python"])
def test_one_that_cant_be_loaded_has_a_reason_and_the_others_go_on(value: str) -> None:
    here = registry(entry("bad", value, "bad-package"), entry("glow", "colorsys:rgb_to_hsv", "glow-package"))
    with pytest.raises(PluginError, match="effect bad: can't be loaded"):
        here.load("effect", "bad")
    assert here.plugin("effect", "bad").state is State.UNLOADABLE
    assert here.plugin("effect", "bad").reason
    assert here.load("effect", "glow")


def test_a_module_that_raises_at_import_is_a_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "artgen_test_raises.py").write_text("raise SystemError('boom \\x1b')")
    monkeypatch.syspath_prepend(tmp_path)
    here = registry(entry("bad", "artgen_test_raises:x", "bad-package"))
    with pytest.raises(PluginError, match="boom"):
        here.load("effect", "bad")


def test_an_import_that_never_returns_is_a_state_at_once_for_all_of_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("artgen_osc.plugins.registry.IMPORT_S", 0.05)
    (tmp_path / "artgen_test_stuck.py").write_text("import tests.strangers\ntests.strangers.BLOCKED.wait()\nx = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    here = registry(
        entry("bad", "artgen_test_stuck:x", "bad-package"),
        entry("worse", "artgen_test_stuck.more:x", "bad-package"),
        entry("glow", "colorsys:rgb_to_hsv", OWN_PACKAGE),
    )
    strangers.BLOCKED.clear()
    try:
        with pytest.raises(
            PluginError, match=r"effect bad: can't be loaded \(importing it hasn't come back within 0\.05 s\)"
        ):
            here.load("effect", "bad")
        with pytest.raises(PluginError, match="importing artgen_test_stuck doesn't come back"):
            here.load("effect", "worse")
        assert here.load("effect", "glow") and here.plugin("effect", "bad").state is State.BLOCKED
        assert (
            "effect bad: blocks (importing it hasn't come back within 0.05 s); the show goes on without" in caplog.text
        )
    finally:
        strangers.BLOCKED.set()
        wait_for(lambda: "artgen_test_stuck" in sys.modules and hasattr(sys.modules["artgen_test_stuck"], "x"))


def test_an_unknown_name_is_answered_by_those_that_there_are() -> None:
    with pytest.raises(PluginError, match="there are: glow"):
        registry(entry("glow", "colorsys:rgb_to_hsv", "glow-package")).load("effect", "glwo")
    with pytest.raises(PluginError, match="none is installed"):
        registry().load("output", "wall")


def test_of_two_with_one_name_ours_counts_and_the_other_says_so() -> None:
    here = registry(entry("glow", "colorsys:a", "a-package"), entry("glow", "colorsys:rgb_to_hsv", OWN_PACKAGE))
    assert here.plugin("effect", "glow").package == OWN_PACKAGE
    used, other = here.plugins()
    assert (used.package, used.state) == (OWN_PACKAGE, State.READY), "the one in use is listed first"
    assert (other.package, other.state, other.reason) == ("a-package", State.SHADOWED, f"shadowed by {OWN_PACKAGE}")


def test_the_same_entry_seen_twice_is_one() -> None:
    one = entry("glow", "colorsys:rgb_to_hsv", "glow-package")
    assert len(registry(one, one).plugins()) == 1
