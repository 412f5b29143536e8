import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from artgen_osc.config.settings import ConfigFile
from artgen_osc.config.tables import VisualsConfig
from artgen_osc.errors import ConfigError, DisplayError, ModelError, OscError
from artgen_osc.osc.sender import OscSender
from artgen_osc.schema.values import Value
from tests import show_table
from tests.ports import free_port
from visuals.app import run
from visuals.compositor.screen import Screen
from visuals.control.controls import Control
from visuals.gallery.files import read
from visuals.help import Around, help_lines
from visuals.loop import RenderLoop
from visuals.outputs.kind import OutputHost, Showing
from visuals.outputs.strip import Strip
from visuals.outputs.window import Window, WindowSettings
from visuals.outputs.x11 import has_window_manager

pytestmark = pytest.mark.slow

ROWS = show_table.by_path(show_table.SENT, show_table.VISUALS)


@pytest.fixture
def port() -> int:
    return free_port()


def small(port: int, show_file: Path | None = None, **settings: Any) -> ConfigFile:
    given = {"port": port, "query_port": 0, "width": 160, "height": 90, "model": "idle", "headless": True, **settings}
    return ConfigFile(show_file, {f"visuals.{name}": value for name, value in given.items()})


def test_runs_for_a_time_and_leaves_a_strip(gl_context: Any, port: int, tmp_path: Path) -> None:
    from PIL import Image

    path = tmp_path / "new" / "strip.png"
    assert run(small(port), seconds=5.5, strip=path) == 0
    sheet = np.asarray(Image.open(path))
    assert sheet.shape[0] == 180
    assert sheet.shape[1] >= 3 * 324 - 4
    assert sheet[:, -300:].mean() > 10.0


