"""What is foreign reaches the operator's terminal as harmless text, and in whatever encoding that has."""

import dataclasses
import io
import logging
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from artgen_osc.audio import devices
from artgen_osc.cli import main
from artgen_osc.commands import doctor_checks as doctor
from artgen_osc.osc.codec import encode_bundle, encode_message
from artgen_osc.osc.recording import Recording
from artgen_osc.runtime.child import python_module
from artgen_osc.runtime.text import is_harmless, start_logging
from artgen_osc.schema import values as schema
from artgen_osc.web.site import qr_text
from tests import show_table
from tests.ports import daemon_ports, free_port
from tests.signals import song

pytestmark = pytest.mark.slow

HOSTILE = "e\x1b]0;title\x07\x1b[2J\rover\x9b31m\u202edrawkcab\u2028\x7f"
ENCODINGS = ("utf-8", "cp1252", "ascii", "cp437", "utf-16")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def harmless(capsys: pytest.CaptureFixture[str]) -> str:
    told = capsys.readouterr()
    text = told.out + told.err
    assert text
    odd = {letter for letter in text if letter != "\n" and not is_harmless(letter)}
    assert not odd, text
    return text


def device(name: str) -> devices.Device:
    return devices.Device(0, name, name, 2, 2, 48000, True, True)


def wav(name: str) -> Path:
    path = Path(name)
    soundfile.write(path, song(1.0, 22050), 22050, format="WAV")
    return path


def osc_file(name: str) -> Path:
    recording = Recording(Path(name))
    recording.write([(schema.OUTPUTS[0].address, 0.5)], 1.0)
    recording.close()
    return Path(name)


def status(*words: str) -> int:
    """Exit status, of a usage error too."""
    try:
        return main(words)
    except SystemExit as ended:
        return int(str(ended.code))


@pytest.fixture
def traffic() -> Iterator[int]:
    """A port to which hostile texts are sent all the time, by every address that takes a text."""
    port = free_port()
    rows = [row for row in (*show_table.SENT, *show_table.PAINTED, *show_table.VISUALS) if row.tag == "s"]
    assert {schema.REFUSAL, schema.VISUALS_REFUSAL} <= set(rows)
    packet = encode_bundle([encode_message(row.path, "s", HOSTILE) for row in rows])
    ended = threading.Event()

    def send() -> None:
        import socket

        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            while not ended.wait(0.05):
                sender.sendto(packet, ("127.0.0.1", port))

    thread = threading.Thread(target=send)
    thread.start()
    yield port
    ended.set()
    thread.join()


def quiet_ports() -> tuple[str, ...]:
    return f"--osc-port={free_port()}", f"--visuals-port={free_port()}"


