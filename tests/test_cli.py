"""Bad input: one line that says what is wrong with which value and what to do; exit status 2; no traceback."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from artgen_osc.cli import build_parser, main
from artgen_osc.config.arguments import flags as flags_of
from artgen_osc.config.flags import flags
from artgen_osc.mood import estimator as mood
from tests.live.servers import ARTGEN, ROOT
from tests.ports import daemon_ports, live_ports, visuals_ports
from tests.support.texts import is_told

pytestmark = pytest.mark.slow

NO_DISPLAY = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
NO_DISPLAY["PULSE_SERVER"] = "unix:/nonexistent"
PORTS: dict[str, Callable[[], tuple[str, ...]]] = {
    "daemon": daemon_ports,
    "live": live_ports,
    "visuals": visuals_ports,
}


def artgen(command: str, *words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    ports = PORTS.get(command, tuple[str, ...])()
    return subprocess.run(
        [*ARTGEN, command, *ports, *words],
        capture_output=True,
        text=True,
        env=env or NO_DISPLAY,
        cwd=ROOT,
        timeout=60,
        check=False,
    )


def assert_refused(answer: subprocess.CompletedProcess[str], *words: str, lines: int = 1) -> None:
    assert answer.returncode == 2, answer
    text = answer.stderr.strip().splitlines()
    assert len(text) == lines, answer.stderr
    for line in text:
        assert line.startswith("artgen: ")
        assert is_told(line.removeprefix("artgen: ")), line
    for word in words:
        assert word in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_device_that_is_not_there() -> None:
    assert_refused(artgen("daemon", "--input", "device:no such thing"), "fits no input")


def test_an_unknown_input() -> None:
    assert_refused(artgen("daemon", "--input", "tape"), "'tape' isn't known")


@pytest.mark.parametrize("content", [b"", b"not sound", b"RIFF\xff\xff\xff\xffWAVE"])
def test_an_unreadable_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "song.wav"
    path.write_bytes(content)
    assert_refused(artgen("daemon", "--input", f"file:{path}"), str(path))


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    soundfile.write(path, np.zeros((0, 2)), 44100)
    assert_refused(artgen("live", "--headless", "--input", f"file:{path}"), "holds no sound")


def test_an_engine_that_is_not_there() -> None:
    answer = artgen("visuals", "--headless", "--engine=directml", "--seconds=5")
    if sys.platform != "win32":
        assert_refused(answer, "needs Windows", "auto, openvino")
    assert_refused(artgen("visuals", "--headless", "--engine=tpu"), "'tpu' is not known; choose from auto, cuda")


def test_a_truncated_model(tmp_path: Path) -> None:
    path = tmp_path / "mood.onnx"
    path.write_bytes(mood.SHIPPED_MODEL.read_bytes()[:5000])
    assert_refused(artgen("daemon", "--input=demo", "--mute", f"--mood-model={path}"), "damaged or truncated")


def test_a_model_of_another_kind() -> None:
    answer = artgen("visuals", "--headless", f"--visuals-model={mood.SHIPPED_MODEL}", "--seconds=5")
    assert_refused(answer, "is a mood model, not a generator model")


def test_a_busy_port() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        assert_refused(artgen("daemon", "--input=demo", "--mute", f"--osc-port={port}"), "can't listen")
        assert_refused(artgen("visuals", "--headless", f"--visuals-port={port}"), "can't listen")


def test_a_config_with_three_mistakes(tmp_path: Path) -> None:
    path = tmp_path / "show.toml"
    path.write_text("[visuals]\nspede = 1\nfps = 900\n[mood]\nsmoothing = 'slow'\n")
    assert_refused(artgen("live", "--config", str(path)), "did you mean speed?", "900", "'slow'", lines=3)


def test_no_display() -> None:
    assert_refused(artgen("visuals", "--seconds=5"), "--headless")


def test_live_ends_when_there_is_no_display() -> None:
    answer = artgen("live", "--input=demo", "--mute", "--seconds=20")
    assert_refused(answer, "--headless")


def test_no_opengl() -> None:
    # Without a display the way through X takes :0, which may be another test's.
    env = NO_DISPLAY | {
        "GLCONTEXT_LINUX_LIBX11": "nonexistent.so",
        "__EGL_VENDOR_LIBRARY_FILENAMES": "/nonexistent.json",
        "EGL_PLATFORM": "none",
    }
    assert_refused(artgen("visuals", "--headless", "--seconds=5", env=env), "OpenGL")


def test_a_bad_target() -> None:
    assert_refused(artgen("daemon", "--input=demo", "--mute", "--osc=nowhere"), "is not a target")


def test_a_bad_flag_is_a_usage_error() -> None:
    answer = artgen("live", "--visuals-fps", "many")
    assert answer.returncode == 2
    assert "'many' is not a whole number" in answer.stderr


def test_analyze_json(tmp_path: Path) -> None:
    good, bad = tmp_path / "noise.wav", tmp_path / "bad.wav"
    soundfile.write(good, np.random.default_rng(0).normal(0, 0.1, 44100 * 3), 44100)
    bad.write_bytes(b"no")
    answer = artgen("analyze", str(bad), str(good), "--json")
    assert answer.returncode == 2
    first, second = (json.loads(line) for line in answer.stdout.splitlines())
    assert set(first) == {"file", "error"}
    assert set(second) >= {
        "file",
        "duration",
        "valence",
        "energy",
        "confidence",
        "onsets",
        "mood",
        "tempo_bpm",
        "beats",
        "key",
        "pitch",
    }
    assert second["duration"] == pytest.approx(3.0)


def test_config_prints_what_it_reads(tmp_path: Path) -> None:
    first = artgen("config", "--visuals-speed=2", "--osc=max")
    path = tmp_path / "show.toml"
    path.write_text(first.stdout)
    second = artgen("config", "--config", str(path))
    assert second.returncode == 0
    assert "speed = 2.0" in second.stdout
    assert 'targets = ["max"]' in second.stdout


def test_config_prints_the_maps(tmp_path: Path) -> None:
    path = tmp_path / "show.toml"
    path.write_text('[[map]]\nfrom = "level"\nto = "/x"\nrange = [1, 0]\n')
    first = artgen("config", "--config", str(path))
    assert 'from = "level"' in first.stdout
    path.write_text(first.stdout)
    assert artgen("config", "--config", str(path)).stdout.split("[[map]]")[1] == first.stdout.split("[[map]]")[1]


def test_verbose_shows_the_traceback() -> None:
    assert "Traceback" in artgen("daemon", "--input=tape", "-v").stderr


def test_help_without_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "example: artgen live" in capsys.readouterr().out


def test_ctrl_c_before_the_words_are_read_is_no_traceback() -> None:
    code = "import signal; from artgen_osc import cli; cli.build_parser = lambda: signal.raise_signal(signal.SIGINT); "
    done = subprocess.run(
        [sys.executable, "-c", f"{code}raise SystemExit(cli.main())"], capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


READS_SLOWLY = """
import io, signal, time
import numpy, soundfile
from artgen_osc import cli

