"""The Python examples, as a user starts them."""

import re
import sys
from pathlib import Path

from artgen_osc.osc.receiver import capture
from tests import show_table
from tests.live.servers import running
from tests.osc_show import show
from tests.ports import free_port
from tests.support.waiting import wait_for

PYTHON = Path(__file__).parents[1] / "examples/python"
CONTROLS = show_table.by_path(show_table.VISUALS)


def test_listen_prints_the_mood_on_each_beat_and_steers_the_speed(tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    with capture() as renderer:
        command = (sys.executable, "-u", str(PYTHON / "listen.py"), f"--port={port}", "--steer")
        with running(*command, f"--renderer={renderer.port}", log=log), show(port, valence=0.25, energy=0.75):
            wait_for(lambda: log.read_text().count("beat") >= 5, 60, "five beats")
        messages = renderer.read(0.2)
    counts = [int(count) for count in re.findall(r"beat +(\d+) +300.0 bpm +valence 0.25 +energy 0.75", log.read_text())]
    assert len(counts) >= 3
    assert counts == sorted(set(counts))
    assert {message.path for _, message in messages} == {"/visuals/speed"}
    assert {CONTROLS["/visuals/speed"].check(message.arguments) for _, message in messages} == {3.5}


def test_steer_sends_what_the_renderer_understands(tmp_path: Path) -> None:
    with capture() as renderer:
        command = (sys.executable, str(PYTHON / "steer.py"), f"--port={renderer.port}", "--seconds=1")
        with running(*command, log=tmp_path / "log") as process:
            wait_for(lambda: process.poll() is not None, 60, "the end of steer.py")
        messages = renderer.read(0.2)
    assert process.returncode == 0, (tmp_path / "log").read_text()
    for _, message in messages:
        CONTROLS[message.path].check(message.arguments)
    values = [message.arguments for _, message in messages if message.path == "/visuals/mood/valence"]
    assert len(set(values)) > 10
    manual = [message.arguments for _, message in messages if message.path == "/visuals/mood/manual"]
    assert manual == [(1,), (0,)]
    assert "/visuals/seed/next" in {message.path for _, message in messages}
