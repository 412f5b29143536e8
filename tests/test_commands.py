"""The command line itself: mistyped words, paths, ends, and what nobody has foreseen."""

import json
import os
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from artgen_osc import cli
from artgen_osc.audio import devices
from artgen_osc.cli import main
from artgen_osc.config import settings as config
from artgen_osc.config.show_paths import beside
from artgen_osc.errors import ConfigError
from artgen_osc.runtime.child import python_module
from tests import show_table
from tests.ports import daemon_ports, free_port
from tests.test_terminal import osc_file, status


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The one line that a mistake is told in."""
    assert status(*words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("artgen: ")
    return line.removeprefix("artgen: ")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("live --inptu demo", "--inptu: no such flag; did you mean --input?; artgen live --help shows them all"),
        ("live --fulscreen", "--fulscreen: no such flag; did you mean --fullscreen?"),
        ("gallery list --favorite", "--favorite: no such flag; did you mean --favourite?; artgen gallery list --help"),
        ("analyze x.wav --jsno", "--jsno: no such flag; did you mean --json?"),
        ("live --record strip.png", "--record: 'strip.png' can't be the name of a film; end it in .mp4"),
        ("daemon --zzzzzz", "--zzzzzz: no such flag; artgen daemon --help shows them all"),
        ("live demo", "'demo': is more than artgen live takes"),
        ("liev", "COMMAND: 'liev' isn't known; did you mean live?"),
        ("gallery lst", "ACTION: 'lst' isn't known; did you mean list?"),
        ("live --visuals-fps many", "--visuals-fps: 'many' is not a whole number"),
        ("live --visuals-fps", "--visuals-fps: expected one argument"),
        ("live --visuals-speed fast", "--visuals-speed: 'fast' is not a number"),
        ("live --seconds 0", "--seconds: '0' is not a number above 0"),
        ("live --seconds nan", "--seconds: 'nan' is not a number above 0"),
        ("monitor --port 65536", "--port: '65536' is out of range; choose a whole number from 0 to 65535"),
        ("gallery serve --port -1", "--port: '-1' is out of range"),
        ("gallery paint x --seed " + "9" * 5000, "--seed: "),
        ("gallery list --near 1", "--near: '1' is not a mood"),
        ("gallery list --near nan,0", "--near: 'nan,0' is not a mood"),
        ("gallery list --within inf", "--within: 'inf' is out of range"),
        ("gallery list --since 2026-02-30", "--since: '2026-02-30' is not a day; give it as 2026-05-01"),
        ("gallery list --limit 0", "--limit: '0' is not a number of pictures"),
        ("live --visuals-fps 0", "visuals.fps: 0 is out of range; choose a whole number from 1 to 240"),
        ("live --visuals-truncation 1.0000001", "visuals.truncation: 1.0000001 is out of range"),
        ("live --visuals-seed 2147483648", "is out of range; choose a whole number from 0 to 2147483647"),
        ("replay nope.osc", "nope.osc: can't be read (No such file or directory)"),
    ],
)
def test_a_mistake_is_one_line(capsys: pytest.CaptureFixture[str], words: str, says: str) -> None:
    assert says in told(capsys, *words.split())


@pytest.mark.parametrize(
    "words",
    [
        ["--until", "9999-12-31"],
        ["--since", "0001-01-01"],
        ["--since", "9999-12-31", "--until", "0001-01-01"],
        ["--limit", "9" * 30],
        ["--limit", str(2**63)],
    ],
)
def test_the_edges_of_the_calendar_and_of_numbers(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, words: list[str]
) -> None:
    assert main(["gallery", "list", f"--gallery={tmp_path}", *words]) == 0
    assert capsys.readouterr().out == "0 pictures\n"


def test_a_recording_is_played_before_it_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    osc = f"--osc=127.0.0.1:{free_port()}"
    assert main(["replay", str(osc_file(str(tmp_path / "x.osc"))), osc]) == 0
    assert capsys.readouterr().out.startswith("playing ")
    (tmp_path / "no.osc").write_bytes(b"no recording")
    os.mkfifo(tmp_path / "pipe")
    for name in ("no.osc", "pipe", ".", "nul\0byte", "x" * 300):
        assert main(["replay", str(tmp_path / name), osc]) == 2
        answer = capsys.readouterr()
        assert (answer.out, answer.err.count("\n")) == ("", 1)


ODD_FILES = ("", ".", "/dev/zero", "pipe", "x" * 300, "nul\0byte", "new\nline", "caf\udce9", "loop", "locked")


@pytest.mark.parametrize("name", ODD_FILES, ids=ascii)
def test_a_show_file_that_is_none(capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "locked").touch(mode=0)
    if name == "locked" and os.access(tmp_path / name, os.R_OK):
        pytest.skip("this user may read everything")
    assert "can't be read" in told(capsys, "config", "--config", f"{tmp_path}/{name}")


def test_a_certificate_that_is_a_pipe(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    port = f"--web-port={free_port()}"
    words = ("daemon", "--input=demo", "--mute", *daemon_ports()[:2], port, f"--web-certificate={tmp_path / 'pipe'}")
    assert "can't be used" in told(capsys, *words)


def test_files_of_a_show_are_beside_it_and_those_of_flags_are_here(tmp_path: Path) -> None:
    path = tmp_path / "tour" / "show.toml"
    path.parent.mkdir()
    path.write_text(
        '[audio]\ninput = "file:songs/a.wav"\n[mood]\nmodel = "mood.onnx"\n[web]\ncertificate = "/etc/c.pem"\n'
        '[visuals]\nmodel = "a.onnx"\nsecond_model = "b"\nmodels = ["a.onnx", "../b.onnx"]\nscenes = "~/scenes"\n'
    )
    given, _ = config.load(path, {"visuals.gallery": "here"})
    folder = path.parent
    assert given.audio.input == f"file:{folder}/songs/a.wav"
    assert given.plugin["mood"].model == f"{folder}/mood.onnx"
    assert given.web.certificate == "/etc/c.pem"
    assert given.visuals.model == f"{folder}/a.onnx"
    assert given.visuals.second_model == "b"  # the name of one that is loaded
    assert given.visuals.models == (f"{folder}/a.onnx", f"{folder}/../b.onnx")
    assert (given.visuals.scenes, given.visuals.gallery, given.web.songs) == (f"{Path.home()}/scenes", "here", "songs")
    settings = show_table.CONTRACT.settings
    for odd in ("~nobody-of-this-name/x", "~\0"):
        assert beside(settings["mood.model"], odd, folder) == odd
    for spec in ("demo", "", "device:x", "url:http://x/a", "loopback", "file:"):
        assert beside(settings["audio.input"], spec, folder) == spec
    for model in ("", "idle", "added", "added:", "added:a/b"):
        assert beside(settings["visuals.model"], model, folder) == model
    (folder / "odd:name").mkdir()
    (folder / "odd:name" / "x").touch()
    assert beside(settings["visuals.model"], "odd:name/x", folder) == f"{folder}/odd:name/x"


def test_a_dump_leaves_open_what_nobody_has_set(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["config", "--visuals-grain=0.5"]) == 0
    path = tmp_path / "show.toml"
    path.write_text(capsys.readouterr().out)
    _, origins = config.load(path)
    assert [key for key, origin in origins.items() if origin != "default"] == ["visuals.grain"]
    assert main(["config", f"--config={path}", "--scene=calm"]) == 0
    lines = capsys.readouterr().out.splitlines()
    ours = lines[lines.index("[visuals]") :]
    speed = next(line for line in ours if line.startswith("# speed = "))
    assert "speed = 0.35 " in speed and "# scene calm: travel" in speed
    grain = next(line for line in ours if "grain = " in line)
    assert grain.startswith("grain = 0.5 ") and f"# {path}: " in grain
    assert 'scene = "calm"' in "\n".join(lines)
    assert "no scene 'clam'" in told(capsys, "config", "--scene=clam")


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """`main` as the program's own, whose changes to the process are undone."""
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr(cli, "_leave", lambda status: None)
    before = signal.getsignal(signal.SIGTERM)
    yield monkeypatch
    signal.signal(signal.SIGTERM, before)


