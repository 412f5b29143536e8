"""What comes with artgen goes the way of everybody's plugins: by the registry alone, and through the same checks."""

import ast
import sys
import threading
import tomllib
from collections.abc import Callable, Iterable
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
from visuals.generators import opening
from visuals.generators.generator import paint, width_for
from visuals.generators.idle import IdleGenerator
from visuals.generators.opening import SHIPPED, choose, open_generator

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
    if name == "text":
        return "GOOD EVENING"
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


@pytest.mark.parametrize(
    ("paints", "says"),
    [
        (lambda: np.zeros((8, 8), np.uint8), r"painted uint8 \(8, 8\)"),
        (lambda: np.zeros((8, 8, 3), np.float32), r"painted float32 \(8, 8, 3\)"),
        (lambda: np.zeros((8, 0, 3), np.uint8), r"painted uint8 \(8, 0, 3\)"),
        (lambda: None, "painted None"),
        (lambda: sys.exit(1), "unexpected SystemExit: 1"),
        (lambda: 1 // 0, "unexpected ZeroDivisionError"),
    ],
)
def test_what_is_no_picture_is_told_by_its_name(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, paints: Callable[[], Any], says: str
) -> None:
    class Wrong(IdleGenerator):
        def __call__(self, z: Any, mood: Any, truncation: Any) -> Any:
            return paints()

    monkeypatch.setattr(Added, "open", staticmethod(lambda model, threads, engine: Wrong(64)))
    opened = open_generator("added", registry=registry)
    with pytest.raises(ModelError, match=f"^generator added: .*{says}"):
        opened(np.ones(64, np.float32), np.ones(2, np.float32), 1.0)


@pytest.mark.parametrize(
    ("width", "picture", "says"),
    [
        (lambda aspect: aspect, None, r"width_for gave 2\.0; a whole number from 0"),
        (lambda aspect: 1 // 0, None, "unexpected ZeroDivisionError"),
        (lambda aspect: 16, (8, 12, 3), r"painted uint8 \(8, 12, 3\); uint8 \(height, 16, 3\)"),
    ],
)
def test_of_many_shapes_it_is_held_to_what_it_says(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, width: Callable[[float], Any], picture: Any, says: str
) -> None:
    class Wide(IdleGenerator):
        def width_for(self, aspect: float) -> Any:
            return width(aspect)

        def paint_wide(self, z: Any, mood: Any, truncation: float, width: int) -> Any:
            return np.zeros(picture, np.uint8)

    monkeypatch.setattr(Added, "open", staticmethod(lambda model, threads, engine: Wide(64)))
    opened = open_generator("added", registry=registry)
    with pytest.raises(ModelError, match=f"^generator added: .*{says}"):
        paint(opened, np.ones(64, np.float32), np.ones(2, np.float32), 1.0, width_for(opened, 2.0))


def test_what_cant_be_opened_is_told_by_its_name(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    def leaves(model: str, threads: int, engine: str) -> Any:
        raise SystemExit(7)

    monkeypatch.setattr(Added, "open", staticmethod(leaves))
    with pytest.raises(ModelError, match="generator added: can't be opened"):
        open_generator("added", registry=registry)
    nameless = IdleGenerator(64)
    nameless.name = 7  # type: ignore[misc, assignment]
    monkeypatch.setattr(Added, "open", staticmethod(lambda model, threads, engine: nameless))
    with pytest.raises(ModelError, match="generator added: name 7"):
        open_generator("added", registry=registry)


def test_one_that_raises_is_asked_no_more(registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Added, "rank", ZeroDivisionError("by nothing"))
    ours = write(tmp_path / "mine.onnx")
    assert choose(str(ours), registry) == ("onnx", str(ours))
    added = registry.plugin("generator", "added")
    assert added.state is State.UNFIT and "by nothing" in added.reason
    with pytest.raises(ModelError, match="added: this generator can't be used: unexpected ZeroDivisionError"):
        open_generator("added", registry=registry)


def test_one_that_takes_anything_comes_last(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Added, "accepts", staticmethod(lambda path: 1000))
    ours, theirs = write(tmp_path / "mine.onnx"), tmp_path / "a.paint"
    theirs.write_text("paint")
    assert choose(str(ours), registry) == ("onnx", str(ours))
    assert choose(str(theirs), registry) == ("added", str(theirs)), "nobody else takes it"


def test_what_artgen_has_exported_is_always_ours(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Added, "accepts", staticmethod(lambda path: 1000 * (path.suffix == ".onnx")))
    assert choose(str(SHIPPED), registry) == ("card", str(SHIPPED))


def test_a_draw_is_told_in_a_line_and_ours_wins_it(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Added, "accepts", staticmethod(lambda path: path.suffix == ".onnx"))
    ours = write(tmp_path / "mine.onnx")
    assert choose(str(ours), registry) == ("onnx", str(ours))
    told = f"{ours}: added and onnx take it alike; onnx opens it; write NAME:FILE to choose"
    assert caplog.messages == [told]


def test_one_that_looks_at_a_file_for_ever_is_asked_no_more(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = threading.Event()
    monkeypatch.setattr(opening, "ACCEPTS_S", 0.05)
    monkeypatch.setattr(Added, "accepts", staticmethod(lambda path: blocked.wait()))
    ours = write(tmp_path / "mine.onnx")
    assert choose(str(ours), registry) == ("onnx", str(ours))
    blocked.set()
    added = registry.plugin("generator", "added")
    assert (added.state, added.reason) == (State.BLOCKED, "accepts hasn't come back within 0.05 s")


def test_one_that_is_off_opens_nothing(registry: Registry, tmp_path: Path) -> None:
    registry.switch_off(["added"])
    (tmp_path / "a.paint").write_text("paint")
    with pytest.raises(ModelError, match="off names it"):
        open_generator("added", registry=registry)
    with pytest.raises(ModelError, match=r"a\.paint"):
        choose(str(tmp_path / "a.paint"), registry)