class Slow(io.BytesIO):
    interrupted = False

    def readinto(self, buffer):
        if not self.interrupted:
            self.interrupted = True
            signal.raise_signal(signal.SIGINT)
        return super().readinto(buffer)

signal.signal(signal.SIGINT, cli._interrupt)
whole = io.BytesIO()
soundfile.write(whole, numpy.zeros(50_000), 44100, format="WAV")
try:
    sound, _ = soundfile.read(Slow(whole.getvalue()))
    time.sleep(60)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_ctrl_c_while_a_file_is_read_is_not_lost_in_the_library() -> None:
    answer = subprocess.run([sys.executable, "-c", READS_SLOWLY], capture_output=True, text=True, timeout=60)
    assert (answer.stdout, answer.stderr) == ("interrupted\n", "")


def test_a_film_in_a_folder_that_is_not_there(tmp_path: Path) -> None:
    film = tmp_path / "none" / "film.mp4"
    for command in ("live", "visuals"):
        assert_refused(artgen(command, "--headless", f"--record={film}"), f"there is no folder {film.parent}; make it")


def test_settings_reach_the_renderer_asflags_of() -> None:
    given = {"visuals.models": ["a b.onnx", "c.onnx"], "visuals.freeze": False, "visuals.fps": None, "osc.port": 1}
    assert flags(given) == ["--visuals-models=a b.onnx", "--visuals-models=c.onnx", "--no-visuals-freeze"]


def test_a_daemon_can_be_told_where_the_renderer_is(capsys: pytest.CaptureFixture[str]) -> None:
    given = build_parser().parse_args(["daemon", "--visuals-host", "10.0.0.7", "--visuals-port", "9201"])
    assert flags_of(given)["visuals.host"] == "10.0.0.7" and flags_of(given)["visuals.port"] == 9201
    with pytest.raises(SystemExit):
        main(["daemon", "--visuals-width", "640"])
    assert "--visuals-width" in capsys.readouterr().err
