"""Scenes as files: what is allowed, what is refused, and that a writer can be killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from artgen_osc.errors import SceneError
from tests import show_table
from visuals.control.scenes.file import Scene, held_by, name_of, read, to_text, write
from visuals.control.scenes.folder import SHIPPED

HELD = held_by(show_table.CONTRACT)
FULL = {key: setting.default for key, setting in HELD.items()}


def test_what_a_scene_holds() -> None:
    """A new setting with an address belongs to a scene, unless it is declared as one that doesn't."""
    with_address = {name_of(row.setting): row.path for row in show_table.VISUALS if row.holds_value}
    outside = {
        name for name, path in with_address.items() if path.startswith(("/visuals/output/", "/visuals/surface/"))
    }
    assert not outside & set(HELD), "windows, films and devices stay as they are"
    assert set(with_address) - outside - set(HELD) == {
        *("fullscreen", "help", "help_page", "freeze", "blackout", "snapshot_every", "snapshot_on_mood"),
        *("model_fade", "scene", "scene_fade", "scene_fade_beats", "transition", "quality"),
    }
    assert {"seed", "speed", "model", "second_model", "manual", "beat_cut", "grain"} <= set(HELD)


def test_a_scene_survives_its_file(tmp_path: Path) -> None:
    scene = Scene("dusk", {**FULL, "model": 'odd "name"\\\t\x7f é.onnx', "manual": True, "speed": 2.5}, "for the end")
    (tmp_path / "dusk.toml").write_text(to_text(scene), encoding="utf-8")
    assert read(tmp_path / "dusk.toml", HELD) == scene


def test_what_came_as_a_float_of_24_bits_is_written_as_it_was_meant() -> None:
    assert "grain = 0.3\n" in to_text(Scene("x", {"grain": 0.30000001192092896}))


@pytest.mark.parametrize(("text", "values"), [("[visuals]\nspeed = 2\n", {"speed": 2.0}), ("", {})])
def test_a_part_is_enough(tmp_path: Path, text: str, values: dict[str, float]) -> None:
    (tmp_path / "x.toml").write_text(text, encoding="utf-8")
    assert read(tmp_path / "x.toml", HELD) == Scene("x", values)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[visuals", "is not valid TOML"),
        ("[visuals]\nspeed = 99\n", "visuals.speed: 99 is out of range; choose a number from 0 to 8"),
        ("[visuals]\nspeed = nan\n", "visuals.speed: nan is out of range"),
        ("[visuals]\nseed = true\n", "visuals.seed: True is not a whole number"),
        ("[visuals]\nbeat_cut = 1\n", "visuals.beat_cut: 1 is not true or false"),
        ("[visuals]\nport = 1\n", "visuals.port: no such setting of a scene"),
        ("[visuals]\nfullscreen = true\n", "visuals.fullscreen: no such setting of a scene"),
        ("[visuals]\nblackout = true\nspeed = 9\n", "visuals.blackout: .*visuals.speed: "),
        ("[osc]\nport = 1\n", "osc: doesn't belong in a scene"),
        ("visuals = 3\n", "visuals: is not the table"),
        ("about = 3\n", "about: 3 is not text"),
    ],
)
def test_a_bad_file_says_what_is_wrong(tmp_path: Path, text: str, wrong: str) -> None:
    path = tmp_path / "x.toml"
    path.write_text(text)
    with pytest.raises(SceneError, match=rf"x\.toml: {wrong}"):
        read(path, HELD)


def test_what_is_no_small_text_file(tmp_path: Path) -> None:
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfd\0")
    (tmp_path / "large.toml").write_bytes(b"#" * 1_000_000)
    (tmp_path / "folder.toml").mkdir()
    os.mkfifo(tmp_path / "pipe.toml")
    for name, wrong in (
        ("binary", "is not text"),
        ("large", r"can't be read \(has 1000 kB, 262 kB at most\)"),
        ("folder", r"can't be read \(is a folder\)"),
        ("pipe", r"can't be read \(is a device or a pipe"),
    ):
        with pytest.raises(SceneError, match=f"{name}.toml: {wrong}"):
            read(tmp_path / f"{name}.toml", HELD)


def test_every_preset_is_right_and_says_what_it_is_for() -> None:
    presets = [read(path, HELD) for path in sorted(SHIPPED.glob("*"))]
    keys = {frozenset(key for key in preset.values if "." not in key and key != "order") for preset in presets}
    assert len(keys) == 1, "each sets the same, so that none leaves a trace of the one before"
    assert not keys.pop() & {"seed", "model", "second_model", "model_mix", "manual", "valence", "energy"}
    for preset in presets:
        assert preset.name.isalpha() and preset.name.islower()
        assert preset.about
    assert len({tuple(preset.values.values()) for preset in presets}) == len(presets)
    guide = (Path(__file__).parents[1] / "docs/scenes.md").read_text(encoding="utf-8")
    assert all(f"| `{preset.name}` | {preset.about} |" in guide for preset in presets)
    assert all(f"`{key}`" in guide for key in HELD if not key.startswith(("plugin.", "layer.")))


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, Scene("x", {"speed": 1.0}))

    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write(tmp_path, Scene("x", {"speed": 2.0}))
    assert read(tmp_path / "x.toml", HELD).values == {"speed": 1.0}
    assert [path.name for path in tmp_path.iterdir()] == ["x.toml"]


WRITER = """
import sys
from pathlib import Path
from visuals.control.scenes.file import Scene, write
for count in range(10**9):
    write(Path(sys.argv[1]), Scene("x", {"seed": count, "model": "m" * 4000}))
    print(count, flush=True)
"""


def test_a_writer_that_is_killed_leaves_a_whole_file(tmp_path: Path) -> None:
    for attempt in range(5):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE) as child:
            assert child.stdout
            child.stdout.readline()
            time.sleep(0.02 + 0.013 * attempt)
            child.send_signal(signal.SIGKILL)
        assert len(str(read(tmp_path / "x.toml", HELD).values["model"])) == 4000
    assert {path.name for path in tmp_path.iterdir()} <= {"x.toml", ".x.part"}
