"""MIDI as a surface, through a stand-in for the driver and mido's own parser."""

import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from artgen_osc.schema.address import Value
from tests import midi_ports
from tests.modulation.rows import Bench
from tests.support.waiting import wait_for
from visuals.control import midi_port
from visuals.control.midi import Midi, MidiSettings, read_map
from visuals.testing.surfaces import default_host

NAME = "Knobs MIDI 1 20:0"
Make = Callable[..., Midi]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    monkeypatch.setenv("MIDO_BACKEND", "tests.midi_ports")
    monkeypatch.setattr(midi_port, "LOOK_S", 0.01)
    midi_ports.NAMES[:], midi_ports.FAULTS[:] = [NAME], []
    made: list[Midi] = []

    def surface(**given: object) -> Midi:
        made.append(Midi(MidiSettings(port="knobs", **given), default_host()))  # type: ignore[arg-type]
        made[-1].poll()
        return made[-1]

    yield surface
    for one in made:
        one.close()
    wait_for(lambda: not midi_ports.OPEN)


def opened() -> None:
    wait_for(lambda: NAME in midi_ports.OPEN)


def said(surface: Midi) -> dict[str, Value]:
    return {row.path.removeprefix("/visuals/value/midi/"): value for row, value in surface.poll()}


def test_controllers_notes_bend_and_pressure_become_values_from_0_to_1(make: Make) -> None:
    surface = make()
    opened()
    midi_ports.send(NAME, 0xB0, 7, 127, 0x93, 60, 64, 0xE0, 0, 0, 0xD0, 127, 0xF8, 0xC0, 5)
    assert said(surface) == {"cc/7": 1.0, "note/60": pytest.approx(64 / 127), "bend": 0.0, "pressure": 1.0}
    midi_ports.send(NAME, 0x83, 60, 0, 0xE0, 0x7F, 0x7F)
    assert said(surface) == {"note/60": 0.0, "bend": 1.0}
    midi_ports.send(NAME, 0xE0, 0, 0x40, 0xB0, 7, 1, 0xB0, 7, 2, 0xB0, 7, 3)
    assert said(surface) == {"bend": 0.5, "cc/7": pytest.approx(3 / 127)}
    assert said(surface) == {}


def test_one_channel_alone(make: Make) -> None:
    surface = make(channel=2)
    opened()
    midi_ports.send(NAME, 0xB0, 7, 127, 0xB1, 8, 127)
    assert said(surface) == {"cc/8": 1.0}


def test_a_pad_that_is_struck_softly_and_let_go_within_a_frame_is_seen(make: Make) -> None:
    surface = make(map="note/36 /visuals/seed/next")
    opened()
    midi_ports.send(NAME, *[0x90, 36, 5, 0x80, 36, 0] * 2)
    seen = [{row.path: value for row, value in surface.poll()} for _ in range(5)]
    assert [one.get("/visuals/seed/next") for one in seen] == [1, 0, 1, 0, None]


def test_a_control_moves_an_address_within_its_range(make: Make) -> None:
    pads = "note/40 /visuals/scene calm, cc/2 /visuals/freeze, cc/3 /visuals/direction/1"
    surface = make(map=f"cc/1 /visuals/effect/grain, {pads}, bend /visuals/modulate/glow/amount")
    opened()
    midi_ports.send(NAME, 0xB0, 1, 127, 0xB0, 2, 100, 0xB0, 3, 0, 0x90, 40, 9, 0xE0, 0, 0)
    moved = said(surface)
    assert moved["/visuals/effect/grain"] == 1.0
    assert moved["/visuals/freeze"] == 1
    assert moved["/visuals/direction/1"] == -1.0
    assert moved["/visuals/scene"] == "calm"
    assert moved["/visuals/modulate/glow/amount"] == -1.0
    midi_ports.send(NAME, 0xB0, 2, 101, 0x80, 40, 0)
    assert said(surface).keys() == {"cc/2", "note/40"}, "it was on, and a press is one press"


