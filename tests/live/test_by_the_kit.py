"""What needs an audio server or a screen keeps what its kind promises, where there is one."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import need_programs
from tests.live.servers import ARTGEN, pulse_server, render_song, running, screen

pytestmark = pytest.mark.live


def results(name: str, env: dict[str, str]) -> set[str]:
    check = (*ARTGEN, "plugins", "check", name, "--json")
    done = subprocess.run(check, env=os.environ | env, capture_output=True, text=True, timeout=120)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert told and not done.returncode, (name, told, done.stderr)
    return {result["result"] for result in told}


def test_the_device_and_what_the_computer_plays(tmp_path: Path) -> None:
    need_programs("pulseaudio", "pactl", "paplay", "fluidsynth")
    wav = render_song(tmp_path)
    with pulse_server(tmp_path / "pulse") as env:
        for name in ("device:pulse", "loopback"):
            with running("paplay", "--device=vj", str(wav), log=tmp_path / "paplay.log", env=env):
                assert results(name, env) == {"passed"}


def test_the_window(tmp_path: Path) -> None:
    need_programs("Xvfb")
    with screen(tmp_path / "screen", "1280x720") as display:
        assert "passed" in results("window", {"DISPLAY": display.display})
