"""MIDI through real ports: those of a JACK server without a sound card."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import mido
import pytest
from mido.backends.backend import Backend

from artgen_osc.schema.address import Value
from tests.conftest import need_programs
from tests.live.servers import running
from tests.support.waiting import wait_for
from visuals.control.midi import Midi, MidiSettings
from visuals.testing.surfaces import default_host

pytestmark = pytest.mark.live


@pytest.fixture
def ports(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Backend]:
    need_programs("jackd")
    name = f"artgen{os.getpid()}"
    monkeypatch.setenv("JACK_DEFAULT_SERVER", name)
    monkeypatch.setenv("JACK_NO_AUDIO_RESERVATION", "1")
    monkeypatch.setenv("MIDO_BACKEND", "mido.backends.rtmidi/UNIX_JACK")
    command = ("jackd", "--no-realtime", "--name", name, "-d", "dummy", "-p", "1024")
    with running(*command, log=tmp_path / "jackd.log") as server:
        backend = Backend()
        wait_for(lambda: _there(backend), what="a JACK server", evidence=server.poll)
        yield backend


def _there(backend: Backend) -> bool:
    try:
        backend.get_input_names()
    except OSError:
        return False
    return True


def test_a_device_is_heard_unplugged_and_heard_again(ports: Backend) -> None:
    seen: dict[str, Value] = {}

    def heard(name: str) -> bool:
        seen.update((row.path.removeprefix("/visuals/value/midi/"), value) for row, value in surface.poll())
        return name in seen

    with closing(Midi(MidiSettings(port="knobs"), default_host())) as surface:
        for control in (7, 8):
            with closing(ports.open_output("Knobs", virtual=True)) as device:

                def touched(control: int = control) -> bool:
                    device.send(mido.Message("control_change", control=control, value=127))
                    return heard(f"cc/{control}")

                wait_for(touched, what="the device")
                device.send(mido.Message("note_on", note=60, velocity=1))
                wait_for(lambda: heard("note/60") and seen["note/60"] != 0.0, what="a note")
            wait_for(lambda: heard("note/60") and seen["note/60"] == 0.0, what="the note to be let go")
    assert seen["cc/7"] == seen["cc/8"] == 1.0
