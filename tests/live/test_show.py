"""The main path, for real: an audio server, Pure Data, a window."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from pythonosc.udp_client import SimpleUDPClient

from artgen_osc.audio.loopback import LoopbackStream
from artgen_osc.osc.codec import Message
from artgen_osc.osc.receiver import capture
from tests.conftest import need_programs
from tests.live.servers import ARTGEN, ROOT, Screen, pulse_server, render_song, running, screen
from tests.ports import daemon_ports, free_port, live_ports, visuals_ports
from tests.support.waiting import hear, wait_for

pytestmark = pytest.mark.live


def key(display: str, name: str) -> None:
    subprocess.run(["xdotool", "key", name], env=os.environ | {"DISPLAY": display}, check=True)


def change(screen: Screen, seconds: float) -> float:
    """Mean absolute difference of two pictures of the screen, some time apart."""
    before = screen.picture().astype(float)
    time.sleep(seconds)
    return float(np.abs(screen.picture() - before).mean())


def is_loud(messages: list[Message]) -> bool:
    return any(message.path == "/artgen/level_db" and float(message.arguments[0]) > -40 for message in messages)


def test_a_song_from_an_audio_server_reaches_pure_data_and_the_window(tmp_path: Path) -> None:
    need_programs("pulseaudio", "pactl", "paplay", "fluidsynth", "pd", "Xvfb")
    # Any other song can be tried: ARTGEN_TEST_SONG=song.ogg make test
    song = os.environ.get("ARTGEN_TEST_SONG") or render_song(tmp_path)
    patch = str(ROOT / "examples/puredata/artgen.pd")
    live = (
        *ARTGEN,
        "live",
        "--input",
        "device:pulse",
        "--osc",
        "puredata",
        "--visuals-width=640",
        "--visuals-height=360",
    )
    with pulse_server(tmp_path / "pulse") as env, screen(tmp_path / "screen", "640x360") as display:
        env |= {"DISPLAY": display.display}
        pd_log, live_log = tmp_path / "pd.log", tmp_path / "live.log"
        with (
            running("pd", "-nogui", "-noaudio", "-nomidi", "-stderr", patch, log=pd_log),
            running("paplay", "--device=vj", str(song), log=tmp_path / "paplay.log", env=env),
            running(*live, "-v", log=live_log, env=env) as show,
        ):
            try:
                wait_for(lambda: re.search(r"onset: [1-9]", pd_log.read_text()), 60, "an onset in Pure Data")
                wait_for(lambda: display.picture().std() > 10, 30, "a picture in the window")
                assert change(display, 1.0) > 0.1
                printed = pd_log.read_text()
                for name in ("valence", "energy"):
                    values = [float(value) for value in re.findall(rf"{name}: ([\d.]+)", printed)]
                    assert len(values) > 100
                    assert all(0 <= value <= 1 for value in values)
                # The patch sends a seed when it opens and every 4 s; the renderer takes it without a complaint.
                assert "refused" not in live_log.read_text()

                control = SimpleUDPClient("127.0.0.1", 9101)
                control.send_message("/visuals/freeze", 1)
                wait_for(lambda: change(display, 1.5) == 0.0, what="stillness")
                control.send_message("/visuals/freeze", 0)
                wait_for(lambda: change(display, 0.5) > 0.1, 30, "motion after the freeze")
                control._sock.close()
                assert show.poll() is None
            except AssertionError as error:
                raise AssertionError(f"{error}\n{live_log.read_text()}\n{pd_log.read_text()[-500:]}") from error


def test_pure_data_sends_a_seed_back(tmp_path: Path) -> None:
    need_programs("pd")
    patch = str(ROOT / "examples/puredata/artgen.pd")
    with (
        capture(port=9101) as port,
        running("pd", "-nogui", "-noaudio", "-nomidi", "-stderr", patch, log=tmp_path / "pd"),
    ):
        hear(
            port, lambda messages: len({m.arguments for m in messages if m.path == "/visuals/seed"}) >= 2, what="seeds"
        )


def test_keys_of_the_window(tmp_path: Path) -> None:
    need_programs("Xvfb", "xdotool")
    with screen(tmp_path / "screen") as display:
        env = os.environ | {"DISPLAY": display.display}
        window = (*ARTGEN, "visuals", *visuals_ports(), "--visuals-model=idle")
        window += ("--visuals-width=640", "--visuals-height=360")
        log = tmp_path / "log"
        with running(*window, log=log, env=env | {"PYTHONPATH": str(ROOT)}, cwd=tmp_path) as process:
            wait_for(lambda: display.picture().std() > 5, 30, "a picture", log.read_text)
            time.sleep(1.0)
            key(display.display, "space")
            time.sleep(1.0)
            wait_for(lambda: change(display, 1.0) == 0.0, 30, "the end of what the key says")
            frozen = display.picture()
            key(display.display, "h")
            wait_for(lambda: np.abs(display.picture() - frozen.astype(float)).mean() > 0.5, 30, "the overlay")
            keys = display.picture().astype(float)
            key(display.display, "Tab")
            wait_for(lambda: np.abs(display.picture() - keys).mean() > 0.5, 30, "its other page")
            key(display.display, "h")
            wait_for(lambda: np.abs(display.picture() - frozen.astype(float)).mean() < 0.1, 30, "the picture alone")
            key(display.display, "s")
            wait_for(lambda: list(tmp_path.glob("gallery/*.png")), 30, "a snapshot")
            key(display.display, "space")
            small = (display.picture().max(2) > 8).mean()
            key(display.display, "F11")
            wait_for(lambda: (display.picture().max(2) > 8).mean() > small * 1.5, 30, "fullscreen")
            key(display.display, "Escape")
            wait_for(lambda: (display.picture().max(2) > 8).mean() < small * 1.5, 30, "the window again")
            before = display.picture().astype(float)
            key(display.display, "Escape")
            wait_for(lambda: np.abs(display.picture() - before).mean() > 0.01, 30, "a question")
            assert process.poll() is None
            key(display.display, "Escape")
            process.wait(30)
            assert process.returncode == 0, log.read_text()


def test_the_demo_headless_for_twenty_seconds(tmp_path: Path) -> None:
    log, strip = tmp_path / "log", tmp_path / "strip.png"
    with capture() as port:
        live = (*ARTGEN, "live", "--input", "demo", "--headless", "--meters", f"--osc=127.0.0.1:{port.port}")
        with running(*live, *live_ports(), "--seconds=20", f"--strip={strip}", log=log) as process:
            messages: list[tuple[float, Message]] = []
            wait_for(
                lambda: messages.extend(port.read(0.5)) or process.poll() is not None, 60, "the end", log.read_text
            )
            assert process.returncode == 0, log.read_text()
    assert "valence" in log.read_text()
    assert strip.stat().st_size > 10_000
    for path in ("/artgen/valence", "/artgen/energy"):
        times, values = zip(*((at, m.arguments[0]) for at, m in messages if m.path == path), strict=True)
        assert len(times) / (times[-1] - times[0]) >= 50
        assert 0 <= min(values) <= max(values) <= 1
    beats = [message.arguments[0] for _, message in messages if message.path == "/artgen/status/heartbeat"]
    assert beats == sorted(set(beats)) and beats[-1] >= 18, "one a second; a busy machine may lose a datagram"
    assert len(beats) >= 12


def test_loopback_hears_what_is_playing(tmp_path: Path) -> None:
    need_programs("pulseaudio", "pactl", "paplay", "fluidsynth")
    wav = render_song(tmp_path)
    with pulse_server(tmp_path / "pulse") as env, capture() as port:
        daemon = (*ARTGEN, "daemon", "--input=loopback", f"--osc=127.0.0.1:{port.port}", *daemon_ports())
        log = tmp_path / "log"
        with (
            running("paplay", "--device=vj", str(wav), log=tmp_path / "paplay.log", env=env),
            running(*daemon, log=log, env=env),
        ):
            hear(port, is_loud, what="what plays", evidence=log.read_text)


def test_what_windows_does_for_loopback_works_with_the_real_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SoundCard speaks to PulseAudio here; WASAPI's own behaviour stays untried."""
    need_programs("pulseaudio", "pactl", "paplay", "fluidsynth")
    wav = render_song(tmp_path)
    with pulse_server(tmp_path / "pulse") as env:
        for name in ("HOME", "XDG_RUNTIME_DIR", "PULSE_SERVER"):
            monkeypatch.setenv(name, env[name])
        monkeypatch.setattr(sys, "argv", ["artgen"])  # by which SoundCard makes itself known; not always a name
        import soundcard

        heard: list[tuple[float, int, float]] = []

        def hear(samples: np.ndarray, frames: int, when: object, status: object) -> None:
            assert samples.dtype == np.float32 and samples.shape == (frames, 2)
            heard.append((time.monotonic(), frames, float(np.abs(samples).max())))

        stream = LoopbackStream(
            soundcard, "vj.monitor", samplerate=48000, channels=2, blocksize=512, callback=hear, latency="low"
        )
        stream.start()
        with running("paplay", "--device=vj", str(wav), log=tmp_path / "paplay.log", env=env):
            wait_for(lambda: any(peak > 0.1 for _, _, peak in heard), 30, "sound")
            del heard[:]
            time.sleep(2.0)
        assert stream.active
        stream.close()
        wait_for(lambda: not stream.active, what="the end")
    seconds = heard[-1][0] - heard[0][0]
    assert sum(frames for _, frames, _ in heard[1:]) / 48000 == pytest.approx(seconds, rel=0.1)


