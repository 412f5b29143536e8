"""A show starts in any folder: no module that lies there runs in place of one of ours or of those we import."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import soundfile

from artgen_osc.runtime.child import python_module
from artgen_osc.web.songs import SongsPart
from tests import signals
from tests.ports import live_ports
from tests.song_server import PAINT, SongServer
from tests.support.waiting import wait_for

pytestmark = pytest.mark.slow

PLANTED = (
    *("artgen_osc/__init__.py", "artgen_osc/__main__.py", "artgen_osc/cli.py", "visuals/__init__.py"),
    *("soundfile.py", "numpy.py", "runpy.py", "json.py", "logging.py", "sitecustomize.py"),
)
CODE = "import os\nwith open(os.path.join({folder!r}, 'PLANTED'), 'a') as file:\n    file.write(__file__ + '\\n')\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with modules that tell of it when they run."""
    for name in PLANTED:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(CODE.format(folder=str(tmp_path)))
    soundfile.write(tmp_path / "song.wav", signals.song(8.0, 22050), 22050)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def assert_nothing_ran(folder: Path) -> None:
    told = folder / "PLANTED"
    assert not told.exists(), told.read_text()


def test_what_is_planted_would_run(folder: Path) -> None:
    subprocess.run([sys.executable, "-m", "artgen_osc"], cwd=folder, check=True)
    assert "__main__.py" in (folder / "PLANTED").read_text()


def test_a_show_and_its_renderer(gl_context: Any, folder: Path) -> None:
    show = ("live", "--input=demo", "--mute", "--headless", "--visuals-model=idle", "--seconds=30", "-v")
    command = [*python_module("artgen_osc", *show), *live_ports()]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        assert process.stderr
        lines = []
        for line in process.stderr:
            lines.append(line)
            if "first picture" in line:
                process.terminate()
        assert process.wait(20) == 0
    assert any("first picture" in line for line in lines), lines
    assert_nothing_ran(folder)


def test_a_song_that_is_painted_by_hand(gl_context: Any, folder: Path) -> None:
    command = python_module("artgen_osc", "gallery", "paint", "song.wav", "--visuals-model=idle", "--size=64")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done
    assert (folder / "gallery" / f"{done.stdout.strip()}.png").is_file()
    assert_nothing_ran(folder)


def test_the_work_on_an_upload(gl_context: Any, folder: Path) -> None:
    sound = (folder / "song.wav").read_bytes()
    server = SongServer(lambda: SongsPart(folder / "songs", (*PAINT, f"--gallery={folder / 'gallery'}")))
    try:
        with urllib.request.urlopen(f"{server.url}/songs?name=song.wav", sound, timeout=20) as answer:
            id = json.load(answer)["id"]

        def song() -> Any:
            with urllib.request.urlopen(f"{server.url}/songs/{id}", timeout=20) as answer:
                return json.load(answer)

        wait_for(lambda: song()["state"] in ("done", "failed"), 60.0)
        assert song()["state"] == "done", song()
        assert song()["picture"]
    finally:
        server.close()
    assert_nothing_ran(folder)
