"""Imports go one way, and heavy ones happen late."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHARED_WITH_VISUALS = {"schema", "osc", "oscquery", "targets", "config", "errors", "modelfile", "runtime"}
SHARED_WITH_THE_GALLERY = ("artgen_osc.http.guard.", "artgen_osc.http.page_files.")
"""The gallery has a server of its own, which holds strangers off and gives its page's files as the show's does."""
SHARED_WITH_TRAINING = {
    "dsp",
    "downmix",
    "sound_file",
    "analysis",
    "mood",
    "mood_mel",
    "resample",
    "schema",
    "config",
    "errors",
    "modelfile",
    "runtime",
    "audio",
    "beat_network",
    "beat_spectrum",
}
STARTED_BY_THE_COMMANDS = {"visuals.app.run", "visuals.gallery.commands.run", "visuals.scenes.chosen"}
LENT_TO_TRAINING = {"foreign", "steering"}
"""A foreign generator is fitted through the very code that will paint with it."""
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


def inside(name: str) -> str:
    return name.split(".")[1] if "." in name else ""


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_one_way(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    for name in imports(path, everywhere=True):
        top = name.split(".")[0]
        if package == "artgen_osc":
            assert top != "training", name
            assert top != "visuals" or (path.parent.name == "commands" and name in STARTED_BY_THE_COMMANDS), name
        elif package == "visuals":
            assert top != "training", name
            shared = inside(name) in SHARED_WITH_VISUALS
            if path.parent.name == "gallery":
                shared |= name.startswith(SHARED_WITH_THE_GALLERY)
            assert top != "artgen_osc" or shared, name
        else:
            assert top != "visuals" or inside(name) in LENT_TO_TRAINING, name
            assert top != "artgen_osc" or inside(name) in SHARED_WITH_TRAINING, name
        assert top != "torch" or package == "training", name


@pytest.mark.parametrize(
    "path", [path for path in SOURCES if "training" not in path.parts], ids=lambda path: str(path.relative_to(ROOT))
)
def test_heavy_imports_happen_late(path: Path) -> None:
    assert not {name.split(".")[0] for name in imports(path, everywhere=False)} & HEAVY


def test_no_file_is_too_long() -> None:
    assert not [str(path) for path in SOURCES if len(path.read_text().splitlines()) > 400]


def test_help_loads_nothing_heavy() -> None:
    code = "import sys, artgen_osc.cli; print(sorted({n.split('.')[0] for n in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for name in (*HEAVY, "numpy", "visuals"):
        assert repr(name) not in loaded


def test_clock_is_monotonic() -> None:
    """Time is monotonic or stream time, never wall clock (file names and the time tags of bundles excepted)."""
    assert not [str(path) for path in SOURCES if "time.time()" in path.read_text()]
    assert [path.name for path in SOURCES if "time.time_ns()" in path.read_text()] == ["osc_schedule.py"]
