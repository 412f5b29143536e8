"""The lighting example: real packets on loopback, whose channels follow the mood."""

import itertools
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from artgen_osc.osc.receiver import capture
from tests.live.servers import running
from tests.osc_show import show
from tests.ports import free_port
from tests.support.waiting import wait_for
from tests.test_examples import EXAMPLES, load

pytestmark = pytest.mark.slow

LIGHTS = EXAMPLES / "lighting/lights.py"
SACN_PORT = 5568


@pytest.fixture(scope="module")
def lights() -> ModuleType:
    return load(LIGHTS)


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        connection.bind(("127.0.0.1", 0))
        connection.settimeout(30.0)
        yield connection


def artnet_channels(packet: bytes) -> tuple[int, bytes]:
    """Universe and channels of an ArtDmx packet, by the Art-Net 4 specification."""
    assert packet[:8] == b"Art-Net\0"
    code, universe = struct.unpack_from("<H", packet, 8)[0], struct.unpack_from("<H", packet, 14)[0]
    (length,) = struct.unpack_from(">H", packet, 16)
    assert code == 0x5000
    assert len(packet) == 18 + length
    return universe, packet[18:]


def sacn_channels(packet: bytes) -> tuple[int, bytes]:
    """Universe and channels of a data packet, by ANSI E1.31."""
    assert packet[4:16] == b"ASC-E1.17\0\0\0"
    (universe,) = struct.unpack_from(">H", packet, 113)
    assert packet[125] == 0  # the start code of dimmers
    return universe, packet[126:]


def heard(lights: ModuleType, valence: float, energy: float) -> tuple[int, int, int]:
    """The colour of a mood, long after a beat."""
    light = lights.Light()
    for address, value in (("valence", valence), ("energy", energy)):
        light.hear(f"/artgen/{address}", value)
    return light.colour(time.monotonic())


def test_the_colour_follows_the_mood(lights: ModuleType) -> None:
    sad, happy = heard(lights, 0.1, 0.3), heard(lights, 0.95, 0.3)
    assert sad[2] > sad[0]
    assert happy[0] > happy[2]
    assert max(heard(lights, 0.5, 0.9)) > 2 * max(heard(lights, 0.5, 0.1))
    for valence, energy in itertools.product((0.0, 0.5, 1.0), repeat=2):
        assert all(0 <= part <= 255 for part in heard(lights, valence, energy))


def test_a_beat_flashes_once_and_fades(lights: ModuleType) -> None:
    light = lights.Light()
    now = time.monotonic()
    assert light.flash(now) == 0
    light.hear("/artgen/beat/count", 4)
    assert light.flash(time.monotonic()) > 0.9
    assert max(light.colour(time.monotonic())) > 240
    later = time.monotonic() + 1.0
    assert light.flash(later) < 0.01
    light.hear("/artgen/beat/count", 4)
    assert light.flash(later) < 0.01


def test_a_frame_has_512_channels_whatever_is_asked(lights: ModuleType) -> None:
    channels = lights.frame((1, 2, 3), channel=10, fixtures=2)
    assert channels == bytes(9) + bytes((1, 2, 3, 1, 2, 3)) + bytes(497)
    assert lights.frame((1, 2, 3), channel=511, fixtures=4)[509:] == bytes((0, 1, 2))


def test_artnet_packets_carry_the_mood_and_the_beats(receiver: socket.socket, tmp_path: Path) -> None:
    port = free_port()
    with capture() as renderer:
        command = [sys.executable, str(LIGHTS), "--artnet=127.0.0.1", f"--artnet-port={receiver.getsockname()[1]}"]
        command += ["--universe=3", "--channel=5", "--fixtures=2", f"--port={port}"]
        command += ["--next=2", f"--renderer={renderer.port}"]
        with running(*command, log=tmp_path / "log") as process:
            receiver.recv(1024)
            seen = []
            with show(port, valence=0.1, energy=0.5, hops_a_beat=30):
                end = time.monotonic() + 2.5
                while time.monotonic() < end or len(seen) < 60:
                    seen.append(artnet_channels(receiver.recv(1024)))
            process.send_signal(signal.SIGINT)
            process.wait(30)
            last = seen[-1][1]
            receiver.settimeout(0.2)
            while True:
                try:
                    last = artnet_channels(receiver.recv(1024))[1]
                except TimeoutError:
                    break
        messages = renderer.read(0.2)
    assert process.returncode == 0, (tmp_path / "log").read_text()
    assert {universe for universe, _ in seen} == {3}
    assert all(channels[:4] == bytes(4) and channels[10:] == bytes(502) for _, channels in seen)
    assert all(channels[4:7] == channels[7:10] for _, channels in seen)
    later = [channels[4:7] for _, channels in seen[len(seen) // 3 :]]
    assert all(blue >= red for red, _, blue in later)  # sad is blue, flashes are whiter
    bright = [max(colour) for colour in later]
    assert max(bright) > 1.3 * min(bright)
    assert len(seen) > 40
    assert last == bytes(512)
    assert {message.path for _, message in messages} == {"/visuals/seed/next"}


def test_sacn_packets_carry_the_mood(tmp_path: Path) -> None:
    port = free_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        try:
            receiver.bind(("127.0.0.1", SACN_PORT))
        except OSError as error:
            pytest.skip(f"port {SACN_PORT}, the only one of sACN, is taken: {error}")
        receiver.settimeout(30.0)
        command = (sys.executable, str(LIGHTS), "--sacn=127.0.0.1", "--universe=7", f"--port={port}")
        found: list[tuple[int, bytes]] = []

        def happy() -> bool:
            found.append(sacn_channels(receiver.recv(1024)))
            red, _, blue = found[-1][1][:3]
            return found[-1][0] == 7 and red > blue > 0

        with running(*command, log=tmp_path / "log"), show(port, valence=0.95, energy=0.8, hops_a_beat=30):
            wait_for(happy, 30, "a happy colour")
    assert len(found[-1][1]) == 512
    assert found[-1][1][3:] == bytes(509)


def test_a_channel_outside_of_the_universe_is_refused() -> None:
    command = [sys.executable, str(LIGHTS), "--artnet=127.0.0.1", "--channel=513"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 2
    assert "--channel: 513 is outside 1..512" in answer.stderr
