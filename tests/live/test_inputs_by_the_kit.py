"""The inputs that need an audio server keep what their kind promises, with one."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import need_programs
from tests.live.servers import ARTGEN, pulse_server, render_song, running

pytestmark = pytest.mark.live


def test_the_device_and_what_the_computer_plays(tmp_path: Path) -> None:
    need_programs("pulseaudio", "pactl", "paplay", "fluidsynth")
    wav = render_song(tmp_path)
    with pulse_server(tmp_path / "pulse") as env:
        play = ("paplay", "--device=vj", str(wav))
        for name in ("device:pulse", "loopback"):
            with running(*play, log=tmp_path / "paplay.log", env=env):
                check = (*ARTGEN, "plugins", "check", name, "--json")
                done = subprocess.run(check, env=os.environ | env, capture_output=True, text=True, timeout=120)
            results = [json.loads(line) for line in done.stdout.splitlines()]
            assert results and {result["result"] for result in results} == {"passed"}, (name, results, done.stderr)
