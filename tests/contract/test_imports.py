"""Heavy imports happen late, rooms keep their own names; that arrows point down only is import-linter's to check."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from artgen_osc.config.plugins import KINDS
from artgen_osc.plugins.registry import own

ROOT = Path(__file__).parents[2]
HEAVY = {
    "av",
    "sounddevice",
    "soundfile",
    "pygame",
    "moderngl",
    "openvino",
    "onnxruntime",
    "librosa",
    "torch",
    "PIL",
    "aiohttp",
    "segno",
    "zeroconf",
}
SOURCES = sorted(path for package in ("artgen_osc", "visuals", "training") for path in (ROOT / package).rglob("*.py"))


def imports(path: Path, everywhere: bool) -> set[str]:
    """Dotted names that a file imports: everywhere, or only when it is imported itself."""
    tree = ast.parse(path.read_text())
    nodes = ast.walk(tree) if everywhere else iter(tree.body)
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_rooms_keep_their_own_names() -> None:
    """Nobody imports another room's `_name`."""
    assert not [
        f"{path.relative_to(ROOT)}: {name}"
        for path in SOURCES
        for name in imports(path, everywhere=True)
        if name.rpartition(".")[2].startswith("_") and not name.rpartition(".")[2].startswith("__")
    ]


@pytest.mark.parametrize(
    "path",
    [path for path in SOURCES if path.relative_to(ROOT).parts[0] != "training"],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_heavy_imports_happen_late(path: Path) -> None:
    assert not {name.split(".")[0] for name in imports(path, everywhere=False)} & HEAVY


def test_no_file_is_too_long() -> None:
    assert not [str(path) for path in SOURCES if len(path.read_text().splitlines()) > 400]


def test_help_loads_nothing_heavy() -> None:
    code = "import sys; from artgen_osc.cli import build_parser; build_parser(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for name in (*HEAVY, "numpy"):
        assert name not in loaded.split()


def test_clock_is_monotonic() -> None:
    """Time is monotonic or stream time, never wall clock (file names and the time tags of bundles excepted)."""
    assert not [str(path) for path in SOURCES if "time.time()" in path.read_text()]
    assert [path.name for path in SOURCES if "time.time_ns()" in path.read_text()] == ["schedule.py"]


def test_nothing_but_the_registry_imports_a_plugin() -> None:
    """Not even ours: whoever uses one asks for its kind and name."""
    entries = [entry for kind in KINDS for entry in own(f"artgen.{kind}s")]
    classes = {entry.value.replace(":", ".") for entry in entries}
    assert {"artgen_osc.audio.inputs.File", "artgen_osc.mood.extractor.MoodExtractor"} <= classes
    assert not [
        f"{path.relative_to(ROOT)}: {name}" for path in SOURCES for name in imports(path, everywhere=True) & classes
    ]