def test_a_file_is_heard_through_the_default_output(tmp_path: Path) -> None:
    need_programs("pulseaudio", "pactl", "fluidsynth")
    wav = render_song(tmp_path)
    with pulse_server(tmp_path / "pulse") as env, capture() as port:
        player = (*ARTGEN, "daemon", f"--input=file:{wav}", *daemon_ports())
        listener = (*ARTGEN, "daemon", "--input=loopback", f"--osc=127.0.0.1:{port.port}", *daemon_ports())
        with running(*player, log=tmp_path / "a", env=env), running(*listener, log=tmp_path / "b", env=env):
            hear(port, is_loud, what="the file", evidence=lambda: [(tmp_path / name).read_text() for name in "ab"])


def test_the_renderer_comes_back_after_a_crash(tmp_path: Path) -> None:
    log = tmp_path / "log"
    live = (*ARTGEN, "live", "--input", "demo", "--mute", "--headless", "--visuals-model=idle")
    with running(*live, *live_ports(), log=log) as show:

        def children() -> list[int]:
            command = ["ps", "-o", "pid=,args=", "--ppid", str(show.pid)]
            answer = subprocess.run(command, capture_output=True, text=True)
            # Looking for the C library and for network interfaces starts short-lived children too.
            return [int(line.split()[0]) for line in answer.stdout.splitlines() if " visuals " in line]

        wait_for(children, 60, "a renderer")
        (first,) = children()
        time.sleep(2.0)
        os.kill(first, 9)
        wait_for(lambda: children() and children() != [first], 60, "a new renderer")
        assert show.poll() is None
    assert "started again" in log.read_text()


def test_monitor_asks_the_daemon_for_its_stream(tmp_path: Path) -> None:
    osc_port, *off = daemon_ports()
    daemon = (*ARTGEN, "daemon", "--input", "demo", "--mute", osc_port, *off)
    with running(*daemon, log=tmp_path / "daemon"):
        wait_for(lambda: "hears: demo" in (tmp_path / "daemon").read_text(), 60, "the daemon")
        answer = subprocess.run(
            [*ARTGEN, "monitor", osc_port, f"--port={free_port()}", "--seconds=6"],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
        )
    assert re.search(r"valence .*energy .*level", answer.stdout), answer