@pytest.mark.parametrize("words", [(), ("--values",)], ids=["meters", "values"])
def test_monitor(traffic: int, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    assert main(["monitor", *quiet_ports(), f"--port={traffic}", "--seconds=1.2", *words]) == 0
    assert r"e\x1b]0;title" in harmless(capsys)


def test_config_and_its_errors(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", f"--visuals-gallery={HOSTILE}", "--web-songs=caf\udce9"]) == 0
    assert r"caf\xe9" in harmless(capsys)
    path = Path(f"{HOSTILE}.toml")
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in HOSTILE)
    path.write_text(f'"{escaped}" = 1\n[visuals]\n"{escaped}" = 1\nengine = "{escaped}"\nspeed = "{escaped}"\n')
    assert main(["config", f"--config={path}"]) == 2
    assert harmless(capsys).count("artgen: ") == 4
    path.write_text(f"# {HOSTILE}")
    assert main(["config", f"--config={path}"]) == 2
    assert main(["config", f"--config=no{HOSTILE}"]) == 2
    assert main(["config", f"--scene={HOSTILE}"]) == 2
    harmless(capsys)


@pytest.mark.parametrize("words", [["live", f"--visuals-fps={HOSTILE}"], ["live", f"--{HOSTILE}"], [HOSTILE]])
def test_a_mistyped_command(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert status(*words) == 2
    assert harmless(capsys).count("\n") == 1


def test_devices_and_doctor(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "list_devices", lambda: [device(HOSTILE), device("caf\udce9")])
    assert main(["devices"]) == 0
    wanted = ("audio input", "mood model", "ports")

    def breaks(config: object) -> str:
        raise ValueError(HOSTILE)

    checks = [check for check in doctor.CHECKS if check[0] in wanted]
    assert len(checks) == len(wanted)
    monkeypatch.setattr(doctor, "CHECKS", [*checks, ("something", breaks, False)])
    assert main(["doctor", f"--osc-host={HOSTILE}", f"--mood-model={HOSTILE}"]) == 2
    assert "without  something          unexpected ValueError: e" in harmless(capsys)


def test_analyze_and_replay(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", str(wav(HOSTILE)), "no\udce9" + HOSTILE]) == 2
    assert main(["replay", f"no{HOSTILE}\nartgen: ok"]) == 2
    assert main(["replay", str(osc_file("y" + HOSTILE)), f"--osc=127.0.0.1:{free_port()}"]) == 0
    assert main(["replay", str(osc_file("x")), f"--osc={HOSTILE}"]) == 2
    text = harmless(capsys)
    assert text.count("artgen: ") == 4 and text.count("\nartgen: ok") == 0  # no line of a name poses as one of ours


def test_a_show(capsys: pytest.CaptureFixture[str]) -> None:
    wav("x" + HOSTILE)
    for target in ("", f"--osc={HOSTILE}"):
        words = [*daemon_ports(), f"--input=file:x{HOSTILE}", "--mute", *filter(None, [target])]
        assert main(["daemon", *words]) == (2 if target else 0)
    text = harmless(capsys)
    assert r"hears: file:xe\x1b]0" in text and "sends to: no other program" in text and "page: none" in text
    assert re.search(r"ended after 0:\d\d: the input has ended", text)


def test_the_log(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.root, "handlers", [])
    start_logging(False)
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        logging.getLogger("x").exception("from %s", HOSTILE)
    text = harmless(capsys)
    assert "Traceback" not in text and text.count("\n") == 2


def outputs() -> dict[str, Callable[[], list[str]]]:
    """Commands whose output has letters that few encodings have."""
    return {
        "config": lambda: ["config", "--visuals-gallery=Übung夜", "--web-songs=caf\udce9"],
        "devices": lambda: ["devices"],
        "analyze": lambda: ["analyze", str(wav("Übung夜.wav"))],
        "monitor": lambda: ["monitor", *quiet_ports(), "--port=0", "--seconds=0.2"],
        "replay": lambda: ["replay", str(osc_file("Übung夜")), f"--osc=127.0.0.1:{free_port()}"],
        "gallery": lambda: ["gallery", "list", "--gallery=Übung夜"],
        "daemon": lambda: ["daemon", *daemon_ports(), f"--input=file:{wav('Übung夜')}", "--mute", "--meters"],
        "usage": lambda: ["live", "--夜"],
    }


@pytest.mark.parametrize("command", outputs())
@pytest.mark.parametrize("encoding", [*ENCODINGS, None])
def test_any_encoding_and_none(
    command: str, encoding: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(devices, "list_devices", lambda: [device("Mikrofön 夜 caf\udce9")])
    words = outputs()[command]()
    written = io.BytesIO()
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, encoding and io.TextIOWrapper(written, encoding, write_through=True))
    assert status(*words) in (0, 2)
    if encoding is None:
        with sys.stdout, sys.stderr:
            return
    text = written.getvalue().decode(encoding)
    assert "Traceback" not in text
    assert text


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_code_for_a_phone_is_whole_or_left_out(
    encoding: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("webbrowser.open", lambda address: None)
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding, newline="\n", write_through=True))
    ports = (*daemon_ports()[:2], f"--web-port={free_port()}")
    show = ("daemon", *ports, "--input=demo", "--mute", "--web", "--web-host=0.0.0.0", "--seconds=0.1")
    assert main([*show, "--web-token=abcdefghijkl"]) == 0
    lines = written.getvalue().decode(encoding).splitlines()
    addresses = [line.removeprefix("page: ").split()[0] for line in lines if line.startswith("page: ")]
    assert len(addresses) >= 2
    code = qr_text(addresses[-1]).splitlines()
    if encoding in ("cp1252", "ascii"):
        assert not any("2588" in line for line in lines)
    else:
        assert lines[-len(code) - 2 : -2] == code or (code[0] in lines and code[-2] in lines)


def run(*words: str, **options: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(python_module("artgen_osc", *words), timeout=60, **options)  # type: ignore[call-overload,no-any-return]


@pytest.mark.skipif(not hasattr(os, "dup2") or sys.platform == "win32", reason="closes descriptors as a shell does")
def test_no_output_at_all() -> None:
    def close() -> None:
        os.close(1)
        os.close(2)

    assert run("config", preexec_fn=close).returncode == 0
    assert run("config", "--config=no", preexec_fn=close).returncode == 2


def test_a_reader_that_has_gone() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = run("config", stdout=writing, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, b"")
    show = ("daemon", *daemon_ports(), "--input=demo", "--mute", "--meters", "--seconds=0.5")
    done = run(*show, stdout=writing, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, b"")
    os.close(writing)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full disk here")
def test_a_full_disk_is_one_line() -> None:
    with Path("/dev/full").open("wb") as full:
        done = run("config", stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert done.stderr.startswith(b"artgen: unexpected OSError") and done.stderr.count(b"\n") == 1


def test_meters_fit_the_values() -> None:
    from artgen_osc.daemon import meters

    for drawn in (meters.DRAWN, meters.TYPED):
        assert {len(item) for item in dataclasses.astuple(drawn)} == {9, 2}
        text = meters.line({"/artgen/valence": float(np.float32(1.0)), "/artgen/onset": 1}, drawn)
        assert drawn.bar[0] * meters.BAR in text and drawn.onset[0] in text
    assert "".join(dataclasses.astuple(meters.TYPED)).isascii()