def test_what_nobody_has_foreseen_is_one_line(program: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> list[devices.Device]:
        raise RuntimeError("odd\x1b\nthing")

    program.setattr(devices, "list_devices", broken)
    with pytest.raises(RuntimeError):
        main(["devices"])
    program.setattr(sys, "argv", ["artgen", "devices"])
    assert main() == 1
    expected = r"artgen: unexpected RuntimeError: odd\x1b thing; -v shows more; please report it"
    assert capsys.readouterr().err.splitlines() == [expected]
    for target, of in ((lambda: main(["devices"]), ""), (broken, "thread knobs of tests.test_commands has ended: ")):
        thread = threading.Thread(target=target, name="knobs")
        thread.start()
        thread.join()
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"artgen: {of}unexpected ") and line.endswith("please report it") != bool(of)
    program.setattr(sys, "argv", ["artgen", "devices", "-v"])
    assert main() == 1
    answer = capsys.readouterr().err
    assert "Traceback" in answer and "-v shows" not in answer and "\x1b" not in answer


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_command_that_is_ended_ends_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    record = tmp_path / "show.osc"
    words = ("monitor", "--port=0", f"--osc-port={free_port()}", f"--visuals-port={free_port()}", f"--record={record}")
    with subprocess.Popen(
        python_module("artgen_osc", *words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout and process.stderr
        assert process.stdout.readline()
        process.send_signal(number)
        assert process.wait(20) == 0
        assert process.stderr.read() == f"0 bundles are in {record}; artgen replay plays them\n"


def test_one_file_that_breaks_the_analysis_keeps_the_others(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def analyze(name: str, *options: object) -> dict[str, object]:
        if name == "bad":
            raise struct.error("odd\nthing")
        return {"file": name}

    monkeypatch.setattr("artgen_osc.daemon.offline.analyze", analyze)
    assert main(["analyze", "--json", "a", "bad", "b"]) == 1
    answer = capsys.readouterr()
    assert [json.loads(line)["file"] for line in answer.out.splitlines()] == ["a", "bad", "b"]
    assert answer.err == "artgen: bad: unexpected error: odd thing; please report it\n"


def test_every_command_tells_its_errors_by_the_one_door(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> list[devices.Device]:
        raise ConfigError("one\ntwo\x1b")

    monkeypatch.setattr(devices, "list_devices", refuse)
    assert cli.main(["devices"]) == 2
    assert capsys.readouterr().err == "artgen: one\nartgen: two\\x1b\n"
    assert cli.main(["devices", "-v"]) == 2
    assert "Traceback" in capsys.readouterr().err
