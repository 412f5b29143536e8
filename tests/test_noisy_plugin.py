"""A plugin that prints, and threads that it starts: what a script reads stays whole, and the program ends."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ports import daemon_ports

NOISY = """
import threading
print("loading 1 %")

def stays():
    threading.Event().wait()

def fails():
    raise OSError("no such knob")

class Chatty:
    outputs = ()
    def __init__(self, settings):
        print("made")
        self.settings = settings
        threading.Thread(target=stays, name="forever", daemon=False).start()
        failing = threading.Thread(target=fails, name="knobs")
        failing.start()
        failing.join()
    def reset(self): ...
    def hop(self, hop):
        print("hop")
        return ()
"""


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """Of a program that finds the plugin installed, and little of ours to wait for."""
    site = tmp_path / "artgen_chatty-1.0.dist-info"
    site.mkdir()
    (site / "METADATA").write_text("Metadata-Version: 2.1\nName: artgen-chatty\nVersion: 1.0\n")
    (site / "entry_points.txt").write_text("[artgen.extractors]\nchatty = artgen_chatty:Chatty\n")
    (tmp_path / "artgen_chatty.py").write_text(NOISY)
    here = str(Path(__file__).parents[1])
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), here])}


def test_answers_hold_nothing_else_and_the_program_ends(env: dict[str, str], tmp_path: Path) -> None:
    words = ("daemon", "--input", "demo", "--mute", "--seconds", "1", *daemon_ports())
    done = subprocess.run(
        [sys.executable, "-m", "artgen_osc", *words], capture_output=True, text=True, env=env, cwd=tmp_path, timeout=120
    )
    assert done.returncode == 0
    told = done.stderr.splitlines()
    assert "artgen: thread knobs of artgen_chatty has ended: unexpected OSError: no such knob; -v shows more; " in (
        done.stderr
    )
    assert told[-1] == "artgen: thread forever of artgen_chatty doesn't end; artgen ends without it"
    listed = subprocess.run(
        [sys.executable, "-m", "artgen_osc", "plugins", "check", "chatty", "--json"],
        capture_output=True,
        text=True,
        env=env,
        timeout=120,
    )
    assert all(json.loads(line)["name"] == "chatty" for line in listed.stdout.splitlines()) and listed.stdout
    assert "loading 1 %" in listed.stderr
