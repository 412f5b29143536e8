"""What comes with artgen goes the way of everybody's plugins: by the registry alone, and through the same checks."""

import ast
import tomllib
from collections.abc import Iterable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from artgen_osc.config.plugins import KINDS, own_registry
from artgen_osc.errors import ModelError
from artgen_osc.plugins.registry import Registry, State, group_of, own
from artgen_osc.testing.check import Check, case_of, checks_of, name_of, run_check
from artgen_osc.testing.signals import tone
from tests.test_foreign import write
from visuals.generators.generator import SHIPPED, choose, open_generator
from visuals.generators.idle import IdleGenerator

ROOT = Path(__file__).parents[1]
NEEDS_MORE = {
    "browser": "it hears a page",
    "url": "it hears a server",
    "device": "it hears an audio server; tests/live has it",
    "loopback": "the same",
    "window": "it needs a screen; tests/live has it",
}
"""Ours whose checks need something beside them; their own tests have it."""

CHECKS = [
    pytest.param(plugin.kind, plugin.name, check, id=f"{plugin.kind}-{plugin.name}-{name_of(check)}")
    for plugin in own_registry().plugins()
    if plugin.name not in NEEDS_MORE
    for check in checks_of(plugin.kind)
]


@pytest.fixture
def rest(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """What follows the name of one of ours that needs it."""
    name = request.node.callspec.params["name"]
    if name == "card":
        return str(SHIPPED)
    if name == "onnx":
        return str(write(tmp_path / "mine.onnx"))
    if name == "file":
        soundfile.write(tmp_path / "tone.wav", tone(4.0), 22050)
        return str(tmp_path / "tone.wav")
    return ""


@pytest.mark.parametrize(("kind", "name", "check"), CHECKS)
def test_ours_pass_the_checks(kind: str, name: str, check: Check, rest: str) -> None:
    result = run_check(check, case_of(own_registry().load(kind, name), rest))
    assert result.result != "failed", result.reason
    if result.result == "skipped":
        pytest.skip(result.reason)


def test_nothing_but_the_registry_imports_one_of_ours() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    concrete = {value.replace(":", ".") for kind in KINDS for value in declared[group_of(kind)].values()}
    assert {plugin.kind for plugin in own_registry().plugins()} == set(KINDS)
    for package in ("artgen_osc", "visuals", "training"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom):
                    assert not {f"{node.module}.{alias.name}" for alias in node.names} & concrete, path


class Added:
    """A stranger's generator."""

    rank: Any = 5

    @classmethod
    def accepts(cls, path: Path) -> Any:
        if isinstance(cls.rank, Exception):
            raise cls.rank
        return cls.rank if path.suffix == ".paint" else 0

    @staticmethod
    def open(model: str, threads: int, engine: str) -> Any:
        opened = IdleGenerator(64)
        opened.name = model  # type: ignore[misc]
        return opened


@pytest.fixture
def registry() -> Registry:
    class Entry(EntryPoint):
        def load(self) -> Any:
            return Added

    def found(group: str) -> Iterable[EntryPoint]:
        return [*own(group), Entry("added", "somewhere:Added", group)]

    return Registry(("generator",), found)


def test_which_generator_opens_what(registry: Registry, tmp_path: Path) -> None:
    theirs, ours = tmp_path / "a.paint", write(tmp_path / "mine.onnx")
    theirs.write_text("paint")
    assert choose("added", registry) == ("added", "")
    assert choose("added:blue", registry) == ("added", "blue")
    assert choose("idle", registry) == ("idle", "")
    assert choose(str(theirs), registry) == ("added", str(theirs))
    assert choose(str(ours), registry) == ("onnx", str(ours))
    assert choose(str(SHIPPED), registry) == ("card", str(SHIPPED))
    opened = open_generator("added:blue", registry=registry)
    assert opened.name == "blue" and np.shape(opened(np.ones(64, np.float32), np.ones(2, np.float32), 1.0)) == (
        64,
        64,
        3,
    )


def test_one_that_raises_is_asked_no_more(registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Added, "rank", ZeroDivisionError("by nothing"))
    ours = write(tmp_path / "mine.onnx")
    assert choose(str(ours), registry) == ("onnx", str(ours))
    added = registry.plugin("generator", "added")
    assert added.state is State.UNFIT and "by nothing" in added.reason
    with pytest.raises(ModelError, match="added: this generator can't be used: unexpected ZeroDivisionError"):
        open_generator("added", registry=registry)


def test_one_that_is_off_opens_nothing(registry: Registry, tmp_path: Path) -> None:
    registry.switch_off(["added"])
    (tmp_path / "a.paint").write_text("paint")
    with pytest.raises(ModelError, match="off names it"):
        open_generator("added", registry=registry)
    with pytest.raises(ModelError, match=r"a\.paint"):
        choose(str(tmp_path / "a.paint"), registry)
