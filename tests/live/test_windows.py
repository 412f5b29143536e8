"""Several windows on a real screen, whose parts count as displays."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from pythonosc.udp_client import SimpleUDPClient

from artgen_osc.runtime.toml import parse_toml
from tests.conftest import need_programs
from tests.live.servers import ROOT, Screen, running, screen
from tests.ports import free_port
from tests.support.waiting import wait_for

pytestmark = pytest.mark.live

DISPLAYS = "Laptop 0 0 640 360\nLeft 640 0 640 360\nRight 1280 0 640 360\n"
SHOW = """
[visuals]
model = "idle"
width = 320
height = 180
frame_width = 1120
frame_height = 360

[plugin.window2]
on = true
display = "left"
crop_right = 0.42857
edge_right = 0.25

[plugin.window3]
on = true
display = "Right"
crop_left = 0.42857
edge_left = 0.25
"""


@dataclass
class Stage:
    """A show on three displays."""

    screen: Screen
    displays: Path
    show: Path
    log: Path
    process: subprocess.Popen
    osc: SimpleUDPClient

    def part(self, number: int) -> np.ndarray:
        """What is on a display, float ``(360, 640, 3)``."""
        return self.screen.picture()[:, 640 * number : 640 * (number + 1)].astype(float)

    def lit(self, number: int) -> bool:
        return float(self.part(number).std()) > 4.0

    def type(self, *words: str) -> None:
        """What xdotool does."""
        subprocess.run(["xdotool", *words], env=os.environ | {"DISPLAY": self.screen.display}, check=True)

    def wait(self, what: str, condition: object) -> None:
        wait_for(condition, 60, what, self.log.read_text)  # type: ignore[arg-type]


@contextlib.contextmanager
def stage(folder: Path, show: str = SHOW) -> Iterator[Stage]:
    need_programs("Xvfb", "xdotool")
    displays, file, log, port = folder / "displays", folder / "show.toml", folder / "log", free_port()
    displays.write_text(DISPLAYS)
    file.write_text(show)
    words = ("visuals", f"--config={file}", f"--visuals-port={port}", "--visuals-query-port=0")
    with screen(folder / "screen", "1920x360") as display:
        env = os.environ | {"DISPLAY": display.display, "SDL_VIDEO_WINDOW_POS": "0,0", "PYTHONPATH": str(ROOT)}
        command = (sys.executable, "-m", "tests.live.displays", str(displays), *words)
        with running(*command, log=log, env=env) as process, SimpleUDPClient("127.0.0.1", port) as osc:
            yield Stage(display, displays, file, log, process, osc)
            assert process.poll() is None, log.read_text()
    assert "Traceback" not in log.read_text(), log.read_text()


def test_a_cable_that_falls_out_and_is_put_back(tmp_path: Path) -> None:
    with stage(tmp_path) as show:
        show.wait("all windows", lambda: all(show.lit(number) for number in range(3)))
        show.displays.write_text(DISPLAYS.replace("Right 1280 0 640 360\n", ""))
        show.wait("the window to go", lambda: show.part(2).max() == 0.0)
        said = "window3: no display 'Right'; it opens when that is there"
        show.wait("the word", lambda: said in show.log.read_text())
        show.wait("the others", lambda: show.lit(0) and show.lit(1))
        show.displays.write_text(DISPLAYS.replace("Right 1280 0 640 360", "Right 1380 60 500 300"))
        show.wait("the window again", lambda: show.part(2)[60:, 100:600].std() > 4.0)
        assert show.part(2)[:60].max() == 0.0
        assert show.log.read_text().count(said) == 1
        show.osc.send_message("/visuals/output/window3/on", 0)
        show.wait("the window to close", lambda: show.part(2).max() == 0.0)
        show.osc.send_message("/visuals/output/window3/display", "none of these")
        show.osc.send_message("/visuals/output/window3/on", 1)
        show.wait("what is wrong", lambda: "no display 'none of these'" in show.log.read_text())


def test_corners_are_moved_by_keys_and_mouse_and_kept(tmp_path: Path) -> None:
    with stage(tmp_path) as show:
        show.wait("all windows", lambda: all(show.lit(number) for number in range(3)))
        show.osc.send_message("/visuals/output/window2/test", 1)
        show.wait("the test picture", lambda: show.part(1)[230, 200].min() > 250)
        show.type("key", "e", "key", "e")
        show.wait("the grid", lambda: 100 < show.part(1)[230, 200].max() < 200)
        show.type("mousemove", "642", "2", "mousedown", "1", "mousemove", "740", "60", "mousemove", "768", "72")
        show.type("mouseup", "1")
        show.wait("the corner", lambda: show.part(1)[:40, :40].max() < 100)
        show.type("key", "shift+Right")
        show.type("key", "Escape")
        show.wait("the file", lambda: "top_left_x" in show.show.read_text())
        held = parse_toml(show.show.read_text())["plugin"]["window2"]
        assert held["top_left_x"] == pytest.approx(138 / 640, abs=0.003)
        assert held["top_left_y"] == pytest.approx(-72 / 360, abs=0.006)
        assert "test" not in held and held["display"] == "left"
        assert show.process.poll() is None, "Escape only left the edit mode"
        show.wait("the end of it", lambda: show.part(1)[:40, :40].max() == 0.0)


def test_the_first_window_is_pinned_too_and_costs_nothing_else(tmp_path: Path) -> None:
    with stage(tmp_path, '[visuals]\nmodel = "idle"\nwidth = 640\nheight = 360\n') as show:
        show.wait("the window", lambda: show.lit(0))
        show.type("mousemove", "320", "180", "key", "e", "key", "Tab", "key", "Tab", "key", "shift+Down")
        for _ in range(9):
            show.type("key", "shift+Down")
        show.type("key", "Escape")
        show.wait("the corner", lambda: show.part(0)[:60, 0].max() == 0.0)
        assert show.part(0)[340, 320].max() > 0
        held = parse_toml(show.show.read_text())["plugin"]["window"]
        assert held == {"top_left_y": pytest.approx(-100 / 360, abs=1e-4)}
        show.type("key", "e", "key", "shift+r", "key", "Escape")
        show.wait("all of it", lambda: show.part(0)[:60, 0].max() > 0.0)