@pytest.mark.parametrize("seconds", [2, 5, 23, 24, 26, 300])
def test_a_strip_is_bounded_and_spread_over_the_show(tmp_path: Path, seconds: int) -> None:
    from PIL import Image

    strip = Strip(tmp_path / "new" / "s.png", width=32)
    for step in range(seconds * 10 + 1):
        if strip.due(step / 10):
            strip.add(step / 10, np.full((18, 32, 3), 255 * step // (seconds * 10 + 1), np.uint8))
    strip.close()
    sheet = np.asarray(Image.open(strip.path))
    assert sheet.shape[0] <= 4 * 22
    levels = [int(sheet[y + 9, x + 16, 0]) for y in range(0, sheet.shape[0], 22) for x in range(0, sheet.shape[1], 36)]
    while len(levels) > 1 and levels[-1] == 0:
        levels.pop()
    assert len(levels) <= 24
    assert np.all(np.diff(levels) > 0)
    assert seconds < 5 or levels[-1] > 200


def test_an_empty_strip_leaves_no_file_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    strip = Strip(tmp_path / "s.png")
    assert strip.empty
    strip.close()
    assert not strip.path.exists()
    assert "s.png: not written, since the show ended before its first picture" in caplog.text


def test_a_short_show_leaves_what_there_is(gl_context: Any, port: int, tmp_path: Path) -> None:
    from PIL import Image

    def on_frame(loop: RenderLoop, control: Control) -> None:
        if loop.scene.pictures:
            loop.stop()

    path = tmp_path / "strip.png"
    assert run(small(port), seconds=30.0, strip=path, on_frame=on_frame) == 0
    sheet = np.asarray(Image.open(path))
    assert sheet.shape == (180, 320, 3)
    assert sheet.mean() > 10.0


@pytest.mark.parametrize("child", [False, True])
def test_a_mistake_in_the_show_file_is_told_once(
    gl_context: Any, port: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, child: bool
) -> None:
    """By the daemon, where there is one."""
    looks = 0

    def mistaken() -> None:
        nonlocal looks
        looks += 1
        raise ConfigError("one is wrong\ntwo is wrong")

    def on_frame(loop: RenderLoop, control: Control) -> None:
        if looks:
            loop.stop()

    file = small(port)
    monkeypatch.setattr(file, "changes", mistaken)
    assert run(file, seconds=30.0, child=child, on_frame=on_frame) == 0
    told = [record.getMessage() for record in caplog.records if "the old values are kept" in record.message]
    assert told == ([] if child else [f"{word} is wrong; the old values are kept" for word in ("one", "two")])


def test_a_strip_that_cannot_be_written_does_not_end_the_show(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    strip = Strip(tmp_path / "file" / "s.png")
    strip.add(0.0, np.zeros((18, 32, 3), np.uint8))
    strip.close()
    assert "can't be written" in caplog.text


def test_a_strip_does_not_wait_for_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "s.png")
    strip = Strip(tmp_path / "s.png")
    strip.add(0.0, np.zeros((18, 32, 3), np.uint8))
    strip.close()
    assert (tmp_path / "s.png").is_file()
    assert len([*tmp_path.iterdir()]) == 1


def test_a_strip_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"s\.mp7 is not a picture"):
        Strip(tmp_path / "s.mp7")


def test_a_patch_alone_is_enough_to_perform(
    gl_context: Any, port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything over real datagrams, without a daemon."""
    monkeypatch.chdir(tmp_path)
    sender = OscSender([f"127.0.0.1:{port}"])
    script: list[list[tuple[str, Value]]] = [
        [("/visuals/scene", "club")],
        [("/visuals/mood/manual", 1), ("/visuals/mood/valence", 0.9), ("/visuals/mood/energy", 0.8)],
        [("/visuals/seed", 12), ("/visuals/speed", 2.0), ("/visuals/snapshot", 1), ("/visuals/fullscreen", 1)],
        [("/visuals/quit", 1)],
    ]
    seen: list[Control] = []

    def on_frame(loop: RenderLoop, control: Control) -> None:
        seen.append(control)
        if len(seen) % 10 == 0 and script:
            sender.send([(ROWS[path], value) for path, value in script.pop(0)])

    assert run(small(port), seconds=30.0, on_frame=on_frame) == 0
    sender.close()
    last = seen[-1]
    assert (last.valence, last.energy) == pytest.approx((0.9, 0.8))
    assert (last.settings.seed, last.settings.speed) == (12, 2.0)
    (kept,) = (tmp_path / "gallery").glob("*.png")
    about = read(kept).about
    assert (about.id, about.cause, about.width, about.height) == (kept.stem, "asked", 160, 90)
    assert about.scene == "club" and about.effects["brush"] > 0.0


def test_models_from_elsewhere_are_switched_by_name(gl_context: Any, port: int, tmp_path: Path) -> None:
    """Two sizes and two lengths of z, over real datagrams; an unknown name changes nothing."""
    pytest.importorskip("onnx", reason="writing a model takes onnx")
    from tests.test_foreign import write

    fire, water = write(tmp_path / "fire.onnx"), write(tmp_path / "water.onnx", "HWC", 4)
    sender = OscSender([f"127.0.0.1:{port}"])
    script: list[tuple[str, Value]] = [
        ("/visuals/model", "water"),
        ("/visuals/model", "air"),
        ("/visuals/model/second", "fire"),
        ("/visuals/model/mix", 0.5),
        ("/visuals/quit", 1),
    ]
    seen: list[str] = []

    def on_frame(loop: RenderLoop, control: Control) -> None:
        lines = help_lines(control, loop.scene, Around((160, 90)))
        seen.append(next(line for line in lines if line.startswith("generator")).split(",")[0])
        if len(seen) % 30 == 0 and script and not loop.scene.worker.loading:
            path, value = script.pop(0)
            sender.send([(ROWS[path], value)])

    assert run(small(port, models=[str(fire), str(water)]), seconds=60.0, on_frame=on_frame) == 0
    sender.close()
    names = list(dict.fromkeys(line.split("\t")[1] for line in seen))
    assert names == ["idle", "water", "water and fire 0%", "water and fire 50%"]


def test_a_saved_show_file_is_obeyed_and_a_bad_edit_is_not(gl_context: Any, port: int, tmp_path: Path) -> None:
    show_file = tmp_path / "show.toml"
    show_file.write_text("[visuals]\nspeed = 1.0\n")
    edits = ["[visuals]\nspeed = 3.0\nfreeze = true\n", "[visuals]\nspeed = 99\n"]
    seen: list[Control] = []
    next_edit = 0.0

    def on_frame(loop: RenderLoop, control: Control) -> None:
        nonlocal next_edit
        seen.append(control)
        if edits and time.monotonic() > next_edit:
            next_edit = time.monotonic() + 2.5
            show_file.write_text(edits.pop(0))

    assert run(small(port, show_file), seconds=6.0, on_frame=on_frame) == 0
    assert seen[0].settings.speed == 1.0
    assert seen[-1].settings.speed == 3.0
    assert seen[-1].settings.freeze


def test_a_lost_frame_does_not_end_the_show(
    gl_context: Any, port: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    draw, calls = Screen.draw, 0

    def failing(screen: Screen, *given: Any) -> None:
        nonlocal calls
        calls += 1
        if calls in (3, 4, 5):
            raise RuntimeError("driver hiccup")
        draw(screen, *given)

    monkeypatch.setattr(Screen, "draw", failing)
    frames: list[Control] = []
    assert run(small(port), seconds=1.0, on_frame=lambda loop, control: frames.append(control)) == 0
    assert frames
    assert sum("driver hiccup" in record.message for record in caplog.records) == 1


def test_a_port_in_use(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", port))
        with pytest.raises(OscError, match="can't listen"):
            run(small(port), seconds=1.0)


def test_a_bad_model_at_the_start(gl_context: Any, port: int, tmp_path: Path) -> None:
    (tmp_path / "cut.onnx").write_bytes(b"\x08\x08")
    with pytest.raises(ModelError, match=r"cut\.onnx"):
        run(small(port, model=str(tmp_path / "cut.onnx")), seconds=1.0)
    run(small(port), seconds=0.1)  # the port is free again


CHILD = """
import sys
from artgen_osc.config.settings import ConfigFile
from artgen_osc.errors import ArtgenError
from visuals.app import run
given = {"port": int(sys.argv[1]), "query_port": 0, "headless": sys.argv[2] == "headless"}
given |= {"width": 160, "height": 90, "model": "idle"}
file = ConfigFile(None, {f"visuals.{name}": value for name, value in given.items()})
try:
    sys.exit(run(file, on_frame=lambda loop, control: print("on", flush=True)))
except ArtgenError as error:
    print(error, file=sys.stderr)
    sys.exit(2)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_cleanly(gl_context: Any, port: int, number: signal.Signals) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(port), "headless"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with child:
        watchdog = threading.Timer(60.0, child.kill)
        watchdog.start()
        assert child.stdout is not None
        assert child.stdout.readline() == "on\n"
        child.send_signal(number)
        _, errors = child.communicate(timeout=30.0)
        watchdog.cancel()
    assert child.returncode == 0
    assert errors == ""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems always have a display")
def test_no_display_is_one_line(port: int) -> None:
    bare = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    result = subprocess.run(
        [sys.executable, "-c", CHILD, str(port), "window"],
        env={**bare, "SDL_VIDEODRIVER": "x11"},
        capture_output=True,
        text=True,
        timeout=60.0,
        check=False,
    )
    assert result.returncode == 2
    assert result.stderr.startswith("display: can't open one")
    assert "--headless" in result.stderr
    assert result.stderr.count("\n") == 1


def host() -> OutputHost:
    config = VisualsConfig(width=160, height=90)
    return OutputHost(config, show_table.CONTRACT, Showing(Control(config), (160, 90)))


def test_a_display_without_opengl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    with pytest.raises(DisplayError, match="OpenGL"):
        Window(WindowSettings(), host())
    with pytest.raises(DisplayError, match="choose from 0 to 0"):
        Window(WindowSettings(5), host())


def test_without_x11_fullscreen_is_left_to_sdl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    assert has_window_manager()