def test_a_map_to_nowhere_is_one_line_and_the_others_count(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    wrong = "cc/1 /visuals/effect/grian, cc/2 /visuals/scene, cc/3 /visuals/scene/number x, cc/4 /artgen/x/a"
    surface = make(map=f"{wrong}, cc/1 /visuals/effect/grain")
    assert [record.message.split(": ")[:3] for record in caplog.records if "map" in record.message] == [
        ["midi", "map", "/visuals/effect/grian"],
        ["midi", "map", "/visuals/scene"],
        ["midi", "map", "/visuals/scene/number"],
        ["midi", "map", "/artgen/x/a"],
    ]
    opened()
    midi_ports.send(NAME, 0xB0, 1, 127)
    assert said(surface)["/visuals/effect/grain"] == 1.0


@pytest.mark.parametrize(
    "text", ["cc/128 /visuals/effect/grain", "cc/7", "7 /visuals/effect/grain", "cc/7 grain", "note/-1 /a"]
)
def test_what_is_no_map_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no pair; write a control and an address"):
        read_map(text)


def test_a_device_that_vanishes_lets_its_notes_go_and_is_found_again(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    surface = make()
    opened()
    midi_ports.send(NAME, 0x90, 60, 100)
    assert said(surface)["note/60"] > 0.5
    midi_ports.NAMES.clear()
    wait_for(lambda: NAME not in midi_ports.OPEN)
    wait_for(lambda: said(surface) == {"note/60": 0.0})
    midi_ports.NAMES.append(NAME)
    opened()
    midi_ports.send(NAME, 0xB0, 7, 127)
    assert said(surface) == {"cc/7": 1.0}
    told = [record.message for record in caplog.records]
    wait_for(lambda: len([record for record in caplog.records if record.name == "artgen.midi"]) == 3)
    assert f"midi: {NAME} is gone; it is heard again when it is back" in told


def test_another_name_is_another_port_at_once(make: Make) -> None:
    surface = make()
    opened()
    surface.settings = MidiSettings(port="pads")
    midi_ports.NAMES.append("Pads 24:0")
    surface.poll()
    wait_for(lambda: list(midi_ports.OPEN) == ["Pads 24:0"])
    surface.settings = MidiSettings()
    surface.poll()
    wait_for(lambda: not midi_ports.OPEN)


def test_notes_that_are_held_are_let_go_with_their_port(make: Make) -> None:
    surface = make()
    opened()
    midi_ports.send(NAME, 0x90, 60, 100)
    assert said(surface)["note/60"] > 0.5
    surface.settings = MidiSettings()
    assert said(surface) == {}
    assert said(surface) == {"note/60": 0.0}
    wait_for(lambda: not midi_ports.OPEN)


def test_a_port_that_isnt_there_and_a_driver_that_fails_are_one_line_each(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    midi_ports.NAMES[:] = ["Other 1"]
    midi_ports.FAULTS[:] = [OSError("no sequencer")] * 3
    make()
    wait_for(lambda: len(caplog.records) == 2)
    first, second = (record.message for record in caplog.records)
    assert first == "midi: can't be used (no sequencer); it is tried again"
    assert second == "midi: no port's name has 'knobs' in it; there are: Other 1; it is waited for"
    midi_ports.NAMES.append(NAME)
    opened()


def test_without_the_extra_it_says_what_to_install(
    make: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MIDO_BACKEND", "a_driver_that_is_not_installed")
    make()
    wait_for(lambda: bool(caplog.records))
    assert "pip install 'artgen-osc[midi]'" in caplog.text


def test_a_flood_drops_the_oldest_counts_them_and_says_so_once(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    surface = make()
    opened()
    for number in range(midi_port.MOST + 500):
        midi_ports.send(NAME, 0xB0, 7, number % 64)
    assert said(surface) == {"cc/7": pytest.approx(((midi_port.MOST + 499) % 64) / 127)}
    assert [record.message for record in caplog.records] == ["midi: 500 messages came too fast and were passed over"]
    assert len(said(surface)) == 0


def test_what_is_no_message_is_passed_over(make: Make) -> None:
    surface = make()
    opened()
    midi_ports.send(NAME, 0xB0, 7, 0xF0, *([1] * 5000), 0xF7, 3, 4, 0x90, 0xB0, 7, 9)
    assert said(surface) == {"cc/7": pytest.approx(9 / 127)}


def test_a_note_drives_the_picture_and_begins_an_envelope_however_soft() -> None:
    bench = Bench(
        'source = "midi/cc/7", target = "plugin.bloom.amount", amount = 1, attack = 0',
        'source = { adsr = "midi/note/60", attack = 0, sustain = 1 }, target = "visuals.grain", amount = 1, attack = 0',
    )
    bench.run(1.0, heard={"/visuals/value/midi/cc/7": 0.0, "/visuals/value/midi/note/60": 0.0})
    before = bench.get("visuals.grain")
    bench.run(2.0, heard={"/visuals/value/midi/cc/7": 0.5, "/visuals/value/midi/note/60": 0.1})
    assert bench.get("plugin.bloom.amount") == pytest.approx(0.5, abs=0.01)
    assert bench.get("visuals.grain") > before + 0.5
    assert bench.controls.connections.rows[0].given["source"] == "midi/cc/7"


def test_a_source_of_midi_that_there_isnt_is_refused() -> None:
    for name in ("midi/cc/128", "midi/7", "midi/note", "midi/"):
        with pytest.raises(ValueError, match="write midi/cc/7"):
            Bench(f'source = "{name}", target = "visuals.grain"')


@pytest.mark.skipif(sys.platform != "linux", reason="ALSA is Linux's")
def test_a_linux_without_midi_says_what_to_do(
    make: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    monkeypatch.setattr(midi_port, "SEQUENCER", str(tmp_path / "seq"))
    monkeypatch.delenv("MIDO_BACKEND")
    make()
    wait_for(lambda: caplog.messages)
    assert caplog.messages == [
        f"midi: {tmp_path / 'seq'} isn't there, the system's MIDI; load it by modprobe snd-seq; it is waited for"
    ]


def test_an_address_that_is_like_none_is_one_short_line(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    make(map="cc/1 /artgen/energy")
    assert caplog.messages == ["midi: map: /artgen/energy: unknown address; the README lists them all"]
